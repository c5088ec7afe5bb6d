"""Real processes on one store: races, deaths at every database step, and who goes on afterwards."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.store import ledger
from bot.store.database import open_database
from bot.store.outbox import App
from bot.store.proposals import State
from bot.store.tables import ledger as table
from tests.bot.approval import processes
from tests.fakes import approvals as make

pytestmark = pytest.mark.slow
PROPOSALS = int(os.environ.get("OAKUM_PROPOSALS", "50"))


class Server:
    """The program that forks; lines are read in the order in which they were written."""

    def __init__(self, process):
        self.process = process
        self.pids = []

    def ask(self, **request):
        """Have a child started; gives its pid."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        self.pids.append(self.until("started")["started"])
        return self.pids[-1]

    def hear(self):
        """Read the next line."""
        line = self.process.stdout.readline()
        assert line, "the forking program has ended"
        said = json.loads(line)
        assert "failed" not in said, said
        return said

    def until(self, word, kept=None):
        """Read up to a line that has a word in it."""
        while word not in (said := self.hear()):
            if kept is not None:
                kept.append(said)
        return said


@pytest.fixture
def server():
    with forking() as started:
        yield started


@contextmanager
def forking():
    command = [sys.executable, "-W", "error", "-m", "tests.bot.approval.processes"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as process:
        started = Server(process)
        try:
            started.until("server")
            yield started
        finally:
            for pid in started.pids:
                _end(pid)
            process.stdin.close()
            process.kill()


def _end(pid):
    """Kill a child that may still be there; a dead one stays a zombie of its parent, so is no other."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


async def prepare(url, names):
    db = await open_database(url)
    for name in names:
        await make.pending(db, name, name, needed=1 + names.index(name) % 2)
    await db.close()


def test_many_presses_in_two_processes_make_one_execution_of_each_proposal(server, url):
    names = [f"p{number}" for number in range(PROPOSALS)]
    asyncio.run(prepare(url, names))
    both = [server.ask(mode="race", url=url, name=name, names=names) for name in ("a", "b")]
    heard = []
    for _ in both:
        server.until("ready", heard)
    for pid in both:
        os.kill(pid, signal.SIGUSR1)
    wanted = {"pressed": 2 * PROPOSALS * processes.PEOPLE, "claimed": PROPOSALS}
    while any(sum(word in said for said in heard) < count for word, count in wanted.items()):
        heard.append(server.hear())

    claimed = Counter(said["claimed"] for said in heard if "claimed" in said)
    assert claimed == Counter(names), "not exactly one execution of each"
    replies = Counter(said["reply"] for said in heard if "pressed" in said)
    assert replies["done"] == PROPOSALS + PROPOSALS // 2
    assert set(replies) <= {"done", "already", "wrong-state"}
    found, cases = asyncio.run(examine(url, names))
    assert (found.troubles, found.unsigned) == ([], [])
    for number, case in enumerate(cases):
        assert len({one.person for one in case.reviews}) == case.proposal.needed == 1 + number % 2
        assert len(case.steps) == 1


async def examine(url, names):
    db = await open_database(url)
    found = await ledger.verify(db, make.KEY, await ledger.head(db))
    cases = [await proposals.get(db, name) for name in names]
    await db.close()
    return found, cases


async def test_a_process_killed_at_any_step_leaves_what_another_can_finish_exactly_once(
    server, db, url, tmp_path
):
    effects = tmp_path / "effects"
    seen = Counter()
    for point in range(1, 1000):
        name = f"k{point}"
        await proposals.submit(db, make.draft(name, name))
        request = {"mode": "live", "url": url, "name": name, "effects": str(effects)}
        server.ask(point=point, wait=True, **request)
        ended = server.until("ended")
        seen[await finish_for_it(db, name, effects)] += 1
        if not ended["killed"]:
            assert ended["status"] == 0
            break
    assert point > 60, "fewer boundaries than there must be"
    checked = await ledger.verify(db, make.KEY, await ledger.head(db))
    assert (checked.troubles, checked.unsigned) == ([], [])
    assert seen["draft"] and seen["pending"] and seen["approved"] and seen["executing"], seen


async def finish_for_it(db, name, effects):
    """Take up what a dead executor left, whatever it is; returns the state in which it was found."""
    case = await proposals.get(db, name)
    found = case.proposal.state if case else "queued"
    await consistent(db, name, case, effects)
    heir = make.Clock(f"heir-{name}")
    if found in {"queued", State.DRAFT}:
        early = await proposals.claim_draft(db, heir.at(1), App.ASSISTANT)
        assert (early is None) == (found is State.DRAFT), "a running lease was taken away"
        if early is None:
            assert await proposals.claim_draft(db, heir.at(61), App.ASSISTANT)
        sealed = await proposals.seal(db, heir.at(2 if early else 62), name, make.sealing(name))
        assert sealed.reply is Reply.DONE
    if found in {"queued", State.DRAFT, State.PENDING}:
        await make.press(db, "bob", proposal=name, seconds=100)
    if found is State.EXECUTING:
        await take_over(db, name, heir)
    elif found is not State.DONE:
        assert [one.id for one in await proposals.approved(db)] == [name]
        assert (await make.claim(db, name, heir.at(200))).reply is Reply.DONE
    if found is not State.DONE:
        said = await processes.go_on(db, heir, name, 201, effects)
        assert (said.reply, said.state) == (Reply.DONE, State.DONE)
    assert processes.arrived(effects, f"{name}.0") == 1, "not exactly one effect"
    return found


async def take_over(db, name, heir):
    assert await proposals.interrupted(db, heir.at(121).now) == []
    assert (await proposals.take_over(db, heir.at(121), name)).reply is Reply.NOT_YOURS
    assert [one.id for one in await proposals.interrupted(db, heir.at(200).now)] == [name]
    both = await asyncio.gather(
        proposals.take_over(db, heir.at(200), name),
        proposals.take_over(db, make.Clock("other").at(200), name),
    )
    assert Counter(one.reply for one in both) == {Reply.DONE: 1, Reply.NOT_YOURS: 1}
    if both[0].reply is not Reply.DONE:
        assert (await proposals.take_over(db, heir.at(261), name)).reply is Reply.DONE


async def consistent(db, name, case, effects):
    """Whatever was in the middle is there whole, or not at all; nothing was sent before its intent."""
    async with db.read() as tx:
        bodies = select(table.c.body).where(table.c.proposal == name).order_by(table.c.number)
        entries = [json.loads(body) for body in (await tx.execute(bodies)).scalars()]
    if case is None:
        assert entries == []
        return
    assert [one["revision"] for one in entries] == list(range(1, case.proposal.revision + 1))
    assert entries[-1]["state"] == case.proposal.state
    assert bool(case.reviews) == (case.proposal.state not in {State.DRAFT, State.PENDING})
    assert bool(case.steps) == (case.proposal.state in {State.EXECUTING, State.DONE})
    if processes.arrived(effects, f"{name}.0"):
        assert case.steps[0].intent, "sent without an intent"


def test_an_executor_that_slept_past_its_lease_does_nothing_when_it_wakes(server, url):
    asyncio.run(approve(url))
    sleeper = server.ask(mode="paused", url=url, name="p1")
    assert server.until("claimed")["claimed"] == "done"
    os.kill(sleeper, signal.SIGSTOP)
    asyncio.run(take(url))
    os.kill(sleeper, signal.SIGCONT)
    os.kill(sleeper, signal.SIGUSR1)

    said = server.until("intended")

    assert said == {"intended": "not-yours", "ended": "not-yours"}


async def approve(url):
    db = await open_database(url)
    await make.approved(db, "p1", "p1")
    await db.close()


async def take(url):
    db = await open_database(url)
    said = await proposals.take_over(db, make.Clock("heir").at(181), "p1")
    assert said.reply is Reply.DONE
    await db.close()


def test_a_press_killed_in_mid_transaction_leaves_the_proposal_to_the_next(server, url):
    asyncio.run(prepare(url, ["p1"]))
    doomed = server.ask(mode="midway", url=url, name="p1")
    server.until("midway")
    os.kill(doomed, signal.SIGKILL)

    assert asyncio.run(press_after(url)) == (Reply.DONE, 1)


async def press_after(url):
    db = await open_database(url)
    said = await make.press(db, "cho")
    case = await proposals.get(db, "p1")
    await db.close()
    return said.reply, len(case.reviews)
