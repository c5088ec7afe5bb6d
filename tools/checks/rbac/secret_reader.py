"""Role that reads Secrets.

get, list or watch on secrets hands out every password and token of the namespace, or, from a
ClusterRole that is bound cluster-wide, of the cluster. list and watch return the values too. Rules
narrowed by resourceNames do not count, and neither do roles that Kubernetes itself made.

Fix: name the Secrets that are needed, or mount them into the pod instead of reading the API.

    rules:
      - apiGroups: [""]
        resources: [secrets]
        resourceNames: [shop-db]
        verbs: [get]

Source: CIS Kubernetes 1.12, 5.1.2; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RoleSubject, Wanted, judge_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that reads Secrets",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (Wanted(("get", "list", "watch"), CORE, ("secrets",)),)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule reads Secrets."""
    return judge_rules(subject, _WANTED, "can read Secrets")
