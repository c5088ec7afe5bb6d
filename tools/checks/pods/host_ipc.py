"""Pod that shares the node's IPC.

With hostIPC a container reads and writes the shared memory and the semaphores of the node's other
processes.

Fix: take the field out.

    spec:
      hostIPC: false

Source: Pod Security Standards, baseline, Host Namespaces; CIS Kubernetes 1.12, 5.2.4.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Shares the node's IPC",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that sets hostIPC."""
    if not subject.spec.host_ipc:
        return PASSED
    fact = evidence(f"{subject.path}.hostIPC", True)
    return Judgement(Verdict.FAIL, "Shares the node's IPC namespace.", "", (fact,))
