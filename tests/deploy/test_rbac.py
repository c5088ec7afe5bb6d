"""The accounts that we ship may do what they need and nothing that could be turned against a cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.cluster.writer import WRITABLE
from tools.objects.kinds import KINDS
from tools.types import Verb

RBAC = Path(__file__).parents[2] / "deploy" / "rbac"
READER = RBAC / "reader.yaml"
GATEKEEPER = RBAC / "reader-gatekeeper.yaml"
WRITERS = {
    RBAC / "writer-patch.yaml": Verb.PATCH,
    RBAC / "writer-deploy.yaml": Verb.CREATE,
    RBAC / "writer-delete.yaml": Verb.DELETE,
}
"""The executor's Roles and what each lets it do."""

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
        if not kind.opt_in and not kind.folder_only and kind.plural != "*"
        for verb in READING
    }
    assert set(granted(documents(READER))) == wanted


def test_no_grant_is_written_twice() -> None:
    found = list(granted(documents(READER)))
    assert len(found) == len(set(found))


def writer_complaints(found: list[dict[str, Any]], verb: Verb) -> list[str]:
    """Say what is wrong with the grants of one of the executor's Roles."""
    said = [
        f"{d['kind']} is not of one namespace" for d in found if d["kind"].startswith("Cluster")
    ]
    for rule in rules(found):
        if "*" in (*rule["apiGroups"], *rule["resources"], *rule["verbs"]):
            said.append(f"wildcard in {rule}")
        if "namespaces" in rule["resources"] and len(rule.get("resourceNames", ())) != 1:
            said.append("every namespace")
    needed = {"get", str(verb)} | ({"patch"} if verb is Verb.CREATE else set())
    kinds = {(KINDS[kind].group, KINDS[kind].plural) for kind in WRITABLE[verb]}
    wanted = {(group, plural, each) for group, plural in kinds for each in needed}
    wanted.add(("authorization.k8s.io", "localsubjectaccessreviews", "create"))
    said += [f"{verb} {resource}: too much" for *_, resource, verb in set(granted(found)) - wanted]
    return said + [f"{lacking} is lacking" for lacking in wanted - set(granted(found))]


@pytest.mark.parametrize("file", WRITERS, ids=lambda file: file.stem)
def test_the_executor_may_write_exactly_what_the_writer_sends(file: Path) -> None:
    assert writer_complaints(documents(file), WRITERS[file]) == []


@pytest.mark.parametrize(
    ("group", "resource", "verb"),
    [
        ("", "secrets", "get"),
        ("", "secrets", "patch"),
        ("", "pods/exec", "create"),
        ("", "pods", "create"),
        ("", "namespaces", "delete"),
        ("", "persistentvolumeclaims", "delete"),
        ("", "serviceaccounts/token", "create"),
        ("", "users", "impersonate"),
        ("apps", "deployments", "update"),
        ("apps", "deployments", "deletecollection"),
        ("apps", "deployments", "list"),
        ("apps", "deployments/scale", "patch"),
        ("apps", "*", "patch"),
        ("*", "deployments", "patch"),
        ("apps", "deployments", "*"),
        ("rbac.authorization.k8s.io", "roles", "patch"),
        ("rbac.authorization.k8s.io", "roles", "escalate"),
        ("rbac.authorization.k8s.io", "clusterroles", "bind"),
        ("rbac.authorization.k8s.io", "rolebindings", "create"),
    ],
)
@pytest.mark.parametrize("file", WRITERS, ids=lambda file: file.stem)
def test_one_grant_more_for_the_executor_is_refused(
    file: Path, group: str, resource: str, verb: str
) -> None:
    extra = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    found = [*documents(file), {"kind": "Role", "rules": [extra]}]
    assert writer_complaints(found, WRITERS[file])


def test_a_cluster_role_or_every_namespace_is_refused_to_the_executor() -> None:
    found = documents(RBAC / "writer-patch.yaml")
    whole = [{**d, "kind": d["kind"].replace("Role", "ClusterRole")} for d in found]
    assert writer_complaints(whole, Verb.PATCH)
    for rule in rules(found):
        rule.pop("resourceNames", None)
    assert writer_complaints(found, Verb.PATCH)


@pytest.mark.parametrize("file", WRITERS, ids=lambda file: file.stem)
def test_only_the_executor_is_bound_to_its_roles_in_one_namespace(file: Path) -> None:
    found = documents(file)
    places = {d["metadata"]["namespace"] for d in found if d["kind"] in ("Role", "RoleBinding")}
    assert len(places) == 1
    [binding] = [document for document in found if document["kind"] == "RoleBinding"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "oakum-executor", "namespace": "oakum"}
    ]
    assert binding["roleRef"]["kind"] == "Role"


def test_only_the_reader_is_bound() -> None:
    for file in (READER, GATEKEEPER):
        for document in documents(file):
            if document["kind"].endswith("Binding"):
                assert document["subjects"] == [
                    {"kind": "ServiceAccount", "name": "oakum-reader", "namespace": "oakum"}
                ]
                assert document["roleRef"]["kind"] == "ClusterRole"


def test_the_one_wildcard_is_an_extra_that_only_lists_constraints() -> None:
    """Named apart so that nobody gets it who did not ask for it."""
    assert list(granted(documents(GATEKEEPER))) == [("constraints.gatekeeper.sh", "*", "list")]
    assert set(RBAC.glob("*.yaml")) == {READER, GATEKEEPER, *WRITERS}
