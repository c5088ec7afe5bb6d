"""Undo: a proposal of its own, by a vote or, where the policy lets them, by its requester's own word."""

from datetime import timedelta

import pytest

from bot.approval import deciding, differences, wording
from bot.approval.deciding import Ground
from bot.store import ledger
from bot.store.ledger import Event
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes.cluster_state import DEPLOYMENTS
from tests.fakes.executing import KEY, POLICY, actor
from tests.fakes.kubernetes_writes import Refused
from tools.actions.deploy_app import DeployApp
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind
from tools.planning.patching import applied
from tools.types import Target

CHANGE, UNDO = "change-1", "undo-of-1"
AT_ONCE = POLICY.replace(
    "approvals: 1", "approvals: 1\n    undo_minutes: 10\n    undo_by: [requester, approver]"
)


async def executed(world) -> None:
    """Carry a change out, asked for by ann and approved by bob."""
    async with world.executor():
        await world.pending(CHANGE)
        await world.press(CHANGE)
        case = await world.done(CHANGE)
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert not world.privileged()


async def ask(world, who: str) -> None:
    """Press undo."""
    target = (await world.case(CHANGE)).proposal.target
    action = UndoChange(target=target, operation_id=CHANGE)
    await world.submit(UNDO, action, who=who, undo_of=CHANGE)


async def test_an_undo_with_a_vote_puts_back_what_was(world) -> None:
    await executed(world)
    async with world.executor():
        await ask(world, "ann")
        await world.until(State.PENDING, proposal=UNDO)
        assert not world.privileged()
        await world.press(UNDO)
        case = await world.done(UNDO)
    assert case.proposal.outcome == OutcomeKind.UNDONE, case.proposal.reason
    assert world.privileged() is True
    assert world.effects == [f"{CHANGE}.0", f"{UNDO}.0"]


@pytest.mark.parametrize("who", ["ann", "bob"])
async def test_whom_the_policy_lets_undoes_at_once_by_their_own_word(world, who) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    async with world.executor():
        await ask(world, who)
        case = await world.done(UNDO)
    assert case.proposal.outcome == OutcomeKind.UNDONE, case.proposal.reason
    assert world.privileged() is True
    assert [one.person for one in case.reviews] == [who]
    told = [row.entry async for page in ledger.pages(world.db) for row in page]
    [sealed] = [one for one in told if one.proposal == UNDO and one.event is Event.SEALED]
    assert (sealed.person, sealed.state, sealed.facts["verdict"]) == (who, "approved", "approve")
    assert not (await ledger.verify(world.db, KEY)).troubles


async def test_who_neither_asked_nor_approved_needs_a_vote(world) -> None:
    world.policy_text = AT_ONCE.replace("propose: [ann, bob]", "propose: [ann, bob, cat]")
    await executed(world)
    async with world.executor():
        await ask(world, "cat")
        case = await world.until(State.PENDING, proposal=UNDO)
    assert case.reviews == ()
    assert not case.proposal.requester_may_approve


async def test_after_its_time_an_undo_needs_a_vote(world) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    world.skew += timedelta(minutes=10)
    async with world.executor():
        await ask(world, "ann")
        await world.until(State.PENDING, proposal=UNDO)
    assert not world.privileged()


async def test_an_undo_by_own_word_is_asked_about_again_right_before_the_write(world) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    answers = [actor("ann")]

    async def once(account):
        if not answers:
            raise TimeoutError
        return answers.pop()

    async with world.executor(actor=once):
        await ask(world, "ann")
        await world.until(State.APPROVED, proposal=UNDO)
    assert not world.privileged()
    world.people[actor("ann").account] = actor("ann", is_deactivated=True)
    async with world.executor():
        case = await world.done(UNDO)
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert not world.privileged()


async def test_an_undo_by_own_word_is_refused_where_its_time_is_over_at_the_write(world) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    answers = [actor("ann")]

    async def once(account):
        if not answers:
            raise TimeoutError
        return answers.pop()

    async with world.executor(actor=once):
        await ask(world, "ann")
        await world.until(State.APPROVED, proposal=UNDO)
    world.skew += timedelta(minutes=10)
    async with world.executor():
        case = await world.done(UNDO)
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert "time for an undo without a vote" in case.proposal.reason
    assert not world.privileged()


async def test_access_is_asked_about_for_an_undo_by_own_word(world) -> None:
    world.policy_text = AT_ONCE.replace("lab: {}", "lab: {access_check: true}")
    await executed(world)
    world.api.writes.allowed = lambda spec: False
    async with world.executor():
        await ask(world, "ann")
        case = await world.until(State.BLOCKED, proposal=UNDO)
    assert "Kubernetes does not allow ann" in case.proposal.reason
    assert not world.privileged()


async def test_what_somebody_changed_since_is_not_undone(world) -> None:
    await executed(world)
    container = world.live()["spec"]["template"]["spec"]["containers"][0]
    container["securityContext"]["privileged"] = None
    async with world.executor():
        await ask(world, "ann")
        case = await world.until(State.BLOCKED, proposal=UNDO)
    assert "changed" in case.proposal.reason


def another_image(obj) -> None:
    obj["spec"]["template"]["spec"]["containers"][0]["image"] = "other"


def seven(obj) -> None:
    obj["spec"]["replicas"] = 7


@pytest.mark.parametrize("edit", [another_image, seven, None])
async def test_what_somebody_changed_since_it_was_created_is_not_deleted_by_an_own_word(
    world, edit
) -> None:
    world.policy_text = AT_ONCE
    target = Target("lab", "apps/v1", "Deployment", "shop", "app")
    image = "registry.example/shop/app@sha256:" + "a" * 64
    async with world.executor():
        await world.pending(
            CHANGE, DeployApp(target=target, image=image, port=8080, replicas=3, user=1000)
        )
        await world.press(CHANGE)
        case = await world.done(CHANGE)
        assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
        if edit:
            world.api.writes.change(DEPLOYMENTS, "app", edit)
        await ask(world, "ann")
        case = await world.until(State.BLOCKED, State.DONE, proposal=UNDO)
    left = [one["metadata"]["name"] for one in world.api.objects[DEPLOYMENTS]]
    if edit:
        assert case.proposal.state is State.BLOCKED
        assert "no longer what was made" in case.proposal.reason
    else:
        assert case.proposal.outcome == OutcomeKind.UNDONE, case.proposal.reason
    assert ("app" in left) is bool(edit)


async def test_what_has_not_ended_is_not_undone(world) -> None:
    world.hold_rollouts()
    async with world.executor():
        await world.pending(CHANGE)
        await world.press(CHANGE)
        await world.reached(lambda case: bool(case.steps and case.steps[0].outcome), CHANGE)
        await ask(world, "ann")
        case = await world.until(State.BLOCKED, proposal=UNDO)
    assert "no executed change" in case.proposal.reason


async def test_an_undo_that_names_another_change_than_it_was_asked_for_is_blocked(world) -> None:
    await executed(world)
    target = (await world.case(CHANGE)).proposal.target
    action = UndoChange(target=target, operation_id="some-other-1")
    async with world.executor():
        await world.submit(UNDO, action, undo_of=CHANGE)
        case = await world.until(State.BLOCKED, proposal=UNDO)
    assert "names another change" in case.proposal.reason


async def test_undone_once_there_is_nothing_left_to_undo(world) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    async with world.executor():
        await ask(world, "ann")
        await world.done(UNDO)
        target = (await world.case(CHANGE)).proposal.target
        action = UndoChange(target=target, operation_id=CHANGE)
        await world.submit("undo-of-1-again", action, undo_of=CHANGE)
        case = await world.until(State.BLOCKED, proposal="undo-of-1-again")
    assert "changed Deployment web since" in case.proposal.reason


async def test_where_serve_is_not_trusted_its_word_that_somebody_pressed_undo_carries_nothing(
    world,
) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    async with world.executor(app=App.APPROVALS):
        await ask(world, "ann")
        case = await world.until(State.PENDING, State.DONE, proposal=UNDO)
    assert (case.proposal.state, case.reviews) == (State.PENDING, ())
    assert not case.proposal.requester_may_approve
    assert not world.privileged()


async def test_a_press_on_undo_that_the_executor_took_itself_carries_it(world) -> None:
    world.policy_text = AT_ONCE
    await executed(world)
    async with world.executor(app=App.APPROVALS):
        ground = Ground(world.db, world.policy, world.clock(), KEY)
        told = await deciding.undo(ground, CHANGE, actor("ann"))
        assert told.done, told.text
        asked = await world.asked_to_undo(CHANGE)
        case = await world.done(asked)
    assert case.proposal.outcome == OutcomeKind.UNDONE, case.proposal.reason
    assert world.privileged() is True


@pytest.mark.parametrize("status", [403, 422])
async def test_an_undo_that_admission_refuses_to_us_is_handed_over_with_its_patch(
    world, status
) -> None:
    await executed(world)
    lets = world.api.writes.admit

    def admit(obj, dry):
        container = obj["spec"]["template"]["spec"]["containers"][0]
        if container["securityContext"].get("privileged"):
            raise Refused(status, "ValidatingAdmissionPolicy 'oakum-executor' denied the request")
        lets(obj, dry)

    world.api.writes.admit = admit
    async with world.executor():
        await ask(world, "ann")
        case = await world.until(State.HANDED_OVER, proposal=UNDO)
        shown = wording.rehearsal_of(case.proposal)
        assert "oakum-executor" in case.proposal.reason
        assert "can apply the patch" in shown.hint
        assert "/securityContext/privileged" in differences.patch_text(shown.diff)
        assert not world.privileged()


async def test_an_undo_that_somebody_else_made_is_undone(world) -> None:
    await executed(world)
    world.api.writes.admit = lambda obj, dry: _refuse()
    async with world.executor():
        await ask(world, "ann")
        case = await world.until(State.HANDED_OVER, proposal=UNDO)
        back = wording.rehearsal_of(case.proposal).diff
        live = world.api.objects[DEPLOYMENTS][0]
        world.api.objects[DEPLOYMENTS][0] = applied(live, back[0][0].changes)
        case = await world.done(UNDO)
    assert case.proposal.outcome == OutcomeKind.UNDONE, case.proposal.reason
    assert world.effects == [f"{CHANGE}.0"]


def _refuse():
    raise Refused(422, "denied")
