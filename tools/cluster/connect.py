"""Configured cluster -> Reader: a live API server or a folder of manifests. Used by `bot.app`."""

import asyncio
from pathlib import Path

from tools.cluster.live.api import check_api, open_api
from tools.cluster.live.reader import LiveReader
from tools.cluster.live.wire import Wire
from tools.cluster.manifests.folder import unopened
from tools.cluster.manifests.reader import SnapshotReader, open_folder
from tools.types import ClusterConfig, ClusterSource


async def connect(config: ClusterConfig) -> LiveReader | SnapshotReader:
    """Open one cluster for reading; nothing is asked of its server yet.

    Raises ClusterUnreachable for a kubeconfig that cannot be used, UnknownName for a context or folder
    that does not exist, AccessRefused where a credential plugin gives nothing.
    """
    if config.source is ClusterSource.FOLDER:
        return await open_folder(config)
    api = await open_api(config, "oakum")
    return LiveReader(config, Wire(config, api.client, api.limiter, api.renew))


async def check(config: ClusterConfig) -> None:
    """Raise what `connect` does where there is nothing to read a cluster from; asks no server."""
    if config.source is not ClusterSource.FOLDER:
        await check_api(config)
        return
    try:
        await asyncio.to_thread(Path(config.folder).stat)
    except OSError as error:
        raise unopened(config, error) from error
