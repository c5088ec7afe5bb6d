"""Fields of an object as JSON: what differs, what was touched, the JSON patch, the way back.

Pure. Holds how a change is written down and guarded, not which change is wanted: that is for
`tools.actions`. Lists are compared entry by entry where their length is kept and no entry becomes
another one, else replaced whole, so that no operation of a patch moves what a later one names. An entry
is who its name says, a port without one its number; any other has nothing that says so, and a change
inside it is not taken back. Used by the actions and `tools.change`.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec
from msgspec import UNSET

from tools.errors import Moved
from tools.plans import Done, Json, Pattern, Reason, Refusal
from tools.types import Change, FieldPath, Fixed, Operation, Verb

_ANNOTATIONS: FieldPath = ("metadata", "annotations")
_KNOWN_BY = (("name",), ("containerPort", "protocol"))
"""The fields that say which entry of a list one is: the first of these that it has any of."""


def as_object(value: Any) -> Json:
    """Take a value as a JSON object; an empty one where it is something else."""
    return cast(Json, value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Take a value as a JSON list; an empty one where it is something else."""
    return cast(list[Any], value) if isinstance(value, list) else []


def same(one: Any, other: Any) -> bool:
    """Compare as JSON: true is not 1, and absent equals only absent."""
    if one is UNSET or other is UNSET:
        return one is other
    return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")


def value_at(obj: Any, path: FieldPath) -> Any:
    """Give the value at a path; UNSET where any part of it is absent."""
    for part in path:
        if isinstance(part, int):
            listed = as_list(obj)
            obj = listed[part] if part < len(listed) else UNSET
        else:
            obj = as_object(obj).get(part, UNSET)
    return obj


def changes_between(before: Any, after: Any, path: FieldPath = ()) -> tuple[Change, ...]:
    """List how one JSON value becomes another, each change at the highest level that differs."""
    if same(before, after):
        return ()
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = as_object(before), as_object(after)
        return tuple(
            change
            for key in sorted({*old, *new})
            for change in changes_between(old.get(key, UNSET), new.get(key, UNSET), (*path, key))
        )
    if isinstance(before, list) and isinstance(after, list):
        olds, news = as_list(before), as_list(after)
        if _entry_by_entry(olds, news):
            return tuple(
                change
                for index, (old, new) in enumerate(zip(olds, news, strict=True))
                for change in changes_between(old, new, (*path, index))
            )
    return (Change(path, copy.deepcopy(cast(Any, before)), copy.deepcopy(cast(Any, after))),)


def unlike(wanted: Any, found: Any, path: FieldPath = ()) -> FieldPath | None:
    """Name a field that is not as a manifest asks for it; None where all are.

    What stands in an object besides is none of it; an entry more in a list is.
    """
    pairs: list[tuple[str | int, Any, Any]]
    if wanted and isinstance(wanted, dict):
        have = as_object(found)
        pairs = [(key, one, have.get(key, UNSET)) for key, one in as_object(wanted).items()]
    elif isinstance(wanted, list) and isinstance(found, list):
        asked, there = as_list(wanted), as_list(found)
        if len(asked) != len(there):
            return path
        pairs = [(at, one, there[at]) for at, one in enumerate(asked)]
    else:
        left_out = found is UNSET and wanted in (None, {}, [], False)
        return None if left_out or same(wanted, found) else path
    differing = (unlike(one, other, (*path, key)) for key, one, other in pairs)
    return next((one for one in differing if one is not None), None)


def _entry_by_entry(olds: list[Any], news: list[Any]) -> bool:
    """Tell whether each entry of a list is the one that stood there before."""
    if len(olds) != len(news) or not all(isinstance(each, dict) for each in (*olds, *news)):
        return False
    return all(same(_identity(old), _identity(new)) for old, new in zip(olds, news, strict=True))


def _identity(entry: Any) -> tuple[tuple[str, Any], ...]:
    """Give what says which entry of its list one is; empty where nothing does."""
    members = as_object(entry)
    for keys in _KNOWN_BY:
        if known := tuple((key, members[key]) for key in keys if key in members):
            return known
    return ()


def _entries(changes: Iterable[Change]) -> tuple[FieldPath, ...]:
    """Give the path of each entry of a list that the changes go into, outer before inner."""
    return tuple(
        dict.fromkeys(
            change.path[: depth + 1]
            for change in changes
            for depth, part in enumerate(change.path[:-1])
            if isinstance(part, int)
        )
    )


def fixed_by(obj: Json, changes: Iterable[Change]) -> tuple[Fixed, ...]:
    """Pin what says which entry stands at each list index that the changes go through."""
    return tuple(
        Fixed((*entry, key), value)
        for entry in _entries(changes)
        for key, value in _identity(value_at(obj, entry))
    )


def touched(changes: Iterable[Change]) -> Iterator[FieldPath]:
    """Give the path of every single field that the changes write or remove."""
    for change in changes:
        yield from _leaves(change.before, change.path)
        yield from _leaves(change.after, change.path)


def _leaves(value: Any, path: FieldPath) -> Iterator[FieldPath]:
    """Give the paths of what is no object, and of empty objects; nothing for absent and null."""
    if value is UNSET or value is None:
        return
    members = as_object(value)
    if not members:
        yield path
    for key, member in members.items():
        yield from _leaves(member, (*path, key))


def matches(path: FieldPath, patterns: Iterable[Pattern]) -> bool:
    """Tell whether a path is one of the patterns, or stands below one."""
    return any(
        len(path) >= len(pattern)
        and all(want in ("*", part) for want, part in zip(pattern, path, strict=False))
        for pattern in patterns
    )


def applied(obj: Json, changes: Iterable[Change]) -> Json:
    """Give a copy with the changes made; raises Moved where an old value is another."""
    result = copy.deepcopy(obj)
    for change in changes:
        if not same(value_at(result, change.path), change.before):
            raise Moved(f"The field {dotted(change.path)} is no longer what it was.")
        put(result, change.path, copy.deepcopy(change.after))
    return result


def put(obj: Json, path: FieldPath, value: Any) -> None:
    """Set or (UNSET) remove one field in place; raises Moved where its parent is not there."""
    parent: Any = value_at(obj, path[:-1])
    key = path[-1]
    if isinstance(parent, dict):
        members = as_object(parent)
        if value is UNSET:
            members.pop(str(key), None)
        else:
            members[str(key)] = value
    elif isinstance(parent, list) and isinstance(key, int) and value is not UNSET:
        as_list(parent)[key] = value
    else:
        raise Moved(f"The field {dotted(path[:-1])} is not there.")


def json_patch(
    operation: Operation, obj: Json, annotations: Mapping[str, str] | None = None
) -> list[Json]:
    """Write a PATCH operation as an RFC 6902 patch of the object as it was just read.

    Tests the uid, the names at every index that is gone through, and each old value; sends the
    resourceVersion back, so that the server answers 409 where anything moved since this reading:
    JSON patch has no test for a field that is absent. `annotations` are set on the object besides.
    Raises Moved where the object already is another than the plan was made for.
    """
    metadata = as_object(obj.get("metadata"))
    uid, version = metadata.get("uid"), metadata.get("resourceVersion")
    if not uid or uid != operation.target.uid or not version:
        raise Moved("The object is not the one that was looked at; it was made again or is gone.")
    steps: list[Json] = [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]
    for each in operation.fixed:
        if not same(value_at(obj, each.path), each.value):
            raise Moved(f"{dotted(each.path)} is no longer {each.value}.")
        steps.append({"op": "test", "path": pointer(each.path), "value": each.value})
    after = applied(obj, operation.changes)
    for change in operation.changes:
        steps += _steps(change)
    return steps + _annotation_steps(after, annotations or {})


def _steps(change: Change) -> Iterator[Json]:
    """Write one change: test the old value where there is one, then set or remove."""
    path = pointer(change.path)
    if change.before is not UNSET:
        yield {"op": "test", "path": path, "value": change.before}
    if change.after is UNSET:
        yield {"op": "remove", "path": path}
    else:
        verb = "add" if change.before is UNSET else "replace"
        yield {"op": verb, "path": path, "value": change.after}


def _annotation_steps(obj: Json, annotations: Mapping[str, str]) -> list[Json]:
    """Set annotations on the object, making their map where it has none."""
    if not annotations:
        return []
    if value_at(obj, _ANNOTATIONS) is UNSET:
        return [{"op": "add", "path": pointer(_ANNOTATIONS), "value": dict(annotations)}]
    return [
        {"op": "add", "path": pointer((*_ANNOTATIONS, key)), "value": value}
        for key, value in annotations.items()
    ]


def pointer(path: FieldPath) -> str:
    """Write a path as an RFC 6901 JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def dotted(path: FieldPath) -> str:
    """Write a path as people do: `spec.template.spec.containers[0].image`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the object"


def taken_back(done: Done, obj: Json) -> Operation | Refusal:
    """Work out the way back of a PATCH: only the fields it touched, only where they still are so.

    What others added since beside our fields stays. Refuses where an entry of a list is no longer at
    its index, and where it cannot be told from others: then another one might be changed.
    """
    result = copy.deepcopy(obj)
    target = done.operation.target
    if as_object(obj.get("metadata")).get("uid") != done.uid:
        return Refusal(Reason.MISSING, f"{target.kind} {target.name} was made again since.")
    try:
        for entry in _entries(done.operation.changes):
            if not _found_again(entry, done.operation.fixed, obj):
                return Refusal(
                    Reason.NO_UNDO,
                    f"Nothing tells {dotted(entry)} of {target.kind} {target.name} from the entries "
                    "beside it, so it is not known whether it is the one that was changed.",
                    "Look at it and change it anew.",
                )
        for change in reversed(done.operation.changes):
            _take_back(result, change)
    except Moved as moved:
        return Refusal(
            Reason.CHANGED,
            f"Somebody changed {target.kind} {target.name} since: {moved.public}",
            "Look at it again and change it anew.",
        )
    changes = changes_between(obj, result)
    if not changes:
        return Refusal(Reason.ALREADY_FINE, f"{target.kind} {target.name} is as it was before.")
    return Operation(Verb.PATCH, target, changes, fixed_by(obj, changes))


def _found_again(entry: FieldPath, fixed: Iterable[Fixed], obj: Json) -> bool:
    """Tell whether an entry is known from all others of its list; raises Moved where it is elsewhere."""
    marks = [each for each in fixed if each.path[:-1] == entry]
    alike = [
        index
        for index, one in enumerate(as_list(value_at(obj, entry[:-1])))
        if all(same(value_at(one, each.path[-1:]), each.value) for each in marks)
    ]
    if entry[-1] not in alike:
        was = " ".join(str(each.value) for each in marks)
        raise Moved(f"{dotted(entry)} is no longer {was or 'there'}.")
    return bool(marks) and len(alike) == 1


def _take_back(obj: Json, change: Change) -> None:
    """Take one change back in place; raises Moved where the field is no longer what it left."""
    before, after = change.before, change.after
    now = value_at(obj, change.path)
    if before is UNSET and isinstance(after, dict) and after and isinstance(now, dict):
        for key, value in as_object(after).items():
            _take_back(obj, Change((*change.path, key), UNSET, value))
        if not value_at(obj, change.path):
            put(obj, change.path, UNSET)
        return
    if not same(now, after):
        raise Moved(f"the field {dotted(change.path)} is not what was set.")
    put(obj, change.path, copy.deepcopy(before))
