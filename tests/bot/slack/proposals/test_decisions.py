"""Presses on proposals: whose count, whose do not, and that each gets an answer."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.approval import proposals
from bot.approval.policy.file.document import parse
from bot.slack.service import Approvals
from bot.store import reviews
from bot.store.outbox import App
from bot.store.proposals import State
from bot.types import Place
from tests.fakes.pressing import ONE, TWO, press, state
from tests.fakes.proposed import TEXT, harden
from tools.actions.delete_object import DeleteObject
from tools.scope import Scope
from tools.types import ALL, Risk, RiskLevel


async def test_another_person_approves_and_the_card_says_so(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval: 0 of 1")

    ack = await place.slack.people.press("UBOB", card, "proposal.approve")
    shown = await place.card("Approved, waits to be carried out")

    assert ack.acked_after_s < 3
    assert await state(place) is State.APPROVED
    assert "Your approval is counted" in await place.whispered()
    assert "✅ approved by <@UBOB>" in str(shown.blocks)
    assert place.slack.refused == []


async def test_who_asked_is_refused_privately_and_nothing_counts(place, proposing):
    await proposing.pending(ONE)
    await place.serve()

    await press(place, "UANN", "approve")

    assert "never decides on it" in await place.whispered()
    told = place.slack.space.ephemeral[0]
    assert (told.ephemeral_for, told.thread) == ("UANN", proposing.thread.thread)
    assert await state(place) is State.PENDING
    assert await reviews.of(place.db, ONE) == ()


async def test_who_is_in_no_rule_is_refused(place, proposing):
    await proposing.pending(ONE)
    await place.serve()

    await press(place, "UDAN", "approve")

    assert "maps your account to no person" in await place.whispered()
    assert await state(place) is State.PENDING


@pytest.mark.parametrize(
    ("user", "facts", "says"),
    [
        ("UGUEST", {"is_restricted": True}, "guests"),
        ("UROBOT", {"is_bot": True}, "bots"),
        ("UGONE", {"deleted": True}, "not active"),
        ("UAWAY", {"team_id": "T0AWAY"}, "other organisations"),
    ],
)
@pytest.mark.parametrize("served", [False, True])
async def test_accounts_that_never_count_are_refused(place, proposing, user, facts, says, served):
    place.slack.add_user(user, **facts)
    place.slack.space.channels["C1"]["members"].add(user)
    await proposing.pending(ONE)
    await place.serve(serve_guests=served, serve_other_organisations=served)

    await press(place, user, "approve")

    told = (await place.whispered()).lower()
    assert says in told or "deactivated" in told
    assert await state(place) is State.PENDING


async def test_what_slack_does_not_tell_counts_against_the_account(place, proposing):
    del place.slack.space.users["UBOB"]["is_restricted"]
    del place.slack.space.users["UBOB"]["is_ultra_restricted"]
    await proposing.pending(ONE)
    await place.serve()

    await press(place, "UBOB", "approve")

    assert "could not be learnt" in await place.whispered()
    assert await state(place) is State.PENDING


async def test_who_was_deactivated_a_moment_ago_does_not_count(place, proposing):
    """The answer that served a question a minute before is too old for a press."""
    await proposing.pending(ONE)
    service = await place.serve()
    await place.card("Waits for approval")
    identity = service._desk.identity
    assert (await identity.actor("UBOB")).is_deactivated is False
    assert (await identity.scope("UBOB", "C1", Place.CHANNEL)).clusters
    place.slack.space.users["UBOB"]["deleted"] = True
    clock = identity._clock
    identity._clock = lambda: clock() + 29.0

    await press(place, "UBOB", "approve")

    assert "deactivated" in await place.whispered()
    assert await state(place) is State.PENDING


async def test_a_member_of_a_user_group_that_the_rule_names_may_approve(place, proposing):
    text = TEXT.replace("people: [ann, bob,", "people: [ann,")
    policy = parse(text)
    place.approvals = Approvals(lambda: policy, App.ASSISTANT)
    proposing.policy = policy
    await proposing.pending(ONE)
    await proposing.pending(TWO, action=harden("api"))
    await place.serve()
    await press(place, "UBOB", "approve")
    assert "bob is not among" in await place.whispered()

    place.slack.add_group("S0CALL", "UBOB")
    place.services[0]._desk.identity._groups = None
    await press(place, "UBOB", "approve")

    assert "counted" in await place.whispered(2)
    assert await state(place) is State.APPROVED
    (review,) = await reviews.of(place.db, ONE)
    assert "S0CALL" in review.standing.decode()


async def test_a_second_press_is_answered_and_counts_once(place, proposing):
    await proposing.pending(ONE, needed=2)
    await place.serve()

    await press(place, "UBOB", "approve")
    await place.card("Waits for approval: 1 of 2")
    assert "1 more approval by other people" in await place.whispered()
    await press(place, "UBOB", "approve")

    assert "already counted" in await place.whispered(2)
    assert len(await reviews.of(place.db, ONE)) == 1


async def test_a_press_that_slack_delivers_four_times_is_answered_once(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval")
    place.slack.faults.copies = 4

    await place.slack.people.press("UBOB", card, "proposal.approve")
    await place.slack.people.delivered()
    await place.card("Approved")
    await place.delivered()

    assert len(place.whispers()) == 1


async def test_many_press_at_once_and_each_is_answered(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval")

    for _ in range(5):
        for user in ("UBOB", "UCAT"):
            place.slack.people.press(user, card, "proposal.approve")
    await place.slack.until(lambda: len(place.whispers()) == 10)

    assert sum("Your approval is counted" in one for one in place.whispers()) == 1
    assert len(await reviews.of(place.db, ONE)) == 1


async def test_an_old_card_is_answered_from_the_state_as_it_is_now(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    old = replace(await place.card("Waits for approval"))
    await press(place, "UBOB", "approve")
    await place.card("Approved")
    await proposing.done(ONE)
    await place.card("Done and verified")

    await place.slack.people.press("UCAT", old, "proposal.approve")

    assert "Too late to decide on this. Done and verified." in await place.whispered(2)


async def test_a_press_after_the_time_ends_the_proposal(place, proposing):
    await proposing.pending(ONE, until=proposing.now + timedelta(seconds=1))
    clock = place.now
    place.now = lambda: clock() + timedelta(seconds=2)
    await place.serve()

    await press(place, "UBOB", "approve", words="Waits for approval")

    assert "The time to approve this is over" in await place.whispered()
    shown = await place.card("Expired")
    assert "proposal.approve" not in str(shown.blocks)
    await place.delivered()
    (told,) = place.marked("expired")
    assert "<@UANN>" in told.text


async def test_only_who_asked_withdraws(place, proposing):
    await proposing.pending(ONE)
    await place.serve()

    await press(place, "UBOB", "withdraw")
    assert "Only who asked" in await place.whispered()
    await press(place, "UANN", "withdraw")

    assert "Withdrawn" in await place.whispered(2)
    shown = await place.card("Withdrawn")
    assert not any(one["type"] == "actions" and "approve" in str(one) for one in shown.blocks)
    assert await state(place) is State.WITHDRAWN


async def test_a_button_carries_the_id_and_nothing_else(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval")

    values = [
        element["value"]
        for block in card.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    assert set(values) == {ONE}


async def test_an_id_of_another_channel_is_no_such_proposal(place, proposing):
    await proposing.pending(ONE)
    await place.serve(channels=place.config.channels | {"C2": place.config.channels["C1"]})
    card = await place.card("Waits for approval")
    place.slack.add_channel("C2", "UBOB")

    await place.slack.people.press("UBOB", replace(card, channel="C2"), "proposal.approve")

    assert "no such proposal" in await place.whispered()
    assert await state(place) is State.PENDING


async def test_undo_becomes_a_proposal_of_its_own_once(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    await press(place, "UBOB", "approve")
    await place.card("Approved")
    await proposing.done(ONE)
    card = await place.card("Done and verified")

    await place.slack.people.press("UBOB", card, "proposal.undo")
    assert "Undo is asked for" in await place.whispered(2)
    await place.slack.people.press("UCAT", card, "proposal.undo")
    assert "asked for already" in await place.whispered(3)

    draft = await proposals.claim_draft(place.db, proposing.turn(), App.ASSISTANT)
    assert (draft.undo_of, draft.requester, draft.account) == (ONE, "bob", ("T0TEAM", "UBOB"))
    assert json.loads(draft.action)["operation_id"] == ONE
    assert draft.thread == proposing.thread
    assert await proposals.claim_draft(place.db, proposing.turn(), App.ASSISTANT) is None
    shown = await place.card("Takes back the change", draft.id)
    assert "Undo a change of web" in str(shown.blocks)


async def test_what_was_not_applied_cannot_be_undone(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    card = replace(await place.card("Waits for approval"))
    undo = {"type": "button", "action_id": "proposal.undo", "value": ONE}
    card.blocks = [*card.blocks[:-1], {"type": "actions", "elements": [undo]}]

    await place.slack.people.press("UBOB", card, "proposal.undo")

    assert "cannot be undone" in await place.whispered()


async def test_where_the_rule_names_who_starts_it_waits_for_their_press(place, proposing):
    deleting = DeleteObject(target=harden().target)
    await proposing.pending(ONE, needed=2, action=deleting)
    await place.serve()
    for user in ("UBOB", "UCAT"):
        await press(place, user, "approve")
    card = await place.card("waits for somebody to start it")

    await place.slack.people.press("UCAT", card, "proposal.start")
    assert "cat is not among bob" in await place.whispered(3)
    await place.slack.people.press("UBOB", card, "proposal.start")

    assert "Started" in await place.whispered(4)
    shown = await place.card("waits to be carried out")
    assert "proposal.start" not in str(shown.blocks)
    case = await proposals.get(place.db, ONE)
    assert case.proposal.started_by == "bob"


async def test_the_patch_is_shown_in_full_to_who_asks_for_it(place, proposing):
    await proposing.pending(ONE)
    await place.serve()

    await press(place, "UBOB", "patch")

    await place.slack.until(lambda: place.slack.space.ephemeral)
    shown = str(place.slack.space.ephemeral[0].blocks)
    assert "kubectl -n shop patch deployment web --type=json" in shown
    assert '"path":"/spec/template/spec/containers/0/securityContext/privileged"' in shown
    assert place.slack.refused == []


async def test_a_policy_that_changed_voids_what_is_pending(place, proposing):
    await proposing.pending(ONE)
    changed = parse(TEXT + "# an edit\n")
    place.approvals = Approvals(lambda: changed, App.ASSISTANT)
    await place.serve()

    await press(place, "UBOB", "approve", words="The policy has changed since")

    assert "has to be proposed again" in await place.whispered()
    assert await state(place) is State.PENDING


async def test_in_a_channel_that_may_not_see_it_any_more_nothing_can_be_pressed(place, proposing):
    await proposing.pending(ONE)
    await place.serve(channels={"C1": Scope({"other": ALL})})

    for action in ("approve", "patch"):
        await press(place, "UBOB", action)

    assert "may not be seen here any more" in await place.whispered(2)
    assert await state(place) is State.PENDING


async def test_a_risky_change_asks_once_more_before_it_is_approved(place, proposing):
    risky = Risk(RiskLevel.HIGH, ("It deletes.",))
    await proposing.pending(ONE, risk=risky)
    await proposing.pending(TWO, action=harden("api"))
    await place.serve()

    assert "confirm" in str((await place.card("Waits")).blocks)
    assert "confirm" not in str((await place.card("Waits", TWO)).blocks)


async def test_cards_are_independent(place, proposing):
    await proposing.pending(ONE)
    await proposing.pending(TWO, action=harden("api"))
    await place.serve()
    await place.card("Waits for approval", TWO)

    await press(place, "UBOB", "approve")
    await place.card("Approved")

    assert await state(place, TWO) is State.PENDING
    await press(place, "UBOB", "approve", TWO)
    await place.card("Approved", TWO)
