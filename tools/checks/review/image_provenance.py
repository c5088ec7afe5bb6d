"""Whether images are verified before they run.

Only an admission plugin, webhook or policy that checks signatures keeps an image out that nobody
vouches for. API server flags are not in the API, and what a policy checks is not evaluated. The
verdict is always unknown; the finding names the policy objects and engines that were found.

Fix: verify signatures at admission, with ImagePolicyWebhook or a policy engine.

Source: CIS Kubernetes 1.12, 5.5.1; https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook.
"""

from tools.types import Check, Judgement, Severity, Subject, Verdict, evidence
from tools.workload import POLICY_KINDS, WORKLOAD_KINDS, Inventory, Item

CHECK = Check(
    title="Images that nothing verifies",
    severity=Severity.MEDIUM,
    subject=Subject.CLUSTER,
    kinds=(*WORKLOAD_KINDS, *POLICY_KINDS),
    source="https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook",
)

_NAMED = 5


def judge(subject: Item, cluster: Inventory) -> Judgement:
    """Say which policies and engines were found."""
    refs = (*cluster.policies, *cluster.engines)[:_NAMED]
    named = ", ".join(f"{ref.kind} {ref.name}" for ref in refs) or "none"
    return Judgement(
        Verdict.UNKNOWN,
        "Whether images are verified at admission cannot be told from objects. "
        f"Policies and policy engines found: {len(cluster.policies) + len(cluster.engines)} ({named}).",
        "",
        tuple(evidence("metadata.name", ref.name, ref) for ref in refs),
    )
