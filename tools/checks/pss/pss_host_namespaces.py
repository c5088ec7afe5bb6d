"""Namespaces of the node shared with a pod.

With hostNetwork a pod sees the node's interfaces and loopback, with hostPID its processes, with
hostIPC its shared memory. The Pod Security Standards have one control for the three; CIS counts them
one by one (5.2.3, 5.2.4, 5.2.5).

Fix: take the fields out.

    spec:
      hostNetwork: false
      hostPID: false
      hostIPC: false

Source: Pod Security Standards, baseline, Host Namespaces.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Host namespaces shared",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod that shares any of the three namespaces."""
    spec = subject.spec
    shared = [
        field
        for field, value in (
            ("hostNetwork", spec.host_network),
            ("hostPID", spec.host_pid),
            ("hostIPC", spec.host_ipc),
        )
        if value
    ]
    if not shared:
        return PASSED
    facts = tuple(evidence(f"{subject.path}.{field}", True) for field in shared)
    return Judgement(Verdict.FAIL, f"Sets {', '.join(shared)}.", "", facts)
