"""Whether the network plugin enforces NetworkPolicies.

A NetworkPolicy is only text unless the network plugin (CNI) acts on it, and the API does not say
whether it does. The verdict is always unknown; the finding names the plugins whose DaemonSets were
found, and how many policies wait for one.

Fix: use a plugin that enforces policies, and prove it with a connection that must fail.

Source: CIS Kubernetes 1.12, 5.3.1; https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/.
"""

from tools.types import Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Item

CHECK = Check(
    title="NetworkPolicies that may not be enforced",
    severity=Severity.MEDIUM,
    subject=Subject.CLUSTER,
    kinds=("DaemonSet", "NetworkPolicy"),
    source="https://kubernetes.io/docs/concepts/services-networking/network-policies/#prerequisites",
)

_PLUGINS = {
    "calico": "Calico, which enforces policies",
    "canal": "Canal, which enforces policies",
    "cilium": "Cilium, which enforces policies",
    "antrea": "Antrea, which enforces policies",
    "weave": "Weave Net, which enforces policies",
    "kube-router": "kube-router, which enforces policies",
    "ovn": "OVN-Kubernetes, which enforces policies",
    "flannel": "flannel, which by itself enforces none",
    "aws-node": "Amazon VPC CNI, which enforces policies where its agent is switched on",
    "azure": "Azure CNI, which enforces policies where an engine is switched on",
    "kindnet": "kindnet, which enforces policies in recent versions",
}


def judge(subject: Item, cluster: Inventory) -> Judgement:
    """Say which network plugin was found."""
    plugins = {
        f"{plugin} ({workload.ref.namespace}/{workload.ref.name})": workload.ref
        for workload in cluster.workloads
        if workload.ref.kind == "DaemonSet"
        for part, plugin in _PLUGINS.items()
        if part in workload.ref.name
    }
    count = sum(len(names) for names in cluster.network_policies.values())
    found = "; ".join(plugins) or "no DaemonSet of a network plugin that we know"
    return Judgement(
        Verdict.UNKNOWN,
        "Whether the network plugin enforces policies is not in the API. "
        f"Found: {found}; {count} NetworkPolicies.",
        "",
        tuple(evidence("metadata.name", ref.name, ref) for ref in plugins.values()),
    )
