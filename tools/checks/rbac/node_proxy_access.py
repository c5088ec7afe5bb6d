"""Role that reaches kubelets through nodes/proxy.

nodes/proxy opens the kubelet's own API, which runs commands in every pod of the node and is neither
audited nor seen by admission. Any verb counts, get included. `*/proxy` gives it too, `nodes/*` gives
nothing. Naming the nodes narrows nothing: every pod of each is open, and with it every account there.

Fix: name what is needed of a node instead.

    rules:
      - apiGroups: [""]
        resources: [nodes/metrics, nodes/stats]
        verbs: [get]

Source: CIS Kubernetes 1.12, 5.1.10; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RoleSubject, Wanted, judge_cluster_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that reaches kubelets through nodes/proxy",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (Wanted((), CORE, ("nodes/proxy",), by_name=True),)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule of a ClusterRole gives a verb on nodes/proxy."""
    return judge_cluster_rules(subject, _WANTED, "reaches kubelets through nodes/proxy")
