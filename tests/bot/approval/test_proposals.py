"""A proposal's life, told by who does what when: on SQLite and Postgres."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import update

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.approval.transitions import Answered, Reply
from bot.store import outbox
from bot.store.operations import Phase
from bot.store.outbox import App
from bot.store.proposals import State
from bot.store.tables import proposals as table
from tests.fakes import approvals as make
from tools.changes import OutcomeKind, Rehearsal
from tools.changes import State as Found

HALF_AN_HOUR = 30 * 60


async def state(db, proposal="p1"):
    case = await proposals.get(db, proposal)
    assert case is not None
    return case.proposal.state


async def test_one_approval_carries_where_one_is_needed(db):
    await make.pending(db)

    said = await make.press(db, "bob")

    assert said == Answered(Reply.DONE, State.APPROVED, approvals=1, needed=1)
    assert [one.id for one in await proposals.approved(db)] == ["p1"]


async def test_the_requester_never_counts_by_person_or_by_account(db):
    await make.pending(db)

    own = await make.press(db, "ann")
    deny = await make.press(db, "ann", Verdict.DENY)
    mapped_elsewhere = await make.press(db, "ann-two", account=("T1", "U-ann"))
    nobody = await make.press(db, "")

    assert {one.reply for one in (own, deny, mapped_elsewhere, nobody)} == {Reply.OWN}
    assert await state(db) is State.PENDING


async def test_only_a_sandbox_lets_the_requester_approve(db):
    await make.pending(db, requester_may_approve=True)
    assert (await make.press(db, "ann")).state is State.APPROVED


async def test_a_quorum_is_of_distinct_people(db):
    await make.pending(db, needed=3)

    said = [await make.press(db, person) for person in ("bob", "bob", "cho", "bob", "dan", "eve")]

    assert [one.reply for one in said] == [
        Reply.DONE,
        Reply.ALREADY,
        Reply.DONE,
        Reply.ALREADY,
        Reply.DONE,
        Reply.WRONG_STATE,
    ]
    assert [one.approvals for one in said] == [1, 1, 2, 2, 3, 3]
    assert said[4].state is State.APPROVED


async def test_one_denial_is_final(db):
    await make.pending(db, needed=2)
    await make.press(db, "bob")

    assert (await make.press(db, "cho", Verdict.DENY)).state is State.DENIED
    assert (await make.press(db, "dan")).reply is Reply.WRONG_STATE
    assert (await make.claim(db)).reply is Reply.WRONG_STATE


async def test_whose_word_was_counted_is_told_so_when_they_press_again(db):
    await make.approved(db)
    again, other = await make.press(db, "bob"), await make.press(db, "cho")
    assert (again.reply, again.counted_before) == (Reply.WRONG_STATE, True)
    assert (other.reply, other.counted_before) == (Reply.WRONG_STATE, False)


@pytest.mark.parametrize("changed", [{"digest": "0" * 64}, {"policy_version": "policy-2"}])
async def test_a_press_judged_by_something_else_than_was_sealed_does_not_count(db, changed):
    await make.pending(db)
    assert (await make.press(db, "bob", **changed)).reply is Reply.CHANGED
    assert await state(db) is State.PENDING


@pytest.mark.parametrize(
    ("seconds", "reply", "then"),
    [
        (HALF_AN_HOUR - 1, Reply.DONE, State.APPROVED),
        (HALF_AN_HOUR - 1e-6, Reply.DONE, State.APPROVED),
        (HALF_AN_HOUR, Reply.EXPIRED, State.EXPIRED),
        (HALF_AN_HOUR + 1, Reply.EXPIRED, State.EXPIRED),
    ],
)
async def test_a_press_counts_until_the_moment_of_expiry(db, seconds, reply, then):
    await make.pending(db)
    said = await make.press(db, "bob", seconds=seconds)
    assert (said.reply, said.state, await state(db)) == (reply, then, then)


@pytest.mark.parametrize(
    ("seconds", "reply", "then"),
    [
        (HALF_AN_HOUR - 1, Reply.DONE, State.EXECUTING),
        (HALF_AN_HOUR, Reply.EXPIRED, State.EXPIRED),
        (HALF_AN_HOUR + 1, Reply.EXPIRED, State.EXPIRED),
    ],
)
async def test_an_approval_can_be_executed_until_the_moment_of_expiry(db, seconds, reply, then):
    await make.approved(db)
    said = await make.claim(db, turn=make.EXECUTOR.at(seconds))
    assert (said.reply, await state(db)) == (reply, then)


async def test_no_intent_is_written_once_the_approval_is_over(db):
    await make.approved(db)
    await make.claim(db, turn=make.EXECUTOR.at(HALF_AN_HOUR - 5))

    late = await proposals.intend(db, make.EXECUTOR.at(HALF_AN_HOUR), "p1", make.intent())

    assert late.reply is Reply.EXPIRED
    refused = make.outcome(OutcomeKind.REFUSED)
    assert (
        await proposals.finish(db, make.EXECUTOR.at(HALF_AN_HOUR), "p1", refused)
    ).state == "done"


async def test_a_clock_set_back_gives_no_more_time(db):
    await make.pending(db, needed=2)
    await make.press(db, "bob", seconds=HALF_AN_HOUR - 1)
    await make.press(db, "cho", seconds=HALF_AN_HOUR + 60)

    assert await state(db) is State.EXPIRED
    assert (await make.press(db, "dan", seconds=10)).reply is Reply.WRONG_STATE
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.changed_at == make.START + timedelta(seconds=HALF_AN_HOUR + 60)


async def test_time_of_a_proposal_never_runs_backwards(db):
    await make.pending(db, needed=2)
    await make.press(db, "bob", seconds=600)
    await make.press(db, "cho", seconds=-600)
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.changed_at == make.START + timedelta(seconds=600)


async def test_all_that_is_over_is_ended_and_nothing_else(db):
    await make.pending(db, "p1", "a")
    await make.approved(db, "p2", "b")
    await make.pending(db, "p3", "c", until=make.START + timedelta(hours=2))
    await make.pending(db, "p4", "d")
    await make.press(db, "bob", Verdict.DENY, "p4")
    at = make.START + timedelta(seconds=HALF_AN_HOUR)

    assert await proposals.expire_due(db, at - timedelta(microseconds=1)) == 0
    assert await proposals.expire_due(db, at) == 2
    assert await proposals.expire_due(db, at) == 0

    found = [await state(db, name) for name in ("p1", "p2", "p3", "p4")]
    assert found == [State.EXPIRED, State.EXPIRED, State.PENDING, State.DENIED]
    assert (await proposals.expire(db, "p3", at)).reply is Reply.OUT_OF_ORDER


@pytest.mark.parametrize(
    "changes",
    [
        {"needed": 0},
        {"until": make.START},
        {"until": make.START + timedelta(hours=24, seconds=1)},
    ],
)
async def test_what_cannot_be_an_approval_is_not_sealed(db, changes):
    with pytest.raises(ValueError, match="an approval needs"):
        await make.pending(db, **changes)
    assert await state(db) is State.DRAFT


async def test_another_action_than_the_drafts_is_not_sealed(db):
    await proposals.submit(db, make.draft())
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    with pytest.raises(ValueError, match="not what the draft asks for"):
        await proposals.seal(db, make.EXECUTOR.at(0), "p1", make.sealing("other"))


@pytest.mark.parametrize("when", ["draft", "pending", "approved", "executing", "done", "absent"])
async def test_every_press_has_a_typed_answer_whatever_the_proposal_is(db, when):
    if when == "draft":
        await proposals.submit(db, make.draft())
        await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    elif when != "absent":
        await (make.pending if when == "pending" else make.approved)(db)
    if when in {"executing", "done"}:
        await make.claim(db)
    if when == "done":
        await proposals.finish(db, make.EXECUTOR.at(130), "p1", make.outcome(OutcomeKind.STALE))
    for verdict in Verdict:
        said = await make.press(db, "dan", verdict, digest="0" * 64)
        expected = {"pending": Reply.CHANGED, "absent": Reply.NO_SUCH}
        assert said.reply is expected.get(when, Reply.WRONG_STATE)
        assert said.state == (None if when == "absent" else when)


async def test_only_the_requester_withdraws_and_not_from_an_executors_hands(db):
    for name in ("p1", "p2", "p3"):
        await make.approved(db, name, name)
    await make.claim(db, "p2")

    assert (await proposals.withdraw(db, "p1", "bob", "", make.START)).reply is Reply.NOT_YOURS
    assert (await proposals.withdraw(db, "p1", "ann", "", make.START)).state is State.WITHDRAWN
    assert (await proposals.withdraw(db, "p2", "ann", "", make.START)).reply is Reply.WRONG_STATE
    assert (await proposals.withdraw(db, "p9", "ann", "", make.START)).reply is Reply.NO_SUCH
    assert (await make.claim(db, "p1")).reply is Reply.WRONG_STATE


async def test_an_approval_is_used_once(db):
    await make.approved(db)
    first, second = await make.claim(db), await make.claim(db, turn=make.Clock("e2").at(121))
    assert (first.reply, second.reply) == (Reply.DONE, Reply.WRONG_STATE)


@pytest.mark.parametrize(
    ("changed", "reply", "then"),
    [
        ({"stopped": True}, Reply.STOPPED, State.APPROVED),
        ({"policy_version": "policy-2"}, Reply.CHANGED, State.DONE),
        ({"digest": "0" * 64}, Reply.CHANGED, State.DONE),
    ],
)
async def test_what_no_longer_holds_is_not_executed(db, changed, reply, then):
    await make.approved(db)

    said = await make.claim(db, **changed)

    assert (said.reply, await state(db)) == (reply, then)
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.steps == ()
    assert case.proposal.outcome == ("" if then is State.APPROVED else "refused")


@pytest.mark.parametrize(
    "tampered",
    [
        {"action": make.action("other")},
        {"seal": msgspec.json.encode(make.seal("other"))},
        {"seal": b"{}"},
        {"policy_version": "policy-2"},
        {"objects": msgspec.json.encode([make.target("other")])},
        {"needed": 2},
        {"needed": 0},
        {"requester": "bob"},
    ],
)
async def test_a_row_changed_behind_our_back_is_not_executed(db, tampered):
    await make.approved(db)
    async with db.write() as tx:
        await tx.execute(update(table).values(tampered))

    said = await make.claim(db, policy_version=tampered.get("policy_version", make.POLICY))

    assert said.reply in {Reply.CHANGED, Reply.NOT_APPROVED}
    assert said.state is State.DONE


async def test_one_object_is_executed_on_by_one_proposal_at_a_time(db):
    await make.approved(db, "p1", "web")
    await make.approved(db, "p2", "web")
    await make.approved(db, "p3", "other")

    said = [await make.claim(db, name) for name in ("p1", "p2", "p3")]

    assert [one.reply for one in said] == [Reply.DONE, Reply.LOCKED, Reply.DONE]
    assert await state(db, "p2") is State.APPROVED
    await proposals.finish(db, make.EXECUTOR.at(121), "p1", make.outcome(OutcomeKind.STALE))
    assert (await make.claim(db, "p2")).reply is Reply.DONE


async def test_one_of_several_objects_in_use_keeps_the_whole_proposal_waiting(db):
    await make.approved(db, "p1", "b")
    await proposals.submit(db, make.draft("p2", "a"))
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    await proposals.seal(db, make.EXECUTOR.at(0), "p2", make.sealing("a", "b"))
    await make.press(db, "bob", proposal="p2")
    await make.claim(db, "p1")

    assert (await make.claim(db, "p2")).reply is Reply.LOCKED
    case = await proposals.get(db, "p2")
    assert case is not None
    assert (case.steps, case.locked_by) == ((), ("p1",))


async def test_an_execution_is_written_down_step_by_step(db):
    await make.approved(db)
    await make.claim(db)
    intent, applied = make.intent(), make.outcome(OutcomeKind.APPLIED)

    assert (
        await proposals.record(db, make.EXECUTOR.at(121), "p1", applied)
    ).reply is Reply.OUT_OF_ORDER
    assert (await proposals.intend(db, make.EXECUTOR.at(121), "p1", intent)).reply is Reply.DONE
    early = await proposals.finish(
        db, make.EXECUTOR.at(122), "p1", make.outcome(OutcomeKind.FAILED)
    )
    assert early.reply is Reply.UNRESOLVED
    assert (await proposals.record(db, make.EXECUTOR.at(122), "p1", applied)).reply is Reply.DONE
    assert (
        await proposals.record(db, make.EXECUTOR.at(123), "p1", applied)
    ).reply is Reply.OUT_OF_ORDER
    assert (
        await proposals.intend(db, make.EXECUTOR.at(123), "p1", intent)
    ).reply is Reply.OUT_OF_ORDER
    case = await proposals.get(db, "p1")
    assert case is not None
    (step,) = case.steps
    assert (step.id, step.phase, step.outcome, step.audit_id) == (
        "p1.0",
        Phase.RECORDED,
        "applied",
        "audit-1",
    )
    assert msgspec.json.decode(step.intent)["operation_id"] == "p1.0"
    verified = make.outcome(OutcomeKind.VERIFIED)
    assert (await proposals.finish(db, make.EXECUTOR.at(130), "p1", verified)).state is State.DONE
    case = await proposals.get(db, "p1")
    assert case is not None
    assert (case.proposal.outcome, case.steps[0].locked, case.proposal.worker) == (
        "verified",
        False,
        "",
    )


async def test_a_time_out_stays_unknown_until_somebody_finds_out(db):
    await make.approved(db)
    await make.claim(db)
    await proposals.intend(db, make.EXECUTOR.at(121), "p1", make.intent())
    await proposals.record(db, make.EXECUTOR.at(122), "p1", make.outcome(OutcomeKind.UNKNOWN))

    failed = await proposals.finish(
        db, make.EXECUTOR.at(123), "p1", make.outcome(OutcomeKind.FAILED)
    )
    again = await proposals.intend(db, make.EXECUTOR.at(124), "p1", make.intent())
    found = await proposals.record(
        db, make.EXECUTOR.at(125), "p1", make.outcome(OutcomeKind.APPLIED)
    )

    assert [one.reply for one in (failed, again, found)] == [
        Reply.UNRESOLVED,
        Reply.DONE,
        Reply.DONE,
    ]


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        (OutcomeKind.VERIFIED, Reply.UNRESOLVED),
        (OutcomeKind.APPLIED, Reply.UNRESOLVED),
        (OutcomeKind.STALE, Reply.DONE),
        (OutcomeKind.REFUSED, Reply.DONE),
    ],
)
async def test_an_execution_that_sent_nothing_ends_as_nothing_changed(db, kind, reply):
    await make.approved(db)
    await make.claim(db)
    said = await proposals.finish(db, make.EXECUTOR.at(121), "p1", make.outcome(kind))
    assert said.reply is reply


async def test_several_steps_go_in_order_each_after_the_one_before_was_applied(db):
    await proposals.submit(db, make.draft("p1", "a"))
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    await proposals.seal(db, make.EXECUTOR.at(0), "p1", make.sealing("a", "b"))
    await make.press(db, "bob")
    await make.claim(db)
    turn = make.EXECUTOR.at(121)
    first, second = make.intent("p1", "a", "b"), make.intent("p1", "a", "b", step=1)

    assert (await proposals.intend(db, turn, "p1", second)).reply is Reply.OUT_OF_ORDER
    await proposals.intend(db, turn, "p1", first)
    assert (await proposals.intend(db, turn, "p1", second)).reply is Reply.OUT_OF_ORDER
    await proposals.record(db, turn, "p1", make.outcome(OutcomeKind.APPLIED))
    assert (await proposals.intend(db, turn, "p1", second)).reply is Reply.DONE
    await proposals.record(db, turn, "p1", make.outcome(OutcomeKind.FAILED, step=1))

    half = await proposals.finish(db, turn, "p1", make.outcome(OutcomeKind.REFUSED))
    known = await proposals.finish(db, turn, "p1", make.outcome(OutcomeKind.FAILED))
    assert (half.reply, known.reply) == (Reply.UNRESOLVED, Reply.DONE)


async def test_an_intent_of_something_else_than_was_sealed_is_refused(db):
    await make.approved(db)
    await make.claim(db)
    other = await proposals.intend(db, make.EXECUTOR.at(121), "p1", make.intent("p1", "other"))
    assert other.reply is Reply.CHANGED


async def test_only_who_holds_the_lease_goes_on(db):
    await make.approved(db)
    await make.claim(db)
    thief = make.Clock("e2").at(121)

    assert (await proposals.intend(db, thief, "p1", make.intent())).reply is Reply.NOT_YOURS
    late = await proposals.intend(db, make.EXECUTOR.at(180), "p1", make.intent())
    assert late.reply is Reply.NOT_YOURS
    assert (await proposals.take_over(db, thief, "p1")).reply is Reply.NOT_YOURS
    assert (await proposals.take_over(db, make.Clock("e2").at(180), "p1")).reply is Reply.DONE
    applied = make.outcome(OutcomeKind.STALE)
    assert (
        await proposals.record(db, make.EXECUTOR.at(181), "p1", applied)
    ).reply is Reply.NOT_YOURS
    assert (
        await proposals.finish(db, make.EXECUTOR.at(181), "p1", applied)
    ).reply is Reply.NOT_YOURS


async def test_a_draft_that_cannot_be_approved_ends_with_its_reason(db):
    await proposals.submit(db, make.draft())
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    nothing = Rehearsal(Found.NO_CHANGE, "Nothing would change.")

    stranger = await proposals.block(db, make.Clock("e2").at(1), "p1", nothing)
    said = await proposals.block(db, make.EXECUTOR.at(1), "p1", nothing)

    assert (stranger.reply, said.state) == (Reply.NOT_YOURS, State.BLOCKED)
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.reason == "Nothing would change."
    assert msgspec.json.decode(case.proposal.rehearsal, type=Rehearsal).state is Found.NO_CHANGE


async def test_a_patch_for_somebody_else_is_looked_at_until_it_is_verified(db):
    await proposals.submit(db, make.draft())
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    until = make.START + timedelta(hours=24)
    patch = Rehearsal(Found.HANDOVER, "An administrator has to apply it.")

    handed = await proposals.hand_over(db, make.EXECUTOR.at(1), "p1", patch, until)

    assert handed.state is State.HANDED_OVER
    assert [(one.id, one.until) for one in await proposals.handed_over(db)] == [("p1", until)]
    verified = make.outcome(OutcomeKind.VERIFIED)
    said = await proposals.finish(db, make.Clock("e2").at(3600), "p1", verified)
    assert said.state is State.DONE
    assert await proposals.handed_over(db) == []


async def test_an_execution_is_handed_over_only_while_nothing_was_sent(db):
    until = make.START + timedelta(hours=24)
    patch = Rehearsal(Found.HANDOVER, "An administrator has to apply it.")
    await make.approved(db, "p1", "a")
    await make.approved(db, "p2", "b")
    await make.claim(db, "p1")
    await make.claim(db, "p2")
    await proposals.intend(db, make.EXECUTOR.at(121), "p2", make.intent("p2", "b"))

    said = [
        await proposals.hand_over(db, make.EXECUTOR.at(122), name, patch, until)
        for name in ("p1", "p2")
    ]

    assert [one.reply for one in said] == [Reply.DONE, Reply.UNRESOLVED]
    await make.approved(db, "p3", "a")
    assert (await make.claim(db, "p3")).reply is Reply.DONE


async def test_an_approval_that_the_policy_no_longer_allows_ends_with_the_reason(db):
    await make.approved(db)
    said = await proposals.refuse(db, make.EXECUTOR.at(61), "p1", "bob may not patch deployments.")
    case = await proposals.get(db, "p1")
    assert case is not None
    assert (said.reply, case.proposal.outcome) == (Reply.DONE, "refused")
    assert case.proposal.reason == "bob may not patch deployments."


async def test_a_card_is_asked_for_at_every_transition_and_people_are_told_of_expiry(db):
    await make.pending(db, needed=2, remind_at=make.START + timedelta(minutes=15))
    await make.press(db, "bob")
    card = await outbox.claim(db, App.ASSISTANT, "w", make.START + timedelta(minutes=1), 60)
    assert card is not None
    assert (card.kind, card.proposal, card.wanted) == ("card", "p1", 3)

    await proposals.expire_due(db, make.START + timedelta(hours=1))

    later = make.START + timedelta(hours=2)
    kinds = {(await outbox.claim(db, App.ASSISTANT, "w", later, 60)).kind for _ in range(3)}
    assert kinds == {"card", "reminder", "expired"}
