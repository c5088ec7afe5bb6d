"""Holding a lease while something lasts, and letting go in time.

Whoever holds a proposal says so again and again; who lost it, or is told to stop, goes no further than
to the next pause. Used by the other files here.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from bot.approval import proposals
from bot.errors import StoreUnavailable
from bot.executor.parts import Parts


class LetGo(Exception):
    """Go no further: somebody else may have it by now, or this process is to end."""


class Hold:
    """One proposal in this process's hands."""

    def __init__(self, parts: Parts, proposal: str, stop: asyncio.Event) -> None:
        self._parts = parts
        self._proposal = proposal
        self._stop = stop
        self._lost = False

    async def wait(self, seconds: float) -> None:
        """Let time pass. Raises LetGo where the lease was lost, or the process is to end."""
        self._check()
        await pause(self._parts, self._stop, seconds)
        self._check()

    async def sure(self) -> None:
        """Ask the store whether this process still has it. Raises LetGo, StoreUnavailable.

        A process that stood still for long does not know by itself that somebody took over.
        """
        self._check()
        if not await proposals.extend(self._parts.db, self._parts.turn(), self._proposal):
            self._lost = True
        self._check()

    async def keep(self) -> None:
        """Hold the lease longer, again and again, until it is lost; a store that is away may be back."""
        while not self._lost:
            await self._parts.wait(self._parts.pace.lease_s / 3)
            try:
                held = await proposals.extend(self._parts.db, self._parts.turn(), self._proposal)
            except StoreUnavailable:
                continue
            self._lost = not held

    def _check(self) -> None:
        if self._lost or self._stop.is_set():
            raise LetGo


@asynccontextmanager
async def held(parts: Parts, proposal: str, stop: asyncio.Event) -> AsyncGenerator[Hold, None]:
    """Hold a proposal for as long as the block lasts."""
    hold = Hold(parts, proposal, stop)
    keeping = asyncio.create_task(hold.keep())
    try:
        yield hold
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def release(parts: Parts, proposal: str, after_s: float = 0.0) -> None:
    """Let somebody else have it, at once or after a while; best effort, for the lease ends anyway."""
    try:
        await proposals.extend(parts.db, parts.turn(after_s), proposal)
    except StoreUnavailable:
        return


async def pause(parts: Parts, stop: asyncio.Event, seconds: float) -> None:
    """Let time pass, but no longer than until the process is to end."""
    ends: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(parts.wait(seconds)),
        asyncio.ensure_future(stop.wait()),
    ]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in ends:
            one.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
