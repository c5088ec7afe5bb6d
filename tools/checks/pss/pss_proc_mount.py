"""/proc shown without its masks.

Runtimes hide and write-protect parts of /proc that speak of the node. procMount Unmasked takes that
away. From Kubernetes 1.35 on a pod with a user namespace of its own (hostUsers false) may do so at
baseline; at restricted it may not.

Fix: take the field out.

    securityContext:
      procMount: Default

Source: Pod Security Standards, baseline, /proc Mount Type.
"""

from tools.pod_security import excused, not_yet
from tools.types import PASSED, Check, Judgement, Severity, Subject
from tools.workload import Inventory, Workload, judge_as_written, unmasked

CHECK = Check(
    title="Unmasked /proc",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container sets another procMount than Default, unless its pod is excused."""
    if excused(subject.spec, cluster.standard):
        return PASSED
    why = "sets procMount to other than Default"
    return judge_as_written(subject, unmasked, why + not_yet(subject.spec, cluster.standard))
