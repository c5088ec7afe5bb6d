"""How many proposals there are, by state. Used by the executor's metrics."""

from collections.abc import Mapping

from sqlalchemy import func, select

from bot.store.database import Database
from bot.store.proposals import State
from bot.store.tables import proposals


async def by_state(db: Database) -> Mapping[State, int]:
    """Count proposals in each state; those without any are 0."""
    counted = select(proposals.c.state, func.count().label("many")).group_by(proposals.c.state)
    found = dict.fromkeys(State, 0)
    async with db.read() as tx:
        for row in await tx.execute(counted):
            found[State(row.state)] = row.many
    return found
