"""A cluster that leaves the settings while a change is in hand: told of, waited for, ended by what is known."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.approval import wording
from bot.executor.accounts import open_accounts
from bot.executor.carrying import begin
from bot.executor.loop import Executor
from bot.slack.config import Profile
from bot.slack.proposals import notes
from bot.slack.proposals.cards import View, card
from bot.store import ledger
from bot.store.ledger import Event
from bot.store.proposals import State
from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tests.fakes.executing import KEY, harden
from tools.changes import OutcomeKind
from tools.errors import ClusterUnreachable
from tools.types import ClusterConfig, ClusterSource

_LAPSED = timedelta(seconds=150)


async def broken_off(world, proposal: str = "p1", phase: str = "intended") -> None:
    """Leave an execution as a process leaves it that was killed, its lease over."""
    async with world.executor():
        await world.pending(proposal, harden("web" if proposal == "p1" else proposal))
    await world.press(proposal)
    assert await begin(world.parts(), proposal)
    if phase != "claimed":
        outcome = OutcomeKind.APPLIED.value if phase == "recorded" else ""
        async with world.db.write() as tx:
            await tx.execute(
                text("UPDATE operations SET phase = :phase, outcome = :outcome"),
                {"phase": phase, "outcome": outcome},
            )
    world.skew += _LAPSED


def standing_still(case) -> bool:
    return bool(case.proposal.reason)


def view(world) -> View:
    return View(world.policy(), True, "T0HOME", Profile.MODERN, world.clock())


@pytest.mark.parametrize(
    ("phase", "known"),
    [
        ("claimed", "Nothing was changed yet."),
        ("intended", "Whether Deployment web was changed is not known."),
        ("recorded", "Done: Deployment web."),
    ],
)
async def test_people_are_told_what_is_not_known_and_what_to_do(world, phase, known) -> None:
    await broken_off(world, phase=phase)
    async with world.executor(accounts={}):
        case = await world.reached(standing_still)
    assert case.proposal.state is State.EXECUTING
    assert case.steps[0].locked
    assert known in case.proposal.reason
    assert "Put the cluster back" in case.proposal.reason
    assert wording.status(case).startswith("Stands still")
    shown = str(card(case, view(world)).blocks)
    assert known in shown
    [kind] = notes.due_with(case)
    said = notes.note(kind, case, view(world))
    assert said is not None
    assert known in said.text


async def test_it_is_said_once_and_gone_on_with_when_the_cluster_is_back(world) -> None:
    await broken_off(world, phase="claimed")
    async with world.executor(readers=lambda: {}):
        await world.reached(standing_still)
        before = (await world.case()).proposal.revision
        world.skew += timedelta(minutes=10)
        await asyncio.sleep(0.2)
    assert (await world.case()).proposal.revision == before
    async with world.executor():
        case = await world.done()
    assert case.proposal.outcome == OutcomeKind.VERIFIED
    assert case.proposal.reason == ""
    assert world.effects == ["p1.0"]
    told = [row.entry.event async for page in ledger.pages(world.db) for row in page]
    assert told.count(Event.STANDS_STILL) == 1
    assert not (await ledger.verify(world.db, KEY)).troubles


async def test_those_who_run_it_are_told_for_as_long_as_it_stands_still(world) -> None:
    await broken_off(world, phase="claimed")
    stop = asyncio.Event()
    executor = Executor(world.parts(accounts={}), stop)
    running = asyncio.create_task(executor.run())
    await world.reached(standing_still)
    [said] = executor.notes()
    stop.set()
    await running
    assert "no longer has an account for cluster lab" in said
    assert "stand still: 1 (oakum approvals list)" in said
    assert executor.trouble == ""


@pytest.mark.parametrize(
    ("phase", "ends"),
    [
        ("claimed", OutcomeKind.FAILED),
        ("intended", OutcomeKind.UNKNOWN),
        ("recorded", OutcomeKind.UNVERIFIED),
    ],
)
async def test_after_an_hour_it_ends_by_what_is_known(world, phase, ends) -> None:
    await broken_off(world, phase=phase)
    async with world.executor(accounts={}):
        await world.reached(standing_still)
        world.skew += timedelta(hours=1)
        case = await world.done()
    assert case.proposal.outcome == ends
    assert "no longer has an account for cluster lab, since an hour" in case.proposal.reason
    assert not case.steps[0].locked
    assert world.effects == []


async def test_nobody_waits_behind_it(world) -> None:
    world.api.objects[DEPLOYMENTS].append(deployment("api"))
    await broken_off(world)
    async with world.db.write() as tx:
        await tx.execute(text("UPDATE proposals SET cluster = 'gone'"))
    async with world.executor():
        await world.reached(standing_still)
        await world.pending("api", harden("api"))
        await world.press("api")
        assert (await world.done("api")).proposal.outcome == OutcomeKind.VERIFIED
    assert standing_still(await world.case())


async def test_an_account_that_cannot_be_opened_keeps_no_other_from_being_opened(tmp_path) -> None:
    (tmp_path / "manifests").mkdir()
    fine = ClusterConfig("fine", ClusterSource.FOLDER, folder=str(tmp_path / "manifests"))
    lost = ClusterConfig("lost", ClusterSource.KUBECONFIG, kubeconfig=str(tmp_path / "nothing"))
    async with AsyncExitStack() as stack:
        opened, [said] = await open_accounts({"lost": lost, "fine": fine}, stack)
        assert list(opened) == ["fine"]
        assert said.startswith("Nothing can be changed on lost: ")
        with pytest.raises(ClusterUnreachable):
            await open_accounts({"lost": lost}, stack)
