"""Text of manifests: a change touches the lines of its field, and reads back as exactly what was meant."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from tools.cluster.manifest_nodes import Unfit
from tools.cluster.manifest_text import edited, objects, parsed
from tools.patching import changes_between, same

CORPUS = Path(__file__).parents[2] / "corpus"
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


@pytest.mark.parametrize("seed", range(6))
def test_what_is_written_reads_back_as_what_was_meant_and_all_else_is_kept(seed: int) -> None:
    unfit: list[str] = []
    for number, (file, place, obj) in enumerate(CASES):
        chance = random.Random(f"{seed}-{number}")
        wanted = drawn(obj, chance)
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
    assert len(unfit) < len(CASES) // 20, unfit[:20]
