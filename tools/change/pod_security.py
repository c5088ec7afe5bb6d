"""Whether Pod Security would refuse the pods of a workload: by the server's warning, or by our reading.

The server refuses pods, never their workload: a Deployment is taken and then makes no pod. So the
template is judged by the checks of the level and version that its namespace enforces. Used by `rehearse`.
"""

from collections.abc import Iterable, Mapping

from tools.planning.judging import ENFORCE, LEVELS, violations
from tools.plans import Json
from tools.pod_security import standard_of
from tools.workload import WORKLOAD_KINDS

_WARNED = "would violate PodSecurity"


def refusal(
    cluster: str, obj: Json, labels: Mapping[str, str] | None, warnings: Iterable[str]
) -> str:
    """Say that the pods of an object would be refused, and why; empty where they would not."""
    for warning in warnings:
        if _WARNED in warning:
            return f"Its pods would be refused: {warning}"
    level = (labels or {}).get(ENFORCE, "")
    if level not in LEVELS or obj.get("kind") not in WORKLOAD_KINDS:
        return ""
    version = (labels or {}).get(f"{ENFORCE}-version", "")
    reasons = violations(cluster, obj, level, standard_of(version).minor).values()
    if not reasons:
        return ""
    return f"Its pods would be refused, the namespace enforces {level}: {' '.join(reasons)}"
