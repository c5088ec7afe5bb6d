"""Rights bound to a default service account.

All pods of a namespace that name no account run as `default`: what is bound to it, every such pod may do.
A binding fails that has a service account `default` among its subjects, by its own name, as the user
system:serviceaccount:NAMESPACE:default, or in a group of accounts (system:serviceaccounts for every
namespace, system:serviceaccounts:NAMESPACE for one), whatever the role allows. The control asks for no rights
that are given to the account beyond the defaults. A group of accounts is made of accounts, so what it holds
is given to them; system:authenticated and system:unauthenticated are whoever reaches the API, and what those
are given is judged by what the role allows (5.1.2, 5.1.4 and the like), not here.

Fix: make an account for the workload, and bind the role to that.

    subjects:
      - kind: ServiceAccount
        name: shop-api
        namespace: shop

Source: CIS Kubernetes 1.12, 5.1.5; https://kubernetes.io/docs/concepts/security/service-accounts/.
"""

from tools.rbac import Binding, subject_name
from tools.types import PASSED, Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import DEFAULT, Inventory

CHECK = Check(
    title="Rights bound to a default service account",
    severity=Severity.MEDIUM,
    subject=Subject.BINDING,
    kinds=(),
    source="https://kubernetes.io/docs/concepts/security/service-accounts/",
)


def judge(subject: Binding, cluster: Inventory) -> Judgement:
    """Fail a binding that gives a default account anything."""
    bound = [(i, who) for i, who in enumerate(subject.subjects) if _is_default(who.kind, who.name)]
    if not bound:
        return PASSED
    names = ", ".join(subject_name(who, subject.ref.namespace) for _, who in bound)
    where = f"in namespace {subject.ref.namespace}" if subject.ref.namespace else "cluster-wide"
    return Judgement(
        Verdict.FAIL,
        f"Gives {subject.role.kind} {subject.role.name} {where} to {names}.",
        "",
        tuple(evidence(f"subjects[{i}]", who) for i, who in bound),
    )


def _is_default(kind: str, name: str) -> bool:
    if kind == "ServiceAccount":
        return name == DEFAULT
    parts = name.split(":")
    if kind == "Group":
        return parts[:2] == ["system", "serviceaccounts"] and len(parts) < 4 and all(parts)
    return kind == "User" and parts[:2] == ["system", "serviceaccount"] and parts[3:] == [DEFAULT]
