"""Brings a database to this version's tables, under a lock, when it is opened.

Runs in a thread with the synchronous drivers: Alembic keeps its state for the whole process, so one
migration at a time. Migrations only add. Used by `database.open_database`.
"""

import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from bot.errors import StoreUnavailable

_FOLDER = Path(__file__).parent / "migrations"
_one_at_a_time = threading.Lock()
_TRIES, _PAUSE_S = 40, 0.1
"""Four seconds, as long as a statement waits for a lock."""


def migrate(address: URL, connect_arguments: dict[str, object]) -> None:
    """Make or upgrade the tables in one transaction; two processes at once do it one by one.

    Raises StoreUnavailable where the database is newer than this program, else the driver's errors.
    """
    embedded = address.get_backend_name() == "sqlite"
    sync = address.set(drivername="sqlite") if embedded else address
    engine = create_engine(
        sync, connect_args=connect_arguments, poolclass=NullPool, hide_parameters=True
    )
    with _one_at_a_time, engine.connect() as connection:
        if embedded:
            _write_ahead(connection)
        with connection.begin():
            _lock(connection, embedded)
            _upgrade(connection)
    engine.dispose()


def _write_ahead(connection: Connection) -> None:
    """Switch to write-ahead logging; SQLite does not wait by itself for another that switches."""
    for left in reversed(range(_TRIES)):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.commit()
            return
        except OperationalError:
            connection.rollback()
            if not left:
                raise
            time.sleep(_PAUSE_S)


def _lock(connection: Connection, embedded: bool) -> None:
    if embedded:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SET LOCAL lock_timeout = '30s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('oakum migrations'))"))


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = MigrationContext.configure(connection).get_current_heads()
    if not known.issuperset(present):
        raise StoreUnavailable(
            "The database was written by a newer Oakum than this one.",
            "Run that version or a later one; this one would misread it.",
        )
    command.upgrade(config, "head")
