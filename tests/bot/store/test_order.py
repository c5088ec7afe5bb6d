"""The inbox against a model of a few lines, over whatever workers and deaths may do."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from bot.store import inbox
from bot.store.database import open_database
from bot.store.tables import inbox as table
from bot.types import Place

LEASE_S = 10
messages = st.tuples(st.just("put"), st.integers(0, 3), st.integers(0, 5))
workers = st.integers(0, 3)
steps = st.one_of(
    messages,
    st.tuples(st.just("lease"), workers, st.none()),
    st.tuples(st.just("finish"), workers, st.none()),
    st.tuples(st.just("extend"), workers, st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 4, 11]), st.none()),
)


@dataclass
class Known:
    """What the model knows of one question."""

    thread: int
    number: int
    attempts: int = 0
    until: int = 0
    worker: int = -1
    done: bool = False


class Model:
    def __init__(self):
        self.rows = {}
        self.clock = 0

    def open_in(self, thread):
        return [row for row in self.rows.values() if row.thread == thread and not row.done]

    def whose_turn(self):
        """Tell which questions may be handed out now: one of each thread at most."""
        turns = set()
        for thread in {row.thread for row in self.rows.values()}:
            waiting = self.open_in(thread)
            if waiting and not any(row.until > self.clock for row in waiting):
                first = min(waiting, key=lambda row: row.number)
                turns.add((first.thread, first.number))
        return turns

    def of(self, worker):
        """Tell what a worker believes to hold: what it was handed last."""
        held = [row for row in self.rows.values() if row.worker == worker and not row.done]
        return max(held, key=lambda row: row.until, default=None)


async def follow(db, plan, now):
    async with db.write() as tx:
        await tx.execute(delete(table))
    model = Model()
    for step in plan:
        await one_step(db, model, step, now + timedelta(seconds=model.clock))
    while any(not row.done for row in model.rows.values()):
        model.clock += LEASE_S + 1
        later = now + timedelta(seconds=model.clock)
        await one_step(db, model, ("lease", 0, None), later)
        await one_step(db, model, ("finish", 0, None), later)
    assert await inbox.waiting(db) == 0


async def one_step(db, model, step, now):
    what, which, number = step
    if what == "put":
        stored = await inbox.put(db, question(which, number, now), now)
        assert stored == ((which, number) not in model.rows)
        model.rows.setdefault((which, number), Known(which, number))
    elif what == "lease":
        await lease(db, model, which, now)
    elif what == "wait":
        model.clock += which
    elif row := model.of(which):
        await finish_or_extend(db, model, what, row, now)


async def lease(db, model, worker, now):
    turns = model.whose_turn()
    handed = await inbox.lease(db, f"w{worker}", now, LEASE_S)
    if handed is None:
        assert not turns
        return
    key = (int(handed.thread), int(handed.ts.split(".")[1]))
    assert key in turns
    row = model.rows[key]
    row.attempts += 1
    row.worker, row.until = worker, model.clock + LEASE_S
    assert handed.attempts == row.attempts


async def finish_or_extend(db, model, what, row, now):
    name = f"q-{row.thread}-{row.number}"
    if what == "finish":
        assert await inbox.finish(db, name, f"w{row.worker}", now, "answered")
        row.done = True
    else:
        held = await inbox.extend(db, name, f"w{row.worker}", now, LEASE_S)
        assert held == (row.until > model.clock)
        if held:
            row.until = model.clock + LEASE_S


def question(thread, number, now):
    return inbox.NewQuestion(
        id=f"q-{thread}-{number}",
        event_id=f"Ev-{thread}-{number}",
        team="T1",
        channel=f"C{thread}",
        ts=f"17.{number:06}",
        thread=str(thread),
        person="U1",
        place=Place.CHANNEL,
        text="?",
        received_at=now,
    )


def test_whatever_workers_do_each_thread_is_answered_once_and_in_order(url, now):
    with asyncio.Runner() as runner:
        db = runner.run(open_database(url))

        @settings(max_examples=60, deadline=None, database=None)
        @given(st.lists(steps, max_size=30))
        def agrees(plan):
            runner.run(follow(db, plan, now))

        agrees()
        runner.run(db.close())
