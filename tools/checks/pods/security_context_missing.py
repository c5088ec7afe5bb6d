"""Workload without a security context.

A workload that sets nothing runs with the defaults of Kubernetes and of the image, which nobody
chose. It passes if the pod, or every container, has a securityContext with at least one field set. An
empty one ({}), which the API server stores on every pod template and charts render, sets nothing; an
empty list in it neither. On Windows any field counts as well.

Fix:

    spec:
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault

Source: CIS Kubernetes 1.12, 5.6.3; https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
"""

from msgspec.structs import astuple

from tools.objects.pod import PodSecurityContext, SecurityContext
from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.workload import Inventory, Workload, failed

CHECK = Check(
    title="No security context",
    severity=Severity.LOW,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where neither the pod nor every container sets any field."""
    deciding = [
        (c, evidence(f"{c.path}.securityContext", c.spec.security_context))
        for c in subject.containers
        if not _sets_anything(c.spec.security_context)
        and not _sets_anything(c.pod.security_context)
    ]
    return (
        failed(deciding, "has no security context, and neither has its pod") if deciding else PASSED
    )


def _sets_anything(context: SecurityContext | PodSecurityContext | None) -> bool:
    """Tell whether any field is written; null and an empty list are not."""
    if context is None:
        return False
    return any(value is not None and value != [] for value in astuple(context))
