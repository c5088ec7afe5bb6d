"""Signs of life: when a process of a role was last at work. Used by the executor, and by who waits for it."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.tables import signs

EXECUTOR = "executor"
ALIVE = timedelta(seconds=30)
"""Who gave no sign for longer is taken to be gone."""


async def beat(db: Database, role: str, worker: str, now: datetime) -> None:
    """Say that a worker is at work."""
    statement = db.insert(signs).values(role=role, worker=worker, at=now)
    statement = statement.on_conflict_do_update(index_elements=["role", "worker"], set_={"at": now})
    async with db.write() as tx:
        await tx.execute(statement)


async def last(db: Database, role: str) -> datetime | None:
    """Give when any worker of a role last was at work; None for never."""
    async with db.read() as tx:
        newest = select(func.max(signs.c.at)).where(signs.c.role == role)
        return (await tx.execute(newest)).scalar_one_or_none()


async def alive(db: Database, role: str, now: datetime) -> bool:
    """Tell whether any worker of a role gave a sign within ALIVE."""
    newest = await last(db, role)
    return newest is not None and now - newest <= ALIVE
