"""Create a small application from a template of ours: hardened, with its own account and policy.

The image is named by digest. Nothing but what stands here can be asked for: no command, environment,
volume or token. Several objects are created one after the other; an undo deletes those that were.
"""

from typing import Annotated

from msgspec import Meta

from tools.planning.drafting import UNDO_CREATED, combined, creation, high, place_risks, taken
from tools.planning.quantities import cpu, memory
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Disruption, Operation

KINDS = ("Deployment",)
NEEDS = ("Deployment", "ServiceAccount", "Service", "NetworkPolicy")
ANSWERS = ()

Image = Annotated[
    str,
    Meta(
        max_length=320,
        pattern=r"\A[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]{1,5})?"
        r"(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)+@sha256:[0-9a-f]{64}\Z",
    ),
]
"""Registry, repository and digest, all written out."""


class DeployApp(Action, frozen=True, kw_only=True, tag="deploy_app"):
    """What can be chosen of the template; the target names the Deployment to create."""

    image: Image
    port: Annotated[int, Meta(ge=1024, le=65535)]
    """Without root, lower ones cannot be had."""
    replicas: Annotated[int, Meta(ge=1, le=20)] = 2
    user: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    """None: the image has to name a numeric user other than root, or its pods do not start."""
    cpu_millicores: Annotated[int, Meta(ge=10, le=16_000)] = 100
    memory_mib: Annotated[int, Meta(ge=16, le=65_536)] = 128


def touches(kind: str) -> tuple[Pattern, ...]:
    """List nothing: it only creates."""
    return ()


def plan(action: DeployApp, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the objects to create, in their order."""
    target = action.target
    if obj is not None:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"There already is a Deployment {target.name} in {target.namespace}.",
            "Choose another name.",
        )
    if around.namespace_labels is None:
        return Refusal(
            Reason.NOT_READ,
            f"Namespace {target.namespace} does not exist or could not be read.",
            "An administrator has to make it first.",
        )
    operations = (
        _create(action, "v1", "ServiceAccount", {"automountServiceAccountToken": False}),
        _create(action, "networking.k8s.io/v1", "NetworkPolicy", {"spec": _policy(action)}),
        _create(action, "apps/v1", "Deployment", {"spec": _deployment(action)}),
        _create(action, "v1", "Service", {"spec": _service(action)}),
    )
    refusal = taken(operations, around)
    if refusal:
        return refusal
    risks = (
        high("New pods run an image in the namespace, beside what is there."),
        *place_risks(target, {}, restarts=False),
    )
    return Plan(
        operations,
        combined(risks),
        Disruption(False, ("What runs now is not touched.",)),
        (),
        undo=UNDO_CREATED,
        notes=()
        if action.user
        else ("No user id was given: the image has to name one, or its pods do not start.",),
    )


def _labels(action: DeployApp) -> dict[str, str]:
    """Label the pods by the application's name."""
    return {"app.kubernetes.io/name": action.target.name}


def _create(action: DeployApp, api_version: str, kind: str, body: Json) -> Operation:
    """Make one step; every object has the application's name."""
    metadata: Json = {"name": action.target.name, "labels": _labels(action)}
    return creation(action.target, api_version, {"kind": kind, "metadata": metadata, **body})


def _deployment(action: DeployApp) -> Json:
    """Write the Deployment's specification; it meets the restricted Pod Security Standard."""
    context: Json = {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    if action.user:
        context["runAsUser"] = action.user
    amounts = {"cpu": cpu(action.cpu_millicores), "memory": memory(action.memory_mib)}
    container: Json = {
        "name": "app",
        "image": action.image,
        "ports": [{"containerPort": action.port, "name": "http", "protocol": "TCP"}],
        "resources": {"requests": dict(amounts), "limits": {"memory": amounts["memory"]}},
        "securityContext": context,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }
    pod: Json = {
        "serviceAccountName": action.target.name,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": memory(64)}}],
    }
    return {
        "replicas": action.replicas,
        "selector": {"matchLabels": _labels(action)},
        "template": {"metadata": {"labels": _labels(action)}, "spec": pod},
    }


def _service(action: DeployApp) -> Json:
    """Write the Service's specification: inside the cluster only."""
    port = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}
    return {"type": "ClusterIP", "selector": _labels(action), "ports": [port]}


def _policy(action: DeployApp) -> Json:
    """Write the policy: its port from the same namespace, nothing else; out to DNS only."""
    dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    return {
        "podSelector": {"matchLabels": _labels(action)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"podSelector": {}}],
                "ports": [{"port": action.port, "protocol": "TCP"}],
            }
        ],
        "egress": [{"ports": dns}],
    }
