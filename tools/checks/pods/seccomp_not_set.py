"""Container without a seccomp profile.

A seccomp profile takes away the system calls that containers do not need and that most kernel faults
are reached by. Kubernetes applies none unless asked. RuntimeDefault or Localhost in effect passes, the
container's field winning over the pod's; Unconfined and nothing at all fail. Read from the fields: a
privileged container, for which runtimes ignore the profile, is for 5.2.2 to judge. Not applicable on
Windows.

Fix:

    securityContext:
      seccompProfile:
        type: RuntimeDefault

Source: Pod Security Standards, restricted, Seccomp; CIS Kubernetes 1.12, 5.6.2.
"""

from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, evidence
from tools.workload import NOT_ON_WINDOWS, Container, Inventory, Workload, failed

CHECK = Check(
    title="No seccomp profile",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/tutorials/security/seccomp/",
)

_GOOD = frozenset({"RuntimeDefault", "Localhost"})
_FIELD = "securityContext.seccompProfile.type"


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container has no profile in effect."""
    if subject.windows:
        return NOT_ON_WINDOWS
    deciding = [(c, _fact(c)) for c in subject.containers if c.seccomp not in _GOOD]
    if not deciding:
        return PASSED
    profile = deciding[0][0].seccomp
    return failed(
        deciding, f"runs with seccomp {profile}" if profile else "sets no seccomp profile"
    )


def _fact(container: Container) -> Evidence:
    """Show the level that decided; the container where neither says anything."""
    own = container.spec.security_context
    outer = container.pod.security_context
    inherited = not (own and own.seccomp_profile) and outer and outer.seccomp_profile
    path = container.pod_path if inherited else container.path
    return evidence(f"{path}.{_FIELD}", container.seccomp)
