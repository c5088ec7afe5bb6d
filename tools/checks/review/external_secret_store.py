"""Whether Secrets are kept in an external store.

A store outside the cluster (Vault, a cloud's secret manager) rotates, audits and revokes in one place.
Whether one is needed is for a person to decide. The verdict is always unknown; the finding names what
shows that a store is in use: operators, and volumes of the Secrets Store CSI driver.

Fix: mount from the store instead of a Secret.

    volumes:
      - name: db
        csi:
          driver: secrets-store.csi.k8s.io
          readOnly: true

Source: CIS Kubernetes 1.12, 5.4.2; https://kubernetes.io/docs/concepts/security/secrets-good-practices/.
"""

from tools.types import Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import WORKLOAD_KINDS, Inventory, Item, Workload

CHECK = Check(
    title="Secrets kept in the cluster alone",
    severity=Severity.LOW,
    subject=Subject.CLUSTER,
    kinds=WORKLOAD_KINDS,
    source="https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
)

_DRIVER = "secrets-store.csi.k8s.io"
_OPERATORS = ("external-secrets", "vault-secrets-operator", "secrets-store", "sealed-secrets")
_NAMED = 5


def judge(subject: Item, cluster: Inventory) -> Judgement:
    """Say which signs of an external store were found."""
    found = [workload.ref for workload in cluster.workloads if _uses_store(workload)]
    named = ", ".join(f"{ref.kind} {ref.namespace}/{ref.name}" for ref in found[:_NAMED])
    signs = f"{len(found)} workloads, among them {named}" if found else "none"
    return Judgement(
        Verdict.UNKNOWN,
        f"A person must say whether an external store is needed. Signs of one found: {signs}.",
        "",
        tuple(evidence("metadata.name", ref.name, ref) for ref in found[:_NAMED]),
    )


def _uses_store(workload: Workload) -> bool:
    """Tell whether a workload is such an operator or mounts from a store."""
    if any(part in workload.ref.name for part in _OPERATORS):
        return True
    return any(
        volume.csi and volume.csi.driver == _DRIVER for volume in workload.spec.volumes or ()
    )
