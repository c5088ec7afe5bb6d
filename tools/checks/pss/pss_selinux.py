"""SELinux label that is not a container's.

With another type (spc_t, for example), user or role a process leaves the confinement that SELinux
gives containers. Types of containers pass, the level is free, and user and role may not be set.

Fix: take the options out, or keep the level alone.

    securityContext:
      seLinuxOptions:
        level: "s0:c123,c456"

Source: Pod Security Standards, baseline, SELinux.
"""

from collections.abc import Iterator

from tools.objects.pod import PodSecurityContext, SecurityContext
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory, Workload, judge_as_written

CHECK = Check(
    title="SELinux label not a container's",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t", "container_engine_t"})


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod or any container sets a user, a role or another type."""
    return judge_as_written(subject, _refused, "sets SELinux options that are not a container's")


def _refused(context: PodSecurityContext | SecurityContext) -> Iterator[tuple[str, object]]:
    """Give the options that are refused."""
    options = context.se_linux_options
    if options is None:
        return
    if options.type and options.type not in _TYPES:
        yield "seLinuxOptions.type", options.type
    if options.user:
        yield "seLinuxOptions.user", options.user
    if options.role:
        yield "seLinuxOptions.role", options.role
