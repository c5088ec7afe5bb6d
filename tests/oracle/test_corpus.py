"""The real scan beside the second implementation, row by row and both ways."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import manifests, reading
from tests.oracle.random_pods import TOKEN, pods
from tests.oracle.random_roles import roles
from tests.oracle.scanned import CORPUS, STORIES, rows, scan_folder, scanned
from tools.types import Scan

ROWS_AT_LEAST = 2500
RANDOM_PODS = 1500
RANDOM_ROLES = 1500


def differences(found: Scan, folder: Path) -> list[tuple[reading.Row, str, str]]:
    """List rows on which the two differ; a missing row means not-applicable on either side."""
    ours, second = rows(found), reading.judge(folder)
    both = sorted(ours.keys() | second.keys())
    pairs = [(row, ours.get(row, reading.NA), second.get(row, reading.NA)) for row in both]
    return [pair for pair in pairs if pair[1] != pair[2]]


@pytest.mark.parametrize("story", STORIES)
def test_scan_agrees_with_the_second_implementation(story: str) -> None:
    assert not differences(scanned(story), CORPUS / story)


def test_all_stories_at_once() -> None:
    assert not differences(scanned(""), CORPUS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "items",
    [[TOKEN, *pods(RANDOM_PODS, seed=52)], roles(RANDOM_ROLES, seed=51)],
    ids=["pods", "roles"],
)
def test_random_objects(items: list[dict[str, Any]], tmp_path: Path) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    (tmp_path / "objects.json").write_text(json.dumps(listed))
    assert not differences(scan_folder(tmp_path, "cis-1.12"), tmp_path)


def test_what_does_not_apply_is_said_for_windows_and_host_networks() -> None:
    for story in ("windows", "node-agents"):
        ours = rows(scanned(story))
        for row, verdict in reading.judge(CORPUS / story).items():
            if verdict == reading.NA and row[0].startswith(("5.2", "5.6.2")):
                assert ours[row] == reading.NA


def test_enough_rows_are_compared() -> None:
    assert sum(len(reading.judge(CORPUS / story)) for story in STORIES) >= ROWS_AT_LEAST


def test_what_could_not_be_read_is_named() -> None:
    broken = [gap.what for gap in scanned("broken").gaps]
    assert {what.split(":")[0] for what in broken} == {"a-cut.yaml", "b-template.yaml"}
    twice = [gap.what for gap in scanned("duplicates").gaps]
    assert len(twice) == len(manifests.read(CORPUS / "duplicates").twice)
    [training] = scanned("batch").gaps
    assert training.what == "jobs.yaml:96: Job volcano/training (batch.volcano.sh/v1alpha1)"
    [prometheus] = scanned("operators").gaps
    assert prometheus.what.endswith("Prometheus monitoring-stack/k8s (monitoring.coreos.com/v1)")
    named = ("broken", "duplicates", "batch", "operators")
    assert not [story for story in STORIES if story not in named and scanned(story).gaps]


@pytest.mark.parametrize("control", ["5.3.1", "5.4.2", "5.5.1", "5.6.1"])
def test_what_objects_cannot_answer_is_unknown(control: str) -> None:
    [found] = [each for each in scanned("shop").controls if each.id == control]
    assert found.verdict == reading.UNKNOWN
