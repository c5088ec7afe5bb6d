"""Several real processes on one store: nothing lost, nothing doubled, order kept, deaths survived."""

import itertools
import json
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.store import inbox, usage
from bot.store.database import open_database
from bot.types import Place

SCRIPT = Path(__file__).with_name("worker_process.py")
DAY = date(2026, 3, 4)

pytestmark = pytest.mark.slow


@contextmanager
def process(mode, url, name):
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(SCRIPT), mode, url, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def heard(started):
    return json.loads(started.stdout.readline())


def go_on(*all_started):
    for started in all_started:
        started.stdin.write("\n")
        started.stdin.flush()


async def put_one(url, now):
    db = await open_database(url)
    asked = inbox.NewQuestion(
        "q1", "Ev1", "T1", "C1", "1700000001.0", "1700000001.0", "U1", Place.CHANNEL, "?", now
    )
    assert await inbox.put(db, asked, now)
    return db


async def test_two_processes_answer_each_question_once_and_each_thread_in_order(url):
    with ExitStack() as stack:
        both = [stack.enter_context(process("work", url, name)) for name in ("a", "b")]
        assert [heard(started) for started in both] == [{"ready": True}] * 2
        go_on(*both)
        said = [json.loads(line) for started in both for line in started.stdout]
        shares = [started.wait() for started in both]

    assert shares == [0, 0]
    assert not [line for line in said if "lost" in line]
    assert len({line["finished"] for line in said if "finished" in line}) == 200
    said = [line for line in said if "ts" in line]
    assert len(said) == 200
    threads = defaultdict(list)
    for line in said:
        threads[line["thread"]].append((line["ts"], line["begun"], line["ended"]))
    for turns in threads.values():
        turns.sort()
        for (_, _, ended), (_, begun, _) in itertools.pairwise(turns):
            assert ended < begun, "one began before the one before it had ended"
    db = await open_database(url)
    assert await inbox.waiting(db) == 0
    assert await usage.spent(db, "U1", DAY) == usage.Spent(200, 200), "a put counted twice or never"
    await db.close()


async def test_what_killed_processes_had_in_hand_is_finished_by_the_one_that_lives(url):
    with ExitStack() as stack:
        names = ("doomed-1", "doomed-2", "lives")
        started = [stack.enter_context(process("fragile", url, name)) for name in names]
        assert [heard(one) for one in started] == [{"ready": True}] * 3
        go_on(*started)
        said = []
        for one in started[:2]:
            said += [heard(one) for _ in range(25)]
            one.kill()
            said += [json.loads(line) for line in one.stdout if line.endswith("}\n")]
        said += [json.loads(line) for line in started[2].stdout]
        assert started[2].wait() == 0

    finished = [line["finished"] for line in said if "finished" in line]
    assert len(finished) == len(set(finished)), "finished twice"
    assert {line["ts"] for line in said if "ts" in line} == {
        f"17000{thread:05}.{number:06}" for thread in range(50) for number in range(4)
    }
    db = await open_database(url)
    assert await inbox.waiting(db) == 0
    await db.close()


async def test_a_killed_process_gives_its_question_back_with_its_message(url):
    now = datetime.now(UTC)
    db = await put_one(url, now)
    with process("hold", url, "dead") as held:
        assert heard(held) == {"holding": "q1"}
        held.kill()
        held.wait()

    assert await inbox.lease(db, "w", datetime.now(UTC), 60) is None
    row = await inbox.lease(db, "w", datetime.now(UTC) + timedelta(seconds=3), 60)

    assert row is not None
    assert (row.id, row.reply_ts, row.attempts) == ("q1", "1700000001.5", 2)
    await db.close()


async def test_a_process_killed_in_mid_transaction_leaves_nothing_half_done(url):
    db = await open_database(url)
    with process("midway", url, "U9") as started:
        assert heard(started) == {"midway": True}
        started.kill()
        started.wait()

    await usage.add(db, "U1", DAY, 5, 1)

    assert await usage.spent(db, "U9", DAY) == usage.Spent()
    assert await usage.spent(db, "U1", DAY) == usage.Spent(5, 1)
    await db.close()


async def test_what_two_processes_read_before_they_write_is_never_lost(url):
    db = await open_database(url)
    await usage.add(db, "counted", DAY, 0, 0)
    with ExitStack() as stack:
        both = [stack.enter_context(process("count", url, name)) for name in ("a", "b")]
        assert [heard(started) for started in both] == [{"ready": True}] * 2
        go_on(*both)
        assert [started.wait() for started in both] == [0, 0]

    assert await usage.spent(db, "counted", DAY) == usage.Spent(300, 0)
    await db.close()
