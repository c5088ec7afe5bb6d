"""Presses and commands that were already taken, so that a repeated delivery does nothing.

Used by `bot.slack`.
"""

from datetime import datetime

from sqlalchemy import delete

from bot.store.database import Database
from bot.store.tables import seen


async def first_time(db: Database, event_id: str, now: datetime) -> bool:
    """Note an id; False where it was noted before, by whichever process."""
    new = db.insert(seen).values(event_id=event_id, at=now).on_conflict_do_nothing()
    async with db.write() as tx:
        noted = await tx.execute(new.returning(seen.c.event_id))
        return noted.one_or_none() is not None


async def forget(db: Database, event_id: str) -> None:
    """Let an id count as new again: what it stood for was not done."""
    async with db.write() as tx:
        await tx.execute(delete(seen).where(seen.c.event_id == event_id))


async def prune(db: Database, before: datetime) -> int:
    """Forget ids noted before a time, at least 24 h ago; returns how many."""
    async with db.write() as tx:
        gone = await tx.execute(delete(seen).where(seen.c.at < before))
        return gone.rowcount
