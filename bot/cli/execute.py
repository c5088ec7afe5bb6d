"""`oakum execute`: the executor, until it is told to stop."""

from typing import Annotated

import typer

from bot.cli.options import Config


def execute(
    config: Config = None,
    port: Annotated[
        int | None, typer.Option(help="Port of /healthz, /readyz and /metrics; else the setting.")
    ] = None,
) -> None:
    """Rehearse what is proposed and carry out what is approved.

    Needs OAKUM_LEDGER_KEY (or OAKUM_LEDGER_KEY_FILE), a policy file, and the store that `oakum serve`
    uses. Stops on SIGTERM after what is being written is recorded, within 25 seconds.
    """
    import asyncio

    from bot.app import building, executing

    asyncio.run(executing.execute(building.read_settings(config), port))
