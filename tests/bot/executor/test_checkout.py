"""What an owner has to commit is ready in its checkout, where one is configured."""

from pathlib import Path

import msgspec
import yaml
from dulwich import porcelain

from bot.store.proposals import State
from tools.changes import Rehearsal
from tools.types import ClusterConfig, ClusterSource


def checkout(folder: Path, live: dict) -> ClusterConfig:
    """Make the owner's repository with the manifest of one object."""
    manifest = {key: live[key] for key in ("apiVersion", "kind", "spec")}
    manifest["metadata"] = {key: live["metadata"][key] for key in ("name", "namespace", "labels")}
    folder.mkdir()
    (folder / "web.yaml").write_text(yaml.safe_dump(manifest))
    porcelain.init(str(folder)).close()
    porcelain.add(str(folder), paths=[str(folder / "web.yaml")])
    person = b"owner <owner@example.org>"
    porcelain.commit(str(folder), message=b"all", author=person, committer=person)
    return ClusterConfig("lab", ClusterSource.FOLDER, folder=str(folder))


async def test_a_change_for_an_owner_is_a_branch_ready_to_push(world, tmp_path: Path) -> None:
    world.live()["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    owner = checkout(tmp_path / "owner", world.live())

    async with world.executor(checkouts={"lab": owner}):
        await world.submit()
        case = await world.until(State.HANDED_OVER)

    notes = msgspec.json.decode(case.proposal.rehearsal, type=Rehearsal).notes
    assert "Branch oakum/p1-1 of its checkout is ready to push." in notes
    assert b"oakum/p1-1" in porcelain.branch_list(owner.folder)
    assert "privileged: true" in (tmp_path / "owner" / "web.yaml").read_text()


async def test_a_checkout_that_is_none_is_said_on_the_card(world, tmp_path: Path) -> None:
    world.live()["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    nothing = ClusterConfig("lab", ClusterSource.FOLDER, folder=str(tmp_path))

    async with world.executor(checkouts={"lab": nothing}):
        await world.submit()
        case = await world.until(State.HANDED_OVER)

    notes = msgspec.json.decode(case.proposal.rehearsal, type=Rehearsal).notes
    assert any("No branch of its checkout could be made" in note for note in notes)
