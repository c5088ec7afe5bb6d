"""A proposal's whole life in an executor's hands: draft, rehearsed, approved, executed, verified."""

from bot.store import ledger
from bot.store.proposals import State
from tests.fakes.executing import KEY
from tools.changes import OutcomeKind


async def test_from_draft_to_verified(world) -> None:
    async with world.executor():
        case = await world.pending()
        assert case.proposal.needed == 1
        assert world.effects == []
        await world.press()
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED, case.proposal.reason
    assert world.effects == ["p1.0"]
    assert not world.privileged()
    assert not case.steps[0].locked
    verified = await ledger.verify(world.db, KEY)
    assert not verified.troubles
    assert not verified.unsigned
    assert case.proposal.state is State.DONE
