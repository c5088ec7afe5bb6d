"""Volume of the node's own files.

A hostPath volume shows a folder, file or socket of the node to the pod. The container runtime's
socket, /etc or /var/lib/kubelet are the node itself; even a harmless folder outlives the pod and is
shared with others.

Fix: use a volume that belongs to the pod, or a claim.

    volumes:
      - name: work
        emptyDir: {}

Source: Pod Security Standards, baseline, HostPath Volumes; CIS Kubernetes 1.12, 5.2.11.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="hostPath volume",
    severity=Severity.HIGH,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a pod with any hostPath volume."""
    volumes = subject.spec.volumes
    if not volumes:
        return PASSED
    found = [
        (
            volume.host_path.path,
            evidence(f"{subject.path}.volumes[{index}].hostPath.path", volume.host_path.path),
        )
        for index, volume in enumerate(volumes)
        if volume.host_path is not None
    ]
    if not found:
        return PASSED
    named = ", ".join(path or "a path that is not set" for path, _ in found)
    return Judgement(
        Verdict.FAIL, f"Mounts from the node: {named}.", "", tuple(f for _, f in found)
    )
