"""Default service account that hands its token to pods.

Every pod that names no account runs as `default`, and gets its token unless that is switched off. The
`default` account of each namespace with workloads must set automountServiceAccountToken to false, so
that a pod which forgets to name an account has no way into the API. One that a folder does not hold is
unknown.

Fix:

    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: default
    automountServiceAccountToken: false

Source: CIS Kubernetes 1.12, 5.1.5; https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import DEFAULT, WORKLOAD_KINDS, Inventory, Item

CHECK = Check(
    title="Default service account with a token",
    severity=Severity.MEDIUM,
    subject=Subject.SERVICE_ACCOUNT,
    kinds=WORKLOAD_KINDS,
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
)


def judge(subject: Item, cluster: Inventory) -> Judgement | None:
    """Fail a default account that mounts its token, in a namespace with workloads."""
    ref = subject.ref
    if ref.name != DEFAULT or ref.namespace not in cluster.busy:
        return None
    automount = subject.object.automount_service_account_token
    if automount is False:
        return PASSED
    elsewhere = cluster.not_held("ServiceAccount", ref.namespace, ref.name)
    if elsewhere:
        return Judgement(Verdict.UNKNOWN, elsewhere)
    how = "is true" if automount else "is not set, which means true"
    return Judgement(
        Verdict.FAIL,
        f"automountServiceAccountToken of the default account of {ref.namespace} {how}.",
        "",
        (evidence("automountServiceAccountToken", automount),),
    )
