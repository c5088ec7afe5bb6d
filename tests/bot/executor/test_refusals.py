"""What was fine once is asked again right before the write; what no longer holds is not executed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import update

from bot.approval import proposals as rules
from bot.approval import standing, transitions
from bot.approval.transitions import Reply, Sealing, Start, Turn
from bot.store import outbox
from bot.store.proposals import Case, State
from bot.store.tables import proposals
from tests.fakes.executing import KEY, POLICY, actor, harden
from tools.actions.restart import Restart
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind, Rehearsal, Seal
from tools.scope import Scope
from tools.types import ALL, Target

_LONG = timedelta(hours=1)
CHECKED = POLICY.replace("lab: {}", "lab: {access_check: true}")
STARTED = POLICY.replace("approvals: 1", "approvals: 1\n    execute: [cat]")
FROZEN = f"""{POLICY}freezes:
  - name: morning
    zone: UTC
    clusters: [lab]
    from: wed 09:00
    until: wed 10:20
"""


async def approved_while_nobody_executes(world) -> None:
    """Bring a proposal to approved with no executor left running."""
    async with world.executor():
        await world.pending()
    await world.press()


async def refused(world) -> str:
    """Let an executor look at what is approved; give why it ends as refused, with nothing changed."""
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert world.effects == []
    return case.proposal.reason


async def stays_approved(world) -> None:
    """Let an executor look for a while; nothing may come of it."""
    async with world.executor():
        await asyncio.sleep(0.25)
    assert (await world.case()).proposal.state is State.APPROVED
    assert world.effects == []


async def test_a_policy_that_changed_in_between_voids_it(world) -> None:
    await approved_while_nobody_executes(world)
    world.policy_text = POLICY + "# another\n"
    assert "policy has changed" in await refused(world)


async def test_an_approver_whom_the_policy_no_longer_names_does_not_count(world) -> None:
    await approved_while_nobody_executes(world)
    world.people[actor("bob").account] = actor("bob", is_deactivated=True)
    assert "approval of bob no longer counts: This account is deactivated." in await refused(world)


async def test_a_requester_who_left_gets_nothing_done(world) -> None:
    await approved_while_nobody_executes(world)
    world.people[actor("ann").account] = actor("ann", is_guest=True)
    assert "Guests" in await refused(world)


async def test_without_a_token_what_was_known_at_the_press_counts(world) -> None:
    world.asks_slack = False
    await approved_while_nobody_executes(world)
    async with world.executor():
        assert (await world.done()).proposal.outcome == OutcomeKind.VERIFIED


async def test_while_slack_is_away_it_waits(world) -> None:
    await approved_while_nobody_executes(world)
    world.slack_down = True
    await stays_approved(world)
    world.slack_down = False
    async with world.executor():
        assert (await world.done()).proposal.outcome == OutcomeKind.VERIFIED


async def test_the_kill_switch_lets_nothing_begin(world) -> None:
    await approved_while_nobody_executes(world)
    world.policy_text = POLICY.replace("kill_switch: false", "kill_switch: true")
    await stays_approved(world)
    world.policy_text = POLICY
    async with world.executor():
        assert (await world.done()).proposal.outcome == OutcomeKind.VERIFIED


async def test_a_freeze_holds_it_until_it_is_over(world) -> None:
    world.policy_text = FROZEN
    await approved_while_nobody_executes(world)
    await stays_approved(world)
    world.skew += timedelta(minutes=20)
    async with world.executor():
        assert (await world.done()).proposal.outcome == OutcomeKind.VERIFIED


async def test_what_expired_meanwhile_is_expired_not_executed(world) -> None:
    await approved_while_nobody_executes(world)
    world.skew += timedelta(minutes=30)
    async with world.executor():
        await world.until(State.EXPIRED)
    assert world.effects == []


async def test_a_place_that_was_closed_in_between_is_refused(world) -> None:
    await approved_while_nobody_executes(world)
    world.open_to = Scope({"lab": frozenset({"elsewhere"})})
    assert "not open to changes" in await refused(world)


async def test_a_change_by_somebody_else_in_between_makes_it_stale(world) -> None:
    await approved_while_nobody_executes(world)
    world.live()["spec"]["template"]["spec"]["containers"][0]["image"] = "lab.local/other:2"
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.STALE
    assert world.effects == []


async def test_scaling_and_status_in_between_change_nothing(world) -> None:
    await approved_while_nobody_executes(world)
    world.live()["spec"]["replicas"] = 5
    world.live()["status"]["replicas"] = 5
    world.live()["metadata"]["resourceVersion"] = "777"
    world.hold_rollouts()
    async with world.executor():
        await world.reached(lambda case: bool(case.steps and case.steps[0].outcome))
    assert world.effects == ["p1.0"]


@pytest.mark.parametrize("who", ["ann", "bob"])
async def test_whom_the_cluster_does_not_allow_it_gets_nothing_done(world, who) -> None:
    world.policy_text = CHECKED
    await approved_while_nobody_executes(world)
    world.api.writes.allowed = lambda spec: spec["user"] != who
    assert f"does not allow {who} ({who}) this" in await refused(world)


async def test_the_cluster_is_asked_about_the_verb_and_the_very_object(world) -> None:
    world.policy_text = CHECKED
    asked = []
    world.api.writes.allowed = lambda spec: asked.append(spec) or True
    async with world.executor():
        await world.pending()
        assert [one["user"] for one in asked] == ["ann"]
        await world.press()
        await world.done()
    assert {one["user"] for one in asked} == {"ann", "bob"}
    about = asked[0]["resourceAttributes"]
    assert (about["verb"], about["resource"], about["name"]) == ("patch", "deployments", "web")


async def test_a_requester_without_the_right_sees_no_card(world) -> None:
    world.policy_text = CHECKED
    world.api.writes.allowed = lambda spec: False
    async with world.executor():
        await world.submit()
        case = await world.until(State.BLOCKED)
    assert "Kubernetes does not allow ann" in case.proposal.reason


async def test_while_the_cluster_does_not_say_who_may_it_waits(world) -> None:
    world.policy_text = CHECKED
    await approved_while_nobody_executes(world)
    world.api.forbidden.add("localsubjectaccessreviews")
    await stays_approved(world)


async def test_who_is_to_start_it_has_to(world) -> None:
    world.policy_text = STARTED
    await approved_while_nobody_executes(world)
    await stays_approved(world)
    assert (await world.start("p1", "cat")).reply is Reply.DONE
    assert (await world.start("p1", "cat")).reply is Reply.ALREADY
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert case.proposal.started_by == "cat"


async def test_a_start_by_somebody_else_starts_nothing(world) -> None:
    world.policy_text = STARTED
    await approved_while_nobody_executes(world)
    await world.start("p1", "ann")
    assert "names who may start this" in await refused(world)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"requester": "bob"}, "belongs to another person"),
        ({"account": ("T0HOME", "U0NOBODY")}, "maps your account to no person"),
        ({"encoded": b'{"action":"rm"}'}, "no action that Oakum knows"),
        ({"encoded": b"\xff"}, "not JSON"),
        ({"target": Target("lab", "apps/v1", "Deployment", "shop", "other")}, "another object"),
        ({"undo_of": "p0"}, "An undo names the change"),
    ],
)
async def test_a_draft_that_is_not_what_it_says_is_blocked(world, changes, why) -> None:
    async with world.executor():
        await world.submit(**changes)
        case = await world.until(State.BLOCKED)
    assert why in case.proposal.reason
    assert world.effects == []
    assert not any(seen.method != "GET" for seen in world.api.requests)


async def test_an_undo_of_nothing_is_blocked(world) -> None:
    target = harden().target
    async with world.executor():
        await world.submit(action=UndoChange(target=target, operation_id="nobodysproposal"))
        assert "An undo names" in (await world.until(State.BLOCKED)).proposal.reason


@pytest.mark.parametrize("open_to", [{}, {"lab": frozenset({"other"})}, {"else": ALL}])
async def test_a_draft_from_a_place_that_may_not_is_blocked(world, open_to) -> None:
    world.open_to = Scope(open_to)
    async with world.executor():
        await world.submit()
        assert "not open" in (await world.until(State.BLOCKED)).proposal.reason


async def test_a_cluster_that_is_not_changed_from_here_is_refused(world) -> None:
    async with world.executor(accounts={}):
        await world.submit()
        assert "Nothing is changed on lab" in (await world.until(State.BLOCKED)).proposal.reason


async def test_no_rule_means_no_card(world) -> None:
    world.policy_text = POLICY.replace("namespaces: any", "namespaces: [other]")
    async with world.executor():
        await world.submit()
        case = await world.until(State.BLOCKED)
    assert "no rule means no" in case.proposal.reason


async def test_a_rule_for_lower_risks_does_not_cover_what_turns_out_to_be_risky(world) -> None:
    world.policy_text = POLICY.replace("risks: any", "risks: [low]")
    async with world.executor():
        await world.submit()
        case = await world.until(State.BLOCKED)
    assert "no rule means no" in case.proposal.reason
    assert world.effects == []


async def test_without_a_policy_nothing_is_rehearsed(world) -> None:
    async with world.executor(policy=lambda: None):
        await world.submit()
        case = await world.until(State.BLOCKED)
    assert "No approval policy" in case.proposal.reason
    assert world.api.requests == [] or all(seen.method == "GET" for seen in world.api.requests)


async def test_every_ending_has_its_card(world) -> None:
    await approved_while_nobody_executes(world)
    world.policy_text = POLICY + "# another\n"
    await refused(world)
    case = await world.case()
    parcel = await outbox.claim(world.db, case.proposal.app, "w", world.clock(), 60)
    assert parcel is not None
    assert replace(parcel, wanted=0).proposal == "p1"
    assert parcel.wanted == case.proposal.revision


async def test_a_row_that_was_made_to_change_something_elsewhere_is_refused(world) -> None:
    await approved_while_nobody_executes(world)
    proposal = (await world.case()).proposal
    seal = msgspec.json.decode(proposal.seal, type=Seal)
    operation = seal.steps[0].operation
    other = structs.replace(operation.target, namespace="bank")
    moved = structs.replace(seal.steps[0], operation=structs.replace(operation, target=other))
    forged = msgspec.json.encode(structs.replace(seal, steps=(moved,)), order="sorted")
    async with world.db.write() as tx:
        await tx.execute(update(proposals).values(seal=forged))
    assert "in another place" in await refused(world)


async def test_a_start_of_something_else_than_is_approved_does_not_count(world) -> None:
    world.policy_text = STARTED
    await approved_while_nobody_executes(world)
    said = Start("p1", "cat", standing.write(actor("cat")), "another digest")
    assert (await rules.start(world.db, said, world.clock())).reply is Reply.CHANGED
    assert (await rules.start(world.db, said, world.clock() + _LONG)).reply is Reply.EXPIRED
    assert (await rules.start(world.db, said, world.clock())).reply is Reply.WRONG_STATE


async def test_only_an_undo_is_carried_by_its_requesters_own_word(world) -> None:
    async with world.executor():
        case = await world.pending()
    draft = replace(
        case.proposal, state=State.DRAFT, worker="w", leased_until=world.clock() + _LONG
    )
    shown = msgspec.json.decode(case.proposal.rehearsal, type=Rehearsal)
    seal = msgspec.json.decode(case.proposal.seal, type=Seal)
    sealing = Sealing(
        structs.replace(shown, seal=seal),
        "policy",
        needed=1,
        until=world.clock() + timedelta(minutes=5),
        requester_may_approve=True,
        own_word=True,
    )
    turn = Turn("w", world.clock(), 30.0, KEY)
    with pytest.raises(ValueError, match="only an undo"):
        transitions.seal(Case(draft), turn, sealing)


CAREFUL = POLICY.replace("risks: any", "risks: [low]") + (
    """\
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


async def test_what_became_riskier_needs_the_approvals_of_its_new_risk(world) -> None:
    world.policy_text = CAREFUL
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    async with world.executor():
        await world.pending(action=Restart(target=target, at="2026-03-04T10:00:00Z"))
    await world.press()
    world.live()["spec"]["replicas"] = 1
    assert "pending, not approved" in await refused(world)


async def test_what_became_riskier_under_the_same_rule_is_executed(world) -> None:
    target = Target("lab", "apps/v1", "Deployment", "shop", "web")
    async with world.executor():
        await world.pending(action=Restart(target=target, at="2026-03-04T10:00:00Z"))
    await world.press()
    world.live()["spec"]["replicas"] = 1
    async with world.executor():
        await world.done()
    assert world.effects == ["p1.0"]


async def test_whom_the_cluster_does_not_allow_it_hands_nothing_over(world) -> None:
    world.live()["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    world.policy_text = CHECKED
    world.api.writes.allowed = lambda spec: spec["user"] != "ann"
    async with world.executor():
        await world.submit()
        case = await world.until(State.BLOCKED, State.HANDED_OVER)
    assert case.proposal.state is State.BLOCKED
    assert "Kubernetes does not allow ann" in case.proposal.reason
