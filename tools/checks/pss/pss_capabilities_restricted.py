"""Capabilities not all dropped.

Every container must drop ALL, written so, and may add NET_BIND_SERVICE alone. A list of single names,
a lower case spelling or CAP_ALL is refused, as the API server does; CIS 5.2.9 reads them as meant.
Exempt is a pod whose spec.os.name is windows; a node selector exempts nothing here.

Fix:

    securityContext:
      capabilities:
        drop: [ALL]

Source: Pod Security Standards, restricted, Capabilities.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.windows import says_windows
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="ALL capabilities not dropped",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container does not drop ALL, or adds more than NET_BIND_SERVICE."""
    if says_windows(subject.spec):
        return PASSED
    deciding = [(c, why) for c in subject.containers if (why := _fault(c))]
    if not deciding:
        return PASSED
    facts = [
        (
            c,
            evidence(
                f"{c.path}.securityContext.capabilities",
                c.spec.security_context.capabilities if c.spec.security_context else None,
            ),
        )
        for c, _ in deciding
    ]
    return failed(facts, deciding[0][1])


def _fault(container: Container) -> str:
    """Say what is wrong with a container's capabilities; empty where nothing is."""
    own = container.spec.security_context
    capabilities = own.capabilities if own else None
    if capabilities is None or "ALL" not in (capabilities.drop or ()):
        return "does not drop ALL"
    added = [name for name in capabilities.add or () if name != "NET_BIND_SERVICE"]
    return f"adds {', '.join(added)}" if added else ""
