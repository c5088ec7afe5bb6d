"""Files that Oakum put into threads, by Slack's id, until they are taken back there.

Only that they exist is stored, not what is in them. A file falls due when it was kept long enough or
its thread was forgotten; whoever takes it back in Slack then says so with `gone`. Used by `bot.slack`.
"""

from datetime import datetime

from sqlalchemy import delete, or_, select

from bot.store.database import Database
from bot.store.tables import files
from bot.types import ThreadKey


async def add(db: Database, key: ThreadKey, file_id: str, now: datetime) -> None:
    """Remember a file of a thread."""
    row = {"id": file_id, "team": key.team, "channel": key.channel, "thread": key.thread}
    new = db.insert(files).values(**row, stored_at=now).on_conflict_do_nothing()
    async with db.write() as tx:
        await tx.execute(new)


async def due(db: Database, before: datetime, limit: int) -> list[str]:
    """List files to take back, oldest first: put there before a time, or of a forgotten thread."""
    which = or_(files.c.stored_at < before, files.c.forgotten)
    oldest = select(files.c.id).where(which).order_by(files.c.stored_at, files.c.id).limit(limit)
    async with db.read() as tx:
        return list((await tx.execute(oldest)).scalars())


async def gone(db: Database, file_id: str) -> None:
    """Forget a file that Slack no longer has."""
    async with db.write() as tx:
        await tx.execute(delete(files).where(files.c.id == file_id))
