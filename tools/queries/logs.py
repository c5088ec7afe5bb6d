"""Read the end of a container's log, where the configuration opens logs for the cluster.

Log text is written by the workload: it is data and proves nothing. Secrets in it are masked.
"""

from pydantic import BaseModel, ConfigDict, Field

from tools.queries.context import QueryContext
from tools.queries.result import LogText, Result
from tools.queries.scoping import pick_cluster, pick_namespaces
from tools.queries.wording import cap, fence, gaps_text
from tools.types import Gap


class Arguments(BaseModel):
    """Which log."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=63, description="Exact namespace name.")
    pod: str = Field(min_length=1, max_length=253, description="Exact pod name.")
    container: str = Field(default="", max_length=63, description="Empty: the only one.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    lines: int = Field(default=40, ge=1, le=200, description="Last lines wanted.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read it; closed logs are a gap, never an empty log."""
    reader = pick_cluster(context, arguments.cluster)
    (namespace,) = await pick_namespaces(context, reader, [arguments.namespace])
    where = f"log of {namespace}/{arguments.pod}"
    if reader.name not in context.logs_open:
        read: str | Gap = Gap(where, f"pod logs of cluster {reader.name} are not opened to Oakum")
    else:
        read = await reader.logs(namespace, arguments.pod, arguments.container)
    gaps = (read,) if isinstance(read, Gap) else ()
    text = "" if isinstance(read, Gap) else "\n".join(read.splitlines()[-arguments.lines :])
    data = LogText(
        reader.name, namespace, arguments.pod, arguments.container, text, len(text.splitlines())
    )
    body = fence(where, text) if text else "(nothing)"
    return Result(cap(f"{where}, last {data.lines} lines:\n{body}{gaps_text(gaps)}"), data, gaps)
