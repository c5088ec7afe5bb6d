"""Container that keeps NET_RAW.

NET_RAW, which container runtimes give by default, makes raw packets: forged ARP and DNS answers, and
so other pods' traffic. A container passes that drops NET_RAW or ALL and adds neither. A privileged
one fails whatever it drops. Names count in any letter case; what is added counts with or without
CAP_, what is dropped only without, because runtimes put CAP_ before each name themselves and then drop
nothing. Not applicable on Windows.

Fix:

    securityContext:
      capabilities:
        drop: [ALL]

Source: CIS Kubernetes 1.12, 5.2.8; https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
"""

from tools.capabilities import capability_failure
from tools.types import PASSED, Check, Judgement, Severity, Subject
from tools.workload import NOT_ON_WINDOWS, Container, Inventory, Workload

CHECK = Check(
    title="NET_RAW not dropped",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container has, or may have, NET_RAW."""
    if subject.windows:
        return NOT_ON_WINDOWS
    deciding = [c for c in subject.containers if _keeps(c)]
    return capability_failure(deciding, ("NET_RAW", "ALL")) if deciding else PASSED


def _keeps(container: Container) -> bool:
    """Tell whether the container has NET_RAW."""
    if container.privileged or "NET_RAW" in container.added or "ALL" in container.added:
        return True
    return "ALL" not in container.dropped and "NET_RAW" not in container.dropped
