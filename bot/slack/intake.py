"""The Bolt middleware through which every event comes: into the inbox, then acknowledged.

It answers Slack itself, so that no event listener exists: 200 for what was stored or dropped, 503 while
the store is down, so that Slack sends the event again. Used by `wiring`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import BotError, StoreUnavailable
from bot.slack.config import Profile
from bot.slack.desk import Desk
from bot.slack.events import Incoming, in_pane, read
from bot.slack.pane import greet
from bot.store import inbox, threads
from bot.store.inbox import NewQuestion
from bot.store.outbox import App
from bot.telemetry import ACK_SECONDS, FIRST_SIGN_SECONDS, logger
from bot.types import Place

TAKE_S = 2.5
"""Slack waits three seconds; an event not kept by then is refused and comes again."""
_EVENT = "event_callback"
_log = logger(__name__)


class Intake:
    """Takes events; `taken` is the middleware."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._signs: set[asyncio.Task[None]] = set()

    async def taken(
        self,
        req: AsyncBoltRequest,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """Answer an event; hand commands, presses and handshakes on to Bolt.

        The executor's own app drops events: questions are for the assistant.
        """
        kind = req.body.get("type")
        if kind == "app_rate_limited":
            _log.warning("Slack holds events back: too many this hour")
            return BoltResponse(status=200, body="")
        if kind != _EVENT:
            return await next()
        if self._desk.app is not App.ASSISTANT:
            return BoltResponse(status=200, body="")
        started = time.perf_counter()
        try:
            await asyncio.wait_for(self._take(req.body), TAKE_S)
        except StoreUnavailable as error:
            _log.warning("event not taken", why=error.public)
            return BoltResponse(status=503, body="")
        except TimeoutError:
            _log.warning("event not taken", why="the store is slow")
            return BoltResponse(status=503, body="")
        ACK_SECONDS.observe(time.perf_counter() - started)
        return BoltResponse(status=200, body="")

    async def _take(self, envelope: dict[str, Any]) -> None:
        desk = self._desk
        event = envelope.get("event") or {}
        if event.get("type") == "assistant_thread_started":
            self._spawn(greet(desk, event.get("assistant_thread") or {}))
            return
        incoming = read(envelope, desk.me, desk.now(), desk.new_id())
        if incoming is None:
            return
        if event.get("assistant_thread") or _pane(desk, incoming):
            incoming = in_pane(incoming)
        question = incoming.question
        if not incoming.certain and not await threads.known(desk.db, question.key):
            return
        if await inbox.put(desk.db, question, desk.now()):
            desk.bell.set()
            self._spawn(_sign(desk, question))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._signs.add(task)
        task.add_done_callback(self._signs.discard)

    async def close(self) -> None:
        """Give up signs that are still being given."""
        for task in list(self._signs):
            task.cancel()
        await asyncio.gather(*self._signs, return_exceptions=True)


def _pane(desk: Desk, incoming: Incoming) -> bool:
    question = incoming.question
    return (question.channel, question.thread) in desk.panes


async def _sign(desk: Desk, question: NewQuestion) -> None:
    """Show at once that a question was taken, before any worker is free."""
    started = time.perf_counter()
    private = question.place is not Place.CHANNEL and desk.config.profile is Profile.MODERN
    try:
        if private and desk.outlet.offers("assistant.threads.setStatus"):
            await desk.outlet.call(
                "assistant.threads.setStatus",
                channel_id=question.channel,
                thread_ts=question.thread,
                status="is looking…",
            )
        elif desk.outlet.offers("reactions.add") and not desk.outlet.busy("reactions.add"):
            await desk.outlet.call(
                "reactions.add", channel=question.channel, timestamp=question.ts, name="eyes"
            )
        else:
            return
    except BotError as error:
        _log.info("no sign given", question=question.id, why=error.public)
        return
    FIRST_SIGN_SECONDS.observe(time.perf_counter() - started)
