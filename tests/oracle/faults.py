"""Clean manifests with exactly one fault each: what is wrong, and the control that it fails.

The clean ones are of the corpus (`hardened`), with roles of the same ilk beside. Used by `mutations`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

CLEAN = Path(__file__).parents[1] / "corpus" / "hardened" / "all.yaml"
NAMESPACE = "vault"
CLUSTER_ONLY = ("5.1.9", "5.1.10", "5.1.11", "5.1.12")
"""Controls of rights that nobody has in one namespace."""
_RBAC = "rbac.authorization.k8s.io"
Json = dict[str, Any]


class Fault(Struct, frozen=True):
    """One thing that is wrong, in one object."""

    control: str
    object: Json
    around: tuple[Json, ...] = ()
    """Objects beside it, without which it is none."""

    @property
    def namespaced(self) -> bool:
        """Tell whether the object stands in a namespace."""
        return "namespace" in self.object["metadata"]


def clean() -> list[Json]:
    """Give manifests that fail no control of those below."""
    held = [*yaml.safe_load_all(CLEAN.read_text())]
    kept = [
        each for each in held if each["kind"] in ("Namespace", "NetworkPolicy", "ServiceAccount")
    ]
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    return [*kept, workload("Deployment"), *(role(kind, rules) for kind in ("Role", "ClusterRole"))]


def workload(kind: str, name: str = "right") -> Json:
    """Give the corpus' flawless workload as another kind."""
    held = yaml.safe_load_all(CLEAN.read_text())
    found = next(each for each in held if each["metadata"]["name"] == "everything-right")
    template = copy.deepcopy(found["spec"]["template"])
    template["spec"]["automountServiceAccountToken"] = False
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app": "right"}}
    spec: Json = {"selector": {"matchLabels": {"app": "right"}}, "template": template}
    version = "apps/v1"
    if kind == "Pod":
        version, spec = "v1", template["spec"]
    elif kind in ("Job", "CronJob"):
        version, spec = "batch/v1", {"template": template}
        if kind == "CronJob":
            spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": spec}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def pod_spec(obj: Json) -> Json:
    """Find the pod specification of a workload."""
    spec = obj["spec"]
    if obj["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec if obj["kind"] == "Pod" else spec["template"]["spec"]


def role(kind: str, rules: list[Json], name: str = "reader") -> Json:
    """Make a Role of the namespace, or a ClusterRole."""
    place = {"namespace": NAMESPACE} if kind == "Role" else {}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": {"name": name, **place},
        "rules": rules,
    }


def binding(kind: str, to: str, *subjects: Json) -> Json:
    """Bind a ClusterRole."""
    place = {"namespace": NAMESPACE} if kind == "RoleBinding" else {}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": kind,
        "metadata": {"name": "planted", **place},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": to},
        "subjects": list(subjects),
    }


def _of_pod(spec: Json) -> dict[str, Callable[[], object]]:
    """Give, by control, what puts its fault into a pod specification."""
    first = spec["containers"][0]
    own: Json = first["securityContext"]
    capabilities: Json = own["capabilities"]
    token: Json = {"serviceAccountToken": {"path": "t"}}
    secret = {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    return {
        "5.1.5": lambda: spec.update(serviceAccountName="default"),
        "5.1.6": lambda: spec.update(automountServiceAccountToken=True),
        "5.1.6 by a volume": lambda: (
            spec.update(volumes=[{"name": "v", "projected": {"sources": [token]}}]),
            first.update(volumeMounts=[{"name": "v", "mountPath": "/v"}]),
        ),
        "5.2.2": lambda: own.update(privileged=True),
        "5.2.3": lambda: spec.update(hostPID=True),
        "5.2.4": lambda: spec.update(hostIPC=True),
        "5.2.5": lambda: spec.update(hostNetwork=True),
        "5.2.6": lambda: own.update(allowPrivilegeEscalation=True),
        "5.2.7": lambda: own.update(runAsUser=0),
        "5.2.8": lambda: capabilities.update(add=["NET_RAW"]),
        "5.2.9": lambda: capabilities.update(add=["SYS_ADMIN"]),
        "5.2.11": lambda: spec.update(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
        "5.2.12": lambda: first.update(ports=[{"containerPort": 80, "hostPort": 80}]),
        "5.4.1": lambda: first.update(env=[secret]),
        "5.6.2": lambda: own.update(seccompProfile={"type": "Unconfined"}),
        "5.6.3": lambda: (
            spec.pop("securityContext"),
            [each.pop("securityContext") for each in (*spec["initContainers"], first)],
        ),
    }


def _of_role() -> dict[str, Json]:
    """Give, by control, the rule that fails it."""
    rows = {
        "5.1.2": ("", "secrets", "get"),
        "5.1.3": ("apps", "*", "get"),
        "5.1.4": ("", "pods", "create"),
        "5.1.8": (_RBAC, "roles", "escalate"),
        "5.1.9": ("", "persistentvolumes", "create"),
        "5.1.10": ("", "nodes/proxy", "get"),
        "5.1.11": ("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
        "5.1.12": (
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
            "update",
        ),
        "5.1.13": ("", "serviceaccounts/token", "create"),
    }
    return {control: _rule(*row) for control, row in rows.items()}


_DEFAULT_ACCOUNTS: tuple[Json, ...] = (
    {"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE},
    {"kind": "Group", "apiGroup": _RBAC, "name": f"system:serviceaccounts:{NAMESPACE}"},
)


def _by_name() -> list[Fault]:
    """Give rules that names narrow to what is no less."""
    root = {"kind": "ServiceAccount", "name": "root", "namespace": NAMESPACE}
    bound = binding("ClusterRoleBinding", "cluster-admin", root)
    bound["metadata"]["name"] = "root"
    rows = (
        ("5.1.8", _RBAC, "clusterroles", "bind", "cluster-admin"),
        ("5.1.10", "", "nodes/proxy", "get", "node-1"),
        ("5.1.13", "", "serviceaccounts/token", "create", "root"),
    )
    return [
        Fault(control, role(kind, [rule], "planted"), (bound,) if control == "5.1.13" else ())
        for control, group, resource, verb, name in rows
        for rule in [_rule(group, resource, verb) | {"resourceNames": [name]}]
        for kind in (("ClusterRole",) if control in CLUSTER_ONLY else ("Role", "ClusterRole"))
    ]


def _rule(group: str, resource: str, verb: str) -> Json:
    return {"apiGroups": [group], "resources": [resource], "verbs": [verb]}


def faults() -> list[Fault]:
    """Give every fault in every kind of object that can have it."""
    found: list[Fault] = []
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"):
        for control in _of_pod(pod_spec(workload(kind))):
            planted = workload(kind, "planted")
            _of_pod(pod_spec(planted))[control]()
            found.append(Fault(control.partition(" ")[0], planted))
    for control, rule in _of_role().items():
        found.append(Fault(control, role("ClusterRole", [rule], "planted")))
        if control in ("5.1.2", "5.1.3", "5.1.4", "5.1.8", "5.1.13"):
            found.append(Fault(control, role("Role", [rule], "planted")))
    user = {"kind": "User", "apiGroup": _RBAC, "name": "jane"}
    masters = {"kind": "Group", "apiGroup": _RBAC, "name": "system:masters"}
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        found.append(Fault("5.1.1", binding(kind, "cluster-admin", user)))
        found.append(Fault("5.1.7", binding(kind, "view", masters)))
        found += [Fault("5.1.5", binding(kind, "view", each)) for each in _DEFAULT_ACCOUNTS]
    found += _by_name()
    here = workload("Deployment", "planted")
    here["metadata"]["namespace"] = "default"
    found.append(Fault("5.6.4", here))
    return found
