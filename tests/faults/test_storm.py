"""An executor killed at random times, a hundred times over, while people ask and approve."""

import pytest

from tests.faults.far import storm

pytestmark = pytest.mark.slow
KILLS = 100
SEED = 20261124


async def test_a_hundred_random_kills_double_nothing_and_lose_nothing(there) -> None:
    ends = await storm(there, KILLS, SEED)
    assert ends["verified"]
    assert set(ends) <= {"verified", "expired", "blocked", "stale", "refused"}
