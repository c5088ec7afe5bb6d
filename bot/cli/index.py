"""`oakum index`: build the search index now instead of at the first question."""

import typer

from bot.cli.options import Config


def index(config: Config = None) -> None:
    """Build the search index anew and say which embedding made it.

    Needed only after changing the embedding or your own guides; a missing index builds itself.
    """
    import asyncio

    from bot.app import building
    from bot.cli import render

    library = building.open_library(building.at_terminal(config))
    with render.working("Building the index"):
        made_by = asyncio.run(library.build())
    typer.echo(f"The index is built; embedding: {made_by}.")
