"""Role that creates PersistentVolumes.

A PersistentVolume may be a folder of the node (hostPath), so whoever creates one reaches the nodes'
files even where hostPath volumes in pods are refused. PersistentVolumes are cluster-scoped: a Role
cannot give them, whatever it says.

Fix: give create on persistentvolumeclaims, and let a storage class make the volumes.

    rules:
      - apiGroups: [""]
        resources: [persistentvolumeclaims]
        verbs: [create, get, list]

Source: CIS Kubernetes 1.12, 5.1.9; https://kubernetes.io/docs/concepts/security/rbac-good-practices/.
"""

from tools.rbac import CORE, RoleSubject, Wanted, judge_cluster_rules
from tools.types import Check, Judgement, Severity, Subject
from tools.workload import Inventory

CHECK = Check(
    title="Role that creates PersistentVolumes",
    severity=Severity.MEDIUM,
    subject=Subject.ROLE,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
)

_WANTED = (Wanted(("create",), CORE, ("persistentvolumes",)),)


def judge(subject: RoleSubject, cluster: Inventory) -> Judgement:
    """Fail where any rule of a ClusterRole creates PersistentVolumes."""
    return judge_cluster_rules(subject, _WANTED, "can create PersistentVolumes")
