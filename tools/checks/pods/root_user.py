"""Container that runs, or may run, as root.

Root in a container is root on the node for every file and kernel fault that it reaches. A runAsUser
of 0 in effect fails, even beside runAsNonRoot (Kubernetes then refuses to start it). Otherwise
runAsNonRoot true or another runAsUser passes. With neither, the image decides, and that is a fail.
The container's fields win over the pod's. Not applicable on Windows.

Fix:

    securityContext:
      runAsNonRoot: true
      runAsUser: 10001

Source: CIS Kubernetes 1.12, 5.2.7; https://kubernetes.io/docs/tasks/configure-pod-container/security-context/.
"""

from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject
from tools.workload import NOT_ON_WINDOWS, Container, Inventory, Workload, failed, setting

CHECK = Check(
    title="Runs as root",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container runs as root, or may because nothing says otherwise."""
    if subject.windows:
        return NOT_ON_WINDOWS
    roots = [c for c in subject.containers if not (c.run_as_user or _safe_without_user(c))]
    if not roots:
        return PASSED
    why = (
        "runs as user 0"
        if roots[0].run_as_user == 0
        else "may run as root, because neither runAsNonRoot nor a user other than 0 is set"
    )
    return failed([(c, fact) for c in roots for fact in _facts(c)], why)


def _safe_without_user(container: Container) -> bool:
    """Tell whether the kubelet refuses to start the container as root."""
    return container.run_as_user is None and container.run_as_non_root


def _facts(container: Container) -> tuple[Evidence, ...]:
    """Show the fields that decided: the user, and where there is none both."""
    user = setting(container, "run_as_user", "runAsUser")
    if container.run_as_user == 0:
        return (user,)
    return (user, setting(container, "run_as_non_root", "runAsNonRoot"))
