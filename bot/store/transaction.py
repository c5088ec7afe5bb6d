"""One transaction on one connection, which being cancelled cannot leave half open.

A driver that is cancelled in the middle of a statement may leave a connection behind that nobody
closes and that keeps its lock (aiosqlite does). So each step runs to its end first, and what was not
committed is rolled back before the cancellation goes on. Used by `database`.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Transaction:
    """What store functions see of a transaction."""

    def __init__(self, connection: AsyncConnection, grace_s: float) -> None:
        self._connection = connection
        self._grace_s = grace_s

    async def execute(
        self, statement: Executable, parameters: Mapping[str, object] | None = None
    ) -> CursorResult[Any]:
        """Run one statement and fetch its rows."""
        return await _to_its_end(self._connection.execute(statement, parameters), self._grace_s)


@asynccontextmanager
async def transaction(
    connection: AsyncConnection, grace_s: float
) -> AsyncGenerator[Transaction, None]:
    """Begin on a connection not yet started; commit at the end of the block, undo on any error.

    A step that is cancelled has `grace_s` to end by itself before it is cut.
    """
    try:
        await _to_its_end(_begin(connection), grace_s)
        yield Transaction(connection, grace_s)
        await _to_its_end(connection.commit(), grace_s)
    finally:
        if connection.sync_connection is not None:
            await _to_its_end(connection.close(), grace_s)


async def _begin(connection: AsyncConnection) -> None:
    await connection.start()
    await connection.begin()


async def _to_its_end(step: Coroutine[Any, Any, T], grace_s: float) -> T:
    task = asyncio.ensure_future(step)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _settle(task, grace_s)
        raise


async def _settle(task: "asyncio.Future[Any]", grace_s: float) -> None:
    """Wait until a step has ended, however often this is cancelled meanwhile."""
    clock = asyncio.get_running_loop().time
    until = clock() + grace_s
    while not task.done():
        try:
            await asyncio.wait({task}, timeout=max(until - clock(), 1.0))
        except asyncio.CancelledError:
            continue
        if clock() >= until:
            task.cancel()
    if not task.cancelled():
        task.exception()
