"""Judge a cluster or namespaces by a benchmark; verdicts and counts are made by code.

Name controls when the question is about one thing (5.2.2 privileged, 5.2.7 root, 5.3.2 network policies).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.queries.context import QueryContext
from tools.queries.looking.scanning import find_controls, page_of, scan_once
from tools.queries.looking.scoping import pick_cluster, pick_namespaces
from tools.queries.looking.telling import told
from tools.queries.result import Result


class Arguments(BaseModel):
    """What to scan, and by what."""

    model_config = ConfigDict(extra="forbid")

    cluster: str = Field(default="", max_length=100, description="Exact cluster name.")
    namespaces: list[str] = Field(
        default_factory=list[str], max_length=20, description="Exact names; empty: all visible."
    )
    controls: list[str] = Field(
        default_factory=list[str],
        max_length=20,
        description="Control numbers or sections; empty: the whole benchmark.",
    )
    benchmark: str = Field(
        default="cis-1.12", max_length=40, description="cis-1.12, pss-baseline or pss-restricted."
    )
    only: Literal["", "pods", "rbac", "namespaces"] = Field(default="")


async def run(arguments: Arguments, context: QueryContext) -> Result:
    """Scan; unknown names are answered before anything is read."""
    controls = find_controls(arguments.benchmark, arguments.controls)
    reader = pick_cluster(context, arguments.cluster)
    namespaces = await pick_namespaces(context, reader, arguments.namespaces)
    numbers = tuple(item.id for item in controls)
    made = await scan_once(context, reader, namespaces, numbers, arguments.benchmark)
    data = page_of(made, context, only=arguments.only, controls=controls)
    return told(data)
