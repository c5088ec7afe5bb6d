"""Text of manifests: a change touches the lines of its field, and reads back as exactly what was meant."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from tools.cluster.manifests.nodes import Unfit
from tools.cluster.manifests.text import Place, edited, objects, parsed
from tools.planning.patching import changes_between, same
from tools.types import Change

CORPUS = Path(__file__).parents[3] / "corpus"
FILES = sorted(f for f in CORPUS.rglob("*") if f.suffix in (".yaml", ".yml", ".json"))


def text_of(file: Path) -> str:
    return file.read_bytes().decode().removeprefix("\ufeff")


def fields(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        members = enumerate(value)
    found = [path] if path else []
    for key, member in members:
        found += fields(member, (*path, key))
    return found


def drawn(obj: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Change an object at random as actions do: set, add, remove fields, shorten and extend lists."""
    result = copy.deepcopy(obj)
    values: list[Any] = [True, False, 7, "plain", "on", "0644", "a: b # c", "two\nlines", "", None]
    values += [{"x": {"y": "z"}}, ["NET_RAW", "ALL"], [{"name": "n", "value": "v"}], {}, []]
    for _ in range(chance.randint(1, 3)):
        paths = [p for p in fields(result) if not isinstance(p[-1], int) and p[0] != "kind"]
        path = chance.choice(paths)
        at: Any = result
        for part in path[:-1]:
            at = at[part]
        match chance.choice(("set", "remove", "add", "shorten", "extend")):
            case "remove" if path[0] not in ("apiVersion", "metadata") or len(path) > 2:
                at.pop(path[-1], None)
            case "add":
                at["added" + str(chance.randint(0, 9))] = copy.deepcopy(chance.choice(values))
            case "shorten" if isinstance(at[path[-1]], list) and at[path[-1]]:
                at[path[-1]].pop(chance.randrange(len(at[path[-1]])))
            case "extend" if isinstance(at[path[-1]], list):
                at[path[-1]].insert(
                    chance.randint(0, len(at[path[-1]])), copy.deepcopy(chance.choice(values))
                )
            case _ if len(path) > 1:
                at[path[-1]] = copy.deepcopy(chance.choice(values))
            case _:
                pass
    return result


CASES = [(f, place, obj) for f in FILES for place, obj, _ in objects(text_of(f))]


def test_the_corpus_is_varied() -> None:
    assert len(CASES) > 150
    assert {f.suffix for f, _, _ in CASES} == {".yaml", ".yml", ".json"}


def check(seed: int, cases: list[Any]) -> None:
    unfit: list[str] = []
    for number, (file, place, obj) in enumerate(cases):
        wanted = drawn(obj, random.Random(f"{seed}-{number}"))
        changes = changes_between(obj, wanted)
        text = text_of(file)
        try:
            result = edited(text, place, changes, is_json=file.suffix == ".json")
        except Unfit as refusal:
            unfit.append(f"{file.name}: {refusal.public} {[c.path for c in changes]}")
            continue
        assert same(parsed(result, place), wanted)
        for other, (at, said, _) in zip(objects(text), objects(result), strict=True):
            assert other[0] == place or same(other[1], said), at
    assert len(unfit) <= len(cases) // 20, unfit[:20]


def test_what_is_written_reads_back_as_what_was_meant_and_all_else_is_kept() -> None:
    check(0, CASES[::7])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_what_is_written_reads_back_in_every_file(seed: int) -> None:
    check(seed, CASES)


def changed(text: str, change: Change, *, is_json: bool = False) -> str:
    return edited(text, Place(0), (change,), is_json=is_json)


BLOCK = """\
kind: Pod
spec:   # here
  hostPID: true # why
  containers:
  - name: a   # first
    args: ["x", 'y']
    # about the image
    image: a:1

  # in between
  - tty: true
    # about the name
    name: b
    securityContext:
      privileged: true
    env: null
"""


@pytest.mark.parametrize(
    ("path", "after", "old", "new"),
    [
        (("spec", "hostPID"), False, "hostPID: true # why", "hostPID: false # why"),
        (("spec", "hostPID"), UNSET, "  hostPID: true # why\n", ""),
        (("spec", "containers", 0, "args"), ["y", "z"], """["x", 'y']""", """['y', "z"]"""),
        (("spec", "containers", 1, "tty"), UNSET, "  - tty: true\n", "  - \n"),
        (("spec", "containers", 0, "name"), UNSET, "name: a   # first\n    args", "args"),
        (
            ("spec", "containers", 1, "securityContext", "privileged"),
            UNSET,
            "securityContext:\n      privileged: true\n",
            "securityContext: {}\n",
        ),
        (
            ("spec", "containers", 1, "env"),
            [{"name": "web"}],
            "env: null\n",
            "env:\n    - name: web\n",
        ),
        (
            ("spec", "containers", 0, "securityContext"),
            {"privileged": False},
            "image: a:1\n",
            "image: a:1\n    securityContext:\n      privileged: false\n",
        ),
        (
            ("spec", "containers"),
            [{"tty": True, "name": "b", "securityContext": {"privileged": True}, "env": None}],
            BLOCK[BLOCK.index("  - name: a") : BLOCK.index("  - tty")],
            "",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_change_of_block_text_is_exactly_this(
    path: Any, after: Any, old: str, new: str, newline: str
) -> None:
    assert BLOCK.count(old) == 1
    text, wanted = (t.replace("\n", newline) for t in (BLOCK, BLOCK.replace(old, new)))
    assert changed(text, Change(path, UNSET, after)) == wanted


JSON = """\
{
    "kind": "Pod",
    "spec": {
        "hostPID": true,
        "containers": [{"name": "a"}, {"name": "b"}]
    }
}"""


@pytest.mark.parametrize(
    ("path", "after", "old", "new"),
    [
        (("spec", "hostPID"), False, "true", "false"),
        (("spec", "hostPID"), UNSET, '"hostPID": true,\n        ', ""),
        (
            ("spec", "containers"),
            UNSET,
            ',\n        "containers": [{"name": "a"}, {"name": "b"}]',
            "",
        ),
        (
            ("spec", "hostIPC"),
            False,
            '{"name": "b"}]\n',
            '{"name": "b"}],\n        "hostIPC": false\n',
        ),
        (("spec", "containers"), [{"name": "b"}], '{"name": "a"}, ', ""),
        (
            ("spec", "containers", 0, "tty"),
            True,
            '{"name": "a"}',
            '{"name": "a", "tty": true}',
        ),
    ],
)
def test_a_change_of_json_is_exactly_this(path: Any, after: Any, old: str, new: str) -> None:
    assert JSON.count(old) == 1
    assert changed(JSON, Change(path, UNSET, after), is_json=True) == JSON.replace(old, new)


def test_keys_that_yaml_takes_for_other_than_text_are_found() -> None:
    text = "kind: A\nspec:\n  on: 1\n  8080: 2\n  'off': 3\n"
    for key, new in (("true", "on: 7"), ("8080", "8080: 7"), ("off", "'off': 7")):
        assert new in changed(text, Change(("spec", key), UNSET, 7))


@pytest.mark.parametrize(
    "text",
    [
        "spec: &a\n  x: 1\nother: *a\n",
        "base: &b {x: 1}\nspec:\n  <<: *b\n",
    ],
)
def test_text_that_other_values_hang_on_is_not_touched(text: str) -> None:
    with pytest.raises(Unfit):
        changed("kind: A\n" + text, Change(("spec", "x"), 1, UNSET))
