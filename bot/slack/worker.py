"""Leases rows of the inbox and has them answered: side by side, each thread in order.

A lease is extended while its row is worked on; a row whose lease was lost is let go without another
word, since somebody else may have it. Used by `service`.
"""

import asyncio
import contextlib
import time

from bot.errors import BotError, StoreUnavailable
from bot.slack.commands import ask
from bot.slack.desk import Desk
from bot.slack.outlet import SlackRefused
from bot.slack.stopping import stopped
from bot.slack.turn import take
from bot.store import inbox
from bot.store.inbox import Leased
from bot.telemetry import ANSWER_SECONDS, QUESTIONS, WAITING, Outcome, incident, logger
from bot.types import AnswerQuestion

LEASE_S = 15.0
"""After a crash a question waits at most so long for another worker."""
_EXTEND_S = 4.0
_POLL_S = 0.5
_DOWN_S = 2.0
_HANDED_ON = "handed-on"
"""How a command ends whose question was posted and became a row of its own."""
_log = logger(__name__)


class Worker:
    """Answers up to `config.workers` rows at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._running: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to lease."""
        self._loop = asyncio.create_task(self._lease_rows())

    async def drain(self, seconds: float) -> int:
        """Lease no more, let what runs end within the time, give the rest back; gives how many."""
        self._stopping = True
        await stopped(self._loop)
        self._loop = None
        running = list(self._running.values())
        if not running:
            return 0
        _, left = await asyncio.wait(running, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        return len(left)

    async def _lease_rows(self) -> None:
        while True:
            self._desk.bell.clear()
            pause = _POLL_S
            try:
                while await self._lease_one():
                    continue
                WAITING.set(await inbox.waiting(self._desk.db))
            except StoreUnavailable as error:
                _log.warning("inbox not read", why=error.public)
                pause = _DOWN_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._desk.bell.wait(), pause)

    async def _lease_one(self) -> bool:
        desk = self._desk
        answer = desk.answer()
        if answer is None or len(self._running) >= desk.config.workers:
            return False
        row = await inbox.lease(desk.db, desk.worker, desk.now(), LEASE_S)
        if row is None:
            return False
        if row.id in self._running:
            return True
        self._running[row.id] = asyncio.create_task(self._hold(row, answer))
        return True

    async def _hold(self, row: Leased, answer: AnswerQuestion) -> None:
        """Work on a row and extend its lease meanwhile; whatever happens, the row is let go."""
        work = asyncio.create_task(self._work(row, answer))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_EXTEND_S)
                if not work.done() and not await self._extended(row):
                    _log.warning("lease lost", question=row.id)
                    work.cancel()
                    break
            await asyncio.gather(work, return_exceptions=True)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            with contextlib.suppress(StoreUnavailable):
                await inbox.release(self._desk.db, row.id, self._desk.worker)
            raise
        finally:
            self._running.pop(row.id, None)
            self._desk.bell.set()

    async def _extended(self, row: Leased) -> bool:
        """Extend the lease; a store that is down for a moment does not lose it."""
        desk = self._desk
        try:
            return await inbox.extend(desk.db, row.id, desk.worker, desk.now(), LEASE_S)
        except StoreUnavailable:
            return True

    async def _work(self, row: Leased, answer: AnswerQuestion) -> None:
        """Answer a row and end it. A failure of ours leaves the row to be tried again."""
        desk = self._desk
        started = time.perf_counter()
        try:
            outcome = await (ask if row.kind == "command" else take)(desk, row, answer)
            ended = outcome.value if outcome is not None else _HANDED_ON
            await inbox.finish(desk.db, row.id, desk.worker, desk.now(), ended)
        except asyncio.CancelledError:
            raise
        except SlackRefused as error:
            incident(error, question=row.id)
            await self._give_up(row)
            return
        except BotError as error:
            _log.warning("question not finished", question=row.id, why=error.public)
            return
        except Exception as error:  # noqa: BLE001
            incident(error, question=row.id)
            return
        if outcome is None:
            return
        QUESTIONS.labels(outcome=outcome.value).inc()
        if outcome is not Outcome.REFUSED:
            ANSWER_SECONDS.observe(time.perf_counter() - started)

    async def _give_up(self, row: Leased) -> None:
        """End a row whose place Slack does not let us write to: trying again would not help."""
        desk = self._desk
        QUESTIONS.labels(outcome=Outcome.FAILED.value).inc()
        with contextlib.suppress(StoreUnavailable):
            await inbox.finish(desk.db, row.id, desk.worker, desk.now(), Outcome.FAILED.value)
