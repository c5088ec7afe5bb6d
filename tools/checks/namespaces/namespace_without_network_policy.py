"""Namespace without a NetworkPolicy.

Without any policy every pod of the cluster can reach every pod of the namespace, and those can reach
everything. Every namespace counts, with or without workloads; one NetworkPolicy is enough to pass,
because whether it covers the right pods is for a person to read. Where only policies of a network plugin
or of administrators are found (Cilium, Calico, Antrea, AdminNetworkPolicy and their like, in the namespace
or for the whole cluster) it is unknown: what they say and select is not evaluated. A namespace that a folder does
not hold, but only names, is unknown without one.

Fix: deny by default, then allow what is needed.

    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata:
      name: default-deny
    spec:
      podSelector: {}
      policyTypes: [Ingress, Egress]

Source: CIS Kubernetes 1.12, 5.3.2; https://kubernetes.io/docs/concepts/services-networking/network-policies/.
"""

from tools.objects.kinds import PLUGIN_POLICIES
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Item

CHECK = Check(
    title="Namespace without a NetworkPolicy",
    severity=Severity.MEDIUM,
    subject=Subject.NAMESPACE,
    kinds=("NetworkPolicy", *PLUGIN_POLICIES),
    source="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
)


_NAMED = 3


def judge(subject: Item, cluster: Inventory) -> Judgement:
    """Fail a namespace in which no policy was found, nor one of the cluster's that may cover it."""
    name = subject.ref.name
    if cluster.network_policies.get(name):
        return PASSED
    unread = cluster.unread(("NetworkPolicy",))
    if unread:
        return Judgement(Verdict.UNKNOWN, f"NetworkPolicies could not be read ({unread}).")
    none = evidence("NetworkPolicy objects in the namespace", 0)
    others = [ref for ref in cluster.plugin_policies if ref.namespace in ("", name)]
    if others:
        found = ", ".join(f"{ref.kind} {ref.name} ({ref.api_version})" for ref in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        return Judgement(
            Verdict.UNKNOWN,
            f"Namespace {name} has no NetworkPolicy; policies that may cover it were found, and what "
            f"they say is not evaluated: {found}{more}.",
            "",
            (none, *(evidence("metadata.name", ref.name, ref) for ref in others[:_NAMED])),
        )
    unread = cluster.unread(PLUGIN_POLICIES, name)
    if unread:
        why = f"Namespace {name} has no NetworkPolicy; others could not be read ({unread})."
        return Judgement(Verdict.UNKNOWN, why, "", (none,))
    if cluster.unplaced_policies:
        why = f"NetworkPolicy {cluster.unplaced_policies[0]} names no namespace: where it is applied decides."
        return Judgement(Verdict.UNKNOWN, why, "", (none,))
    elsewhere = cluster.not_held("Namespace", "", name)
    if elsewhere:
        return Judgement(Verdict.UNKNOWN, elsewhere)
    return Judgement(Verdict.FAIL, f"Namespace {name} has no NetworkPolicy.", "", (none,))
