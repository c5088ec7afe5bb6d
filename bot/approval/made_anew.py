"""What the cluster would make of a new object otherwise than its manifest says, by the server's dry run.

Defaults that the server fills in are none of it; another value is, and a container or a volume that
nobody asked for, as a webhook adds them. Pure; used by `differences` and by cards.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from msgspec import UNSET

from tools.planning.patching import same
from tools.types import Change, FieldPath

_NO_DEFAULTS = frozenset(
    (
        *("initContainers", "ephemeralContainers", "volumes", "volumeMounts", "volumeDevices"),
        *("hostNetwork", "hostPID", "hostIPC", "hostPort", "shareProcessNamespace", "hostAliases"),
        *("command", "args", "env", "envFrom", "lifecycle", "imagePullSecrets", "externalIPs"),
        *("privileged", "capabilities", "add", "procMount", "sysctls", "seLinuxOptions"),
    )
)
"""Fields that the server itself never fills in: whoever adds one wanted something."""


def made(changes: Iterable[Change]) -> dict[str, Any]:
    """Give the object that the dry run of a creation gave; empty where there was none."""
    return {str(one.path[0]): one.after for one in changes if len(one.path) == 1}


def otherwise(manifest: dict[str, Any], changes: Iterable[Change]) -> tuple[Change, ...]:
    """List what the server would set otherwise, or add by a name of its own, as changes of the manifest."""
    object_ = made(changes)
    return tuple(_differing(manifest, object_, ())) if object_ else ()


def _differing(wanted: Any, found: Any, path: FieldPath) -> Iterator[Change]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        asked, have = cast("dict[str, Any]", wanted), cast("dict[str, Any]", found)
        for key, value in asked.items():
            yield from _differing(value, have.get(key, UNSET), (*path, key))
        for key in sorted(_NO_DEFAULTS.intersection(have).difference(asked)):
            yield Change((*path, key), UNSET, have[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        yield from _entries(cast("list[Any]", wanted), cast("list[Any]", found), path)
    elif not same(wanted, found) and not (found is UNSET and wanted in (None, {}, [], False)):
        yield Change(path, cast("Any", wanted), cast("Any", found))


def _entries(wanted: Sequence[Any], found: Sequence[Any], path: FieldPath) -> Iterator[Change]:
    """Compare lists entry by entry: by names where all have one, else by their places."""
    names = [_name(one) for one in wanted]
    there = {_name(one): one for one in found}
    if not all(names):
        there = dict(enumerate(found))
        names = list(range(len(wanted)))
    for name, one in zip(names, wanted, strict=True):
        yield from _differing(one, there.pop(name, UNSET), (*path, str(name)))
    for name, one in there.items():
        yield Change((*path, str(name)), UNSET, one)


def _name(entry: Any) -> Any:
    return cast("dict[str, Any]", entry).get("name") if isinstance(entry, dict) else None
