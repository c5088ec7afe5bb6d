"""An object as it is sealed, and the difference that a dry run makes, both without what moves by itself.

Status, managed fields, resourceVersion, generation and the revision that a controller counts move
without anybody changing anything; replicas move with every scaling, and count only where the change
sets them. Pure. Used by `rehearse` and `apply`.
"""

from collections.abc import Iterable
from typing import Any, cast

from msgspec import UNSET

from tools import redact
from tools.changes import digest_of
from tools.cluster.writer import OPERATION
from tools.planning.patching import as_object, changes_between, touched, value_at
from tools.plans import Json
from tools.types import Change, FieldPath, Operation

_METADATA = ("managedFields", "resourceVersion", "generation", "selfLink")
_MADE = ("uid", "creationTimestamp")
"""What the server makes up for a new object, anew in every dry run."""
_ANNOTATIONS = ("deployment.kubernetes.io/revision", OPERATION)
_REPLICAS: FieldPath = ("spec", "replicas")
_ADDRESSES = ("clusterIP", "clusterIPs", "healthCheckNodePort")


def object_digest(obj: Json, operation: Operation) -> str:
    """Digest an object for a seal."""
    kept = _settled(obj, _METADATA)
    sets_replicas = any(change.path == _REPLICAS for change in operation.changes)
    if not sets_replicas and value_at(kept, _REPLICAS) is not UNSET:
        kept["spec"] = {key: v for key, v in as_object(kept["spec"]).items() if key != "replicas"}
    return digest_of(kept)


def difference(live: Json, returned: Json) -> tuple[Change, ...]:
    """List what a dry run would change, normalised; for a new object `live` is empty."""
    dropped = _METADATA if live else (*_METADATA, *_MADE)
    after = _settled(returned, dropped)
    if not live and after.get("kind") == "Service":
        _drop_addresses(after)
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


def _settled(obj: Json, dropped: tuple[str, ...]) -> Json:
    """Give a shallow copy without status and what moves by itself."""
    metadata = {k: v for k, v in as_object(obj.get("metadata")).items() if k not in dropped}
    annotations = as_object(metadata.pop("annotations", None))
    kept = {key: value for key, value in annotations.items() if key not in _ANNOTATIONS}
    if kept:
        metadata["annotations"] = kept
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": metadata}


def _drop_addresses(service: Json) -> None:
    """Leave out of a new Service what the server picks anew each time."""
    spec = {k: v for k, v in as_object(service.get("spec")).items() if k not in _ADDRESSES}
    ports = cast("list[Any]", spec.get("ports") or [])
    spec["ports"] = [
        {k: v for k, v in as_object(port).items() if k != "nodePort"} for port in ports
    ]
    service["spec"] = spec


def _masked(value: Any, redacted: Any) -> Any:
    """Take the redacted value of a field that is there; absent stays absent."""
    return UNSET if value is UNSET else redacted
