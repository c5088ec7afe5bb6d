"""Our Pod Security checks beside the admission library of Kubernetes 1.37, version by version."""

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge import catalogue
from tests.oracle import manifests, pod_security, scanned
from tests.oracle.random_pods import pods
from tools.pod_security import NEWEST, OLDEST
from tools.types import Scan

RANDOM_PODS = 1000
VERSIONS = (25, 31, 33, 34, 35, 37)
"""Each side of a change."""
COMPARED_AT_LEAST = 1500
BENCHMARKS = {"baseline": "pss-baseline", "restricted": "pss-restricted"}

pytestmark = [
    pytest.mark.go,
    pytest.mark.slow,
    pytest.mark.skipif(not pod_security.available(), reason=pod_security.MISSING),
]

Key = tuple[str, str, str]
"""(kind, namespace, name)."""


def asked(folder: Path) -> dict[Key, list[dict[str, Any]]]:
    """Give the pods that stand for each workload of a folder.

    That is its template, and each thing that it owns.
    """
    held = manifests.read(folder)
    found: dict[Key, list[dict[str, Any]]] = {}
    for key, obj in held.objects.items():
        if key[0] in manifests.WORKLOADS and not manifests.owner_of(held, obj):
            found[key] = [_pod(_annotations(key[0], obj), manifests.template_of(key[0], obj))]
            found[key] += [_pod({}, spec) for spec in manifests.owned_specs(held, key)]
    return found


def _annotations(kind: str, obj: dict[str, Any]) -> dict[str, str]:
    if kind == "Pod":
        holder = obj
    else:
        spec = obj["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else obj["spec"]
        holder = spec["template"]
    return (holder.get("metadata") or {}).get("annotations") or {}


def _pod(annotations: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}, "spec": spec}


def _controls(benchmark: str) -> set[str]:
    return {each.id for each in catalogue.controls(benchmark)}


def expected(level: str, control: str, said: list[dict[str, Any]]) -> str:
    """Give the verdict that the library has on a control of a level, over some pods of a workload."""
    theirs = [check for check, ours in pod_security.CONTROLS.items() if ours == control]
    asked = [check for check in theirs if pod_security.ONLY.get(check, level) == level]
    in_force = [check for check in asked if check in said[0]["checks"]]
    if not in_force:
        return "not-applicable"
    return "pass" if all(answer["checks"][in_force[-1]] for answer in said) else "fail"


def differences(
    folder: Path, scans: dict[str, Scan], minor: int
) -> tuple[int, list[tuple[str, ...]]]:
    """Count the compared verdicts, and list those on which we and the library differ."""
    by_key = asked(folder)
    answers = iter(pod_security.ask((pod for some in by_key.values() for pod in some), minor))
    count, wrong = 0, []
    given = {level: scanned.rows(found) for level, found in scans.items()}
    fine = ("pass", "not-applicable")
    refused = {
        level: {row[1:] for row, verdict in ours.items() if verdict not in fine}
        for level, ours in given.items()
    }
    for key, some in by_key.items():
        said = [next(answers) for _ in some]
        for level, benchmark in BENCHMARKS.items():
            for control in _controls(benchmark):
                count += 1
                verdict = given[level].get((control, *key), "none")
                theirs = expected(level, control, said)
                if verdict != theirs:
                    wrong.append((level, control, *key, verdict, f"theirs: {theirs}"))
            if (key in refused[level]) == all(answer[level] for answer in said):
                wrong.append((level, "in all", *key))
    return count, wrong


def test_every_workload_of_the_corpus() -> None:
    total = 0
    for story in scanned.STORIES:
        scans = {level: scanned.scanned(story, name) for level, name in BENCHMARKS.items()}
        count, wrong = differences(scanned.CORPUS / story, scans, NEWEST)
        assert not wrong
        total += count
    assert total >= COMPARED_AT_LEAST


@pytest.mark.parametrize("minor", VERSIONS)
def test_random_pods(minor: int, tmp_path: Path) -> None:
    items = pods(RANDOM_PODS, seed=100 + minor)
    (tmp_path / "pods.json").write_text(
        json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    )
    scans = {
        level: scanned.scan_folder(tmp_path, name, minor) for level, name in BENCHMARKS.items()
    }
    count, wrong = differences(tmp_path, scans, minor)
    assert count == RANDOM_PODS * sum(len(catalogue.controls(b)) for b in BENCHMARKS.values())
    assert not wrong


def test_the_versions_tried_are_all_that_are_known() -> None:
    assert (VERSIONS[0], VERSIONS[-1]) == (OLDEST, NEWEST)


def test_every_control_has_its_check_in_the_library() -> None:
    pod = {"metadata": {}, "spec": {"containers": [{"name": "c"}]}}
    [answer] = pod_security.ask([pod], NEWEST)
    assert set(answer["checks"]) == set(pod_security.CONTROLS)
    ours = set().union(*(_controls(name) for name in BENCHMARKS.values()))
    assert ours == set(pod_security.CONTROLS.values())
