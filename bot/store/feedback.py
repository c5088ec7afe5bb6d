"""What people said of answers. Used by `bot.slack`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import feedback
from bot.types import ThreadKey


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's last word on one answer."""

    key: ThreadKey
    message_ts: str
    person: str
    kind: str
    """What the button says: `helpful` or `not-helpful`."""
    reason: str
    """In the person's words, redacted; or empty."""
    at: datetime


async def add(
    db: Database,
    key: ThreadKey,
    person: str,
    message_ts: str,
    kind: str,
    reason: str,
    now: datetime,
) -> None:
    """Keep what a person says of an answer, instead of what that person said of it before."""
    statement = db.insert(feedback).values(
        team=key.team,
        channel=key.channel,
        thread=key.thread,
        message_ts=message_ts,
        person=person,
        kind=kind,
        reason=reason,
        at=now,
    )
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["team", "channel", "thread", "message_ts", "person"],
        set_={"kind": new.kind, "reason": new.reason, "at": new.at},
    )
    async with db.write() as tx:
        await tx.execute(statement)


async def since(db: Database, time: datetime, limit: int) -> list[Feedback]:
    """Fetch what was said since a time, newest first, at most `limit`."""
    newest = (
        select(feedback).where(feedback.c.at >= time).order_by(feedback.c.at.desc()).limit(limit)
    )
    async with db.read() as tx:
        rows = (await tx.execute(newest)).all()
    return [
        Feedback(
            key=ThreadKey(row.team, row.channel, row.thread),
            message_ts=row.message_ts,
            person=row.person,
            kind=row.kind,
            reason=row.reason,
            at=row.at,
        )
        for row in rows
    ]
