"""Executors as processes of their own, forked from one that has imported everything, to be killed.

`python -m tests.faults.child` reads one JSON request a line, forks a child for it and says its pid;
children write what they do to standard output as JSON lines. Single-threaded itself, so that forking it
is safe.

A fault point is a place right before or right after something becomes visible outside the process: a
commit to the store, or a request to the API server that writes (dry runs too). They are numbered in the
order in which one life passes them. What lies between two of them changes nothing outside.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.approval import proposals
from bot.approval.policy.file.document import parse
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Press
from bot.executor.edge import at_edge
from bot.executor.loop import Executor, run
from bot.executor.parts import Parts
from bot.store import proposals as rows
from bot.store.database import Database, _address, _engine
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes.executing import KEY, actor, standing
from tests.fakes.forked import die_with
from tools.change.account import open_account
from tools.cluster.connect import connect
from tools.cluster.live import writer as live_writer
from tools.scope import Scope
from tools.types import ClusterConfig, ClusterSource

SPEED = 50.0
"""Waiting is this much shorter than the product asks for."""
OVER = frozenset(
    {State.BLOCKED, State.DENIED, State.WITHDRAWN, State.EXPIRED, State.DONE, State.HANDED_OVER}
)


def say(**facts: object) -> None:
    """Write one line at once, whole, whoever else writes."""
    os.write(1, (json.dumps(facts) + "\n").encode())


class Doom:
    """Sends this process a signal at a numbered fault point; 0: never."""

    point = 0
    passed = 0
    sends = signal.SIGKILL
    names: tuple[str, ...] = ()

    @classmethod
    def boundary(cls, name: str) -> None:
        """Pass one."""
        cls.passed += 1
        cls.names = (*cls.names, name)
        if cls.passed == cls.point:
            os.kill(os.getpid(), cls.sends)


def number_the_points() -> None:
    """Put a fault point before and after each commit and each write to the API server."""
    write, send = Database.write, live_writer.LiveWriter._send

    @asynccontextmanager
    async def counted_write(self: Database) -> AsyncGenerator[Any, None]:
        async with write(self) as tx:
            yield tx
            Doom.boundary("before a commit")
        Doom.boundary("after a commit")

    async def counted_send(self: Any, *request: Any) -> Any:
        Doom.boundary("before a request")
        reply = await send(self, *request)
        Doom.boundary("after a request")
        return reply

    Database.write = counted_write
    live_writer.LiveWriter._send = counted_send


async def parts_of(request: dict[str, Any], db: Database) -> Parts:
    """Give an executor its parts; its clock is the real one and a number of seconds."""
    config = ClusterConfig(
        "lab",
        ClusterSource.KUBECONFIG,
        kubeconfig=request["kubeconfig"],
        requests_per_second=10_000.0,
        timeout_s=5.0,
    )
    reader, account = await connect(config), await open_account(config)
    policy = parse(Path(request["policy"]).read_text(encoding="utf-8"))

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)

    return Parts(
        db=db,
        key=KEY,
        policy=lambda: policy,
        readers=lambda: {"lab": reader},
        accounts={"lab": account},
        scope=lambda _: Scope({"lab": frozenset({"shop"})}),
        actor=None,
        clock=lambda: datetime.now(UTC) + timedelta(seconds=request["later_s"]),
        wait=wait,
        worker=f"executor-{os.getpid()}-{request['later_s']}",
        app=App.ASSISTANT,
    )


async def live(parts: Parts, names: list[str]) -> None:
    """Bring proposals from draft to their end, one thing after another, serve's presses in between."""
    executor = Executor(parts, asyncio.Event())
    left = set(names)
    while left:
        await at_edge(executor._turn)
        looking = [executor._looking] if executor._looking else []
        await asyncio.gather(
            *executor._rehearsing.values(), *executor._executing.values(), *looking
        )
        for name in sorted(left):
            await at_edge(partial(serve_moment, parts, name, left))


async def serve_moment(parts: Parts, name: str, left: set[str]) -> None:
    """Press where a proposal waits; leave out one that is over. A store that is away is asked again."""
    case = await rows.get(parts.db, name)
    if case is not None and case.proposal.state is State.PENDING:
        await press(parts, case)
    if case is not None and case.proposal.state in OVER:
        left.discard(name)


async def press(parts: Parts, case: rows.Case) -> None:
    """Approve as bob, as serve does."""
    bob = actor("bob")
    said = Press(
        proposal=case.proposal.id,
        person="bob",
        account=tuple(bob.account),
        verdict=Verdict.APPROVE,
        reason="",
        digest=case.proposal.digest,
        policy_version=case.proposal.policy_version,
        standing=standing.write(bob),
    )
    await proposals.review(parts.db, said, parts.clock())


async def child(request: dict[str, Any]) -> None:
    """Be an executor."""
    db = Database(_engine(_address(request["url"])))
    parts = await parts_of(request, db)
    if request["mode"] == "run":
        await run(parts, asyncio.Event())
    number_the_points()
    Doom.point, Doom.sends = request.get("point", 0), request.get("sends", signal.SIGKILL)
    await live(parts, request["names"])
    say(points=Doom.names)
    os._exit(0)


def serve(
    be: Callable[[dict[str, Any]], Awaitable[None]] = child,
) -> None:
    """Fork a child for each request; say how each ended that is to be waited for."""
    server = os.getpid()
    say(server=server)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            die_with(server)
            try:
                asyncio.run(be(request))  # type: ignore[arg-type]
            except BaseException as error:  # noqa: BLE001 - told to the test, then gone
                say(failed=repr(error))
                os._exit(1)
        say(started=pid)
        if request.get("wait", True):
            _, status = os.waitpid(pid, os.WUNTRACED)
            say(ended=pid, stopped=os.WIFSTOPPED(status), killed=os.WIFSIGNALED(status))


if __name__ == "__main__":
    serve()
