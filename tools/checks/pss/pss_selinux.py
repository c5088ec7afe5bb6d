"""SELinux label that is not a container's.

With another type (spc_t, for example), user or role a process leaves the confinement that SELinux
gives containers. Types of containers pass (container_engine_t from Kubernetes 1.31 on), the level is
free, and user and role may not be set.

Fix: take the options out, or keep the level alone.

    securityContext:
      seLinuxOptions:
        level: "s0:c123,c456"

Source: Pod Security Standards, baseline, SELinux.
"""

from collections.abc import Iterator, Set
from functools import partial

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

_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t"})
_LATER = ("container_engine_t", 31)
"""A type of containers, and since when."""


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod or any container sets a user, a role or another type."""
    types = _TYPES | {_LATER[0]} if cluster.standard >= _LATER[1] else _TYPES
    why = f"sets SELinux options that are not a container's at v1.{cluster.standard}"
    return judge_as_written(subject, partial(_refused, types), why)


def _refused(
    types: Set[str], context: PodSecurityContext | SecurityContext
) -> Iterator[tuple[str, object]]:
    """Give the options that are refused."""
    options = context.se_linux_options
    if options is None:
        return
    if options.type and options.type not in types:
        yield "seLinuxOptions.type", options.type
    if options.user:
        yield "seLinuxOptions.user", options.user
    if options.role:
        yield "seLinuxOptions.role", options.role
