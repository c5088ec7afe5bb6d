"""Role with a wildcard.

A `*` in verbs, resources or apiGroups gives what does not exist yet: the next version of Kubernetes
and the next operator add to it. An entry such as `*/scale` is no wildcard by this rule, and neither
is one in nonResourceURLs. resourceNames do not excuse a wildcard.

Fix: name what is needed.

    rules:
      - apiGroups: [apps]
        resources: [deployments]
        verbs: [get, list, watch, patch]

Source: CIS Kubernetes 1.12, 5.1.3; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import RoleSubject, has_wildcard, judge_giving
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role with a wildcard",
    severity=Severity.HIGH,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule has a wildcard in verbs, resources or apiGroups."""
    wild = [at for at in subject.rules if has_wildcard(at.rule)]
    return judge_giving(subject, wild, "has a rule with a wildcard")
