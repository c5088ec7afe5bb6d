"""List the clusters that may be asked about here, with the namespaces of each."""

from pydantic import BaseModel, ConfigDict

from tools.queries.context import QueryContext
from tools.queries.looking.scoping import visible_clusters
from tools.queries.result import ClusterRow, Clusters, Result
from tools.queries.wording import names, source_text
from tools.types import ALL


class Arguments(BaseModel):
    """None."""

    model_config = ConfigDict(extra="forbid")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Name what is configured and in scope; reads nothing."""
    rows = tuple(
        ClusterRow(
            name,
            context.readers[name].source,
            () if seen is ALL else tuple(sorted(seen)),
        )
        for name in visible_clusters(context)
        for seen in [context.scope.clusters[name]]
    )
    lines = [
        f"- {row.name} ({source_text(row.source)}): "
        f"{'namespaces ' + names(row.namespaces) if row.namespaces else 'all namespaces'}"
        for row in rows
    ]
    text = "\n".join(lines) or "No cluster may be seen from here."
    return Result(text, Clusters(rows))
