"""Where in a folder of manifests an object stands, and why it may not be edited there.

Not edited are templates, objects that stand twice, old API versions, patches of a Kustomize overlay.
Used by `writer`.
"""

import codecs
from pathlib import Path
from typing import Any

from msgspec import Struct

from tools.cluster.manifests.contents import Contents, Entry
from tools.cluster.manifests.files import PATCH, TEMPLATE
from tools.cluster.manifests.kustomize import read_overlay
from tools.cluster.manifests.store import Store
from tools.cluster.manifests.text import Place, objects
from tools.errors import NotEditable
from tools.objects.kinds import KINDS
from tools.planning.patching import as_object
from tools.types import Target

MARK = "\ufeff"
"""The byte order mark that some editors put before the text."""


class Found(Struct, frozen=True):
    """A manifest that can be edited."""

    file: str
    data: bytes
    """The whole file."""
    text: str
    """The same without a byte order mark."""
    place: Place
    obj: dict[str, Any]

    @property
    def is_json(self) -> bool:
        """Tell whether the file is JSON."""
        return self.file.lower().endswith(".json")

    def encoded(self, text: str) -> bytes:
        """Give a new text as the file's bytes."""
        mark = codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode()


def find(target: Target, contents: Contents, store: Store) -> Found | None:
    """Find an object's text; None where the folder has none of that name. Raises NotEditable."""
    key = (target.kind, target.namespace, target.name)
    found = [e for e in contents.entries.get(target.kind, []) if _key(e) == key]
    if not found:
        _not_hidden(target, contents)
        return None
    [entry] = found
    subject = subject_of(target)
    earlier = contents.twice.get(key)
    if earlier:
        raise NotEditable(
            f"{subject} stands in {', '.join(earlier)} and {entry.where}: which of them counts, "
            "and for what, Oakum cannot know.",
            "Edit it by hand, or give Oakum a folder for each environment.",
        )
    if entry.api_version != KINDS[target.kind].group_version:
        raise NotEditable(f"{entry.where} is {entry.api_version}, which no server takes by now.")
    file, _, line = entry.where.rpartition(":")
    data = store.fetch(file)
    try:
        text = data.decode().removeprefix(MARK)
    except UnicodeDecodeError as error:
        raise NotEditable(f"{file} is not UTF-8 text.") from error
    places = [each for each in objects(text) if _is(each[1], target, entry.namespace)]
    places = [each for each in places if each[2] == int(line)] or places
    if len(places) != 1:
        raise NotEditable(f"{subject} cannot be told from the rest of {entry.where}.")
    return Found(file, data, text, places[0][0], places[0][1])


def overlays(file: str, view: Path, *, new: bool) -> tuple[str, ...]:
    """Say what a Kustomize file beside means for an edit."""
    beside = (view if view.is_dir() else view.parent).joinpath(file).parent
    overlay = read_overlay(beside)
    name = file.rpartition("/")[2]
    if overlay is None:
        return ()
    if new:
        return (f"Add {name} to the resources in {overlay.file}, or nothing applies it.",)
    if overlay.changes:
        return (f"{overlay.file} beside it changes manifests: it may set the same fields.",)
    return ()


def subject_of(target: Target) -> str:
    """Name an object in words: kind, namespace and name."""
    return f"{target.kind} {'/'.join(filter(None, (target.namespace, target.name)))}"


def _key(entry: Entry) -> tuple[str, str, str]:
    return entry.own_kind, entry.namespace, entry.name


def _is(obj: dict[str, Any], target: Target, place: str) -> bool:
    """Tell whether an object as written is the target; `place` is where it goes if it names none."""
    metadata = as_object(obj.get("metadata"))
    namespace = str(metadata.get("namespace") or place) if target.namespace else ""
    named = (obj.get("kind", target.kind), namespace, metadata.get("name"))
    return named == (target.kind, target.namespace, target.name)


def _not_hidden(target: Target, contents: Contents) -> None:
    """Raise NotEditable where the object may stand in a patch or a template, which are not read."""
    patch = next((gap for gap in contents.gaps if gap.why == PATCH), None)
    if patch:
        raise NotEditable(
            f"There is no whole manifest of {subject_of(target)}, and {patch.what} is a patch of a "
            "kustomization: patches are not edited.",
            "Change the base or the patch by hand.",
        )
    template = next((gap for gap in contents.gaps if TEMPLATE in gap.why), None)
    if template:
        raise NotEditable(
            f"There is no readable manifest of {subject_of(target)}, and {template.what} is a template: "
            "templates are not edited.",
            "Change its values or the template by hand, or give Oakum what it renders to.",
        )


def folder_for(target: Target, contents: Contents) -> str:
    """Give the place of a new file: beside the first object of its namespace, in path order."""
    files = sorted(
        entry.where.rpartition(":")[0]
        for entries in contents.entries.values()
        for entry in entries
        if entry.namespace == target.namespace
    )
    folder = files[0].rpartition("/")[0] if files else ""
    return f"{folder}/" if folder else ""
