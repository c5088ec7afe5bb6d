"""`oakum snapshot`: write what Oakum may read of a cluster into a folder, redacted."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import Config, Namespaces, named


def snapshot(
    cluster: Annotated[str, typer.Option("--cluster", help="A cluster of the configuration.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new or empty folder.")],
    namespace: Namespaces = None,
    config: Config = None,
) -> None:
    """Write a redacted copy of a cluster, for review with --path.

    Secrets are never read; the folder is marked as redacted.

    Example:

    oakum snapshot --cluster prod --output ./prod-snapshot
    """
    import asyncio

    from bot.app import building, terminal
    from bot.cli import render

    settings = building.at_terminal(config)
    target = building.one_cluster(settings, cluster, None)
    with render.working(f"Reading {target.name}"):
        summary = asyncio.run(terminal.snapshot_once(target, output, named(namespace)))
    render.snapshot_summary(summary.objects, output, len(summary.gaps))
