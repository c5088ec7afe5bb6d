"""The `oakum` command: its subcommands, and the one place where an error becomes a sentence.

Each subcommand lives in a file of its own and imports what is heavy inside its function, so that
`oakum --help` answers at once. Exit codes: 0 fine, 1 a finding at or over --fail-on, 2 wrong usage
or an error, 3 something could not be looked at, 130 interrupted.
"""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from bot.cli import (
    approvals,
    ask,
    chat,
    execute,
    forget,
    index,
    ledger,
    policy,
    scan,
    search,
    serve,
    snapshot,
)
from bot.errors import BotError
from knowledge.errors import KnowledgeError
from tools.errors import AccessRefused, ClusterUnreachable, ToolsError
from tools.visible import visible

app = typer.Typer(
    name="oakum",
    help="Find, explain and close container security gaps: in Slack, at a terminal, in CI.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("scan")(scan.scan)
app.command("search")(search.search)
app.command("index")(index.index)
app.command("snapshot")(snapshot.snapshot)
app.command("serve")(serve.serve)
app.command("execute")(execute.execute)
app.command("forget")(forget.forget)
app.add_typer(approvals.approvals, name="approvals")
app.add_typer(ledger.ledger, name="ledger")
app.add_typer(policy.policy, name="policy")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"oakum {version('oakum')}")
        raise typer.Exit


@app.callback()
def root(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Find, explain and close container security gaps: in Slack, at a terminal, in CI."""


def run() -> None:
    """Run the command; whatever goes wrong ends as one sentence with the next step."""
    try:
        app()
    except (ClusterUnreachable, AccessRefused) as error:
        _say(error.public, error.hint)
        sys.exit(3)
    except (BotError, ToolsError, KnowledgeError) as error:
        _say(error.public, error.hint)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the process edge
        sys.exit(_defect(error))


def _say(public: str, hint: str) -> None:
    sentence = f"{public.rstrip('.')}. {hint}".strip()
    typer.echo(f"oakum: {visible(sentence)}", err=True)


def _defect(error: Exception) -> int:
    """Log a defect of ours in full, tell the person its incident id."""
    from bot.telemetry import incident, log_to_user_folder, where_lines_go

    where = where_lines_go() or log_to_user_folder()
    incident_id = incident(error, where="terminal")
    _say(
        f"Something in Oakum itself failed (incident {incident_id})",
        f"The details are in {where}; nothing was changed.",
    )
    return 2
