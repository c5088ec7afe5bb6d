"""Read the end of a log where logs are open; `pod`: its name or its workload's. It proves nothing."""

from pydantic import BaseModel, ConfigDict, Field

from tools.cluster.reader import Reader
from tools.errors import UnknownName
from tools.objects.kinds import KINDS
from tools.queries.context import QueryContext
from tools.queries.looking.scoping import nearest, pick_cluster, pick_namespace
from tools.queries.result import MAX_TEXT, LogText, Result
from tools.queries.wording import fence, fitting, names, not_read, one_line
from tools.types import Gap
from tools.workload import name_of


class Arguments(BaseModel):
    """Which log."""

    model_config = ConfigDict(extra="forbid")

    namespace: str = Field(min_length=1, max_length=63, description="Exact namespace name.")
    pod: str = Field(
        min_length=1,
        max_length=253,
    )
    container: str = Field(default="", max_length=63)
    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    lines: int = Field(default=40, ge=1, le=200)


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Read it; closed logs are a gap, never an empty log. A gap names no pod that was not seen."""
    reader = pick_cluster(context, arguments.cluster)
    namespace = await pick_namespace(context, reader, arguments.namespace)
    where, pod, container = f"logs in {namespace}", "", arguments.container
    if reader.name not in context.logs_open:
        read: str | Gap = Gap(where, f"pod logs of cluster {reader.name} are not opened to Oakum")
    elif reader.source != "live":
        read = await reader.logs(namespace, arguments.pod, container)
    else:
        pod, containers, gaps = await _pod_of(reader, namespace, arguments.pod)
        if containers and container and container not in containers:
            raise UnknownName(
                f"Pod {namespace}/{pod} has no container {container!r}.",
                f"It has: {names(containers)}.",
            )
        if pod:
            where = f"log of {namespace}/{pod}"
            read = await reader.logs(namespace, pod, container)
        else:
            read = gaps[0]
    gaps = (read,) if isinstance(read, Gap) else ()
    text = "" if isinstance(read, Gap) else "\n".join(read.splitlines()[-arguments.lines :])
    data = LogText(reader.name, namespace, pod, container, text, len(text.splitlines()))
    return Result(not_read(gaps) or _text(where, data), data, gaps)


def _text(where: str, data: LogText) -> str:
    """Give the log's end; where it does not fit, its last lines are what is kept."""
    if not data.text:
        return f"{where}: it is empty"
    lines = [one_line(line, 2_000) for line in data.text.splitlines()]
    kept, left = fitting(lines[::-1], MAX_TEXT - 500)
    more = f"; {left} lines before them are not shown" if left else ""
    container = f", container {data.container}" if data.container else ""
    head = f"{where}{container}, its last {len(kept)} lines{more}:"
    return f"{head}\n{fence(where, chr(10).join(kept[::-1]))}"


async def _pod_of(
    reader: Reader, namespace: str, name: str
) -> tuple[str, tuple[str, ...], tuple[Gap, ...]]:
    """Find a pod by its name, or one that the workload of that name made, with its containers.

    No pod comes back only with the gap that says why none is known.

    Raises:
        UnknownName: there is none.
    """
    listing = await reader.list(KINDS["Pod"], (namespace,))
    pods = {name_of(item.metadata): item for item in listing.objects}
    made = sorted(
        pod
        for pod, item in pods.items()
        if any(
            owner.name == name or owner.name.rpartition("-")[0] == name
            for owner in item.metadata.owner_references or ()
        )
    )
    found = name if name in pods else next(iter(made), "")
    if found:
        spec = pods[found].spec
        containers = (
            *(spec.init_containers or ()),
            *(spec.containers or ()),
            *(spec.ephemeral_containers or ()),
        )
        return found, tuple(item.name or "" for item in containers), ()
    if listing.gaps:
        return "", (), listing.gaps
    raise UnknownName(
        f"There is no pod {name!r} in {namespace} ({reader.name}).",
        f"Nearest: {names(nearest(name, pods))}." if pods else "There are no pods.",
    )
