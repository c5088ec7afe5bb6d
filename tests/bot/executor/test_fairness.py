"""Hundreds that wait starve nobody: not what is approved, broken off or handed over after them."""

import tracemalloc
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from msgspec import structs
from sqlalchemy import insert, select

from bot.approval import proposals as rules
from bot.executor.carrying import begin
from bot.executor.ending import NO_CLUSTER
from bot.executor.parts import Pace
from bot.store.columns import encode
from bot.store.proposals import State
from bot.store.tables import proposals, reviews
from tests.fakes.executing import KEY, POLICY, harden
from tests.fakes.kubernetes import FakeKubernetes, Fault
from tools.change.account import open_account
from tools.changes import OutcomeKind
from tools.cluster.connect import connect
from tools.scope import Scope
from tools.types import ClusterConfig, ClusterSource

MANY = 210
AT_ONCE = 250
"""Rows in one transaction."""
STARTED = POLICY.replace("approvals: 1", "approvals: 1\n    execute: [cat]")


async def copied(world, many: int, **values) -> None:
    """Put so many proposals beside p1, all as it is but for these values and an older time."""
    async with world.db.read() as tx:
        [row] = await tx.execute(select(proposals).where(proposals.c.id == "p1"))
        said = [one._asdict() for one in await tx.execute(select(reviews))]
    like = {**row._asdict(), "changed_at": row.changed_at - timedelta(minutes=1), **values}
    for first in range(0, many, AT_ONCE):
        names = [f"q{number}" for number in range(first, min(first + AT_ONCE, many))]
        async with world.db.write() as tx:
            await tx.execute(insert(proposals), [like | {"id": name} for name in names])
            words = [one | {"proposal": name} for one in said for name in names]
            if words:
                await tx.execute(insert(reviews), words)


async def approved(world) -> None:
    async with world.executor():
        await world.pending()
    await world.press()


async def test_hundreds_that_nobody_starts_hold_up_nothing_that_was_approved_after_them(
    world,
) -> None:
    world.policy_text = STARTED
    await approved(world)
    await copied(world, MANY)
    async with world.executor():
        await world.start("p1", "cat")
        case = await world.until(State.DONE, real_s=60)
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]


async def test_hundreds_that_broke_off_on_a_cluster_that_is_gone_hold_up_none_on_another(
    world,
) -> None:
    await approved(world)
    assert await begin(world.parts(), "p1")
    await copied(world, MANY, cluster="gone", reason=f"{NO_CLUSTER} gone.")
    world.skew += timedelta(seconds=150)
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED


async def test_hundreds_that_are_handed_over_keep_nobody_from_looking_at_the_last(world) -> None:
    world.live()["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    async with world.executor():
        await world.submit()
        case = await world.until(State.HANDED_OVER)
    elsewhere = encode(structs.replace(case.proposal.target, cluster="gone"))
    await copied(world, MANY, cluster="gone", target=elsewhere)
    container = world.live()["spec"]["template"]["spec"]["containers"][0]
    container["securityContext"] |= {"privileged": False, "allowPrivilegeEscalation": False}
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED


async def test_all_whose_time_is_over_expire_at_once(world) -> None:
    await approved(world)
    await copied(world, MANY, state=State.PENDING.value, until=world.clock())
    assert await rules.expire_due(world.db, world.clock(), KEY) == MANY


@pytest.mark.slow
async def test_thousands_that_wait_take_no_memory_to_be_listed(world) -> None:
    await approved(world)
    await copied(world, 5_000, rehearsal=b"x" * 10_000)
    tracemalloc.start()
    listed = await rules.approved(world.db)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(listed) == 5_001
    assert most < 20_000_000


async def test_a_cluster_that_never_answers_keeps_no_other_from_being_rehearsed(
    world, tmp_path
) -> None:
    world.policy_text = POLICY.replace("lab: {}", "lab: {}\n  deaf: {}").replace(
        "clusters: [lab]", "clusters: [lab, deaf]"
    )
    world.open_to = Scope({"lab": frozenset({"shop"}), "deaf": frozenset({"shop"})})
    world.pace = Pace(lease_s=120.0, drain_s=0.1)
    async with deaf(tmp_path) as (reader, writer):
        for number in range(12):
            target = structs.replace(harden().target, cluster="deaf")
            await world.submit(f"d{number}", structs.replace(harden(), target=target))
        async with world.executor(
            readers=lambda: {"lab": world.reader, "deaf": reader},
            accounts={"lab": world.writer, "deaf": writer},
        ):
            case = await world.pending()
    assert case.proposal.target.cluster == "lab"


@asynccontextmanager
async def deaf(folder):
    """Open both accounts of a cluster that takes every request and answers none."""
    api = await FakeKubernetes().start()
    api.faults = [Fault("hang", writes=None)]
    config = ClusterConfig(
        "deaf", ClusterSource.KUBECONFIG, kubeconfig=api.kubeconfig(folder), timeout_s=60.0
    )
    reader, writer = await connect(config), await open_account(config)
    try:
        yield reader, writer
    finally:
        await reader.close()
        await writer.close()
        await api.stop()
