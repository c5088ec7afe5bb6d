"""A pytest plugin: an open, empty database, once on SQLite and once on Postgres."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store.database import Database, open_database


def locked(file: Path) -> sqlite3.Connection:
    """Take the one lock of a SQLite file, in a thread: who has it may need the event loop to let go."""
    lock = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN EXCLUSIVE")
    return lock


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the address of a file that is not there yet."""
    return f"sqlite:///{tmp_path}/oakum.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database of each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "fresh_postgres"
    return request.getfixturevalue(name)


@pytest_asyncio.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """Open it for a test."""
    database = await open_database(url)
    yield database
    await database.close()
