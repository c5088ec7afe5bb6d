"""/proc shown without its masks.

Runtimes hide and write-protect parts of /proc that speak of the node. procMount Unmasked takes that
away. User namespaces (hostUsers false) do not excuse it: the relaxation is behind a feature gate that
is off by default.

Fix: take the field out.

    securityContext:
      procMount: Default

Source: Pod Security Standards, baseline, /proc Mount Type.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.workload import Inventory, Workload, failed

CHECK = Check(
    title="Unmasked /proc",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container sets another procMount than Default."""
    mounts = [
        (c, c.spec.security_context.proc_mount)
        for c in subject.containers
        if c.spec.security_context and c.spec.security_context.proc_mount is not None
    ]
    deciding = [
        (c, evidence(f"{c.path}.securityContext.procMount", mount, c.pod_ref))
        for c, mount in mounts
        if mount != "Default"
    ]
    return failed(deciding, "sets procMount to other than Default") if deciding else PASSED
