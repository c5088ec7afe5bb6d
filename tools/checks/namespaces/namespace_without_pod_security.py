"""Namespace whose pods nothing judges at admission.

Pod Security admission judges pods only in namespaces whose enforce label says baseline or restricted;
other engines do it by policies of their own. A namespace with workloads fails without the label, with the
level privileged, which refuses nothing, and with a level or an enforce-version that is none: the API
server takes no such namespace. Any valid enforce-version will do. Where a policy that
could judge its pods is found (a ValidatingAdmissionPolicyBinding, a Kyverno policy, a Gatekeeper
constraint) it is unknown, because what the policy says and selects is not evaluated; a Kyverno Policy
counts in its own namespace only, and Oakum's own policy (deploy/admission) never: it judges what
Oakum does and no pods. An engine without a policy changes nothing and is named. kube-system, kube-public
and kube-node-lease are left out, and a namespace without workloads is not applicable. A
namespace that a folder does not hold, but only names, is unknown.

Fix:

    metadata:
      labels:
        pod-security.kubernetes.io/enforce: baseline

Source: CIS Kubernetes 1.12, 5.2.1; https://kubernetes.io/docs/concepts/security/pod-security-admission/.
"""

import re
from collections.abc import Mapping

from tools.objects.meta import Metadata
from tools.types import PASSED, Check, Evidence, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import POLICY_KINDS, WORKLOAD_KINDS, Inventory, Item

CHECK = Check(
    title="Namespace without Pod Security",
    severity=Severity.MEDIUM,
    subject=Subject.NAMESPACE,
    kinds=(*WORKLOAD_KINDS, *POLICY_KINDS),
    source="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
)

LABEL = "pod-security.kubernetes.io/enforce"
_LEVELS = frozenset({"baseline", "restricted"})
"""Levels that refuse anything."""
_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]*)")
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
    why, facts = _fault(metadata.labels or {})
    if name not in cluster.busy:
        unread = cluster.unread(WORKLOAD_KINDS, name)
        if unread and why:
            return Judgement(Verdict.UNKNOWN, f"Its workloads could not all be read ({unread}).")
        if not unread:
            return Judgement(Verdict.NOT_APPLICABLE, f"Namespace {name} has no workloads.")
    return _judge_open(name, why, facts, cluster) if why else PASSED


def _fault(labels: Mapping[str, str]) -> tuple[str, tuple[Evidence, ...]]:
    """Say why the labels let every pod in, with what shows it; empty where they do not."""
    level, version = labels.get(LABEL), labels.get(f"{LABEL}-version", "latest")
    shown = evidence(f"metadata.labels.{LABEL}", level)
    if level is None:
        return "no enforce label", (shown,)
    if level == "privileged":
        return "the enforce level privileged, which refuses nothing", (shown,)
    if level not in _LEVELS:
        return "an enforce label that is no level", (shown,)
    if not _VERSION.fullmatch(version):
        fact = evidence(f"metadata.labels.{LABEL}-version", version)
        return "an enforce-version label that is no version", (shown, fact)
    return "", ()


def _judge_open(name: str, why: str, facts: tuple[Evidence, ...], cluster: Inventory) -> Judgement:
    """Judge a namespace with workloads whose labels let every pod in."""
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
            f"Namespace {name} has {why}; policies that may judge its pods were found, "
            f"and what they say is not evaluated: {found}{more}.",
            "",
            (*facts, *(evidence("metadata.name", ref.name, ref) for ref in policies[:_NAMED])),
        )
    unread = cluster.unread(POLICY_KINDS, name)
    if unread:
        said = f"Namespace {name} has {why}; policies could not be read ({unread})."
        return Judgement(Verdict.UNKNOWN, said, "", facts)
    elsewhere = cluster.not_held("Namespace", "", name)
    if elsewhere:
        return Judgement(Verdict.UNKNOWN, elsewhere, "", facts)
    engines = ", ".join(f"{ref.namespace}/{ref.name}" for ref in cluster.engines[:_NAMED])
    return Judgement(
        Verdict.FAIL,
        f"Namespace {name} has workloads and {why}"
        + (f"; a policy engine runs ({engines}) without any policy found." if engines else "."),
        "",
        facts,
    )
