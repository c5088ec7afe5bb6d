"""What the cluster would make of a new object otherwise than its manifest says, by the server's dry run.

Only what a plain server fills in of itself is left out, by place and by value; all else is told, since
a webhook may add anything. Pure; used by `differences` and by cards.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from msgspec import UNSET

from tools.changes import OPERATION
from tools.planning.created import MADE_UP, MOVING, without_addresses
from tools.planning.patching import same
from tools.types import Change, FieldPath

_POD = ("spec", "template", "spec")
_CONTAINER = (*_POD, "containers", "*")
FILLED_IN: Mapping[str, Mapping[tuple[str, ...], tuple[Any, ...]]] = {
    "Deployment": {
        ("spec", "progressDeadlineSeconds"): (600,),
        ("spec", "revisionHistoryLimit"): (10,),
        ("spec", "strategy"): (
            {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
            },
        ),
        (*_POD, "dnsPolicy"): ("ClusterFirst",),
        (*_POD, "restartPolicy"): ("Always",),
        (*_POD, "schedulerName"): ("default-scheduler",),
        (*_POD, "terminationGracePeriodSeconds"): (30,),
        (*_CONTAINER, "imagePullPolicy"): ("IfNotPresent",),
        (*_CONTAINER, "terminationMessagePath"): ("/dev/termination-log",),
        (*_CONTAINER, "terminationMessagePolicy"): ("File",),
    },
    "Service": {
        ("spec", "internalTrafficPolicy"): ("Cluster",),
        ("spec", "ipFamilies"): (["IPv4"], ["IPv6"]),
        ("spec", "ipFamilyPolicy"): ("SingleStack",),
        ("spec", "sessionAffinity"): ("None",),
    },
}
"""By kind and place, what the server itself may put where a template of ours says nothing; `*` is any
entry of a list. Measured on the lab, where the admission policy lets nothing else through."""


def made(changes: Iterable[Change]) -> dict[str, Any]:
    """Give the object that the dry run of a creation gave; empty where there was none.

    Without what the server makes up for every new object: its identity, the addresses of a Service.
    """
    found = {str(one.path[0]): cast("Any", one.after) for one in changes if len(one.path) == 1}
    metadata = _without(found.get("metadata"), (*MADE_UP, *MOVING))
    noted = _without(metadata.pop("annotations", None), (OPERATION,))
    if noted:
        metadata["annotations"] = noted
    if metadata:
        found["metadata"] = metadata
    return without_addresses(found)


def _without(found: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Copy an object without some of its members; empty where it is none."""
    members = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return {key: value for key, value in members.items() if key not in names}


def otherwise(manifest: dict[str, Any], changes: Iterable[Change]) -> tuple[Change, ...]:
    """List what the cluster would set otherwise, add or leave out, as changes of the manifest."""
    object_ = made(changes)
    if not object_:
        return ()
    filled_in = FILLED_IN.get(str(manifest.get("kind")), {})
    found = _differing(manifest, object_, ())
    return tuple(one for one in found if not _is_filled_in(one, filled_in))


def _is_filled_in(change: Change, filled_in: Mapping[tuple[str, ...], tuple[Any, ...]]) -> bool:
    """Tell whether a field that was not asked for is there with a value of the server's own."""
    return change.before is UNSET and any(
        len(place) == len(change.path)
        and all(want in ("*", part) for want, part in zip(place, change.path, strict=True))
        and any(same(value, change.after) for value in values)
        for place, values in filled_in.items()
    )


def _differing(wanted: Any, found: Any, path: FieldPath) -> Iterator[Change]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        asked, have = cast("dict[str, Any]", wanted), cast("dict[str, Any]", found)
        for key, value in asked.items():
            yield from _differing(value, have.get(key, UNSET), (*path, key))
        for key in sorted(have.keys() - asked.keys()):
            spelled_twice = key == "serviceAccount" and have[key] == asked.get("serviceAccountName")
            if have[key] is not None and not spelled_twice:
                yield Change((*path, key), UNSET, have[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        yield from _entries(cast("list[Any]", wanted), cast("list[Any]", found), path)
    elif not same(wanted, found):
        yield Change(path, cast("Any", wanted), found)


def _entries(wanted: Sequence[Any], found: Sequence[Any], path: FieldPath) -> Iterator[Change]:
    """Compare lists entry by entry: by names where all have one, else by their places."""
    names = [_name(one) for one in wanted]
    left = list(enumerate(found))
    for index, (name, one) in enumerate(zip(names, wanted, strict=True)):
        alike = [each for each in left if _name(each[1]) == name] if all(names) else left[:1]
        alike.sort(key=lambda each: not same(each[1], one))
        entry = (*path, str(name if all(names) else index))
        yield from _differing(one, alike[0][1] if alike else UNSET, entry)
        left = [each for each in left if each not in alike[:1]]
    for index, one in left:
        yield Change((*path, str(_name(one) or index)), UNSET, one)


def _name(entry: Any) -> Any:
    return cast("dict[str, Any]", entry).get("name") if isinstance(entry, dict) else None
