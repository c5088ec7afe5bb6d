"""Container that takes a port of the node.

A hostPort opens a port on the node's own addresses, past Services and, with some plugins, past
NetworkPolicies. A hostPort of 0 is none. On a pod that shares the node's network the API server fills
hostPort in for every port, so there the check is not applicable: 5.2.5 judges that pod.

Fix: take hostPort out and reach the pod through a Service.

    ports:
      - containerPort: 8080

Source: Pod Security Standards, baseline, Host Ports; CIS Kubernetes 1.12, 5.2.12.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload, failed

CHECK = Check(
    title="Host port",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)

_ON_HOST = Judgement(Verdict.NOT_APPLICABLE, "The pod shares the node's network.")


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container of a pod with a network of its own takes a port of the node."""
    if subject.spec.host_network:
        return _ON_HOST
    deciding = [
        (
            container,
            evidence(f"{container.path}.ports[{index}].hostPort", port.host_port),
        )
        for container in subject.containers
        if container.spec.ports
        for index, port in enumerate(container.spec.ports)
        if port.host_port
    ]
    if not deciding:
        return PASSED
    ports = ", ".join(dict.fromkeys(fact.value for _, fact in deciding))
    return failed(deciding, f"takes the node's port {ports}")
