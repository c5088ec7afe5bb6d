"""Any button of any card, however old, and however quickly it is pressed twice, gets an answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.approval import proposals
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes.pressing import ONE, TWO, state
from tests.fakes.proposed import KEY

BUTTONS = ("approve", "reject", "withdraw", "start", "undo", "patch")


def with_button(card, action, value=ONE):
    """Give the card as it was when it still had a button, or as somebody made one up."""
    made = {"type": "button", "action_id": f"proposal.{action}", "value": value}
    return replace(card, blocks=[{"type": "actions", "elements": [made]}])


@pytest.mark.parametrize("action", BUTTONS)
async def test_any_button_of_a_proposal_that_is_gone_is_answered_privately(
    place, proposing, action
):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval")

    await place.slack.people.press("UBOB", with_button(card, action, TWO), f"proposal.{action}")

    assert await place.whispered() == "There is no such proposal here."
    assert await state(place) is State.PENDING


@pytest.mark.parametrize("action", ["approve", "reject", "withdraw", "start", "undo"])
async def test_any_button_of_an_expired_card_is_answered_and_does_nothing(place, proposing, action):
    await proposing.pending(ONE, until=proposing.now + timedelta(seconds=1))
    assert (await proposals.expire(place.db, ONE, proposing.now + timedelta(seconds=2), KEY)).reply
    await place.serve()
    card = await place.card("Expired")

    await place.slack.people.press("UANN", with_button(card, action), f"proposal.{action}")

    assert await place.whispered()
    assert await state(place) is State.EXPIRED
    assert place.slack.space.views == {}


@pytest.mark.parametrize(
    ("user", "action", "told"),
    [
        ("UBOB", "approve", ["Your approval is counted", "Too late"]),
        ("UANN", "withdraw", ["Withdrawn; nothing was changed.", "Too late"]),
    ],
)
async def test_two_quick_presses_have_one_effect_and_two_answers(
    place, proposing, user, action, told
):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval")

    for _ in range(2):
        place.slack.people.press(user, card, f"proposal.{action}")
    await place.slack.until(lambda: len(place.whispers()) == 2)

    for words in told:
        assert sum(one.startswith(words) for one in place.whispers()) == 1, place.whispers()


async def test_two_quick_undos_ask_for_one(place, proposing):
    await proposing.pending(ONE)
    await proposing.vote(ONE, "bob", "UBOB")
    await proposing.done(ONE)
    await place.serve()
    card = await place.card("Done and verified")

    for user in ("UBOB", "UCAT"):
        place.slack.people.press(user, card, "proposal.undo")
    await place.slack.until(lambda: len(place.whispers()) == 2)

    assert sum("Undo is asked for;" in one for one in place.whispers()) == 1
    assert sum("asked for already" in one for one in place.whispers()) == 1
    assert await proposals.claim_draft(place.db, proposing.turn(), App.ASSISTANT)
    assert await proposals.claim_draft(place.db, proposing.turn(), App.ASSISTANT) is None
