"""A write that was on its way when its executor ended, and was not done: asked and looked at as at the first time."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import update

from bot.approval import proposals, wording
from bot.executor.carrying import begin
from bot.executor.loop import run
from bot.store.operations import Phase
from bot.store.proposals import State
from bot.store.tables import operations
from tests.fakes.executing import POLICY, START, actor
from tools.actions.deploy_app import DeployApp
from tools.actions.restart import Restart
from tools.changes import Intent, OutcomeKind, Seal
from tools.types import Target

WEB = Target("lab", "apps/v1", "Deployment", "shop", "web")
KILLED = POLICY.replace("kill_switch: false", "kill_switch: true")
FROZEN = f"""{POLICY}freezes:
  - name: late
    zone: UTC
    clusters: [lab]
    from: wed 10:20
    until: wed 10:25
"""
RISKS = (
    POLICY.replace("risks: any", "risks: [low]")
    + """\
  - name: what is risky
    clusters: [lab]
    namespaces: any
    actions: any
    risks: any
    propose: [ann, bob]
    approve: [bob, cat]
    approvals: 2
"""
)
_LAPSED = timedelta(seconds=150)
_LONG = timedelta(hours=1)


async def sent_and_lost(world, action=None) -> None:
    """Commit the intent of a write, and end before it is sent."""
    async with world.executor():
        await world.pending(action=action)
    await world.press()
    parts = world.parts()
    assert await begin(parts, "p1")
    proposal = (await world.case()).proposal
    seal = msgspec.json.decode(proposal.seal, type=Seal)
    said = await proposals.intend(
        world.db, parts.turn(), "p1", Intent("p1.0", seal, 0, proposal.until)
    )
    assert said.reply == "done"
    world.skew += _LAPSED


async def refused(world) -> str:
    """Let an executor take over; give why it ends as refused with nothing changed."""
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.REFUSED, case.proposal.reason
    assert world.effects == []
    assert not case.steps[0].locked
    return case.proposal.reason


async def waits(world, why: str) -> None:
    """Let the executor that runs look for a while; nothing may come of it but that people are told why."""
    await world.reached(lambda case: why in case.proposal.reason)
    await asyncio.sleep(0.3)
    case = await world.case()
    assert case.proposal.state is State.EXECUTING
    assert wording.status(case) == "Stands still for now"
    assert case.steps[0].phase is Phase.INTENDED
    assert world.effects == []


async def goes_on(world) -> None:
    case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert case.proposal.reason == ""
    assert world.effects == ["p1.0"]


async def test_while_the_kill_switch_is_on_it_waits(world) -> None:
    await sent_and_lost(world)
    world.policy_text = KILLED
    async with world.executor():
        await waits(world, "kill switch")
        world.policy_text = POLICY
        await goes_on(world)


async def test_while_a_freeze_holds_it_waits(world) -> None:
    world.policy_text = FROZEN
    await sent_and_lost(world)
    world.skew += START + timedelta(minutes=21) - world.clock()
    async with world.executor():
        await waits(world, "The freeze 'late' holds")
        world.skew += START + timedelta(minutes=26) - world.clock()
        await goes_on(world)


async def test_what_stays_stopped_until_the_approval_is_over_is_refused(world) -> None:
    await sent_and_lost(world)
    world.policy_text = KILLED
    async with world.executor():
        await waits(world, "kill switch")
        world.skew += _LONG
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert "kill switch" in case.proposal.reason
    assert world.effects == []


async def test_what_became_riskier_meanwhile_needs_the_approvals_of_its_new_risk(world) -> None:
    world.policy_text = RISKS
    await sent_and_lost(world, Restart(target=WEB, at="2026-03-04T10:00:00Z"))
    world.live()["spec"]["replicas"] = 1
    assert "pending, not approved" in await refused(world)


async def test_an_approver_who_left_meanwhile_does_not_count(world) -> None:
    await sent_and_lost(world)
    world.people[actor("bob").account] = actor("bob", is_deactivated=True)
    assert "approval of bob no longer counts" in await refused(world)


async def test_whom_the_cluster_no_longer_allows_it_gets_nothing_done(world) -> None:
    world.policy_text = POLICY.replace("lab: {}", "lab: {access_check: true}")
    await sent_and_lost(world)
    world.api.writes.allowed = lambda spec: False
    assert "Kubernetes does not allow" in await refused(world)


@pytest.mark.parametrize("next_step", [Phase.CLAIMED, Phase.INTENDED])
async def test_what_is_done_in_part_goes_no_further_under_another_policy(world, next_step) -> None:
    target = Target("lab", "apps/v1", "Deployment", "shop", "front")
    image = "lab.local/shop/front@sha256:" + "ab" * 32
    app = DeployApp(target=target, image=image, port=8080, replicas=3, user=10001)
    async with world.executor():
        await world.pending(action=app)
    await world.press()
    stop = asyncio.Event()

    def ended(obj, dry) -> None:
        if not dry:
            stop.set()

    world.api.writes.admit = ended
    await asyncio.wait_for(run(world.parts(), stop), 20)
    assert len(world.effects) == 1
    async with world.db.write() as tx:
        left = update(operations).where(operations.c.phase == Phase.INTENDED.value)
        await tx.execute(left.values(phase=next_step.value))
    world.policy_text = POLICY + "# another\n"
    world.skew += _LAPSED
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.FAILED
    assert "policy has changed" in case.proposal.reason
    assert case.proposal.reason.startswith("Done: ")
    assert len(world.effects) == 1
