"""An object of a manifest as an API server would give it, what a JSON Patch makes of it, and its form.

A manifest has no uid and no resourceVersion: the first is made of kind, namespace and name, the second
of the content, so that what is planned and sealed on a live cluster is so here. Neither is ever written
into a manifest, nor is the annotation that names the operation. Pure. Used by `writer`.
"""

import copy
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, inspect

from tools import redact
from tools.changes import OPERATION, digest_of
from tools.cluster.manifests.contents import uid_of
from tools.cluster.manifests.loose import loosened
from tools.errors import ToolsError
from tools.objects.kinds import Kind
from tools.planning.patching import (
    as_list,
    as_object,
    dotted,
    matches,
    put,
    same,
    touched,
    value_at,
)
from tools.plans import Pattern
from tools.types import Change, FieldPath, Target

_UID = ("metadata", "uid")
_VERSION = ("metadata", "resourceVersion")
_ANNOTATIONS = ("metadata", "annotations")
_DIGITS = 32
_PODS: tuple[Pattern, ...] = (
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)
_SET_ONLY: tuple[Pattern, ...] = (
    *(("spec", field) for field in ("paused", "suspend", "replicas")),
    *(
        (*pod, containers, "*", "resources", bound, amount)
        for pod in _PODS
        for containers in ("containers", "initContainers")
        for bound in ("requests", "limits")
        for amount in ("cpu", "memory")
    ),
)
"""What actions set and no check reads."""


class PatchRefused(ToolsError):
    """A JSON Patch that an API server would refuse, with its status."""

    def __init__(self, status: int, public: str) -> None:
        super().__init__(public)
        self.status = status


def as_live(obj: dict[str, Any], target: Target, operation_id: str) -> dict[str, Any]:
    """Give the object as read from a server; `operation_id` is the last that changed it, or empty."""
    result = _without_nulls(obj)
    metadata = result.setdefault("metadata", {})
    made_up = uid_of(target.kind, target.namespace, target.name)
    metadata["uid"] = str(metadata.get("uid") or made_up)
    metadata["resourceVersion"] = digest_of(obj)[:_DIGITS]
    if operation_id:
        metadata["annotations"] = {
            **as_object(metadata.get("annotations")),
            OPERATION: operation_id,
        }
    return result


def as_manifest(live: dict[str, Any], original: dict[str, Any]) -> dict[str, Any]:
    """Give a changed live object without what `as_live` made up; nulls stay left out."""
    result = copy.deepcopy(live)
    for path in (_UID, _VERSION, (*_ANNOTATIONS, OPERATION)):
        if value_at(result, path[:-1]) is not UNSET:
            put(result, path, copy.deepcopy(value_at(_without_nulls(original), path)))
    if not value_at(result, _ANNOTATIONS) and value_at(original, _ANNOTATIONS) in (UNSET, None):
        put(result, _ANNOTATIONS, UNSET)
    return result


def _without_nulls(value: Any) -> Any:
    """Give a copy without members that are null: a server never has any."""
    if isinstance(value, dict):
        members = as_object(value)
        return {key: _without_nulls(each) for key, each in members.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in as_list(value)]
    return value


def plain(obj: dict[str, Any]) -> dict[str, Any]:
    """Give a copy of a manifest's object in the form that `as_manifest` gives."""
    return _without_nulls(obj)


def patched(obj: dict[str, Any], patch: list[dict[str, Any]]) -> dict[str, Any]:
    """Apply an RFC 6902 patch of test, add, replace and remove. Raises PatchRefused.

    A replaced resourceVersion is a precondition, as on a server.
    """
    result = copy.deepcopy(obj)
    for step in patch:
        path = _path(result, str(step["path"]))
        there = value_at(result, path)
        verb, value = step["op"], step.get("value", UNSET)
        if verb == "test" and not same(there, value):
            raise PatchRefused(422, "A test of the patch failed.")
        if path == _VERSION and verb != "test" and not same(there, value):
            raise PatchRefused(409, "The manifest was changed since it was read.")
        if verb in ("replace", "remove") and there is UNSET:
            raise PatchRefused(422, "The patch names a field that is not there.")
        if verb == "remove":
            _remove(result, path)
        elif verb != "test":
            _set(result, path, copy.deepcopy(value), verb == "add")
    return result


def _path(obj: dict[str, Any], pointer: str) -> tuple[str | int, ...]:
    """Read a JSON pointer; a number is an index where it meets a list."""
    path: tuple[str | int, ...] = ()
    for raw in pointer.split("/")[1:]:
        part = raw.replace("~1", "/").replace("~0", "~")
        in_list = isinstance(value_at(obj, path), list)
        path = (*path, int(part) if in_list and part.isdecimal() else part)
    return path


def _set(obj: dict[str, Any], path: tuple[str | int, ...], value: Any, insert: bool) -> None:
    parent = value_at(obj, path[:-1])
    key = path[-1]
    if isinstance(parent, list):
        listed = as_list(parent)
        index = len(listed) if key == "-" else key
        if (
            not isinstance(index, int)
            or index > len(listed)
            or (index == len(listed) and not insert)
        ):
            raise PatchRefused(422, "The patch names an entry that is not there.")
        listed[index : index if insert else index + 1] = [value]
    elif isinstance(parent, dict):
        as_object(parent)[str(key)] = value
    else:
        raise PatchRefused(422, "The patch names a field whose place is not there.")


def _remove(obj: dict[str, Any], path: tuple[str | int, ...]) -> None:
    parent = value_at(obj, path[:-1])
    if isinstance(parent, list) and isinstance(path[-1], int):
        del as_list(parent)[path[-1]]
    else:
        as_object(parent).pop(str(path[-1]))


def wrong_form(before: dict[str, Any] | None, after: dict[str, Any], kind: Kind) -> str:
    """Say why an object does not have the form of its kind; empty where it has.

    A manifest that was loosely written before (numbers in quotes) only has to stay readable.
    """
    try:
        msgspec.convert(after, kind.struct)
        return ""
    except msgspec.ValidationError as strict:
        if before is None or _fits(before, kind):
            return redact.text(str(strict))
    try:
        msgspec.convert(loosened(after, kind.struct), kind.struct)
        return ""
    except msgspec.ValidationError as error:
        return redact.text(str(error))


def unknown_field(changes: Iterable[Change], kind: Kind) -> str:
    """Name a field that is set and that nothing here knows for this kind; empty where there is none.

    Known are the fields that checks read and those that actions set. A server refuses others too.
    """
    for change in changes:
        if change.after is UNSET:
            continue
        for path in touched((Change(change.path, UNSET, change.after),)):
            if not _known(inspect.type_info(kind.struct), path) and not matches(path, _SET_ONLY):
                return dotted(path)
    return ""


def _known(form: inspect.Type, path: FieldPath) -> bool:
    """Tell whether a form has a field; in texts, numbers and anything there is nothing to know."""
    if isinstance(form, inspect.UnionType):
        return any(_known(each, path) for each in form.types)
    if not path:
        return not isinstance(form, inspect.NoneType)
    if isinstance(form, inspect.StructType):
        fields = {each.encode_name: each.type for each in form.fields}
        return path[0] in fields and _known(fields[str(path[0])], path[1:])
    if isinstance(form, inspect.DictType):
        return _known(form.value_type, path[1:])
    if isinstance(form, inspect.ListType):
        return _known(form.item_type, path[1:])
    return isinstance(form, inspect.AnyType)


def _fits(obj: dict[str, Any], kind: Kind) -> bool:
    try:
        msgspec.convert(obj, kind.struct)
    except msgspec.ValidationError:
        return False
    return True
