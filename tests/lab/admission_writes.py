"""Writes with the executor's account that the admission policy refuses, and some that it lets through.

RBAC grants all of them; what only a grant by mistake would allow stands apart.
"""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from deploy.admission.samples import samples
from tests.lab.changing import workload
from tests.lab.cluster import Lab

NAMESPACE = "held"
DIGEST = f"sha256:{'a' * 64}"
KINDS = ("Deployment", "Service", "ServiceAccount", "NetworkPolicy")
"""What is created from templates."""

_POD = "/spec/template/spec"
_FIRST = f"{_POD}/containers/0"
_OPERATION = "/metadata/annotations/oakum.dev~1operation-id"

Patch = list[dict[str, Any]]


class Write(NamedTuple):
    """One call of kubectl."""

    arguments: tuple[str, ...]
    stdin: str = ""
    dry: bool = True
    """Whether the server can be asked without doing it."""


def send(lab: Lab, kubeconfig: Path, write: Write) -> subprocess.CompletedProcess[str]:
    """Send a write as an account, as a dry run where that is possible."""
    dry = ("--dry-run=server",) if write.dry else ()
    as_account = f"--kubeconfig={kubeconfig}"
    return lab.try_kubectl(as_account, *write.arguments, *dry, stdin=write.stdin)


def patched(what: str, patch: Patch) -> Write:
    """Give the write of a JSON patch."""
    where = () if what.startswith("namespace/") else ("-n", NAMESPACE)
    return Write(("patch", what, *where, "--type=json", "-p", json.dumps(patch)))


def created(manifest: dict[str, Any]) -> Write:
    """Give the write of a new object."""
    return Write(("create", "-f", "-"), json.dumps(manifest))


def deleted(kind: str, found: dict[str, Any]) -> Write:
    """Give the write of a deletion as the executor sends it, by uid and resource version."""
    metadata = found["metadata"]
    options = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "dryRun": ["All"],
        "preconditions": {key: metadata[key] for key in ("uid", "resourceVersion")},
    }
    where = f"/api/v1/namespaces/{NAMESPACE}/{kind}/{metadata['name']}?dryRun=All"
    return Write(("delete", "--raw", where, "-f", "-"), json.dumps(options), dry=False)


def held() -> dict[str, Any]:
    """Give a Deployment without pods that has something of everything."""
    found = workload("held", NAMESPACE, replicas=0)
    found["metadata"]["annotations"] = {"team": "shop"}
    found["metadata"]["labels"] = {"team": "shop"}
    pod = found["spec"]["template"]["spec"]
    pod["containers"][0] |= {
        "image": "lab.local:5000/shop/busybox:1",
        "env": [{"name": "A", "value": "b"}],
        "ports": [{"containerPort": 8080}, {"containerPort": 8081, "hostPort": 8081}],
        "volumeMounts": [
            {"name": "scratch", "mountPath": "/scratch"},
            {"name": "node", "mountPath": "/node"},
        ],
    }
    pod["initContainers"] = [{"name": "first", "image": "busybox"}]
    pod["volumes"] = [
        {"name": "scratch", "emptyDir": {}},
        {"name": "node", "hostPath": {"path": "/srv"}},
        {"name": "spare", "hostPath": {"path": "/opt"}},
    ]
    return found


def cron_job() -> dict[str, Any]:
    """Give a CronJob of the same pods, whose next run is far."""
    template = copy.deepcopy(held()["spec"]["template"])
    template["spec"]["restartPolicy"] = "Never"
    job = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    metadata = {"name": "held", "namespace": NAMESPACE}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": job}


def template(kind: str) -> dict[str, Any]:
    """Give what the writer sends for one object of our templates."""
    [found] = [s.manifests[0] for s in samples() if s.template in (f"app {kind}", kind)]
    made = copy.deepcopy(found)
    made["metadata"] |= {"namespace": NAMESPACE, "annotations": {"oakum.dev/operation-id": "op"}}
    return made


def shaped(kind: str, path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """Give what a template makes, with one value changed.

    Of a Deployment `pod` stands for the pod's specification; other paths are of its container.
    """
    manifest = template(kind)
    at: Any = manifest
    if kind == "Deployment" and path[0] not in ("metadata", "spec"):
        at = manifest["spec"]["template"]["spec"]
        at, path = (at, path[1:]) if path[0] == "pod" else (at["containers"][0], path)
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return manifest


def put(path: str, value: Any) -> Patch:
    return [{"op": "add", "path": path, "value": value}]


def instead(path: str, value: Any) -> Patch:
    return [{"op": "replace", "path": path, "value": value}]


def gone(path: str) -> Patch:
    return [{"op": "remove", "path": path}]


_HOST = {"name": "root", "hostPath": {"path": "/"}}
_WORKLOAD: dict[str, Patch] = {
    "a mounted folder of the node": put(f"{_POD}/volumes/-", _HOST)
    + put(f"{_FIRST}/volumeMounts/-", {"name": "root", "mountPath": "/root"}),
    "a volume in use becomes a folder of the node": instead(f"{_POD}/volumes/0", {"name": "scratch", "hostPath": {"path": "/"}}
    ),
    "another folder of the node": put(f"{_POD}/volumes/1/hostPath/path", "/"),
    "a secret as a volume": put(f"{_POD}/volumes/-", {"name": "s", "secret": {"secretName": "s"}}),
    "a spare volume shows a secret": instead(f"{_POD}/volumes/2", {"name": "spare", "secret": {"secretName": "s"}}
    ),
    "an image of another repository": put(f"{_FIRST}/image", f"lab.local:5000/evil/busybox@{DIGEST}"),
    "an image of another registry": put(f"{_FIRST}/image", f"evil.example/shop/busybox@{DIGEST}"),
    "another tag": put(f"{_FIRST}/image", "lab.local:5000/shop/busybox:2"),
    "another digest kept beside the tag": put(
        f"{_FIRST}/image", f"lab.local:5000/shop/busybox:1@{DIGEST}"
    ),
    "an image of another repository in an init container": put(
        f"{_POD}/initContainers/0/image", f"evil@{DIGEST}"
    ),
    "an annotation": put("/metadata/annotations/team", "evil"),
    "an annotation taken away": gone("/metadata/annotations/team"),
    "another annotation": put("/metadata/annotations/a", "b"),
    "a label": put("/metadata/labels/a", "b"),
    "a finalizer": put("/metadata/finalizers", ["evil.example/never"]),
    "an owner": put(
        "/metadata/ownerReferences",
        [{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "b"}],
    ),
    "an annotation of pods": put(f"{_POD[:-5]}/metadata/annotations", {"a": "b"}),
    "a label of pods": put(f"{_POD[:-5]}/metadata/labels/a", "b"),
    "a command": put(f"{_FIRST}/command", ["sh", "-c", "evil"]),
    "arguments": put(f"{_FIRST}/args", ["evil"]),
    "an environment value": put(f"{_FIRST}/env/0/value", "evil"),
    "an environment taken away": gone(f"{_FIRST}/env"),
    "a container more": put(f"{_POD}/containers/-", {"name": "evil", "image": "evil"}),
    "a container under another name": put(f"{_FIRST}/name", "evil"),
    "an init container less": gone(f"{_POD}/initContainers"),
    "a port": put(f"{_FIRST}/ports/-", {"containerPort": 9999}),
    "another port": put(f"{_FIRST}/ports/0/containerPort", 9999),
    "an address of the node": put(f"{_FIRST}/ports/1/hostIP", "127.0.0.1"),
    "a lifecycle hook": put(
        f"{_FIRST}/lifecycle", {"postStart": {"exec": {"command": ["evil"]}}}
    ),
    "a mount elsewhere": put(f"{_FIRST}/volumeMounts/0/mountPath", "/etc"),
    "a resource of another sort": put(f"{_FIRST}/resources", {"limits": {"evil.example/gpu": "1"}}),
    "SELinux options": put(f"{_FIRST}/securityContext/seLinuxOptions", {"type": "spc_t"}),
    "sysctls": put(f"{_POD}/securityContext/sysctls", [{"name": "a.b", "value": "1"}]),
    "a group": put(f"{_POD}/securityContext/fsGroup", 0),
    "the node": put(f"{_POD}/nodeName", "evil"),
    "a node selector": put(f"{_POD}/nodeSelector", {"a": "b"}),
    "shared processes": put(f"{_POD}/shareProcessNamespace", True),
    "a pull secret": put(f"{_POD}/imagePullSecrets", [{"name": "a"}]),
    "a host alias": put(f"{_POD}/hostAliases", [{"ip": "1.2.3.4", "hostnames": ["bank"]}]),
    "the runtime": put(f"{_POD}/runtimeClassName", "evil"),
    "the strategy": put("/spec/strategy", {"type": "Recreate"}),
    "the deadline": put("/spec/progressDeadlineSeconds", 1),
}  # fmt: skip

_ELSEWHERE: dict[str, tuple[str, Patch]] = {
    "a label of a namespace": (f"namespace/{NAMESPACE}", put("/metadata/labels/a", "b")),
    "its name's label": (f"namespace/{NAMESPACE}", put("/metadata/annotations", {"a": "b"})),
    "rights at a cloud": (
        "serviceaccount/default",
        put("/metadata/annotations", {"eks.amazonaws.com/role-arn": "evil"}),
    ),
    "a secret of an account": ("serviceaccount/default", put("/secrets", [{"name": "a"}])),
    "a pull secret of an account": (
        "serviceaccount/default",
        put("/imagePullSecrets", [{"name": "a"}]),
    ),
    "a Service": ("service/theirs", put("/spec/selector", {"app": "evil"})),
    "an image of a CronJob": (
        "cronjob/held",
        put(f"/spec/jobTemplate{_FIRST}/image", f"lab.local:5000/shop/busybox@{DIGEST}"),
    ),
    "an image of an init container of a CronJob": (
        "cronjob/held",
        put(f"/spec/jobTemplate{_POD}/initContainers/0/image", f"busybox@{DIGEST}"),
    ),
    "a label of a StatefulSet": ("statefulset/held", put("/metadata/labels", {"a": "b"})),
    "how long a StatefulSet waits": ("statefulset/held", put("/spec/minReadySeconds", 9)),
    "a label of a DaemonSet": ("daemonset/held", put("/metadata/labels", {"a": "b"})),
    "a command of a CronJob": ("cronjob/held", put(f"/spec/jobTemplate{_FIRST}/command", ["a"])),
    "the schedule": ("cronjob/held", put("/spec/schedule", "* * * * *")),
    "how often a job is tried": ("cronjob/held", put("/spec/jobTemplate/spec/backoffLimit", 9)),
}

_WITHIN: dict[str, tuple[str, Patch]] = {
    "the operation's name": ("deployment/held", put(_OPERATION, "op-1")),
    "a tag becomes a digest": (
        "deployment/held",
        put(f"{_FIRST}/image", f"lab.local:5000/shop/busybox@{DIGEST}"),
    ),
    "no tag becomes a digest": (
        "deployment/held",
        put(f"{_POD}/initContainers/0/image", f"busybox@{DIGEST}"),
    ),
    "a host port goes": ("deployment/held", gone(f"{_FIRST}/ports/1/hostPort")),
    "a spare folder of the node goes": ("deployment/held", gone(f"{_POD}/volumes/2")),
    "a folder of the node is given up": (
        "deployment/held",
        instead(f"{_POD}/volumes/1", {"name": "node", "emptyDir": {}}),
    ),
    "a spare folder of the node comes back": ("deployment/held", put(f"{_POD}/volumes/-", _HOST)),
    "labels of Pod Security": (
        f"namespace/{NAMESPACE}",
        put("/metadata/labels/pod-security.kubernetes.io~1warn", "baseline"),
    ),
    "runs are stopped": ("cronjob/held", put("/spec/suspend", True)),
    "privileged in a CronJob": (
        "cronjob/held",
        put(f"/spec/jobTemplate{_FIRST}/securityContext/privileged", False),
    ),
}

_SHAPES: dict[str, tuple[str, tuple[str | int, ...], Any]] = {
    "a label": ("Deployment", ("metadata", "labels", "a"), "b"),
    "an annotation": ("Deployment", ("metadata", "annotations", "a"), "b"),
    "no operation": ("Deployment", ("metadata", "annotations"), {}),
    "not marked as ours": ("Deployment", ("metadata", "labels"), {}),
    "a tag": ("Deployment", ("image",), "registry.example/shop/web:1"),
    "a short image": ("Deployment", ("image",), f"web@{DIGEST}"),
    "root": ("Deployment", ("securityContext", "runAsUser"), 0),
    "may be root": ("Deployment", ("securityContext", "runAsNonRoot"), False),
    "privileged": ("Deployment", ("securityContext",), {"privileged": True}),
    "escalation": ("Deployment", ("securityContext", "allowPrivilegeEscalation"), True),
    "capabilities": ("Deployment", ("securityContext", "capabilities", "add"), ["SYS_ADMIN"]),
    "writable": ("Deployment", ("securityContext", "readOnlyRootFilesystem"), False),
    "a command": ("Deployment", ("command",), ["sh"]),
    "an environment": ("Deployment", ("env",), [{"name": "A", "value": "b"}]),
    "too many": ("Deployment", ("spec", "replicas"), 21),
    "another account": ("Deployment", ("pod", "serviceAccountName"), "admin"),
    "a token": ("Deployment", ("pod", "automountServiceAccountToken"), True),
    "the host's network": ("Deployment", ("pod", "hostNetwork"), True),
    "a folder of the node": (
        "Deployment",
        ("pod", "volumes", 0),
        {"name": "tmp", "hostPath": {"path": "/"}},
    ),
    "a second container": ("Deployment", ("pod", "initContainers"), [{"name": "a", "image": "b"}]),
    "all memory": ("Deployment", ("resources", "limits", "memory"), "65Gi"),
    "a low port": ("Deployment", ("ports",), [{"containerPort": 80, "name": "http"}]),
    "a toleration": ("Deployment", ("pod", "tolerations"), [{"operator": "Exists"}]),
    "a load balancer": ("Service", ("spec", "type"), "LoadBalancer"),
    "a node's port": ("Service", ("spec", "type"), "NodePort"),
    "an outside address": ("Service", ("spec", "externalIPs"), ["1.2.3.4"]),
    "another's pods": ("Service", ("spec", "selector"), {"app": "bank"}),
    "an account with a token": ("ServiceAccount", ("automountServiceAccountToken",), True),
    "an account with secrets": ("ServiceAccount", ("secrets",), [{"name": "a"}]),
    "an account of a cloud": (
        "ServiceAccount",
        ("metadata", "annotations", "iam.gke.io/gcp-service-account"),
        "evil",
    ),
    "traffic from everywhere": ("NetworkPolicy", ("spec", "ingress"), [{}]),
    "traffic to everywhere": ("NetworkPolicy", ("spec", "egress"), [{}]),
    "traffic to all pods": ("NetworkPolicy", ("spec", "podSelector"), {}),
}

PATCHES = {
    **{what: patched("deployment/held", patch) for what, patch in _WORKLOAD.items()},
    **{what: patched(*target) for what, target in _ELSEWHERE.items()},
}
"""What no action changes."""
CREATIONS = {what: created(shaped(*changed)) for what, changed in _SHAPES.items()}
"""What no template makes."""
ALLOWED = {
    **{what: patched(*target) for what, target in _WITHIN.items()},
    **{f"a new {kind}": created(template(kind)) for kind in KINDS},
}
"""What actions do."""
MISTAKES = {
    "a secret": Write(("create", "secret", "generic", "x", "-n", NAMESPACE)),
    "a pod": Write(("run", "x", "--image=lab.local/busybox:1", "-n", NAMESPACE)),
    "a job": Write(("create", "job", "x", "--image=lab.local/busybox:1", "-n", NAMESPACE)),
    "a namespace": Write(("create", "namespace", "x")),
    "a role": Write(("create", "role", "x", "--verb=get", "--resource=pods", "-n", NAMESPACE)),
    "a grant": Write(
        ("create", "clusterrolebinding", "x", "--clusterrole=cluster-admin", "--user=x")
    ),
    "a token": Write(("create", "token", "default", "-n", NAMESPACE), dry=False),
    "a shell": Write(("exec", "idle", "-n", NAMESPACE, "--", "true"), dry=False),
    "replicas elsewhere": Write(("scale", "deployment/held", "--replicas=9", "-n", NAMESPACE)),
    "an eviction": Write(("drain", "oakum-lab", "--force", "--ignore-daemonsets")),
    "a node": Write(("label", "node", "--all", "a=b")),
    "the end of a config map": Write(("delete", "configmap", "theirs", "-n", NAMESPACE)),
    "the end of a namespace": Write(("delete", "namespace", NAMESPACE)),
    "the end of a pod without its uid": Write(("delete", "pod", "idle", "-n", NAMESPACE)),
    "the end of all": Write(("delete", "deployments", "--all", "-n", NAMESPACE)),
    "the end of another's Service": Write(("delete", "service", "theirs", "-n", NAMESPACE)),
    "the end of an account": Write(("delete", "serviceaccount", "default", "-n", NAMESPACE)),
}
"""What a grant too much would allow."""
