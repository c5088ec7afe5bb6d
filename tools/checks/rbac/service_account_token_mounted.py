"""Workload that gets a token of the API.

A mounted token lets whoever breaks into a container speak to the API as the workload. It is mounted
unless the pod says no, or says nothing and its account says no. The pod's setting wins over the
account's, and the default is yes; an account that is not there counts as one that says nothing, and
one that a folder does not hold makes it unknown.
Whether the workload needs the API is for a person to say. Projected volumes are not looked at.

Fix:

    spec:
      automountServiceAccountToken: false

Source: CIS Kubernetes 1.12, 5.1.6; https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory, Workload

CHECK = Check(
    title="Service account token mounted",
    severity=Severity.MEDIUM,
    subject=Subject.WORKLOAD,
    kinds=("ServiceAccount",),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
)


def judge(subject: Workload, cluster: Inventory) -> Judgement:
    """Fail where the token is mounted in effect."""
    own = subject.spec.automount_service_account_token
    path = f"{subject.path}.automountServiceAccountToken"
    if own is not None:
        if not own:
            return PASSED
        why = "The pod asks for the token of its service account."
        return Judgement(Verdict.FAIL, why, "", (evidence(path, own),))
    account = cluster.accounts.get((subject.ref.namespace, subject.account))
    if account is None:
        unread = cluster.unread(CHECK.kinds, subject.ref.namespace)
        if unread:
            why = f"The pod leaves it to its account, which could not be read ({unread})."
            return Judgement(Verdict.UNKNOWN, why, "", (evidence(path, None),))
    if not cluster.holds_account(subject.ref.namespace, subject.account):
        why = f"The pod leaves it to service account {subject.account}, which the folder does not hold."
        return Judgement(Verdict.UNKNOWN, why, "", (evidence(path, None),))
    setting = account.automount_service_account_token if account else None
    if setting is False:
        return PASSED
    how = "asks for it" if setting else "does not switch it off"
    return Judgement(
        Verdict.FAIL,
        f"The token is mounted: the pod says nothing and service account {subject.account} {how}.",
        "",
        (
            evidence(path, None),
            evidence(
                "automountServiceAccountToken",
                setting,
                cluster.account_ref(subject.ref.namespace, subject.account),
            ),
        ),
    )
