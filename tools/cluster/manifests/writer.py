"""Writes a folder of manifests as if it were a cluster: edits the lines concerned of one file at a time.

A dry run does all but the writing: finds the manifest, tests and applies the patch, decodes the result as
its kind, and makes the new text. In a Git checkout the edit becomes a commit (`branch_store`), elsewhere
the file is replaced (`plain_store`). An edit that takes the last one back, on a file that nobody touched
since, puts the file back byte for byte. What is not edited (`NotEditable`): templates, objects that stand
twice, links, read-only files, and a folder that `oakum snapshot` wrote, whose values are masked. A new
object becomes a file beside the first of its namespace. Only `tools.change` imports this.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from msgspec import Struct

from tools.cluster.manifests.branch_store import open_branches
from tools.cluster.manifests.contents import Contents
from tools.cluster.manifests.export import as_yaml
from tools.cluster.manifests.finding import MARK, Found, find, folder_for, overlays, subject_of
from tools.cluster.manifests.folder import read_folder, unopened
from tools.cluster.manifests.nodes import Unfit
from tools.cluster.manifests.object import (
    PatchRefused,
    as_live,
    as_manifest,
    patched,
    plain,
    unknown_field,
    wrong_form,
)
from tools.cluster.manifests.plain_store import PlainStore
from tools.cluster.manifests.reader import SnapshotReader
from tools.cluster.manifests.store import Busy, Edit, Put, Store, check_operation_id, digest
from tools.cluster.manifests.text import edited, parsed, without
from tools.cluster.reader import Reader
from tools.cluster.writer import Reply, check, check_manifest, check_patch, checked_kind
from tools.errors import ClusterUnreachable, Moved, NotAllowed, NotEditable
from tools.objects.kinds import KINDS
from tools.planning.patching import changes_between, same
from tools.types import ClusterConfig, Target, Verb


class _Made(Struct, frozen=True):
    """An edit that is ready to be put."""

    edit: Edit
    obj: dict[str, Any]
    """The object afterwards; empty where there is none."""
    notes: tuple[str, ...] = ()
    """What people should know, one sentence each."""


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
        check_patch(patch)
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

    async def did(self, target: Target, operation_id: str) -> bool | None:
        """Tell by the folder's own records whether an operation changed a target last."""
        return await asyncio.to_thread(self._did, target, operation_id)

    async def looking(self, reader: Reader) -> Reader:
        """Read the folder anew, as last edited; a reader of a folder reads it once."""
        return await asyncio.to_thread(self._look)

    async def close(self) -> None:
        """Let go of the folder; safe to call twice."""
        await asyncio.to_thread(self._store.close)

    def _did(self, target: Target, operation_id: str) -> bool:
        with self._turn:
            last = self._store.last(subject_of(target))
        return last is not None and last.operation_id == operation_id

    def _look(self) -> Reader:
        with self._turn:
            return SnapshotReader(self._config, self._read_all())

    def _read(self, target: Target) -> dict[str, Any] | None:
        checked_kind(target)
        with self._turn:
            found = find(target, self._contents(), self._store)
            return None if found is None else self._live(target, found.obj)

    def _live(self, target: Target, obj: dict[str, Any], operation_id: str = "") -> dict[str, Any]:
        last = None if operation_id else self._store.last(subject_of(target))
        return as_live(obj, target, operation_id or (last.operation_id if last else ""))

    def _read_all(self) -> Contents:
        """Read the folder as last edited. Raises ClusterUnreachable."""
        try:
            return read_folder(self._store.view(), self._config.apply_namespace)
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

    def _patch(
        self, target: Target, patch: list[dict[str, Any]], operation_id: str, dry_run: bool
    ) -> Reply:
        def make() -> _Made:
            found = self._there(target)
            after = as_manifest(patched(self._live(target, found.obj), patch), found.obj)
            odd = wrong_form(plain(found.obj), after, KINDS[target.kind])
            if odd:
                raise PatchRefused(422, f"It would not have the form of a {target.kind}: {odd}")
            text = self._text(found, target, after)
            edit = Edit(found.file, subject_of(target), found.data, text)
            stands_on = self._store.check(found.file, new=False)
            new = parsed(text.decode().removeprefix(MARK), found.place)
            notes = overlays(found.file, self._store.view(), new=False)
            return _Made(edit, after if new is None else new, (*stands_on, *notes))

        return self._carried_out(target, make, operation_id, dry_run)

    def _text(self, found: Found, target: Target, after: dict[str, Any]) -> bytes:
        """Give the file with the object as it is to be."""
        last = self._store.last(subject_of(target))
        if last and last.before is not None and digest(found.data) == last.after_digest:
            before = parsed(last.before.decode().removeprefix(MARK), found.place)
            if before is not None and same(plain(before), after):
                return last.before
        changes = changes_between(plain(found.obj), after)
        unknown = unknown_field(changes, KINDS[target.kind])
        if unknown:
            raise PatchRefused(422, f"Oakum knows no field {unknown} of a {target.kind}.")
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
        def make() -> _Made:
            contents = self._contents()
            if find(target, contents, self._store) is not None:
                raise PatchRefused(409, f"{subject_of(target)} is there already.")
            odd = wrong_form(None, manifest, KINDS[target.kind])
            if odd:
                raise PatchRefused(422, f"It does not have the form of a {target.kind}: {odd}")
            file = f"{folder_for(target, contents)}{target.kind.lower()}-{target.name}.yaml"
            self._store.check(file, new=True)
            edit = Edit(file, subject_of(target), None, as_yaml(manifest).encode())
            return _Made(edit, manifest, overlays(file, self._store.view(), new=True))

        return self._carried_out(target, make, operation_id, dry_run)

    def _delete(
        self, target: Target, resource_version: str, operation_id: str, dry_run: bool
    ) -> Reply:
        def make() -> _Made:
            found = self._there(target)
            metadata = self._live(target, found.obj)["metadata"]
            if (metadata["uid"], metadata["resourceVersion"]) != (target.uid, resource_version):
                raise PatchRefused(409, "The manifest was changed since it was read.")
            stands_on = self._store.check(found.file, new=False)
            try:
                text = without(found.text, found.place, is_json=found.is_json)
            except Unfit as unfit:
                raise NotEditable(
                    f"{subject_of(target)} cannot be taken out of {found.file}: {unfit.public}."
                ) from unfit
            after = found.encoded(text) if text else None
            return _Made(Edit(found.file, subject_of(target), found.data, after), {}, stands_on)

        return self._carried_out(target, make, operation_id, dry_run)

    def _there(self, target: Target) -> Found:
        found = find(target, self._contents(), self._store)
        if found is None:
            raise PatchRefused(404, f"There is no {subject_of(target)}.")
        return found

    def _carried_out(
        self,
        target: Target,
        make: Callable[[], _Made],
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
        make: Callable[[], _Made],
        operation_id: str,
        dry_run: bool,
    ) -> Reply:
        try:
            if dry_run:
                made = make()
                obj = self._live(target, made.obj) if made.obj else {}
                return Reply(200, obj, warnings=made.notes)
            with self._store.locked():
                made = make()
                put: Put = self._store.put(made.edit, operation_id)
        except PatchRefused as refusal:
            return Reply(refusal.status, {"message": refusal.public})
        except Moved as moved:
            return Reply(409, {"message": moved.public})
        except Busy:
            return Reply(429, {"message": "Another process edits this folder."}, retry_after_s=1.0)
        notes = (*made.notes, *((put.note,) if put.note else ()))
        live = self._live(target, made.obj, operation_id) if made.obj else {}
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
        raise unopened(config, error) from error
