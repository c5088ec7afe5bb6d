"""Binding of cluster-admin.

cluster-admin may do everything. A ClusterRoleBinding gives it over the cluster, a RoleBinding over
its namespace. Every binding of it to anything but the built-in group system:masters fails, whoever
the subject is; a binding without subjects gives nobody anything and passes. Bindings that Kubernetes
itself made are left out.

Fix: bind a role with the rules that are needed, and keep cluster-admin for emergencies.

    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: view

Source: CIS Kubernetes 1.12, 5.1.1; https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

from tools.rbac import CLUSTER_ADMIN, MASTERS, Binding, subject_name
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory

CHECK = Check(
    title="Binding of cluster-admin",
    severity=Severity.CRITICAL,
    subject=Subject.BINDING,
    kinds=(),
    source="https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles",
)


def judge(subject: Binding, cluster: Inventory) -> Judgement:
    """Fail a binding of cluster-admin to anyone beyond system:masters."""
    if subject.role.kind != "ClusterRole" or subject.role.name != CLUSTER_ADMIN:
        return PASSED
    others = [
        (index, who)
        for index, who in enumerate(subject.subjects)
        if (who.kind, who.name) != ("Group", MASTERS)
    ]
    if not others:
        return PASSED
    names = ", ".join(subject_name(who, subject.ref.namespace) for _, who in others)
    where = f"in namespace {subject.ref.namespace}" if subject.ref.namespace else "cluster-wide"
    return Judgement(
        Verdict.FAIL,
        f"Gives cluster-admin {where} to {names}.",
        "",
        (
            evidence("roleRef.name", CLUSTER_ADMIN),
            *(evidence(f"subjects[{index}]", who) for index, who in others),
        ),
    )
