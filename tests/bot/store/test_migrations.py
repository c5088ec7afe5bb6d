import asyncio
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from bot.store.database import open_database
from bot.store.tables import metadata

OPEN = """
import asyncio, sys
from bot.store import seen
from bot.store.database import open_database
from datetime import UTC, datetime
async def main():
    db = await open_database(sys.argv[1])
    await seen.first_time(db, sys.argv[2], datetime.now(UTC))
    await db.close()
sys.stdin.readline()
asyncio.run(main())
"""

WRITE_UNTIL_TOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("writing", flush=True)
sys.stdin.readline()
db.close()
"""
HELD_S = 0.5
"""Long enough for a first try to meet the other's lock."""


async def test_the_migrations_make_exactly_the_declared_tables(db, url):
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert found == []


async def test_opening_at_once_in_one_process(url):
    opened = await asyncio.gather(*(open_database(url) for _ in range(4)))
    for database in opened:
        await database.ping()
        await database.close()


@pytest.mark.slow
def test_opening_at_once_in_several_processes(url):
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPEN, url, str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate()[1] for process in started]

    assert [process.returncode for process in started] == [0, 0, 0, 0], ended


async def test_a_new_file_that_another_process_is_writing_is_waited_for(tmp_path):
    """SQLite itself does not wait with the switch to write-ahead logging: it fails at once."""
    file = tmp_path / "oakum.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_TOLD, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "writing\n"
        opening = asyncio.create_task(open_database(f"sqlite:///{file}"))
        await asyncio.wait([opening], timeout=HELD_S)
        other.communicate("\n")
        database = await opening

    async with database.read() as tx:
        (mode,) = await tx.execute(text("PRAGMA journal_mode"))
    await database.close()
    assert tuple(mode) == ("wal",)


async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(url):
    database = await open_database(url)
    async with database.write() as tx:
        for table in reversed(metadata.sorted_tables):
            if table.name != "scans":
                await tx.execute(text(f"DROP TABLE {table.name}"))
        await tx.execute(text("DELETE FROM alembic_version"))
    await database.close()

    with pytest.raises(Exception, match="scans"):
        await open_database(url)

    async with database.read() as tx:
        with pytest.raises(Exception, match="inbox"):
            await tx.execute(text("SELECT * FROM inbox"))
    await database.close()


@pytest.mark.slow
def test_an_installed_package_brings_its_migrations(tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    shipped = Path("bot/store/migrations")
    here = {path.as_posix() for path in shipped.rglob("*.py")}
    assert {"bot/store/migrations/env.py"} < here <= names

    unpacked = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(unpacked)
    opened = subprocess.run(
        [sys.executable, "-c", OPEN, f"sqlite:///{tmp_path}/x.db", "1"],
        cwd=unpacked,
        env={"PYTHONPATH": str(unpacked)},
        input="\n",
        capture_output=True,
        text=True,
    )
    assert opened.returncode == 0, opened.stderr
