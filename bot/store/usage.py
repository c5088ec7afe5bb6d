"""What each person spent each day, for the daily limits. Used by `bot.conversation`."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select

from bot.store.database import Database
from bot.store.tables import usage


@dataclass(frozen=True, slots=True)
class Spent:
    """One person's day."""

    tokens: int = 0
    """Of the model, in and out."""
    questions: int = 0


async def add(db: Database, person: str, day: date, tokens: int, questions: int) -> None:
    """Add to what a person spent on a day (UTC)."""
    statement = db.insert(usage).values(person=person, day=day, tokens=tokens, questions=questions)
    statement = statement.on_conflict_do_update(
        index_elements=["person", "day"],
        set_={
            "tokens": usage.c.tokens + statement.excluded.tokens,
            "questions": usage.c.questions + statement.excluded.questions,
        },
    )
    async with db.write() as tx:
        await tx.execute(statement)


async def spent(db: Database, person: str, day: date) -> Spent:
    """Tell what a person spent on a day so far."""
    one_day = select(usage).where(usage.c.person == person, usage.c.day == day)
    async with db.read() as tx:
        row = (await tx.execute(one_day)).one_or_none()
    return Spent() if row is None else Spent(row.tokens, row.questions)


async def delete_before(db: Database, day: date) -> int:
    """Delete the days before one; returns how many rows."""
    async with db.write() as tx:
        gone = await tx.execute(delete(usage).where(usage.c.day < day))
        return gone.rowcount
