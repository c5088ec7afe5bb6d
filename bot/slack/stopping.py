"""How tasks that run for as long as the service does are ended. Used by everything here that starts one."""

import asyncio
from typing import Any

AGAIN_S = 1.0
"""Before a task is told again."""


async def stopped(*tasks: asyncio.Future[Any] | None) -> None:
    """Cancel tasks until they have ended: what they wait in may swallow a cancellation, libraries do."""
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
