"""Executors that stop, die or come second: what is in hand comes to a good place, and is gone on with."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from bot.executor.carrying import begin
from bot.executor.loop import Executor
from bot.executor.parts import Pace
from bot.store import ledger
from bot.store.ledger import Event
from bot.store.proposals import State
from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tests.fakes.executing import KEY, POLICY, harden
from tests.fakes.kubernetes import Fault
from tests.fakes.kubernetes_writes import Refused
from tools.actions.deploy_app import DeployApp
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind
from tools.types import Target


async def in_the_middle_of_a_rollout(world) -> None:
    """Stop an executor while it waits for a rollout."""
    world.hold_rollouts()
    async with world.executor():
        await world.pending()
        await world.press()
        await world.reached(lambda case: bool(case.steps and case.steps[0].outcome))


async def test_stopped_in_the_middle_of_a_rollout_the_next_executor_verifies(world) -> None:
    await in_the_middle_of_a_rollout(world)
    case = await world.case()
    assert case.proposal.state is State.EXECUTING
    assert case.steps[0].outcome == OutcomeKind.APPLIED
    world.finish_rollout()
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert world.effects == ["p1.0"]
    told = [row.entry.event async for page in ledger.pages(world.db) for row in page]
    assert Event.TAKEN_OVER in told
    assert not (await ledger.verify(world.db, KEY)).troubles


async def test_two_executors_at_once_do_everything_once(world) -> None:
    names = [f"web-{number}" for number in range(6)]
    world.api.objects[DEPLOYMENTS] += [deployment(name) for name in names]
    async with world.executor(), world.executor(), world.executor():
        for name in names:
            await world.submit(name, harden(name))
        for name in names:
            await world.until(State.PENDING, proposal=name)
            await world.press(name)
        for name in names:
            assert (await world.done(name)).proposal.outcome == OutcomeKind.VERIFIED
    assert sorted(world.effects) == [f"{name}.0" for name in names]


async def test_what_was_claimed_and_not_sent_is_asked_about_again_when_taken_over(world) -> None:
    await _claimed_only(world)
    world.policy_text = POLICY + "# another\n"
    world.skew += timedelta(seconds=150)
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert "policy has changed" in case.proposal.reason
    assert world.effects == []


async def test_what_was_claimed_and_not_sent_is_carried_out_when_taken_over(world) -> None:
    await _claimed_only(world)
    world.skew += timedelta(seconds=150)
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert world.effects == ["p1.0"]


async def test_what_waits_long_for_its_cluster_is_asked_about_again(world) -> None:
    async with world.executor():
        await world.pending()
    await world.press()
    world.api.faults = [Fault("status", status=503, writes=None)]
    async with world.executor():
        await world.until(State.EXECUTING)
        world.policy_text = POLICY + "# another\n"
        world.skew += timedelta(seconds=20)
        world.api.faults = []
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert world.effects == []


async def test_what_is_in_live_hands_is_not_taken_over(world) -> None:
    await _claimed_only(world)
    async with world.executor():
        await asyncio.sleep(0.1)
    assert (await world.case()).proposal.worker == "executor-2"
    assert world.effects == []


async def _claimed_only(world) -> None:
    """Let an executor claim an approved proposal, and die."""
    async with world.executor():
        await world.pending()
    await world.press()
    assert await begin(world.parts(), "p1")
    assert (await world.case()).proposal.state is State.EXECUTING


async def test_a_ledger_that_was_tampered_with_stops_everything(world) -> None:
    async with world.executor():
        await world.pending()
    await world.press()
    async with world.db.write() as tx:
        await tx.execute(text("DELETE FROM ledger WHERE number = 2"))
    stop = asyncio.Event()
    executor = Executor(world.parts(), stop)
    running = asyncio.create_task(executor.run())
    async with asyncio.timeout(20):
        while "incident" not in executor.trouble:
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert (await world.case()).proposal.state is State.APPROVED
    assert world.effects == []


def app() -> DeployApp:
    """Deploy a small application."""
    target = Target("lab", "apps/v1", "Deployment", "shop", "front")
    image = "lab.local/shop/front@sha256:" + "ab" * 32
    return DeployApp(target=target, image=image, port=8080, replicas=3, user=10001)


async def test_nothing_follows_a_step_of_which_the_server_made_something_else(world) -> None:
    async with world.executor():
        await world.pending("deploy-1", app())
        world.api.writes.admit = privately_changed
        await world.press("deploy-1")
        case = await world.done("deploy-1")
    assert world.effects == ["deploy-1.0"]
    assert case.proposal.outcome == OutcomeKind.FAILED
    assert "Not done: " in case.proposal.reason
    assert "did something else" in case.proposal.reason


def privately_changed(obj, dry) -> None:
    """Act as a webhook that leaves dry runs alone."""
    if not dry:
        obj["metadata"]["finalizers"] = ["example.com/kept"]


async def test_several_objects_are_made_in_order_and_undone_by_their_uids(world) -> None:
    async with world.executor():
        await world.pending("deploy-1", app())
        await world.press("deploy-1")
        case = await world.done("deploy-1")
        assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
        assert len(case.steps) > 2
        assert world.effects == [one.id for one in case.steps]
        undo = UndoChange(target=case.proposal.target, operation_id="deploy-1")
        await world.pending("undo-deploy-1", undo, undo_of="deploy-1")
        await world.press("undo-deploy-1")
        undone = await world.done("undo-deploy-1")
    assert undone.proposal.outcome == OutcomeKind.UNDONE, undone.proposal.reason
    assert [o["metadata"]["name"] for o in world.api.objects[DEPLOYMENTS]] == ["web"]


async def test_what_broke_off_between_objects_says_what_exists_and_offers_undo(world) -> None:
    async with world.executor():
        case = await world.pending("deploy-1", app())
        first, second = case.proposal.objects[:2]

        def admit(obj, dry):
            if not dry and obj["kind"] == second.kind:
                raise Refused(403, "no more of these")

        world.api.writes.admit = admit
        await world.press("deploy-1")
        case = await world.done("deploy-1")
        assert case.proposal.outcome == OutcomeKind.FAILED
        assert case.proposal.reason.startswith(f"Done: {first.kind} {first.name}. Not done:")
        assert "no more of these" in case.proposal.reason
        undo = UndoChange(target=case.proposal.target, operation_id="deploy-1")
        await world.submit("undo-deploy-1", undo, undo_of="deploy-1")
        found = await world.until(State.PENDING, State.BLOCKED, proposal="undo-deploy-1")
    assert found.proposal.state is State.PENDING, found.proposal.reason
    assert [one.name for one in found.proposal.objects] == [first.name]


async def test_a_lease_is_extended_for_as_long_as_a_rollout_is_waited_for(world) -> None:
    world.hold_rollouts()
    async with world.executor():
        await world.pending()
        await world.press()
        case = await world.reached(lambda case: bool(case.steps and case.steps[0].outcome))
        until = case.proposal.leased_until
        later = await world.reached(lambda case: (case.proposal.leased_until or until) > until)
        assert later.proposal.state is State.EXECUTING


async def test_who_lost_the_lease_while_looking_writes_nothing(world) -> None:
    async with world.executor():
        await world.pending()
    await world.press()
    work, tried = world.api.writes.admit, []

    def admit(obj, dry):
        tried.append(dry)
        if tried == [True, True]:
            world.skew += timedelta(seconds=150)
        work(obj, dry)

    world.api.writes.admit = admit
    async with world.executor():
        case = await world.done()
    told = [row.entry.event async for page in ledger.pages(world.db) for row in page]
    assert Event.TAKEN_OVER in told[: told.index(Event.RECORDED)]
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert world.effects == ["p1.0"]


async def test_what_breaks_off_again_and_again_is_given_up_and_lets_its_object_go(world) -> None:
    await _claimed_only(world)
    async with world.db.write() as tx:
        await tx.execute(text("UPDATE proposals SET action = seal"))
    world.pace = Pace(lease_s=40.0)
    world.skew += timedelta(seconds=150)
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.FAILED
    assert "broke off 3 times (incident ok-" in case.proposal.reason
    assert not any(step.locked for step in case.steps)
    assert world.effects == []


async def test_what_was_sent_and_cannot_be_gone_on_with_is_said_not_to_be_known(world) -> None:
    await in_the_middle_of_a_rollout(world)
    async with world.db.write() as tx:
        await tx.execute(text("UPDATE operations SET phase = 'intended', outcome = ''"))
        await tx.execute(text("UPDATE proposals SET action = seal"))
    world.pace = Pace(lease_s=40.0)
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.UNKNOWN
    assert not any(step.locked for step in case.steps)
