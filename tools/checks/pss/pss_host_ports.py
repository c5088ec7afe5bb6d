"""Port of the node taken by a pod.

A hostPort opens a port on the node's own addresses. The API server fills hostPort in for every port
of a pod on the host network before it judges, so there a declared port is a host port; CIS 5.2.12
leaves such pods to 5.2.5.

Fix: take hostPort out and reach the pod through a Service.

    ports:
      - containerPort: 8080

Source: Pod Security Standards, baseline, Host Ports.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, evidence
from tools.workload import Inventory, Workload, failed

CHECK = Check(
    title="Host port taken",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where any container takes a port of the node, written or filled in."""
    found = [
        (c, index, port.host_port or (port.container_port if c.pod.host_network else None))
        for c in subject.containers
        for index, port in enumerate(c.spec.ports or ())
    ]
    taken = [(c, index, port) for c, index, port in found if port]
    if not taken:
        return PASSED
    ports = ", ".join(dict.fromkeys(str(port) for _, _, port in taken))
    facts = [(c, evidence(f"{c.path}.ports[{index}].hostPort", port)) for c, index, port in taken]
    return failed(facts, f"takes the node's port {ports}")
