"""Container that may gain privileges.

allowPrivilegeEscalation lets a process get more than its parent had, by a setuid program for example.
Kubernetes allows it unless the field says false, so a container fails when it says true and when it
says nothing; the reason says which. Not applicable on Windows.

Fix:

    securityContext:
      allowPrivilegeEscalation: false

Source: Pod Security Standards, restricted, Privilege Escalation; CIS Kubernetes 1.12, 5.2.6.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.workload import NOT_ON_WINDOWS, Inventory, Workload, failed

CHECK = Check(
    title="Privilege escalation allowed",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)

_FIELD = "securityContext.allowPrivilegeEscalation"


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container may gain privileges."""
    if subject.windows:
        return NOT_ON_WINDOWS
    deciding = [
        (c, evidence(f"{c.path}.{_FIELD}", c.allow_privilege_escalation))
        for c in subject.containers
        if c.allow_privilege_escalation is not False
    ]
    if not deciding:
        return PASSED
    if deciding[0][0].allow_privilege_escalation:
        return failed(deciding, "sets allowPrivilegeEscalation to true")
    return failed(deciding, "does not set allowPrivilegeEscalation, which allows it")
