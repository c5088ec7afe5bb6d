"""Namespace without a NetworkPolicy.

Without any policy every pod of the cluster can reach every pod of the namespace, and those can reach
everything. Every namespace counts, with or without workloads; one policy of any kind is enough to
pass, because whether it covers the right pods is for a person to read. A namespace that a folder does
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

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Item

CHECK = Check(
    title="Namespace without a NetworkPolicy",
    severity=Severity.MEDIUM,
    subject=Subject.NAMESPACE,
    kinds=("NetworkPolicy",),
    source="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
)


def judge(subject: Item, cluster: Inventory) -> Judgement:
    """Fail a namespace in which no NetworkPolicy was found."""
    name = subject.ref.name
    if cluster.network_policies.get(name):
        return PASSED
    unread = cluster.unread(CHECK.kinds)
    if unread:
        return Judgement(Verdict.UNKNOWN, f"NetworkPolicies could not be read ({unread}).")
    elsewhere = cluster.not_held("Namespace", "", name)
    if elsewhere:
        return Judgement(Verdict.UNKNOWN, elsewhere)
    return Judgement(
        Verdict.FAIL,
        f"Namespace {name} has no NetworkPolicy.",
        "",
        (evidence("NetworkPolicy objects in the namespace", 0),),
    )
