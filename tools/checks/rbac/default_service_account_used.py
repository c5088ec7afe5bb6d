"""Workload that runs as the default service account.

All pods of a namespace that name no account share `default`: what one of them needs, all get. A
workload fails that names `default` or none; which rights the account has is not asked.

Fix: make an account for the workload and name it.

    spec:
      serviceAccountName: shop-api
      automountServiceAccountToken: false

Source: CIS Kubernetes 1.12, 5.1.5; https://kubernetes.io/docs/concepts/security/service-accounts/.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import DEFAULT, Inventory, Workload

CHECK = Check(
    title="Runs as the default service account",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/service-accounts/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail a workload whose account in effect is `default`."""
    if subject.account != DEFAULT:
        return PASSED
    written = subject.spec.service_account_name or subject.spec.service_account or None
    why = "names it" if written else "names none"
    return Judgement(
        Verdict.FAIL,
        f"Runs as the default service account of its namespace, because it {why}.",
        "",
        (evidence(f"{subject.path}.serviceAccountName", written),),
    )
