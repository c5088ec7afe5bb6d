"""List a cluster's namespaces with their workloads, network policies and enforced Pod Security level."""

from collections import Counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tools.objects.kinds import KINDS
from tools.queries.context import QueryContext
from tools.queries.looking.inventory import read_workloads
from tools.queries.looking.scoping import known_namespaces, pick_cluster, pick_namespaces
from tools.queries.result import NamespaceRow, Namespaces, Result
from tools.queries.wording import fitted, gaps_text, one_line, source_text
from tools.workload import namespace_of

_ENFORCE = "pod-security.kubernetes.io/enforce"


class Arguments(BaseModel):
    """Of which cluster."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """List them with what stands in them."""
    reader = pick_cluster(context, arguments.cluster)
    scope = await pick_namespaces(context, reader, [])
    known, gaps = await known_namespaces(context, reader)
    workloads, more = await read_workloads(reader, scope)
    policies = await reader.list(KINDS["NetworkPolicy"], scope)
    listing = await reader.list(KINDS["Namespace"])
    levels = {item.metadata.name: _enforced(item) for item in listing.objects}
    counted = Counter(item.ref.namespace for item in workloads)
    allowed = Counter(
        namespace_of(KINDS["NetworkPolicy"], item.metadata) for item in policies.objects
    )
    rows = tuple(
        NamespaceRow(
            name,
            counted[name],
            allowed[name],
            levels.get(name, ""),
        )
        for name in known
    )
    gaps = (*gaps, *more, *policies.gaps)
    lines = [
        f"- {row.name}: {row.workloads} workloads, {row.network_policies} network policies, "
        f"enforce={row.enforce or '(not set)'}"
        for row in rows
    ]
    head = (
        f"{len(rows)} namespaces of cluster {reader.name} ({source_text(reader.source)}), "
        f"{sum(row.workloads for row in rows)} workloads in them; enforce: the Pod Security level "
        f"that admission enforces{gaps_text(gaps)}"
    )
    text = fitted(head, "namespaces", lines, "namespaces")
    return Result(text, Namespaces(reader.name, rows), gaps)


def _enforced(namespace: Any) -> str:
    """Read the level that admission enforces; a label's value is foreign text, so it is cut."""
    labels: dict[str, Any] = namespace.metadata.labels or {}
    return one_line(str(labels.get(_ENFORCE, "")), 20)
