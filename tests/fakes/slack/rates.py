"""Slack's rates: per method and minute by tier, posting one message a second and channel.

Source: docs.slack.dev/apis/web-api/rate-limits. A call inside the Retry-After of an earlier 429 is
counted: a good client never makes one.
"""

from __future__ import annotations

import math

TIERS = {1: 1, 2: 20, 3: 50, 4: 100, 5: 600}
METHODS = {
    "apps.connections.open": 4,
    "auth.test": 5,
    "chat.postMessage": 5,
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "chat.getPermalink": 5,
    "chat.startStream": 2,
    "chat.appendStream": 4,
    "chat.stopStream": 2,
    "assistant.threads.setStatus": 5,
    "assistant.threads.setTitle": 4,
    "assistant.threads.setSuggestedPrompts": 4,
    "conversations.info": 3,
    "conversations.members": 4,
    "conversations.replies": 3,
    "conversations.open": 3,
    "users.info": 4,
    "users.conversations": 3,
    "usergroups.list": 2,
    "reactions.add": 3,
    "reactions.remove": 2,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.delete": 3,
    "views.open": 4,
    "views.update": 4,
    "views.publish": 4,
}
POSTS = {"chat.postMessage", "chat.startStream"}
BURST = 3.0


class Rates:
    """Decides for each call whether it is too many; `now` in seconds."""

    def __init__(self) -> None:
        self.inside_retry_after = 0
        """Calls made although an earlier 429 told to wait."""
        self.enforced = True
        self._calls: dict[str, list[float]] = {}
        self._tokens: dict[str, tuple[float, float]] = {}
        self._until: dict[str, float] = {}

    def wait(self, method: str, channel: str, now: float) -> int:
        """Give the Retry-After in whole seconds, 0 where the call is fine."""
        if not self.enforced:
            return 0
        key = f"{method}:{channel}" if method in POSTS else method
        until = self._until.get(key, 0.0)
        if now < until:
            self.inside_retry_after += 1
            return max(1, math.ceil(until - now))
        wait = self._tier(method, now)
        if not wait and method in POSTS:
            wait = self._post(channel, now)
        if wait:
            self._until[key] = now + wait
        return wait

    def refuse_until(self, method: str, channel: str, until: float) -> None:
        """Make a 429 of an injected storm count for `inside_retry_after` too."""
        self._until[f"{method}:{channel}" if method in POSTS else method] = until

    def _tier(self, method: str, now: float) -> int:
        most = TIERS[METHODS.get(method, 3)]
        recent = [at for at in self._calls.get(method, []) if now - at < 60.0]
        self._calls[method] = recent
        if len(recent) >= most:
            return max(1, math.ceil(60.0 - (now - recent[0])))
        recent.append(now)
        return 0

    def _post(self, channel: str, now: float) -> int:
        tokens, at = self._tokens.get(channel, (BURST, now))
        tokens = min(BURST, tokens + (now - at))
        if tokens < 0.99:
            self._tokens[channel] = (tokens, now)
            return 1
        self._tokens[channel] = (tokens - 1.0, now)
        return 0
