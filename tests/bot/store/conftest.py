"""An open, empty database for every store test, once on SQLite and once on Postgres."""

from datetime import UTC, datetime

import pytest

from bot.store.database import open_database

NOW = datetime(2026, 3, 4, 10, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/oakum.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request):
    name = "sqlite_url" if request.param == "sqlite" else "fresh_postgres"
    return request.getfixturevalue(name)


@pytest.fixture
async def db(url):
    database = await open_database(url)
    yield database
    await database.close()
