"""What the executor's account may create, and that a grant too much does not help it.

The admission policy is in force; RBAC grants all of this.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.admission.samples import samples
from tests.lab.changing import EXECUTOR, workload
from tests.lab.cluster import Lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NAMESPACE = "shaped"
DIGEST = f"sha256:{'a' * 64}"
REFUSED = "Oakum's executor"


def created(lab: Lab, accounts: dict[str, Path], manifest: dict[str, Any]) -> str:
    answer = lab.try_kubectl(
        *(f"--kubeconfig={accounts['executor']}", "create", "--dry-run=server", "-f", "-"),
        stdin=json.dumps(manifest),
    )
    return answer.stderr


def template(kind: str) -> dict[str, Any]:
    """Give what the writer sends for one object of our templates."""
    [found] = [s.manifests[0] for s in samples() if s.template in (f"app {kind}", kind)]
    made = copy.deepcopy(found)
    made["metadata"] |= {"namespace": NAMESPACE, "annotations": {"oakum.dev/operation-id": "op"}}
    return made


KINDS = ("Deployment", "Service", "ServiceAccount", "NetworkPolicy")
SHAPES: dict[str, tuple[str, tuple[str | int, ...], Any]] = {
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_created(lab: Lab, accounts: dict[str, Path], kind: str) -> None:
    assert created(lab, accounts, template(kind)) == ""


@pytest.mark.parametrize("what", SHAPES)
def test_what_no_template_makes_is_not_created(
    lab: Lab, accounts: dict[str, Path], what: str
) -> None:
    kind, path, value = SHAPES[what]
    manifest = template(kind)
    at = manifest
    if kind == "Deployment" and path[0] not in ("metadata", "spec"):
        at = manifest["spec"]["template"]["spec"]
        if path[0] == "pod":
            path = path[1:]
        else:
            at = at["containers"][0]
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    said = created(lab, accounts, manifest)
    assert REFUSED in said
    assert "resulted in error" not in said


@pytest.fixture(scope="module")
def everything_granted(lab: Lab, accounts: dict[str, Path]) -> Iterator[None]:
    """Grant the executor all there is, as a mistake in RBAC would."""
    name = "oakum-mistake"
    lab.kubectl(
        *("create", "clusterrolebinding", name, "--clusterrole=cluster-admin"),
        f"--serviceaccount={EXECUTOR.split(':', 2)[2]}",
    )
    lab.kubectl(
        "run", "idle", "--image=lab.local/busybox:1", "-n", NAMESPACE, "--", "sleep", "9999"
    )
    held = workload("held", NAMESPACE, replicas=0)
    lab.kubectl("create", "-f", "-", stdin=json.dumps(held))
    lab.kubectl("create", "service", "clusterip", "theirs", "--tcp=80", "-n", NAMESPACE)
    lab.kubectl("create", "configmap", "theirs", "-n", NAMESPACE)
    lab.kubectl("wait", "--for=condition=Ready", "pod/idle", "-n", NAMESPACE, "--timeout=60s")
    yield
    lab.kubectl("delete", "clusterrolebinding", name)


CLOSED = {
    "a secret": ("create", "secret", "generic", "x", "-n", NAMESPACE),
    "a pod": ("run", "x", "--image=lab.local/busybox:1", "-n", NAMESPACE),
    "a job": ("create", "job", "x", "--image=lab.local/busybox:1", "-n", NAMESPACE),
    "a namespace": ("create", "namespace", "x"),
    "a role": ("create", "role", "x", "--verb=get", "--resource=pods", "-n", NAMESPACE),
    "a grant": ("create", "clusterrolebinding", "x", "--clusterrole=cluster-admin", "--user=x"),
    "a token": ("create", "token", "default", "-n", NAMESPACE),
    "a shell": ("exec", "idle", "-n", NAMESPACE, "--", "true"),
    "replicas elsewhere": ("scale", "deployment/held", "--replicas=9", "-n", NAMESPACE),
    "an eviction": ("drain", "oakum-lab", "--force", "--ignore-daemonsets"),
    "a node": ("label", "node", "--all", "a=b"),
    "the end of a config map": ("delete", "configmap", "theirs", "-n", NAMESPACE),
    "the end of a namespace": ("delete", "namespace", NAMESPACE, "--wait=false"),
    "the end of a pod without its uid": ("delete", "pod", "idle", "-n", NAMESPACE, "--wait=false"),
    "the end of all": ("delete", "deployments", "--all", "-n", NAMESPACE, "--wait=false"),
    "the end of another's Service": ("delete", "service", "theirs", "-n", NAMESPACE),
    "the end of an account": ("delete", "serviceaccount", "default", "-n", NAMESPACE),
}


@pytest.mark.parametrize("what", CLOSED)
def test_a_grant_too_much_does_not_help(
    lab: Lab, accounts: dict[str, Path], everything_granted: None, what: str
) -> None:
    answer = lab.try_kubectl(f"--kubeconfig={accounts['executor']}", *CLOSED[what])
    assert answer.returncode
    assert REFUSED in answer.stderr
