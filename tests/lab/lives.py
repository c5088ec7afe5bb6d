"""All lives of tests.lab at once: what is there before, everything in one executor, what came of it.

Used by test_life, whose tests each look at one part.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from bot.store import ledger
from bot.store.ledger import Entry, Verification
from bot.store.proposals import State
from tests.lab import acts, audit, disturbances, killed
from tests.lab.acts import ACTS, APART, HANDED_OVER, TRAFFIC, Act
from tests.lab.changing import EXECUTOR, WRITER_FILES, opened
from tests.lab.cluster import Lab
from tests.lab.disturbances import DISTURBANCES
from tests.lab.killed import Killed
from tests.lab.living import KEY, PEOPLE, STARTED, Lived, Living, living, now
from tools.actions.pin_image import PinImage
from tools.scan import scan
from tools.types import Target, Verdict

OTHERS = (APART, STARTED, disturbances.REFUSED)
"""Namespaces besides acts.WORK."""
READER = "system:serviceaccount:oakum:oakum-reader"
DEPLOYED, DENIED, PINNED, UNPINNED = "deployed", "traffic", "pinned", "unpinned"


@dataclass(repr=False)
class Lives:
    """What came of everything."""

    failed: frozenset[tuple[str, str, str, str]]
    """Check, kind, namespace and name of every finding before."""
    ended: Mapping[str, Lived | Killed | BaseException]
    entries: list[Entry]
    """Of the ledger."""
    verification: Verification
    executor: list[audit.Request]
    reader: list[audit.Request]

    def of(self, name: str) -> Lived:
        """Give one; raises what went wrong with it."""
        found = self.ended[name]
        if isinstance(found, BaseException):
            raise found
        assert isinstance(found, Lived)
        return found

    def killed(self) -> Killed:
        """Give the one of which a process was killed; raises what went wrong with it."""
        found = self.ended[killed.NAME]
        if isinstance(found, BaseException):
            raise found
        assert isinstance(found, Killed)
        return found


def granted() -> str:
    """Open the other namespaces to the executor, and all of them to the people."""
    writers = [opened(file, namespace) for namespace in OTHERS for file in WRITER_FILES]
    people = [acts.user(person) for person in PEOPLE]
    admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
    bindings = [
        acts.obj(
            *("rbac.authorization.k8s.io/v1", "RoleBinding", "people", namespace),
            roleRef={**admin, "name": "cluster-admin"},
            subjects=people,
        )
        for namespace in (acts.WORK, *OTHERS)
    ]
    return "\n---\n".join([*writers, *(msgspec.json.encode(one).decode() for one in bindings)])


def objects() -> str:
    """Give everything that is there before."""
    listed = [*ACTS.values(), TRAFFIC, acts.PINNED, *HANDED_OVER.values()]
    found = [obj for act in listed for obj in act.objects]
    found += [*disturbances.OBJECTS, *killed.OBJECTS]
    return msgspec.json.encode({"apiVersion": "v1", "kind": "List", "items": found}).decode()


async def live(lab: Lab, accounts: Mapping[str, Path], folder: Path, digest: str) -> Lives:
    """Live through everything. `digest` is of the image acts.APP_REPOSITORY."""
    assert lab.audit_log
    start = audit.end(lab.audit_log)
    async with living(lab, accounts, folder) as world:
        failed = await _failed(world)
        running = _all(world, digest)
        done = await asyncio.gather(*running.values(), return_exceptions=True)
        db = world.people.db
        found = [row.entry async for rows in ledger.pages(db) for row in rows]
        return Lives(
            failed,
            dict(zip(running, done, strict=True)),
            [entry for entry in found if entry],
            await ledger.verify(db, KEY),
            audit.requests(lab.audit_log, EXECUTOR, start),
            audit.requests(lab.audit_log, READER, start),
        )


def _all(world: Living, digest: str) -> dict[str, Awaitable[Lived | Killed]]:
    running: dict[str, Awaitable[Lived | Killed]] = {
        name: _act(world, name, act) for name, act in ACTS.items()
    }
    running |= {DENIED: _act(world, APART, TRAFFIC)}
    running |= {name: _handed_over(world, name, act) for name, act in HANDED_OVER.items()}
    running |= {name: disturb(world) for name, disturb in DISTURBANCES.items()}
    running |= {DEPLOYED: world.life(acts.deploy(digest))}
    running |= {killed.NAME: killed.killed(world)}
    running |= {PINNED: _pinned(world), UNPINNED: _unpinned(world)}
    return running


async def _act(world: Living, name: str, act: Act) -> Lived:
    return await world.life(act.action(await world.settled(act.target(name))))


async def _handed_over(world: Living, name: str, act: Act) -> Lived:
    return await world.handed_over(act.action(await world.settled(act.target(name))))


async def _pinned(world: Living) -> Lived:
    """Pin an image, and ask for the way back."""
    action = acts.PINNED.action(await world.settled(acts.PINNED.target(PINNED)))
    lived = await world.lived(action)
    told = await world.people.ask_to_undo(lived.case.proposal.id)
    assert isinstance(told, str), told
    return replace(lived, undo=await world.people.until(told, State.HANDED_OVER))


async def _unpinned(world: Living) -> Lived:
    """Ask to pin an image that was never pulled."""
    target = await world.settled(Target("lab", "apps/v1", "Deployment", APART, "apart"))
    proposal = await world.people.ask(PinImage(target=target))
    return Lived(await world.people.until(proposal, State.BLOCKED))


async def _failed(world: Living) -> frozenset[tuple[str, str, str, str]]:
    """Scan before anything is changed."""
    result = await scan(world.admin, benchmark="cis-1.12", now=now)
    return frozenset(
        (one.check, one.ref.kind, one.ref.namespace, one.ref.name)
        for one in result.findings
        if one.verdict is Verdict.FAIL
    )
