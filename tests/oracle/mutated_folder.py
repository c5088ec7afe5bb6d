"""A folder with one fault on its way to be written, and the writing. Used by the mutations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import yaml
from msgspec import Struct, field

from tests.oracle.faults import Json, clean


class Folder(Struct):
    """A folder with one fault, on its way to be written."""

    value: Any
    """The planted object, or what it has become."""
    original: Json
    control: str
    around: tuple[Json, ...] = ()
    """Objects beside the clean ones, without which the fault is none."""
    name: str = "planted.yaml"
    texts: list[Callable[[str], str]] = field(default_factory=list[Callable[[str], str]])
    """What is done to the text at the end."""
    encoding: str = "utf-8"
    beside: dict[str, str] = field(default_factory=dict[str, str])
    """Other files, by name."""
    links: dict[str, str] = field(default_factory=dict[str, str])
    namespaces: tuple[str, ...] = ()
    """The scope of the scan."""
    told: list[str] = field(default_factory=list[str])
    """Names of the mutations, in order."""

    @property
    def is_json(self) -> bool:
        """Tell whether the planted file is JSON."""
        return self.name.lower().endswith(".json")


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def write(folder: Folder, root: Path) -> None:
    """Write the folder: clean objects, the planted file and what lies beside."""
    root.mkdir()
    (root / "clean.yaml").write_text(yaml.safe_dump_all([*clean(), *folder.around]))
    text = json.dumps(folder.value, indent=1) if folder.is_json else as_yaml(folder.value)
    for change in folder.texts:
        text = change(text)
    for name, data in {folder.name: text, **folder.beside}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data, encoding=folder.encoding if name == folder.name else "utf-8")
    for name, target in folder.links.items():
        (root / name).symlink_to(target)


def as_yaml(value: Any) -> str:
    """Write YAML without aliases."""
    return yaml.dump(value, Dumper=_Plain, sort_keys=False)


def object_of(folder: Folder) -> Json:
    """Give the object that can still be changed; an empty one where it is a list by now."""
    held: Any = folder.value
    return cast("Json", held) if isinstance(held, dict) else {}


def metadata_of(folder: Folder) -> Json:
    held = object_of(folder).get("metadata")
    return cast("Json", held) if isinstance(held, dict) else {}
