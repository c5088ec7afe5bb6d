"""What an owner would write back is ready in its checkout as a commit, or it is said why not."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cluster_state import DEPLOYMENTS, deployment
from tests.fakes.folder_desk import WEB
from tests.fakes.git import NEEDED, git
from tools.change.owner_branch import commit_for_owner, open_checkout, prepared
from tools.changes import State
from tools.errors import UnknownName
from tools.types import ClusterConfig, ClusterSource, Operation

pytestmark = NEEDED


async def handed_over(bench: Any) -> list[Operation]:
    owned = deployment()
    owned["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop:apps/Deployment"
    bench.api.objects[DEPLOYMENTS] = [owned]
    rehearsal = await bench.rehearse()
    assert rehearsal.state is State.HANDOVER, rehearsal
    return [operation for operation, _ in rehearsal.diff]


def config_of(folder: Path) -> ClusterConfig:
    return ClusterConfig("lab", ClusterSource.FOLDER, folder=str(folder))


def checkout(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "web.yaml").write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "all")
    return folder


async def test_the_commit_is_ready_to_push_and_the_checkout_is_left_alone(
    bench: Any, tmp_path: Path
) -> None:
    folder = checkout(tmp_path / "owner", WEB)
    operations = await handed_over(bench)
    writer = await open_checkout(config_of(folder), "proposal-1")
    made = await commit_for_owner(operations, writer, "proposal-1")
    assert (made.branch, made.reason) == ("oakum/proposal-1-1", "")
    assert git(folder, "rev-parse", made.branch).strip() == made.commit
    rows = git(folder, "diff", "-U0", "main", made.branch).splitlines()
    assert [r[1:].strip() for r in rows if r[0] == "+" and r[:3] != "+++"] == [
        "privileged: false   # since the outage",
        "allowPrivilegeEscalation: false",
    ]
    assert git(folder, "status", "--porcelain") == ""
    await writer.close()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("name: web", "name: other", "no manifest"),
        ("name: app", "name: sidecar", "is not app"),
        ("privileged: true", "privileged: false", "not what it is in the cluster"),
        ("registry.example", "{{ .Values.registry }}", "template"),
    ],
)
async def test_a_manifest_that_says_something_else_is_left_alone(
    bench: Any, tmp_path: Path, old: str, new: str, why: str
) -> None:
    folder = checkout(tmp_path / "owner", WEB.replace(old, new))
    writer = await open_checkout(config_of(folder), "proposal-1")
    made = await commit_for_owner(await handed_over(bench), writer, "proposal-1")
    assert made.branch == ""
    assert why in made.reason
    assert git(folder, "branch", "--list", "oakum/*") == ""
    await writer.close()


async def test_a_manifest_that_leaves_the_default_out_gets_the_field(
    bench: Any, tmp_path: Path
) -> None:
    text = WEB.replace(
        "          securityContext:\n            privileged: true   # since the outage\n"
        "            runAsUser: 1000\n",
        "",
    )
    folder = checkout(tmp_path / "owner", text)
    writer = await open_checkout(config_of(folder), "proposal-1")
    made = await commit_for_owner(await handed_over(bench), writer, "proposal-1")
    assert made.reason == ""
    shown = git(folder, "show", f"{made.branch}:web.yaml")
    assert "          securityContext:\n            allowPrivilegeEscalation: false\n" in shown
    await writer.close()


async def test_the_rehearsal_says_which_branch_is_ready_or_why_none_is(
    bench: Any, tmp_path: Path
) -> None:
    ready = await bench.rehearse()
    await handed_over(bench)
    rehearsal = await bench.rehearse()
    folder = checkout(tmp_path / "owner", WEB)
    config = config_of(folder)
    assert await prepared(ready, config, "proposal-1") is ready
    said = "Branch oakum/proposal-1-1 of its checkout is ready to push."
    assert (await prepared(rehearsal, config, "proposal-1")).notes[-1] == said
    assert (await prepared(rehearsal, config, "proposal-1")).notes[-1] == said, "asked again"
    other = (await prepared(rehearsal, config, "proposal-2")).notes[-1]
    assert other == said.replace("proposal-1", "proposal-2"), "it begins at HEAD, not at the first"
    parents = {git(folder, "rev-parse", f"oakum/proposal-{n}-1^") for n in (1, 2)}
    assert parents == {git(folder, "rev-parse", "main")}
    none = await prepared(rehearsal, config_of(tmp_path), "proposal-1")
    assert "No branch" in none.notes[-1]
    assert "not part of a Git repository" in none.notes[-1]


async def test_a_folder_that_is_not_in_git_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="not part of a Git repository"):
        await open_checkout(config_of(tmp_path), "proposal-1")
