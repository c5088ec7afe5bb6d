"""Our Pod Security checks beside the admission library of Kubernetes 1.34, check by check."""

import json
from pathlib import Path
from typing import Any

import pytest

from knowledge import catalogue
from tests.oracle import manifests, pod_security, scanned
from tests.oracle.random_pods import pods
from tools.types import Scan

RANDOM_PODS = 3000
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

    That is its template; and, for what running pods have besides, one pod each of the containers
    that the template has not.
    """
    held = manifests.read(folder)
    found: dict[Key, list[dict[str, Any]]] = {}
    for key, obj in held.objects.items():
        if key[0] in manifests.WORKLOADS and not manifests.owner_of(held, obj):
            spec = manifests.template_of(key[0], obj)
            found[key] = [_pod(_annotations(key[0], obj), spec)]
            found[key] += _injected(held, key, spec)
    return found


def _injected(held: manifests.Folder, key: Key, spec: dict[str, Any]) -> list[dict[str, Any]]:
    known = {container["name"] for container in manifests.containers_of(spec)}
    given = []
    for (kind, _, _), obj in held.objects.items():
        if kind == "Pod" and manifests.top_owner(held, obj) == key:
            pod = manifests.template_of("Pod", obj)
            extra = [c for c in manifests.containers_of(pod) if c["name"] not in known]
            context = pod.get("securityContext")
            given.append(_pod({}, {"containers": extra, "securityContext": context}))
    return given


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


def differences(folder: Path, scans: dict[str, Scan]) -> tuple[int, list[tuple[str, ...]]]:
    """Count the compared verdicts, and list those on which we and the library differ."""
    by_key = asked(folder)
    answers = iter(pod_security.ask(pod for some in by_key.values() for pod in some))
    count, wrong = 0, []
    given = {level: scanned.rows(found) for level, found in scans.items()}
    refused = {
        level: {row[1:] for row, verdict in ours.items() if verdict != "pass"}
        for level, ours in given.items()
    }
    for key, some in by_key.items():
        said = [next(answers) for _ in some]
        for level, benchmark in BENCHMARKS.items():
            ours = given[level]
            for check, control in pod_security.CONTROLS.items():
                if control not in _controls(benchmark):
                    continue
                allowed = all(answer["checks"][check] for answer in said)
                count += 1
                verdict = ours.get((control, *key), "none")
                if verdict != ("pass" if allowed else "fail"):
                    wrong.append((level, control, *key, verdict, f"allowed: {allowed}"))
            if (key in refused[level]) == all(answer[level] for answer in said):
                wrong.append((level, "in all", *key))
    return count, wrong


def test_every_workload_of_the_corpus() -> None:
    total = 0
    for story in scanned.STORIES:
        scans = {level: scanned.scanned(story, name) for level, name in BENCHMARKS.items()}
        count, wrong = differences(scanned.CORPUS / story, scans)
        assert not wrong
        total += count
    assert total >= COMPARED_AT_LEAST


def test_random_pods(tmp_path: Path) -> None:
    items = pods(RANDOM_PODS, seed=134)
    (tmp_path / "pods.json").write_text(
        json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    )
    scans = {level: scanned.scan_folder(tmp_path, name) for level, name in BENCHMARKS.items()}
    count, wrong = differences(tmp_path, scans)
    assert count == RANDOM_PODS * sum(len(catalogue.controls(b)) for b in BENCHMARKS.values())
    assert not wrong


def test_every_control_has_its_check_in_the_library() -> None:
    [answer] = pod_security.ask([{"metadata": {}, "spec": {"containers": [{"name": "c"}]}}])
    assert set(answer["checks"]) == set(pod_security.CONTROLS)
    ours = set().union(*(_controls(name) for name in BENCHMARKS.values()))
    assert ours == set(pod_security.CONTROLS.values())
