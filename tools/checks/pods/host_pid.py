"""Pod that shares the node's processes.

With hostPID a container sees every process of the node with its environment and arguments, and, as
root, may end or debug them.

Fix: take the field out.

    spec:
      hostPID: false

Source: Pod Security Standards, baseline, Host Namespaces; CIS Kubernetes 1.12, 5.2.3.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Shares the node's processes",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that sets hostPID."""
    if not subject.spec.host_pid:
        return PASSED
    fact = evidence(f"{subject.path}.hostPID", True)
    return Judgement(Verdict.FAIL, "Shares the node's process namespace.", "", (fact,))
