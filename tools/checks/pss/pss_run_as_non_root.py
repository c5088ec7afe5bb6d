"""No promise to run as another user than root.

runAsNonRoot true makes the kubelet refuse to start a container as root. It must hold for every
container, by the pod or by the container itself, and must be false nowhere. A runAsUser alone is not
enough (CIS 5.2.7 passes it), and Windows pods are not exempt. From Kubernetes 1.35 on a pod with a user
namespace of its own (hostUsers false) is excused, for root is another user on the node then.

Fix:

    spec:
      securityContext:
        runAsNonRoot: true

Source: Pod Security Standards, restricted, Running as Non-root.
"""

from tools.pod_security import excused, not_yet
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload, failed, setting

CHECK = Check(
    title="runAsNonRoot not true",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod says false, or it is not true in effect for every container."""
    if excused(subject.spec, cluster.standard):
        return PASSED
    later = not_yet(subject.spec, cluster.standard)
    outer = subject.spec.security_context
    deciding = [
        (c, setting(c, "run_as_non_root", "runAsNonRoot"))
        for c in subject.containers
        if not c.run_as_non_root
    ]
    if outer and outer.run_as_non_root is False:
        fact = evidence(f"{subject.path}.securityContext.runAsNonRoot", False)
        facts = dict.fromkeys((fact, *(own for _, own in deciding)))
        first = deciding[0][0].name if deciding else ""
        why = f"The pod sets runAsNonRoot to false{later}."
        return Judgement(Verdict.FAIL, why, first, tuple(facts))
    return failed(deciding, f"does not run with runAsNonRoot true{later}") if deciding else PASSED
