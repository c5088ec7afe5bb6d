"""`oakum ask`: one question, one answer; the same agent that answers in Slack."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ApplyNamespace, ClusterName, Config, Folder
from bot.settings import Settings
from tools.visible import visible

if TYPE_CHECKING:
    from bot.types import Answer, Progress


class Form(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    JSON = "json"


def ask(
    question: Annotated[str, typer.Argument(help="In plain words.")],
    path: Folder = None,
    cluster: ClusterName = None,
    apply_namespace: ApplyNamespace = "",
    thread: Annotated[
        str | None, typer.Option(help="Go on with the conversation of this name, or begin it.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to write the answer.")] = Form.TEXT,
    config: Config = None,
) -> None:
    """Ask one question about your clusters or the guidance.

    Without --path and --cluster it may look at every configured cluster.

    Examples:

    oakum ask "which workloads run privileged?" --path ./manifests

    oakum ask "and do they run as root?" --path ./manifests --thread review
    """
    import asyncio

    from bot.app import building

    if not question.strip():
        raise typer.BadParameter("the question is empty")
    settings = building.at_terminal(config)
    given = asyncio.run(_ask(settings, question, (path, cluster, apply_namespace), thread))
    if form is Form.JSON:
        from bot import conversation

        sys.stdout.write(conversation.as_json(given) + "\n")
        return
    from bot.cli import render

    sys.stdout.write(render.answer(given))


async def _ask(
    settings: Settings,
    question: str,
    where: tuple[Path | None, str | None, str],
    thread: str | None,
) -> "Answer":
    path, cluster, apply_namespace = where
    from contextlib import AsyncExitStack

    from bot.app import terminal
    from bot.cli import render

    async with AsyncExitStack() as opened:
        with render.working("Starting"):
            desk = await opened.enter_async_context(
                terminal.opened(settings, path, cluster, thread is not None, apply_namespace)
            )
        if not desk.scope.clusters:
            typer.echo(f"oakum: {desk.greeting}", err=True)
        return await desk.answer(desk.request(question, thread or "once"), _steps)


async def _steps(progress: "Progress") -> None:
    """Show on the error stream what is being done, when a person is there to see it."""
    if progress.kind != "text" and sys.stderr.isatty():
        sys.stderr.write(f"  {visible(progress.text)}\n")
