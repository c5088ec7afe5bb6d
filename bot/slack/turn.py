"""One row of the inbox, answered: who asks, what they may see, the answer, the message.

Used by `worker`, which holds the lease meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

from bot.errors import BotError, NotServed
from bot.slack.desk import Desk, sentence
from bot.slack.events import plain
from bot.slack.marks import Target, find_reply
from bot.slack.pane import title
from bot.slack.reply import Reply
from bot.store import answers, inbox, threads
from bot.store.inbox import LAST_ATTEMPT, Leased
from bot.telemetry import Outcome, incident, logger
from bot.types import Answer, AnswerQuestion, Place, Progress, Request
from tools.errors import ToolsError
from tools.scope import Scope

CONTEXT_MAX = 50
"""Messages read, once, of a thread that we have no memory of."""
_CONTEXT_CHARS = 2_000
INTERRUPTED = (
    "I was interrupted twice while answering this and stop here, so that it does not happen a third "
    "time. Ask again, perhaps for less at once."
)
_log = logger(__name__)


async def take(desk: Desk, row: Leased, answer: AnswerQuestion) -> Outcome:
    """Answer one question; its message and its stored answer are there when this returns."""
    target = Target(row.channel, row.thread, row.person, row.team, row.id, row.ts)
    try:
        scope = await desk.identity.scope(row.person, row.channel, row.place)
    except NotServed as refusal:
        await desk.whisper(row.channel, _own_thread(row), row.person, sentence(refusal))
        return Outcome.REFUSED
    ts = row.reply_ts
    if not ts and row.attempts > 1:
        ts = await _found(desk, target)
    reply = Reply(
        desk, target, ts, lambda new: inbox.set_reply_ts(desk.db, row.id, desk.worker, new)
    )
    new = row.place is Place.PANE and not await threads.known(desk.db, row.key)
    try:
        if row.attempts >= LAST_ATTEMPT:
            await reply.end(Answer(text=INTERRUPTED))
            return Outcome.INTERRUPTED
        await reply.begin()
        request = await asked(desk, row, scope)
        made, outcome = await answered(answer, request, reply.report)
        message_ts = await reply.end(made)
        await answers.save(desk.db, row.key, message_ts, made, desk.now())
        await reply.attach()
    except BaseException:
        reply.abandon()
        raise
    if new:
        await title(desk, row.channel, row.thread, row.text)
    return outcome


async def asked(desk: Desk, row: Leased, scope: Scope) -> Request:
    """Give the Request of a row, with its thread's messages where we do not know the thread."""
    return Request(
        id=row.id,
        thread=row.key,
        place=row.place,
        person=row.person,
        text=row.text,
        scope=scope,
        asked_at=row.received_at,
        actor=await desk.identity.actor(row.person) if desk.changes else None,
        context=await _context(desk, row),
    )


async def answered(
    answer: AnswerQuestion, request: Request, report: Callable[[Progress], Awaitable[None]]
) -> tuple[Answer, Outcome]:
    """Run the answer; what goes wrong becomes a sentence, with an incident id where it is ours."""
    try:
        made = await answer(request, report)
    except asyncio.CancelledError:
        raise
    except BotError as error:
        return Answer(text=sentence(error)), Outcome.FAILED
    except ToolsError as error:
        return Answer(text=f"{error.public} {error.hint}".strip()), Outcome.FAILED
    except Exception as error:  # noqa: BLE001
        number = incident(error, question=request.id)
        text = "Something went wrong on our side and this was not answered. Ask again, please."
        return Answer(text=text, incident=number), Outcome.FAILED
    return made, Outcome.FAILED if made.incident else Outcome.ANSWERED


async def _found(desk: Desk, target: Target) -> str:
    """Find the message of an attempt that ended before it could note its ts."""
    try:
        return await find_reply(desk, target)
    except BotError as error:
        _log.info("thread not read", question=target.question, why=error.public)
        return ""


async def _context(desk: Desk, row: Leased) -> tuple[str, ...]:
    if row.place is not Place.CHANNEL or row.kind != "question" or row.thread == row.ts:
        return ()
    if await threads.known(desk.db, row.key):
        return ()
    try:
        page = await desk.outlet.call(
            "conversations.replies", channel=row.channel, ts=row.thread, limit=CONTEXT_MAX
        )
    except BotError as error:
        _log.info("thread not read", question=row.id, why=error.public)
        return ()
    lines: list[str] = []
    for message in page.get("messages", [])[:CONTEXT_MAX]:
        if message.get("ts") == row.ts or message.get("user") == desk.me.user:
            continue
        who = message.get("user") or message.get("username") or message.get("bot_id") or "somebody"
        text = plain(_words(message), desk.me)[:_CONTEXT_CHARS]
        if text:
            lines.append(f"{plain(str(who), desk.me)[:80]}: {text}")
    return tuple(lines)


def _words(message: dict[str, object]) -> str:
    """Give a message's words; alerts often keep theirs in attachments."""
    words = [str(message.get("text") or "")]
    attachments = message.get("attachments")
    if isinstance(attachments, list):
        for one in attachments[:5]:
            if isinstance(one, dict):
                words += [str(one.get(key) or "") for key in ("title", "text", "fallback")]
    return "\n".join(dict.fromkeys(word for word in words if word))


def _own_thread(row: Leased) -> str:
    """Refuse in the thread where there is one, else beside the question in the channel."""
    in_thread = row.thread != row.ts or row.place is not Place.CHANNEL
    return row.thread if in_thread else ""
