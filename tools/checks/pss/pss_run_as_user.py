"""User 0 asked for.

A runAsUser of 0 is refused on the pod and on any container, whether or not another level overrides
it. Not setting it passes here: runAsNonRoot is another control. From Kubernetes 1.35 on a pod with a user
namespace of its own (hostUsers false) is excused, for root is another user on the node then.

Fix:

    securityContext:
      runAsUser: 10001

Source: Pod Security Standards, restricted, Running as Non-root user.
"""

from collections.abc import Iterator

from tools.objects.pod import PodSecurityContext, SecurityContext
from tools.pod_security import excused, not_yet
from tools.types import PASSED, Check, Judgement, Severity, Subject
from tools.workload import Inventory, Workload, judge_as_written

CHECK = Check(
    title="User 0 asked for",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod or any container sets runAsUser to 0."""
    if excused(subject.spec, cluster.standard):
        return PASSED
    why = "asks to run as user 0"
    return judge_as_written(subject, _refused, why + not_yet(subject.spec, cluster.standard))


def _refused(context: PodSecurityContext | SecurityContext) -> Iterator[tuple[str, object]]:
    """Give runAsUser where it is 0."""
    if context.run_as_user == 0:
        yield "runAsUser", 0
