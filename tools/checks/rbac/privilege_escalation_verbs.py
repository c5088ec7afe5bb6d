"""Role that can bind, escalate or impersonate.

bind and escalate on roles or clusterroles lift the rule that nobody gives more than they have; impersonate
acts as somebody else, in the end as system:masters. In a Role escalate counts on roles and impersonate on
serviceaccounts alone, because the rest is cluster-scoped; bind on clusterroles counts, because a RoleBinding
gives a ClusterRole in its namespace. A rule narrowed by resourceNames does not count unless a name is strong:
the roles cluster-admin, admin and edit and any that has a wildcard or may itself bind, escalate or
impersonate whatever it likes, the group system:masters and whoever holds a strong role; where a named role
could not be read, it is unknown. For userextras a rule may name the key as a subresource; every one counts.

Fix: name what may be bound, or whom.

    rules:
      - apiGroups: [rbac.authorization.k8s.io]
        resources: [clusterroles]
        resourceNames: [view]
        verbs: [bind]

Source: CIS Kubernetes 1.12, 5.1.8; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RBAC_GROUP, RoleSubject, Wanted
from tools.strong import judge_named, strength_named
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that can bind, escalate or impersonate",
    severity=Severity.CRITICAL,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_NAMESPACED = (
    Wanted(("bind", "escalate"), RBAC_GROUP, ("roles",)),
    Wanted(("bind",), RBAC_GROUP, ("clusterroles",)),
    Wanted(("impersonate",), CORE, ("serviceaccounts",)),
)
_CLUSTER_WIDE = (
    *_NAMESPACED,
    Wanted(("escalate",), RBAC_GROUP, ("clusterroles",)),
    Wanted(("impersonate",), CORE, ("users", "groups")),
    Wanted(("impersonate",), "authentication.k8s.io", ("userextras",), below=True),
)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule gives one of the three verbs on what it is for."""
    wanted = _CLUSTER_WIDE if subject.cluster_wide else _NAMESPACED
    can = "can bind or escalate roles, or impersonate"
    return judge_named(subject, wanted, strength_named, cluster, can)
