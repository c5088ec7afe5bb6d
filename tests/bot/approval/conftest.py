"""An open, empty database, once on SQLite and once on Postgres."""

import pytest

from bot.store.database import open_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oakum.db"
    return request.getfixturevalue("fresh_postgres")


@pytest.fixture
async def db(url):
    database = await open_database(url)
    yield database
    await database.close()
