"""A change that an owner (Argo CD, Flux, Helm) has to commit: the commit, ready to push, in its checkout.

The same fields are set in the owner's own manifest, where that says what the live object said; nothing
is pushed, and nobody's work tree is touched (`tools.cluster.manifests.branch_store`). Where the manifest is a
template, says something else, or is not there, it says so, and the patch file has to do. Used by
`bot.executor` for what is handed over.
"""

import asyncio
import copy
from collections.abc import Iterable
from pathlib import Path

from msgspec import UNSET, Struct, structs

from tools.changes import Rehearsal, State
from tools.cluster.manifests.branch_store import open_branches
from tools.cluster.manifests.writer import FolderWriter
from tools.cluster.writer import Reply, Writer
from tools.errors import Moved, ToolsError, UnknownName
from tools.planning.patching import (
    as_object,
    changes_between,
    dotted,
    fixed_by,
    json_patch,
    put,
    same,
    value_at,
)
from tools.plans import Json
from tools.types import Change, ClusterConfig, Operation, Verb


class Committed(Struct, frozen=True):
    """What is ready to push, or why nothing is."""

    branch: str = ""
    """Empty where there is none: `reason` says why."""
    commit: str = ""
    """Its newest commit, with all steps of the change; empty where it was there before."""
    reason: str = ""


async def open_checkout(config: ClusterConfig, operation_id: str) -> Writer:
    """Open an owner's Git checkout for one change: `config.folder` is the folder of its manifests.

    The change begins at HEAD, whatever branches of other changes wait there to be merged.
    Raises UnknownName where there is no such folder, or no Git repository that has it.
    """
    store = await asyncio.to_thread(open_branches, Path(config.folder), f"{operation_id}-")
    if store is None:
        raise UnknownName(
            f"The folder {config.folder} is not part of a Git repository's last commit.",
            "Clone the repository that the owner applies, and name the folder of its manifests.",
        )
    return FolderWriter(config, store)


async def prepared(rehearsal: Rehearsal, config: ClusterConfig, operation_id: str) -> Rehearsal:
    """Give a rehearsal that is handed over with a note: which branch is ready to push, or why none is.

    Again with the same id it finds the branch that it made.
    """
    if rehearsal.state is not State.HANDOVER:
        return rehearsal
    operations = tuple(operation for operation, _ in rehearsal.diff)
    try:
        checkout = await open_checkout(config, operation_id)
    except UnknownName as error:
        made = Committed(reason=error.public)
    else:
        made = await commit_for_owner(operations, checkout, operation_id)
        await checkout.close()
    said = (
        f"Branch {made.branch} of its checkout is ready to push."
        if made.branch
        else f"No branch of its checkout could be made: {made.reason}"
    )
    return structs.replace(rehearsal, notes=(*rehearsal.notes, said))


async def commit_for_owner(
    operations: Iterable[Operation], checkout: Writer, operation_id: str
) -> Committed:
    """Commit what a rehearsal handed over, each operation on top of the one before.

    `checkout` comes from `open_checkout`. Branches are named by the operation id and its number.
    """
    made = Committed(reason="There is nothing to commit.")
    for number, operation in enumerate(operations, 1):
        step = f"{operation_id}-{number}"
        if await checkout.did(operation.target, step):
            made = Committed(f"oakum/{step}")
            continue
        try:
            reply = await _committed(operation, checkout, step)
        except ToolsError as error:
            return Committed(reason=f"{error.public} {error.hint}".strip())
        if not reply.done:
            return Committed(reason=reply.said)
        made = Committed(f"oakum/{step}", reply.audit_id)
    return made


async def _committed(operation: Operation, checkout: Writer, step: str) -> Reply:
    target = operation.target
    if operation.verb is Verb.CREATE:
        return await checkout.create(target, operation.manifest, step, dry_run=False)
    obj = await checkout.read(target)
    if obj is None:
        raise Moved(f"The checkout has no manifest of {target.kind} {target.name}.")
    metadata = as_object(obj["metadata"])
    own = structs.replace(target, uid=str(metadata["uid"]))
    if operation.verb is Verb.DELETE:
        version = str(metadata["resourceVersion"])
        return await checkout.delete(own, version, step, dry_run=False)
    changes = changes_between(obj, _carried_over(operation, obj))
    if not changes:
        raise Moved("The manifest in the checkout says so already: it has not been applied yet.")
    patch = Operation(Verb.PATCH, own, changes, fixed_by(obj, changes))
    return await checkout.patch(own, json_patch(patch, obj), step, dry_run=False)


def _carried_over(operation: Operation, obj: Json) -> Json:
    """Give the manifest with the fields set. Raises Moved where it says something else.

    What a manifest leaves out, the server fills in: absent is no contradiction.
    """
    for each in operation.fixed:
        if not same(value_at(obj, each.path), each.value):
            raise Moved(f"In the manifest {dotted(each.path)} is not {each.value}.")
    result = copy.deepcopy(obj)
    for change in operation.changes:
        there = value_at(result, change.path)
        if there is not UNSET and not same(there, change.before):
            raise Moved(f"In the manifest {dotted(change.path)} is not what it is in the cluster.")
        _put(result, change)
    return result


def _put(obj: Json, change: Change) -> None:
    """Set a field, making the mappings above it where they are not there."""
    if change.after is UNSET and value_at(obj, change.path) is UNSET:
        return
    for depth, part in enumerate(change.path[:-1], 1):
        above = change.path[:depth]
        if value_at(obj, above) is UNSET and isinstance(part, str):
            put(obj, above, {})
    put(obj, change.path, copy.deepcopy(change.after))
