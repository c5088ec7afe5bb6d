"""The edge of the executor's work: whatever fails behind it is an incident, and the rest goes on.

Used by `loop` and `handovers`.
"""

from collections.abc import Awaitable, Callable

from bot.telemetry import incident


async def at_edge(work: Callable[[], Awaitable[None]], proposal: str = "") -> str:
    """Do one piece of work; gives the incident's id where it fails, else nothing."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - the edge
        return incident(error, proposal=proposal)
    return ""
