"""A folder -> its files that are manifests, in path order, and what stands in the way of others.

Knows names and places, not objects: which names are left out (hidden ones, links out of the folder),
which files are templates of a chart or patches of a kustomization. Used by `folder`.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath

from msgspec import Struct

from tools.cluster.manifests.kustomize import FILES as KUSTOMIZATIONS
from tools.cluster.manifests.kustomize import read_overlay
from tools.types import ANY_KIND, Gap

PATCH = "it is a patch of a kustomization, no whole manifest"
TEMPLATE = "it looks like a template, which must be rendered first"
NOT_RENDERED = "it is a kustomization, and what it renders to is not looked at; render it first"
CHART = (
    "it is a chart that brings others, and what they render to is not looked at; render it first"
)
_DEPENDENCIES = re.compile(rb"(?m)^dependencies:")
_SUFFIXES = (".yaml", ".yml", ".json")
_LOOKED_INTO_BYTES = 2**20
_MAX_HIDDEN = 20_000
_TELLING = re.compile(rb"kind|apiversion|containers|\{[{%]", re.IGNORECASE)
_KEYS = re.compile(
    rb"""(?:^|[{,\[-])[ \t]*["']?(apiversion|kind|metadata)["']?[ \t]*:""", re.I | re.M
)
_GIT = ".git"


class Found(Struct, frozen=True):
    """One file to read."""

    path: Path
    name: str
    """Its path in the folder, with slashes, printable."""
    in_chart: bool = False
    """Below `templates` of a chart."""


def could_hold(data: bytes) -> bool:
    """Tell whether what cannot be read has a word of a Kubernetes object in it."""
    return _TELLING.search(data.replace(b"\0", b"")) is not None


def system_says(error: OSError) -> str:
    """Say why the system does not open something."""
    return f"it could not be opened: {error.strerror or 'unknown reason'}"


def files(root: Path, gaps: list[Gap]) -> Iterator[Found]:
    """Yield the files to read (as `kubectl apply -R` orders them), each real file once.

    What is left out is added to the gaps. Raises OSError if there is nothing.
    """
    if not root.is_dir():
        root.stat()
        yield from _told([Found(root, _printable(root.name))], gaps, set())
        return
    paths = _walked(root, gaps)
    charts = {path.parent for path in paths if path.name == "Chart.yaml"}
    gaps += [
        Gap(_inside(chart, root), CHART, ANY_KIND) for chart in sorted(charts) if _brings(chart)
    ]
    gaps += [
        Gap(_inside(path, root), TEMPLATE, ANY_KIND)
        for chart in sorted(charts)
        for path in _other_templates(chart)
    ]
    patches = {file for path in paths if path.name in KUSTOMIZATIONS for file in _patches(path)}
    real_root = root.resolve()
    seen: set[Path] = set()
    found: list[Found] = []
    for path in sorted(paths, key=lambda path: path.relative_to(root).parts):
        name = _inside(path, root)
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            gaps.append(Gap(name, "it is a link that leads nowhere", ANY_KIND))
            continue
        if not real.is_relative_to(real_root):
            gaps.append(Gap(name, "it links out of the folder", ANY_KIND))
        elif real not in seen and not real.is_dir():
            seen.add(real)
            found.append(Found(path, name, _in_chart(path, charts)))
    yield from _told(found, gaps, patches)


def _told(found: list[Found], gaps: list[Gap], patches: set[str]) -> Iterator[Found]:
    """Name kustomizations, leave out their patches, and yield the rest."""
    for each in found:
        if each.path.name in KUSTOMIZATIONS:
            gaps.append(Gap(each.name, NOT_RENDERED, ANY_KIND))
        elif str(each.path) in patches:
            gaps.append(Gap(each.name, PATCH))
        else:
            yield each


def _walked(root: Path, gaps: list[Gap]) -> list[Path]:
    """Walk the folder; a hidden name is named where it holds what may be objects."""
    found: list[Path] = []

    def refused(error: OSError) -> None:
        gaps.append(Gap(_inside(Path(error.filename), root), system_says(error), ANY_KIND))

    for folder, subfolders, names in os.walk(root, onerror=refused):
        hidden = sorted(name for name in (*subfolders, *names) if name.startswith("."))
        gaps += [_left_out(Path(folder, name), root) for name in hidden if _matters(folder, name)]
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        found += [
            Path(folder, name)
            for name in (*names, *links)
            if not name.startswith(".") and (name in links or _is_manifest(name))
        ]
    return found


def _is_manifest(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES) or name in KUSTOMIZATIONS


def _left_out(path: Path, root: Path) -> Gap:
    return Gap(_inside(path, root), "its name begins with a dot, so it is left out", ANY_KIND)


def _matters(folder: str, name: str) -> bool:
    """Tell whether a hidden name holds what may be objects; Git's own and Kubernetes' mounts do not."""
    if name == _GIT or name.startswith(".."):
        return False
    path = Path(folder, name)
    if not path.is_dir():
        return _is_manifest(name) and _could_hold_file(path)
    inside = (
        Path(below, each)
        for below, _, names in os.walk(path)
        for each in names
        if _is_manifest(each)
    )
    return any(
        number >= _MAX_HIDDEN or _could_hold_file(each) for number, each in enumerate(inside)
    )


def _could_hold_file(path: Path) -> bool:
    """Tell whether a hidden file has keys of an object, or is too long to say."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            data = file.read(_LOOKED_INTO_BYTES + 1)
    except OSError:
        return True
    if len(data) > _LOOKED_INTO_BYTES:
        return True
    keys = {found.lower() for found in _KEYS.findall(data.replace(b"\0", b""))}
    return b"apiversion" in keys or len(keys) > 1


def _brings(chart: Path) -> bool:
    """Tell whether a chart installs others: named in Chart.yaml or requirements.yaml, or packed beside it."""
    said = (chart / name for name in ("Chart.yaml", "requirements.yaml"))
    small = (each for each in said if each.is_file() and each.stat().st_size <= _LOOKED_INTO_BYTES)
    named = any(_DEPENDENCIES.search(each.read_bytes()) for each in small)
    return named or any((chart / "charts").glob("*.tgz"))


def _other_templates(chart: Path) -> list[Path]:
    """List templates of a chart that are not called manifests: it renders all but `_` names and notes."""
    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(chart / "templates")
        for name in names
        if not (_is_manifest(name) or name.startswith(("_", ".")) or name == "NOTES.txt")
    )


def _in_chart(path: Path, charts: set[Path]) -> bool:
    """Tell whether a file stands below `templates` of a chart."""
    return any(folder.name == "templates" and folder.parent in charts for folder in path.parents)


def _patches(kustomization: Path) -> Iterator[str]:
    """Yield the paths of the files that a kustomization names as patches."""
    folder = kustomization.parent
    try:
        overlay = read_overlay(folder)
    except OSError:
        return
    for each in overlay.patches if overlay else ():
        if "\n" not in each:
            yield normpath(f"{folder}/{each}")


def _inside(path: Path, root: Path) -> str:
    """Name a path in the folder."""
    inside = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    return _printable(inside.as_posix())


def _printable(name: str) -> str:
    """Give a file's name as text that can be written; bytes that are no UTF-8 show as escapes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
