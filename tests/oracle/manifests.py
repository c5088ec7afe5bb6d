"""Reads a folder of manifests into plain dicts for the second implementation: files, owners, containers.

Shares no code with `tools`. Follows the reading: the last of two equal objects counts, an object
without a namespace is in `default`, and a namespace that any object names exists. Kinds of others that
hold one pod template count as workloads; where others hold containers, pods of that place are unread.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

GROUPS = {
    "Pod": {""},
    "ReplicationController": {""},
    "Deployment": {"apps", "extensions"},
    "StatefulSet": {"apps"},
    "DaemonSet": {"apps", "extensions"},
    "ReplicaSet": {"apps", "extensions"},
    "Job": {"batch"},
    "CronJob": {"batch"},
    "Role": {"rbac.authorization.k8s.io"},
    "ClusterRole": {"rbac.authorization.k8s.io"},
    "RoleBinding": {"rbac.authorization.k8s.io"},
    "ClusterRoleBinding": {"rbac.authorization.k8s.io"},
    "ServiceAccount": {""},
    "Namespace": {""},
    "NetworkPolicy": {"networking.k8s.io", "extensions"},
    "Service": {""},
    "Ingress": {"networking.k8s.io", "extensions"},
    "PersistentVolumeClaim": {""},
    "ConfigMap": {""},
    "ValidatingAdmissionPolicyBinding": {"admissionregistration.k8s.io"},
    "Policy": {"kyverno.io"},
    "ClusterPolicy": {"kyverno.io"},
    "ValidatingPolicy": {"policies.kyverno.io"},
    "NamespacedValidatingPolicy": {"policies.kyverno.io"},
    "ImageValidatingPolicy": {"policies.kyverno.io"},
    "AdmissionPolicy": {"policies.kubewarden.io"},
    "AdmissionPolicyGroup": {"policies.kubewarden.io"},
    "ClusterAdmissionPolicy": {"policies.kubewarden.io"},
    "ClusterAdmissionPolicyGroup": {"policies.kubewarden.io"},
}
JUDGE_ALL = (
    *("ValidatingAdmissionPolicyBinding", "ClusterPolicy", "ValidatingPolicy", "constraint"),
    *("ImageValidatingPolicy", "ClusterAdmissionPolicy", "ClusterAdmissionPolicyGroup"),
)
JUDGE_THEIR_NAMESPACE = (
    *("Policy", "NamespacedValidatingPolicy", "AdmissionPolicy", "AdmissionPolicyGroup"),
)
"""Kinds of policies that may judge pods, everywhere or in their own namespace."""
PLUGIN_POLICIES = {
    ("CiliumNetworkPolicy", "cilium.io"): True,
    ("CiliumClusterwideNetworkPolicy", "cilium.io"): False,
    ("NetworkPolicy", "projectcalico.org"): True,
    ("NetworkPolicy", "crd.projectcalico.org"): True,
    ("GlobalNetworkPolicy", "projectcalico.org"): False,
    ("GlobalNetworkPolicy", "crd.projectcalico.org"): False,
    ("NetworkPolicy", "crd.antrea.io"): True,
    ("ClusterNetworkPolicy", "crd.antrea.io"): False,
    ("AdminNetworkPolicy", "policy.networking.k8s.io"): False,
    ("BaselineAdminNetworkPolicy", "policy.networking.k8s.io"): False,
    ("ClusterNetworkPolicy", "policy.networking.k8s.io"): False,
}
"""Network policies beside the API's own, by kind and group, and whether they are of a namespace."""
WORKLOADS = (
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
)
TEMPLATES = {
    ("", "PodTemplate"): ("PodTemplate", ("template",)),
    ("argoproj.io", "Rollout"): ("Rollout", ("spec", "template")),
    ("apps.openshift.io", "DeploymentConfig"): ("DeploymentConfig", ("spec", "template")),
    ("serving.knative.dev", "Service"): ("Service.serving.knative.dev", ("spec", "template")),
    ("serving.knative.dev", "Configuration"): (
        "Configuration.serving.knative.dev",
        ("spec", "template"),
    ),
    ("apps.kruise.io", "CloneSet"): ("CloneSet", ("spec", "template")),
}
"""By group and kind: how the kind is called, and the way to its pod template."""
PATHS = dict(TEMPLATES.values())
WORKLOADS = (*WORKLOADS, *PATHS)
MADE_FROM = {
    "Pod": ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", *PATHS),
    "ReplicaSet": ("Deployment", *PATHS),
    "ReplicationController": (*PATHS,),
    "Job": ("CronJob", *PATHS),
}
"""What is made of another's template; any other workload that is owned is judged for itself."""
CLUSTER_SCOPED = {
    "ClusterRole",
    "ClusterRoleBinding",
    "Namespace",
    *JUDGE_ALL,
    "plugin policy of the cluster",
}


@dataclass
class Folder:
    """What lies in a folder: objects by (kind, namespace, name), the last in path order counting."""

    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    twice: list[tuple[str, str, str]] = field(default_factory=list)
    unread_pods: set[str] = field(default_factory=set)
    """Namespaces (empty: unknown which) where an object that is not read holds containers or makes pods."""
    token_secrets: set[tuple[str, str]] = field(default_factory=set)
    """Namespace (empty: any) and name of Secrets of the type of an account's token."""
    unreadable: list[str] = field(default_factory=list)
    """Paths of files that do not parse, relative."""


def read(folder: Path) -> Folder:
    """Read every YAML and JSON file under a folder, in path order."""
    held = Folder()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".yml", ".json")):
        try:
            for document in documents(path):
                for obj in flatten(document):
                    take(held, obj)
        except (yaml.YAMLError, json.JSONDecodeError):
            held.unreadable.append(str(path.relative_to(folder)))
    return held


def documents(path: Path) -> Iterator[Any]:
    """Parse one file, document by document, so that those before a broken one count."""
    text = path.read_bytes().decode("utf-8-sig")
    if path.suffix == ".json":
        yield json.loads(text)
    else:
        yield from yaml.safe_load_all(text)


def flatten(document: Any) -> Iterator[dict[str, Any]]:
    """Give the objects of a document: itself, or the items of a List."""
    if not isinstance(document, dict):
        return
    if str(document.get("kind", "")).endswith("List") and isinstance(document.get("items"), list):
        for item in document["items"]:
            yield from flatten(item)
    elif document.get("kind") and document.get("apiVersion"):
        yield document


def take(held: Folder, obj: dict[str, Any]) -> None:
    """Put one object away under its key, if it is of a kind that counts."""
    meta = obj.get("metadata") or {}
    if meta.get("namespace"):
        held.namespaces.add(meta["namespace"])
    kind, group = obj["kind"], group_of(obj)
    if group == "constraints.gatekeeper.sh":
        kind = "constraint"
    elif (kind, group) in PLUGIN_POLICIES:
        kind = "plugin policy" if PLUGIN_POLICIES[kind, group] else "plugin policy of the cluster"
    elif (group, kind) in TEMPLATES:
        kind = TEMPLATES[(group, kind)][0]
    elif group not in GROUPS.get(kind, set()):
        if group != "kyverno.io" and (has_containers(obj) or ("." in group and makes_pods(obj))):
            held.unread_pods.add(meta.get("namespace") or "")
        if (kind, obj.get("type")) == ("Secret", "kubernetes.io/service-account-token"):
            held.token_secrets.add((meta.get("namespace") or "", meta.get("name") or ""))
        return
    namespace = "" if kind in CLUSTER_SCOPED else meta.get("namespace") or "default"
    key = (kind, namespace, meta.get("name") or "")
    if key in held.objects:
        held.twice.append(key)
    held.objects[key] = obj
    if namespace:
        held.namespaces.add(namespace)
    if kind == "Namespace":
        held.namespaces.add(key[2])


def has_containers(value: Any) -> bool:
    """Tell whether a list of containers stands anywhere inside."""
    if isinstance(value, list):
        images = (isinstance(each, dict) and isinstance(each.get("image"), str) for each in value)
        return any(images) or any(has_containers(each) for each in value)
    if not isinstance(value, dict):
        return False
    lists = (value.get(name) for name in ("containers", "initContainers"))
    return any(isinstance(each, list) and each for each in lists) or any(
        has_containers(each) for each in value.values()
    )


def makes_pods(value: Any) -> bool:
    """Tell whether a setting that only pods have stands anywhere inside (the corpus has no other signs)."""
    if isinstance(value, list):
        return any(makes_pods(each) for each in value)
    if not isinstance(value, dict):
        return False
    names = {name.lower() for name, held in value.items() if held not in (None, {}, [])}
    own = {"hostnetwork", "hostpid", "hostipc", "podtemplate", "runasuser", "runasnonroot"}
    return (
        bool(names & own)
        or any(name.endswith("securitycontext") for name in names)
        or any(makes_pods(each) for each in value.values())
    )


def group_of(obj: dict[str, Any]) -> str:
    """Give the API group; empty for the core."""
    version = str(obj.get("apiVersion", ""))
    return version.rpartition("/")[0]


def holds_token(held: Folder, namespace: str, name: str) -> bool:
    """Tell whether a Secret of that name is, or may be, a token in that namespace."""
    return not {(namespace, name), ("", name)}.isdisjoint(held.token_secrets)


def template_of(kind: str, obj: dict[str, Any]) -> dict[str, Any]:
    """Give the pod spec that a workload holds."""
    if kind in PATHS:
        found: Any = obj
        for key in PATHS[kind]:
            found = (found or {}).get(key)
        return (found or {}).get("spec") or {}
    spec = obj.get("spec") or {}
    if kind == "Pod":
        return spec
    if kind == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return (spec.get("template") or {}).get("spec") or {}


def owner_of(held: Folder, obj: dict[str, Any]) -> tuple[str, str, str] | None:
    """Give the workload of this folder that owns an object, or None; of a workload what it is made from."""
    meta = obj.get("metadata") or {}
    own = obj.get("kind")
    for owner in meta.get("ownerReferences") or []:
        key = (owner.get("kind"), meta.get("namespace") or "default", owner.get("name"))
        found = held.objects.get(key)
        if key[0] not in WORKLOADS or found is None or group_of(found) != group_of(owner):
            continue
        if own not in WORKLOADS or key[0] in MADE_FROM.get(str(own), ()):
            return key
    return None


def top_owner(held: Folder, obj: dict[str, Any]) -> tuple[str, str, str] | None:
    """Follow owners up to the last one of this folder."""
    found, key = None, owner_of(held, obj)
    while key:
        found, key = key, owner_of(held, held.objects[key])
    return found


def containers_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Give init, ordinary and ephemeral containers, in this order."""
    lists = (spec.get(n) or [] for n in ("initContainers", "containers", "ephemeralContainers"))
    return [c for some in lists for c in some]


def owned_specs(held: Folder, key: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Give the pod specs of all that a workload owns in the end, but of sets scaled to none."""
    return [
        template_of(kind, obj)
        for (kind, _, _), obj in held.objects.items()
        if kind in WORKLOADS
        and top_owner(held, obj) == key
        and (obj.get("spec") or {}).get("replicas") != 0
    ]
