"""Whether namespaces separate what should be separate.

Namespaces are the line along which roles, quotas and policies are drawn. Whether they follow teams and
workloads is for a person to say. The verdict is always unknown; the finding counts the workloads of
each namespace.

Fix: give each team or application a namespace of its own.

    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop

Source: CIS Kubernetes 1.12, 5.6.1; https://kubernetes.io/docs/concepts/security/multi-tenancy/.
"""

from collections import Counter

from tools.types import Check, Judgement, Severity, Subject, Verdict
from tools.workload import WORKLOAD_KINDS, Inventory, Item

CHECK = Check(
    title="Namespaces that separate nothing",
    severity=Severity.LOW,
    subject=Subject.CLUSTER,
    kinds=("Namespace", *WORKLOAD_KINDS),
    source="https://kubernetes.io/docs/concepts/security/multi-tenancy/",
)

_NAMED = 8


def judge(subject: Item, cluster: Inventory) -> Judgement:
    """Count the workloads of each namespace."""
    counts = Counter(workload.ref.namespace for workload in cluster.workloads)
    named = ", ".join(f"{name} {count}" for name, count in counts.most_common(_NAMED)) or "none"
    return Judgement(
        Verdict.UNKNOWN,
        "A person must say whether namespaces separate teams and workloads. "
        f"{len(cluster.namespaces)} namespaces; workloads in them: {named}.",
    )
