"""How our messages are known again after a crash: each answer's message carries its question's id.

A message that was posted is marked from the start. A stream cannot be marked while it runs; its final
edit marks it, so that an unmarked one after the question is the one that a crash left behind. Used by
`reply` and `turn`.
"""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from bot.errors import BotError
from bot.slack.config import Profile
from bot.slack.desk import Desk
from bot.telemetry import logger

_PAGES_MAX = 5
_log = logger(__name__)
_TS = re.compile(r"\d{1,12}\.\d{1,6}")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an answer goes."""

    channel: str
    thread: str
    person: str
    team: str
    question: str
    """Id of the inbox row."""
    asked: str
    """The question's own ts; anything else for a press."""


def mark(question: str) -> dict[str, Any]:
    """Give the metadata that marks a message of ours."""
    return {"event_type": "oakum_answer", "event_payload": {"question": question}}


async def find_reply(desk: Desk, target: Target) -> str:
    """Find our message for a question in its thread; empty where there is none.

    Raises what `outlet.call` raises.
    """
    unmarked = ""
    async for message in _ours(desk, target):
        ts = str(message["ts"])
        payload = (message.get("metadata") or {}).get("event_payload") or {}
        if payload.get("question") == target.question:
            return ts
        marked = bool(payload or message.get("files"))
        if not marked and ts != target.thread and _after(ts, target.asked):
            unmarked = unmarked or ts
    return unmarked if desk.config.profile is Profile.MODERN else ""


async def file_names(desk: Desk, target: Target) -> frozenset[str]:
    """Name the files that we put into the thread since the question; none where Slack is silent."""
    found: set[str] = set()
    try:
        async for message in _ours(desk, target):
            found |= {str(one.get("name", "")) for one in message.get("files") or []}
    except BotError as error:
        _log.info("thread not read", question=target.question, why=error.public)
    return frozenset(found)


async def _ours(desk: Desk, target: Target) -> AsyncGenerator[dict[str, Any], None]:
    """Go through our messages of the thread, since the question where it has a ts."""
    cursor = None
    for _ in range(_PAGES_MAX):
        page = await desk.outlet.call(
            "conversations.replies",
            channel=target.channel,
            ts=target.thread,
            oldest=target.asked if _TS.fullmatch(target.asked) else None,
            limit=200,
            include_all_metadata=True,
            cursor=cursor,
        )
        for message in page.get("messages", []):
            if message.get("user") == desk.me.user:
                yield message
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return


def _after(ts: str, other: str) -> bool:
    return bool(_TS.fullmatch(ts) and _TS.fullmatch(other)) and float(ts) > float(other)
