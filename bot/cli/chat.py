"""`oakum chat`: a conversation at the terminal, with the steps shown live."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ApplyNamespace, ClusterName, Config, Folder
from tools.visible import visible

if TYPE_CHECKING:
    from asyncio import Runner

    from bot.app.terminal import Desk
    from bot.types import Answer, Progress

HELP = """Ask in plain words, for example:
  which workloads run privileged, and why does it matter?
  which namespaces have no network policy?
/clusters shows what can be looked at, /new forgets this conversation, /quit ends.
Ctrl-C stops an answer, Ctrl-D ends."""


def chat(
    path: Folder = None,
    cluster: ClusterName = None,
    apply_namespace: ApplyNamespace = "",
    thread: Annotated[str, typer.Option(help="The conversation's name.")] = "chat",
    config: Config = None,
) -> None:
    """Talk about your clusters and the guidance.

    What was said is kept under the conversation's name; `oakum forget --thread NAME` deletes it.

    Example:

    oakum chat --path ./manifests
    """
    import asyncio
    from contextlib import AsyncExitStack

    from bot.app import building, terminal
    from bot.cli import render

    settings = building.at_terminal(config)
    _line_editing(settings.data)
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        with render.working("Starting"):
            desk = runner.run(
                opened.enter_async_context(
                    terminal.opened(settings, path, cluster, True, apply_namespace)
                )
            )
        try:
            sys.stdout.write(f"{desk.greeting}\n{HELP}\n")
            while (line := _typed()) is not None:
                _turn(runner, desk, thread, line)
        finally:
            runner.run(opened.aclose())


def _typed() -> str | None:
    """Read a line; None at the end. Between the loop's runs, so that Ctrl-C works at once."""
    try:
        line = input("\n> ").strip()
    except (EOFError, KeyboardInterrupt):
        sys.stdout.write("\n")
        return None
    return None if line.lower() in ("/quit", "/exit", "quit", "exit") else line


def _turn(runner: "Runner", desk: "Desk", thread: str, line: str) -> None:
    """Answer one line, or do what a line with a slash asks for."""
    from bot.cli import render

    if line == "/clusters":
        sys.stdout.write(f"{desk.greeting}\n")
    elif line == "/new":
        sys.stdout.write(f"Forgot {runner.run(desk.forget(thread))} turns.\n")
    elif line.startswith("/"):
        sys.stdout.write(f"{HELP}\n")
    elif line:
        try:
            answer = runner.run(_answered(desk, thread, line))
        except KeyboardInterrupt:
            sys.stdout.write("Stopped.\n")
        else:
            sys.stdout.write(render.answer(answer))


async def _answered(desk: "Desk", thread: str, line: str) -> "Answer":
    return await desk.answer(desk.request(line, thread), _steps)


async def _steps(progress: "Progress") -> None:
    if progress.kind != "text":
        sys.stdout.write(f"  {visible(progress.text)}\n")
        sys.stdout.flush()


def _line_editing(data: Path) -> None:
    """Give arrow keys and a history over sessions, where the platform has readline."""
    import atexit
    import contextlib

    try:
        import readline
    except ImportError:
        return
    file = data / "history"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(1_000)
    atexit.register(_keep_history, file)


def _keep_history(file: Path) -> None:
    import contextlib
    import readline

    with contextlib.suppress(OSError):
        readline.write_history_file(file)
        file.chmod(0o600)
