"""A database that does not work is one clear sentence with a next step, in bounded time."""

import asyncio
import os
import signal
import sqlite3
import threading
import time

import pytest
from sqlalchemy import event, text
from sqlalchemy.pool import Pool

from bot.errors import StoreUnavailable
from bot.store import seen
from bot.store.database import TRANSACTION_S, open_database
from tests.fakes import postgres


async def refusal(awaitable):
    """Give what the person reads; nothing of the machine or the driver may be in it."""
    with pytest.raises(StoreUnavailable) as caught:
        await awaitable
    said = f"{caught.value.public} {caught.value.hint}"
    assert caught.value.hint
    assert caught.value.__cause__ is not None
    for word in ("/", "sqlite3", "psycopg", "SELECT", "INSERT", "secret"):
        assert word not in said.replace("sqlite:///path/to/oakum.db", "").replace(
            "postgresql://user@host/name", ""
        )
    return caught.value.public


@pytest.fixture
async def broken(sqlite_url):
    """Give an open SQLite store that a test may spoil."""
    database = await open_database(sqlite_url)
    yield database
    await database.close()


@pytest.mark.parametrize(
    "url", ["", "oakum.db", "mysql://u:secret@host/x", "sqlite://", "postgresql+asyncpg:/"]
)
async def test_an_address_that_cannot_be_used_says_which_can(url):
    with pytest.raises(StoreUnavailable) as caught:
        await open_database(url)
    assert "address" in caught.value.public
    assert "postgresql://user@host/name" in caught.value.hint
    assert "secret" not in caught.value.public


async def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "oakum.db").write_bytes(b"meeting notes " * 500)
    said = await refusal(open_database(f"sqlite:///{tmp_path}/oakum.db"))
    assert "damaged" in said


async def test_a_damaged_database_that_was_open(tmp_path, now):
    file = tmp_path / "oakum.db"
    await (await open_database(f"sqlite:///{file}")).close()
    with file.open("r+b") as raw:
        raw.seek(100)
        raw.write(os.urandom(file.stat().st_size - 100))
    said = await refusal(open_database(f"sqlite:///{file}"))
    assert "damaged" in said


async def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = await refusal(open_database(f"sqlite:///{tmp_path}/file/oakum.db"))
    assert "cannot be opened" in said


async def test_a_folder_in_place_of_the_file(tmp_path):
    said = await refusal(open_database(f"sqlite:///{tmp_path}"))
    assert "cannot be opened" in said


@pytest.fixture
def no_more_pages():
    """Let no SQLite file grow beyond what it has when a connection is made."""

    def fill(connection, _):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Pool, "connect", fill)
    yield
    event.remove(Pool, "connect", fill)


async def test_a_full_disk(broken, no_more_pages, now):
    said = ""
    for number in range(500):
        try:
            await seen.first_time(broken, f"{number}" * 300, now)
        except StoreUnavailable as error:
            said = error.public
            break

    assert "full" in said
    await broken.ping()


async def test_a_read_only_database(tmp_path, now):
    await (await open_database(f"sqlite:///{tmp_path}/oakum.db")).close()
    database = await open_database(f"sqlite:///file:{tmp_path}/oakum.db?mode=ro&uri=true")

    assert "read-only" in await refusal(seen.first_time(database, "x", now))
    await database.close()


async def test_a_database_of_a_newer_version_is_left_alone(url):
    database = await open_database(url)
    async with database.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()

    with pytest.raises(StoreUnavailable, match="newer"):
        await open_database(url)


@pytest.mark.slow
async def test_a_locked_database_is_given_up_within_five_seconds(broken, tmp_path, now):
    other = sqlite3.connect(tmp_path / "oakum.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()

    said = await refusal(seen.first_time(broken, "x", now))

    assert "busy" in said
    assert time.monotonic() - begun < 10
    await broken.ping()
    other.execute("ROLLBACK")
    other.close()
    assert await seen.first_time(broken, "x", now)


@pytest.mark.slow
async def test_a_lock_that_is_let_go_in_time_is_only_waited_for(broken, tmp_path, now):
    other = sqlite3.connect(tmp_path / "oakum.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, lambda: other.execute("ROLLBACK")).start()

    assert await seen.first_time(broken, "x", now)
    other.close()


async def test_a_defect_of_ours_is_not_blamed_on_the_database(db):
    with pytest.raises(Exception) as caught:
        async with db.read() as tx:
            await tx.execute(text("SELEKT 1"))
    assert not isinstance(caught.value, StoreUnavailable)


@pytest.mark.postgres
async def test_wrong_password_and_unknown_database(postgres_server):
    for address in (
        postgres_server.url("postgres", password="secret-but-wrong"),
        postgres_server.url("nothing_here"),
    ):
        said = await refusal(open_database(address))
        assert "does not accept these credentials" in said


@pytest.mark.postgres
async def test_the_password_may_come_beside_the_address(postgres_server, fresh_postgres):
    bare = fresh_postgres.replace(f":{postgres_server.password}@", "@")
    await (await open_database(bare, password=postgres_server.password)).close()


@pytest.mark.postgres
async def test_nobody_listens_there(postgres_server):
    address = postgres_server.url("x").replace(str(postgres_server.port), "9")
    assert "does not answer" in await refusal(open_database(address))


@pytest.mark.postgres
async def test_a_read_only_server(fresh_postgres, now):
    database = await open_database(f"{fresh_postgres}")
    async with database.write() as tx:
        name = fresh_postgres.rpartition("/")[2]
        await tx.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    await database.close()

    assert "read-only" in await refusal(seen.first_time(database, "x", now))
    await database.close()


@pytest.mark.postgres
@pytest.mark.slow
async def test_a_server_that_goes_and_comes_back(now):
    if lacks := postgres.missing():
        pytest.skip(lacks)
    with postgres.running() as server:
        database = await open_database(server.url(server.create()))
        assert await seen.first_time(database, "before", now)
        server.stop()

        assert "does not answer" in await refusal(seen.first_time(database, "while", now))
        server.start()

        assert await seen.first_time(database, "after", now)
        assert not await seen.first_time(database, "before", now)
        await database.close()


@pytest.mark.postgres
@pytest.mark.slow
async def test_a_server_that_hangs_is_given_up(fresh_postgres, now):
    database = await open_database(fresh_postgres)
    async with database.read() as tx:
        pid = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    try:
        said = await refusal(seen.first_time(database, "x", now))
    finally:
        os.kill(pid, signal.SIGCONT)

    assert "does not answer" in said
    assert time.monotonic() - begun < TRANSACTION_S + 8
    await asyncio.wait_for(seen.first_time(database, "y", now), 10)
    await database.close()
