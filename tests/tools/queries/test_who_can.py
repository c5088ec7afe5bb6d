from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.desk import NOW, shared_library
from tools.cluster.manifests.reader import open_folder
from tools.queries import who_can
from tools.queries.context import QueryContext
from tools.queries.looking.listings import Listings
from tools.queries.looking.memory import MemoryScans
from tools.queries.rights import Access
from tools.scope import Scope, Seen
from tools.types import ALL, ClusterConfig, ClusterSource

CLINIC = Path(__file__).parents[2] / "eval" / "folders" / "clinic"


async def context(namespaces: Seen) -> QueryContext:
    config = ClusterConfig(name="clinic", source=ClusterSource.FOLDER, folder=str(CLINIC))
    reader = Listings(await open_folder(config))
    library = shared_library()
    return QueryContext(
        {"clinic": reader},
        Scope({"clinic": namespaces}),
        library.search,
        library.guide_for,
        MemoryScans(),
        NOW,
    )


@pytest.fixture
async def clinic() -> AsyncIterator[QueryContext]:
    yield await context(ALL)


async def asked(where: QueryContext, verb: str, resource: str, *namespaces: str) -> Access:
    verbs = verb.split(",")
    arguments = who_can.Arguments(verbs=verbs, resource=resource, namespaces=list(namespaces))
    return (await who_can.run(arguments, where)).data


async def test_a_subresource_is_another_right_than_its_resource(clinic: QueryContext) -> None:
    exec_ = await asked(clinic, "create", "pods/exec")
    create = await asked(clinic, "create", "pods")
    assert {row.ref.name: (*row.holders, row.where) for row in exec_.rows} == {
        "break-glass": ("Group oncall", "cluster-wide"),
        "shell-access": ("Group support", "in namespace records"),
        "cluster-admin": ("Group platform-admins", "cluster-wide"),
    }
    assert {row.ref.name for row in create.rows} == {"break-glass", "cluster-admin"}


async def test_only_roles_of_the_namespaces_that_may_be_seen() -> None:
    narrow = await context(frozenset({"imaging"}))
    found = await asked(narrow, "delete", "pods")
    assert [row.ref.name for row in found.rows] == ["pod-janitor"]
    assert found.objects["ClusterRole"] == 0


async def test_the_account_that_holds_it_and_the_rule_are_given(clinic: QueryContext) -> None:
    found = await asked(clinic, "list", "secrets", "records")
    row = next(item for item in found.rows if item.ref.name == "secret-sync")
    assert row.holders == ("ServiceAccount records/chart-api",)
    assert row.rules == ("get, list, watch on secrets",)
