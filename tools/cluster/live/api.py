"""A client of one API server: from a kubeconfig's context, or the pod's own account.

Each has its own settings, so that clusters never share credentials. Credential plugins that a
kubeconfig names are started by the kubernetes library. Used by `tools.cluster.connect` and `writer`.
"""

import asyncio
import difflib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import aiohttp
import yaml
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config
from kubernetes.aio.config.kube_config import (
    KUBE_CONFIG_DEFAULT_LOCATION,
    KubeConfigLoader,
    KubeConfigMerger,
)

from tools.cluster.live.limiter import Limiter, limiter_for
from tools.cluster.live.wire import Redirected
from tools.errors import AccessRefused, ClusterUnreachable, UnknownName
from tools.types import ClusterConfig, ClusterSource

_BROKEN = (
    ConfigException,
    yaml.YAMLError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OSError,
)


class Api(NamedTuple):
    """A client of one API server, with an account's credentials."""

    client: ApiClient
    limiter: Limiter
    """Shared with everything in this process that talks to this server."""
    renew: Callable[[], Awaitable[None]]
    """Loads the credentials again."""


async def check_api(config: ClusterConfig) -> None:
    """Raise what `open_api` does for a kubeconfig, context or account that is not there.

    No server is asked and no credential plugin started.
    """
    if config.source is ClusterSource.IN_CLUSTER:
        await _load(config, Configuration())
    else:
        await asyncio.to_thread(_loader, config)


async def open_api(config: ClusterConfig, user_agent: str) -> Api:
    """Open a client of a server; nothing is asked of it yet.

    Raises ClusterUnreachable for a kubeconfig that cannot be used, UnknownName for a context that does
    not exist, AccessRefused where a credential plugin gives nothing.
    """
    settings: Any = Configuration()
    settings.trace_configs = [_no_redirects()]

    async def load() -> None:
        await _load(config, settings)

    await load()
    try:
        client = await asyncio.to_thread(ApiClient, settings)
    except (OSError, ValueError) as error:
        raise _unusable(config, "its certificates cannot be loaded") from error
    client.user_agent = user_agent
    return Api(client, limiter_for(settings.host, config.requests_per_second), load)


def _no_redirects() -> aiohttp.TraceConfig:
    """Refuse every redirect before it is followed: an API server answers itself.

    The library follows redirects; a certificate, and what comes back, would be another host's.
    """

    async def refuse(*_: object) -> None:
        raise Redirected

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    return trace


async def _load(config: ClusterConfig, settings: Configuration) -> None:
    """Put address and credentials into the settings, anew each time."""
    if config.source is ClusterSource.IN_CLUSTER:
        try:
            await asyncio.to_thread(load_incluster_config, settings)
        except (ConfigException, OSError) as error:
            raise ClusterUnreachable(
                f"Cluster {config.name} is configured as in-cluster, but this is no pod with a "
                "service account.",
                "Run it in a pod, or name a kubeconfig context for it.",
            ) from error
        return
    loader = await asyncio.to_thread(_loader, config)
    try:
        await loader.load_and_set(settings)
    except _BROKEN as error:
        raise _unusable(config, f"context {_context(loader)} is incomplete") from error
    if _plugin_failed(loader):
        raise AccessRefused(
            f"The credential plugin of cluster {config.name} gave no credentials.",
            "Run kubectl with the same context to see what the plugin says.",
        )


def _loader(config: ClusterConfig) -> KubeConfigLoader:
    """Open the kubeconfig at the configured context."""
    path = config.kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION
    try:
        content = KubeConfigMerger(path).config
        if content is None:
            raise _unusable(config, f"there is no file {path}")
        contexts = [context["name"] for context in content.value["contexts"]]
    except _BROKEN as error:
        raise _unusable(config, f"{path} is not a kubeconfig") from error
    wanted = config.context or content.value.get("current-context")
    if not wanted:
        raise _unusable(config, "it has no current context and none is configured")
    if wanted not in contexts:
        near = difflib.get_close_matches(wanted, contexts, 3, 0.4) or contexts[:10]
        hint = f"The kubeconfig has: {', '.join(near)}." if near else "The kubeconfig has none."
        raise UnknownName(f"Cluster {config.name}: there is no context {wanted}.", hint)
    try:
        # No base path: relative paths are then taken from the file that names them.
        return KubeConfigLoader(content, wanted, None, None)  # pyright: ignore[reportArgumentType]
    except _BROKEN as error:
        raise _unusable(config, f"context {wanted} is incomplete") from error


def _context(loader: Any) -> str:
    return loader.current_context["name"]


def _plugin_failed(loader: Any) -> bool:
    """Tell whether a plugin is named and gave nothing; the library only logs that."""
    user = loader._user
    given = getattr(loader, "token", None) or getattr(loader, "cert_file", None)
    return bool(user) and "exec" in user and not given


def _unusable(config: ClusterConfig, why: str) -> ClusterUnreachable:
    return ClusterUnreachable(
        f"The kubeconfig for cluster {config.name} cannot be used: {why}.",
        "Check the path and the context in the configuration.",
    )
