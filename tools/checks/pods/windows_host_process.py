"""Windows host process container.

A hostProcess container runs on the Windows node itself, with the node's files and services: the
counterpart of a privileged container. The container's field wins over the pod's. Judged on every
pod, whatever its operating system.

Fix:

    securityContext:
      windowsOptions:
        hostProcess: false

Source: Pod Security Standards, baseline, HostProcess; CIS Kubernetes 1.12, 5.2.10.
"""

from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, evidence
from tools.workload import Container, Inventory, Workload, failed

CHECK = Check(
    title="Windows host process container",
    severity=Severity.CRITICAL,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_FIELD = "securityContext.windowsOptions.hostProcess"


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container is a host process."""
    deciding = [(c, _fact(c)) for c in subject.containers if c.host_process]
    return failed(deciding, "runs as a process of the Windows node") if deciding else PASSED


def _fact(container: Container) -> Evidence:
    """Show the level that decided."""
    own = container.spec.security_context
    options = own.windows_options if own else None
    inner = options is not None and options.host_process is not None
    path = container.path if inner else container.pod_path
    return evidence(f"{path}.{_FIELD}", True)
