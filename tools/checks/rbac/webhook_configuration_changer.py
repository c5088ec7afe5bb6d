"""Role that changes admission webhooks.

A webhook sees every object that it asks for, Secrets included, and may alter or refuse it. Who can
create, update, patch or delete a webhook configuration reads and changes the cluster through it, or
switches a guard off. Rules narrowed by resourceNames count too, because changing one webhook is
enough.

Fix: leave them to the installer of the webhook, and let others look.

    rules:
      - apiGroups: [admissionregistration.k8s.io]
        resources: [validatingwebhookconfigurations, mutatingwebhookconfigurations]
        verbs: [get, list, watch]

Source: CIS Kubernetes 1.12, 5.1.12; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import RoleSubject, Wanted, judge_cluster_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that changes admission webhooks",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (
    Wanted(
        ("create", "update", "patch", "delete", "deletecollection"),
        "admissionregistration.k8s.io",
        ("validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
        by_name=True,
    ),
)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule of a ClusterRole changes webhook configurations."""
    return judge_cluster_rules(subject, _WANTED, "can change admission webhooks")
