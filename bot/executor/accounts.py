"""The accounts that change clusters, opened together. Used by `bot.app.executing`."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tools.change.account import open_account
from tools.errors import ToolsError
from tools.types import ClusterConfig

if TYPE_CHECKING:
    from tools.cluster.writer import Writer


async def open_accounts(
    configs: Mapping[str, ClusterConfig], stack: AsyncExitStack
) -> "tuple[Mapping[str, Writer], tuple[str, ...]]":
    """Open an account of each cluster, closed with the stack, and say of which it cannot be opened.

    One that cannot keeps no other from being changed. Raises as `tools.change.account.open_account` where
    none can be opened.
    """
    opened: dict[str, Writer] = {}
    shut: list[str] = []
    for name, config in configs.items():
        try:
            opened[name] = await open_account(config)
        except ToolsError as error:
            if len(shut) + 1 == len(configs):
                raise
            shut.append(
                f"Nothing can be changed on {name}: {error.public} {error.hint} Start the executor anew "
                "once that is mended."
            )
            continue
        stack.push_async_callback(opened[name].close)
    return opened, tuple(shut)
