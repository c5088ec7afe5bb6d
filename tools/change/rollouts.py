"""Reads how far a rollout is: from the workload's own status, its pods and their events.

Pure; objects are JSON. Done means that the server has seen the current revision,
all replicas are of it and available, and no pod of an older one is left, not even one that is still
stopping. Used by `verify`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from tools.planning.patching import as_list, as_object, value_at
from tools.planning.rollout import template_path
from tools.plans import Json
from tools.types import Operation

ROLLING = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds whose pods are made again when their template changes."""
_REVISION = "deployment.kubernetes.io/revision"
DEADLINE_S = 600.0
"""How long a rollout may take where the object does not say (a Deployment's own default)."""


class Progress(Struct, frozen=True):
    """How far a rollout is by the workload's own status."""

    done: bool
    failed: str = ""
    """Set where the controller has given up, in words."""
    said: str = ""
    """What is still missing, in words."""


def without_pods(obj: Json) -> str:
    """Say why no new pod will come of a change by itself; empty where one will."""
    spec = as_object(obj.get("spec"))
    kind = str(obj.get("kind"))
    if kind == "CronJob":
        return "No new pod yet: its next run will be the first with the change."
    if kind not in ROLLING:
        return ""
    strategy = as_object(spec.get("updateStrategy"))
    if kind == "Deployment" and spec.get("paused"):
        return "No new pod yet: the rollout is paused."
    if strategy.get("type") == "OnDelete":
        return "No new pod yet: its strategy is OnDelete, pods stay until somebody deletes them."
    if kind == "DaemonSet":
        wanted = as_object(obj.get("status")).get("desiredNumberScheduled")
        return "" if wanted or not _seen(obj) else "No pod: no node takes this DaemonSet's pods."
    if spec.get("replicas", 1) == 0:
        return "No new pod yet: it has zero replicas."
    partition = as_object(strategy.get("rollingUpdate")).get("partition") or 0
    if partition:
        return f"Only some pods are new: its partition keeps those below number {partition}."
    return ""


def makes_pods_again(operation: Operation) -> bool:
    """Tell whether a patch changes the pod template."""
    template = template_path(operation.target.kind)
    return any(change.path[: len(template)] == template for change in operation.changes)


def changed_at(obj: Json, manager: str) -> str:
    """Give the server's time of a manager's last change of an object; empty where it made none."""
    entries = map(as_object, as_list(value_at(obj, ("metadata", "managedFields"))))
    return max((str(e.get("time")) for e in entries if e.get("manager") == manager), default="")


def progress(obj: Json, since: str = "") -> Progress:
    """Read a workload's status.

    `since`, as `changed_at` gives it: a deadline that ran out until then is an earlier rollout's. Its
    condition stays for a while where the way back leads to a ReplicaSet that is there already.
    """
    if not _seen(obj):
        return Progress(False, said="its controller has not seen the change yet")
    status = as_object(obj.get("status"))
    if _gave_up(status, since):
        return Progress(False, "The rollout did not come up within its deadline.")
    return _PROGRESS[str(obj["kind"])](as_object(obj.get("spec")), status)


def deadline_s(obj: Json) -> float:
    """Give the seconds that a rollout may take: a Deployment's progressDeadlineSeconds, else ten minutes."""
    said = as_object(obj.get("spec")).get("progressDeadlineSeconds")
    return float(said) if isinstance(said, int) and 0 < said < 2**31 - 1 else DEADLINE_S


def old_pods(obj: Json, pods: Iterable[Json], sets: Iterable[Json]) -> list[str]:
    """Name the pods of a workload that are not of its current revision."""
    current = _current(obj, sets)
    return [
        str(value_at(pod, ("metadata", "name"))) for pod in pods if _revision(pod) not in current
    ]


def pods_of(obj: Json, pods: Iterable[Json], sets: Sequence[Json]) -> list[Json]:
    """Pick the pods that a workload's controller made, through its ReplicaSets too."""
    owners = {_uid(obj), *(_uid(each) for each in sets if _uid(obj) in _owners(each))}
    return [pod for pod in pods if owners.intersection(_owners(pod))]


def owned_sets(obj: Json, sets: Iterable[Json]) -> list[Json]:
    """Pick the ReplicaSets of a Deployment."""
    return [each for each in sets if _uid(obj) in _owners(each)]


def current_sets(obj: Json, sets: Iterable[Json]) -> list[str]:
    """Name a Deployment's ReplicaSets of its current revision."""
    path = ("metadata", "annotations", _REVISION)
    return [
        str(value_at(each, ("metadata", "name")))
        for each in sets
        if value_at(each, path) == value_at(obj, path)
    ]


def trouble(pods: Iterable[Json]) -> str:
    """Say what keeps the first pod that is not ready; empty where all are."""
    for pod in pods:
        name = value_at(pod, ("metadata", "name"))
        statuses = as_list(value_at(pod, ("status", "containerStatuses")))
        for status in map(as_object, statuses):
            waiting = as_object(as_object(status.get("state")).get("waiting"))
            if waiting:
                return f"Pod {name}: container {status.get('name')} waits, {waiting.get('reason')}."
        for condition in map(as_object, as_list(value_at(pod, ("status", "conditions")))):
            if condition.get("type") in ("PodScheduled", "Ready") and (
                condition.get("status") == "False"
            ):
                return f"Pod {name} is not ready: {condition.get('reason')}."
    return ""


def _seen(obj: Json) -> bool:
    """Tell whether the controller has seen the object as it is."""
    observed = as_object(obj.get("status")).get("observedGeneration")
    generation = as_object(obj.get("metadata")).get("generation")
    return isinstance(observed, int) and isinstance(generation, int) and observed >= generation


def _gave_up(status: Json, since: str) -> bool:
    """Tell whether a Deployment's controller has given up after a time."""
    for condition in map(as_object, as_list(status.get("conditions"))):
        if condition.get("reason") == "ProgressDeadlineExceeded":
            at = condition.get("lastUpdateTime")
            return not isinstance(at, str) or at > since
    return False


def _deployment(spec: Json, status: Json) -> Progress:
    """Read a Deployment's status, as `kubectl rollout status` does and stricter about old pods."""
    return _counted(
        spec.get("replicas", 1),
        status,
        (
            ("updatedReplicas", "updated"),
            ("replicas", "in all"),
            ("availableReplicas", "available"),
        ),
    )


def _stateful_set(spec: Json, status: Json) -> Progress:
    """Read a StatefulSet's status."""
    counted = _counted(
        spec.get("replicas", 1),
        status,
        (("updatedReplicas", "updated"), ("replicas", "in all"), ("readyReplicas", "ready")),
    )
    if counted.done and status.get("currentRevision") != status.get("updateRevision"):
        return Progress(False, said="its current revision is not the updated one yet")
    return counted


def _daemon_set(spec: Json, status: Json) -> Progress:
    """Read a DaemonSet's status."""
    return _counted(
        status.get("desiredNumberScheduled", 0),
        status,
        (("updatedNumberScheduled", "updated"), ("numberAvailable", "available")),
    )


_PROGRESS: dict[str, Callable[[Json, Json], Progress]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
}


def _counted(wanted: Any, status: Json, fields: Iterable[tuple[str, str]]) -> Progress:
    """Compare counts of a status with what is wanted."""
    for field, words in fields:
        have = status.get(field, 0)
        if have != wanted:
            return Progress(False, said=f"{have} of {wanted} pods are {words}")
    return Progress(True)


def _current(obj: Json, sets: Iterable[Json]) -> frozenset[str]:
    """Give the hash that pods of the current revision carry; of a DaemonSet, the status says it all."""
    if obj.get("kind") == "StatefulSet":
        return frozenset({str(value_at(obj, ("status", "updateRevision")))})
    path = ("metadata", "annotations", _REVISION)
    revision = value_at(obj, path)
    return frozenset(_revision(each) for each in sets if value_at(each, path) == revision)


def _revision(obj: Json) -> str:
    labels = as_object(value_at(obj, ("metadata", "labels")))
    return str(labels.get("pod-template-hash") or labels.get("controller-revision-hash") or "")


def _uid(obj: Json) -> str:
    return str(as_object(obj.get("metadata")).get("uid") or "")


def _owners(obj: Json) -> set[str]:
    references = as_list(value_at(obj, ("metadata", "ownerReferences")))
    return {
        str(reference.get("uid"))
        for reference in map(as_object, references)
        if reference.get("controller") is True
    }
