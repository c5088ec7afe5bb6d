"""Writes a folder of manifests as if it were a cluster: edits the lines concerned of one file at a time.

A dry run does all but the writing: finds the manifest, tests and applies the patch, decodes the result as
its kind, and makes the new text. In a Git checkout the edit becomes a commit (`branch_store`), elsewhere
the file is replaced (`plain_store`). An edit that takes the last one back, on a file that nobody touched
since, puts the file back byte for byte. What is not edited (`NotEditable`): templates, objects that stand
twice, links, read-only files, and a folder that `oakum snapshot` wrote, whose values are masked. A new
object becomes a file beside the first of its namespace. Only `tools.change` imports this.
"""

import asyncio
import codecs
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from msgspec import Struct

from tools.cluster.branch_store import open_branches
from tools.cluster.export import as_yaml
from tools.cluster.folder import Contents, Entry, read_folder
from tools.cluster.manifest_nodes import Unfit
from tools.cluster.manifest_object import (
    PatchRefused,
    as_live,
    as_manifest,
    patched,
    plain,
    wrong_form,
)
from tools.cluster.manifest_store import Busy, Edit, Put, Store, check_operation_id, digest
from tools.cluster.manifest_text import Place, edited, objects, parsed, without
from tools.cluster.plain_store import PlainStore
from tools.cluster.reader import Reader
from tools.cluster.snapshot import SnapshotReader
from tools.cluster.writer import Reply, check, check_manifest, checked_kind
from tools.errors import ClusterUnreachable, Moved, NotAllowed, NotEditable, UnknownName
from tools.objects.kinds import KINDS
from tools.patching import as_object, changes_between, same
from tools.types import ClusterConfig, Target, Verb

_MARK = "\ufeff"


class _Found(Struct, frozen=True):
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


class FolderWriter:
    """Writes to one folder; `read` gives an object as a server would, with the last operation on it."""

    source = "folder"

    def __init__(self, config: ClusterConfig, store: Store) -> None:
        self.name = config.name
        self._config = config
        self._store = store
        self._turn = Lock()

    async def read(self, target: Target) -> dict[str, Any] | None:
        """Read an object, not redacted. Raises NotEditable where it cannot be known or edited."""
        return await asyncio.to_thread(self._read, target)

    async def patch(
        self, target: Target, patch: list[dict[str, Any]], operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Edit the fields of a JSON Patch; 409 and 422 as a server answers."""
        if not patch:
            raise NotAllowed("A patch without operations is not sent.")
        check(Verb.PATCH, target)
        return await asyncio.to_thread(self._patch, target, patch, operation_id, dry_run)

    async def create(
        self, target: Target, manifest: dict[str, Any], operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Write a new file with one object; 409 where the folder has one of that name."""
        check(Verb.CREATE, target)
        check_manifest(target, manifest)
        return await asyncio.to_thread(self._create, target, manifest, operation_id, dry_run)

    async def delete(
        self, target: Target, resource_version: str, operation_id: str, *, dry_run: bool
    ) -> Reply:
        """Take one object out of its file; the file too, where it held nothing else."""
        check(Verb.DELETE, target)
        if not (target.uid and resource_version):
            raise NotAllowed("Nothing is deleted without its uid and resource version.")
        return await asyncio.to_thread(
            self._delete, target, resource_version, operation_id, dry_run
        )

    async def review_access(self, namespace: str, spec: dict[str, Any]) -> Reply:
        """Nobody can say: always ClusterUnreachable."""
        raise ClusterUnreachable(
            f"Cluster {self.name} is a folder of manifests: no server says what people may do there.",
            "Switch the access check off for it in the policy.",
        )

    async def looking(self, reader: Reader) -> Reader:
        """Read the folder anew, as last edited; a reader of a folder reads it once."""
        return await asyncio.to_thread(self._look)

    async def close(self) -> None:
        """Let go of the folder; safe to call twice."""
        await asyncio.to_thread(self._store.close)

    def _look(self) -> Reader:
        with self._turn:
            return SnapshotReader(self._config, self._read_all())

    def _read(self, target: Target) -> dict[str, Any] | None:
        checked_kind(target)
        with self._turn:
            found = self._find(target, self._contents())
            return None if found is None else self._live(target, found.obj)

    def _live(self, target: Target, obj: dict[str, Any], operation_id: str = "") -> dict[str, Any]:
        last = None if operation_id else self._store.last(_subject(target))
        return as_live(obj, target, operation_id or (last.operation_id if last else ""))

    def _read_all(self) -> Contents:
        """Read the folder as last edited. Raises ClusterUnreachable."""
        try:
            return read_folder(self._store.view())
        except OSError as error:
            raise ClusterUnreachable(
                f"The folder of cluster {self.name} cannot be read: {error.strerror}.",
                "Check that it is still there.",
            ) from error

    def _contents(self) -> Contents:
        """Read the folder to write there. Raises NotEditable for one that Oakum wrote."""
        contents = self._read_all()
        if contents.marker is not None:
            raise NotEditable(
                f"Cluster {self.name} is a redacted copy that `oakum snapshot` wrote: it is never "
                "changed.",
                "Change the cluster it was taken from, or the manifests that people keep.",
            )
        return contents

    def _find(self, target: Target, contents: Contents) -> _Found | None:
        """Find an object's text; None where the folder has none of that name. Raises NotEditable."""
        key = (target.kind, target.namespace, target.name)
        found = [e for e in contents.entries.get(target.kind, []) if _key(e) == key]
        if not found:
            _not_hidden(target, contents)
            return None
        [entry] = found
        subject = _subject(target)
        earlier = contents.twice.get(key)
        if earlier:
            raise NotEditable(
                f"{subject} stands in {', '.join(earlier)} and {entry.where}: which of them counts, "
                "and for what, Oakum cannot know.",
                "Edit it by hand, or give Oakum a folder for each environment.",
            )
        if entry.api_version != KINDS[target.kind].group_version:
            raise NotEditable(
                f"{entry.where} is {entry.api_version}, which no server takes by now."
            )
        file, _, line = entry.where.rpartition(":")
        data = self._store.fetch(file)
        try:
            text = data.decode().removeprefix(_MARK)
        except UnicodeDecodeError as error:
            raise NotEditable(f"{file} is not UTF-8 text.") from error
        places = [each for each in objects(text) if _is(each[1], target)]
        places = [each for each in places if each[2] == int(line)] or places
        if len(places) != 1:
            raise NotEditable(f"{subject} cannot be told from the rest of {entry.where}.")
        return _Found(file, data, text, places[0][0], places[0][1])

    def _patch(
        self, target: Target, patch: list[dict[str, Any]], operation_id: str, dry_run: bool
    ) -> Reply:
        def make() -> tuple[Edit, dict[str, Any]]:
            found = self._there(target)
            after = as_manifest(patched(self._live(target, found.obj), patch), found.obj)
            odd = wrong_form(plain(found.obj), after, KINDS[target.kind])
            if odd:
                raise PatchRefused(422, f"It would not have the form of a {target.kind}: {odd}")
            text = self._text(found, target, after)
            edit = Edit(found.file, _subject(target), found.data, text)
            self._store.check(found.file, new=False)
            new = parsed(text.decode().removeprefix(_MARK), found.place)
            return edit, new if new is not None else after

        return self._carried_out(target, make, operation_id, dry_run)

    def _text(self, found: _Found, target: Target, after: dict[str, Any]) -> bytes:
        """Give the file with the object as it is to be."""
        last = self._store.last(_subject(target))
        if last and last.before is not None and digest(found.data) == last.after_digest:
            before = parsed(last.before.decode().removeprefix(_MARK), found.place)
            if before is not None and same(plain(before), after):
                return last.before
        changes = changes_between(plain(found.obj), after)
        try:
            return found.encoded(edited(found.text, found.place, changes, is_json=found.is_json))
        except Unfit as unfit:
            raise NotEditable(
                f"{found.file} cannot be changed in these fields alone: {unfit.public}.",
                "Edit it by hand.",
            ) from unfit

    def _create(
        self, target: Target, manifest: dict[str, Any], operation_id: str, dry_run: bool
    ) -> Reply:
        def make() -> tuple[Edit, dict[str, Any]]:
            contents = self._contents()
            if self._find(target, contents) is not None:
                raise PatchRefused(409, f"{_subject(target)} is there already.")
            odd = wrong_form(None, manifest, KINDS[target.kind])
            if odd:
                raise PatchRefused(422, f"It does not have the form of a {target.kind}: {odd}")
            file = f"{_folder_for(target, contents)}{target.kind.lower()}-{target.name}.yaml"
            self._store.check(file, new=True)
            return Edit(file, _subject(target), None, as_yaml(manifest).encode()), manifest

        return self._carried_out(target, make, operation_id, dry_run)

    def _delete(
        self, target: Target, resource_version: str, operation_id: str, dry_run: bool
    ) -> Reply:
        def make() -> tuple[Edit, dict[str, Any]]:
            found = self._there(target)
            metadata = self._live(target, found.obj)["metadata"]
            if (metadata["uid"], metadata["resourceVersion"]) != (target.uid, resource_version):
                raise PatchRefused(409, "The manifest was changed since it was read.")
            self._store.check(found.file, new=False)
            try:
                text = without(found.text, found.place, is_json=found.is_json)
            except Unfit as unfit:
                raise NotEditable(
                    f"{_subject(target)} cannot be taken out of {found.file}: {unfit.public}."
                ) from unfit
            after = found.encoded(text) if text else None
            return Edit(found.file, _subject(target), found.data, after), {}

        return self._carried_out(target, make, operation_id, dry_run)

    def _there(self, target: Target) -> _Found:
        found = self._find(target, self._contents())
        if found is None:
            raise PatchRefused(404, f"There is no {_subject(target)}.")
        return found

    def _carried_out(
        self,
        target: Target,
        make: Callable[[], tuple[Edit, dict[str, Any]]],
        operation_id: str,
        dry_run: bool,
    ) -> Reply:
        """Make an edit, and put it unless it is a dry run; answers as a server would."""
        check_operation_id(operation_id)
        with self._turn:
            return self._answered(target, make, operation_id, dry_run)

    def _answered(
        self,
        target: Target,
        make: Callable[[], tuple[Edit, dict[str, Any]]],
        operation_id: str,
        dry_run: bool,
    ) -> Reply:
        try:
            if dry_run:
                _, obj = make()
                return Reply(200, self._live(target, obj) if obj else {})
            with self._store.locked():
                edit, obj = make()
                put: Put = self._store.put(edit, operation_id)
        except PatchRefused as refusal:
            return Reply(refusal.status, {"message": refusal.public})
        except Moved as moved:
            return Reply(409, {"message": moved.public})
        except Busy:
            return Reply(429, {"message": "Another process edits this folder."}, retry_after_s=1.0)
        notes = (put.note,) if put.note else ()
        live = self._live(target, obj, operation_id) if obj else {}
        return Reply(200, live, audit_id=put.id, warnings=notes)


async def open_folder_writer(config: ClusterConfig) -> FolderWriter:
    """Open a folder for the executor. Raises UnknownName if there is none."""
    root = Path(config.folder)

    def opened() -> Store:
        root.stat()
        return open_branches(root) or PlainStore(root)

    try:
        return FolderWriter(config, await asyncio.to_thread(opened))
    except OSError as error:
        raise UnknownName(
            f"The folder {config.folder} of cluster {config.name} cannot be opened: "
            f"{error.strerror or 'unknown reason'}.",
            "Check the path; it is taken from where oakum was started.",
        ) from error


def _subject(target: Target) -> str:
    return f"{target.kind} {'/'.join(filter(None, (target.namespace, target.name)))}"


def _key(entry: Entry) -> tuple[str, str, str]:
    return entry.own_kind, entry.namespace, entry.name


def _is(obj: dict[str, Any], target: Target) -> bool:
    """Tell whether an object as written is the target."""
    metadata = as_object(obj.get("metadata"))
    namespace = str(metadata.get("namespace") or "default") if target.namespace else ""
    named = (obj.get("kind", target.kind), namespace, metadata.get("name"))
    return named == (target.kind, target.namespace, target.name)


def _not_hidden(target: Target, contents: Contents) -> None:
    """Raise NotEditable where the object may stand in a template, which nothing here can read."""
    template = next((gap for gap in contents.gaps if "looks like a template" in gap.why), None)
    if template:
        raise NotEditable(
            f"There is no readable manifest of {_subject(target)}, and {template.what} is a template: "
            "templates are not edited.",
            "Change its values or the template by hand, or give Oakum what it renders to.",
        )


def _folder_for(target: Target, contents: Contents) -> str:
    """Give the place of a new file: beside the first object of its namespace, in path order."""
    files = sorted(
        entry.where.rpartition(":")[0]
        for entries in contents.entries.values()
        for entry in entries
        if entry.namespace == target.namespace
    )
    folder = files[0].rpartition("/")[0] if files else ""
    return f"{folder}/" if folder else ""
