"""`oakum scan`: judge a cluster or a folder of manifests by a benchmark; made for CI as for people."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ApplyNamespace, ClusterName, Config, Folder, Namespaces, Output, named
from bot.errors import BadSettings

if TYPE_CHECKING:
    from tools.types import Scan


class Form(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class FailOn(StrEnum):
    """The least severity that makes the exit code 1."""

    NEVER = "never"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def scan(
    path: Folder = None,
    cluster: ClusterName = None,
    namespace: Namespaces = None,
    apply_namespace: ApplyNamespace = "",
    benchmark: Annotated[
        str, typer.Option(help="cis-1.12, pss-baseline or pss-restricted.")
    ] = "cis-1.12",
    control: Annotated[
        list[str] | None, typer.Option(help="Only this control, as 5.2.2; may be repeated.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Keep passing and not-applicable findings too.")
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="How to write the result.")] = Form.TABLE,
    output: Output = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit 1 for a failing finding of this severity or worse.")
    ] = FailOn.HIGH,
    config: Config = None,
) -> None:
    """Judge a cluster or a folder of manifests by a benchmark.

    Exit code: 2 wrong usage, else 1 a failing finding at or over --fail-on, else 3 something that
    could not be looked at, else 0.

    Examples:

    oakum scan --path ./manifests

    oakum scan --cluster prod -n shop --format json --output shop.json

    oakum scan --path ./rendered --benchmark pss-restricted --fail-on medium
    """
    import asyncio

    from bot.app import building, terminal
    from bot.cli import render
    from tools import posture

    _refuse_unwritable(output)
    settings = building.at_terminal(config)
    target = building.one_cluster(settings, cluster, path, apply_namespace)
    with render.working(f"Scanning {target.name}"):
        controls = tuple(control or ())
        scanning = terminal.scan_once(target, benchmark, named(namespace), controls, everything)
        result = asyncio.run(scanning)
    _write(_rendered(result, form, everything), output)
    raise typer.Exit(posture.exit_code(result, fail_on.value))


def _rendered(result: "Scan", form: Form, everything: bool) -> str:
    from bot.cli import render
    from tools.reports import csv_report, json_report

    if form is Form.JSON:
        return json_report.render(result, everything)
    if form is Form.CSV:
        return csv_report.render(result)
    return render.scan_table(result)


def _refuse_unwritable(output: Path | None) -> None:
    """Refuse before a long scan what could not be written after it."""
    if output is None:
        return
    if output.is_dir() or not output.parent.is_dir():
        raise BadSettings(f"{output} cannot be written", "Name a file in a folder that exists.")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"{output} cannot be written", f"{error.strerror}.") from error
    typer.echo(f"Written to {output}.", err=True)
