"""User 0 asked for.

A runAsUser of 0 is refused on the pod and on any container, whether or not another level overrides
it. Not setting it passes here: runAsNonRoot is another control.

Fix:

    securityContext:
      runAsUser: 10001

Source: Pod Security Standards, restricted, Running as Non-root user.
"""

from collections.abc import Iterator

from tools.objects.pod import PodSecurityContext, SecurityContext
from tools.types import Check, Judgement, Severity, Subject
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
    return judge_as_written(subject, _refused, "asks to run as user 0")


def _refused(context: PodSecurityContext | SecurityContext) -> Iterator[tuple[str, object]]:
    """Give runAsUser where it is 0."""
    if context.run_as_user == 0:
        yield "runAsUser", 0
