"""`oakum chat`: a conversation at the terminal, with the steps shown live."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import ClusterName, Config, Folder
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.types import Progress

HELP = """Ask in plain words, for example:
  which workloads run privileged, and why does it matter?
  which namespaces have no network policy?
/clusters shows what can be looked at, /new begins a new conversation, /quit (or Ctrl-D) ends."""


def chat(
    path: Folder = None,
    cluster: ClusterName = None,
    thread: Annotated[str, typer.Option(help="The conversation's name.")] = "chat",
    config: Config = None,
) -> None:
    """Talk about your clusters and the guidance.

    What was said is kept under the conversation's name; `oakum forget --thread NAME` deletes it.
    Example: oakum chat --path ./manifests
    """
    import asyncio

    from bot.app import building

    _line_editing(building.read_settings(config).data)
    asyncio.run(_chat(building.read_settings(config), path, cluster, thread))


async def _chat(settings: Settings, path: Path | None, cluster: str | None, thread: str) -> None:
    import asyncio

    from bot.app import terminal
    from bot.cli import render

    async with terminal.opened(settings, path, cluster, remember=True) as desk:
        sys.stdout.write(f"{desk.greeting}\n{HELP}\n")
        while True:
            try:
                line = (await asyncio.to_thread(input, "\n> ")).strip()
            except EOFError:
                sys.stdout.write("\n")
                return
            if line in ("/quit", "/exit"):
                return
            if line == "/clusters":
                sys.stdout.write(f"{desk.greeting}\n")
            elif line == "/new":
                sys.stdout.write(f"Forgot {await desk.forget(thread)} turns.\n")
            elif line.startswith("/"):
                sys.stdout.write(f"{HELP}\n")
            elif line:
                answer = await desk.answer(desk.request(line, thread), _steps)
                sys.stdout.write(render.answer(answer))


async def _steps(progress: "Progress") -> None:
    if progress.kind != "text":
        sys.stdout.write(f"  {progress.text}\n")
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
