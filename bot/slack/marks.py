"""How our messages are known again after a crash: each answer's message carries its question's id.

A message that was posted is marked from the start. A stream cannot be marked while it runs; its final
edit marks it, so that an unmarked one after the question is the one that a crash left behind. Used by
`reply` and `turn`.
"""

import re
from dataclasses import dataclass
from typing import Any

from bot.slack.config import Profile
from bot.slack.desk import Desk

_PAGES_MAX = 5
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
    since = target.asked if _TS.fullmatch(target.asked) else None
    streams = desk.config.profile is Profile.MODERN and since is not None
    unmarked = ""
    cursor = None
    for _ in range(_PAGES_MAX):
        page = await desk.outlet.call(
            "conversations.replies",
            channel=target.channel,
            ts=target.thread,
            oldest=since,
            limit=200,
            include_all_metadata=True,
            cursor=cursor,
        )
        for message in page.get("messages", []):
            if message.get("user") != desk.me.user or message.get("files"):
                continue
            ts = str(message["ts"])
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if payload.get("question") == target.question:
                return ts
            if not payload and ts != target.thread and _after(ts, target.asked):
                unmarked = unmarked or ts
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return unmarked if streams else ""


def _after(ts: str, other: str) -> bool:
    return bool(_TS.fullmatch(ts) and _TS.fullmatch(other)) and float(ts) > float(other)
