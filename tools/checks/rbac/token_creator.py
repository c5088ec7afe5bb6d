"""Role that makes tokens of service accounts.

create on serviceaccounts/token makes a token of any account of the namespace, or of the cluster, and
so everything that this account may do. Rules narrowed by resourceNames do not count: they name the
accounts that it is meant for.

Fix: name the accounts.

    rules:
      - apiGroups: [""]
        resources: [serviceaccounts/token]
        resourceNames: [deployer]
        verbs: [create]

Source: CIS Kubernetes 1.12, 5.1.13; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RoleSubject, Wanted, judge_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that makes tokens of service accounts",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (Wanted(("create",), CORE, ("serviceaccounts/token",)),)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule makes tokens."""
    return judge_rules(subject, _WANTED, "can make tokens of service accounts")
