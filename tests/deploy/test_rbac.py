"""The accounts that we ship may do what they need and nothing that could be turned against a cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.objects.kinds import KINDS

RBAC = Path(__file__).parents[2] / "deploy" / "rbac"
READER = RBAC / "reader.yaml"
GATEKEEPER = RBAC / "reader-gatekeeper.yaml"

READING = {"get", "list"}
NEVER = {
    "secrets",
    "configmaps",
    "pods/log",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/proxy",
    "pods/ephemeralcontainers",
    "services/proxy",
    "nodes/proxy",
    "nodes/log",
    "nodes/metrics",
    "nodes/stats",
    "serviceaccounts/token",
    "certificatesigningrequests",
    "certificatesigningrequests/approval",
}


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def rules(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        rule
        for document in found
        if document["kind"] in ("Role", "ClusterRole")
        for rule in document["rules"]
    ]


def granted(found: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Spell every grant out: group, resource, verb."""
    for rule in rules(found):
        for group in rule.get("apiGroups", ()):
            for resource in rule.get("resources", ()):
                for verb in rule["verbs"]:
                    yield group, resource, verb


def complaints(found: list[dict[str, Any]]) -> list[str]:
    """Say what is wrong with a reading account's grants."""
    said: list[str] = []
    for rule in rules(found):
        if "*" in (*rule.get("apiGroups", ()), *rule.get("resources", ()), *rule["verbs"]):
            said.append(f"wildcard in {rule}")
        if rule.get("nonResourceURLs"):
            said.append(f"non-resource addresses in {rule}")
    for _, resource, verb in granted(found):
        if verb not in READING:
            said.append(f"{verb} on {resource}: not reading")
        if resource in NEVER or resource.endswith(("/*", "/proxy", "/exec", "/log")):
            said.append(f"{resource} is never granted")
    return said


def test_the_reader_only_reads() -> None:
    assert complaints(documents(READER)) == []


@pytest.mark.parametrize(
    ("resource", "verb", "complaint"),
    [
        ("pods", "*", "wildcard"),
        ("*", "list", "wildcard"),
        ("secrets", "list", "never granted"),
        ("configmaps", "get", "never granted"),
        ("pods/log", "get", "never granted"),
        ("pods/exec", "get", "never granted"),
        ("nodes/proxy", "get", "never granted"),
        ("nodes/*", "get", "never granted"),
        ("pods", "watch", "not reading"),
        ("pods", "patch", "not reading"),
        ("pods", "deletecollection", "not reading"),
        ("clusterroles", "escalate", "not reading"),
        ("clusterroles", "bind", "not reading"),
        ("users", "impersonate", "not reading"),
        ("selfsubjectaccessreviews", "create", "not reading"),
    ],
)
def test_a_dangerous_grant_is_refused(resource: str, verb: str, complaint: str) -> None:
    rule = {"apiGroups": [""], "resources": [resource], "verbs": [verb]}
    said = complaints([{"kind": "ClusterRole", "rules": [rule]}])
    assert any(complaint in line for line in said)


def test_a_grant_to_every_group_is_refused() -> None:
    rule = {"apiGroups": ["*"], "resources": ["pods"], "verbs": ["list"]}
    assert complaints([{"kind": "ClusterRole", "rules": [rule]}])


def test_the_reader_reads_every_kind_that_is_read_and_no_other() -> None:
    wanted = {
        (kind.group, kind.plural, verb)
        for kind in KINDS.values()
        if not kind.opt_in and kind.plural != "*"
        for verb in READING
    }
    assert set(granted(documents(READER))) == wanted


def test_no_grant_is_written_twice() -> None:
    found = list(granted(documents(READER)))
    assert len(found) == len(set(found))


def test_only_the_reader_is_bound() -> None:
    for file in RBAC.glob("*.yaml"):
        for document in documents(file):
            if document["kind"].endswith("Binding"):
                assert document["subjects"] == [
                    {"kind": "ServiceAccount", "name": "oakum-reader", "namespace": "oakum"}
                ]
                assert document["roleRef"]["kind"] == "ClusterRole"


def test_the_one_wildcard_is_an_extra_that_only_lists_constraints() -> None:
    """Named apart so that nobody gets it who did not ask for it."""
    assert list(granted(documents(GATEKEEPER))) == [("constraints.gatekeeper.sh", "*", "list")]
    assert {file.name for file in RBAC.glob("*.yaml")} == {READER.name, GATEKEEPER.name}
