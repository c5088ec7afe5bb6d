"""Privileged container.

A privileged container has every capability, every device of the node and no seccomp, AppArmor or
SELinux confinement: whoever breaks into it owns the node. Init and ephemeral containers count.

Fix: take the field out, and give the one capability or device that is needed instead.

    securityContext:
      privileged: false

Source: Pod Security Standards, baseline, Privileged Containers; CIS Kubernetes 1.12, 5.2.2.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.workload import Inventory, Workload, failed

CHECK = Check(
    title="Privileged container",
    severity=Severity.CRITICAL,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container is privileged."""
    deciding = [
        (
            container,
            evidence(f"{container.path}.securityContext.privileged", True),
        )
        for container in subject.containers
        if container.privileged
    ]
    return failed(deciding, "runs privileged") if deciding else PASSED
