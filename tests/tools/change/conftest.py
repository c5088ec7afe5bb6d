"""A cluster on loopback with one privileged Deployment, and the executor's two accounts there."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest_asyncio
from msgspec import Struct

from tests.fakes.cluster_state import DEPLOYMENTS, NAMESPACES, deployment, namespace
from tests.fakes.folder_desk import WEB, Desk, desk_of
from tests.fakes.kubernetes import FakeKubernetes, Fault
from tools import vocabulary
from tools.actions.harden_workload import HardenWorkload
from tools.change.account import open_account
from tools.change.apply import apply
from tools.change.rehearse import rehearse
from tools.changes import Intent, Outcome, Rehearsal
from tools.cluster.connect import connect
from tools.cluster.reader import Reader
from tools.cluster.writer import Writer
from tools.planning.hardening import Setting
from tools.types import ClusterConfig, ClusterSource, Target

START = datetime(2026, 1, 1, tzinfo=UTC)


class Bench(Struct):
    """Everything that a change meets; time is a number that waiting moves."""

    api: FakeKubernetes
    reader: Reader
    writer: Writer
    now: datetime = START

    def clock(self) -> datetime:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def action(self, name: str = "web", *settings: Setting) -> bytes:
        target = Target("lab", "apps/v1", "Deployment", "shop", name)
        wanted = settings or (Setting.PRIVILEGED,)
        answers = ("privileged_container",)
        return vocabulary.encode(HardenWorkload(target=target, settings=wanted, answers=answers))

    async def rehearse(self, action: bytes = b"") -> Rehearsal:
        return await rehearse(action or self.action(), self.reader, self.writer, now=self.now)

    async def intend(self, operation_id: str = "op-1", action: bytes = b"") -> Intent:
        rehearsal = await self.rehearse(action)
        assert rehearsal.seal, rehearsal
        self.api.requests.clear()
        return Intent(operation_id, rehearsal.seal, 0, self.now + timedelta(minutes=30))

    async def apply(self, intent: Intent, *, sent: bool = False) -> Outcome:
        sure = partial(asyncio.sleep, 0)
        return await apply(
            intent, self.writer, clock=self.clock, wait=self.wait, sure=sure, sent=sent
        )

    @property
    def effects(self) -> list[str]:
        """Name the operations that had an effect on the server, in order."""
        return [effect.operation_id for effect in self.api.writes.effects]

    def fail(self, how: str, **fault: object) -> None:
        self.api.faults = [Fault(how, **{"writes": True, "dry": False, "times": 1, **fault})]


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    api = await FakeKubernetes().start()
    api.objects |= {DEPLOYMENTS: [deployment()], NAMESPACES: [namespace()]}
    for path in ("/apis/policy/v1/poddisruptionbudgets", "/apis/rbac.authorization.k8s.io/v1"):
        api.objects[path] = []
    config = ClusterConfig(
        "lab",
        ClusterSource.KUBECONFIG,
        kubeconfig=api.kubeconfig(tmp_path),
        requests_per_second=10_000.0,
        timeout_s=0.4,
    )
    reader, writer = await connect(config), await open_account(config)
    yield Bench(api, reader, writer)
    await reader.close()
    await writer.close()
    await api.stop()


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "web.yaml").write_text(WEB)
    opened = await desk_of(folder)
    yield opened
    await opened.writer.close()
