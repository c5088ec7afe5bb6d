"""Object in the namespace `default`.

What stands in `default` was mostly put there by forgetting to name a namespace: nobody owns it, and
policies, quotas and roles that are written per namespace do not fit it. Judged are workloads, Roles,
RoleBindings, ServiceAccounts, NetworkPolicies, Services, Ingresses, PersistentVolumeClaims and, in a
folder, ConfigMaps. What names no namespace in a folder goes where it is applied, and is unknown
until that is said (--apply-namespace). The default ServiceAccount, the kubernetes Service and kube-root-ca.crt are the
cluster's own.

Fix: give it a namespace of its own.

    metadata:
      namespace: shop

Source: CIS Kubernetes 1.12, 5.6.4; https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/.
"""

from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import DEFAULT, WORKLOAD_KINDS, Inventory, Item

CHECK = Check(
    title="Object in the default namespace",
    severity=Severity.LOW,
    subject=Subject.OBJECT,
    kinds=(
        *WORKLOAD_KINDS,
        "Role",
        "RoleBinding",
        "ServiceAccount",
        "NetworkPolicy",
        "Service",
        "Ingress",
        "PersistentVolumeClaim",
        "ConfigMap",
    ),
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
)

_OWN = frozenset(
    {("ServiceAccount", "default"), ("Service", "kubernetes"), ("ConfigMap", "kube-root-ca.crt")}
)


def judge(subject: Item, cluster: Inventory) -> Judgement | None:
    """Fail an object of the user's own in `default`."""
    ref = subject.ref
    if ref.namespace != DEFAULT:
        return PASSED
    if (ref.kind, ref.name) in _OWN:
        return None
    written = subject.object.metadata.namespace
    if cluster.partial and not written:
        why = f"{ref.kind} {ref.name} names no namespace: where it is applied decides (--apply-namespace says it)."
        return Judgement(Verdict.UNKNOWN, why, "", (evidence("metadata.namespace", None),))
    return Judgement(
        Verdict.FAIL,
        f"{ref.kind} {ref.name} is in the default namespace"
        + ("." if written else ", because it names none."),
        "",
        (evidence("metadata.namespace", written),),
    )
