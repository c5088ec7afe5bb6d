"""At most so many requests a second to one cluster, over all its readers in this process.

A token bucket kept as one moment in time, so that it needs no task and no lock. Used by `connect`
and `wire`.
"""

import asyncio

BURST = 5
"""Requests that may leave at once after a pause."""

_LIMITERS: dict[tuple[str, float], "Limiter"] = {}


class Limiter:
    """Spaces requests out. Its clock is the event loop's."""

    def __init__(self, requests_per_second: float) -> None:
        self._interval_s = 1 / max(requests_per_second, 0.01)
        self._full_at = 0.0

    def reserve(self, now: float) -> float:
        """Take the next place and give the seconds to wait for it."""
        self._full_at = max(self._full_at, now) + self._interval_s
        return max(0.0, self._full_at - BURST * self._interval_s - now)

    def pause(self, now: float, seconds: float) -> None:
        """Let nothing leave for a while, because the server asked for it."""
        self._full_at = max(self._full_at, now + seconds + (BURST - 1) * self._interval_s)

    async def wait(self) -> None:
        """Wait for the next place."""
        delay = self.reserve(asyncio.get_running_loop().time())
        if delay:
            await asyncio.sleep(delay)


def limiter_for(host: str, requests_per_second: float) -> Limiter:
    """Give the one limiter of a server and rate in this process."""
    key = (host, requests_per_second)
    return _LIMITERS.setdefault(key, Limiter(requests_per_second))
