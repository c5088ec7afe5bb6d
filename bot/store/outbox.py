"""What Slack is to show of proposals, by the app that shows it, until it is shown.

A *card* is one row per proposal: every transition raises what is `wanted` to the proposal's revision,
and whoever delivers makes the message equal to the proposal as it then is. So an update is idempotent,
and none is lost or shown out of order. A *note* is a single message. A row is claimed by one worker at
a time; a lease that ends by itself (the process died) hands it out again with `attempts` above 1 and no
`message_ts`: then the message may be there already, to be looked for before it is posted. Used by the
delivery in `bot.slack`; rows are put by `proposals` in the transition's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update

from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import outbox
from bot.store.transaction import Transaction

CARD = "card"


class App(StrEnum):
    """The Slack app that shows something; both are one unless the executor has its own."""

    ASSISTANT = "assistant"
    APPROVALS = "approvals"


@dataclass(frozen=True, slots=True)
class Note:
    """A single message about a proposal; of each kind there is at most one.

    Whoever delivers it reads the proposal first: a reminder of one that has ended is not posted.
    """

    kind: str
    """`reminder`, `expired`, ...: what delivery makes a message of. Not CARD."""
    not_before: datetime
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Small JSON object."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something to show, in a worker's hands."""

    id: str
    app: App
    kind: str
    """CARD, or a note's."""
    proposal: str
    body: Mapping[str, Any]
    wanted: int
    """Of a card the revision to show, or a later one."""
    message_ts: str
    """The card's message, to be edited; empty while it is not posted."""
    attempts: int
    """How often it was handed out since something was last shown, this time included."""


async def raise_card(
    db: Database, tx: Transaction, proposal: str, app: App, revision: int, now: datetime
) -> None:
    """Ask, in a transition's transaction, that the card show a proposal's new revision."""
    statement = db.insert(outbox).values(_row(f"{CARD}:{proposal}", proposal, app, revision, now))
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_={"wanted": revision, "not_before": now}
    )
    await tx.execute(statement)


async def put_note(
    db: Database, tx: Transaction, proposal: str, app: App, note: Note, now: datetime
) -> None:
    """Ask, in a transition's transaction, for a message; of its kind the first one stays."""
    row = _row(f"{note.kind}:{proposal}", proposal, app, 1, now)
    row |= {"kind": note.kind, "body": encode(note.body), "not_before": note.not_before}
    await tx.execute(db.insert(outbox).values(row).on_conflict_do_nothing())


async def note(db: Database, proposal: str, app: App, wanted: Note, now: datetime) -> None:
    """Ask for a message about a proposal, outside a transition; of its kind the first one stays."""
    async with db.write() as tx:
        await put_note(db, tx, proposal, app, wanted, now)


async def again(db: Database, proposal: str, now: datetime) -> bool:
    """Ask that a posted card be drawn anew although its proposal did not change; False for none."""
    posted = and_(outbox.c.id == f"{CARD}:{proposal}", outbox.c.message_ts != "")
    settled = and_(posted, outbox.c.shown >= outbox.c.wanted)
    async with db.write() as tx:
        changed = await tx.execute(
            update(outbox).where(settled).values(shown=outbox.c.wanted - 1, not_before=now)
        )
        return changed.rowcount == 1


async def posted(db: Database, app: App, limit: int) -> list[str]:
    """List the proposals whose cards an app has posted, the newest first."""
    own = and_(outbox.c.app == app.value, outbox.c.kind == CARD, outbox.c.message_ts != "")
    newest = select(outbox.c.proposal).where(own).order_by(outbox.c.put_at.desc(), outbox.c.id)
    async with db.read() as tx:
        return list((await tx.execute(newest.limit(limit))).scalars())


async def claim(
    db: Database, app: App, worker: str, now: datetime, lease_s: float
) -> Parcel | None:
    """Take what waits longest for an app; None where nothing is due."""
    free = or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now)
    due = and_(
        outbox.c.shown < outbox.c.wanted, outbox.c.app == app.value, outbox.c.not_before <= now
    )
    first = (
        select(outbox)
        .where(due, free)
        .order_by(outbox.c.not_before, outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    async with db.write() as tx:
        row = (await tx.execute(first)).one_or_none()
        if row is None:
            return None
        taken = {
            "worker": worker,
            "leased_until": now + timedelta(seconds=lease_s),
            "attempts": row.attempts + 1,
        }
        await tx.execute(update(outbox).where(outbox.c.id == row.id).values(taken))
    return _parcel(row)


async def shown(
    db: Database, parcel: Parcel, worker: str, message_ts: str, revision: int | None = None
) -> bool:
    """Record what Slack now shows, by `revision` of the card's proposal (None: what was wanted).

    A card that should show more by now stays due. False where the row is no longer this worker's;
    of a card the message is remembered all the same, if none was.
    """
    reached = parcel.wanted if revision is None else revision
    values: dict[str, Any] = {
        "shown": case((outbox.c.shown < reached, reached), else_=outbox.c.shown),
        "message_ts": message_ts,
        "worker": "",
        "leased_until": None,
        "attempts": 0,
    }
    posted = and_(outbox.c.id == parcel.id, outbox.c.message_ts == "")
    async with db.write() as tx:
        changed = await tx.execute(update(outbox).where(_held(parcel, worker)).values(values))
        if changed.rowcount == 0:
            await tx.execute(update(outbox).where(posted).values(message_ts=message_ts))
        return changed.rowcount == 1


async def defer(db: Database, parcel: Parcel, worker: str, not_before: datetime) -> bool:
    """Give a row back, not to be tried before a time; False where it is no longer this worker's."""
    values = {"worker": "", "leased_until": None, "not_before": not_before}
    async with db.write() as tx:
        changed = await tx.execute(update(outbox).where(_held(parcel, worker)).values(values))
        return changed.rowcount == 1


async def waiting(db: Database, app: App) -> int:
    """Count what an app has yet to show, notes for later included."""
    due = and_(outbox.c.shown < outbox.c.wanted, outbox.c.app == app.value)
    async with db.read() as tx:
        return (await tx.execute(select(func.count()).where(due))).scalar_one()


async def message_of(db: Database, proposal: str) -> str:
    """Find the ts of a proposal's card; empty while it is not posted."""
    one = select(outbox.c.message_ts).where(outbox.c.id == f"{CARD}:{proposal}")
    async with db.read() as tx:
        return (await tx.execute(one)).scalar_one_or_none() or ""


def _held(parcel: Parcel, worker: str) -> ColumnElement[bool]:
    return and_(outbox.c.id == parcel.id, outbox.c.worker == worker)


def _row(row_id: str, proposal: str, app: App, wanted: int, now: datetime) -> dict[str, Any]:
    return {
        "id": row_id,
        "app": app.value,
        "kind": CARD,
        "proposal": proposal,
        "body": encode({}),
        "wanted": wanted,
        "shown": 0,
        "message_ts": "",
        "worker": "",
        "attempts": 0,
        "not_before": now,
        "put_at": now,
    }


def _parcel(row: Row[Any]) -> Parcel:
    return Parcel(
        id=row.id,
        app=App(row.app),
        kind=row.kind,
        proposal=row.proposal,
        body=decode(row.body, dict[str, Any]) or {},
        wanted=row.wanted,
        message_ts=row.message_ts,
        attempts=row.attempts + 1,
    )
