"""Seccomp profile neither set by the pod nor by the container.

Every container must run with RuntimeDefault or Localhost, by its own field or the pod's, and no
level may hold another value. Exempt is a pod whose spec.os.name is windows; a node selector exempts
nothing here.

Fix:

    spec:
      securityContext:
        seccompProfile:
          type: RuntimeDefault

Source: Pod Security Standards, restricted, Seccomp.
"""

from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, Verdict, evidence
from tools.windows import says_windows
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="No seccomp profile at either level",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)

_GOOD = frozenset({"RuntimeDefault", "Localhost"})
_FIELD = "securityContext.seccompProfile.type"


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the pod holds a bad profile, or any container has no good one in effect."""
    if says_windows(subject.spec):
        return PASSED
    outer = subject.spec.security_context
    profile = outer.seccomp_profile if outer else None
    deciding = [(c, _fact(c)) for c in subject.containers if c.seccomp not in _GOOD]
    if profile and profile.type not in _GOOD:
        fact = evidence(f"{subject.path}.{_FIELD}", profile.type)
        facts = dict.fromkeys((fact, *(own for _, own in deciding)))
        first = deciding[0][0].name if deciding else ""
        return Judgement(Verdict.FAIL, "The pod switches seccomp off.", first, tuple(facts))
    why = "has no seccomp profile RuntimeDefault or Localhost in effect"
    return failed(deciding, why) if deciding else PASSED


def _fact(container: Container) -> Evidence:
    """Show the level that decided; the container where neither says anything."""
    own = container.spec.security_context
    inherited = container.seccomp and not (own and own.seccomp_profile)
    path = container.pod_path if inherited else container.path
    return evidence(f"{path}.{_FIELD}", container.seccomp)
