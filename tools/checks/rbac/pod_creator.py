"""Role that creates pods.

Who may create a pod may run it as any service account of the namespace, mount any Secret of it, and,
where nothing at admission forbids that, mount the node. Only create on pods itself is judged: those
who create Deployments get there too, but the control does not ask for them. Rules narrowed by
resourceNames do not count, because a name cannot narrow create.

Fix: leave pods to controllers, and give people create on the controllers they need.

    rules:
      - apiGroups: [""]
        resources: [pods]
        verbs: [get, list, watch]

Source: CIS Kubernetes 1.12, 5.1.4; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RoleSubject, Wanted, judge_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that creates pods",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (Wanted(("create",), CORE, ("pods",)),)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule creates pods."""
    return judge_rules(subject, _WANTED, "can create pods")
