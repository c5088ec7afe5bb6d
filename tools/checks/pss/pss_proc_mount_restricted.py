"""/proc shown without its masks, whatever the user namespace.

Runtimes hide and write-protect parts of /proc that speak of the node. procMount Unmasked takes that
away. Restricted refuses it in every pod; baseline excuses those with a user namespace of their own.

Fix: take the field out.

    securityContext:
      procMount: Default

Source: Pod Security Standards, restricted, /proc Mount Type.
"""

from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory, Workload, judge_as_written, unmasked

CHECK = Check(
    title="Unmasked /proc in any pod",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container sets another procMount than Default."""
    return judge_as_written(subject, unmasked, "sets procMount to other than Default")
