"""Deny traffic to (and, only when asked, from) the pods of a namespace, but for what its Services say.

The target ports of each Service stay open to the namespace itself, and to everybody where a NodePort,
a LoadBalancer, an external address or an Ingress leads there. What comes from elsewhere without any of
these (monitoring, webhooks that the API server calls) is cut off, so it always is a high risk.
"""

from collections.abc import Iterator

from tools.planning.drafting import (
    UNDO_CREATED,
    combined,
    creation,
    found,
    high,
    not_read,
    place_risks,
    taken,
)
from tools.planning.patching import as_list, as_object, same, value_at
from tools.plans import Around, Json, Pattern, Plan, Reason, Refusal
from tools.types import Action, Disruption, Operation

KINDS = ("Namespace",)
NEEDS = ("Service", "Ingress", "NetworkPolicy")
ANSWERS = ("namespace_without_network_policy",)
NAME = "default-deny"
_API = "networking.k8s.io/v1"
_MOST_SERVICES = 100
_DNS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


class DenyTraffic(Action, frozen=True, kw_only=True, tag="deny_traffic"):
    """Whether outgoing traffic is denied too, but for DNS and the namespace itself."""

    egress: bool = False


def touches(kind: str) -> tuple[Pattern, ...]:
    """List nothing: it only creates."""
    return ()


def plan(action: DenyTraffic, obj: Json | None, around: Around) -> Plan | Refusal:
    """Work out the policies to create: one that denies, one for each Service that is let through."""
    target = action.target
    there = found(target, obj)
    if isinstance(there, Refusal):
        return there
    for kind in NEEDS:
        if kind not in around.others:
            return not_read(kind)
    if any(_denies(policy, action.egress) for policy in around.others["NetworkPolicy"]):
        return Refusal(
            Reason.ALREADY_FINE, f"A policy in {target.name} already denies what is not allowed."
        )
    services = [s for s in around.others["Service"] if _selected_pods(s)]
    if len(services) > _MOST_SERVICES:
        return Refusal(
            Reason.NO_SAFE_FIX,
            f"{target.name} has {len(services)} Services, more than one change should answer for.",
            "Split it up, or write the policies by hand.",
        )
    outside = frozenset(_ingress_backends(around))
    manifests = [_deny(action.egress), *(_allow(service, outside) for service in services)]
    operations = tuple(creation(target, _API, manifest) for manifest in manifests)
    refusal = taken(operations, around)
    return refusal or _plan(action, there, operations, services, around)


def _plan(
    action: DenyTraffic,
    namespace: Json,
    operations: tuple[Operation, ...],
    services: list[Json],
    around: Around,
) -> Plan:
    """Put the plan together."""
    ways = "to and from" if action.egress else "to"
    names = ", ".join(str(value_at(service, ("metadata", "name"))) for service in services)
    risks = (
        high(f"Traffic {ways} its pods that no Service stands for stops at once."),
        *place_risks(action.target, namespace, restarts=False),
    )
    return Plan(
        operations,
        combined(risks),
        Disruption(False, ("No pod is made again; open connections may be cut.",)),
        (),
        () if around.others["NetworkPolicy"] else ANSWERS,
        UNDO_CREATED,
        notes=(
            f"Let through: the ports of {names}." if names else "No Service selects pods there.",
            "Not seen: who scrapes metrics, which webhooks the API server calls, routes of a "
            "Gateway. Name their ports in a policy first.",
            "It has an effect only where the cluster's network enforces NetworkPolicies.",
        ),
    )


def _denies(policy: Json, egress: bool) -> bool:
    """Tell whether a policy denies everything by default, in the ways that are asked for."""
    spec = as_object(policy.get("spec"))
    if as_object(spec.get("podSelector")):
        return False
    kinds = as_list(spec.get("policyTypes")) or ["Ingress"]
    incoming = "Ingress" in kinds and not spec.get("ingress")
    return incoming and (not egress or "Egress" in kinds)


def _selected_pods(service: Json) -> Json:
    """Give a Service's selector; empty where it has none or stands for an outside name."""
    spec = as_object(service.get("spec"))
    return {} if spec.get("type") == "ExternalName" else as_object(spec.get("selector"))


def _ingress_backends(around: Around) -> Iterator[str]:
    """Name the Services that an Ingress leads to."""
    name = ("service", "name")
    for ingress in around.others["Ingress"]:
        spec = as_object(ingress.get("spec"))
        yield str(value_at(spec, ("defaultBackend", *name)))
        for rule in as_list(spec.get("rules")):
            for path in as_list(value_at(rule, ("http", "paths"))):
                yield str(value_at(path, ("backend", *name)))


def _deny(egress: bool) -> Json:
    """Write the policy that denies what no other allows."""
    spec: Json = {"podSelector": {}, "policyTypes": ["Ingress"]}
    if egress:
        spec["policyTypes"] = ["Ingress", "Egress"]
        spec["egress"] = [{"ports": _DNS}, {"to": [{"podSelector": {}}]}]
    return {"kind": "NetworkPolicy", "metadata": {"name": NAME}, "spec": spec}


def _allow(service: Json, outside: frozenset[str]) -> Json:
    """Write the policy that lets through what a Service stands for."""
    spec = as_object(service.get("spec"))
    name = str(value_at(service, ("metadata", "name")))
    ports: list[Json] = []
    for port in map(as_object, as_list(spec.get("ports"))):
        open_port = {
            "port": port.get("targetPort") or port.get("port"),
            "protocol": port.get("protocol") or "TCP",
        }
        if not any(same(open_port, other) for other in ports):
            ports.append(open_port)
    rule: Json = {"ports": ports} if ports else {}
    exposed = spec.get("type") in ("NodePort", "LoadBalancer") or spec.get("externalIPs")
    if not exposed and name not in outside:
        rule["from"] = [{"podSelector": {}}]
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": f"allow-{name}"},
        "spec": {
            "podSelector": {"matchLabels": _selected_pods(service)},
            "policyTypes": ["Ingress"],
            "ingress": [rule],
        },
    }
