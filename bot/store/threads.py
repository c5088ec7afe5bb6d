"""What was said in each thread where Oakum answers: its memory, and the deleting of it.

Deleting a thread takes everything that belongs to it, in one transaction: turns, answers, feedback and
the text of its questions; its files in Slack fall due (`files`). Used by `bot.conversation`, `bot.slack` and `oakum forget`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, select, update
from sqlalchemy import delete as delete_from

from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import answers, feedback, files, inbox, turns
from bot.store.transaction import Transaction
from bot.types import ThreadKey

PERSON = "person"
ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a thread, as it is remembered."""

    role: str
    """PERSON or ASSISTANT."""
    person: str
    """Slack user id of who wrote, or whom the answer was for."""
    text: str
    """Redacted."""
    at: datetime
    message_ts: str = ""
    """The message's; empty at a terminal."""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON object: what the turn's results named (findings, subjects, scan), for follow-ups."""


async def append(db: Database, key: ThreadKey, turn: Turn, now: datetime) -> None:
    """Remember a turn.

    A turn of the same role and message replaces the earlier one in its place, so that a question that
    runs again after a crash is remembered once.
    """
    values = {
        **_columns(key),
        "role": turn.role,
        "message_ts": turn.message_ts,
        "body": encode(turn),
        "stored_at": now,
    }
    statement = db.insert(turns).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=["team", "channel", "thread", "role", "message_ts"],
        index_where=turns.c.message_ts != "",
        set_={"body": statement.excluded.body, "stored_at": statement.excluded.stored_at},
    )
    async with db.write() as tx:
        await tx.execute(statement)


async def history(db: Database, key: ThreadKey, limit: int) -> list[Turn]:
    """Fetch the last `limit` turns, oldest first."""
    newest = select(turns.c.body).where(_in(turns, key)).order_by(turns.c.seq.desc()).limit(limit)
    async with db.read() as tx:
        bodies = list((await tx.execute(newest)).scalars())
    found = (decode(body, Turn) for body in reversed(bodies))
    return [turn for turn in found if turn is not None]


async def known(db: Database, key: ThreadKey) -> bool:
    """Tell whether Oakum has answered in this thread."""
    answered = select(exists().where(_in(turns, key), turns.c.role == ASSISTANT))
    async with db.read() as tx:
        return bool((await tx.execute(answered)).scalar_one())


async def delete(db: Database, key: ThreadKey) -> int:
    """Forget a thread whole; returns how many turns it had.

    Its open questions are ended unanswered. Their rows stay without text until `inbox.prune`, so that
    Slack's redelivery does not ask them again.
    """
    async with db.write() as tx:
        await _end(tx, _in(inbox, key))
        await tx.execute(update(files).where(_in(files, key)).values(forgotten=True))
        await tx.execute(delete_from(answers).where(_in(answers, key)))
        await tx.execute(delete_from(feedback).where(_in(feedback, key)))
        gone = await tx.execute(delete_from(turns).where(_in(turns, key)))
        return gone.rowcount


async def delete_before(db: Database, time: datetime) -> int:
    """Delete turns, answers and feedback stored before a time; returns how many turns.

    Questions that came before it and were never answered are ended.
    """
    async with db.write() as tx:
        await _end(tx, inbox.c.received_at < time)
        gone = await tx.execute(delete_from(turns).where(turns.c.stored_at < time))
        await tx.execute(delete_from(answers).where(answers.c.stored_at < time))
        await tx.execute(delete_from(feedback).where(feedback.c.at < time))
        return gone.rowcount


async def _end(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Finish open questions unanswered and take their text; finished ones have none any more."""
    ended = {
        "text": "",
        "payload": encode({}),
        "done_at": inbox.c.received_at,
        "outcome": "forgotten",
        "leased_until": None,
    }
    await tx.execute(update(inbox).where(which, inbox.c.done_at.is_(None)).values(ended))


def _columns(key: ThreadKey) -> dict[str, str]:
    return {"team": key.team, "channel": key.channel, "thread": key.thread}


def _in(table: Table, key: ThreadKey) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in _columns(key).items()))
