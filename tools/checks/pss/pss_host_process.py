"""Windows host process asked for at any level.

A hostProcess container runs on the Windows node itself. The Pod Security Standards refuse the field
wherever it is true, on the pod or on any container, whether or not another level takes it back; CIS
5.2.10 judges what holds in the end.

Fix:

    securityContext:
      windowsOptions:
        hostProcess: false

Source: Pod Security Standards, baseline, HostProcess.
"""

from collections.abc import Iterator

from tools.objects.pod import PodSecurityContext, SecurityContext
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory, Workload, judge_as_written

CHECK = Check(
    title="Windows host process asked for",
    severity=Severity.CRITICAL,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod or any container sets hostProcess to true."""
    return judge_as_written(subject, _refused, "asks to run as a process of the Windows node")


def _refused(context: PodSecurityContext | SecurityContext) -> Iterator[tuple[str, object]]:
    """Give hostProcess where it is true."""
    if context.windows_options and context.windows_options.host_process:
        yield "windowsOptions.hostProcess", True
