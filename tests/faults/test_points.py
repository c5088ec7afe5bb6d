"""An executor killed or stopped at every numbered fault point: one application or none, known as such."""

import os
import signal

import pytest

from tests.faults.far import AFTER_LEASE_S

pytestmark = pytest.mark.slow
AFTER_EXPIRY_S = 2_400.0


async def test_killed_at_every_point_it_is_applied_exactly_once(there) -> None:
    names, killed = [], True
    while killed:
        names.append(f"web-{len(names) + 1}")
        await there.submit(names[-1])
        killed = (await there.fork(names=[names[-1]], point=len(names)))["killed"]
        there.later_s += AFTER_LEASE_S
        await there.fork(names=[names[-1]])
        assert there.effects(names[-1]) == 1, len(names)
        there.forget(names[-1])
    assert await there.judge(names) == {"verified": len(names)}
    assert len(names) > 30


async def test_killed_at_every_point_and_found_after_the_approval_is_over_it_is_known_what_holds(
    there,
) -> None:
    names, killed = [], True
    while killed:
        names.append(f"web-{len(names) + 1}")
        await there.submit(names[-1])
        killed = (await there.fork(names=[names[-1]], point=len(names)))["killed"]
        there.later_s += AFTER_EXPIRY_S
        await there.fork(names=[names[-1]])
        there.forget(names[-1])
    ends = await there.judge(names)
    assert set(ends) <= {"verified", "expired", "refused", "stale"}
    assert ends["expired"]
    assert ends["stale"]


@pytest.mark.parametrize("which", ["before a request", "after a commit"])
async def test_stopped_past_its_lease_and_woken_it_adds_nothing(there, which) -> None:
    await there.submit("whole")
    points = (await there.fork(names=["whole"]))["points"]
    first = points.index("after a request")
    names = []
    for number, point in enumerate(points, start=1):
        if number <= first or point != which:
            continue
        names.append(f"web-{number}")
        await there.submit(names[-1])
        paused = await there.fork(names=[names[-1]], point=number, sends=signal.SIGSTOP)
        if not paused["stopped"]:
            break
        there.later_s += AFTER_LEASE_S
        await there.fork(names=[names[-1]])
        os.kill(paused["ended"], signal.SIGCONT)
        assert "points" in await there.line()
        assert there.effects(names[-1]) == 1, number
        there.forget(names[-1])
    assert await there.judge(names) == {"verified": len(names)}
