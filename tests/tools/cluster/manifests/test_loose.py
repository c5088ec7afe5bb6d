"""Loosely written manifests: what they mean is read, what would have to be guessed is a gap."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.cluster.manifests.reader import open_folder
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource, Gap

HEAD = "metadata: {name: one, namespace: x}\n"


async def read(folder: Path, kind: str, text: str) -> tuple[list[Any], tuple[Gap, ...]]:
    version = KINDS[kind].group_version
    (folder / "a.yaml").write_text(f"apiVersion: {version}\nkind: {kind}\n{HEAD}{text}")
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(folder))
    listing = await (await open_folder(config)).list(KINDS[kind])
    return list(listing.objects), listing.gaps


async def pod(folder: Path, spec: str) -> Any:
    (found,), gaps = await read(folder, "Pod", f"spec: {spec}\n")
    assert not gaps
    return found.spec


async def test_numbers_and_booleans_in_quotes_are_read(tmp_path: Path) -> None:
    spec = await pod(
        tmp_path,
        "{hostPID: 'true', hostIPC: y, containers: [{name: c, ports: [{hostPort: '80'}],"
        " securityContext: {runAsUser: '0', runAsGroup: 5.0, privileged: 'False'}}]}",
    )
    container = spec.containers[0]
    assert spec.host_pid is True
    assert spec.host_ipc is True
    assert container.ports[0].host_port == 80
    context = container.security_context
    assert (context.run_as_user, context.run_as_group, context.privileged) == (0, 5, False)


async def test_numbers_and_booleans_where_text_belongs_are_read(tmp_path: Path) -> None:
    spec = await pod(
        tmp_path, "{nodeSelector: {gpu: true, size: 2, os: null}, containers: [{name: 7}]}"
    )
    assert spec.node_selector == {"gpu": "true", "size": "2", "os": ""}
    assert spec.containers[0].name == "7"


@pytest.mark.parametrize("empty", ["null", "''", "{}", "[]"])
async def test_what_is_empty_says_nothing_whatever_its_sort(tmp_path: Path, empty: str) -> None:
    spec = await pod(
        tmp_path,
        f"{{volumes: {empty}, nodeSelector: {empty}, containers:"
        f" [{{name: null, env: {empty}, ports: [null], securityContext: {empty}}}]}}",
    )
    container = spec.containers[0]
    assert not spec.volumes
    assert not container.env
    assert container.name == ""
    assert container.ports[0].host_port is None


async def test_null_among_the_groups_of_a_rule_is_the_core_group(tmp_path: Path) -> None:
    (role,), gaps = await read(
        tmp_path,
        "ClusterRole",
        "rules: [{apiGroups: [null], resources: [secrets], verbs: [get]}]\n",
    )
    assert not gaps
    assert role.rules[0].api_groups == [""]


@pytest.mark.parametrize(
    "spec",
    [
        "{containers: 7}",
        "{hostPID: maybe}",
        "{containers: [{name: c, securityContext: {runAsUser: '{{ uid }}'}}]}",
        "{containers: [{name: c, securityContext: {runAsUser: 0.5}}]}",
        "{containers: [just-a-name]}",
        "{volumes: [{hostPath: /var}]}",
    ],
)
async def test_what_would_be_guessed_is_a_gap(tmp_path: Path, spec: str) -> None:
    found, gaps = await read(tmp_path, "Pod", f"spec: {spec}\n")
    assert not found
    assert "it does not have the form of a Pod" in gaps[0].why


async def test_json_documents_one_after_another_count(tmp_path: Path) -> None:
    pods = [
        json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}, indent=1)
        for name in ("a", "b\u00e9")
    ]
    (tmp_path / "stream.json").write_text("\n".join(pods) + "\n{cut")
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(tmp_path))
    listing = await (await open_folder(config)).list(KINDS["Pod"])
    assert [each.metadata.name for each in listing.objects] == ["a", "b\u00e9"]
    assert [gap.what for gap in listing.gaps] == ["stream.json:15"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
async def test_utf_16_counts_where_a_byte_order_mark_says_so(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = f"{mark}apiVersion: v1\r\nkind: Pod\r\nmetadata: {{name: wide}}\r\n"
    (tmp_path / "a.yaml").write_bytes(text.encode(encoding))
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(tmp_path))
    listing = await (await open_folder(config)).list(KINDS["Pod"])
    assert [each.metadata.name for each in listing.objects] == ["wide"]
    assert not listing.gaps


async def test_folders_come_in_the_order_in_which_kubectl_walks(tmp_path: Path) -> None:
    for folder, container in (("app", "first"), ("app-overlay", "last")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.yaml").write_text(
            f"apiVersion: v1\nkind: Pod\n{HEAD}spec: {{containers: [{{name: {container}}}]}}\n"
        )
    config = ClusterConfig("demo", ClusterSource.FOLDER, folder=str(tmp_path))
    listing = await (await open_folder(config)).list(KINDS["Pod"])
    objects: list[Any] = list(listing.objects)
    assert [each.spec.containers[0].name for each in objects] == ["last"]
    assert [gap.what for gap in listing.gaps] == ["app/a.yaml:1: Pod x/one"]
