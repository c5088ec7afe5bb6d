"""The pytest fixture `lab`: one real cluster for the whole run, started when a test first asks.

A pytest plugin (see tests/conftest.py). A lab that was started by hand is used as it is and left
running; one that an earlier run left behind is removed first. Two runs at once wait for each other.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab import build, cluster, machine
from tests.lab.cluster import Lab

GIVEN = "OAKUM_TEST_KUBECONFIG"
"""Names the kubeconfig file of a cluster to use instead; tests may do with it as they like."""


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give a cluster as its administrator; skips with what this machine lacks."""
    if given := os.environ.get(GIVEN):
        yield _given(Path(given))
        return
    if reason := machine.why_not():
        pytest.skip(reason)
    say = _speaker(request)
    with cluster.holding(say):
        by_hand = cluster.running() if cluster.owner() == "hand" else None
        if by_hand:
            yield by_hand
            return
        cluster.down(say)
        started = cluster.up(say, owner="tests")
        try:
            yield started
        finally:
            cluster.down(say)


@pytest.fixture
def audit_log(lab: Lab) -> Path:
    """Give the API server's audit log; skips on a cluster that is not ours."""
    if lab.audit_log is None:
        pytest.skip(f"the cluster of {GIVEN} gives no audit log; unset it to start one that does")
    return lab.audit_log


def _given(kubeconfig: Path) -> Lab:
    if not kubeconfig.exists():
        pytest.fail(f"{GIVEN} names {kubeconfig}, which is not there")
    programs = build.built()
    kubectl = str(programs / "kubectl") if programs else machine.find("kubectl")
    if not kubectl:
        pytest.skip(f"{GIVEN} is set, but kubectl is not on the path")
    return Lab(kubeconfig, kubectl, None)


def _speaker(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print progress past pytest's capture: a first build takes minutes."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"lab: {line}", file=sys.stderr, flush=True)

    return say
