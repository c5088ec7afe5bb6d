"""Binding of the group system:masters.

The API server lets system:masters do everything before any rule is read, so a binding of the group
adds nothing but shows that somebody counts on it, and a role that is taken away later takes nothing
away from its members. Certificates that carry the group are not in the API: this check cannot see
them. Bindings that Kubernetes itself made are left out.

Fix: bind a group of your own to a role with the rules that are needed.

    subjects:
      - kind: Group
        apiGroup: rbac.authorization.k8s.io
        name: platform

Source: CIS Kubernetes 1.12, 5.1.7; https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

from tools.rbac import MASTERS, Binding
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import Inventory

CHECK = Check(
    title="Binding of system:masters",
    severity=Severity.CRITICAL,
    subject=Subject.BINDING,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)


def judge(subject: Binding, cluster: Inventory) -> Judgement:
    """Fail a binding among whose subjects the group is."""
    found = tuple(
        evidence(f"subjects[{index}]", who)
        for index, who in enumerate(subject.subjects)
        if (who.kind, who.name) == ("Group", MASTERS)
    )
    if not found:
        return PASSED
    role = f"{subject.role.kind} {subject.role.name}"
    return Judgement(Verdict.FAIL, f"Gives {role} to the group {MASTERS}.", "", found)
