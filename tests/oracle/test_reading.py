"""The second implementation agrees with the verdicts that were read by hand."""

import json
from pathlib import Path

import pytest

from tests.oracle.manifests import read
from tests.oracle.reading import judge

CORPUS = Path(__file__).parents[1] / "corpus"
STORIES = tuple(sorted(p.name for p in CORPUS.iterdir() if p.is_dir()))
WORKLOADS_AT_LEAST = 100


def expected() -> list[dict[str, str]]:
    lines = (CORPUS / "expected.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("story", STORIES)
def test_verdicts_read_by_hand(story: str) -> None:
    rows = judge(CORPUS / story)
    wrong = [
        (row, found)
        for row in expected()
        if row["story"] == story
        for found in [
            rows.get((row["control"], row["kind"], row["namespace"], row["name"]), "not-applicable")
        ]
        if found != row["verdict"]
    ]
    assert not wrong


def test_every_row_read_by_hand_names_an_object_of_its_story() -> None:
    stories = {story: read(CORPUS / story) for story in STORIES}
    for row in expected():
        held = stories[row["story"]]
        key = (row["kind"], row["namespace"], row["name"])
        implied = row["name"] in held.namespaces or row["name"] == "default"
        assert key in held.objects or implied, row


def test_the_corpus_is_as_varied_as_promised() -> None:
    kinds = [key[0] for story in STORIES for key in read(CORPUS / story).objects]
    workloads = [k for k in kinds if k in ("Pod", "Deployment", "StatefulSet", "DaemonSet")]
    assert len(workloads) >= WORKLOADS_AT_LEAST
    for kind in ("ReplicaSet", "ReplicationController", "Job", "CronJob", "Role", "ClusterRole"):
        assert kind in kinds


def test_what_does_not_parse_is_named() -> None:
    assert read(CORPUS / "broken").unreadable == ["a-cut.yaml", "b-template.yaml"]


def test_two_of_the_same_are_noticed() -> None:
    assert set(read(CORPUS / "duplicates").twice) == {
        ("Deployment", "team", "app"),
        ("Deployment", "tracker", "tracker"),
        ("Namespace", "", "team"),
        ("ServiceAccount", "team", "default"),
    }
