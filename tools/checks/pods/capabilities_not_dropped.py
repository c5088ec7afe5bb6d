"""Container that keeps or adds capabilities.

Each capability is a piece of root. A container passes that drops ALL and adds nothing beyond
NET_BIND_SERVICE. A privileged one fails whatever it drops. Names count in any letter case; what is
added counts with or without CAP_, what is dropped only without, because runtimes put CAP_ before each
name themselves and then drop nothing. Not applicable on Windows.

Fix:

    securityContext:
      capabilities:
        drop: [ALL]

Source: Pod Security Standards, restricted, Capabilities; CIS Kubernetes 1.12, 5.2.9.
"""

from tools.capabilities import capability_failure
from tools.types import PASSED, Check, Judgement, Severity, Subject
from tools.workload import NOT_ON_WINDOWS, Container, Inventory, Workload

CHECK = Check(
    title="Capabilities not dropped",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)

_ALLOWED = "NET_BIND_SERVICE"


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container keeps a capability that it was given by default, or adds one."""
    if subject.windows:
        return NOT_ON_WINDOWS
    deciding = [c for c in subject.containers if _keeps(c)]
    return capability_failure(deciding, ("ALL",)) if deciding else PASSED


def _keeps(container: Container) -> bool:
    """Tell whether any capability beyond the allowed one is left."""
    if container.privileged or "ALL" not in container.dropped:
        return True
    return any(name != _ALLOWED for name in container.added)
