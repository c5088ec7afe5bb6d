"""A proposal's whole life in an executor's hands: draft, rehearsed, approved, executed, verified."""

import asyncio
from datetime import timedelta

import msgspec
from sqlalchemy import select

from bot.approval import wording
from bot.approval.policy.votes import Verdict
from bot.store import ledger
from bot.store.proposals import State
from bot.store.signs import EXECUTOR, alive
from bot.store.tables import signs
from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tests.fakes.executing import KEY, POLICY, harden
from tools.changes import Outcome, OutcomeKind, Rehearsal
from tools.planning.hardening import Setting

_HOUR = timedelta(hours=1)


async def test_from_draft_to_verified(world) -> None:
    async with world.executor():
        case = await world.pending()
        assert case.proposal.needed == 1
        assert world.effects == []
        await world.press()
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]
    assert not world.privileged()
    assert not case.steps[0].locked
    found = msgspec.json.decode(case.steps[0].detail, type=Outcome)
    assert {one.verdict for one in found.findings} == {"pass"}
    assert found.audit_id == case.steps[0].audit_id
    verified = await ledger.verify(world.db, KEY)
    assert not verified.troubles
    assert not verified.unsigned


async def test_a_rejected_one_is_never_executed(world) -> None:
    async with world.executor():
        await world.pending()
        await world.press(verdict=Verdict.DENY)
        await world.until(State.DENIED)
    assert world.effects == []


async def test_one_approval_of_two_executes_nothing(world) -> None:
    world.policy_text = POLICY.replace("approvals: 1", "approvals: 2")
    async with world.executor():
        await world.pending()
        await world.press(person="bob")
        await asyncio.sleep(0.2)
        assert world.effects == []
        await world.press(person="cat")
        await world.done()
    assert world.effects == ["p1.0"]


async def test_nothing_to_change_is_blocked_and_said_so(world) -> None:
    world.api.objects[DEPLOYMENTS] = [deployment(securityContext={"privileged": False})]
    async with world.executor():
        await world.submit()
        case = await world.until(State.BLOCKED)
    assert "already has all of that" in case.proposal.reason


async def test_a_slow_rollout_holds_up_no_rehearsal_and_no_other_execution(world) -> None:
    world.api.objects[DEPLOYMENTS].append(deployment("api"))
    world.hold_rollouts()
    async with world.executor():
        await world.pending()
        await world.press()
        await world.until(State.EXECUTING)
        await world.pending("p2", harden("api"))
        await world.press("p2")
        await world.reached(lambda case: bool(case.steps and case.steps[0].outcome), "p2")
        world.finish_rollout("api")
        assert (await world.done("p2")).proposal.outcome == OutcomeKind.VERIFIED
        assert (await world.case()).proposal.state is State.EXECUTING
        world.finish_rollout("web")
        assert (await world.done()).proposal.outcome == OutcomeKind.VERIFIED


async def test_a_second_change_of_one_object_waits_for_the_first_and_is_stale_then(world) -> None:
    world.hold_rollouts()
    async with world.executor():
        await world.pending()
        await world.pending("p2", harden("web", Setting.SECCOMP))
        await world.press()
        await world.reached(lambda case: bool(case.steps and case.steps[0].outcome))
        await world.press("p2")
        await asyncio.sleep(0.2)
        assert (await world.case("p2")).proposal.state is State.APPROVED
        world.finish_rollout()
        await world.done()
        second = await world.done("p2")
    assert second.proposal.outcome == OutcomeKind.STALE
    assert world.effects == ["p1.0"]


async def test_a_rollout_that_does_not_come_up_says_so_and_offers_undo(world) -> None:
    world.live()["spec"]["progressDeadlineSeconds"] = 20
    world.hold_rollouts()
    async with world.executor():
        await world.pending()
        await world.press()
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.UNVERIFIED
    assert "did not come up in time" in case.proposal.reason
    assert msgspec.json.decode(case.steps[0].detail, type=Outcome).suggest_undo


async def test_what_an_owner_would_write_back_is_handed_over_and_looked_at_until_it_is_done(
    world,
) -> None:
    world.live()["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    async with world.executor():
        await world.submit()
        case = await world.until(State.HANDED_OVER)
        assert msgspec.json.decode(case.proposal.rehearsal, type=Rehearsal).diff
        assert case.proposal.until is not None
        container = world.live()["spec"]["template"]["spec"]["containers"][0]
        container["securityContext"] |= {"privileged": False, "allowPrivilegeEscalation": False}
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert world.effects == []
    ending = wording.ending_of(case)
    assert ending is not None
    assert ("privileged_container", "pass") in {(one.check, one.verdict) for one in ending.findings}


async def test_what_nobody_takes_up_in_time_ends_unverified(world) -> None:
    world.live()["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    world.policy_text = POLICY.replace("approvals: 1", "approvals: 1\n    handover_hours: 1")
    async with world.executor():
        await world.submit()
        await world.until(State.HANDED_OVER)
        world.skew += _HOUR
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.UNVERIFIED
    assert "not been made yet" in case.proposal.reason


async def test_an_executor_gives_signs_of_life_and_signs_what_others_wrote(world) -> None:
    async with world.executor():
        await world.pending()
        await world.press(verdict=Verdict.DENY)
        first = await last_sign(world)
        async with asyncio.timeout(20):
            while await last_sign(world) <= first:
                await asyncio.sleep(0.01)
    assert not (await ledger.verify(world.db, KEY)).unsigned


async def last_sign(world):
    """Read when the executor was last at work."""
    async with world.db.read() as tx:
        return (await tx.execute(select(signs.c.at))).scalar_one()


async def test_a_clock_that_is_set_back_silences_no_executor(world) -> None:
    async with world.executor():
        await world.pending()
        before = await last_sign(world)
        world.skew -= _HOUR
        async with asyncio.timeout(20):
            while await last_sign(world) >= before:
                await asyncio.sleep(0.01)
        assert await alive(world.db, EXECUTOR, world.clock())


async def test_a_sign_from_before_the_clock_was_set_back_is_none(world) -> None:
    async with world.executor():
        await world.pending()
    world.skew -= _HOUR
    assert not await alive(world.db, EXECUTOR, world.clock())


async def test_an_approval_that_nobody_gives_expires(world) -> None:
    async with world.executor():
        await world.pending()
        world.skew += _HOUR
        await world.until(State.EXPIRED)
    assert (await world.press()).state is State.EXPIRED
