"""What one subject may do: by its own name, by the groups it is in anyway, worst first."""

from pathlib import Path
from typing import Any

from tests.tools.queries.rbac import binding, context, role, rule
from tools.queries import rights_of
from tools.queries.rights import Rights

TEXT = (
    role("reads-pods", rule("get", "pods"))
    + role("reads-secrets", rule("get", "secrets"))
    + binding("own", "reads-pods", "ServiceAccount shop/api", namespace="shop")
    + binding("as-user", "reads-pods", "User system:serviceaccount:shop:api", namespace="hall")
    + binding("shop-accounts", "reads-secrets", "Group system:serviceaccounts:shop")
    + binding("hall-accounts", "reads-secrets", "Group system:serviceaccounts:hall")
    + binding("accounts", "cluster-admin", "Group system:serviceaccounts", namespace="hall")
    + binding("everybody", "view", "Group system:authenticated", namespace="shop")
    + binding("anybody", "reads-pods", "Group system:unauthenticated")
    + binding("anonymous", "cluster-admin", "User system:anonymous")
    + binding("lost", "elsewhere", "User jo")
    + binding("jo", "reads-pods", "User jo")
)


async def asked(folder: Path, kind: Any, name: str, *only: str) -> Rights:
    arguments = rights_of.Arguments(kind=kind, name=name)
    result = await rights_of.run(arguments, await context(folder, TEXT, *only))
    assert isinstance(result.data, Rights)
    return result.data


def bindings(found: Rights) -> list[str]:
    return [row.binding.name for row in found.rows]


async def test_an_account_has_what_its_groups_have_worst_first(tmp_path: Path) -> None:
    found = await asked(tmp_path, "ServiceAccount", "shop/api")
    assert bindings(found)[:2] == ["accounts", "shop-accounts"]
    assert set(bindings(found)) == {"accounts", "shop-accounts", "own", "as-user", "everybody"}
    assert found.rows[0].severity == "critical"
    assert found.rows[0].where == "in namespace hall"
    assert found.rows[0].by == "Group system:serviceaccounts"
    assert found.rows[1].wrong == ("Role that reads Secrets",)
    same = await asked(tmp_path, "User", "system:serviceaccount:shop:api")
    assert bindings(same) == bindings(found)


async def test_who_is_not_logged_in_is_nobody_else(tmp_path: Path) -> None:
    for kind, name in (("Group", "system:unauthenticated"), ("User", "system:anonymous")):
        assert bindings(await asked(tmp_path, kind, name)) == ["anonymous", "anybody"]


async def test_a_user_is_logged_in_and_the_rest_is_said(tmp_path: Path) -> None:
    found = await asked(tmp_path, "User", "jo")
    assert set(bindings(found)) == {"jo", "everybody"}
    assert found.unread == ("ClusterRole elsewhere (by ClusterRoleBinding lost)",)
    assert "Other groups of a user" in found.note
    masters = await asked(tmp_path, "Group", "system:masters")
    assert "everything, whatever RBAC says" in masters.note


async def test_only_what_is_given_where_the_asker_may_look(tmp_path: Path) -> None:
    found = await asked(tmp_path, "ServiceAccount", "shop/api", "shop")
    assert set(bindings(found)) == {"own", "everybody"}
    assert "may not be seen from here" in found.note
