"""`oakum forget`: delete what is stored of a thread, or of everything older than a number of days."""

from typing import Annotated

import typer

from bot.cli.options import Config
from bot.errors import BadSettings


def forget(
    thread: Annotated[
        str | None,
        typer.Option(help="TEAM/CHANNEL/TS of a Slack thread, or the name given to `oakum ask`."),
    ] = None,
    older_than_days: Annotated[
        int | None, typer.Option(min=0, help="Everything older than so many days.")
    ] = None,
    config: Config = None,
) -> None:
    """Delete stored conversations. What was posted in Slack stays there.

    Examples:

    oakum forget --thread T0123/C0456/1795519035.000001

    oakum forget --older-than-days 30
    """
    import asyncio

    from bot.app import building, terminal

    if (thread is None) == (older_than_days is None):
        raise typer.BadParameter("give either --thread or --older-than-days")
    settings = building.at_terminal(config)
    if thread is not None:
        parts = thread.split("/")
        if len(parts) not in (1, 3) or not all(parts):
            raise BadSettings(f"{thread} names no thread", "Write TEAM/CHANNEL/TS, or a name.")
        gone = asyncio.run(terminal.forget_thread(settings, parts))
        typer.echo(f"Deleted {gone} stored turns of that thread.")
        return
    gone = asyncio.run(terminal.forget_older(settings, older_than_days or 0))
    typer.echo(f"Deleted {gone} rows older than {older_than_days} days.")
