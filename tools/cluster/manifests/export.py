"""Reader -> a folder of manifests: what Oakum may see of a cluster, redacted, to be reviewed elsewhere.

One YAML file per namespace and kind, and `OAKUM-SNAPSHOT.yaml`, which says that the folder is redacted
(so it is never applied), when it was taken, and what could not be looked at. Used by `oakum snapshot`.
"""

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from tools.cluster.absent import require
from tools.cluster.manifests.folder import MARKER
from tools.cluster.reader import Reader
from tools.errors import BadArgument
from tools.objects.kinds import KINDS, Kind
from tools.types import ALL, Gap, Namespaces

CLUSTER_SCOPED = "_cluster"
"""The subfolder of objects without a namespace; no namespace can have this name."""

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
_NOTE = "# Redacted copy, written by Oakum for review. Not to be applied to a cluster.\n"


class Written(Struct, frozen=True):
    """What a snapshot holds."""

    objects: dict[str, int]
    """By kind; kinds without any are left out."""
    gaps: tuple[Gap, ...]
    """What is missing from it, also written into its marker."""


class _Dumper(yaml.CSafeDumper):
    """Quotes every text that kubectl would take for something else."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:y|Y|n|N)$"), ["y", "Y", "n", "N"]
)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+.]?[0-9][0-9a-zA-Z_.+-]*$"),
    list("-+.0123456789"),
)


async def write_snapshot(
    reader: Reader, folder: Path, namespaces: Namespaces = ALL, *, now: datetime
) -> Written:
    """Write everything that a reader shows into a new or empty folder.

    With namespaces, objects without a namespace are left out but for those Namespaces. Raises
    BadArgument for a folder that holds something, UnknownName for a namespace that does not exist.
    """
    await require(reader, namespaces)
    await asyncio.to_thread(_make_empty, folder)
    about: dict[str, Any] = {
        "oakum_snapshot": 1,
        "redacted": True,
        "cluster": reader.name,
        "kubernetes": await reader.version(),
        "namespaces": [] if namespaces is ALL else list(namespaces),
        "taken_at": now.isoformat(),
    }
    await asyncio.to_thread(_write_marker, folder, {**about, "complete": False})
    objects: dict[str, int] = {}
    partial = False
    gaps: dict[Gap, None] = {}
    for kind in KINDS.values():
        if namespaces is not ALL and not kind.namespaced and kind.kind != "Namespace":
            continue
        listing = await reader.documents(kind, namespaces)
        gaps.update(dict.fromkeys(listing.gaps))
        partial = partial or listing.partial
        if listing.objects:
            objects[kind.kind] = len(listing.objects)
            odd = await asyncio.to_thread(_write_kind, folder, kind, listing.objects)
            gaps.update(dict.fromkeys(odd))
    found = msgspec.to_builtins(list(gaps))
    await asyncio.to_thread(
        _write_marker,
        folder,
        {
            **about,
            "complete": True,
            "partial": partial,
            "objects": objects,
            "not_looked_at": found,
        },
    )
    return Written(objects, tuple(gaps))


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        holds = any(folder.iterdir())
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise BadArgument(f"The folder {folder} cannot be made: {why}.") from error
    if holds:
        raise BadArgument(f"The folder {folder} is not empty.", "Name a new one.")


def _write_marker(folder: Path, content: dict[str, Any]) -> None:
    (folder / MARKER).write_text(_NOTE + as_yaml(content), encoding="utf-8")


def _write_kind(folder: Path, kind: Kind, documents: Iterable[bytes]) -> list[Gap]:
    """Write the objects of a kind, one file per namespace; objects in odd places become gaps."""
    files: dict[str, list[bytes]] = {}
    odd: list[Gap] = []
    for raw in documents:
        metadata = msgspec.json.decode(raw)["metadata"]
        namespace = (
            str(metadata.get("namespace") or "default") if kind.namespaced else CLUSTER_SCOPED
        )
        if namespace != CLUSTER_SCOPED and not _NAMESPACE.fullmatch(namespace):
            odd.append(Gap(f"a {kind.kind}", "its namespace has no valid name", kind.kind))
            continue
        files.setdefault(namespace, []).append(raw)
    name = f"{'constraints' if kind.plural == '*' else kind.plural}.yaml"
    if kind.own != kind.kind:
        name = f"{kind.group}.{name}"
    for namespace, raws in files.items():
        path = folder / namespace / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            file.write(_NOTE)
            for raw in raws:
                file.write("---\n" + as_yaml(_trimmed(msgspec.json.decode(raw))))
    return odd


def _trimmed(obj: dict[str, Any]) -> dict[str, Any]:
    """Leave out who manages which field: long, and nothing reads it."""
    obj["metadata"].pop("managedFields", None)
    return obj


def as_yaml(value: Any) -> str:
    """Write one document so that kubectl and `yaml_documents` read back the same values."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
