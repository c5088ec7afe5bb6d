"""`oakum policy`: try a policy file on its own examples, and ask what it says of a case."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import BadSettings

if TYPE_CHECKING:
    from bot.approval.policy.rules import Case, Policy

policy = typer.Typer(
    help="Try a policy file: who may propose, approve, execute and undo, and why.",
    no_args_is_help=True,
)


@policy.command("test")
def test(
    file: Annotated[Path, typer.Argument(help="The policy file.")],
) -> None:
    """Decide the examples that stand in a policy file; exit 1 where one comes out otherwise.

    Example:

    oakum policy test policy.yaml
    """
    from bot.approval.policy import examples

    read = _read(file)
    if not read.examples:
        raise BadSettings(f"{file.name} holds no examples", "Write some; see deploy/policy.yaml.")
    differing = 0
    for result in examples.run(read):
        if result.difference:
            differing += 1
            typer.echo(
                f"line {result.example.line}, {result.example.name}: {result.difference}. "
                f"{' '.join(result.decision.reasons)}"
            )
    total = len(read.examples)
    typer.echo(f"{total - differing} of {total} examples come out as expected.")
    raise typer.Exit(1 if differing else 0)


@policy.command("explain")
def explain(
    cluster: Annotated[str, typer.Option(help="The cluster's name.")],
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="The namespace; (cluster) for none.")
    ],
    action: Annotated[str, typer.Option(help="As harden_workload.")],
    risk: Annotated[str, typer.Option(help="low, medium or high.")],
    person: Annotated[str, typer.Option(help="A person of the policy.")] = "",
    file: Annotated[Path, typer.Option(help="The policy file.")] = Path("policy.yaml"),
) -> None:
    """Say who may propose, approve and execute in a case, and why.

    Example:

    oakum policy explain --cluster prod -n shop --action scale --risk low
    """
    from bot.app import building
    from bot.approval.policy import explain as explaining

    case = _case(cluster, namespace, action, risk)
    for sentence in explaining.explain(_read(file), case, building.now(), person):
        typer.echo(sentence)


def _case(cluster: str, namespace: str, action: str, risk: str) -> "Case":
    from bot.approval.policy.file.forms import ACTIONS
    from bot.approval.policy.rules import Case
    from tools.types import RiskLevel

    if action not in ACTIONS:
        near = difflib.get_close_matches(action, ACTIONS, 1) or ACTIONS
        raise typer.BadParameter(f"no action is called {action}; known: {', '.join(near)}")
    try:
        level = RiskLevel(risk)
    except ValueError as error:
        raise typer.BadParameter("the risk is low, medium or high") from error
    return Case(cluster, namespace, action, level)


def _read(file: Path) -> "Policy":
    from bot.approval.policy.file.document import parse

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The policy file {file} cannot be read", "Check its path.") from error
    return parse(text)
