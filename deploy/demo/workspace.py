"""Starts the local Slack server and `oakum serve` beside each other, and acts as a person in it.

Used by the demo and by its test. The server listens on all interfaces and checks no password, so it
belongs on a machine you trust.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVER = HERE / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"
CHANNEL, PERSON, COLLEAGUE = "C0PLATFORM", "U0PLATFORM", "U0SECURITY"
START_S = 60.0
ANSWER_S = 120.0


class DemoFailed(Exception):
    """The demo cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Workspace:
    """A running local Slack with Oakum connected to it."""

    address: str
    log: Path

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the server's control API; a body makes it a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.address}/_control/{path}", data, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310
            return json.load(reply)

    def say(self, text: str, thread: str | None = None) -> str:
        """Write as a person; gives the message's ts."""
        body = {"channel": CHANNEL, "user": PERSON, "text": text, "thread_ts": thread}
        return self.call("message", body)["message"]["ts"]

    def command(self, text: str) -> None:
        """Type a slash command as a person."""
        self.call(
            "command",
            {
                "channel": CHANNEL,
                "user": PERSON,
                "command": "/oakum",
                "text": text,
                "appId": "A0OAKUM",
            },
        )

    def press(self, message: dict[str, Any], button: dict[str, Any], who: str = PERSON) -> None:
        """Press a button of a message as a person."""
        self.call(
            "interact",
            {"channel": CHANNEL, "messageTs": message["ts"], "user": who, "action": button},
        )

    def messages(self) -> list[dict[str, Any]]:
        """List all messages of the channel, those in threads too."""
        return self.call(f"messages/{CHANNEL}")["messages"]

    def answer_after(self, count: int) -> dict[str, Any]:
        """Wait for the next finished answer, given how many messages there were before."""
        return waited_for(
            lambda: next((m for m in self.messages()[count:] if finished(m)), None),
            ANSWER_S,
            f"no answer came within {ANSWER_S:.0f} seconds; see {self.log}",
        )

    def card_that(self, says: str, after: int, offers: str = "") -> dict[str, Any]:
        """Wait for a proposal's card that says something and has a button, by its label.

        `after`: how many messages there were before.
        """
        return waited_for(
            lambda: next((m for m in self.messages()[after:] if is_card(m, says, offers)), None),
            ANSWER_S,
            f"no card said {says!r} within {ANSWER_S:.0f} seconds; see {self.log}",
        )

    def told(self, who: str, after: int) -> dict[str, Any]:
        """Wait for a message that one person alone is shown."""
        return waited_for(
            lambda: next(
                (m for m in self.messages()[after:] if m.get("ephemeral_to") == who), None
            ),
            ANSWER_S,
            f"nothing was told within {ANSWER_S:.0f} seconds; see {self.log}",
        )


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """List the buttons of a message."""
    return [
        element
        for block in message.get("blocks") or []
        for element in [*block.get("elements", []), block.get("accessory") or {}]
        if element.get("type") == "button"
    ]


def label_of(button: dict[str, Any]) -> str:
    """Give a button's label."""
    return str(button.get("text", {}).get("text", ""))


def is_card(message: dict[str, Any], says: str, offers: str = "") -> bool:
    """Tell whether a message is the card of a proposal, says something and has a button, by its label."""
    texts = [(block.get("text") or {}).get("text", "") for block in message.get("blocks") or []]
    drawn = any(str(b.get("action_id", "")).startswith("proposal.") for b in buttons(message))
    offered = not offers or any(label_of(button) == offers for button in buttons(message))
    return drawn and offered and any(says in text for text in texts)


def finished(message: dict[str, Any]) -> bool:
    """Tell whether a message is one of Oakum's that will not change any more."""
    return bool(message.get("bot_id") or message.get("user") == "U0OAKUM") and bool(
        buttons(message)
    )


def waited_for(ready: Callable[[], Any], seconds: float, failure: str) -> Any:
    """Ask again and again until something true comes back."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if found := ready():
                return found
        time.sleep(0.1)
    raise DemoFailed(failure)


def free_port() -> int:
    """Find a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def available() -> str:
    """Say why the local Slack cannot run here; empty when it can."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "the local Slack server exists only for Linux on x64"
    if not SERVER.exists() and not shutil.which("npm"):
        return "npm is not installed"
    return ""


def install() -> None:
    """Fetch the local Slack server from npm, once, by its lock file."""
    if SERVER.exists():
        return
    done = subprocess.run(
        ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--prefix", str(HERE)],  # noqa: S607
        check=False,
    )
    if done.returncode:
        raise DemoFailed("npm could not fetch the local Slack server; try: make demo TERMINAL=1")


@contextlib.contextmanager
def running(data: Path, port: int = 0) -> Iterator[Workspace]:
    """Run both processes with all state in `data`; ends them at the end of the block."""
    slack_port, web_port = port or free_port(), free_port()
    address = f"http://127.0.0.1:{slack_port}"
    server_log, oakum_log = data / "local-slack.log", data / "oakum.log"
    server = [str(SERVER), "--config", str(HERE / "workspace.yaml")]
    server += ["--port", str(slack_port), "--base-host", "127.0.0.1"]
    environment = {
        **os.environ,
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_APP_TOKEN": "xapp-local",
        "OAKUM_SLACK__BASE_URL": f"{address}/api/",
        "OAKUM_DATA": str(data),
        "OAKUM_WEB__PORT": str(web_port),
        "OAKUM_LEDGER_KEY": secrets.token_hex(32),
    }
    config = _own_copy(data)
    oakum = [sys.executable, "-m", "bot", "serve", "--with-executor", "--config", str(config)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(_process(server, server_log, dict(os.environ)))
        workspace = Workspace(address, oakum_log)
        waited_for(
            lambda: workspace.call("state"),
            START_S,
            f"the local Slack did not start; see {server_log}",
        )
        stack.enter_context(_process(oakum, oakum_log, environment))
        waited_for(lambda: _ready(web_port), START_S, f"Oakum did not get ready; see {oakum_log}")
        yield workspace


def _own_copy(data: Path) -> Path:
    """Copy configuration, policy and manifests, so that a fix changes the copy; gives the configuration."""
    shutil.copytree(HERE / "hafen", data / "hafen")
    for name in ("oakum.yaml", "policy.yaml"):
        shutil.copy(HERE / name, data / name)
    return data / "oakum.yaml"


def _ready(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as reply:
        return reply.status == 200


@contextlib.contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("ab") as out:
        child = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            yield
        finally:
            child.terminate()
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
