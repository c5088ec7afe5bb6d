"""Our Pod Security verdicts against a real server's, control by control, for every pod we have.

The pods are those of `manifests/pods.yaml`, of the case files of the Pod Security checks, and all pod
templates of tests/corpus. For each the server says, in a dry-run create, which checks of the level it
fails; a scan of the same pods as a folder of manifests must say the same.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.fakes.versioned import versioned
from tests.lab.cluster import Lab
from tests.lab.pod_security import LEVELS, Answer, Manifest, as_stored, ask, pods_in, pods_of
from tests.lab.versions import KUBERNETES
from tools.cluster.connect import connect
from tools.scan import scan
from tools.types import ClusterConfig, ClusterSource, Verdict

pytestmark = [pytest.mark.lab, pytest.mark.slow]

TESTS = Path(__file__).parents[1]
INVALID = {
    "corpus shop/payments.yaml payments [0]": "mounts a volume that its template does not have",
    "corpus dump/more.yaml PodList [1]": "a mirror pod, which only a kubelet may make",
    "corpus handwritten/default-things.yaml hello [0]": "a container without a name",
    **dict.fromkeys(
        (
            "pss_proc_mount: Unmasked fails, unless the pod has a user namespace of its own: unsaid",
            "pss_proc_mount: Unmasked fails, unless the pod has a user namespace of its own: host-users",
            "pss_proc_mount_restricted: Unmasked fails, in a user namespace too, at any version: unsaid",
        ),
        "procMount Unmasked without a user namespace",
    ),
}
"""Pods that the server never takes, so that it has no verdict: and why."""


def case_pods() -> Iterator[tuple[str, Manifest]]:
    """Give the pods of the Pod Security checks' case files."""
    for file in sorted((TESTS / "tools" / "checks" / "cases").glob("pss_*.yaml")):
        for case in yaml.safe_load(file.read_text()):
            for document in yaml.safe_load_all(case["manifests"]):
                for pod in pods_of(document or {}):
                    name = (document.get("metadata") or {}).get("name")
                    yield f"{file.stem}: {case['name']}: {name}", pod


def all_pods() -> dict[str, Manifest]:
    pods = dict(pods_in(Path(__file__).parent / "manifests"))
    pods |= {f"corpus {name}": pod for name, pod in pods_in(TESTS / "corpus")}
    return pods | dict(case_pods())


@pytest.fixture(scope="module")
def pods() -> dict[str, Manifest]:
    return all_pods()


@pytest.fixture(scope="module")
def answers(
    lab: Lab, pods: dict[str, Manifest], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Answer]]:
    """Give the server's verdicts, by level and pod."""
    return {level: ask(lab, level, pods, tmp_path_factory.mktemp(level)) for level in LEVELS}


@pytest.fixture(scope="module")
def stored(
    lab: Lab, pods: dict[str, Manifest], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Manifest]:
    """Give the pods as the server would store them."""
    return as_stored(lab, pods, tmp_path_factory.mktemp("stored"))


async def judge(level: str, pods: dict[str, Manifest], folder: Path) -> dict[str, frozenset[str]]:
    """Give our verdicts: the controls that each pod fails, by a scan of all of them."""
    names = {f"pod-{number}": name for number, name in enumerate(pods)}
    for short, name in names.items():
        metadata = {**pods[name]["metadata"], "name": short, "namespace": "cases"}
        (folder / f"{short}.json").write_text(json.dumps({**pods[name], "metadata": metadata}))
    config = ClusterConfig("cases", ClusterSource.FOLDER, folder=str(folder))
    reader = versioned(await connect(config), int(KUBERNETES.split(".")[1]))
    result = await scan(reader, benchmark=f"pss-{level}", now=lambda: datetime.now(UTC))
    await reader.close()
    failed: dict[str, set[str]] = {name: set() for name in pods}
    for finding in result.findings:
        if finding.verdict is Verdict.FAIL:
            failed[names[finding.ref.name]].update(finding.controls)
    return {name: frozenset(controls) for name, controls in failed.items()}


def differences(theirs: dict[str, Answer], ours: dict[str, frozenset[str]]) -> list[str]:
    """Name each pod on which the two do not agree, control by control."""
    return [
        f"{name}: the server fails {sorted(answer.controls)}, we fail {sorted(ours[name])}"
        for name, answer in theirs.items()
        if not answer.invalid and answer.controls != ours[name]
    ]


@pytest.mark.parametrize("level", LEVELS)
async def test_every_pod_gets_the_servers_verdict(
    level: str,
    pods: dict[str, Manifest],
    answers: dict[str, dict[str, Answer]],
    tmp_path: Path,
) -> None:
    found = differences(answers[level], await judge(level, pods, tmp_path))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("level", LEVELS)
async def test_a_pod_read_back_from_the_server_gets_the_same_verdict(
    level: str,
    stored: dict[str, Manifest],
    answers: dict[str, dict[str, Answer]],
    tmp_path: Path,
) -> None:
    """The server fills fields in; what a live scan then reads must not be judged otherwise."""
    theirs = {name: answer for name, answer in answers[level].items() if not answer.invalid}
    assert set(stored) == set(theirs)
    found = differences(theirs, await judge(level, stored, tmp_path))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("level", LEVELS)
def test_only_pods_that_no_server_takes_are_left_out(
    level: str, answers: dict[str, dict[str, Answer]]
) -> None:
    invalid = {name for name, answer in answers[level].items() if answer.invalid}
    assert invalid == set(INVALID)


@pytest.mark.parametrize("level", LEVELS)
def test_the_pods_show_both_sides_of_every_control(
    level: str, answers: dict[str, dict[str, Answer]]
) -> None:
    """A comparison in which some control never failed would show nothing about it."""
    failed = {control for answer in answers[level].values() for control in answer.controls}
    benchmark = yaml.safe_load(
        (TESTS.parent / "knowledge" / "benchmarks" / f"pss-{level}.yaml").read_text()
    )
    assert failed == {control["id"] for control in benchmark["controls"]}
    assert any(not answer.controls and not answer.invalid for answer in answers[level].values())
