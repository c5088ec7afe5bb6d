"""What a Kustomize file says of the manifests beside it: which are patches, and whether it changes any.

Reads only what decides whether one of them may be edited; renders nothing. Used by `writer`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from tools.cluster.manifests.yaml_documents import Damage, documents
from tools.planning.patching import as_list, as_object

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names that Kustomize looks for."""
_MAX_BYTES = 2**20
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_CHANGES = (
    *_PATCHES,
    "images",
    "replicas",
    "transformers",
    "namespace",
    "namePrefix",
    "nameSuffix",
)


class Overlay(Struct, frozen=True):
    """One Kustomize file."""

    file: str
    """Its name."""
    patches: frozenset[str]
    """Files that it names as patches, as written."""
    changes: bool
    """Whether it changes what it applies."""


def read_overlay(folder: Path) -> Overlay | None:
    """Read the Kustomize file of a folder; None where there is none that can be read."""
    for name in FILES:
        path = folder / name
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for found in documents(text):
            if not isinstance(found, Damage) and isinstance(found.value, dict):
                said = as_object(found.value)
                changes = any(said.get(key) for key in _CHANGES)
                return Overlay(name, frozenset(_named(said)), changes)
    return None


def _named(said: dict[str, Any]) -> Iterator[str]:
    for key in _PATCHES:
        for each in as_list(said.get(key)):
            path = each if isinstance(each, str) else as_object(each).get("path")
            if isinstance(path, str):
                yield path.removeprefix("./")
