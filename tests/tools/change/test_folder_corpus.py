"""Every workload of the test manifests, changed and changed back: only the mappings concerned differ."""

import difflib
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.folder_desk import Desk, desk_of
from tools.actions.account_token_off import AccountTokenOff
from tools.actions.harden_workload import HardenWorkload
from tools.actions.label_namespace import LabelNamespace, Level
from tools.actions.restart import Restart
from tools.changes import OutcomeKind, State
from tools.cluster.manifests.folder import read_folder
from tools.cluster.manifests.text import objects, parsed
from tools.planning.hardening import Setting
from tools.planning.patching import applied as put_together
from tools.planning.patching import same
from tools.types import Action, Operation, Target

CORPUS = Path(__file__).parents[2] / "corpus"
FOLDERS = sorted(path for path in CORPUS.iterdir() if path.is_dir())


def actions(target: Target) -> list[Action]:
    match target.kind:
        case "Namespace":
            return [LabelNamespace(target=target, enforce=Level.RESTRICTED)]
        case "ServiceAccount":
            return [AccountTokenOff(target=target)]
        case _:
            single = [HardenWorkload(target=target, settings=(each,)) for each in Setting]
            every = HardenWorkload(target=target, settings=tuple(Setting))
            restart = Restart(target=target, at="2026-01-01T00:00:00Z")
            return [every, *single, *([restart] if target.kind != "CronJob" else [])]


def targets(folder: Path) -> list[tuple[Target, str]]:
    kinds = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Namespace", "ServiceAccount")
    return [
        (Target("demo", e.kind.group_version, kind, e.namespace, e.name), e.where)
        for kind in kinds
        for e in read_folder(folder).entries.get(kind, [])
    ]


def composed(text: str, place: Any) -> tuple[Any, int]:
    """Give the node of an object, and on which line its document's text begins; empty ones do not count."""
    starts = [0]
    for number, line in enumerate(text.splitlines(keepends=True)):
        if line.startswith("---") and number:
            starts.append(number)
    lines = text.splitlines(keepends=True)
    found: list[tuple[Any, int]] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        try:
            nodes = list(yaml.compose_all("".join(lines[start:end]), Loader=yaml.SafeLoader))
        except yaml.YAMLError:
            continue
        found += [(node, start) for node in nodes]
    found = [each for each in found if each[0] is not None and each[0].value != ""]
    node, start = found[place.document]
    if place.item is not None:
        node = {k.value: v for k, v in node.value}["items"].value[place.item]
    return node, start


def concerned(text: str, place: Any, operation: Operation) -> set[int]:
    """Give the lines of the innermost mapping that holds each change, with the line of its name."""
    allowed: set[int] = set()
    root, base = composed(text, place)
    for change in operation.changes:
        node, above = root, root
        for part in change.path[:-1]:
            known = {k.value: v for k, v in node.value} if isinstance(part, str) else {}
            step = known.get(part) if isinstance(part, str) else node.value[part]
            if step is None or not isinstance(step.value, list):
                break
            node, above = step, node if len(step.value) < 2 else step
        first = min(node.start_mark.line, above.start_mark.line)
        allowed |= set(range(base + first - 1, base + node.end_mark.line + 2))
    return allowed


def changed_lines(before: str, after: str) -> set[int]:
    one, other = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: set[int] = set()
    for tag, a, b, _, _ in difflib.SequenceMatcher(None, one, other, False).get_opcodes():
        if tag != "equal":
            found |= set(range(a, max(b, a + 1)))
    return found


def text_of(file: Path) -> str:
    return file.read_bytes().decode().removeprefix("\ufeff")


async def journey(desk: Desk, action: Action, where: str) -> bool:
    rehearsal = await desk.rehearse(action)
    if rehearsal.state is not State.READY:
        return False
    before, file = desk.texts(), desk.folder / where.rpartition(":")[0]
    old = text_of(file)
    intent = await desk.intend(action)
    outcome = await desk.apply(intent)
    assert outcome.kind is OutcomeKind.APPLIED, (outcome, action)
    new = text_of(file)
    line = int(where.rpartition(":")[2])
    place, obj = next((p, o) for p, o, at in objects(old) if at == line)
    wanted = put_together(_plain(obj), intent.operation.changes)
    assert same(_plain(parsed(new, place) or {}), wanted), action
    stray = changed_lines(old, new) - concerned(old, place, intent.operation)
    assert not stray, (where, action, stray, new)
    others = {name: text for name, text in desk.texts().items() if name != file.name}
    assert {k: v for k, v in others.items() if desk.folder / k != file} == {
        k: v for k, v in before.items() if desk.folder / k != file
    }
    try:
        undo = await desk.undo((intent,), (outcome,))
    except AssertionError as refused:
        assert "Its pods would be refused" in str(refused)
        file.write_bytes(before[file.relative_to(desk.folder).as_posix()])
        return True
    assert (await desk.apply(undo)).kind is OutcomeKind.APPLIED
    assert desk.texts() == before, (where, action)
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    return [_plain(each) for each in value] if isinstance(value, list) else value


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
async def test_every_change_keeps_to_its_lines_and_comes_back(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    desk = await desk_of(copy)
    done = 0
    found = targets(copy)
    for target, where in found:
        for action in actions(target):
            desk.writer, old = (await desk_of(copy)).writer, desk.writer
            await old.close()
            shutil.rmtree(copy / ".oakum", ignore_errors=True)
            done += await journey(desk, action, where)
    await desk.writer.close()
    print(folder.name, len(found), done)
