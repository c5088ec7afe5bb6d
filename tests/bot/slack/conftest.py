"""A workspace that enforces Slack's limits, a fresh store, and the service between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.slack.config import SlackConfig
from bot.slack.service import Approvals, SlackService
from bot.store import inbox, outbox, threads
from bot.store.database import Database, open_database
from bot.store.outbox import App
from bot.store.threads import ASSISTANT, Turn
from bot.types import Answer, Progress, Report, Request, ThreadKey
from tests.fakes.proposed import POLICY, TEAM, Proposing
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.state import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Message
from tools.scope import Scope
from tools.types import ALL

ONE = "a" * 32
"""The id of the proposal of most tests."""
PROD = Scope({"prod": ALL})
SHOP = Scope({"prod": frozenset({"shop"})})


def now() -> datetime:
    return datetime.now(UTC)


Script = Callable[[Request, Report], Awaitable[Answer]]


@dataclass
class Answering:
    """The far side of `answer`: remembers what it was asked, and answers by its script."""

    db: Database
    script: Script | None = None
    loaded: bool = True
    asked: list[Request] = field(default_factory=list)

    def __call__(self) -> Script | None:
        return self.answer if self.loaded else None

    async def answer(self, request: Request, report: Report) -> Answer:
        self.asked.append(request)
        if self.script is not None:
            made = await self.script(request, report)
        else:
            await report(Progress("step", "Looking at workloads"))
            await report(Progress("text", f"Answer to: {request.text}"))
            made = Answer(text=f"Answer to: {request.text}")
        turn = Turn(ASSISTANT, request.person, made.text, now(), request.id)
        await threads.append(self.db, request.thread, turn, now())
        return made


@dataclass
class Place:
    """All a test needs."""

    slack: FakeSlack
    db: Database
    answering: Answering
    config: SlackConfig
    services: list[SlackService] = field(default_factory=list)
    now: Callable[[], datetime] = now
    approvals: Approvals | None = None
    """None: no policy is configured."""

    async def serve(self, **changes: object) -> SlackService:
        """Start a service (another one: a second process would look the same) and wait for it."""
        config = replace(self.config, **changes)  # type: ignore[arg-type]
        service = SlackService(config, self.db, self.answering, self.now, self.approvals)
        self.services.append(service)
        await service.start()
        await self.slack.until(lambda: service.connected)
        return service

    async def settled(self) -> None:
        """Wait until every delivery has ended and every question is finished."""
        await self.slack.people.delivered()
        async with asyncio.timeout(30):
            while await inbox.waiting(self.db):
                await asyncio.sleep(0.02)

    def whispers(self) -> list[str]:
        """List what was said to one person only."""
        return [one.text for one in self.slack.space.ephemeral]

    async def whispered(self, count: int = 1) -> str:
        """Wait until so many private answers were given; gives the last."""
        await self.slack.until(lambda: len(self.whispers()) >= count)
        assert len(self.whispers()) == count
        return self.whispers()[-1]

    def marked(self, kind: str = "card", proposal: str = ONE) -> list[Message]:
        """List the messages about a proposal that are there."""
        wanted = {"proposal": proposal, "kind": kind}
        return [
            one
            for one in self.slack.space.messages
            if not one.deleted and one.metadata.get("event_payload") == wanted
        ]

    async def card(self, words: str, proposal: str = ONE, timeout_s: float = 30.0) -> Message:
        """Wait until a proposal has one card and it holds these words."""
        await self.slack.until(
            lambda: any(words in str(one.blocks) for one in self.marked("card", proposal)),
            timeout_s,
        )
        (found,) = self.marked("card", proposal)
        return found

    async def delivered(self) -> None:
        """Wait until nothing is left to show."""
        async with asyncio.timeout(30):
            while await outbox.waiting(self.db, App.ASSISTANT):
                await asyncio.sleep(0.02)

    async def shown(self, channel: str, ts: str, text: str, timeout_s: float = 30.0) -> None:
        """Wait until one of our messages in a thread holds a text and is finished."""
        await self.slack.until(
            lambda: any(
                text in one.text and "thread.forget" in str(one.blocks)
                for one in self.slack.answers(channel, ts)
            ),
            timeout_s,
        )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    slack = FakeSlack()
    await slack.start()
    slack.add_user("UANN")
    slack.add_user("UBOB")
    slack.add_channel("C1", "UANN", "UBOB")
    db = await open_database(f"sqlite:///{tmp_path}/oakum.db")
    config = SlackConfig(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        base_url=slack.base_url,
        channels={"C1": PROD},
        link_hosts=frozenset({"kubernetes.io"}),
    )
    held = Place(slack, db, Answering(db), config)
    yield held
    for service in held.services:
        await service.stop()
    await slack.stop()
    await db.close()


@pytest.fixture
async def proposing(place: Place) -> Proposing:
    """A policy in force, its people in the channel, and who asks and executes in one thread."""
    for user in ("UCAT", "UDAN"):
        place.slack.add_user(user)
    place.slack.space.channels["C1"]["members"] |= {"UCAT", "UDAN"}
    place.approvals = Approvals(lambda: POLICY, App.ASSISTANT)
    root = place.slack.people.say("C1", "UANN", "make web safe")
    made = Proposing(place.db, ThreadKey(TEAM, "C1", root), place.now())
    await made.alive()
    return made
