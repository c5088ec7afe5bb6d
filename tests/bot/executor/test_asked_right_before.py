"""Between two attempts of one write time passes: what the policy says by then counts, not what it said before."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from bot.store.proposals import Case
from tests.fakes.executing import POLICY, World, actor
from tests.fakes.kubernetes import Fault
from tools.changes import OutcomeKind

PAUSE_S = 20
"""Asked for by the server when the write first comes."""
BUSY = {"Retry-After": str(PAUSE_S)}


async def carried_out(world: World, meanwhile: Callable[[], None], *, still: bool = False) -> Case:
    """Carry out what was approved on a server that is busy at first; something happens in the pause.

    `still`: the executor's clock stands from the approval on, so that no time passes in the pause.
    """
    async with world.executor():
        await world.pending()
    await world.press()
    world.api.faults = [Fault("status", status=429, headers=BUSY, writes=True, dry=False, times=1)]

    async def wait(seconds: float) -> None:
        if seconds == PAUSE_S:
            meanwhile()
        await world.wait(seconds)

    approved = world.clock()
    clock = {"clock": lambda: approved} if still else {}
    async with world.executor(wait=wait, **clock):
        return await world.done()


def nothing() -> None:
    """Leave all as it is."""


async def test_where_nothing_happened_it_is_sent_again(world: World) -> None:
    case = await carried_out(world, nothing)
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert world.effects == ["p1.0"]


async def test_an_approver_who_left_meanwhile_stops_it(world: World) -> None:
    def meanwhile() -> None:
        world.people[actor("bob").account] = actor("bob", is_deactivated=True)

    await nothing_came_of(world, await carried_out(world, meanwhile))


async def test_a_policy_that_was_edited_meanwhile_counts_however_short_the_pause(
    world: World,
) -> None:
    def meanwhile() -> None:
        world.policy_text = POLICY.replace("approve: [ann, bob, cat]", "approve: [ann, cat]")

    await nothing_came_of(world, await carried_out(world, meanwhile, still=True))


async def test_a_clock_that_is_set_back_keeps_no_old_word_fresh(world: World) -> None:
    def meanwhile() -> None:
        world.people[actor("bob").account] = actor("bob", is_deactivated=True)
        world.skew -= timedelta(minutes=2)

    await nothing_came_of(world, await carried_out(world, meanwhile))


async def nothing_came_of(world: World, case: Case) -> None:
    assert case.proposal.outcome == OutcomeKind.REFUSED, case.proposal.reason
    assert world.effects == []
    assert not case.steps[0].locked


async def test_the_kill_switch_stops_it(world: World) -> None:
    def meanwhile() -> None:
        world.policy_text = POLICY.replace("kill_switch: false", "kill_switch: true")
        asyncio.get_running_loop().call_later(0.5, over)

    def over() -> None:
        world.skew += timedelta(hours=1)

    case = await carried_out(world, meanwhile)
    assert case.proposal.outcome == OutcomeKind.REFUSED
    assert "kill switch" in case.proposal.reason
    assert world.effects == []
