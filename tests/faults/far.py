"""The far side of killed executors: the API server, the store, the people, and what must hold in the end."""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.approval import proposals
from bot.store import ledger
from bot.store.database import Database, open_database
from bot.store.ledger import Event
from bot.store.proposals import Case, Draft, State
from tests.fakes.cluster_state import DEPLOYMENTS, NAMESPACES, deployment, namespace
from tests.fakes.executing import (
    EMPTY,
    KEY,
    PODS,
    POLICY,
    SETS,
    THREAD,
    actor,
    harden,
    roll_out,
    standing,
)
from tests.fakes.kubernetes import FakeKubernetes
from tests.faults.child import OVER, press
from tools import vocabulary

AFTER_LEASE_S = 35.0
"""By so much the clock goes on between a death and the next executor: its leases have ended."""


@dataclass
class Far:
    """Everything that outlives an executor."""

    api: FakeKubernetes
    db: Database
    request: dict[str, Any]
    server: asyncio.subprocess.Process
    later_s: float = 0.0
    alive: set[int] = field(default_factory=set)
    """Executors that were started, and not seen to end."""

    def clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.later_s)

    async def submit(self, name: str) -> None:
        """Ask for a Deployment of its own to be hardened, as serve does for a person."""
        self.api.objects[DEPLOYMENTS].append(deployment(name))
        action, ann = harden(name), actor("ann")
        draft = Draft(
            id=name,
            action=vocabulary.encode(action),
            target=action.target,
            requester="ann",
            account=(ann.account.team, ann.account.id),
            thread=THREAD,
            submitted_at=self.clock(),
            standing=standing.write(ann),
        )
        assert await proposals.submit(self.db, draft)

    def forget(self, name: str) -> None:
        """Take a Deployment away that no test needs any more."""
        for path in (DEPLOYMENTS, SETS, PODS):
            kept = [o for o in self.api.objects[path] if not _is_of(o, name)]
            self.api.objects[path] = kept

    async def fork(self, mode: str = "live", **request: Any) -> dict[str, Any]:
        """Run an executor; gives how it ended, or (mode `run`) its pid."""
        asked = {**self.request, "mode": mode, "later_s": self.later_s, **request}
        assert self.server.stdin
        self.server.stdin.write((json.dumps(asked) + "\n").encode())
        found: dict[str, Any] = {}
        last = "ended" if asked.get("wait", True) else "started"
        while last not in found:
            found |= await self.line()
        self.alive.add(found["started"])
        if "ended" in found and not found["stopped"]:
            self.alive.discard(found["ended"])
        return found

    async def line(self) -> dict[str, Any]:
        """Read what an executor or their parent says next."""
        assert self.server.stdout
        said = json.loads(await asyncio.wait_for(self.server.stdout.readline(), 60) or b"{}")
        assert said, "the forking process has ended"
        assert "failed" not in said, said
        return said

    async def case(self, name: str) -> Case | None:
        return await proposals.get(self.db, name)

    def effects(self, name: str) -> int:
        """Count how often a proposal changed something."""
        return sum(one.operation_id == f"{name}.0" for one in self.api.writes.effects)

    async def judge(self, names: list[str]) -> Counter[str]:
        """Hold what became of proposals against the server and the ledger; gives how they ended."""
        told = await self._told()
        ends: Counter[str] = Counter()
        for name in names:
            case = await self.case(name)
            assert case is not None, name
            proposal, effects = case.proposal, self.effects(name)
            assert proposal.state in OVER, proposal
            applied = proposal.outcome in {"verified", "unverified", "applied"}
            assert effects == applied, (proposal.state, proposal.outcome, effects)
            assert (Event.INTENDED in told[name]) >= effects, told[name]
            assert (Event.RECORDED in told[name]) >= effects, told[name]
            assert not any(step.locked for step in case.steps)
            ends[proposal.outcome or proposal.state.value] += 1
        return ends

    async def _told(self) -> dict[str, list[Event]]:
        """Read the ledger, which must be sound, signed after the last executor's turn, and whole."""
        await ledger.sign(self.db, KEY)
        verified = await ledger.verify(self.db, KEY)
        assert not verified.troubles
        told: dict[str, list[Event]] = {}
        async for page in ledger.pages(self.db):
            for row in page:
                assert row.entry is not None
                told.setdefault(row.proposal, []).append(row.entry.event)
        return told


@asynccontextmanager
async def far(url: str, folder: Path) -> AsyncGenerator[Far, None]:
    """Open an API server, a new store and a process that forks executors."""
    api = await FakeKubernetes().start()
    api.objects |= {DEPLOYMENTS: [], NAMESPACES: [namespace()]}
    api.objects |= {path: [] for path in EMPTY}
    api.writes.admit = roll_out(api)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    db = await open_database(url)
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    request = {"url": url, "kubeconfig": api.kubeconfig(folder), "policy": str(policy)}
    made = Far(api, db, request, server)
    try:
        assert "server" in await made.line()
        yield made
    finally:
        for pid in made.alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert server.stdin
        server.stdin.close()
        await server.wait()
        await db.close()
        await api.stop()


async def storm(there: Far, kills: int, seed: int, at_once: int = 4) -> Counter[str]:
    """Kill an executor at random times, again and again, while people ask and approve.

    Gives how the proposals ended, which are judged.
    """
    chance, names, left = random.Random(seed), list[str](), set[str]()
    for number in range(kills):
        while len(left) < at_once:
            names.append(f"web-{seed}-{len(names)}")
            left.add(names[-1])
            await there.submit(names[-1])
        started = await there.fork("run", wait=False, number=number)
        ends = asyncio.get_running_loop().time() + chance.uniform(0.05, 0.6)
        while asyncio.get_running_loop().time() < ends:
            left -= await _serve(there, left)
            await asyncio.sleep(0.01)
        os.kill(started["started"], signal.SIGKILL)
        there.later_s += AFTER_LEASE_S
    await there.fork(names=sorted(left))
    return await there.judge(names)


async def _serve(there: Far, left: set[str]) -> set[str]:
    """Play serve for a moment: press where something waits; gives what has come to its end."""
    over = set[str]()
    for name in left:
        case = await there.case(name)
        if case is not None and case.proposal.state is State.PENDING:
            await press(there, case)  # type: ignore[arg-type]
        if case is not None and case.proposal.state in OVER:
            over.add(name)
    return over


def _is_of(obj: Any, name: str) -> bool:
    found = obj["metadata"]["name"]
    return found == name or found.startswith(f"{name}-hash")
