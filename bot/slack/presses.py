"""Buttons: Explain, Evidence and Propose a fix on a finding, feedback on an answer, Forget thread.

Each press is acknowledged by `wiring` before it comes here, is taken once, and gets an answer; refusals
are private. What an answer showed is shown again only where it may be seen now.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from bot.errors import BotError
from bot.slack import findings as finding_blocks
from bot.slack.desk import Desk
from bot.slack.events import plain
from bot.slack.failing import failed
from bot.slack.files import take_back
from bot.slack.marks import mark
from bot.slack.render import FEEDBACK, FORGET, HELPFUL, NOT_HELPFUL, Rendered, more_findings
from bot.store import answers, feedback, inbox, seen, threads
from bot.store.inbox import NewQuestion
from bot.telemetry import logger
from bot.types import Answer, Place, ThreadKey
from tools.scope import Scope
from tools.types import Finding

REASON_MODAL = "feedback.reason"
_REASON_MAX = 1_000
_PATIENCE_S = (0.1, 0.3, 0.0)
"""A press may come in the moment between an answer's showing and its keeping."""
_log = logger(__name__)


class _Say(Exception):
    """Ends a press with a sentence for the presser."""


@dataclass(frozen=True, slots=True)
class Press:
    """One press, as Slack's envelope tells it."""

    action: str
    value: str
    trigger: str
    person: str
    key: ThreadKey
    message_ts: str
    url: str
    """response_url, for when nothing else reaches the presser."""


def read(body: dict[str, Any], team: str) -> Press:
    """Read a block_actions payload; `team` is ours, since the payload names the presser's."""
    action = (body.get("actions") or [{}])[0]
    message = body.get("message") or {}
    container = body.get("container") or {}
    ts = str(container.get("message_ts") or message.get("ts") or "")
    thread = str(container.get("thread_ts") or message.get("thread_ts") or ts)
    channel = str((body.get("channel") or {}).get("id") or container.get("channel_id") or "")
    return Press(
        action=str(action.get("action_id", "")),
        value=str(action.get("value") or ""),
        trigger=str(body.get("trigger_id", "")),
        person=str((body.get("user") or {}).get("id", "")),
        key=ThreadKey(team, channel, thread),
        message_ts=ts,
        url=str(body.get("response_url", "")),
    )


async def handle(desk: Desk, body: dict[str, Any]) -> None:
    """Answer one press that was acknowledged; nothing where it came before."""
    press = read(body, desk.me.team)
    try:
        if not await seen.first_time(desk.db, f"press:{press.trigger}", desk.now()):
            return
        text = await _act(desk, press)
    except _Say as said:
        text = str(said)
    except Exception as error:  # noqa: BLE001
        text = failed(error, press.action)
    if text:
        await tell(desk, press, text)


async def submitted(desk: Desk, body: dict[str, Any]) -> None:
    """Keep the reason that a person typed for an unhelpful answer."""
    view = body.get("view") or {}
    person = str((body.get("user") or {}).get("id", ""))
    values = ((view.get("state") or {}).get("values") or {}).get("reason") or {}
    reason = plain(str((values.get("reason") or {}).get("value") or ""), desk.me)[:_REASON_MAX]
    channel, thread, ts = json.loads(str(view.get("private_metadata") or '["", "", ""]'))
    key = ThreadKey(desk.me.team, str(channel), str(thread))
    try:
        await feedback.add(desk.db, key, person, str(ts), "not-helpful", reason, desk.now())
        text = "Thank you; your reason is kept with the answer."
    except Exception as error:  # noqa: BLE001
        text = f"Your reason was not kept. {failed(error, REASON_MODAL)}"
    await desk.whisper(key.channel, key.thread, person, text)


async def _act(desk: Desk, press: Press) -> str:
    """Do what a button says; gives a sentence for the presser, or nothing where a message shows it."""
    scope = await desk.identity.scope(press.person, press.key.channel, _place(press.key.channel))
    if press.action in {FEEDBACK, HELPFUL, NOT_HELPFUL}:
        return await _feedback(desk, press)
    if press.action == FORGET:
        gone = await threads.delete(desk.db, press.key)
        await take_back(desk)
        return (
            f"Forgotten: {gone} messages of this thread. Messages in Slack stay; its files are taken back, "
            "those of a proposed change once it has ended."
        )
    if press.action == finding_blocks.MORE:
        return await _more(desk, press, scope)
    if press.action.startswith(f"{finding_blocks.EXPLAIN}."):
        found = await _finding(desk, press, scope)
        return await _ask(desk, press, finding_blocks.question(found))
    if press.action.startswith(f"{finding_blocks.FIX}."):
        if not desk.changes:
            raise _Say("Changes cannot be proposed here: no policy says who may.")
        found = await _finding(desk, press, scope)
        return await _ask(desk, press, finding_blocks.fix_question(found))
    if press.action.startswith(f"{finding_blocks.EVIDENCE}."):
        found = await _finding(desk, press, scope)
        text = finding_blocks.evidence_text(found)
        section = {"type": "mrkdwn", "text": text, "verbatim": True}
        shown = Rendered(text, ({"type": "section", "text": section},))
        await desk.show(press.key.channel, press.key.thread, press.person, shown)
        return ""
    return "This button is of an older version; ask again for a fresh one."


async def _stored(desk: Desk, press: Press) -> Answer:
    for wait in _PATIENCE_S:
        answer = await answers.load(desk.db, press.key, press.message_ts)
        if answer is not None:
            return answer
        await asyncio.sleep(wait)
    raise _Say("This answer is no longer kept. Ask again for a fresh one.")


async def _finding(desk: Desk, press: Press, scope: Scope) -> Finding:
    """Find what a finding's button stands for; only where it may be seen now."""
    answer = await _stored(desk, press)
    pressed = finding_blocks.read_value(press.value)
    if pressed is None or not 0 <= pressed.index < len(answer.findings):
        raise _Say("This button does not fit its message any more. Ask again, please.")
    finding = answer.findings[pressed.index]
    if not finding_blocks.same(finding, pressed):
        raise _Say("This message was answered anew meanwhile. Press its new button, please.")
    if not sees(scope, finding):
        raise _Say("What this finding is about may not be seen here any more.")
    return finding


def sees(scope: Scope, finding: Finding) -> bool:
    """Tell whether a stored finding may be shown, its other objects included."""
    others = [item.ref for item in finding.evidence if item.ref is not None]
    return all(scope.shows(ref) for ref in [finding.ref, *others])


async def _ask(desk: Desk, press: Press, text: str) -> str:
    """Ask something in the thread, as a question of the presser's."""
    unique = f"press:{press.trigger}"
    row = NewQuestion(
        id=desk.new_id(),
        event_id=unique,
        team=press.key.team,
        channel=press.key.channel,
        ts=unique,
        thread=press.key.thread,
        person=press.person,
        place=_place(press.key.channel),
        text=text,
        received_at=desk.now(),
        kind="press",
    )
    await inbox.put(desk.db, row, desk.now())
    desk.bell.set()
    return "Taken; I am still starting." if desk.answer() is None else ""


async def _more(desk: Desk, press: Press, scope: Scope) -> str:
    """Post the next findings of an answer, with buttons that work as those of the first."""
    answer = await _stored(desk, press)
    first = int(press.value) if press.value.isdigit() else 0
    page = answer.findings[first : first + finding_blocks.SHOWN]
    if not page:
        raise _Say("There are no more findings.")
    if not all(sees(scope, finding) for finding in page):
        raise _Say("What these findings are about may not be seen here any more.")
    shown = more_findings(answer, first, fixes=desk.changes)
    posted = await desk.outlet.call(
        "chat.postMessage",
        channel=press.key.channel,
        thread_ts=press.key.thread,
        text=shown.text,
        blocks=list(shown.blocks),
        metadata=mark(f"findings from {first}"),
        unfurl_links=False,
        unfurl_media=False,
    )
    await answers.save(desk.db, press.key, str(posted["ts"]), answer, desk.now())
    return ""


async def _feedback(desk: Desk, press: Press) -> str:
    """Keep a thumb at once; ask for the reason of a thumb down."""
    kind = "helpful" if press.value == "helpful" else "not-helpful"
    ts = press.message_ts
    await feedback.add(desk.db, press.key, press.person, ts, kind, "", desk.now())
    if kind == "helpful":
        return "Thank you; noted."
    kept = json.dumps([press.key.channel, press.key.thread, ts])
    try:
        await desk.outlet.call("views.open", trigger_id=press.trigger, view=_modal(kept))
    except BotError as error:
        _log.info("no reason asked", why=error.public)
        return "Thank you; noted. Tell me in this thread what was wrong, if you like."
    return ""


def _modal(kept: str) -> dict[str, Any]:
    entry = {"type": "plain_text_input", "action_id": "reason", "multiline": True}
    return {
        "type": "modal",
        "callback_id": REASON_MODAL,
        "private_metadata": kept,
        "title": {"type": "plain_text", "text": "What was wrong?"},
        "submit": {"type": "plain_text", "text": "Send"},
        "close": {"type": "plain_text", "text": "Skip"},
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "element": entry | {"max_length": _REASON_MAX},
                "label": {"type": "plain_text", "text": "What should the answer have said?"},
            }
        ],
    }


def _place(channel: str) -> Place:
    return Place.DIRECT if channel.startswith("D") else Place.CHANNEL


async def tell(desk: Desk, press: Press, text: str) -> None:
    """Tell the presser, through response_url: it works where we may not write."""
    try:
        await desk.outlet.respond(press.url, text, thread=press.key.thread)
    except BotError:
        await desk.whisper(press.key.channel, press.key.thread, press.person, text)
