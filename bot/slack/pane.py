"""The assistant pane: what it suggests when opened, and a title for each of its threads."""

from typing import Any

from bot.errors import BotError
from bot.slack.desk import Desk
from bot.slack.inert import inert
from bot.telemetry import logger

PROMPTS = (
    ("Scan", "Which workloads break CIS section 5, worst first?"),
    ("Privileged", "Which workloads run privileged, and why does it matter?"),
    ("Explain", "What does CIS 5.2.6 ask, and how do I fix it?"),
    ("Clusters", "Which clusters and namespaces can you see?"),
)
"""Title and question; Slack shows four at most."""
_PANES_MAX = 5_000
_TITLE_MAX = 80
_log = logger(__name__)


async def greet(desk: Desk, thread: dict[str, Any]) -> None:
    """Suggest questions in a pane that was just opened; best effort."""
    channel, ts = str(thread.get("channel_id", "")), str(thread.get("thread_ts", ""))
    if not channel or not ts:
        return
    if len(desk.panes) >= _PANES_MAX:
        desk.panes.clear()
    desk.panes.add((channel, ts))
    try:
        await desk.outlet.call(
            "assistant.threads.setSuggestedPrompts",
            channel_id=channel,
            thread_ts=ts,
            title="Ask about your clusters",
            prompts=[{"title": title, "message": message} for title, message in PROMPTS],
        )
    except BotError as error:
        _log.info("no prompts suggested", why=error.public)


async def title(desk: Desk, channel: str, thread: str, text: str) -> None:
    """Name a pane's thread by its first question; best effort."""
    shown = " ".join(inert(text, frozenset()).split())[:_TITLE_MAX]
    try:
        await desk.outlet.call(
            "assistant.threads.setTitle", channel_id=channel, thread_ts=thread, title=shown
        )
    except BotError as error:
        _log.info("no title set", why=error.public)
