"""An object as it is sealed, and the difference that a dry run makes, both without what moves by itself.

Status, managed fields, resourceVersion, generation and the revision that a controller counts move
without anybody changing anything; replicas move with every scaling, and count only where the change
sets them. Pure. Used by `rehearse` and `apply`.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from tools import redact
from tools.changes import OPERATION, Step, digest_of
from tools.planning.created import MADE_UP, MOVING, body_digest, other_than_made, without_addresses
from tools.planning.patching import as_object, changes_between, touched, value_at
from tools.plans import Json
from tools.types import Change, FieldPath, Operation, Verb

_COUNTED = ("deployment.kubernetes.io/revision",)
"""Annotations that a controller counts in."""
_REPLICAS: FieldPath = ("spec", "replicas")


def object_digest(obj: Json, operation: Operation) -> str:
    """Digest an object for a seal. Which operation changed it last is part of it."""
    return digest_of(_without_replicas(_settled(obj, MOVING, _COUNTED), operation))


def result_digest(obj: Json, operation: Operation) -> str:
    """Digest what an operation makes of an object, alike for a dry run, the write, and a look at it later.

    A new object's metadata is no part of it: controllers add to that at once.
    """
    if operation.verb is Verb.CREATE:
        return body_digest(obj)
    return digest_of(_without_replicas(_settled(obj, MOVING), operation))


def made_otherwise(sealed: Step, obj: Json, *, at_once: bool) -> bool:
    """Tell whether an object is other than its dry run; `at_once`: as the write itself gave it."""
    if sealed.operation.verb is Verb.DELETE or not obj:
        return False
    if at_once and sealed.operation.verb is Verb.CREATE:
        return diff_digest(difference({}, obj)) != sealed.diff_digest
    return bool(sealed.result_digest) and (
        result_digest(obj, sealed.operation) != sealed.result_digest
    )


def _without_replicas(kept: Json, operation: Operation) -> Json:
    """Leave out how many replicas there are, unless the operation sets that."""
    sets_replicas = any(change.path == _REPLICAS for change in operation.changes)
    if not sets_replicas and value_at(kept, _REPLICAS) is not UNSET:
        kept["spec"] = {key: v for key, v in as_object(kept["spec"]).items() if key != "replicas"}
    return kept


def difference(live: Json, returned: Json) -> tuple[Change, ...]:
    """List what a dry run would change, normalised; for a new object `live` is empty."""
    dropped = MOVING if live else (*MOVING, *MADE_UP)
    after = _settled(returned if live else without_addresses(returned), dropped)
    return changes_between(_settled(live, dropped) if live else {}, after)


def diff_digest(changes: Iterable[Change]) -> str:
    """Digest a normalised difference."""
    return digest_of(tuple(changes))


def shown(changes: Iterable[Change], live: Json, returned: Json) -> tuple[Change, ...]:
    """Give the changes with their values redacted as in the objects that they are of."""
    before, after = redact.document(live), redact.document(returned)
    return tuple(
        Change(
            change.path,
            _masked(change.before, value_at(before, change.path)),
            _masked(change.after, value_at(after, change.path)),
        )
        for change in changes
    )


def as_set(sealed: Step, obj: Json) -> bool:
    """Tell whether an object is as a step was to make it; what others added beside is none of it."""
    operation = sealed.operation
    if operation.verb is Verb.PATCH:
        return overruled(operation, obj) is None
    if operation.verb is Verb.DELETE:
        return False
    return not other_than_made(operation.manifest, sealed.result_digest, obj)


def overruled(operation: Operation, returned: Json) -> FieldPath | None:
    """Name a field that the server would not leave as the operation sets it; None where it would."""
    for change in operation.changes:
        if change.after is UNSET:
            if value_at(returned, change.path) not in (UNSET, None, {}, []):
                return change.path
            continue
        for path in touched((Change(change.path, UNSET, change.after),)):
            wanted = value_at(change.after, path[len(change.path) :])
            found = value_at(returned, path)
            if found != wanted and not (found is UNSET and wanted in (None, {}, [], False)):
                return path
    return None


def _settled(
    obj: Json, dropped: tuple[str, ...], noted: tuple[str, ...] = (*_COUNTED, OPERATION)
) -> Json:
    """Give a shallow copy without status, these annotations and what moves by itself."""
    metadata = {k: v for k, v in as_object(obj.get("metadata")).items() if k not in dropped}
    annotations = as_object(metadata.pop("annotations", None))
    kept = {key: value for key, value in annotations.items() if key not in noted}
    if kept:
        metadata["annotations"] = kept
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": metadata}


def _masked(value: Any, redacted: Any) -> Any:
    """Take the redacted value of a field that is there; absent stays absent."""
    return UNSET if value is UNSET else redacted
