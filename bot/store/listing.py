"""Which proposals there are, for people who list them: newest first, found by the start of their id."""

from collections.abc import Collection

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.proposals import State
from bot.store.tables import drafts, proposals


async def newest(db: Database, states: Collection[State], limit: int) -> list[str]:
    """List ids of proposals in these states, the newest first."""
    wanted = proposals.c.state.in_([state.value for state in states])
    ordered = select(proposals.c.id).where(wanted).order_by(proposals.c.submitted_at.desc())
    async with db.read() as tx:
        return list((await tx.execute(ordered.limit(limit))).scalars())


async def starting(db: Database, start: str, limit: int) -> list[str]:
    """List ids that begin with this, at most `limit`; nothing for what no id can hold."""
    if not start or not start.isalnum():
        return []
    found = select(proposals.c.id).where(proposals.c.id.startswith(start)).order_by(proposals.c.id)
    async with db.read() as tx:
        return list((await tx.execute(found.limit(limit))).scalars())


async def undo_of(db: Database, proposal: str) -> str | None:
    """Give the newest proposal that takes this one back; None where there is none."""
    found = select(proposals.c.id).where(proposals.c.undo_of == proposal)
    newest_first = found.order_by(proposals.c.submitted_at.desc(), proposals.c.id).limit(1)
    async with db.read() as tx:
        return (await tx.execute(newest_first)).scalar_one_or_none()


async def undos_of(db: Database, proposal: str) -> list[str]:
    """List all proposals that take this one back."""
    found = select(proposals.c.id).where(proposals.c.undo_of == proposal)
    async with db.read() as tx:
        return list((await tx.execute(found)).scalars())


async def not_looked_at(db: Database) -> int:
    """Count what was asked for and no executor has looked at yet."""
    async with db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(drafts))).scalar_one()
