"""Opens the database and gives transactions: SQLite embedded, Postgres by address.

`async with db.write() as tx` is one writing transaction, `db.read()` one that only reads. On SQLite the
driver's own transaction control is off and a writing transaction begins with BEGIN IMMEDIATE, so that
what is read in it is still true when it is written; on Postgres such a row is read FOR UPDATE. Holds
no statement about a table. Used by every other file here, and by `bot.app` to open and close.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import StoreUnavailable
from bot.store.faults import explained
from bot.store.migrate import migrate
from bot.store.transaction import Transaction, transaction

TRANSACTION_S = 10.0
"""A transaction that has not ended by then, waiting included, is given up."""
_WAIT_S = 4
"""How long one statement waits for another process's lock, and for a connection."""
_STATEMENT_S = 8

Insert = sqlite.Insert | postgresql.Insert
"""Both know `on_conflict_do_nothing` and `on_conflict_do_update`."""


class Database:
    """One open database; made by `open_database`. Every use may raise StoreUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(oakum_writing=True)
        self._embedded = engine.dialect.name == "sqlite"
        self._grace_s = _WAIT_S + 1.0 if self._embedded else 1.0
        self._turn: AbstractAsyncContextManager[object] = (
            asyncio.Lock() if self._embedded else nullcontext()
        )
        """SQLite has one writer: those of this process wait in order instead of racing for it."""

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Transaction, None]:
        """Run one writing transaction: committed at the end of the block, undone on any error."""
        with explained():
            opened = transaction(self._writer.connect(), self._grace_s)
            async with asyncio.timeout(TRANSACTION_S), self._turn, opened as tx:
                yield tx

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Transaction, None]:
        """Run one reading transaction."""
        with explained():
            opened = transaction(self._engine.connect(), self._grace_s)
            async with asyncio.timeout(TRANSACTION_S), opened as tx:
                yield tx

    def insert(self, table: Table) -> Insert:
        """Begin an INSERT that can say what to do on a conflict."""
        return sqlite.insert(table) if self._embedded else postgresql.insert(table)

    async def alone(self, tx: Transaction, what: str) -> None:
        """Wait until no other transaction, of any process, holds `what`; held until this one ends.

        Nothing to do on SQLite, where a writing transaction is alone anyway.
        """
        if not self._embedded:
            await tx.execute(text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": what})

    async def ping(self) -> None:
        """Ask the database for a sign of life."""
        async with self.read() as tx:
            await tx.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


async def open_database(url: str, password: str = "") -> Database:
    """Open the database of an address, made or brought up to date first.

    `sqlite:///relative/file.db`, `sqlite:////absolute/file.db` or `postgresql://user@host/name`. A new
    SQLite file and its folder are readable by this user only. `password` is the Postgres user's, where
    the address does not hold it. Raises StoreUnavailable.
    """
    address = _address(url)
    if password:
        address = address.set(password=password)
    with explained():
        if address.get_backend_name() == "sqlite":
            await asyncio.to_thread(_make_file, address)
        await asyncio.to_thread(migrate, address, _connect_arguments(address))
        return Database(_engine(address))


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable("The store's address cannot be read.", _FORMS) from error
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    driver = drivers.get(address.get_backend_name())
    if driver is None or (driver == drivers["sqlite"] and not address.database):
        raise StoreUnavailable("The store's address names no database that Oakum can use.", _FORMS)
    return address.set(drivername=driver)


_FORMS = "Write sqlite:///path/to/oakum.db or postgresql://user@host/name."


def _connect_arguments(address: URL) -> dict[str, object]:
    if address.get_backend_name() == "sqlite":
        return {"timeout": _WAIT_S, "isolation_level": None}
    limits = {
        "lock_timeout": _WAIT_S * 1000,
        "statement_timeout": _STATEMENT_S * 1000,
        "idle_in_transaction_session_timeout": int(TRANSACTION_S * 2000),
        "timezone": "UTC",
    }
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    return {"connect_timeout": _WAIT_S, "options": options, "application_name": "oakum"}


def _engine(address: URL) -> AsyncEngine:
    embedded = address.get_backend_name() == "sqlite"
    engine = create_async_engine(
        address,
        connect_args=_connect_arguments(address),
        pool_size=5 if embedded else 10,
        max_overflow=0,
        pool_timeout=_WAIT_S,
        pool_pre_ping=not embedded,
        hide_parameters=True,
    )
    if embedded:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Set what SQLite keeps per connection; the journal mode is the file's, set by `migrate`."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("oakum_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _make_file(address: URL) -> None:
    """Make the file ourselves, private; SQLite's other files take its permissions."""
    if "uri" in address.query or not address.database:
        return
    file = Path(address.database)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
