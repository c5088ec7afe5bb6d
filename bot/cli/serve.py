"""`oakum serve`: the Slack assistant, until it is told to stop."""

from typing import Annotated

import typer

from bot.cli.options import Config


def serve(
    config: Config = None,
    port: Annotated[
        int | None, typer.Option(help="Port of /healthz, /readyz and /metrics; else the setting.")
    ] = None,
    with_executor: Annotated[
        bool,
        typer.Option("--with-executor", help="Also execute what is approved, in this one process."),
    ] = False,
) -> None:
    """Run the Slack assistant.

    Needs SLACK_BOT_TOKEN and, in Socket Mode, SLACK_APP_TOKEN (else SLACK_SIGNING_SECRET). Stops
    on SIGTERM after finishing what it is answering, within 25 seconds.
    """
    import asyncio

    from bot.app import building, serving

    asyncio.run(serving.serve(building.read_settings(config), port, with_executor))
