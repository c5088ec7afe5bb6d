"""What each of our messages showed, so that a press on Explain or Evidence finds the same again.

Used by `bot.slack`. Whether it may be shown again to whoever presses is not decided here.
"""

from datetime import datetime

from sqlalchemy import select

from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import answers
from bot.types import Answer, ThreadKey


async def save(
    db: Database, key: ThreadKey, message_ts: str, answer: Answer, now: datetime
) -> None:
    """Keep the answer that a message shows, instead of what it showed before."""
    statement = db.insert(answers).values(
        team=key.team,
        channel=key.channel,
        thread=key.thread,
        message_ts=message_ts,
        body=encode(answer),
        stored_at=now,
    )
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["team", "channel", "thread", "message_ts"],
        set_={"body": new.body, "stored_at": new.stored_at},
    )
    async with db.write() as tx:
        await tx.execute(statement)


async def load(db: Database, key: ThreadKey, message_ts: str) -> Answer | None:
    """Fetch what a message showed.

    None where it was deleted, or kept by a version whose shape is no longer known.
    """
    one = select(answers.c.body).where(
        answers.c.team == key.team,
        answers.c.channel == key.channel,
        answers.c.thread == key.thread,
        answers.c.message_ts == message_ts,
    )
    async with db.read() as tx:
        body = (await tx.execute(one)).scalar_one_or_none()
    return None if body is None else decode(body, Answer)
