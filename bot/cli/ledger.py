"""`oakum ledger`: whether the ledger of changes is what was written, and all of it for an auditor."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.cli.options import Config, Output
from bot.errors import BadSettings

if TYPE_CHECKING:
    from bot.settings import Settings

ledger = typer.Typer(
    help="The ledger of changes: who asked, who approved, what was done, what came of it.",
    no_args_is_help=True,
)


class LedgerForm(StrEnum):
    """How the ledger is written out."""

    JSONL = "jsonl"
    CSV = "csv"


@ledger.command("verify")
def verify(
    head: Annotated[
        str, typer.Option(help="COUNT:HASH noted earlier; shows whether the end was cut off.")
    ] = "",
    config: Config = None,
) -> None:
    """Go through the whole ledger; exit 1 where it is not what was written.

    Needs OAKUM_LEDGER_KEY, or OAKUM_LEDGER_KEY_FILE. Without --head, an end that was cut off together
    with all that the store says of its proposals does not show.

    Example:

    oakum ledger verify
    """
    import asyncio

    from bot.app import building
    from bot.app import ledger as ledgers

    found = asyncio.run(ledgers.verify(building.at_terminal(config), head))
    for trouble in found.troubles:
        typer.echo(trouble)
    if found.more_troubles:
        typer.echo(f"And {found.more_troubles} more.")
    if found.unsigned:
        typer.echo(
            f"{_rows(found.unsigned)} not signed yet, so nothing vouches for them: the executor "
            "signs them on its next turn."
        )
    if found.troubles:
        typer.echo("The ledger was tampered with.")
    elif not (found.head.count or found.unsigned):
        typer.echo(
            "The ledger is empty, and nothing else in the store says that it ever held a row."
        )
    else:
        typer.echo(f"The ledger is sound: {found.head.count} signed rows.")
    typer.echo(f"Head: {found.head}")
    raise typer.Exit(1 if found.troubles else 0)


@ledger.command("export")
def export(
    form: Annotated[
        LedgerForm, typer.Option("--format", help="One JSON object per line, or a table.")
    ] = LedgerForm.JSONL,
    output: Output = None,
    config: Config = None,
) -> None:
    """Write out the whole ledger, its signatures with it; nothing is verified.

    Example:

    oakum ledger export --format csv --output ledger.csv
    """
    import asyncio

    from bot.app import building

    settings = building.at_terminal(config)
    if output is None:
        asyncio.run(_export(settings, form, sys.stdout))
        return
    try:
        with output.open("w", encoding="utf-8", newline="") as target:
            asyncio.run(_export(settings, form, target))
    except OSError as error:
        raise BadSettings(
            f"{Path(output).name} cannot be written", "Name a file in a folder that exists."
        ) from error


async def _export(settings: "Settings", form: LedgerForm, target: TextIO) -> None:
    from bot.app import ledger as ledgers

    if form is LedgerForm.CSV:
        target.write(",".join(ledgers.COLUMNS) + "\r\n")
    write = ledgers.csv_line if form is LedgerForm.CSV else ledgers.json_line
    async for line in ledgers.export(settings, write):
        target.write(line)


def _rows(numbers: list[int]) -> str:
    """Name rows: `Row 3 is`, `Rows 3, 5 and 7 are`; many by their first and last."""
    if len(numbers) == 1:
        return f"Row {numbers[0]} is"
    if len(numbers) > 20:
        return f"{len(numbers)} rows from {numbers[0]} to {numbers[-1]} are"
    *most, last = (str(number) for number in numbers)
    return f"Rows {', '.join(most)} and {last} are"
