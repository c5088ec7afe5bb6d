"""A folder of manifests as the cluster: proposed, approved, edited once, verified and undone by the real loop."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bot.store.proposals import State
from tests.fakes.folder_desk import PRIVILEGED, SAFE, WEB
from tests.fakes.git import NEEDED, git
from tools.actions.own_service_account import OwnServiceAccount
from tools.actions.undo_change import UndoChange
from tools.change.account import open_account
from tools.changes import OutcomeKind
from tools.cluster.lazy import LazyReader
from tools.types import ClusterConfig, ClusterSource, Target

WEB_TARGET = Target("lab", "apps/v1", "Deployment", "shop", "web")


async def _open(world, folder: Path) -> None:
    config = ClusterConfig("lab", ClusterSource.FOLDER, folder=str(folder))
    await world.reader.close()
    await world.writer.close()
    world.reader, world.writer = LazyReader(config), await open_account(config)


@pytest_asyncio.fixture
async def folder(world, tmp_path: Path) -> AsyncIterator[Path]:
    made = tmp_path / "manifests"
    made.mkdir()
    (made / "web.yaml").write_text(WEB)
    await _open(world, made)
    yield made
    await world.reader.close()
    await world.writer.close()


def texts(folder: Path) -> dict[str, str]:
    return {f.name: f.read_text() for f in folder.glob("*.yaml")}


async def carried_out(world, proposal: str, action=None, **changes):
    """Ask as ann, approve as bob, and wait for the end."""
    await world.pending(proposal, action, **changes)
    await world.press(proposal)
    return (await world.done(proposal)).proposal


async def test_from_proposal_to_verified_and_back(world, folder: Path) -> None:
    async with world.executor():
        done = await carried_out(world, "change-1")
        assert done.outcome == OutcomeKind.VERIFIED, done.reason
        assert "no running pod" in done.reason
        new = (folder / "web.yaml").read_text().splitlines()
        assert [line for line in new if line not in WEB.splitlines()] == SAFE
        assert PRIVILEGED not in new
        undo = UndoChange(target=done.target, operation_id="change-1")
        undone = await carried_out(world, "undo-of-1", undo, undo_of="change-1")
    assert undone.outcome == OutcomeKind.UNDONE, undone.reason
    assert texts(folder) == {"web.yaml": WEB}


async def test_two_steps_and_their_undo(world, folder: Path) -> None:
    action = OwnServiceAccount(target=WEB_TARGET, account="web-own", confirmed=True)
    async with world.executor():
        done = await carried_out(world, "change-1", action)
        assert done.outcome == OutcomeKind.VERIFIED, done.reason
        assert set(texts(folder)) == {"web.yaml", "serviceaccount-web-own.yaml"}
        undo = UndoChange(target=done.target, operation_id="change-1")
        undone = await carried_out(world, "undo-of-1", undo, undo_of="change-1")
    assert undone.outcome == OutcomeKind.UNDONE, undone.reason
    assert texts(folder) == {"web.yaml": WEB}


async def test_a_manifest_changed_while_people_decide_is_left_as_it_is(world, folder: Path) -> None:
    async with world.executor():
        await world.pending("change-1")
        changed = WEB.replace("web:1.2", "web:1.3")
        (folder / "web.yaml").write_text(changed)
        await world.press("change-1")
        done = (await world.done("change-1")).proposal
    assert done.outcome == OutcomeKind.STALE, done.reason
    assert texts(folder) == {"web.yaml": changed}


async def test_a_template_blocks_with_its_line(world, folder: Path) -> None:
    (folder / "web.yaml").write_text(WEB.replace("registry.example", "{{ .Values.registry }}"))
    async with world.executor():
        await world.submit("change-1")
        case = await world.until(State.BLOCKED, proposal="change-1")
    assert "web.yaml:" in case.proposal.reason
    assert "template" in case.proposal.reason


@NEEDED[0]
@NEEDED[1]
async def test_in_a_git_checkout_it_is_a_branch_and_the_files_stay(world, folder: Path) -> None:
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "all")
    await _open(world, folder)
    async with world.executor():
        done = await carried_out(world, "change-1")
        assert done.outcome == OutcomeKind.VERIFIED, done.reason
        shown = git(folder, "show", "oakum/change-1.0:web.yaml").splitlines()
        assert [line for line in shown if line not in WEB.splitlines()] == SAFE
        assert git(folder, "status", "--porcelain") == ""
        undo = UndoChange(target=done.target, operation_id="change-1")
        undone = await carried_out(world, "undo-of-1", undo, undo_of="change-1")
    assert undone.outcome == OutcomeKind.UNDONE, undone.reason
    assert git(folder, "diff", "main", "oakum/undo-of-1.0") == ""
