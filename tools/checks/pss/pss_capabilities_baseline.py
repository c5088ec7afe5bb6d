"""Capability added beyond the default set.

Baseline lets a container add back what container runtimes give by default, and nothing else: not
NET_RAW, not NET_ADMIN, not SYS_ADMIN. Names are taken as they are written: a lower case or CAP_
spelling is refused, as the API server does.

Fix: take the capability out of the list.

    securityContext:
      capabilities:
        drop: [ALL]
        add: [NET_BIND_SERVICE]

Source: Pod Security Standards, baseline, Capabilities.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="Capability beyond the default set",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_DEFAULT_SET = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container adds a capability beyond the default set."""
    deciding = [(c, refused) for c in subject.containers if (refused := _refused(c))]
    if not deciding:
        return PASSED
    facts = [
        (c, evidence(f"{c.path}.securityContext.capabilities.add", refused))
        for c, refused in deciding
    ]
    return failed(facts, f"adds {', '.join(deciding[0][1])}")


def _refused(container: Container) -> list[str]:
    """List what the container adds although baseline does not allow it."""
    own = container.spec.security_context
    added = (own.capabilities.add if own and own.capabilities else None) or ()
    return [name for name in added if name not in _DEFAULT_SET]
