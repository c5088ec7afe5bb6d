"""Options that several subcommands share, each declared once.

Used by the subcommands of this folder.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tools.types import Namespaces as Scope

Config = Annotated[
    Path | None,
    typer.Option("--config", help="oakum.yaml; else OAKUM_CONFIG, else ./oakum.yaml if it exists."),
]
Folder = Annotated[
    Path | None,
    typer.Option("--path", help="A folder of manifests (YAML or JSON) instead of a cluster."),
]
ApplyNamespace = Annotated[
    str,
    typer.Option("--apply-namespace", help="With --path: where objects without a namespace go."),
]
ClusterName = Annotated[
    str | None, typer.Option("--cluster", help="A cluster named in the configuration.")
]
Namespaces = Annotated[
    list[str] | None,
    typer.Option("--namespace", "-n", help="Only this namespace; may be repeated."),
]


def named(namespaces: list[str] | None) -> "Scope":
    """Give what was asked for: without the option, all of the cluster."""
    from tools.types import ALL

    return tuple(namespaces) if namespaces else ALL


Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write there instead of to the terminal.")
]
