"""What Oakum creates, as its actions plan it: samples in which every choice differs somewhere."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from tools import vocabulary
from tools.actions.deny_traffic import DenyTraffic
from tools.actions.deploy_app import DeployApp
from tools.actions.own_service_account import OwnServiceAccount
from tools.plans import Around, Plan
from tools.types import Action, Target, Verb

Json = dict[str, Any]
Manifests = tuple[Json, ...]
"""All of one kind and template."""

APPS = (
    DeployApp(
        target=Target("any", "apps/v1", "Deployment", "shop", "web"),
        image=f"registry.example/shop/web@sha256:{'0' * 64}",
        port=8080,
        replicas=1,
        user=1000,
        cpu_millicores=100,
        memory_mib=128,
    ),
    DeployApp(
        target=Target("any", "apps/v1", "Deployment", "till", "tills"),
        image=f"registry.example/till@sha256:{'1' * 64}",
        port=9090,
        replicas=20,
        cpu_millicores=2000,
        memory_mib=1024,
    ),
)
"""They differ in every field but the kind of their target; the second names no user."""

_PORT = {"port": 80, "targetPort": "http", "protocol": "TCP"}
_SERVICES = (
    {"spec": {"selector": {"app": "web"}, "ports": [_PORT]}, "metadata": {"name": "web"}},
    {
        "spec": {"selector": {"tier": "front"}, "type": "NodePort", "ports": []},
        "metadata": {"name": "front"},
    },
    {
        "spec": {"selector": {"a": "b"}, "ports": [_PORT, {**_PORT, "port": 81, "targetPort": 81}]},
        "metadata": {"name": "two"},
    },
)
_NAMESPACE = {"kind": "Namespace", "metadata": {"name": "shop", "uid": "1"}}


class Sample(Struct, frozen=True):
    """Objects of one template."""

    template: str
    """The template's name in the policy."""
    manifests: Manifests


def samples() -> tuple[Sample, ...]:
    """Plan every template. The names are keys of `shapes.HOLES`."""
    apps = [_created(app, None) for app in APPS]
    accounts = (*_accounts(), *(app["ServiceAccount"][0] for app in apps))
    incoming = _created(_deny(egress=False), _NAMESPACE)["NetworkPolicy"]
    both = _created(_deny(egress=True), _NAMESPACE)["NetworkPolicy"]
    return (
        *(
            Sample(f"app {kind}", tuple(app[kind][0] for app in apps))
            for kind in ("Deployment", "Service", "NetworkPolicy")
        ),
        Sample("ServiceAccount", accounts),
        Sample("deny incoming NetworkPolicy", incoming[:1]),
        Sample("deny both NetworkPolicy", both[:1]),
        Sample("allow NetworkPolicy", incoming[1:]),
    )


def _deny(egress: bool) -> DenyTraffic:
    target = Target("any", "v1", "Namespace", "", "shop")
    return DenyTraffic(target=target, egress=egress)


def _accounts() -> Manifests:
    """Plan accounts of workloads: beside one with pull secrets, and beside one without."""
    found: list[Json] = []
    for name in ("web", "till"):
        target = Target("any", "apps/v1", "Deployment", "shop", name)
        pod = {"serviceAccountName": name, "containers": [{"name": "a"}]}
        spec = {"replicas": 2, "template": {"spec": pod}}
        metadata = {"name": name, "namespace": "shop", "uid": "1"}
        action = OwnServiceAccount(target=target, account=f"{name}-own")
        found += _created(action, {"kind": "Deployment", "metadata": metadata, "spec": spec})[
            "ServiceAccount"
        ]
    return tuple(found)


def _created(action: Action, obj: Json | None) -> Mapping[str, Sequence[Json]]:
    """Plan an action and give what it creates, by kind."""
    secrets = {"metadata": {"name": "web"}, "imagePullSecrets": [{"name": "registry"}]}
    others: dict[str, Sequence[Json]] = dict.fromkeys(vocabulary.needs(action), ())
    if "ServiceAccount" in others and obj:
        others["ServiceAccount"] = (secrets,)
    if isinstance(action, DenyTraffic):
        others["Service"] = _SERVICES
    plan = vocabulary.plan(action, obj, Around(datetime(2026, 1, 1, tzinfo=UTC), {}, (), others))
    if not isinstance(plan, Plan):
        raise TypeError(f"a sample was refused: {plan.public}")
    made: dict[str, list[Json]] = {}
    for operation in plan.operations:
        if operation.verb is Verb.CREATE:
            made.setdefault(operation.target.kind, []).append(operation.manifest)
    return made
