"""The executor's own Slack app: its cards, its presses, and no question."""

from bot.approval import proposals
from bot.slack.service import Approvals
from bot.store import inbox, ledger
from bot.store.outbox import App
from bot.store.proposals import State
from tests.fakes.proposed import KEY, POLICY

ONE, TWO = "a" * 32, "b" * 32


async def own_app(place, proposing):
    """Serve as `oakum execute` does, with the ledger's key."""
    place.approvals = Approvals(lambda: POLICY, App.APPROVALS, KEY)
    proposing.app = App.APPROVALS
    return await place.serve()


async def test_it_shows_its_cards_and_signs_the_presses_on_them(place, proposing):
    await proposing.pending(ONE)
    await own_app(place, proposing)
    await proposing.pending(TWO)

    card = await place.card("Waits for approval: 0 of 1", TWO)
    await place.slack.people.press("UBOB", card, "proposal.approve")
    await place.card("Approved, waits to be carried out", TWO)

    assert (await proposals.get(place.db, TWO)).proposal.state is State.APPROVED
    assert place.marked("card", ONE) == []
    found = await ledger.verify(place.db, KEY)
    assert (found.troubles, found.unsigned) == ([], [])


async def test_it_takes_no_question(place, proposing):
    await own_app(place, proposing)

    place.slack.people.mention("C1", "UANN", "which workloads run privileged?")
    await place.slack.people.delivered()

    assert await inbox.waiting(place.db) == 0
    assert place.answering.asked == []
