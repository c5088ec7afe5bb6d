"""An approval is executed once, as it was sealed, and written down step by step: on SQLite and Postgres."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import update

from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.store.operations import Phase
from bot.store.outbox import App
from bot.store.proposals import State
from bot.store.tables import proposals as table
from tests.fakes import approvals as make
from tools.changes import OutcomeKind, Rehearsal
from tools.changes import State as Found


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
async def test_what_no_longer_holds_is_not_executed(db, state, changed, reply, then):
    await make.approved(db)

    said = await make.claim(db, **changed)

    assert (said.reply, await state()) == (reply, then)
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


async def test_one_object_is_executed_on_by_one_proposal_at_a_time(db, state):
    await make.approved(db, "p1", "web")
    await make.approved(db, "p2", "web")
    await make.approved(db, "p3", "other")

    said = [await make.claim(db, name) for name in ("p1", "p2", "p3")]

    assert [one.reply for one in said] == [Reply.DONE, Reply.LOCKED, Reply.DONE]
    assert await state("p2") is State.APPROVED
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
