"""A process of its own on a store, for tests of several at once: `worker_process.py MODE URL NAME`.

Speaks with the test by lines: writes what it does to standard output, goes on when it is sent a line.
"""

import asyncio
import json
import random
import sys
import time
from datetime import UTC, date, datetime

from sqlalchemy import select, update

from bot.store import inbox, usage
from bot.store.database import Database, open_database
from bot.store.tables import usage as usage_table
from bot.types import Place

THREADS = 50
QUESTIONS = 4
COUNTS = 150
DAY = date(2026, 3, 4)


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def questions(now: datetime) -> list[inbox.NewQuestion]:
    """Make the same events in every process, as Slack does when it sends to each replica."""
    return [
        inbox.NewQuestion(
            id=f"q-{thread}-{number}",
            event_id=f"Ev-{thread}-{number}",
            team="T1",
            channel="C1",
            ts=f"17000{thread:05}.{number:06}",
            thread=f"17000{thread:05}.000000",
            person="U1",
            place=Place.CHANNEL,
            text="?",
            received_at=now,
        )
        for thread in range(THREADS)
        for number in range(QUESTIONS)
    ]


async def work(db: Database, name: str, lease_s: float = 60) -> None:
    """Put everything, wait for the others, then answer until nothing is left."""
    asked = questions(datetime.now(UTC))
    random.Random(name).shuffle(asked)
    for row in asked:
        if await inbox.put(db, row, datetime.now(UTC)):
            await usage.add(db, "U1", DAY, tokens=1, questions=1)
    say(ready=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(_answer(db, f"{name}-{runner}", lease_s) for runner in range(8)))


async def fragile(db: Database, name: str) -> None:
    """Work with leases that end soon when the process does."""
    await work(db, name, lease_s=2)


async def _answer(db: Database, worker: str, lease_s: float) -> None:
    while await inbox.waiting(db):
        row = await inbox.lease(db, worker, datetime.now(UTC), lease_s)
        if row is None:
            await asyncio.sleep(0.01)
            continue
        begun = time.monotonic_ns()
        await inbox.set_reply_ts(db, row.id, worker, f"reply-to-{row.id}")
        say(thread=row.thread, ts=row.ts, begun=begun, ended=time.monotonic_ns())
        if await inbox.finish(db, row.id, worker, datetime.now(UTC), "answered"):
            say(finished=row.id)
        else:
            say(lost=row.id)


async def hold(db: Database, name: str) -> None:
    """Take a question, show a first sign, and never finish."""
    row = await inbox.lease(db, name, datetime.now(UTC), 3)
    assert row is not None
    await inbox.set_reply_ts(db, row.id, name, "1700000001.5")
    say(holding=row.id)
    await asyncio.to_thread(sys.stdin.readline)


async def midway(db: Database, name: str) -> None:
    """Stop between a transaction's first and second statement."""
    async with db.write() as tx:
        await tx.execute(db.insert(usage_table).values(person=name, day=DAY, tokens=1, questions=1))
        say(midway=True)
        await asyncio.to_thread(sys.stdin.readline)


async def count(db: Database, name: str) -> None:
    """Add one to a row by reading it first, many times."""
    which = usage_table.c.person == "counted"
    say(ready=True)
    await asyncio.to_thread(sys.stdin.readline)
    for _ in range(COUNTS):
        async with db.write() as tx:
            read = await tx.execute(select(usage_table.c.tokens).where(which).with_for_update())
            await tx.execute(update(usage_table).where(which).values(tokens=read.scalar_one() + 1))


async def main(mode: str, url: str, name: str) -> None:
    db = await open_database(url)
    modes = {"work": work, "fragile": fragile, "hold": hold, "midway": midway, "count": count}
    await modes[mode](db, name)
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
