"""Role that makes tokens of service accounts.

create on serviceaccounts/token makes a token of any account of the namespace, or of the cluster, and so
everything that this account may do. A rule narrowed by resourceNames counts where it names an administrator's
account: one that holds, itself or by a group of all accounts, cluster-admin, admin, edit or a role that has a
wildcard or may bind, escalate or impersonate whatever it likes. Where the rights of a named account are not
known, it is unknown: a role or bindings that could not be read, a scan of some namespaces, a folder that
binds nothing to the account.

Fix: name the accounts, and none that may do much.

    rules:
      - apiGroups: [""]
        resources: [serviceaccounts/token]
        resourceNames: [deployer]
        verbs: [create]

Source: CIS Kubernetes 1.12, 5.1.13; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RoleSubject, Wanted
from tools.strong import judge_named, strength_of_accounts
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
    """Fail where any rule makes tokens of any account, or of an administrator's."""
    can = "can make tokens of service accounts"
    return judge_named(subject, _WANTED, strength_of_accounts, cluster, can)
