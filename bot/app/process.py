"""What every long-running process does: waits to be told to stop, says whether its store answers.

Used by `serving` and `executing`.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.errors import BotError

if TYPE_CHECKING:
    from bot.store.database import Database


def pinging(db: "Database") -> Callable[[], Awaitable[str]]:
    """Give a check that the store answers."""

    async def ping() -> str:
        try:
            await db.ping()
        except BotError as error:
            return error.public
        return ""

    return ping


async def told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
