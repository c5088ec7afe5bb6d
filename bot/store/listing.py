"""Which proposals there are, for people who list them: newest first, found by the start of their id."""

import contextlib
from collections.abc import Collection

from sqlalchemy import func, null, select

from bot.store.database import Database
from bot.store.proposals import Draft, State, draft_of
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


async def asked_for(
    db: Database, clusters: Collection[str], limit: int
) -> list[tuple[Draft, State | None]]:
    """List what was asked for on these clusters, the newest first, at most `limit`.

    The state is None where no executor has looked at it; a row that cannot be read is left out.
    """
    found: list[tuple[Draft, State | None]] = []
    async with db.read() as tx:
        for table in (drafts, proposals):
            newest_first = table.c.submitted_at.desc(), table.c.id
            state = table.c.get("state", null().label("state"))
            read = select(*(table.c[one.name] for one in drafts.c), state)
            wanted = read.where(table.c.cluster.in_(clusters)).order_by(*newest_first)
            for row in await tx.execute(wanted.limit(limit)):
                with contextlib.suppress(ValueError):
                    found.append((draft_of(row), State(row.state) if row.state else None))
    found.sort(key=lambda one: one[0].submitted_at, reverse=True)
    return found[:limit]


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
