"""`oakum approvals`: what is proposed, and, on clusters marked as a sandbox, the system user's word on it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import Config

if TYPE_CHECKING:
    from bot.app.approvals import Word

approvals = typer.Typer(
    help="Changes that are proposed: list and show them; decide on those of a sandbox.",
    no_args_is_help=True,
)
Id = Annotated[str, typer.Argument(help="The proposal's id, or the start of it.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


@approvals.command("list")
def show_list(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List what is proposed and not ended, the newest first.

    Example:

    oakum approvals list
    """
    import asyncio

    from bot.app import approvals as app
    from bot.app import building
    from bot.cli import render_approvals as render

    found = asyncio.run(app.listed(building.at_terminal(config), every))
    if as_json:
        _print([render.facts(case) for case in found.cases])
        return
    typer.echo(render.table(found.cases) if found.cases else "Nothing is proposed.")
    if found.not_looked_at:
        typer.echo(f"{found.not_looked_at} more asked for, which no executor has looked at yet.")
    if not found.alive:
        typer.echo("No executor gives a sign of life: nothing can be tried out or executed.")


@approvals.command("show")
def show(proposal: Id, as_json: AsJson = False, config: Config = None) -> None:
    """Show one proposal: what changes, how risky it is, who said what, what came of it.

    Example:

    oakum approvals show 3f2a9c1b
    """
    import asyncio

    from bot.app import approvals as app
    from bot.app import building
    from bot.cli import render_approvals as render

    case = asyncio.run(app.shown(building.at_terminal(config), proposal))
    if as_json:
        _print(render.facts(case))
        return
    typer.echo(render.page(case))


@approvals.command("approve")
def approve(proposal: Id, config: Config = None) -> None:
    """Approve a proposal of a sandbox, as the operating system's user.

    Example:

    oakum approvals approve 3f2a9c1b
    """
    from bot.app.approvals import Word

    _say(Word.APPROVE, proposal, "", config)


@approvals.command("reject")
def reject(
    proposal: Id,
    reason: Annotated[str, typer.Option(help="Why; everybody sees it.")],
    config: Config = None,
) -> None:
    """Reject a proposal of a sandbox, as the operating system's user; that is final.

    Example:

    oakum approvals reject 3f2a9c1b --reason "not before Monday"
    """
    from bot.app.approvals import Word

    _say(Word.REJECT, proposal, reason, config)


@approvals.command("withdraw")
def withdraw(proposal: Id, config: Config = None) -> None:
    """Withdraw what the operating system's user proposed on a sandbox.

    Example:

    oakum approvals withdraw 3f2a9c1b
    """
    from bot.app.approvals import Word

    _say(Word.WITHDRAW, proposal, "", config)


@approvals.command("start")
def start(proposal: Id, config: Config = None) -> None:
    """Start what was approved on a sandbox, where the policy's rule names who does.

    Example:

    oakum approvals start 3f2a9c1b
    """
    from bot.app.approvals import Word

    _say(Word.START, proposal, "", config)


@approvals.command("undo")
def undo(proposal: Id, config: Config = None) -> None:
    """Ask for a change of a sandbox to be undone; that is a proposal of its own.

    Example:

    oakum approvals undo 3f2a9c1b
    """
    from bot.app.approvals import Word

    _say(Word.UNDO, proposal, "", config)


def _say(word: "Word", proposal: str, reason: str, config: Config) -> None:
    """Say it and print the answer; exit 2 where it did not count."""
    import asyncio

    from bot.app import approvals as app
    from bot.app import building

    told = asyncio.run(app.said(building.at_terminal(config), word, proposal, reason))
    typer.echo(told.text, err=not told.done)
    raise typer.Exit(0 if told.done else 2)


def _print(found: Any) -> None:
    import json

    typer.echo(json.dumps(found, indent=2))
