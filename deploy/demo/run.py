"""`make demo`: Oakum in a Slack workspace on this machine, with a flawed small cluster to ask about.

Without arguments it runs until Ctrl-C. `--once` drives it headless: a mention, a follow-up in the
thread, a slash command, a button press, then a fix that one engineer asks for and another approves;
prints what is shown and exits 0. `--terminal`, or a
machine without npm or other than Linux on x64, shows the same in the terminal.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import workspace
from workspace import DemoFailed, Workspace

QUESTIONS = (
    "which workloads in shop run privileged, and why does it matter?",
    "and do they run as root?",
    "which namespaces have no network policy?",
)
FIX = "stop web in shop running privileged"
PORT = 18300


def main() -> int:
    """Choose the way to show it, and turn a failure into one sentence."""
    parser = argparse.ArgumentParser(description="Show Oakum on this machine.")
    parser.add_argument("--once", action="store_true", help="headless; prints the answers and ends")
    parser.add_argument("--terminal", action="store_true", help="in the terminal, without Slack")
    options = parser.parse_args()
    reason = "you asked for it" if options.terminal else workspace.available()
    try:
        if reason:
            return terminal(options.once, reason)
        workspace.install()
        return slack(options.once)
    except DemoFailed as failure:
        sys.stderr.write(f"demo: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def model_used() -> str:
    """Say which model answers."""
    if os.environ.get("OPENAI_API_KEY"):
        return "the language model at your OPENAI_API_KEY"
    return "the offline model (set OPENAI_API_KEY to use a language model)"


def slack(once: bool) -> int:
    """Show it in the local Slack. The logs of a demo that failed are left where it says."""
    print(
        f"Starting a Slack workspace on this machine and Oakum beside it; {model_used()} answers."
    )
    print("The workspace listens on all interfaces without a password: stop it when you are done.")
    data = Path(tempfile.mkdtemp(prefix="oakum-demo-"))
    with contextlib.suppress(KeyboardInterrupt), workspace.running(data, 0 if once else PORT) as at:
        if once:
            conversation(at)
        else:
            invite(at)
    shutil.rmtree(data, ignore_errors=True)
    return 0


def invite(place: Workspace) -> None:
    """Say what to try, until Ctrl-C."""
    print(f"\nOpen {place.address} and, in #platform, try:\n")
    for question in QUESTIONS:
        print(f"  @oakum {question}")
    print(f"  @oakum {FIX}")
    print(
        "\nA fix is shown as a card. Who asked cannot approve it: choose Security engineer beside Act as,"
    )
    print("at the top right, and press Approve. What is changed is a copy of the manifests.")
    print("Also: /oakum scan, /oakum help, and the buttons under an answer. Ctrl-C ends it.")
    while True:
        time.sleep(3600)


def conversation(place: Workspace) -> None:
    """Drive the local Slack as a person would, and print what comes back."""
    started = place.say(f"<@U0OAKUM> {QUESTIONS[0]}")
    first = shown(f"mention: @oakum {QUESTIONS[0]}", place.answer_after(1))
    seen = len(place.messages())
    place.say(QUESTIONS[1], thread=started)
    shown(f"in the thread: {QUESTIONS[1]}", place.answer_after(seen + 1))
    seen = len(place.messages())
    place.command("scan hafen")
    shown("slash command: /oakum scan hafen", place.answer_after(seen))
    seen = len(place.messages())
    button = labelled(first, "Explain")
    place.press(first, button)
    shown(f"button: {workspace.label_of(button)}", place.answer_after(seen))
    change(place)
    print("The demo ran: four ways to ask, and a fix approved, verified and undone.")


def change(place: Workspace) -> None:
    """Have a fix proposed by one engineer, approved by the other, verified, and undone."""
    seen = len(place.messages())
    place.say(f"<@U0OAKUM> {FIX}")
    card = shown(f"mention: @oakum {FIX}", place.card_that("Waits for", seen, "Approve"))
    place.press(card, labelled(card, "Approve"))
    shown(
        "button Approve, pressed by the one who asked (told to them alone)",
        place.told(workspace.PERSON, seen),
    )
    place.press(card, labelled(card, "Approve"), workspace.COLLEAGUE)
    done = shown(
        "button Approve, pressed by the colleague", place.card_that("erified", seen, "Undo")
    )
    seen = len(place.messages())
    place.press(card, labelled(card, "Approve"), workspace.COLLEAGUE)
    shown("button Approve of the old card, pressed again", place.told(workspace.COLLEAGUE, seen))
    place.press(done, labelled(done, "Undo"), workspace.COLLEAGUE)
    shown("button Undo, pressed by the colleague", place.card_that("Undone", seen))


def labelled(message: dict[str, Any], label: str) -> dict[str, Any]:
    """Find a button of a message by its label."""
    found = next((b for b in workspace.buttons(message) if workspace.label_of(b) == label), None)
    if found is None:
        raise DemoFailed(f"the message has no button {label}")
    return found


def shown(title: str, message: dict[str, Any]) -> dict[str, Any]:
    """Print one answer with what led to it."""
    print(f"\n=== {title}\n")
    print(textwrap.indent(words(message), "  "))
    return message


def words(message: dict[str, Any]) -> str:
    """Give the words of a message, from its blocks where there are any."""
    parts: list[str] = []
    for block in message.get("blocks") or []:
        texts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        for text in texts:
            if isinstance(text, dict) and isinstance(text.get("text"), str):
                parts += [text["text"]]
    return "\n".join(parts) or str(message.get("text", ""))


def terminal(once: bool, reason: str) -> int:
    """Show it in the terminal."""
    print(f"Showing Oakum in the terminal, since {reason}; {model_used()} answers.")
    folder = str(workspace.HERE / "hafen")
    oakum = [sys.executable, "-m", "bot"]
    if not once:
        print(f"Try: {QUESTIONS[0]}")
        return subprocess.run([*oakum, "chat", "--path", folder], check=False).returncode
    with tempfile.TemporaryDirectory(prefix="oakum-demo-") as data:
        environment = {**os.environ, "OAKUM_DATA": data}
        steps = [
            (f"ask: {QUESTIONS[0]}", ["ask", QUESTIONS[0], "--path", folder, "--thread", "demo"]),
            (
                f"follow-up: {QUESTIONS[1]}",
                ["ask", QUESTIONS[1], "--path", folder, "--thread", "demo"],
            ),
            ("scan", ["scan", "--path", folder, "--fail-on", "never"]),
            ("the button Explain, as a typed choice", ["ask", "explain 5.2.2", "--path", folder]),
        ]
        for title, arguments in steps:
            print(f"\n=== {title}\n", flush=True)
            done = subprocess.run([*oakum, *arguments], env=environment, check=False)
            if done.returncode not in (0, 3):
                raise DemoFailed(f"that step ended with exit code {done.returncode}")
    print("The demo ran: four ways to ask, four answers.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
