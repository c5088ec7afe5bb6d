"""`/oakum ask|scan|clusters|waiting|help`: acknowledged at once, then answered.

A question typed as a command is kept in the inbox first; the worker then posts it with the asker's name
and it is answered in that message's thread. Where we are no member it is answered privately instead.
"""

from dataclasses import replace
from typing import Any

from bot.errors import BotError, NotServed
from bot.slack.desk import Desk, sentence
from bot.slack.events import plain
from bot.slack.inert import inert
from bot.slack.mrkdwn import escape
from bot.slack.outlet import SlackRefused
from bot.slack.proposals import waiting
from bot.slack.render import Rendered, render, said
from bot.slack.turn import answered, asked
from bot.store import inbox, seen
from bot.store.inbox import LAST_ATTEMPT, Leased, NewQuestion
from bot.telemetry import Outcome, logger
from bot.types import AnswerQuestion, Place, Progress
from tools.scope import Scope
from tools.types import ALL

HELP = """*Oakum* finds and explains container security gaps in your clusters.
• `/oakum ask QUESTION`: a question, answered in a thread here
• `/oakum scan [CLUSTER] [NAMESPACE]`: the failing checks of what this channel may see
• `/oakum clusters`: the clusters and namespaces that may be seen here
• `/oakum waiting`: the changes that wait for approval and may be seen here, with their cards
• `/oakum help`: this
You can also mention me in a channel, write to me directly, or reply in a thread I answered in."""
_QUESTION_SHOWN = 2_000
_OUTSIDE = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
INVITE = "I am not a member of this channel, so only you see this. `/invite` me to have it here."
_log = logger(__name__)


async def handle(desk: Desk, body: dict[str, Any]) -> None:
    """Answer one slash command that was acknowledged; nothing where it came before."""
    url = str(body.get("response_url", ""))
    try:
        trigger = str(body.get("trigger_id", ""))
        if not await seen.first_time(desk.db, f"command:{trigger}", desk.now()):
            return
        verb, _, rest = plain(str(body.get("text") or ""), desk.me).partition(" ")
        text = await _decide(desk, body, verb.lower(), rest.strip())
    except BotError as error:
        text = sentence(error)
    if text:
        await _respond(desk, url, Rendered(text, ()))


async def _decide(desk: Desk, body: dict[str, Any], verb: str, rest: str) -> str:
    """Do what is asked; gives mrkdwn to answer at once, or nothing where the worker answers."""
    if verb in {"clusters", "waiting"}:
        channel = str(body["channel_id"])
        scope = await desk.identity.scope(str(body["user_id"]), channel, _place(channel))
        listing = verb == "waiting"
        return await waiting.told(desk, scope, channel) if listing else clusters(scope)
    if verb == "ask" and rest:
        return await _keep(desk, body, rest)
    if verb == "scan":
        return await _keep(desk, body, f"scan {rest}".strip())
    if verb in {"", "help"}:
        return HELP
    missing = (
        "What is the question? " if verb == "ask" else f"I do not know `{escape(verb[:30])}`. "
    )
    return f"{missing}\n{HELP}"


async def _keep(desk: Desk, body: dict[str, Any], text: str) -> str:
    """Put a command's question into the inbox."""
    channel, trigger = str(body["channel_id"]), str(body.get("trigger_id", ""))
    unique = f"command:{trigger}"
    row = NewQuestion(
        id=desk.new_id(),
        event_id=unique,
        team=desk.me.team,
        channel=channel,
        ts=unique,
        thread=unique,
        person=str(body["user_id"]),
        place=_place(channel),
        text=text,
        received_at=desk.now(),
        kind="command",
        payload={"response_url": str(body.get("response_url", ""))},
    )
    await inbox.put(desk.db, row, desk.now())
    desk.bell.set()
    questions = await inbox.waiting(desk.db)
    if desk.answer() is None:
        return "Taken; I am still starting and answer in a moment."
    before = questions - desk.config.workers
    return f"Taken; {before} questions are before yours." if before > 0 else ""


async def ask(desk: Desk, row: Leased, answer: AnswerQuestion) -> Outcome | None:
    """Post a command's question and hand it on (None); answer privately where we may not post."""
    url = str(row.payload.get("response_url", ""))
    try:
        scope = await desk.identity.scope(row.person, row.channel, row.place)
    except NotServed as refusal:
        await _respond(desk, url, said(sentence(refusal)))
        return Outcome.REFUSED
    ts = row.reply_ts
    if not ts:
        try:
            ts = await _post(desk, row)
        except SlackRefused as error:
            if error.error not in _OUTSIDE:
                raise
            return await _privately(desk, row, answer, scope)
        await inbox.set_reply_ts(desk.db, row.id, desk.worker, ts)
    question = NewQuestion(
        id=desk.new_id(),
        event_id=f"asked:{row.event_id}",
        team=row.team,
        channel=row.channel,
        ts=ts,
        thread=ts,
        person=row.person,
        place=row.place,
        text=row.text,
        received_at=row.received_at,
    )
    await inbox.put(desk.db, question, desk.now())
    desk.bell.set()
    return None


async def _post(desk: Desk, row: Leased) -> str:
    shown = escape(inert(row.text[:_QUESTION_SHOWN], desk.config.link_hosts))
    posted = await desk.outlet.call(
        "chat.postMessage",
        channel=row.channel,
        text=f"<@{row.person}> asks: {shown}",
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(posted["ts"])


async def _privately(desk: Desk, row: Leased, answer: AnswerQuestion, scope: Scope) -> Outcome:
    url = str(row.payload.get("response_url", ""))
    if row.attempts >= LAST_ATTEMPT:
        await _respond(
            desk, url, said("I was interrupted twice while answering; ask again, please.")
        )
        return Outcome.INTERRUPTED
    await _respond(desk, url, said("Looking…"))
    request = await asked(desk, row, scope)
    made, outcome = await answered(answer, request, _unseen)
    profile, hosts = desk.config.profile, desk.config.link_hosts
    shown = render(replace(made, findings=()), profile, hosts, f"oakum-{row.id[:8]}")
    kept = tuple(
        block for block in shown.blocks if block["type"] not in {"actions", "context_actions"}
    )
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": INVITE}]}
    await _respond(desk, url, Rendered(f"{shown.text}\n{INVITE}", (*kept, note)))
    return outcome


async def _unseen(progress: Progress) -> None:
    """Take progress that has no place to be shown."""
    del progress


def clusters(scope: Scope) -> str:
    """List in mrkdwn what may be seen."""
    lines = ["May be seen here:"]
    for cluster, namespaces in sorted(scope.clusters.items()):
        names = "all namespaces" if namespaces is ALL else ", ".join(sorted(namespaces)[:40])
        lines.append(f"• `{escape(cluster)}`: {escape(names)}")
    return "\n".join(lines)


def _place(channel: str) -> Place:
    return Place.DIRECT if channel.startswith("D") else Place.CHANNEL


async def _respond(desk: Desk, url: str, shown: Rendered) -> None:
    """Answer privately; an address that has lapsed is logged."""
    try:
        await desk.outlet.respond(url, shown.text, list(shown.blocks))
    except BotError as error:
        _log.warning("command not answered", why=error.public)
