"""The whole journey on a folder of manifests, with the real steps: lines concerned change, nothing else does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from msgspec import Struct

from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.actions.undo_change import UndoChange
from tools.change.account import open_account
from tools.change.apply import apply, confirm
from tools.change.rehearse import rehearse
from tools.change.verify import Watch, verify
from tools.changes import Intent, Outcome, OutcomeKind, Rehearsal, State
from tools.cluster.connect import connect
from tools.cluster.writer import Writer
from tools.hardening import Setting
from tools.plans import Done
from tools.types import Action, ClusterConfig, ClusterSource, Target

CORPUS = Path(__file__).parents[2] / "corpus"
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


class Crash(BaseException):
    """The process ends here: no handler of the code sees it."""


class Desk(Struct):
    """A folder, and the executor that looks after it."""

    folder: Path
    writer: Writer
    reader: Any
    now: datetime = START

    async def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def clock(self) -> datetime:
        return self.now

    def harden(self, **change: Any) -> Action:
        target = Target("demo", "apps/v1", "Deployment", "shop", "web")
        given = {"target": target, "settings": (Setting.PRIVILEGED,)}
        return HardenWorkload(**{**given, "answers": ("privileged_container",), **change})

    async def rehearse(self, action: Action, done: tuple[Done, ...] = ()) -> Rehearsal:
        encoded = vocabulary.encode(action)
        return await rehearse(encoded, self.reader, self.writer, now=self.now, done=done)

    async def intend(
        self, action: Action, operation_id: str = "operation-1", **more: Any
    ) -> Intent:
        rehearsal = await self.rehearse(action, **more)
        assert rehearsal.seal, rehearsal
        return Intent(operation_id, rehearsal.seal, 0, self.now + timedelta(minutes=30))

    async def apply(self, intent: Intent) -> Outcome:
        return await apply(intent, self.writer, clock=self.clock, wait=self.wait)

    async def verify(self, intent: Intent, applied: Outcome) -> Outcome:
        return await verify(intent, applied, Watch(self.reader, self.writer, self.clock, self.wait))

    async def undo(self, intent: Intent, applied: Outcome) -> Intent:
        target = vocabulary.decode(intent.seal.action).target
        done = (Done(intent.operation, applied.uid),)
        undo = UndoChange(target=target, operation_id=intent.operation_id)
        return await self.intend(undo, "operation-2", done=done)

    def texts(self) -> dict[str, bytes]:
        found = (f for f in self.folder.rglob("*") if f.is_file() and ".oakum" not in f.parts)
        return {f.relative_to(self.folder).as_posix(): f.read_bytes() for f in found}


async def desk_of(folder: Path) -> Desk:
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(folder))
    return Desk(folder, await open_account(config), await connect(config))


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "web.yaml").write_text(WEB)
    opened = await desk_of(folder)
    yield opened
    await opened.writer.close()


async def test_from_finding_to_verified_and_back_byte_for_byte(desk: Desk) -> None:
    before = desk.texts()
    rehearsal = await desk.rehearse(desk.harden())
    assert rehearsal.state is State.READY
    [(_, changes)] = rehearsal.diff
    assert {c.path[-1]: (c.before, c.after) for c in changes}["privileged"] == (True, False)
    assert desk.texts() == before, "a rehearsal writes nothing"
    assert not (desk.folder / ".oakum").exists()

    intent = await desk.intend(desk.harden())
    assert await confirm(intent.seal, desk.reader, desk.writer, now=desk.now) == ""
    applied = await desk.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED
    old, new = WEB.splitlines(), (desk.folder / "web.yaml").read_text().splitlines()
    assert [line for line in old if line not in new] == [
        "            privileged: true   # since the outage"
    ]
    assert [line for line in new if line not in old] == [
        "            privileged: false   # since the outage",
        "            allowPrivilegeEscalation: false",
    ]
    verified = await desk.verify(intent, applied)
    assert verified.kind is OutcomeKind.VERIFIED
    assert "no running pod" in verified.reason
    assert [f.verdict for f in verified.findings] == ["pass"]

    undo = await desk.undo(intent, applied)
    undone = await desk.verify(undo, await desk.apply(undo))
    assert undone.kind is OutcomeKind.UNDONE
    assert desk.texts() == before
