"""Seccomp switched off.

Baseline does not ask for a seccomp profile, but refuses one that is written and is not RuntimeDefault
or Localhost, on the pod or on any container, whether or not the other level overrides it.

Fix:

    securityContext:
      seccompProfile:
        type: RuntimeDefault

Source: Pod Security Standards, baseline, Seccomp.
"""

from collections.abc import Iterator

from tools.objects.pod import PodSecurityContext, SecurityContext
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory, Workload, judge_as_written

CHECK = Check(
    title="Seccomp switched off",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_GOOD = frozenset({"RuntimeDefault", "Localhost"})


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod or any container sets another profile."""
    return judge_as_written(subject, _refused, "switches seccomp off")


def _refused(context: PodSecurityContext | SecurityContext) -> Iterator[tuple[str, object]]:
    """Give the profile's type where it is a bad one."""
    profile = context.seccomp_profile
    if profile and profile.type not in _GOOD:
        yield "seccompProfile.type", profile.type
