"""Cards reach Slack once and follow their proposals, whatever Slack and our processes do meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.approval import proposals
from bot.approval.policy.file.document import parse
from bot.approval.transitions import Sealing
from bot.slack.config import Profile
from bot.slack.proposals import posting
from bot.slack.render import Rendered
from bot.slack.service import Approvals
from bot.store import outbox, signs
from bot.store.outbox import App
from bot.types import ThreadKey
from tests.fakes.pressing import ONE, TWO, approve
from tests.fakes.proposed import POLICY, TEXT, harden, rehearsal
from tools.actions.undo_change import UndoChange
from tools.changes import OutcomeKind, Rehearsal
from tools.changes import State as Rehearsed


@pytest.mark.parametrize("profile", list(Profile))
async def test_a_card_follows_its_proposal_to_the_end(place, proposing, profile):
    place.slack.faults.modern_blocks = profile is Profile.MODERN
    await proposing.draft(ONE)
    await place.serve(profile=profile)
    first = await place.card("Being tried out on the cluster")

    turn = proposing.turn()
    sealing = {"needed": 1, "until": proposing.now + timedelta(minutes=30)}
    made = Sealing(rehearsal(harden()), POLICY.version, **sealing)
    await proposals.seal(place.db, turn, ONE, made)
    await approve(place)
    await proposing.applied(ONE)
    await place.card("Applied, being verified")
    await proposing.end(ONE)
    last = await place.card("Done and verified")

    shown = str(last.blocks)
    assert last.ts == first.ts
    assert "• `privileged`: `true` → `false`" in shown
    assert "✅ Privileged container (cis-1.12 5.2.2" in shown
    assert "audit-1" in shown
    assert "proposal.undo" in shown
    assert "proposal.approve" not in shown
    assert place.slack.refused == []
    await place.delivered()
    (told,) = place.marked("ended-done")
    assert "<@UANN> Done and verified" in told.text


async def test_approvers_are_called_once_and_reminded_once(place, proposing):
    place.slack.add_group("S0CALL", "UCAT")
    await proposing.pending(ONE, needed=2, remind_at=proposing.now + timedelta(milliseconds=200))
    await place.serve()
    await approve(place)
    await place.slack.until(lambda: place.marked("reminder"))
    await place.delivered()

    (wanted,) = place.marked("wanted")
    assert "<!subteam^S0CALL>" in wanted.text
    assert "<@UBOB>" in wanted.text
    assert "<@UANN>" not in wanted.text
    assert "<!date^" in wanted.text
    (reminder,) = place.marked("reminder")
    assert "still waits" in reminder.text


async def test_nobody_is_reminded_of_what_was_decided(place, proposing):
    await proposing.pending(ONE, remind_at=proposing.now + timedelta(seconds=60))
    await place.serve()
    await approve(place)
    clock = place.now
    await place.services[0].stop()
    place.now = lambda: clock() + timedelta(seconds=61)
    await place.serve()
    await place.delivered()

    assert place.marked("reminder") == []


async def test_two_processes_show_one_card_and_one_call(place, proposing):
    for proposal, name in ((ONE, "web"), (TWO, "api")):
        await proposing.pending(proposal, action=harden(name))
    await asyncio.gather(place.serve(), place.serve())
    for proposal in (ONE, TWO):
        await approve(place, proposal=proposal)
    await place.delivered()

    for proposal in (ONE, TWO):
        assert len(place.marked("card", proposal)) == 1
        assert len(place.marked("wanted", proposal)) <= 1


@pytest.mark.parametrize("applied", [True, False])
async def test_a_card_whose_posting_got_no_answer_is_looked_for_before_it_is_posted_again(
    place, proposing, applied, monkeypatch
):
    monkeypatch.setattr("bot.slack.proposals.delivery._LOST_S", 0.1)
    place.slack.faults.fail("chat.postMessage", status=503, applied=applied)
    await proposing.pending(ONE)
    await place.serve()

    await place.card("Waits for approval")
    await place.delivered()

    assert len(place.marked()) == 1


async def test_killed_between_posting_and_noting_leaves_one_card(place, proposing):
    """The outbox's row as a killed worker leaves it: claimed, posted, not noted, the lease over."""
    service = await place.serve()
    await service._delivery.drain(0.1)
    await proposing.pending(ONE)
    assert await outbox.claim(place.db, App.ASSISTANT, "killed", place.now(), 0.01)
    spot = posting.Spot(proposing.thread, ONE, "card", place.now() + timedelta(seconds=60))
    ts = await posting.put(service._desk, spot, Rendered("as killed", ()), "", tried=False)

    await place.serve()
    card = await place.card("Waits for approval")
    await place.delivered()

    assert card.ts == ts
    assert len(place.marked()) == 1


async def test_slack_that_wants_fewer_calls_is_left_alone_until_then(place, proposing):
    await proposing.pending(ONE)
    place.slack.faults.fail("chat.postMessage", status=429, retry_after=1)
    await place.serve()

    await place.card("Waits for approval")
    await place.delivered()

    assert place.slack.rates.inside_retry_after == 0
    assert len(place.marked()) == 1


async def test_while_slack_is_down_nothing_is_lost(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    await place.card("Waits for approval")
    await place.delivered()
    place.slack.faults.fail("chat.update", times=2, status=503)
    await proposing.vote(ONE, "bob", "UBOB")
    await proposing.done(ONE)

    last = await place.card("Done and verified", timeout_s=15)

    assert "✅ approved by <@UBOB>" in str(last.blocks)


async def test_a_deleted_card_is_posted_anew_at_the_next_step(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    card = await place.card("Waits for approval")
    await place.delivered()
    card.deleted = True

    await proposing.vote(ONE, "bob", "UBOB")

    again = await place.card("Approved")
    assert again.ts != card.ts
    await proposing.done(ONE)
    assert (await place.card("Done and verified")).ts == again.ts


async def test_a_channel_that_is_gone_stops_nothing_else(place, proposing):
    elsewhere = replace(proposing, thread=replace(proposing.thread, channel="CGONE"))
    await elsewhere.pending(TWO, action=harden("api"))
    await proposing.pending(ONE)
    await place.serve()

    await place.card("Waits for approval")
    await place.delivered()

    assert place.marked("card", TWO) == []


async def test_cards_say_when_no_executor_is_alive_and_when_one_is_again(
    place, proposing, monkeypatch
):
    monkeypatch.setattr("bot.slack.proposals.delivery._ALIVE_EVERY_S", 0.1)
    await signs.beat(place.db, signs.EXECUTOR, "executor", place.now() - timedelta(seconds=31))
    await proposing.pending(ONE)
    await place.serve()
    await place.card("The executor gives no sign of life")

    await signs.beat(place.db, signs.EXECUTOR, "executor", place.now())

    await place.slack.until(lambda: "no sign of life" not in str(place.marked()[0].blocks))


async def test_what_cannot_be_done_says_why_and_gives_the_manifest(place, proposing):
    made = Rehearsal(
        Rehearsed.REFUSED,
        reason="Pod debug cannot be changed in place.",
        hint="Its owner makes it again from the manifest in this thread.",
        manifest={"kind": "Pod", "metadata": {"name": "debug"}, "spec": {"hostPID": False}},
    )
    await proposing.blocked(ONE, made)
    await place.serve()

    card = await place.card("Cannot be done this way")
    await place.delivered()

    assert "cannot be changed in place" in str(card.blocks)
    assert "from the manifest in this thread" in str(card.blocks)
    assert "proposal.approve" not in str(card.blocks)
    (file,) = place.slack.space.files.values()
    assert (file.name, file.thread) == ("oakum-aaaaaaaa-manifest.yaml", proposing.thread.thread)
    assert b"hostPID: false" in file.content


async def test_what_somebody_else_has_to_do_comes_as_a_patch(place, proposing):
    await proposing.handed_over(ONE)
    await place.serve()

    card = await place.card("For somebody else to carry out")
    await place.delivered()

    assert "Argo CD (app shop) would set it back." in str(card.blocks)
    (file,) = place.slack.space.files.values()
    assert file.name == "oakum-aaaaaaaa-patch.txt"
    assert b"kubectl -n shop patch deployment web" in file.content
    assert len(place.marked("ended-handed-over")) == 1


async def test_a_rollout_that_does_not_come_up_is_told_and_offers_undo(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    await approve(place)
    reason = "The rollout did not come up within 10 minutes: CrashLoopBackOff."
    await proposing.done(ONE, OutcomeKind.UNVERIFIED, reason=reason, suggest_undo=True)

    card = await place.card("Applied, not verified")
    await place.delivered()

    assert "CrashLoopBackOff" in str(card.blocks)
    assert "proposal.undo" in str(card.blocks)
    (told,) = place.marked("ended-done")
    assert "press Undo" in told.text


async def test_a_change_that_was_undone_says_so_and_is_not_undone_twice(place, proposing):
    await proposing.pending(ONE)
    await place.serve()
    await approve(place)
    await proposing.done(ONE)
    card = replace(await place.card("Done and verified"))
    await place.slack.people.press("UBOB", card, "proposal.undo")
    await place.whispered(2)
    undo = UndoChange(target=harden().target, operation_id=ONE)
    claimed = await proposals.claim_draft(place.db, proposing.turn(), App.ASSISTANT)
    await place.card("Being tried out", claimed.id)
    await place.card(f"Undo `{claimed.id[:8]}`: Being tried out")
    assert "proposal.undo" not in str(place.marked()[0].blocks)

    proposing.actions[claimed.id] = undo
    made = Sealing(
        rehearsal(undo), POLICY.version, needed=1, until=proposing.now + timedelta(minutes=30)
    )
    await proposals.seal(place.db, proposing.turn(), claimed.id, made)
    await proposing.vote(claimed.id, "cat", "UCAT")
    await proposing.done(claimed.id, OutcomeKind.UNDONE)

    await place.card("Done, and undone since")
    await place.card("*Undone*", claimed.id)
    await place.slack.people.press("UBOB", card, "proposal.undo")
    assert "undone already" in await place.whispered(3)


async def test_open_cards_follow_a_new_policy(place, proposing, monkeypatch):
    monkeypatch.setattr("bot.slack.proposals.delivery._ALIVE_EVERY_S", 0.1)
    now = [POLICY]
    place.approvals = Approvals(lambda: now[0], App.ASSISTANT)
    await proposing.pending(ONE)
    await place.serve()
    await place.card("Waits for approval")
    await place.delivered()

    now[0] = parse(TEXT + "# an edit\n")

    await place.card("The policy has changed since")


async def test_what_was_proposed_at_a_terminal_has_no_card(place, proposing):
    there = replace(proposing, thread=ThreadKey("local", "terminal", "default"))
    await there.pending(ONE)
    await place.serve()
    await place.delivered()

    assert place.marked() == []
    assert place.slack.refused == []


async def test_blocks_that_a_workspace_refuses_become_text(place, proposing):
    place.slack.faults.fail("chat.postMessage", error="invalid_blocks")
    await proposing.pending(ONE)
    await place.serve()

    await place.slack.until(lambda: place.marked())

    assert "Harden web" in place.marked()[0].text


async def test_without_a_policy_nothing_is_delivered(place, proposing):
    place.approvals = None
    await proposing.pending(ONE)
    await place.serve()
    await place.settled()

    assert place.marked() == []


async def test_who_takes_over_as_the_policy_says_is_named(place, proposing):
    policy = parse(TEXT.replace("approve: [leads, on-call]", "approve: [cat]\n    approvals: 1"))
    proposing.policy = policy
    place.approvals = Approvals(lambda: policy, App.ASSISTANT)
    await proposing.pending(ONE)
    await place.serve()

    card = await place.card("Waits for approval")
    await place.delivered()

    assert "Needs 1 approval by cat, never by who asked" in str(card.blocks)
    (wanted,) = place.marked("wanted")
    assert wanted.text.startswith("<@UCAT> ")
