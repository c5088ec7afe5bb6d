"""From a Slack event to a question, or to nothing: pure reading, no store, no network.

What starts nothing: edits, deletions, other bots, our own posts, and messages in a channel that neither
mention us nor stand in a thread (those in a thread are ours only where the thread is known, which
`intake` asks the store). Used by `intake` and `commands`.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.slack.identity import Self
from bot.store.inbox import NewQuestion
from bot.types import Place
from tools import redact

TEXT_MAX = 8_000
"""Characters of a question that are kept; Slack allows 40,000."""
_TAKEN = frozenset({"", "file_share", "thread_broadcast"})
"""Subtypes of messages that a person wrote."""
_ADDRESS = re.compile(r"<(?:@([A-Z0-9]+)|!([a-z]+|subteam\^[A-Z0-9]+))(?:\|[^>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto):[^|>\s]+)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|([^>]*))?>")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that may be a question."""

    question: NewQuestion
    certain: bool
    """False for a reply without a mention: a question only in a thread that we have answered in."""


def read(envelope: dict[str, Any], me: Self, now: datetime, new_id: str) -> Incoming | None:
    """Read one event_callback; None where it starts nothing."""
    event: dict[str, Any] = envelope.get("event") or {}
    kind = event.get("type")
    if kind not in {"app_mention", "message"} or not _by_person(event, me):
        return None
    channel, ts = str(event.get("channel", "")), str(event.get("ts", ""))
    raw = str(event.get("text") or "")
    direct = channel.startswith("D") or event.get("channel_type") == "im"
    thread = str(event.get("thread_ts") or ts)
    first = _ADDRESS.search(raw)
    mentioned = kind == "app_mention" or f"<@{me.user}" in raw
    if not direct and not mentioned and (first is not None or thread == ts):
        return None
    text = plain(raw, me)
    if not channel or not ts or not text:
        return None
    question = NewQuestion(
        id=new_id,
        event_id=str(envelope.get("event_id") or f"{channel}:{ts}"),
        team=me.team,
        channel=channel,
        ts=ts,
        thread=thread,
        person=str(event["user"]),
        place=Place.DIRECT if direct else Place.CHANNEL,
        text=text,
        received_at=now,
    )
    return Incoming(question, certain=direct or mentioned)


def in_pane(incoming: Incoming) -> Incoming:
    """Give the same, asked in the assistant pane."""
    return replace(incoming, question=replace(incoming.question, place=Place.PANE))


def plain(raw: str, me: Self) -> str:
    """Give a message's text as a person reads it, without our own mention, redacted and cut."""
    text = re.sub(rf"<@{re.escape(me.user)}(?:\|[^>]*)?>", " ", raw)
    text = _CHANNEL.sub(lambda match: f"#{match[2] or match[1]}", text)
    text = _LINK.sub(lambda match: match[2] or match[1], text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    text = re.sub(r"[ \t]+", " ", text).strip()
    return redact.text(text[:TEXT_MAX])


def _by_person(event: dict[str, Any], me: Self) -> bool:
    """Tell whether a person wrote this just now: no bot, no edit, no deletion, not ourselves."""
    written = (event.get("subtype") or "") in _TAKEN and not event.get("edited")
    machine = event.get("bot_id") or event.get("bot_profile") or event.get("hidden")
    user = event.get("user")
    return bool(written and not machine and user and user != me.user)
