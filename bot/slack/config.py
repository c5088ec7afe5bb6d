"""What the Slack side is told at start: tokens, mode, profile, who may see what where.

Holds data only; `bot.app` fills it from the settings. Used by every module of this package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tools.scope import Scope


class Mode(StrEnum):
    """How Slack reaches us."""

    SOCKET = "socket"
    HTTP = "http"


class Profile(StrEnum):
    """Which blocks and methods a workspace draws and offers."""

    MODERN = "modern"
    """Markdown and table blocks, streams, feedback buttons."""
    CLASSIC = "classic"
    """Blocks of 2020 and edits of one message only."""


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """Everything that can be set for Slack."""

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    """Needed in Socket Mode."""
    signing_secret: str = field(default="", repr=False)
    """Needed in HTTP mode."""
    mode: Mode = Mode.SOCKET
    profile: Profile = Profile.MODERN
    base_url: str = "https://slack.com/api/"
    channels: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    """By channel id; a channel that is not here is not served."""
    link_hosts: frozenset[str] = frozenset()
    """Hosts that may be linked to, exact and in lower case; every other address is inert text."""
    serve_guests: bool = False
    serve_other_organisations: bool = False
    """People of other organisations in shared channels (Slack Connect)."""
    ledger_channel: str = ""
    """Where the ledger's head is noted; empty: nowhere but in the executor's log."""
    workers: int = 8
    """Threads answered side by side."""
    keep_days: int = 90
    """Days after which files in threads are deleted."""
