"""Text of clusters and people inside mrkdwn: nothing of it links, mentions, calls or formats. Pure."""

from bot.slack.inert import inert
from bot.slack.mrkdwn import code, escape


def short(text: str, most: int) -> str:
    """Make a text inert and at most so many characters long."""
    flat = " ".join(inert(text, frozenset()).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def literal(text: str, most: int) -> str:
    """Give text that stands for itself: signs that would format it are shown as they are."""
    shown = escape(short(text, most)).replace("`", "'")
    return shown.replace("*", "∗").replace("_", "_\u2060").replace("~", "∼")


def value(text: str, most: int) -> str:
    """Show one value as code."""
    return code(short(text, most))
