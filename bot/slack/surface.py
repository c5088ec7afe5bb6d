"""All that we use of Slack, in one place: methods, events, commands, and the scopes they need.

`outlet` calls nothing that is not here, and a test compares deploy/slack/manifest.yaml with it.
Sources: docs.slack.dev/reference/methods, docs.slack.dev/reference/events.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """One Web API method."""

    scopes: tuple[str, ...]
    """Bot scopes; empty where any token will do."""
    per_minute: int
    """Calls a minute that Slack grants at least (tier 2: 20, 3: 50, 4: 100; special: more)."""
    reads: bool = False
    """Takes query parameters, not JSON."""
    posts: bool = False
    """Adds a message to a channel: at most one a second each, and never repeated blindly."""


_HISTORY = ("channels:history", "groups:history", "im:history")

METHODS: Mapping[str, Method] = {
    "auth.test": Method((), 100, reads=True),
    "chat.postMessage": Method(("chat:write",), 300, posts=True),
    "chat.postEphemeral": Method(("chat:write",), 100),
    "chat.update": Method(("chat:write",), 50),
    "chat.getPermalink": Method((), 100, reads=True),
    "chat.startStream": Method(("chat:write",), 20, posts=True),
    "chat.appendStream": Method(("chat:write",), 100),
    "chat.stopStream": Method(("chat:write",), 20),
    "assistant.threads.setStatus": Method(("chat:write",), 300),
    "assistant.threads.setTitle": Method(("assistant:write",), 100),
    "assistant.threads.setSuggestedPrompts": Method(("assistant:write",), 100),
    "conversations.replies": Method(_HISTORY, 50, reads=True),
    "users.info": Method(("users:read",), 100, reads=True),
    "users.conversations": Method(("channels:read", "groups:read"), 50, reads=True),
    "usergroups.list": Method(("usergroups:read",), 20, reads=True),
    "reactions.add": Method(("reactions:write",), 50),
    "files.getUploadURLExternal": Method(("files:write",), 100, reads=True),
    "files.completeUploadExternal": Method(("files:write",), 100, posts=True),
    "files.delete": Method(("files:write",), 50),
    "views.open": Method((), 100),
}
"""By name."""

EVENTS: Mapping[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "assistant_thread_started": ("assistant:write",),
}
"""Subscriptions and the scopes they need."""

COMMANDS = ("/oakum",)
"""Slash commands; they need the scope `commands`."""


def scopes() -> frozenset[str]:
    """Give every bot scope that the code needs, and no other."""
    needed = {scope for method in METHODS.values() for scope in method.scopes}
    needed |= {scope for event in EVENTS.values() for scope in event}
    return frozenset(needed | {"commands"})
