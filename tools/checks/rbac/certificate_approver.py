"""Role that approves certificate requests.

Who may update or patch certificatesigningrequests/approval approves a request of their own for any
name, for example one in system:masters. Rules narrowed by resourceNames count too.

Fix: leave approval to the controllers that do it, and to people by a role that is bound only for as
long as it is needed.

    rules:
      - apiGroups: [certificates.k8s.io]
        resources: [certificatesigningrequests]
        verbs: [get, list, watch]

Source: CIS Kubernetes 1.12, 5.1.11; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import RoleSubject, Wanted, judge_cluster_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that approves certificate requests",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (
    Wanted(
        ("update", "patch"),
        "certificates.k8s.io",
        ("certificatesigningrequests/approval",),
        by_name=True,
    ),
)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule of a ClusterRole approves certificate requests."""
    return judge_cluster_rules(subject, _WANTED, "can approve certificate requests")
