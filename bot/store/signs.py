"""Signs of life: when a process of a role was last at work. Used by the executor, and by who waits for it."""

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import signs

EXECUTOR = "executor"
ALIVE = timedelta(seconds=30)
"""Who gave no sign for longer is taken to be gone; a sign further ahead is of a clock that was set back."""


async def beat(db: Database, role: str, worker: str, now: datetime) -> None:
    """Say that a worker is at work."""
    statement = db.insert(signs).values(role=role, worker=worker, at=now)
    statement = statement.on_conflict_do_update(index_elements=["role", "worker"], set_={"at": now})
    async with db.write() as tx:
        await tx.execute(statement)


async def alive(db: Database, role: str, now: datetime) -> bool:
    """Tell whether any worker of a role gave a sign within ALIVE."""
    lately = signs.c.at.between(now - ALIVE, now + ALIVE)
    async with db.read() as tx:
        found = await tx.execute(select(signs.c.at).where(signs.c.role == role, lately).limit(1))
        return found.one_or_none() is not None
