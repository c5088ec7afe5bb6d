"""What a proposal's state is in the store."""

import pytest

from bot.approval import proposals


@pytest.fixture
def state(db):
    async def of(proposal="p1"):
        case = await proposals.get(db, proposal)
        assert case is not None
        return case.proposal.state

    return of
