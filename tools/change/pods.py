"""A look at what came of a change's rollout: the workload's status, its pods, and events about them.

Reads only, and once; who looks again and until when is the caller's. Used by `verify` and `handover`.
"""

import msgspec
from msgspec import Struct

from tools.change import rollouts
from tools.cluster.reader import Reader
from tools.cluster.writer import FIELD_MANAGER
from tools.errors import ToolsError
from tools.objects.kinds import KINDS
from tools.planning.patching import as_object, value_at
from tools.plans import Json
from tools.types import Operation, Target, Verb

MANIFEST = "The manifest was checked; no running pod was looked at."
"""Said with what was verified in a folder, where nothing rolls out."""
_REFUSED_BY = ("violates PodSecurity", "admission webhook", "ValidatingAdmissionPolicy")
_EVENTS = 50
_TO_SECONDS = len("2026-01-01T00:00:00")


class Seen(Struct, frozen=True):
    """The end of a rollout, well or not."""

    reason: str = ""
    """Empty where it is done, and where there is none."""
    pods: tuple[str, ...] = ()
    """Uids of the pods of the current revision."""
    stuck: bool = False
    """It will not come up by itself."""


async def look(operation: Operation, obj: Json, reader: Reader, *, late: bool) -> Seen | None:
    """Look at the rollout of a workload, anything else has none; None where it goes on.

    `late`: its time is over, so that what is there now is the end. Raises what the reader raises, and
    ToolsError where not all could be read.
    """
    anew = operation.verb is Verb.CREATE or rollouts.makes_pods_again(operation)
    kind = obj.get("kind")
    if reader.source == "folder" or not (kind in rollouts.ROLLING or (anew and kind == "CronJob")):
        return Seen()
    if reason := rollouts.without_pods(obj):
        return Seen(reason if anew else "")
    progress = rollouts.progress(obj, rollouts.changed_at(obj, FIELD_MANAGER))
    over = late or bool(progress.failed)
    if progress.done or over:
        return await _at_pods(operation.target, obj, progress, over, reader)
    return await _refused(operation.target, obj, reader)


async def _at_pods(
    target: Target, obj: Json, progress: rollouts.Progress, late: bool, reader: Reader
) -> Seen | None:
    """Look at the pods of a rollout that says it is done, or that is late; None where to go on."""
    sets = rollouts.owned_sets(obj, await _whole(reader, "ReplicaSet", target.namespace))
    pods = rollouts.pods_of(obj, await _whole(reader, "Pod", target.namespace), sets)
    old: list[str] = [] if target.kind == "DaemonSet" else rollouts.old_pods(obj, pods, sets)
    wanted = as_object(obj.get("status")).get("desiredNumberScheduled")
    extra = target.kind == "DaemonSet" and len(pods) != wanted
    if progress.done and not old and not extra:
        return Seen(pods=tuple(str(value_at(pod, ("metadata", "uid"))) for pod in pods))
    if not late:
        return None
    refused = await _refused(target, obj, reader)
    if refused:
        return refused
    if progress.done:
        return Seen("New pods run, but old ones are still there.")
    reason = progress.failed or f"The rollout did not come up in time: {progress.said}."
    return Seen(f"{reason} {rollouts.trouble(pods)}".strip(), stuck=True)


async def _refused(target: Target, obj: Json, reader: Reader) -> Seen | None:
    """Find in the events that the server refuses the pods of the current revision."""
    names, since = [target.name], rollouts.changed_at(obj, FIELD_MANAGER)[:_TO_SECONDS]
    if target.kind == "Deployment":
        sets = rollouts.owned_sets(obj, await _whole(reader, "ReplicaSet", target.namespace))
        names = rollouts.current_sets(obj, sets)
    for name in names:
        events = await reader.events(target.namespace, name, _EVENTS)
        for event in events.items:
            message = event.get("message", "")
            old = event.get("last_seen", "")[:_TO_SECONDS] < since
            if old or event.get("reason") != "FailedCreate":
                continue
            if any(words in message for words in _REFUSED_BY):
                return Seen(f"Its new pods are refused: {message}", stuck=True)
    return None


async def _whole(reader: Reader, kind: str, namespace: str) -> list[Json]:
    """List a kind of a namespace as JSON. Raises ToolsError where not all could be read."""
    listing = await reader.documents(KINDS[kind], (namespace,))
    for gap in listing.gaps:
        raise ToolsError(f"{gap.what}: {gap.why}.")
    return [msgspec.json.decode(each, type=Json) for each in listing.objects]
