"""Crashes and rivals on a folder: one application or none, and afterwards it is known which."""

import hashlib
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tests.fakes.folder_desk import (
    PRIVILEGED,
    SAFE,
    WEB,
    Crash,
    Desk,
    apply_in_process,
    desk_of,
    harden,
    meet,
)
from tools.actions.delete_object import DeleteObject
from tools.actions.deny_traffic import DenyTraffic
from tools.changes import OutcomeKind
from tools.cluster.manifests.store import exclusive
from tools.types import Action, Target


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "web.yaml").write_text(WEB)
    opened = await desk_of(tmp_path)
    yield opened
    await opened.writer.close()


def deny() -> Action:
    return DenyTraffic(target=Target("demo", "v1", "Namespace", "", "shop"))


def crashing(real: Callable[..., Any], at: int, after: bool) -> Callable[..., Any]:
    calls = iter(range(1_000))

    def call(*args: Any, **named: Any) -> Any:
        number = next(calls)
        if number == at and not after:
            raise Crash
        result = real(*args, **named)
        if number == at:
            raise Crash
        return result

    return call


def drop() -> Action:
    """Delete the Deployment; `test_folder` shows where the uid comes from."""
    target = Target("demo", "apps/v1", "Deployment", "shop", "web", UID)
    return DeleteObject(target=target)


UID = "manifest-" + hashlib.sha256(b"Deployment/shop/web").hexdigest()[:32]
POINTS = [
    (name, at, after)
    for name, times in (
        ("fsync", 4),
        ("replace", 1),
        ("link", 1),
        ("rename", 1),
        ("unlink", 3),
        ("open", 4),
    )
    for at in range(times)
    for after in (False, True)
]


@pytest.mark.parametrize("make", [harden, deny, drop])
@pytest.mark.parametrize(("name", "at", "after"), POINTS)
async def test_after_a_crash_anywhere_it_is_known_and_done_exactly_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, make: Any, name: str, at: int, after: bool
) -> None:
    intent = await desk.intend(make())
    before = desk.texts()
    with monkeypatch.context() as patch:
        patch.setattr(os, name, crashing(getattr(os, name), at, after))
        try:
            outcome = await desk.apply(intent)
        except Crash:
            outcome = None
    there = {k: v for k, v in desk.texts().items() if not k.startswith(".")}
    found = await desk.recover(intent)
    if there == before:
        assert found is None, "not done, and known so"
    else:
        assert found is not None
        assert found.kind is OutcomeKind.APPLIED, "done, and known so"
    if outcome is not None:
        assert outcome.kind is OutcomeKind.APPLIED
    again = await desk_of(desk.folder)
    final = found or await again.apply(intent)
    assert final.kind is OutcomeKind.APPLIED
    assert (await again.verify(intent, final)).kind is OutcomeKind.VERIFIED
    if make is harden:
        new = (desk.folder / "web.yaml").read_text().splitlines()
        assert [line for line in new if line not in WEB.splitlines()] == SAFE
        assert PRIVILEGED not in new
    elif make is drop:
        first, _, last = WEB.split("---\n")
        assert (desk.folder / "web.yaml").read_text() == f"{first}---\n{last}"
    else:
        assert len([name for name in desk.texts() if name.startswith("networkpolicy")]) == 1
    await again.writer.close()


@pytest.mark.parametrize("name", ["fsync", "replace", "open"])
async def test_a_disk_that_refuses_leaves_the_file_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    intent = await desk.intend(harden())

    def full(*args: Any, **named: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, name, full)
        outcome = await desk.apply(intent)
    assert outcome.kind is OutcomeKind.FAILED
    assert "No space left" in outcome.reason
    assert (desk.folder / "web.yaml").read_text() == WEB
    assert await desk.recover(intent) is None
    assert (await desk.apply(intent)).kind is OutcomeKind.APPLIED


async def test_while_another_executor_writes_nothing_is_written(desk: Desk) -> None:
    intent = await desk.intend(harden())
    (desk.folder / ".oakum").mkdir()
    with exclusive(desk.folder / ".oakum" / "lock"):
        outcome = await desk.apply(intent)
    assert outcome.kind is OutcomeKind.FAILED
    assert "busy" in outcome.reason
    assert (desk.folder / "web.yaml").read_text() == WEB
    assert (await desk.apply(intent)).kind is OutcomeKind.APPLIED


async def test_two_executors_with_two_operations_make_one_of_them(desk: Desk) -> None:
    other = await desk_of(desk.folder)
    one, two = await desk.intend(harden()), await other.intend(harden(), "operation-2")
    first, second = await desk.apply(one), await other.apply(two)
    assert (first.kind, second.kind) == (OutcomeKind.APPLIED, OutcomeKind.STALE)
    assert await desk.recover(one) is not None
    found = await desk.recover(two)
    assert found is not None
    assert found.kind is OutcomeKind.STALE
    await other.writer.close()


async def test_a_save_by_an_editor_between_reading_and_writing_is_not_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = await desk.intend(harden())
    file = desk.folder / "web.yaml"
    saved = WEB.replace("the shop team", "another team")
    real, calls = os.fsync, iter(range(100))

    def save(descriptor: int) -> None:
        if next(calls) == 0:
            file.write_text(saved)
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", save)
        outcome = await desk.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED, "a comment is no other object: begun again"
    assert "# who owns this: another team" in file.read_text()
    assert "privileged: false" in file.read_text()


async def test_a_save_that_changes_the_object_in_between_makes_it_stale(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = await desk.intend(harden())
    file = desk.folder / "web.yaml"
    saved = WEB.replace("web:1.2", "web:1.3")
    real, calls = os.fsync, iter(range(100))

    def save(descriptor: int) -> None:
        if next(calls) == 0:
            file.write_text(saved)
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", save)
        outcome = await desk.apply(intent)
    assert outcome.kind is OutcomeKind.STALE
    assert file.read_text() == saved
    assert [name for name in desk.texts() if name.startswith(".")] == [], "nothing is left lying"


@pytest.mark.parametrize("after", [False, True])
async def test_a_file_that_is_removed_whole_is_known_to_be_removed_by_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    (tmp_path / "web.yaml").write_text(WEB.split("---\n")[1])
    desk = await desk_of(tmp_path)
    intent = await desk.intend(drop())
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", crashing(os.rename, 0, after))
        with pytest.raises(Crash):
            await desk.apply(intent)
    assert (tmp_path / "web.yaml").exists() is not after
    found = await desk.recover(intent)
    assert (found is not None and found.kind is OutcomeKind.APPLIED) is after
    await desk.writer.close()


async def test_a_file_that_somebody_else_removed_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB.split("---\n")[1])
    desk = await desk_of(tmp_path)
    intent = await desk.intend(drop())
    (tmp_path / "web.yaml").unlink()
    found = await desk.recover(intent)
    assert found is not None
    assert found.kind is OutcomeKind.UNKNOWN
    await desk.writer.close()


@pytest.mark.slow
async def test_of_many_processes_that_write_at_once_one_does(desk: Desk) -> None:
    intents = [await desk.intend(harden(), f"operation-{number}") for number in range(4)]
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(len(intents))
    with ProcessPoolExecutor(len(intents), spawn, meet, (gate,)) as pool:
        encoded = [msgspec.json.encode(intent) for intent in intents]
        kinds = list(pool.map(apply_in_process, [str(desk.folder)] * len(intents), encoded))
    assert kinds.count("applied") == 1, kinds
    assert set(kinds) <= {"applied", "stale", "failed"}, kinds
    new = (desk.folder / "web.yaml").read_text().splitlines()
    assert [line for line in new if line not in WEB.splitlines()] == SAFE
    known = [await desk.recover(intent) for intent in intents]
    done = [found is not None and found.kind is OutcomeKind.APPLIED for found in known]
    assert done == [kind == "applied" for kind in kinds]


@pytest.mark.parametrize("done", [False, True])
async def test_a_manifest_that_became_a_template_since_still_says_what_became_of_it(
    desk: Desk, done: bool
) -> None:
    intent = await desk.intend(harden())
    if done:
        await desk.apply(intent)
    file = desk.folder / "web.yaml"
    file.write_text(file.read_text().replace("registry.example", "{{ .Values.registry }}"))
    found = await desk.recover(intent)
    assert found is not None
    assert found.kind is (OutcomeKind.APPLIED if done else OutcomeKind.STALE)
