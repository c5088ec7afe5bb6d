import asyncio
import stat
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text

from bot.store import inbox, seen, usage
from bot.store.database import open_database
from bot.store.tables import seen as seen_table


async def test_a_new_file_and_its_folder_are_private(tmp_path, now):
    database = await open_database(f"sqlite:///{tmp_path}/deep/er/oakum.db")
    await seen.first_time(database, "x", now)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [tmp_path / "deep/er", *(tmp_path / "deep/er").iterdir()]
    }
    await database.close()

    assert modes["er"] == 0o700
    assert set(modes) >= {"oakum.db", "oakum.db-wal"}
    assert all(mode == 0o600 for name, mode in modes.items() if name != "er")


async def test_sqlite_is_safe_against_a_power_cut(sqlite_url):
    database = await open_database(sqlite_url)
    async with database.read() as tx:
        journal = (await tx.execute(text("PRAGMA journal_mode"))).scalar_one()
        synchronous = (await tx.execute(text("PRAGMA synchronous"))).scalar_one()
    await database.close()

    assert (journal, synchronous) == ("wal", 2)


async def test_what_is_kept_is_there_after_opening_again(url, now):
    first = await open_database(url)
    await seen.first_time(first, "x", now)
    await first.close()

    again = await open_database(url)
    assert not await seen.first_time(again, "x", now)
    await again.close()


async def test_many_at_once_are_all_served(db, now):
    ids = [f"e{number % 60}" for number in range(180)]

    first = await asyncio.gather(*(seen.first_time(db, name, now) for name in ids))

    assert sum(first) == 60


async def test_a_failing_block_leaves_nothing(db, now):
    with pytest.raises(RuntimeError):
        async with db.write() as tx:
            await tx.execute(db.insert(seen_table).values(event_id="x", at=now))
            raise RuntimeError
    assert await seen.first_time(db, "x", now)


async def test_a_cancelled_write_leaves_nothing_and_blocks_nobody(db, now):
    inside = asyncio.Event()

    async def write():
        async with db.write() as tx:
            await tx.execute(db.insert(seen_table).values(event_id="x", at=now))
            inside.set()
            await asyncio.Event().wait()

    for _ in range(20):
        task = asyncio.create_task(write())
        await inside.wait()
        inside.clear()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await asyncio.wait_for(seen.first_time(db, "x", now), 30)


async def test_writes_cancelled_at_any_moment_block_nobody(db, now):
    tasks = [asyncio.create_task(seen.first_time(db, f"e{n}", now)) for n in range(100)]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0.001 * (number % 3))
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    kept = {f"e{n}" for n, result in enumerate(done) if result is True}

    async with db.read() as tx:
        found = set((await tx.execute(select(seen_table.c.event_id))).scalars())
    assert kept <= found
    assert await asyncio.wait_for(seen.first_time(db, "after", now), 30)


async def test_a_reader_sees_one_moment_and_does_not_wait_for_a_writer(db, now):
    await seen.first_time(db, "before", now)
    count = select(func.count()).select_from(seen_table)
    async with db.write() as tx:
        await tx.execute(db.insert(seen_table).values(event_id="during", at=now))
        async with db.read() as view:
            assert (await view.execute(count)).scalar_one() == 1
    async with db.read() as view:
        assert (await view.execute(count)).scalar_one() == 2


async def test_times_come_back_in_utc_to_the_microsecond(db, now):
    elsewhere = now.astimezone(timezone(timedelta(hours=5, minutes=30)))
    async with db.write() as tx:
        await tx.execute(db.insert(seen_table).values(event_id="x", at=elsewhere))
        read = (await tx.execute(select(seen_table.c.at))).scalar_one()

    assert read == now
    assert read.tzinfo is UTC
    async with db.read() as tx:
        early = select(seen_table).where(seen_table.c.at < now)
        assert (await tx.execute(early)).all() == []


async def test_a_time_without_its_zone_is_refused(db):
    with pytest.raises(Exception, match="without its zone"):
        await inbox.prune(db, datetime(2026, 3, 4))  # noqa: DTZ001


async def test_seen_ids_are_forgotten_after_their_time(db, now):
    await seen.first_time(db, "x", now)

    assert await seen.prune(db, now) == 0
    assert await seen.prune(db, now + timedelta(hours=24)) == 1
    assert await seen.first_time(db, "x", now)


async def test_spending_adds_up_by_person_and_day(db, now):
    day = now.date()
    await asyncio.gather(*(usage.add(db, "U1", day, tokens=100, questions=1) for _ in range(10)))
    await usage.add(db, "U1", day + timedelta(days=1), tokens=7, questions=1)

    assert await usage.spent(db, "U1", day) == usage.Spent(tokens=1000, questions=10)
    assert await usage.spent(db, "U2", day) == usage.Spent()
    assert await usage.delete_before(db, day + timedelta(days=1)) == 1
    assert await usage.spent(db, "U1", day) == usage.Spent()
