"""What a scan says of roles that are given: in some namespaces, unread, and Kubernetes' own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.memory_reader import MemoryReader
from tools.cluster.manifests.reader import open_folder
from tools.scan import scan
from tools.types import ALL, ClusterConfig, ClusterSource, Finding, Gap, Scan

NAMESPACES = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: hall}
---
"""
EVERYTHING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
"""
GIVEN_IN_SHOP = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all, namespace: shop}
roleRef: {kind: ClusterRole, name: everything}
subjects: [{kind: Group, name: "system:authenticated"}]
---
"""
GIVEN_EVERYWHERE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: far-away}
roleRef: {kind: ClusterRole, name: everything}
subjects: [{kind: Group, name: strangers}]
---
"""
DECIDED = ("5.1.2", "5.1.3", "5.1.4", "5.1.8", "5.1.13")
CLUSTER_SCOPED = ("5.1.9", "5.1.10", "5.1.11", "5.1.12")


async def run(reader: Any, *namespaces: str) -> Scan:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return await scan(reader, namespaces=namespaces or ALL, now=lambda: now)


async def folder(path: Path, text: str) -> Any:
    (path / "all.yaml").write_text(text)
    return await open_folder(ClusterConfig("lab", ClusterSource.FOLDER, folder=str(path)))


def verdicts(result: Scan, numbers: tuple[str, ...]) -> set[str]:
    return {each.verdict.value for each in result.controls if each.id in numbers}


def of(result: Scan, check: str) -> list[Finding]:
    return [each for each in result.findings if each.check == check]


async def test_a_binding_of_a_namespace_is_judged_for_the_cluster_role_that_it_gives() -> None:
    result = await run(MemoryReader(NAMESPACES + EVERYTHING + GIVEN_IN_SHOP), "shop")
    assert verdicts(result, DECIDED) == {"fail"}
    assert verdicts(result, CLUSTER_SCOPED) == {"not-applicable"}
    (found,) = of(result, "secret_reader")
    assert (found.ref.kind, found.ref.namespace, found.ref.name) == ("RoleBinding", "shop", "all")
    assert found.reason == (
        "RoleBinding all gives ClusterRole everything, which can read Secrets; "
        "bound to Group system:authenticated."
    )
    assert [fact.path for fact in found.evidence] == ["ClusterRole everything: rules[0]"]


async def test_what_other_namespaces_are_given_is_none_of_this_one() -> None:
    result = await run(MemoryReader(NAMESPACES + EVERYTHING + GIVEN_IN_SHOP), "hall")
    assert verdicts(result, DECIDED) == {"not-applicable"}
    assert not [each for each in result.findings if each.check == "secret_reader"]


@pytest.mark.parametrize("refused", ["ClusterRole", "ClusterRoleBinding", "RoleBinding"])
async def test_what_could_not_be_read_is_no_pass_in_a_namespace(refused: str) -> None:
    given = NAMESPACES + EVERYTHING + GIVEN_IN_SHOP.replace("everything", "other")
    gap = Gap(refused, "forbidden (403)", kind=refused)
    result = await run(MemoryReader(given, gaps=[gap]), "shop")
    assert verdicts(result, (*DECIDED, *CLUSTER_SCOPED)) == {"unknown"}


async def test_the_binding_whose_role_is_not_in_a_folder_is_named(tmp_path: Path) -> None:
    reader = await folder(tmp_path, NAMESPACES + GIVEN_IN_SHOP)
    for scope in ((), ("shop",)):
        result = await run(reader, *scope)
        assert verdicts(result, DECIDED) == {"unknown"}
        (found,) = of(result, "pod_creator")
        assert (
            "RoleBinding all gives ClusterRole everything, which could not be read" in found.reason
        )


async def test_on_a_live_cluster_read_whole_a_role_that_is_not_there_gives_nothing() -> None:
    result = await run(MemoryReader(NAMESPACES + GIVEN_IN_SHOP))
    assert verdicts(result, DECIDED) == {"not-applicable"}


async def test_what_is_given_everywhere_makes_a_namespace_unknown_and_names_nothing() -> None:
    result = await run(MemoryReader(NAMESPACES + EVERYTHING + GIVEN_EVERYWHERE), "shop")
    assert verdicts(result, (*DECIDED, *CLUSTER_SCOPED)) == {"unknown"}
    (line,) = [each for each in result.controls if each.id == "5.1.2"]
    assert line.reason.startswith("ClusterRoleBindings, which hold in every namespace")
    assert "far-away" not in repr(result)
    assert "strangers" not in repr(result)
    admin = GIVEN_EVERYWHERE.replace("everything", "cluster-admin")
    assert verdicts(await run(MemoryReader(NAMESPACES + admin), "shop"), ("5.1.1",)) == {"unknown"}


async def test_a_cluster_role_binding_that_decides_nothing_leaves_a_pass() -> None:
    text = (
        NAMESPACES
        + EVERYTHING.replace('"*"', "pods").replace("[pods]", "[get]", 1)
        + GIVEN_EVERYWHERE
        + GIVEN_IN_SHOP
    )
    result = await run(MemoryReader(text), "shop")
    assert verdicts(result, (*DECIDED, "5.1.1")) == {"pass"}


async def test_what_is_left_out_as_built_in_is_counted() -> None:
    own = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:basic-user"}
roleRef: {kind: ClusterRole, name: "system:basic-user"}
subjects: [{kind: Group, name: "system:authenticated"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors, namespace: shop}
roleRef: {kind: ClusterRole, name: edit}
subjects: [{kind: Group, name: devs}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:helper", labels: {kubernetes.io/bootstrapping: rbac-defaults}}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
"""
    result = await run(MemoryReader(NAMESPACES + own, source="folder"))
    assert result.built_in == {"ClusterRole": 2, "ClusterRoleBinding": 1}
    assert [each.ref.name for each in of(result, "secret_reader")] == ["system:helper", "editors"]
    assert (await run(MemoryReader(NAMESPACES + own, source="folder"), "shop")).built_in == {
        "ClusterRole": 1
    }


@pytest.mark.parametrize("namespaces", [(), ("shop",)])
async def test_a_role_of_kubernetes_own_is_judged_where_somebody_is_given_it(
    namespaces: tuple[str, ...],
) -> None:
    given = GIVEN_IN_SHOP.replace("everything", "edit").replace("system:authenticated", "devs")
    result = await run(MemoryReader(NAMESPACES + given, source="folder"), *namespaces)
    (found,) = of(result, "secret_reader")
    assert found.reason == (
        "RoleBinding all gives ClusterRole edit, which can read Secrets; bound to Group devs."
    )
    seen = await run(MemoryReader(NAMESPACES + given.replace("edit", "view"), source="folder"))
    assert verdicts(seen, ("5.1.2",)) == {"pass"}


async def test_a_role_of_kubernetes_own_that_is_given_everywhere_makes_a_namespace_unknown() -> (
    None
):
    given = GIVEN_EVERYWHERE.replace("everything", "edit")
    result = await run(MemoryReader(NAMESPACES + given, source="folder"), "shop")
    assert verdicts(result, ("5.1.2", "5.1.4")) == {"unknown"}
