"""What waits for an executor: approved, over, broken off or handed over; the longest unchanged first.

Each list names all there are, by little of each, for what waits for long must not hide what came after
it. Used by `bot.approval.proposals`.
"""

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from bot.store.database import Database
from bot.store.proposals import State, lapsed
from bot.store.tables import proposals


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a list says of a proposal; the rest is read when its turn comes."""

    id: str
    cluster: str
    changed_at: datetime
    reason: str
    """Of an execution: why it stands still; empty where it does not."""


async def in_state(db: Database, state: State) -> list[Waiting]:
    """List proposals in a state."""
    return await _list(db, proposals.c.state == state.value)


async def due(db: Database, now: datetime) -> list[Waiting]:
    """List proposals whose approval has expired and that do not say so yet."""
    open_states = proposals.c.state.in_([State.PENDING.value, State.APPROVED.value])
    return await _list(db, and_(open_states, proposals.c.until <= now))


async def interrupted(db: Database, now: datetime) -> list[Waiting]:
    """List executions whose executor gave no sign within its lease."""
    return await _list(db, lapsed(State.EXECUTING, now))


async def _list(db: Database, which: ColumnElement[bool]) -> list[Waiting]:
    listed = (proposals.c[one.name] for one in fields(Waiting))
    ordered = select(*listed).where(which).order_by(proposals.c.changed_at, proposals.c.id)
    async with db.read() as tx:
        return [Waiting(*row) for row in await tx.execute(ordered)]
