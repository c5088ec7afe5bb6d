"""Privilege escalation not ruled out.

A process may gain privileges, by a setuid program for example, unless allowPrivilegeEscalation is
false; not set means allowed. Every container must say so. Exempt is a pod whose spec.os.name is
windows; a node selector exempts nothing here.

Fix:

    securityContext:
      allowPrivilegeEscalation: false

Source: Pod Security Standards, restricted, Privilege Escalation.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.windows import says_windows
from tools.workload import Inventory, Workload, failed

CHECK = Check(
    title="Privilege escalation not ruled out",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container does not set allowPrivilegeEscalation to false."""
    if says_windows(subject.spec):
        return PASSED
    deciding = [
        (
            c,
            evidence(
                f"{c.path}.securityContext.allowPrivilegeEscalation",
                c.allow_privilege_escalation,
            ),
        )
        for c in subject.containers
        if c.allow_privilege_escalation is not False
    ]
    why = "does not set allowPrivilegeEscalation to false"
    return failed(deciding, why) if deciding else PASSED
