"""What people do to one object, at random: its kind, names, places, owners, and what it stands in.

Each leaves the planted fault in the folder, in some form that a reader may or may not understand. Used by
`mutations`.
"""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.faults import CLUSTER_ONLY, NAMESPACE, Json, binding, clean, pod_spec
from tests.oracle.mutated_folder import Folder, as_yaml, metadata_of, object_of

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def kind_misspelled(folder: Folder, rng: Random) -> None:
    kind = str(object_of(folder).get("kind") or "Pod")
    at = rng.randrange(1, len(kind))
    other = (
        kind.lower(),
        kind.upper(),
        f"{kind}s",
        kind[:at] + kind[at + 1 :],
        f" {kind}x".strip(),
    )
    object_of(folder)["kind"] = rng.choice(other)


def kind_missing(folder: Folder, rng: Random) -> None:
    kind = object_of(folder).pop("kind", None)
    if rng.random() < 0.5:
        object_of(folder)[rng.choice(("Kind", "KIND", "kind "))] = kind


def version_changed(folder: Folder, rng: Random) -> None:
    version = str(object_of(folder).get("apiVersion") or "v1")
    group, _, number = version.rpartition("/")
    others = (
        "v1",
        "v2",
        "app/v1",
        "apps/v1",
        "apps/v9",
        "extensions/v1beta1",
        "extensions/v1",
        "batch/v1",
        version.upper(),
        f"{group[:-1]}/{number}",
        f"{group.replace('.k8s.io', '.kubernetes.io')}/{number}",
        f"{group}/v0",
        group,
    )
    object_of(folder)["apiVersion"] = rng.choice(others)


def version_missing(folder: Folder, rng: Random) -> None:
    object_of(folder).pop("apiVersion", None)


def no_name(folder: Folder, rng: Random) -> None:
    metadata = metadata_of(folder)
    name = metadata.pop("name", "planted")
    if rng.random() < 0.7:
        metadata["generateName"] = f"{name}-"


def odd_name(folder: Folder, rng: Random) -> None:
    metadata = metadata_of(folder)
    metadata["name"] = rng.choice(("{{ .Values.name }}", "${NAME}", 12345, "", None, "Pl_anted"))


def labels_changed(folder: Folder, rng: Random) -> None:
    metadata = metadata_of(folder)
    metadata["labels"] = rng.choice(
        (None, [], {"app": None}, {"app": 1}, {"app.kubernetes.io/managed-by": "Helm"}, "x")
    )


def namespace_missing(folder: Folder, rng: Random) -> None:
    metadata = metadata_of(folder)
    metadata.pop("namespace", None)


def listed(folder: Folder, rng: Random) -> None:
    entry, held = folder.value, object_of(folder)
    typed, version = f"{held.get('kind')}List", held.get("apiVersion")
    bare = {key: each for key, each in held.items() if key not in ("kind", "apiVersion")} or entry
    nothing: Json = {}
    made: tuple[Any, ...] = (
        {"apiVersion": "v1", "kind": "List", "items": [entry]},
        {"apiVersion": "v1", "kind": "List", "items": [None, nothing, entry]},
        {"apiVersion": version, "kind": typed, "items": [bare]},
        {"apiVersion": "v1", "kind": "list", "items": [entry]},
        {"kind": "List", "items": [entry]},
        {"apiVersion": "v1", "kind": "List", "items": entry},
        {"apiVersion": "v1", "kind": "List", "Items": [entry]},
        [entry],
        [[entry]],
    )
    folder.value = rng.choice(made)


def inside_another(folder: Folder, rng: Random) -> None:
    value, original = folder.value, folder.original
    metadata = {"name": "holder", "namespace": original["metadata"].get("namespace", NAMESPACE)}
    if original["kind"] in _WORKLOADS and isinstance(value, dict) and rng.random() < 0.6:
        spec = pod_spec(original)
        template = {"metadata": {"labels": {"app": "x"}}, "spec": spec}
        folder.value = rng.choice(
            (
                _made("argoproj.io/v1alpha1", "Rollout", metadata, {"template": template}),
                _made("serving.knative.dev/v1", "Service", metadata, {"template": template}),
                _made("serving.knative.dev/v1", "Revision", metadata, spec),
                _made("apps.openshift.io/v1", "DeploymentConfig", metadata, {"template": template}),
                _made("apps.kruise.io/v1beta1", "StatefulSet", metadata, {"template": template}),
                _made("example.com/v1", "Widget", metadata, {"podTemplate": template}),
                _made("example.com/v1", "Widget", metadata, {"steps": [{"deep": [template]}]}),
                _made("batch.volcano.sh/v1", "Job", metadata, {"tasks": [{"template": template}]}),
                {
                    "apiVersion": "v1",
                    "kind": "PodTemplate",
                    "metadata": metadata,
                    "template": template,
                },
            )
        )
        return
    holders: tuple[Json, ...] = (
        {
            "apiVersion": "template.openshift.io/v1",
            "kind": "Template",
            "metadata": metadata,
            "objects": [value],
        },
        _made("kro.run/v1alpha1", "ResourceGraph", metadata, {"resources": [{"template": value}]}),
        _made("work.example.com/v1", "ManifestWork", metadata, {"manifests": [value]}),
    )
    folder.value = rng.choice(holders)


def _made(version: str, kind: str, metadata: Json, spec: Json) -> Json:
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def operated(folder: Folder, rng: Random) -> None:
    """Give what a pod specification says to an operator, without a list of containers."""
    held = object_of(folder)
    if folder.original["kind"] not in _WORKLOADS or not held:
        return
    spec = pod_spec(folder.original)
    first: Json = {key: each for key, each in spec["containers"][0].items() if key != "name"}
    outer = {
        key: each
        for key, each in spec.items()
        if key not in ("containers", "initContainers", "securityContext")
    }
    contexts = {"podSecurityContext": spec.get("securityContext")}
    made: tuple[Json, ...] = (
        {**outer, **contexts, **first},
        {"driver": {**outer, **contexts, **first}, "executor": {"instances": 1}},
        {"image": first.pop("image"), "agents": [{**outer, **contexts, "agent": first}]},
        {"podTemplate": {"spec": outer | {"securityContext": spec.get("securityContext")}}},
    )
    metadata = {"name": "holder", "namespace": folder.original["metadata"]["namespace"]}
    folder.value = _made("example.com/v1", "Widget", metadata, rng.choice(made))


def owned(folder: Folder, rng: Random) -> None:
    """Say that another object of the folder made it."""
    owner = rng.choice([*clean(), folder.original])
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": "00000000-0000-0000-0000-000000000001",
    }
    if rng.random() < 0.7:
        reference["controller"] = True
    metadata_of(folder)["ownerReferences"] = [reference]


def named_as_kubernetes_names(folder: Folder, rng: Random) -> None:
    """Give a role or binding, or whom it is for, a name or label of Kubernetes' own."""
    original, metadata = folder.original, metadata_of(folder)
    if not original["apiVersion"].startswith("rbac"):
        return
    if rng.random() < 0.5:
        metadata["labels"] = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    if rng.random() < 0.7:
        own = ("helper", "basic-user", "discovery", "monitoring", "controller:helper")
        metadata["name"] = rng.choice(
            (*(f"system:{each}" for each in own), "view", "cluster-admin")
        )
    if folder.control == "5.1.1" and rng.random() < 0.7:
        names = ("system:helper", "system:kube-scheduler", "system:serviceaccount:kube-system:x")
        subjects: Any = object_of(folder).get("subjects")
        if subjects:
            object_of(folder)["subjects"] = [{**subjects[0], "name": rng.choice(names)}]


def in_a_namespace(folder: Folder, rng: Random) -> None:
    """Give in one namespace what was given in all."""
    held = object_of(folder)
    kind = str(held.get("kind"))
    if kind in ("ClusterRole", "ClusterRoleBinding") and folder.control not in CLUSTER_ONLY:
        held["kind"] = kind.removeprefix("Cluster")
        metadata_of(folder)["namespace"] = NAMESPACE


def bound_and_scoped(folder: Folder, rng: Random) -> None:
    """Bind a ClusterRole, and scan the namespace where that counts."""
    original = folder.original
    if original["kind"] == "ClusterRoleBinding":
        folder.namespaces = (NAMESPACE,)
    if original["kind"] != "ClusterRole":
        return
    near = folder.control not in CLUSTER_ONLY and rng.random() < 0.6
    user = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "jane"}
    named = {**original, **object_of(folder)}.get("metadata") or {}
    name = str(named.get("name") or original["metadata"]["name"])
    bound = binding("RoleBinding" if near else "ClusterRoleBinding", name, user)
    folder.beside["bound.yaml"] = as_yaml(bound)
    folder.namespaces = (NAMESPACE,)


def nearly_windows(folder: Folder, rng: Random) -> None:
    """Say of nodes what does not keep the pods from Linux."""
    kind, held = folder.original["kind"], object_of(folder)
    if kind not in _WORKLOADS or held.get("kind") != kind or "spec" not in held:
        return
    said = {"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}
    term = {"matchExpressions": [said]}
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    nodes: tuple[Json, ...] = (
        {preferred: [{"weight": 1, "preference": term}]},
        {required: {"nodeSelectorTerms": [term, {}]}},
        {required: {"nodeSelectorTerms": [term, {"matchExpressions": [{**said, "key": "arch"}]}]}},
        {required: {"nodeSelectorTerms": [{"matchExpressions": [{**said, "operator": "NotIn"}]}]}},
        {required: {"nodeSelectorTerms": [{"matchFields": [said]}]}},
    )
    pod_spec(held)["affinity"] = {"nodeAffinity": rng.choice(nodes)}


ALL = (
    kind_misspelled,
    kind_missing,
    version_changed,
    version_missing,
    no_name,
    odd_name,
    labels_changed,
    namespace_missing,
    listed,
    inside_another,
    operated,
    owned,
    named_as_kubernetes_names,
    in_a_namespace,
    bound_and_scoped,
    nearly_windows,
)
