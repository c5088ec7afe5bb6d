"""What pods go through when a workload changes, and which kinds can be changed in place at all.

Pure; objects are JSON. Holds restarts, replicas, strategies and budgets in words, the pod template's
place by kind, and the refusal that carries a manifest. Used by the actions.
"""

import copy
from collections.abc import Iterable

import msgspec

from tools import windows
from tools.objects.pod import PodSpec
from tools.planning.ownership import controller_of
from tools.planning.patching import as_list, as_object, changes_between, dotted, value_at
from tools.plans import Around, Json, Reason, Refusal
from tools.types import Change, Disruption, FieldPath, Target

IN_PLACE = ("Deployment", "StatefulSet", "DaemonSet", "CronJob")
"""Workload kinds whose template can be changed on the server."""

TEMPLATES: dict[str, FieldPath] = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Where the pod template stands in kinds that do not have it at spec.template."""

MIRROR = "kubernetes.io/config.mirror"
"""Annotation of a pod that a node's kubelet made from a file of its own."""

_FIELDS_NAMED = 5
_SET_BY_SERVER = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
    "ownerReferences",
)
_ANNOTATIONS_BY_SERVER = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "cni.projectcalico.org/podIP",
    "cni.projectcalico.org/podIPs",
    "cni.projectcalico.org/containerID",
)
_LABELS_BY_SERVER = (
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
)


def template_path(kind: str) -> FieldPath:
    """Give the place of the pod template; the object itself for a Pod."""
    return TEMPLATES.get(kind, ("spec", "template"))


def spec_path(kind: str) -> FieldPath:
    """Give the place of the pod specification."""
    return (*template_path(kind), "spec")


def spec_of(kind: str, obj: Json) -> Json:
    """Give the pod specification itself, to be read or changed in place; empty where there is none."""
    return as_object(value_at(obj, spec_path(kind)))


def containers_of(spec: Json) -> list[Json]:
    """List init and ordinary containers, as they stand in the specification."""
    return [
        as_object(container)
        for field in ("initContainers", "containers")
        for container in as_list(spec.get(field))
    ]


def is_windows(spec: Json) -> bool:
    """Tell whether the pods run on Windows; one whose form no server takes is not said to."""
    try:
        return windows.is_windows(msgspec.convert(spec, PodSpec))
    except msgspec.ValidationError:
        return False


def not_in_place(target: Target, before: Json, changed: Json) -> Refusal | None:
    """Refuse a kind that cannot be changed in place; `changed` is the object as it should be."""
    if target.kind in IN_PLACE:
        return None
    metadata = as_object(changed.get("metadata"))
    if MIRROR in as_object(metadata.get("annotations")):
        return _node_file(target, before, changed)
    owner = controller_of(changed)
    if owner:
        return Refusal(
            Reason.OWNED,
            f"{target.kind} {target.name} is made by {owner.get('kind')} {owner.get('name')}; "
            "what is changed there comes back in the next one.",
            f"Ask for the change of {owner.get('kind')} {owner.get('name')}.",
        )
    return Refusal(
        Reason.MAKE_AGAIN,
        f"A {target.kind} cannot be changed so while it exists; whoever owns "
        f"{target.name} has to make it again.",
        "Delete it and create it from this manifest.",
        as_manifest(changed),
    )


def _node_file(target: Target, before: Json, changed: Json) -> Refusal:
    """Refuse a mirror pod, naming file and fields: the server takes a patch and nothing happens."""
    fields = [dotted(change.path) for change in changes_between(before, changed)]
    named = ", ".join(fields[:_FIELDS_NAMED])
    more = len(fields) - _FIELDS_NAMED
    where_in = f" at {named}" + (f" and {more} more" if more > 0 else "") if fields else ""
    node = str(value_at(changed, ("spec", "nodeName")) or "")
    name = target.name.removesuffix(f"-{node}")
    source = as_object(value_at(changed, ("metadata", "annotations"))).get(
        "kubernetes.io/config.source"
    )
    where = "a URL that its kubelet is given" if source == "http" else f"{name}.yaml"
    return Refusal(
        Reason.NODE_FILE,
        f"Pod {target.name} is made by the kubelet of node {node} from a file; the server would "
        "take a change and nothing would happen.",
        f"Change {where}{where_in}, in the node's staticPodPath (/etc/kubernetes/manifests with "
        "kubeadm).",
        as_manifest({**changed, "metadata": {**as_object(changed["metadata"]), "name": name}}),
    )


def as_manifest(obj: Json) -> Json:
    """Give a copy as its owner would write it: without status and what a server sets."""
    manifest = copy.deepcopy(obj)
    manifest.pop("status", None)
    metadata = as_object(manifest.get("metadata"))
    for field in _SET_BY_SERVER:
        metadata.pop(field, None)
    annotations = as_object(metadata.get("annotations"))
    for key in [k for k in annotations if k in _ANNOTATIONS_BY_SERVER or k.startswith(MIRROR[:20])]:
        del annotations[key]
    for labels in (
        as_object(metadata.get("labels")),
        as_object(value_at(manifest, ("spec", "template", "metadata", "labels"))),
    ):
        for key in _LABELS_BY_SERVER:
            labels.pop(key, None)
    if manifest.get("kind") == "Pod":
        for field in ("nodeName", "ephemeralContainers"):
            as_object(manifest.get("spec")).pop(field, None)
    if manifest.get("kind") == "Job" and not value_at(manifest, ("spec", "manualSelector")):
        as_object(manifest.get("spec")).pop("selector", None)
    return manifest


def disruption_of(
    target: Target, obj: Json, changes: Iterable[Change], around: Around
) -> Disruption:
    """Say whether pods are made again by the changes, and how that goes."""
    template = template_path(target.kind)
    if not template or not any(c.path[: len(template)] == template for c in changes):
        return Disruption(False, ("No pod is made again.",))
    spec = as_object(obj.get("spec"))
    if target.kind == "CronJob":
        return Disruption(False, ("Jobs that run now go on; the next one is made anew.",))
    restarts, facts = _STRATEGIES[target.kind](spec)
    budgets = [
        f"Budget {budget.name} allows {budget.allowed if budget.allowed is not None else '?'} pods "
        "to be evicted now; a rollout is not held by it."
        for budget in around.budgets
    ]
    if len(around.budgets) > 1:
        budgets.append("More than one budget selects these pods: evictions fail while that is so.")
    return Disruption(restarts, (*facts, *budgets))


def _deployment(spec: Json) -> tuple[bool, tuple[str, ...]]:
    """Say how a Deployment replaces its pods."""
    replicas = spec.get("replicas", 1)
    if spec.get("paused"):
        return False, ("The rollout is paused: pods stay as they are until it is resumed.",)
    if not replicas:
        return False, ("It has no replicas: nothing runs that could be made again.",)
    strategy = as_object(spec.get("strategy"))
    facts = [f"All {replicas} replicas are made again." if replicas != 1 else _ALONE]
    if strategy.get("type") == "Recreate":
        facts.append("Strategy Recreate: all stop before new ones start.")
    else:
        rolling = as_object(strategy.get("rollingUpdate"))
        surge, gone = rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
        facts.append(f"Rolling update with maxSurge {surge} and maxUnavailable {gone}.")
        if str(surge) in ("0", "0%"):
            facts.append("No surge: each pod stops before its successor starts.")
    return True, tuple(facts)


def _stateful_set(spec: Json) -> tuple[bool, tuple[str, ...]]:
    """Say how a StatefulSet replaces its pods."""
    replicas = spec.get("replicas", 1)
    strategy = as_object(spec.get("updateStrategy"))
    if strategy.get("type") == "OnDelete":
        return False, (_ON_DELETE,)
    if not replicas:
        return False, ("It has no replicas: nothing runs that could be made again.",)
    partition = as_object(strategy.get("rollingUpdate")).get("partition") or 0
    facts = [
        f"All {replicas} pods are made again, one after the other, each stopped before its "
        "successor starts."
        if replicas != 1
        else _ALONE
    ]
    if partition:
        facts.append(f"Only pods from number {partition} on: a partition is set.")
    return True, tuple(facts)


def _daemon_set(spec: Json) -> tuple[bool, tuple[str, ...]]:
    """Say how a DaemonSet replaces its pods."""
    strategy = as_object(spec.get("updateStrategy"))
    if strategy.get("type") == "OnDelete":
        return False, (_ON_DELETE,)
    gone = as_object(strategy.get("rollingUpdate")).get("maxUnavailable", 1)
    return True, (f"The pod of every node is made again, at most {gone} of them down at once.",)


_ALONE = "Its only pod is made again: it may be down meanwhile."
_ON_DELETE = "Strategy OnDelete: pods stay as they are until somebody deletes them."
_STRATEGIES = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
}


def bindings_of(account: str, namespace: str, around: Around) -> tuple[str, ...]:
    """Name the bindings, of those that were read, which give a service account rights by its name."""
    return tuple(
        f"{kind} {value_at(binding, ('metadata', 'name'))}"
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in around.others.get(kind, ())
        for subject in map(as_object, as_list(binding.get("subjects")))
        if subject.get("kind") == "ServiceAccount"
        and subject.get("name") == account
        and (subject.get("namespace") or namespace) == namespace
    )


def rights_of(account: str, namespace: str, around: Around) -> tuple[str, ...]:
    """Say what gives a service account rights, or that it could not be read; empty where nothing does."""
    unread = (
        f"whether a {kind} gives {account} rights could not be read"
        for kind in ("RoleBinding", "ClusterRoleBinding")
        if kind not in around.others
    )
    bound = (f"{each} gives {account} rights" for each in bindings_of(account, namespace, around))
    return (*unread, *bound)


def selects(selector: Json, labels: Json) -> bool:
    """Match a label selector as Kubernetes does; one without requirements selects everything."""
    if any(labels.get(k) != v for k, v in as_object(selector.get("matchLabels")).items()):
        return False
    for requirement in map(as_object, as_list(selector.get("matchExpressions"))):
        key, values = str(requirement.get("key")), as_list(requirement.get("values"))
        holds = {
            "In": key in labels and labels[key] in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds.get(str(requirement.get("operator")), False):
            return False
    return True
