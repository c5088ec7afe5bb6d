"""One message of ours about a proposal, posted once and then edited, whatever happens in between.

A post whose answer was lost, or whose worker died, is looked for in its thread by the mark that it
carries before it is posted again. Nothing here waits for Slack: who calls comes again later. Used by
`delivery`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import BotError
from bot.slack.desk import Desk
from bot.slack.files import upload
from bot.slack.marks import Target, file_names
from bot.slack.outlet import SlackBusy, SlackRefused
from bot.slack.render import Rendered
from bot.slack.tables import Attachment
from bot.telemetry import logger
from bot.types import ThreadKey

GONE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "thread_not_found",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "cannot_reply_to_message",
    }
)
"""Slack's words for a place to which nothing can be written any more."""
_LOST = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Slack's words for a message that cannot be edited any more: another one is posted."""
_UNDRAWN = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_EVENT = "oakum_proposal"
_PAGES_MAX = 5
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a message stands, and how it is known again."""

    key: ThreadKey
    proposal: str
    kind: str
    """`card`, or a note's."""
    post_before: datetime
    """Nothing new is posted from then on: somebody else may be at it."""


async def put(desk: Desk, spot: Spot, shown: Rendered, ts: str, *, tried: bool) -> str:
    """Make the message show this; gives its ts. `tried`: it may be there although `ts` is empty.

    Raises SlackBusy, SlackUnclear, SlackDown, and SlackRefused, with a word of GONE where nothing can
    be written there any more.
    """
    if ts:
        try:
            return await _edited(desk, spot, shown, ts)
        except SlackRefused as error:
            if error.error not in _LOST:
                raise
            _log.warning("card cannot be edited, posted anew", proposal=spot.proposal)
            found = await _found(desk, spot, but=ts)
            return (
                await _edited(desk, spot, shown, found)
                if found
                else await _posted(desk, spot, shown)
            )
    found = await _found(desk, spot) if tried else ""
    return await _edited(desk, spot, shown, found) if found else await _posted(desk, spot, shown)


async def attach(desk: Desk, spot: Spot, files: tuple[Attachment, ...]) -> str:
    """Put files beside the card that are not there yet; gives why one could not be, or nothing."""
    if not files:
        return ""
    target = Target(spot.key.channel, spot.key.thread, "", spot.key.team, spot.proposal, "")
    there = await file_names(desk, target)
    why = ""
    for one in files:
        if one.name in there:
            continue
        try:
            await upload(desk, spot.key, one, spot.proposal)
        except BotError as error:
            _log.warning("file not attached", name=one.name, why=error.public)
            why = error.public
    return why


async def _edited(desk: Desk, spot: Spot, shown: Rendered, ts: str) -> str:
    await _drawn(desk, "chat.update", shown, channel=spot.key.channel, ts=ts, metadata=_mark(spot))
    return ts


async def _posted(desk: Desk, spot: Spot, shown: Rendered) -> str:
    if desk.now() >= spot.post_before:
        raise SlackBusy(0.0)
    answer = await _drawn(
        desk,
        "chat.postMessage",
        shown,
        channel=spot.key.channel,
        thread_ts=spot.key.thread,
        metadata=_mark(spot),
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(answer["ts"])


async def _drawn(desk: Desk, method: str, shown: Rendered, **where: object) -> dict[str, Any]:
    """Send blocks, or the text alone to a workspace that refuses them."""
    try:
        return await desk.outlet.once(method, text=shown.text, blocks=list(shown.blocks), **where)
    except SlackRefused as error:
        if error.error not in _UNDRAWN or not shown.blocks:
            raise
        _log.warning("blocks refused, shown as text", why=error.error)
        return await desk.outlet.once(method, text=shown.text, blocks=[], **where)


async def _found(desk: Desk, spot: Spot, but: str = "") -> str:
    """Find the message in its thread by its mark; empty where it is not there."""
    cursor = None
    wanted = _mark(spot)
    for _ in range(_PAGES_MAX):
        page = await desk.outlet.once(
            "conversations.replies",
            channel=spot.key.channel,
            ts=spot.key.thread,
            limit=200,
            include_all_metadata=True,
            cursor=cursor,
        )
        for message in page.get("messages", []):
            ours = message.get("user") == desk.me.user and message.get("ts") != but
            if ours and message.get("metadata") == wanted:
                return str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return ""


def _mark(spot: Spot) -> dict[str, Any]:
    payload = {"proposal": spot.proposal, "kind": spot.kind}
    return {"event_type": _EVENT, "event_payload": payload}
