from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.desk import NOW, shared_library
from tools.cluster.manifests.reader import open_folder
from tools.queries.context import QueryContext
from tools.queries.looking.listings import Listings
from tools.queries.looking.memory import MemoryScans
from tools.scope import Scope
from tools.types import ALL, ClusterConfig, ClusterSource

FOLDERS = Path(__file__).parents[2] / "eval" / "folders"


async def make(scope: Scope, *folders: str) -> QueryContext:
    readers = {}
    for name in folders:
        config = ClusterConfig(name=name, source=ClusterSource.FOLDER, folder=str(FOLDERS / name))
        readers[name] = Listings(await open_folder(config))
    library = shared_library()
    return QueryContext(readers, scope, library.search, library.guide_for, MemoryScans(), NOW)


@pytest.fixture
async def company() -> AsyncIterator[QueryContext]:
    yield await make(Scope({"company": ALL}), "company")


@pytest.fixture
async def narrow() -> AsyncIterator[QueryContext]:
    """Two clusters are configured; only namespace ci of one may be seen."""
    yield await make(Scope({"company": frozenset({"ci"})}), "company", "hostile")


@pytest.fixture
async def both() -> AsyncIterator[QueryContext]:
    yield await make(Scope({"company": ALL, "hostile": ALL}), "company", "hostile")


@pytest.fixture
async def hostile() -> AsyncIterator[QueryContext]:
    yield await make(Scope({"hostile": ALL}), "hostile")


@pytest.fixture
async def workshop() -> AsyncIterator[QueryContext]:
    yield await make(Scope({"workshop": ALL}), "workshop")


@pytest.fixture
async def bench() -> AsyncIterator[QueryContext]:
    """Only namespace bench may be seen."""
    yield await make(Scope({"workshop": frozenset({"bench"})}), "workshop")
