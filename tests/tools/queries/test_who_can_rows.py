"""Who may do something: by which binding, how far, in which API group."""

from pathlib import Path

from tests.tools.queries.rbac import binding, context, role, rule
from tools.queries import who_can
from tools.queries.rights import Access

STAR = "'*'"


async def asked(folder: Path, text: str, verbs: str, resource: str, *only: str) -> Access:
    arguments = who_can.Arguments(verbs=verbs.split(), resource=resource)
    result = await who_can.run(arguments, await context(folder, text, *only))
    assert isinstance(result.data, Access)
    return result.data


def told(found: Access) -> set[str]:
    return {f"{', '.join(row.holders) or 'nobody'} {row.where}".strip() for row in found.rows}


async def test_a_rule_counts_in_its_own_api_groups(tmp_path: Path) -> None:
    text = (
        role("apps", rule(STAR, STAR, "apps"))
        + role("all", rule(STAR, STAR, STAR))
        + role("events", rule("create", "events", "events.k8s.io"))
        + binding("apps", "apps", "Group app-people")
        + binding("all", "all", "Group all-people")
        + binding("events", "events", "Group event-people")
    )
    for verb, resource in (("create", "pods/exec"), ("delete", "nodes"), ("get", "secrets")):
        assert told(await asked(tmp_path, text, verb, resource)) == {
            "Group all-people cluster-wide"
        }
    both = {"Group all-people cluster-wide", "Group app-people cluster-wide"}
    assert told(await asked(tmp_path, text, "delete", "deployments")) == both
    assert told(await asked(tmp_path, text, "delete", "deployments.apps")) == both
    assert "Group event-people cluster-wide" in told(
        await asked(tmp_path, text, "create", "events")
    )


async def test_every_way_of_holding_it_is_listed_with_its_binding(tmp_path: Path) -> None:
    text = (
        role(
            "collects",
            more="aggregationRule: {clusterRoleSelectors: [{matchLabels: {to: collects}}]}",
        )
        + role("part", rule("get", "secrets"), labels="{to: collects}")
        + role("own", rule("get", "secrets"), namespace="shop")
        + binding("admins", "cluster-admin", "Group admins")
        + binding("collected", "collects", "User jo")
        + binding("editors", "edit", "Group devs", namespace="shop")
        + binding("viewers", "view", "Group guests", namespace="shop")
        + binding("own", "own", "ServiceAccount hall/robot", namespace="shop", kind="Role")
        + binding("system:odd", "part", "User x", namespace="hall")
    )
    found = await asked(tmp_path, text, "get", "secrets")
    rows = {
        (row.binding.name if row.binding else "", row.ref.name, row.where): row.holders
        for row in found.rows
    }
    assert rows == {
        ("admins", "cluster-admin", "cluster-wide"): ("Group admins",),
        ("collected", "collects", "cluster-wide"): ("User jo",),
        ("editors", "edit", "in namespace shop"): ("Group devs",),
        ("own", "own", "in namespace shop"): ("ServiceAccount hall/robot",),
        ("system:odd", "part", "in namespace hall"): ("User x",),
    }
    assert not found.unread
    assert found.note.startswith("Not read, taken as Kubernetes 1.31 to ")
    assert found.note.endswith(" publishes it: cluster-admin, edit")


async def test_a_label_lets_a_role_flow_into_a_built_in_one(tmp_path: Path) -> None:
    labels = "{rbac.authorization.k8s.io/aggregate-to-view: 'true'}"
    text = role("part", rule("get", "widgets", "example.com"), labels=labels)
    text += binding("viewers", "view", "Group guests") + binding("admins", "admin", "Group owners")
    found = await asked(tmp_path, text, "get", "widgets")
    assert told(found) == {"Group guests cluster-wide", "Group owners cluster-wide", "nobody"}
    assert found.note.startswith("Kubernetes itself has no such resource")
    assert "widgets" in found.rows[0].rules[0]


async def test_in_a_namespace_nothing_cluster_scoped_is_given(tmp_path: Path) -> None:
    text = role("nodes", rule("delete", "nodes")) + role(
        "grants", rule("bind", "clusterroles", "'*'")
    )
    text += binding("a", "nodes", "Group devs", namespace="shop")
    text += binding("b", "grants", "Group devs", namespace="shop")
    assert told(await asked(tmp_path, text, "delete", "nodes")) == set()
    assert told(await asked(tmp_path, text, "bind delete", "clusterroles")) == {
        "Group devs in namespace shop"
    }


async def test_several_verbs_and_a_name_that_narrows(tmp_path: Path) -> None:
    text = role("some", rule("create, delete", "pods", names="web")) + role(
        "gets", rule("get", "pods")
    )
    text += binding("some", "some", "Group devs") + binding("gets", "gets", "Group ops")
    found = await asked(tmp_path, text, "create delete get", "pods")
    assert {row.holders: row.verbs for row in found.rows} == {
        ("Group devs",): ("delete",),
        ("Group ops",): ("get",),
    }
    assert found.rows[1].rules == ("create, delete on pods named web",)


async def test_what_is_not_there_to_read_is_told_with_its_binding(tmp_path: Path) -> None:
    text = binding("lost", "elsewhere", "Group devs", namespace="shop")
    found = await asked(tmp_path, text, "get", "pods")
    assert found.unread == ("ClusterRole elsewhere (by RoleBinding shop/lost)",)
    assert not found.rows


async def test_who_may_not_see_the_cluster_gets_no_name_from_outside(tmp_path: Path) -> None:
    text = (
        role("far-role", rule("get", "secrets"))
        + role("near-role", rule("get", "secrets"))
        + binding("far-binding", "far-role", "Group far-people")
        + binding("hall-binding", "far-role", "Group hall-people", namespace="hall")
        + binding("near", "near-role", "Group devs", namespace="shop")
    )
    arguments = who_can.Arguments(verbs=["get"], resource="secrets")
    result = await who_can.run(arguments, await context(tmp_path, text, "shop"))
    assert told(result.data) == {"Group devs in namespace shop"}
    assert "ClusterRoleBindings, which hold in every namespace, may not be seen" in result.text
    for outside in ("far-", "hall-"):
        assert outside not in repr(result)
