"""A folder in a Git checkout: a change is a commit on a branch of its own, and people's work is left alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from dulwich.repo import Repo
from msgspec import structs

from tests.fakes.folder_desk import PRIVILEGED, SAFE, WEB, Crash, Desk, desk_of, harden
from tests.fakes.git import NEEDED, git
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.own_service_account import OwnServiceAccount
from tools.changes import OutcomeKind, State
from tools.planning.hardening import Setting
from tools.types import Target

pytestmark = NEEDED


def state(folder: Path) -> tuple[str, ...]:
    """Give what people see of their checkout."""
    questions = (("status", "--porcelain"), ("rev-parse", "HEAD"), ("symbolic-ref", "HEAD"))
    return tuple(git(folder, *question) for question in (*questions, ("diff", "HEAD")))


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = tmp_path / "repo" / "clusters" / "shop"
    folder.mkdir(parents=True)
    (folder / "web.yaml").write_text(WEB)
    (tmp_path / "repo" / "README").write_text("ours\n")
    git(tmp_path / "repo", "init", "-q", "-b", "main")
    git(tmp_path / "repo", "add", ".")
    git(tmp_path / "repo", "commit", "-q", "-m", "all")
    opened = await desk_of(folder)
    yield opened
    await opened.writer.close()


async def test_the_change_is_one_commit_on_a_branch_and_the_work_tree_is_left_alone(
    desk: Desk,
) -> None:
    before, texts = state(desk.folder), desk.texts()
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED, applied
    assert (state(desk.folder), desk.texts()) == (before, texts)
    assert "branch oakum/operation-1" in applied.warnings[0]
    assert git(desk.folder, "rev-parse", "oakum/operation-1").strip() == applied.audit_id
    patch = git(desk.folder, "diff", "-U0", "main", "oakum/operation-1").splitlines()
    assert [row[1:] for row in patch if row[0] == "-" and row[:3] != "---"] == [PRIVILEGED]
    assert [row[1:] for row in patch if row[0] == "+" and row[:3] != "+++"] == SAFE
    names = git(desk.folder, "diff", "--name-only", "main", "oakum/operation-1")
    assert names.split() == ["clusters/shop/web.yaml"]
    assert git(desk.folder, "fsck", "--strict").strip() == ""
    assert "Oakum-Operation: operation-1" in git(desk.folder, "log", "-1", applied.audit_id)
    assert (await desk.verify(intent, applied)).kind is OutcomeKind.VERIFIED


async def test_the_undo_builds_on_the_change_and_gives_the_same_files(desk: Desk) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    undo = await desk.undo((intent,), (applied,))
    undone = await desk.verify(undo, await desk.apply(undo))
    assert undone.kind is OutcomeKind.UNDONE
    assert git(desk.folder, "diff", "main", "oakum/operation-1-undo") == ""
    log = git(desk.folder, "log", "--format=%s", "main..oakum/operation-1-undo")
    assert len(log.splitlines()) == 2


async def test_once_merged_the_next_change_begins_at_the_merge(desk: Desk) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    git(desk.folder, "merge", "-q", "--squash", "oakum/operation-1")
    git(desk.folder, "commit", "-q", "-m", "merged")
    assert (await desk.rehearse(harden())).state is State.REFUSED, "already fine"
    found = await desk.recover(intent)
    assert found is not None
    assert found.kind is OutcomeKind.APPLIED
    undo = await desk.undo((intent,), (applied,))
    undone = await desk.apply(undo)
    parent = git(desk.folder, "rev-parse", f"{undone.audit_id}^").strip()
    assert parent == git(desk.folder, "rev-parse", "main").strip()


async def test_a_branch_that_people_deleted_is_no_change(desk: Desk) -> None:
    await desk.apply(await desk.intend(harden()))
    git(desk.folder, "branch", "-q", "-D", "oakum/operation-1")
    assert (await desk.rehearse(harden())).state is State.READY


async def test_changes_that_are_not_committed_are_refused(desk: Desk) -> None:
    intent = await desk.intend(harden())
    edited = WEB.replace("web:1.2", "web:1.3")
    (desk.folder / "web.yaml").write_text(edited)
    rehearsal = await desk.rehearse(harden())
    assert rehearsal.state is State.REFUSED
    assert rehearsal.reason == "web.yaml has changes that are not committed."
    assert (await desk.apply(intent)).kind is OutcomeKind.REFUSED
    assert (desk.folder / "web.yaml").read_text() == edited
    assert git(desk.folder, "branch", "--list", "oakum/*") == ""


async def test_line_ends_that_a_checkout_made_are_no_change(desk: Desk) -> None:
    (desk.folder / "web.yaml").write_bytes(WEB.replace("\n", "\r\n").encode())
    applied = await desk.apply(await desk.intend(harden()))
    assert applied.kind is OutcomeKind.APPLIED


async def test_a_commit_of_people_to_that_manifest_makes_it_stale(desk: Desk) -> None:
    intent = await desk.intend(harden())
    (desk.folder / "web.yaml").write_text(WEB.replace("web:1.2", "web:1.3"))
    git(desk.folder, "commit", "-q", "-a", "-m", "newer")
    assert (await desk.apply(intent)).kind is OutcomeKind.STALE
    assert git(desk.folder, "branch", "--list", "oakum/*") == ""


@pytest.mark.parametrize("after", [False, True])
async def test_after_a_crash_there_is_a_whole_commit_or_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    intent = await desk.intend(harden())
    refs = type(Repo.discover(str(desk.folder)).refs)
    real = refs.add_if_new

    def crash(*args: object, **named: object) -> bool:
        if after:
            real(*args, **named)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(refs, "add_if_new", crash)
        with pytest.raises(Crash):
            await desk.apply(intent)
    found = await desk.recover(intent)
    assert (found is not None) == after
    again = await desk_of(desk.folder)
    assert (await again.apply(intent, sent=True)).kind is OutcomeKind.APPLIED
    commits = git(desk.folder, "log", "--format=%s", "main..oakum/operation-1").splitlines()
    assert commits == ["Change Deployment shop/web"]
    await again.writer.close()


async def test_two_executors_make_one_commit(desk: Desk) -> None:
    other = await desk_of(desk.folder)
    one, two = await desk.intend(harden()), await other.intend(harden(), "operation-2")
    first, second = await desk.apply(one), await other.apply(two)
    assert (first.kind, second.kind) == (OutcomeKind.APPLIED, OutcomeKind.STALE)
    assert git(desk.folder, "branch", "--list", "--format=%(refname:short)", "oakum/*").split() == [
        "oakum/operation-1"
    ]
    await other.writer.close()


async def test_a_branch_named_oakum_stands_in_the_way_and_is_named(desk: Desk) -> None:
    git(desk.folder, "branch", "oakum")
    outcome = await desk.apply(await desk.intend(harden()))
    assert outcome.kind is OutcomeKind.FAILED
    assert "branch named oakum" in outcome.reason


async def test_a_change_of_another_file_carries_no_change_that_waits_to_be_merged(
    desk: Desk,
) -> None:
    target = Target("demo", "v1", "Namespace", "", "shop")
    await desk.apply(await desk.intend(harden()))
    applied = await desk.apply(await desk.intend(DenyTraffic(target=target), "operation-2"))
    assert applied.kind is OutcomeKind.APPLIED, applied
    names = git(desk.folder, "diff", "--name-status", "main", "oakum/operation-2").split()
    assert names[0] == "A"
    assert names[1].startswith("clusters/shop/networkpolicy-")
    assert names[2:] == []
    assert applied.warnings == (
        f"It is commit {applied.audit_id[:10]} on branch oakum/operation-2, for somebody to merge.",
    )
    assert not list(desk.folder.glob("networkpolicy*"))


async def test_a_folder_that_is_not_committed_is_a_plain_folder(desk: Desk) -> None:
    plain = desk.folder / "build"
    plain.mkdir()
    (plain / "web.yaml").write_text(WEB)
    opened = await desk_of(plain)
    await opened.apply(await opened.intend(harden()))
    assert "privileged: false" in (plain / "web.yaml").read_text()
    assert git(desk.folder, "branch", "--list", "oakum/*") == ""
    await opened.writer.close()


async def test_a_link_in_git_is_not_edited(desk: Desk) -> None:
    (desk.folder / "web.yaml").rename(desk.folder / "data.txt")
    (desk.folder / "web.yaml").symlink_to("data.txt")
    git(desk.folder, "add", "-A", ".")
    git(desk.folder, "commit", "-q", "-m", "link")
    assert (await desk.rehearse(harden())).state is State.REFUSED


async def test_all_steps_of_a_change_are_on_its_last_branch(desk: Desk) -> None:
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    action = OwnServiceAccount(target=target, account="web-own", confirmed=True)
    intents, outcomes = await desk.carry_out(action)
    assert outcomes[-1].kind is OutcomeKind.VERIFIED, outcomes
    names = git(desk.folder, "diff", "--name-only", "main", "oakum/operation.1").split()
    assert names == ["clusters/shop/serviceaccount-web-own.yaml", "clusters/shop/web.yaml"]
    first = await desk.undo(intents, outcomes)
    for step in range(2):
        undone = await desk.apply(structs.replace(first, step=step, operation_id=f"undo.{step}"))
        assert undone.kind is OutcomeKind.APPLIED, undone
    assert git(desk.folder, "diff", "main", "oakum/undo.1") == ""


async def test_branches_that_git_packed_meanwhile_are_seen(desk: Desk) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    git(desk.folder, "pack-refs", "--all")
    git(desk.folder, "gc", "-q")
    assert await desk.writer.read(intent.operation.target) is not None
    found = await desk.recover(intent)
    assert found is not None
    undo = await desk.undo((intent,), (applied,))
    git(desk.folder, "pack-refs", "--all")
    assert (await desk.apply(undo)).kind is OutcomeKind.APPLIED
    git(desk.folder, "pack-refs", "--all")
    assert (await desk.apply(undo, sent=True)).kind is OutcomeKind.APPLIED
    assert git(desk.folder, "fsck", "--strict").strip() == ""


async def test_what_people_commit_on_a_branch_is_never_carried_on(
    desk: Desk, tmp_path: Path
) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    put_on_branch(desk, tmp_path / "other", "operation-1", "and what nobody approved")
    target = Target("demo", "v1", "Namespace", "", "shop")
    await desk.apply(await desk.intend(DenyTraffic(target=target), "operation-2"))
    undone = await desk.apply(await desk.undo((intent,), (applied,)))
    assert undone.kind is OutcomeKind.APPLIED, undone
    for branch, files in (("operation-2", 1), ("operation-1-undo", 0)):
        names = git(desk.folder, "diff", "--name-only", "main", f"oakum/{branch}").split()
        assert len(names) == files
        assert "web:1.3" not in git(desk.folder, "show", f"oakum/{branch}:clusters/shop/web.yaml")


async def test_a_commit_that_only_calls_itself_ours_is_never_carried_on(
    desk: Desk, tmp_path: Path
) -> None:
    intent = await desk.intend(harden())
    applied = await desk.apply(intent)
    forged = "x\n\nOakum-Operation: operation-1\nOakum-Object: a\nOakum-File: web.yaml"
    put_on_branch(desk, tmp_path / "other", "operation-1", forged)
    undone = await desk.apply(await desk.undo((intent,), (applied,)))
    assert git(desk.folder, "rev-parse", f"{undone.audit_id}^").strip() == applied.audit_id


def put_on_branch(desk: Desk, tree: Path, operation_id: str, message: str) -> None:
    """Commit another image and another manifest on a branch of Oakum's."""
    git(desk.folder, "worktree", "add", "-q", str(tree), f"oakum/{operation_id}")
    folder = tree / "clusters" / "shop"
    file = folder / "web.yaml"
    file.write_text(file.read_text().replace("web:1.2", "web:1.3"))
    (folder / "evil.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: evil}\n")
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", message)


async def test_a_change_of_the_same_file_stands_on_the_one_that_waits_and_says_so(
    desk: Desk,
) -> None:
    first = await desk.apply(await desk.intend(harden()))
    action = harden(settings=(Setting.READ_ONLY_ROOT,), answers=())
    said = "oakum/operation-1 changed web.yaml and is not merged: this stands on it."
    assert said in (await desk.rehearse(action)).warnings
    second = await desk.apply(await desk.intend(action, "operation-2"))
    assert said in second.warnings
    assert git(desk.folder, "rev-parse", f"{second.audit_id}^").strip() == first.audit_id


async def test_steps_stand_on_each_other_and_on_what_waits_for_the_same_file(desk: Desk) -> None:
    await desk.apply(await desk.intend(harden()))
    target = Target("demo", "apps/v1", "Deployment", "shop", "web")
    action = OwnServiceAccount(target=target, account="web-own", confirmed=True)
    intents, outcomes = await desk.carry_out(action)
    assert outcomes[-1].kind is OutcomeKind.VERIFIED, outcomes
    log = git(desk.folder, "log", "--format=%s", "main..oakum/operation.1").splitlines()
    assert sorted(log) == [
        "Change Deployment shop/web",
        "Change Deployment shop/web",
        "Change ServiceAccount shop/web-own",
    ]
    first = await desk.undo(intents, outcomes)
    for step in range(2):
        undone = await desk.apply(structs.replace(first, step=step, operation_id=f"undo.{step}"))
        assert undone.kind is OutcomeKind.APPLIED, undone
    assert git(desk.folder, "diff", "oakum/operation-1", "oakum/undo.1") == ""


async def test_a_second_work_tree_of_a_repository_is_a_checkout_too(
    desk: Desk, tmp_path: Path
) -> None:
    tree = tmp_path / "other"
    git(desk.folder, "worktree", "add", "-q", "-b", "topic", str(tree))
    opened = await desk_of(tree / "clusters" / "shop")
    applied = await opened.apply(await opened.intend(harden()))
    assert applied.kind is OutcomeKind.APPLIED, applied
    assert git(desk.folder, "rev-parse", "oakum/operation-1").strip() == applied.audit_id
    assert git(tree, "status", "--porcelain") == ""
    await opened.writer.close()


async def test_a_shallow_clone_is_enough(desk: Desk, tmp_path: Path) -> None:
    for number in range(3):
        git(desk.folder, "commit", "-q", "--allow-empty", "-m", str(number))
    clone = tmp_path / "clone"
    top = git(desk.folder, "rev-parse", "--show-toplevel").strip()
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{top}", str(clone))
    opened = await desk_of(clone / "clusters" / "shop")
    intent = await opened.intend(harden())
    applied = await opened.apply(intent)
    assert applied.kind is OutcomeKind.APPLIED, applied
    undo = await opened.undo((intent,), (applied,))
    assert (await opened.apply(undo)).kind is OutcomeKind.APPLIED
    await opened.writer.close()


async def test_a_new_file_never_takes_the_place_of_a_link(desk: Desk) -> None:
    (desk.folder / "networkpolicy-default-deny.yaml").symlink_to("nowhere")
    git(desk.folder, "add", "-A", ".")
    git(desk.folder, "commit", "-q", "-m", "link")
    rehearsal = await desk.rehearse(
        DenyTraffic(target=Target("demo", "v1", "Namespace", "", "shop"))
    )
    assert rehearsal.state is State.REFUSED
    assert "is a link" in rehearsal.reason
