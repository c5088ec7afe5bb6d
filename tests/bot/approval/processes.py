"""Processes of their own on a store, forked from one that has imported everything: for deaths and races.

Started by the tests as a program, and ended with them: when nobody writes to it any more. Reads one JSON request a line, `{"mode", "url", "name", ...}`, forks
a child for it and says its pid; children write what they do to standard output as JSON lines. Single-
threaded itself, so that forking it is safe.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Reply
from bot.store import transaction, waiting
from bot.store.database import Database, _address, _engine
from bot.store.operations import Phase
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes import approvals as make
from tests.fakes.forked import die_with
from tools.changes import OutcomeKind

PEOPLE = int(os.environ.get("OAKUM_PRESSES", "20"))


def say(**facts: object) -> None:
    """Write one line at once, whole, whoever else writes."""
    os.write(1, (json.dumps(facts) + "\n").encode())


class Doom:
    """Kills this process at a numbered boundary: after a step of the database, or after a write arrived.

    What lies between the end of one step and the begin of the next changes nothing outside.
    """

    point = 0
    passed = 0

    @classmethod
    def boundary(cls) -> None:
        """Pass one."""
        cls.passed += 1
        if cls.passed == cls.point:
            os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: int) -> None:
    """Choose the boundary, counted from 1."""
    to_its_end = transaction._to_its_end

    async def counted(step, grace_s):
        done = await to_its_end(step, grace_s)
        Doom.boundary()
        return done

    Doom.point = point
    transaction._to_its_end = counted


def send(effects: Path, operation: str) -> None:
    """Stand in for the cluster: one line for each write that arrived."""
    with effects.open("a", encoding="utf-8") as cluster:
        cluster.write(operation + "\n")
    Doom.boundary()


def arrived(effects: Path, operation: str) -> int:
    """Count how often a write arrived."""
    said = effects.read_text(encoding="utf-8") if effects.exists() else ""
    return said.splitlines().count(operation)


async def go_on(db: Database, executor: make.Clock, name: str, seconds: float, effects: Path):
    """Do what an executor does with an execution in its hands, from wherever its row says it is."""
    case = await proposals.get(db, name)
    assert case is not None
    (step,) = case.steps
    if step.phase is not Phase.RECORDED:
        if step.phase is Phase.CLAIMED or not arrived(effects, step.id):
            said = await proposals.intend(db, executor.at(seconds), name, make.intent(name, name))
            if said.reply is not Reply.DONE:
                return said
            send(effects, step.id)
        applied = make.outcome(OutcomeKind.APPLIED, name)
        await proposals.record(db, executor.at(seconds + 1), name, applied)
    verified = make.outcome(OutcomeKind.VERIFIED, name)
    return await proposals.finish(db, executor.at(seconds + 2), name, verified)


async def live(db: Database, name: str, effects: Path) -> None:
    """Take one draft from rehearsal to verified, serve's press in between."""
    executor = make.Clock(f"doomed-{name}")
    claimed = await proposals.claim_draft(db, executor.at(0), App.ASSISTANT)
    assert claimed is not None
    await proposals.seal(db, executor.at(1), name, make.sealing(name))
    await make.press(db, "bob", proposal=name)
    await make.claim(db, name, executor.at(120))
    await go_on(db, executor, name, 121, effects)


async def race(db: Database, name: str, names: list[str]) -> None:
    """Press on every proposal as twenty people at once, and execute what gets approved."""
    say(ready=name)
    signal.sigwait([signal.SIGUSR1])
    pressing = asyncio.ensure_future(_press_all(db, names, name))
    executor = make.Clock(f"executor-{name}", lease_s=3600)
    left = set(names)
    while left:
        for proposal in await proposals.approved(db):
            said = await make.claim(db, proposal.id, executor.at(120))
            if said.reply is Reply.DONE:
                say(claimed=proposal.id, by=name)
        left -= {one.id for one in await waiting.in_state(db, State.EXECUTING)}
        await asyncio.sleep(0.05)
    await pressing


async def _press_all(db: Database, names: list[str], name: str) -> None:
    for proposal in names:
        digest = await make.digest_of(db, proposal)
        presses = (
            make.press(db, f"person-{n}", proposal=proposal, digest=digest) for n in range(PEOPLE)
        )
        for person, said in enumerate(await asyncio.gather(*presses)):
            say(pressed=proposal, person=person, by=name, reply=said.reply.value)


async def paused(db: Database, name: str) -> None:
    """Claim an execution and stop before the intent, until it is woken; then try to go on."""
    executor = make.Clock("paused")
    said = await make.claim(db, name, executor.at(120))
    say(claimed=said.reply.value)
    signal.sigwait([signal.SIGUSR1])
    late = await proposals.intend(db, executor.at(121), name, make.intent(name, name))
    ended = await proposals.finish(db, executor.at(122), name, make.outcome(OutcomeKind.APPLIED))
    say(intended=late.reply.value, ended=ended.reply.value)


async def midway(db: Database, name: str) -> None:
    """Press, and stop inside the transaction until killed."""
    to_its_end = transaction._to_its_end
    steps = 0

    async def stopping(step, grace_s):
        nonlocal steps
        steps += 1
        if steps == 8:
            say(midway=True)
            signal.sigwait([signal.SIGUSR1])
        return await to_its_end(step, grace_s)

    digest = await make.digest_of(db, name)
    transaction._to_its_end = stopping
    await make.press(db, "bob", Verdict.APPROVE, name, digest=digest)


async def child(request: dict[str, object]) -> None:
    db = Database(_engine(_address(str(request["url"]))))
    if "point" in request:
        die_at(int(str(request["point"])))
    name, mode = str(request["name"]), request["mode"]
    if mode == "live":
        await live(db, name, Path(str(request["effects"])))
        say(lived=name)
    elif mode == "race":
        await race(db, name, [str(one) for one in request["names"]])  # type: ignore[attr-defined]
    else:
        await {"paused": paused, "midway": midway}[str(mode)](db, name)
    await db.close()


def serve() -> None:
    """Fork a child for each request, and wait for those that are to be waited for."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    server = os.getpid()
    say(server=server)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            die_with(server)
            try:
                asyncio.run(child(request))
            except BaseException as error:  # noqa: BLE001 - told to the test, then gone
                say(failed=repr(error))
                os._exit(1)
            os._exit(0)
        say(started=pid)
        if request.get("wait"):
            _, status = os.waitpid(pid, 0)
            say(ended=pid, killed=os.WIFSIGNALED(status), status=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    serve()
