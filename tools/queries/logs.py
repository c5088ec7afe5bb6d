"""Read the end of a container's log, where the configuration opens logs for the cluster.

Log text is written by the workload: it is data and proves nothing. Secrets in it are masked.
"""

from pydantic import BaseModel, ConfigDict, Field

from tools.cluster.reader import Reader
from tools.objects.kinds import KINDS
from tools.queries.context import QueryContext
from tools.queries.result import LogText, Result
from tools.queries.scoping import pick_cluster, pick_namespaces
from tools.queries.wording import cap, fence, gaps_text
from tools.types import Gap
from tools.workload import name_of


class Arguments(BaseModel):
    """Which log."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=63, description="Exact namespace name.")
    pod: str = Field(
        min_length=1,
        max_length=253,
        description="Exact name of a pod, or of the workload that made it.",
    )
    container: str = Field(default="", max_length=63, description="Empty: the only one.")
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    lines: int = Field(default=40, ge=1, le=200, description="Last lines wanted.")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read it; closed logs are a gap, never an empty log."""
    reader = pick_cluster(context, arguments.cluster)
    (namespace,) = await pick_namespaces(context, reader, [arguments.namespace])
    pod = arguments.pod
    where = f"log of {namespace}/{pod}"
    if reader.name not in context.logs_open:
        read: str | Gap = Gap(where, f"pod logs of cluster {reader.name} are not opened to Oakum")
    else:
        pod = await _pod_of(reader, namespace, arguments.pod)
        where = f"log of {namespace}/{pod}"
        read = await reader.logs(namespace, pod, arguments.container)
    gaps = (read,) if isinstance(read, Gap) else ()
    text = "" if isinstance(read, Gap) else "\n".join(read.splitlines()[-arguments.lines :])
    data = LogText(reader.name, namespace, pod, arguments.container, text, len(text.splitlines()))
    body = fence(where, text) if text else "(nothing)"
    return Result(cap(f"{where}, last {data.lines} lines:\n{body}{gaps_text(gaps)}"), data, gaps)


async def _pod_of(reader: Reader, namespace: str, name: str) -> str:
    """Find a pod by its name, or one that the workload of that name made; else the name itself."""
    listing = await reader.list(KINDS["Pod"], (namespace,))
    pods = [name_of(item.metadata) for item in listing.objects]
    made = [
        name_of(item.metadata)
        for item in listing.objects
        if any(
            owner.name == name or owner.name.rpartition("-")[0] == name
            for owner in item.metadata.owner_references or ()
        )
    ]
    return name if name in pods else next(iter(sorted(made)), name)
