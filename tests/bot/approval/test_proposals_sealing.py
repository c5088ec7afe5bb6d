"""What becomes of a draft, and what people are shown of it: on SQLite and Postgres."""

from datetime import timedelta

import msgspec
import pytest

from bot.approval import proposals
from bot.approval.transitions import Reply
from bot.store import outbox
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes import approvals as make
from tools.changes import OutcomeKind, Rehearsal
from tools.changes import State as Found


@pytest.mark.parametrize(
    "changes",
    [
        {"needed": 0},
        {"until": make.START},
        {"until": make.START + timedelta(hours=24, seconds=1)},
    ],
)
async def test_what_cannot_be_an_approval_is_not_sealed(db, state, changes):
    with pytest.raises(ValueError, match="an approval needs"):
        await make.pending(db, **changes)
    assert await state() is State.DRAFT


async def test_another_action_than_the_drafts_is_not_sealed(db):
    await proposals.submit(db, make.draft())
    await proposals.claim_draft(db, make.EXECUTOR.at(0), App.ASSISTANT)
    with pytest.raises(ValueError, match="not what the draft asks for"):
        await proposals.seal(db, make.EXECUTOR.at(0), "p1", make.sealing("other"))


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
    assert [one.id for one in await proposals.handed_over(db)] == ["p1"]
    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.until == until
    verified = make.outcome(OutcomeKind.VERIFIED)
    said = await proposals.finish(db, make.Clock("e2").at(3600), "p1", verified)
    assert said.state is State.DONE
    assert await proposals.handed_over(db) == []


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
