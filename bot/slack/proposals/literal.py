"""Text of clusters and people inside mrkdwn: nothing of it links, mentions, calls or formats. Pure."""

from collections.abc import Callable

from bot.slack.inert import inert
from bot.slack.mrkdwn import code, escape, units
from tools.types import ResourceRef, Target

_NAMED_MAX = 330
"""Kubernetes' longest name, 253, and its longest kind, 63."""


def short(text: str, most: int) -> str:
    """Make a text inert and at most so many characters long."""
    flat = " ".join(inert(text, frozenset()).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def literal(text: str, most: int) -> str:
    """Give text that stands for itself: signs that would format it are shown as they are.

    At most twice so many UTF-16 units, whatever has to be escaped.
    """
    return _within(short(text, most), 2 * most, _unformatted)


def value(text: str, most: int) -> str:
    """Show one value as code, at most twice so many UTF-16 units."""
    return _within(short(text, most), 2 * most, code)


def named(target: Target | ResourceRef) -> str:
    """Name an object by kind and name, whole, as code."""
    return value(f"{target.kind}/{target.name}", _NAMED_MAX)


def _within(text: str, room: int, write: Callable[[str], str]) -> str:
    """Write a text, shortened until what is written has room."""
    written = write(text)
    while units(written) > room and len(text) > 1:
        text = text[: len(text) * 3 // 4 or 1].rstrip("…") + "…"
        written = write(text)
    return written


def _unformatted(text: str) -> str:
    shown = escape(text).replace("`", "'")
    return shown.replace("*", "∗").replace("_", "_\u2060").replace("~", "∼")
