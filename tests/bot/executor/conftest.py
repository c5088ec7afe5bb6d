"""A world with an open, empty store: once on SQLite, once on Postgres."""

import pytest
import pytest_asyncio

from bot.store.database import open_database
from tests.fakes.executing import world as opened


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oakum.db"
    return request.getfixturevalue("fresh_postgres")


@pytest_asyncio.fixture
async def db(url):
    database = await open_database(url)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def world(db, tmp_path):
    async with opened(db, tmp_path) as made:
        yield made
