"""Namespace whose pods nothing judges at admission.

Pod Security admission judges pods only in namespaces that carry its enforce label; other engines do it
by policies of their own. A namespace with workloads and without the label fails. Where a policy that
could judge its pods is found (a ValidatingAdmissionPolicyBinding, a Kyverno policy, a Gatekeeper
constraint) it is unknown, because what the policy says and selects is not evaluated; a Kyverno Policy
counts in its own namespace only, and Oakum's own policy (deploy/admission) never: it judges what
Oakum does and no pods. An engine without a policy changes nothing and is named. The label passes at any
level. kube-system, kube-public and kube-node-lease are left out, and a namespace without workloads is
not applicable. A namespace that a folder does not hold, but only names, is unknown.

Fix:

    metadata:
      labels:
        pod-security.kubernetes.io/enforce: baseline

Source: CIS Kubernetes 1.12, 5.2.1; https://kubernetes.io/docs/concepts/security/pod-security-admission/.
"""

from tools.objects.meta import Metadata
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import POLICY_KINDS, WORKLOAD_KINDS, Inventory, Item

CHECK = Check(
    title="Namespace without Pod Security",
    severity=Severity.MEDIUM,
    subject=Subject.NAMESPACE,
    kinds=(*WORKLOAD_KINDS, *POLICY_KINDS),
    source="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
)

LABEL = "pod-security.kubernetes.io/enforce"
_LEFT_OUT = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_NAMED = 3
_OWN = ("ValidatingAdmissionPolicyBinding", "oakum-executor")
"""Kind and name of the binding of deploy/admission/executor.yaml."""


def judge(subject: Item, cluster: Inventory) -> Judgement | None:
    """Judge whether it has workloads, then the label, then whether something else does its work."""
    name = subject.ref.name
    if name in _LEFT_OUT:
        return None
    metadata: Metadata = subject.object.metadata
    labelled = bool((metadata.labels or {}).get(LABEL))
    if name not in cluster.busy:
        unread = cluster.unread(WORKLOAD_KINDS, name)
        if unread and not labelled:
            return Judgement(Verdict.UNKNOWN, f"Its workloads could not all be read ({unread}).")
        if not unread:
            return Judgement(Verdict.NOT_APPLICABLE, f"Namespace {name} has no workloads.")
    return PASSED if labelled else _judge_unlabelled(name, cluster)


def _judge_unlabelled(name: str, cluster: Inventory) -> Judgement:
    """Judge a namespace with workloads and without the label."""
    label = evidence(f"metadata.labels.{LABEL}", None)
    policies = [
        ref
        for ref in cluster.policies
        if ref.namespace in ("", name) and (ref.kind, ref.name) != _OWN
    ]
    if policies:
        found = ", ".join(f"{ref.kind} {ref.name}" for ref in policies[:_NAMED])
        more = f" and {len(policies) - _NAMED} more" if len(policies) > _NAMED else ""
        return Judgement(
            Verdict.UNKNOWN,
            f"Namespace {name} has no enforce label; policies that may judge its pods were found, "
            f"and what they say is not evaluated: {found}{more}.",
            "",
            (label, *(evidence("metadata.name", ref.name, ref) for ref in policies[:_NAMED])),
        )
    unread = cluster.unread(POLICY_KINDS, name)
    if unread:
        why = f"Namespace {name} has no enforce label; policies could not be read ({unread})."
        return Judgement(Verdict.UNKNOWN, why, "", (label,))
    elsewhere = cluster.not_held("Namespace", "", name)
    if elsewhere:
        return Judgement(Verdict.UNKNOWN, elsewhere, "", (label,))
    engines = ", ".join(f"{ref.namespace}/{ref.name}" for ref in cluster.engines[:_NAMED])
    return Judgement(
        Verdict.FAIL,
        f"Namespace {name} has workloads and no enforce label"
        + (f"; a policy engine runs ({engines}) without any policy found." if engines else "."),
        "",
        (label,),
    )
