"""No promise to run as another user than root.

runAsNonRoot true makes the kubelet refuse to start a container as root. It must hold for every
container, by the pod or by the container itself, and must be false nowhere. A runAsUser alone is not
enough (CIS 5.2.7 passes it), and Windows pods are not exempt.

Fix:

    spec:
      securityContext:
        runAsNonRoot: true

Source: Pod Security Standards, restricted, Running as Non-root.
"""

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
        return Judgement(Verdict.FAIL, "The pod sets runAsNonRoot to false.", first, tuple(facts))
    return failed(deciding, "does not run with runAsNonRoot true") if deciding else PASSED
