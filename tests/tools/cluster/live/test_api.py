"""Configurations that cannot be used are said in one sentence with a next step."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.kubernetes import FakeKubernetes
from tools.cluster.connect import connect
from tools.errors import AccessRefused, ClusterUnreachable, ToolsError, UnknownName
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource


def kubeconfig(path: Path, context: str = "", user: dict[str, Any] | None = None) -> ClusterConfig:
    names = ("prod-eu", "prod-us")
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod-eu",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
        "contexts": [{"name": n, "context": {"cluster": "c", "user": "u"}} for n in names],
    }
    path.write_text(json.dumps(content))
    return ClusterConfig("prod", ClusterSource.KUBECONFIG, kubeconfig=str(path), context=context)


async def refusal(config: ClusterConfig, error: type[ToolsError]) -> str:
    with pytest.raises(error) as raised:
        reader = await connect(config)
        try:
            await reader.list(KINDS["Pod"])
        finally:
            await reader.close()
    assert raised.value.hint
    return f"{raised.value.public} {raised.value.hint}"


async def test_no_kubeconfig(tmp_path: Path) -> None:
    config = ClusterConfig("prod", ClusterSource.KUBECONFIG, kubeconfig=str(tmp_path / "gone"))
    assert "there is no file" in await refusal(config, ClusterUnreachable)


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "contexts: 7", "contexts: [{}]", "\x00"])
async def test_a_damaged_kubeconfig(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    config = ClusterConfig("prod", ClusterSource.KUBECONFIG, kubeconfig=str(path))
    assert "cannot be used" in await refusal(config, ClusterUnreachable)


async def test_an_unknown_context_is_answered_with_the_nearest(tmp_path: Path) -> None:
    said = await refusal(kubeconfig(tmp_path / "config", "prod-ue"), UnknownName)
    assert said.endswith("there is no context prod-ue. The kubeconfig has: prod-us, prod-eu.")


async def test_a_context_without_its_cluster(tmp_path: Path) -> None:
    config = kubeconfig(tmp_path / "config")
    content = json.loads((tmp_path / "config").read_text())
    (tmp_path / "config").write_text(json.dumps({**content, "clusters": []}))
    assert "context prod-eu is incomplete" in await refusal(config, ClusterUnreachable)


async def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "config"
    config = kubeconfig(path)
    text = path.read_text().replace(
        '"http://127.0.0.1:9"', '"https://127.0.0.1:9", "certificate-authority-data": "bm9uZQ=="'
    )
    path.write_text(text)
    assert "its certificates cannot be loaded" in await refusal(config, ClusterUnreachable)


async def test_a_credential_plugin_that_fails_is_not_an_anonymous_reader(tmp_path: Path) -> None:
    plugin = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(tmp_path / "no-such-plugin"),
        }
    }
    said = await refusal(kubeconfig(tmp_path / "config", user=plugin), AccessRefused)
    assert "credential plugin" in said


async def test_a_credential_plugin_that_works(api: FakeKubernetes, tmp_path: Path) -> None:
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "good"},
    }
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    plugin.chmod(0o755)
    api_version = "client.authentication.k8s.io/v1"
    user = {"exec": {"apiVersion": api_version, "command": str(plugin)}}
    path = tmp_path / "config"
    config = kubeconfig(path, user=user)
    path.write_text(path.read_text().replace("http://127.0.0.1:9", api.url))
    reader = await connect(config)
    assert (await reader.list(KINDS["Pod"])).gaps == ()
    await reader.close()


async def test_not_in_a_cluster() -> None:
    config = ClusterConfig("here", ClusterSource.IN_CLUSTER)
    assert "this is no pod" in await refusal(config, ClusterUnreachable)


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ("http://127.0.0.1:9", "no connection"),
        ("http://no-such-host.invalid:6443", "its address is not known"),
    ],
)
async def test_nobody_there(server: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    config = kubeconfig(path)
    path.write_text(path.read_text().replace("http://127.0.0.1:9", server))
    assert why in await refusal(config, ClusterUnreachable)


async def test_a_server_that_speaks_no_tls(api: FakeKubernetes, tmp_path: Path) -> None:
    path = tmp_path / "config"
    config = kubeconfig(path)
    path.write_text(
        path.read_text().replace("http://127.0.0.1:9", api.url.replace("http", "https"))
    )
    assert "cannot be reached" in await refusal(config, ClusterUnreachable)


async def test_two_clusters_keep_their_own_credentials(tmp_path: Path) -> None:
    servers = [await FakeKubernetes().start() for _ in range(2)]
    readers = []
    for number, server in enumerate(servers):
        server.tokens = {f"token-{number}"}
        folder = tmp_path / str(number)
        folder.mkdir()
        path = server.kubeconfig(folder, f"token-{number}")
        readers.append(
            await connect(ClusterConfig(str(number), ClusterSource.KUBECONFIG, kubeconfig=path))
        )
    for reader in readers:
        assert (await reader.list(KINDS["Pod"])).gaps == ()
        await reader.close()
        await reader.close()
    for server in servers:
        await server.stop()
