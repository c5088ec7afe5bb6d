"""Proposals in Slack: a card, presses on it by who may and who may not, and the card as it then is."""

import pytest

from bot.approval import proposals
from bot.slack.service import Approvals
from bot.store import reviews
from bot.store.outbox import App
from bot.store.proposals import State
from bot.types import ThreadKey
from tests.fakes.proposed import POLICY, TEAM, Proposing

ONE = "a" * 32
TWO = "b" * 32


def whispers(place):
    return [one.text for one in place.slack.space.ephemeral]


def cards(place, proposal=ONE):
    return [
        one
        for one in place.slack.space.messages
        if not one.deleted
        and one.metadata.get("event_payload") == {"proposal": proposal, "kind": "card"}
    ]


def text_of(message):
    return str(message.blocks)


@pytest.fixture
async def desk(place):
    """A workspace with people of the policy, and who asks and executes in one thread of it."""
    for user in ("UCAT", "UDAN"):
        place.slack.add_user(user)
    place.slack.space.channels["C1"]["members"] |= {"UCAT", "UDAN"}
    place.approvals = Approvals(lambda: POLICY, App.ASSISTANT)
    root = place.slack.people.say("C1", "UANN", "make web safe")
    made = Proposing(place.db, ThreadKey(TEAM, "C1", root), place.now())
    await made.alive()
    return made


async def shows(place, words, proposal=ONE):
    await place.slack.until(
        lambda: cards(place, proposal) and words in text_of(cards(place, proposal)[0])
    )
    return cards(place, proposal)[0]


async def state(place, proposal=ONE):
    case = await proposals.get(place.db, proposal)
    return case.proposal.state


async def test_a_card_is_posted_approved_by_another_person_and_updated(place, desk):
    await desk.pending(ONE)
    await place.serve()
    card = await shows(place, "Waits for approval: 0 of 1")

    ack = await place.slack.people.press("UBOB", card, "proposal.approve")
    await shows(place, "Approved, waits to be carried out")
    await place.slack.until(lambda: whispers(place))

    assert ack.acked_after_s < 1
    assert await state(place) is State.APPROVED
    assert whispers(place) == [
        "Your approval is counted. That is enough; the card shows what follows."
    ]
    assert "✅ approved by <@UBOB>" in text_of(cards(place)[0])
    assert len(cards(place)) == 1
    assert place.slack.refused == []


async def test_who_asked_is_refused_privately_and_nothing_counts(place, desk):
    await desk.pending(ONE)
    await place.serve()
    card = await shows(place, "Waits for approval")

    await place.slack.people.press("UANN", card, "proposal.approve")
    await place.slack.until(lambda: whispers(place))

    assert "never decides on it" in whispers(place)[0]
    assert place.slack.space.ephemeral[0].ephemeral_for == "UANN"
    assert await state(place) is State.PENDING
    assert await reviews.of(place.db, ONE) == ()
