"""The accounts that change clusters, opened together. Used by `bot.app.executing`."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tools.change.account import open_account
from tools.types import ClusterConfig

if TYPE_CHECKING:
    from tools.cluster.writer import Writer


async def open_accounts(
    configs: Mapping[str, ClusterConfig], stack: AsyncExitStack
) -> "Mapping[str, Writer]":
    """Open an account of each cluster, closed with the stack. Raises as `tools.change.account.open_account`."""
    opened: dict[str, Writer] = {}
    for name, config in configs.items():
        opened[name] = await open_account(config)
        stack.push_async_callback(opened[name].close)
    return opened
