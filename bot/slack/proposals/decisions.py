"""Buttons of proposals: Approve, Reject, Withdraw, Start, Undo, Show patch, and the modal of a rejection.

A button carries the proposal's opaque id and nothing else; proposal, policy and presser are looked up
anew. Each press is taken once and gets an answer, privately; what happened is seen on the card.
"""

import contextlib
import json
from dataclasses import dataclass
from typing import Any

from bot.approval import deciding, proposals, wording
from bot.approval.deciding import Ground, Told
from bot.approval.differences import whole_text
from bot.approval.policy.votes import Verdict
from bot.errors import BotError, NotServed, StoreUnavailable
from bot.slack import presses
from bot.slack.desk import Desk
from bot.slack.events import plain
from bot.slack.failing import failed
from bot.slack.identity import PRESSER_KEPT_S
from bot.slack.inert import inert
from bot.slack.mrkdwn import escape
from bot.slack.presses import Press
from bot.slack.proposals import cards
from bot.slack.render import Rendered
from bot.store import inbox, seen
from bot.store.inbox import NewQuestion
from bot.store.proposals import Case, State
from bot.telemetry import logger
from bot.types import Place, ThreadKey

REJECT_MODAL = "proposal.rejected"
_WORDS_MAX = 1_000
_PATCH_ROOM = 2_600
_PATCH_PIECES = 4
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class _Presser:
    """Who pressed on what, allowed to see it."""

    person: str
    case: Case


async def handle(desk: Desk, body: dict[str, Any]) -> None:
    """Answer one press on a card that was acknowledged; nothing where it came before."""
    press = presses.read(body, desk.me.team)
    try:
        if not await seen.first_time(desk.db, f"press:{press.trigger}", desk.now()):
            return
        text = await _act(desk, press)
    except Exception as error:  # noqa: BLE001
        text = failed(error, press.action)
    desk.outbox_bell.set()
    if text:
        await presses.tell(desk, press, _safe(text))


async def rejected(desk: Desk, body: dict[str, Any]) -> None:
    """Count a rejection whose reason was typed; one that fails is answered, and can be sent again."""
    view = body.get("view") or {}
    person = str((body.get("user") or {}).get("id", ""))
    kept = json.loads(str(view.get("private_metadata") or '["", "", ""]'))
    proposal, channel, thread = (str(one) for one in kept)
    once = f"rejected:{view.get('id')}"
    try:
        if not await seen.first_time(desk.db, once, desk.now()):
            return
        told = await _rejected(
            desk, ThreadKey(desk.me.team, channel, thread), person, view, proposal
        )
    except Exception as error:  # noqa: BLE001
        why = failed(error, REJECT_MODAL)
        told = f"Your rejection was not counted. {why}"
        with contextlib.suppress(StoreUnavailable):
            await seen.forget(desk.db, once)
    desk.outbox_bell.set()
    await desk.whisper(channel, thread, person, told)


async def _rejected(
    desk: Desk, key: ThreadKey, person: str, view: dict[str, Any], proposal: str
) -> str:
    """Count a rejection; its guidance becomes a question in the thread."""
    values = (view.get("state") or {}).get("values") or {}
    reason, guidance = (_typed(desk, values, name) for name in ("reason", "guidance"))
    text = await _reject(desk, key, person, proposal, reason)
    if text.done and guidance:
        try:
            await _ask_again(desk, person, proposal, guidance, str(view.get("id")))
        except Exception as error:  # noqa: BLE001
            why = failed(error, REJECT_MODAL)
            return f"{text.text} What to propose instead was not passed on: {why}"
    return text.text


async def _act(desk: Desk, press: Press) -> str:
    """Do what a button says; gives the sentence for the presser, or nothing where something is shown."""
    presser = await _presser(desk, press.key, press.person, press.value)
    if isinstance(presser, str):
        return presser
    if press.action == cards.PATCH:
        return await _show_patch(desk, press, presser.case)
    if press.action == cards.REJECT:
        return await _ask_reason(desk, press, presser)
    ground = _ground(desk)
    actor = await desk.identity.actor(press.person, PRESSER_KEPT_S)
    if press.action == cards.APPROVE:
        told = await deciding.vote(ground, press.value, actor, Verdict.APPROVE)
    elif press.action == cards.WITHDRAW:
        told = await deciding.withdraw(ground, press.value, actor)
    elif press.action == cards.START:
        told = await deciding.start(ground, press.value, actor)
    elif press.action == cards.UNDO:
        told = await deciding.undo(ground, press.value, actor)
    else:
        return "This button is of an older version; ask again for a fresh one."
    return told.text


async def _presser(desk: Desk, key: ThreadKey, person: str, proposal: str) -> _Presser | str:
    """Find what was pressed; a sentence where it is not here, or not for this person to see."""
    place = Place.DIRECT if key.channel.startswith("D") else Place.CHANNEL
    scope = await desk.identity.scope(person, key.channel, place)
    case = await proposals.get(desk.db, proposal) if proposal else None
    if case is None or case.proposal.thread.channel != key.channel:
        return deciding.NO_SUCH
    target = case.proposal.target
    ref = target.ref
    if not scope.shows(ref):
        raise NotServed("What this proposal is about may not be seen here any more.")
    return _Presser(person, case)


async def _ask_reason(desk: Desk, press: Press, presser: _Presser) -> str:
    """Open the modal for a reason where a rejection could count at all."""
    if presser.case.proposal.state is not State.PENDING:
        return f"Too late to decide on this. {wording.status(presser.case)}."
    kept = json.dumps([press.value, press.key.channel, press.key.thread])
    if desk.outlet.offers("views.open"):
        try:
            await desk.outlet.once("views.open", trigger_id=press.trigger, view=_modal(kept))
        except BotError as error:
            _log.info("no reason asked", why=error.public)
            if desk.outlet.offers("views.open"):
                return "The form for your reason did not open. Press Reject again, please."
        else:
            return ""
    return (await _reject(desk, press.key, press.person, press.value, "")).text


async def _reject(desk: Desk, key: ThreadKey, person: str, proposal: str, reason: str) -> Told:
    presser = await _presser(desk, key, person, proposal)
    if isinstance(presser, str):
        return Told(presser, done=False)
    actor = await desk.identity.actor(person, PRESSER_KEPT_S)
    return await deciding.vote(_ground(desk), proposal, actor, Verdict.DENY, reason)


async def _ask_again(desk: Desk, person: str, proposal: str, guidance: str, view: str) -> None:
    """Put guidance to the assistant, as a question of whoever gave it, in the card's thread."""
    case = await proposals.get(desk.db, proposal)
    if case is None:
        return
    target, key = case.proposal.target, case.proposal.thread
    inside = f" in namespace {target.namespace}" if target.namespace else ""
    text = (
        f"Propose again for {target.kind}/{target.name}{inside} of cluster {target.cluster}, "
        f"otherwise than what was rejected ({wording.title(case.proposal)}): {guidance}"
    )
    row = NewQuestion(
        id=desk.new_id(),
        event_id=f"rejected:{view}",
        team=key.team,
        channel=key.channel,
        ts=f"rejected:{view}",
        thread=key.thread,
        person=person,
        place=Place.DIRECT if key.channel.startswith("D") else Place.CHANNEL,
        text=text,
        received_at=desk.now(),
        kind="press",
    )
    await inbox.put(desk.db, row, desk.now())
    desk.bell.set()


async def _show_patch(desk: Desk, press: Press, case: Case) -> str:
    """Show the change in full, to who asked for it."""
    rehearsal = wording.rehearsal_of(case.proposal)
    if rehearsal is None or not rehearsal.diff:
        return "There is no patch to show: nothing was tried out yet."
    shown, whole = _pieces(whole_text(rehearsal))
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"```{one}```", "verbatim": True}}
        for one in shown
    ]
    if not whole:
        note = {"type": "mrkdwn", "text": "It is longer; the file in this thread has it whole."}
        blocks.append({"type": "context", "elements": [note]})
    text = "The change in full"
    await desk.show(
        press.key.channel, press.key.thread, press.person, Rendered(text, tuple(blocks))
    )
    return ""


def _pieces(text: str) -> tuple[list[str], bool]:
    """Cut a patch at its lines into what sections take; False where some is left out."""
    found: list[str] = []
    current = ""
    most = _PATCH_ROOM // 6
    lines = inert(text, frozenset()).splitlines()
    for part in (line[at : at + most] for line in lines for at in range(0, len(line) or 1, most)):
        shown = escape(part.replace("```", "'''")) + "\n"
        if len(current) + len(shown) > _PATCH_ROOM:
            found.append(current)
            current = ""
        current += shown
    found.append(current)
    return [one for one in found if one.strip()][:_PATCH_PIECES], len(found) <= _PATCH_PIECES


def _ground(desk: Desk) -> Ground:
    return Ground(desk.db, desk.policy, desk.now(), desk.key)


def _typed(desk: Desk, values: dict[str, Any], name: str) -> str:
    field = (values.get(name) or {}).get(name) or {}
    return plain(str(field.get("value") or ""), desk.me)[:_WORDS_MAX]


def _safe(text: str) -> str:
    """Make our sentence, which may name things of a cluster or a policy, fit to be shown."""
    return escape(inert(text, frozenset()))


def _modal(kept: str) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": REJECT_MODAL,
        "private_metadata": kept,
        "title": {"type": "plain_text", "text": "Reject this change"},
        "submit": {"type": "plain_text", "text": "Reject"},
        "close": {"type": "plain_text", "text": "Not yet"},
        "blocks": [
            _input("reason", "Why? Everybody sees this on the card.", optional=False),
            _input("guidance", "What should Oakum propose instead?", optional=True),
        ],
    }


def _input(name: str, label: str, *, optional: bool) -> dict[str, Any]:
    entry = {"type": "plain_text_input", "action_id": name, "multiline": True}
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "element": entry | {"max_length": _WORDS_MAX},
        "label": {"type": "plain_text", "text": label},
    }
