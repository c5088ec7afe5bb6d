"""A folder of manifests with the executor's real steps around it, and the end of a process at will."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.actions.undo_change import UndoChange
from tools.change.account import open_account
from tools.change.apply import apply
from tools.change.recover import recover
from tools.change.rehearse import rehearse
from tools.change.verify import Watch, verify
from tools.changes import Intent, Outcome, Rehearsal
from tools.cluster.connect import connect
from tools.cluster.reader import Reader
from tools.cluster.writer import Writer
from tools.planning.hardening import Setting
from tools.plans import Done
from tools.types import Action, ClusterConfig, ClusterSource, Target

START = datetime(2026, 1, 1, tzinfo=UTC)
WEB = """\
# who owns this: the shop team
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment   # the front
metadata:
  name: web
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        # the only one
        - name: app
          image: registry.example/web:1.2
          securityContext:
            privileged: true   # since the outage
            runAsUser: 1000
          ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name:   "odd",   namespace: 'shop'}
data: {a: "1"}
"""
PRIVILEGED = "            privileged: true   # since the outage"
SAFE = [
    "            privileged: false   # since the outage",
    "            allowPrivilegeEscalation: false",
]


class Crash(BaseException):
    """The process ends here: no handler of the code sees it."""


class Desk(Struct):
    """A folder, and the executor that looks after it; time is a number that waiting moves."""

    folder: Path
    writer: Writer
    reader: Reader
    now: datetime = START

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def clock(self) -> datetime:
        """Give the time."""
        return self.now

    async def rehearse(self, action: Action, done: tuple[Done, ...] = ()) -> Rehearsal:
        """Rehearse."""
        encoded = vocabulary.encode(action)
        return await rehearse(encoded, self.reader, self.writer, now=self.now, done=done)

    async def intend(
        self, action: Action, operation_id: str = "operation-1", done: tuple[Done, ...] = ()
    ) -> Intent:
        """Rehearse what has to be ready, and make the intent of its first step."""
        rehearsal = await self.rehearse(action, done)
        assert rehearsal.seal, rehearsal
        return Intent(operation_id, rehearsal.seal, 0, self.now + timedelta(minutes=30))

    async def apply(self, intent: Intent, *, sent: bool = False) -> Outcome:
        """Apply; `sent`: not for the first time."""
        sure = partial(asyncio.sleep, 0)
        return await apply(
            intent, self.writer, clock=self.clock, wait=self.wait, sure=sure, sent=sent
        )

    async def recover(self, intent: Intent) -> Outcome | None:
        """Recover as another process would: with a writer of its own."""
        other = await desk_of(self.folder)
        try:
            return await recover(intent, other.writer, now=self.now)
        finally:
            await other.writer.close()

    async def verify(self, intent: Intent, applied: Outcome) -> Outcome:
        """Verify."""
        return await verify(intent, applied, Watch(self.reader, self.writer, self.clock, self.wait))

    async def carry_out(
        self, action: Action, operation_id: str = "operation"
    ) -> tuple[tuple[Intent, ...], tuple[Outcome, ...]]:
        """Rehearse and apply every step, and verify the last one."""
        first = await self.intend(action, f"{operation_id}.0")
        intents = tuple(
            Intent(f"{operation_id}.{step}", first.seal, step, first.expires_at)
            for step in range(len(first.seal.steps))
        )
        outcomes = tuple([await self.apply(intent) for intent in intents])
        assert [str(each.kind) for each in outcomes] == ["applied"] * len(intents), outcomes
        return intents, (*outcomes[:-1], await self.verify(intents[-1], outcomes[-1]))

    async def undo(self, intents: tuple[Intent, ...], applied: tuple[Outcome, ...]) -> Intent:
        """Rehearse the undo of all steps of a change."""
        target = vocabulary.decode(intents[0].seal.action).target
        done = tuple(
            Done(intent.operation, one.uid, intent.seal.steps[intent.step].result_digest)
            for intent, one in zip(intents, applied, strict=True)
        )
        undo = UndoChange(target=target, operation_id=intents[0].operation_id.replace(".", "-"))
        return await self.intend(undo, f"{intents[0].operation_id.partition('.')[0]}-undo", done)

    def texts(self) -> dict[str, bytes]:
        """Give every file of the folder but the executor's records."""
        hidden = {".oakum", ".git"}
        found = (f for f in self.folder.rglob("*") if f.is_file() and not hidden & set(f.parts))
        return {f.relative_to(self.folder).as_posix(): f.read_bytes() for f in found}


def harden(**change: Any) -> Action:
    """Give the action that the folder's Deployment needs."""
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    given = {"target": target, "settings": (Setting.PRIVILEGED,)}
    return HardenWorkload(**{**given, "answers": ("privileged_container",), **change})


async def desk_of(folder: Path) -> Desk:
    """Open a folder."""
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(folder))
    return Desk(folder, await open_account(config), await connect(config))


_GATE: list[Any] = []


def meet(gate: Any) -> None:
    """Keep the gate that all processes of a pool pass together."""
    _GATE[:] = [gate]


def apply_in_process(folder: str, encoded: bytes) -> str:
    """Apply an intent in this process, once all are ready; gives the kind of its outcome."""

    async def run() -> str:
        desk = await desk_of(Path(folder))
        intent = msgspec.json.decode(encoded, type=Intent)
        await asyncio.to_thread(_GATE[0].wait, 60)
        outcome = await desk.apply(intent)
        await desk.writer.close()
        return str(outcome.kind)

    return asyncio.run(run())
