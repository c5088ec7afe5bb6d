"""List the clusters that may be asked about here, with the namespaces of each."""

from pydantic import BaseModel, ConfigDict

from tools.queries.context import QueryContext
from tools.queries.looking.scoping import visible_clusters
from tools.queries.result import ClusterRow, Clusters, Result
from tools.queries.wording import names, source_text


class Arguments(BaseModel):
    """None."""

    model_config = ConfigDict(extra="forbid")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Name what is configured and in scope; reads nothing."""
    rows = tuple(
        ClusterRow(
            name,
            context.readers[name].source,
            tuple(sorted(context.scope.clusters[name] or ())),
        )
        for name in visible_clusters(context)
    )
    lines = [
        f"- {row.name} ({source_text(row.source)}): "
        f"{'namespaces ' + names(row.namespaces) if row.namespaces else 'all namespaces'}"
        for row in rows
    ]
    text = "\n".join(lines) or "No cluster may be seen from here."
    return Result(text, Clusters(rows))
