"""Pod on the node's network.

With hostNetwork a container listens on the node's addresses, reaches what listens on its loopback,
may listen to other pods' traffic, and no NetworkPolicy holds for it.

Fix: take the field out.

    spec:
      hostNetwork: false

Source: Pod Security Standards, baseline, Host Namespaces; CIS Kubernetes 1.12, 5.2.5.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Shares the node's network",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that sets hostNetwork."""
    if not subject.spec.host_network:
        return PASSED
    fact = evidence(f"{subject.path}.hostNetwork", True)
    return Judgement(Verdict.FAIL, "Shares the node's network namespace.", "", (fact,))
