"""What people asked, from the moment Slack delivered it until it is answered, whatever happens.

A row is unique by event id, and by (team, channel, ts), because a mention also arrives as a message.
A worker leases one row of a thread at a time, the earliest first, also across processes; threads run
side by side. A lease that is not extended ends by itself (the process died) and the row is handed out
again with the `reply_ts` that it holds. Each hand-out counts as an attempt: a question interrupted
twice comes with `attempts` 3, and the worker then ends it with an honest message instead of running it
again. Used by `bot.slack`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, or_, select, update

from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import inbox
from bot.store.transaction import Transaction
from bot.types import Place, ThreadKey

LAST_ATTEMPT = 3
"""A question handed out for the third time was interrupted twice: end it, do not run it."""


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """What arrived, redacted by the caller."""

    id: str
    """Ours, a UUID; the id of the Request."""
    event_id: str
    """Slack's; of a command or press whatever is the same when Slack sends it again."""
    team: str
    channel: str
    ts: str
    """The message's; of a command or press anything unique in the channel."""
    thread: str
    """ts of the message that opened the thread."""
    person: str
    place: Place
    text: str
    received_at: datetime
    kind: str = "question"
    """`question`, `command` or `press`."""
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Small JSON object for the worker: a button's value, a response_url."""

    @property
    def key(self) -> ThreadKey:
        """The thread it belongs to."""
        return ThreadKey(self.team, self.channel, self.thread)


@dataclass(frozen=True, slots=True)
class Leased(NewQuestion):
    """A question in a worker's hands."""

    reply_ts: str = ""
    """Message that an interrupted attempt already posted, to be edited; or empty."""
    attempts: int = 1
    """How often it was handed out, this time included. See LAST_ATTEMPT."""


async def put(db: Database, row: NewQuestion, now: datetime) -> bool:
    """Keep a question; False where that event or message is here already, finished or not."""
    values = {
        "id": row.id,
        "event_id": row.event_id,
        "team": row.team,
        "channel": row.channel,
        "ts": row.ts,
        "thread": row.thread,
        "position": _position(row.ts, now),
        "person": row.person,
        "place": row.place.value,
        "kind": row.kind,
        "text": row.text,
        "payload": encode(row.payload),
        "received_at": row.received_at,
    }
    new = db.insert(inbox).values(values).on_conflict_do_nothing().returning(inbox.c.id)
    async with db.write() as tx:
        return (await tx.execute(new)).one_or_none() is not None


async def lease(db: Database, worker: str, now: datetime, lease_s: float) -> Leased | None:
    """Take the question that waits longest of those whose turn it is; None where there is none.

    `worker` names one runner for as long as it lives; no other may use the name.
    """
    async with db.write() as tx:
        await db.alone(tx, "inbox lease")
        row = await _next(tx, now)
        if row is None:
            return None
        taken = {
            "worker": worker,
            "leased_until": now + timedelta(seconds=lease_s),
            "attempts": row.attempts + 1,
        }
        await tx.execute(update(inbox).where(inbox.c.id == row.id).values(taken))
    return _leased(row)


async def extend(
    db: Database, question_id: str, worker: str, now: datetime, lease_s: float
) -> bool:
    """Hold a lease longer; False where it ended meanwhile: stop, somebody else may have the row."""
    held = and_(_held(question_id, worker), inbox.c.leased_until > now)
    return await _change(db, held, leased_until=now + timedelta(seconds=lease_s))


async def set_reply_ts(db: Database, question_id: str, worker: str, reply_ts: str) -> bool:
    """Remember the message that shows the answer; False where the row is no longer this worker's."""
    return await _change(db, _held(question_id, worker), reply_ts=reply_ts)


async def release(db: Database, question_id: str, worker: str) -> bool:
    """Give a question back when stopping on purpose: another worker takes it at once.

    The attempt does not count. False where the row is no longer this worker's.
    """
    return await _change(
        db, _held(question_id, worker), worker="", leased_until=None, attempts=inbox.c.attempts - 1
    )


async def finish(db: Database, question_id: str, worker: str, now: datetime, outcome: str) -> bool:
    """End a question; False where the row is no longer this worker's.

    The row stays, without its text, so that a delivery repeated later is still known (`prune`).
    """
    return await _change(
        db,
        _held(question_id, worker),
        done_at=now,
        outcome=outcome,
        leased_until=None,
        text="",
        payload=encode({}),
    )


async def waiting(db: Database) -> int:
    """Count questions that are not finished, those in work included."""
    async with db.read() as tx:
        counted = await tx.execute(select(func.count()).where(inbox.c.done_at.is_(None)))
        return counted.scalar_one()


async def prune(db: Database, before: datetime) -> int:
    """Delete rows finished before a time, at least 24 h ago; returns how many."""
    async with db.write() as tx:
        gone = await tx.execute(delete(inbox).where(inbox.c.done_at < before))
        return gone.rowcount


async def _next(tx: Transaction, now: datetime) -> Row[Any] | None:
    """Find the first open row of a thread in which nothing is in work, oldest arrival first.

    Locked on Postgres; one that is being finished this moment is passed over.
    """
    other = inbox.alias("other")
    in_the_way = exists().where(
        other.c.done_at.is_(None),
        other.c.team == inbox.c.team,
        other.c.channel == inbox.c.channel,
        other.c.thread == inbox.c.thread,
        or_(
            other.c.leased_until > now,
            other.c.position < inbox.c.position,
            and_(other.c.position == inbox.c.position, other.c.id < inbox.c.id),
        ),
    )
    found = await tx.execute(
        select(inbox)
        .where(inbox.c.done_at.is_(None), ~in_the_way)
        .order_by(inbox.c.received_at, inbox.c.position, inbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=inbox)
    )
    return found.one_or_none()


def _held(question_id: str, worker: str) -> ColumnElement[bool]:
    return and_(inbox.c.id == question_id, inbox.c.worker == worker, inbox.c.done_at.is_(None))


async def _change(db: Database, which: ColumnElement[bool], **values: object) -> bool:
    async with db.write() as tx:
        changed = await tx.execute(update(inbox).where(which).values(values))
        return changed.rowcount == 1


def _position(ts: str, now: datetime) -> str:
    """Make text that sorts in the order of messages: Slack's ts, else the time of arrival."""
    parts = re.fullmatch(r"(\d{1,12})\.(\d{1,6})", ts)
    whole, fraction = parts.groups() if parts else f"{now.timestamp():.6f}".split(".")
    return f"{whole:0>12}.{fraction:0<6}"


def _leased(row: Row[Any]) -> Leased:
    return Leased(
        id=row.id,
        event_id=row.event_id,
        team=row.team,
        channel=row.channel,
        ts=row.ts,
        thread=row.thread,
        person=row.person,
        place=Place(row.place),
        text=row.text,
        received_at=row.received_at,
        kind=row.kind,
        payload=decode(row.payload, dict[str, Any]) or {},
        reply_ts=row.reply_ts,
        attempts=row.attempts + 1,
    )
