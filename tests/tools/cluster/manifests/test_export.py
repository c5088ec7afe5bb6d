"""A snapshot holds what the reader shows, redacted, and reads back as the same objects."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.kubernetes import FakeKubernetes
from tools.cluster.manifests.export import as_yaml, write_snapshot
from tools.cluster.manifests.reader import open_folder
from tools.cluster.manifests.yaml_documents import Document, documents
from tools.errors import BadArgument, UnknownName
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def pod(name: str, namespace: str) -> dict[str, Any]:
    env = [{"name": "A", "value": "canary-value"}]
    container = {"name": "c", "image": "nginx:1.27", "env": env, "args": ["--token", "canary-x1"]}
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": "0b5c1e2e-7a37-4b0b-93d9-0d3c2d3d4f55",
            "labels": {"on": "y", "version": "1e3", "octal": "0644"},
            "managedFields": [{"manager": "kubectl"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "canary"},
        },
        "spec": {"containers": [container], "hostPID": True},
    }


@pytest.fixture
def cluster(api: FakeKubernetes) -> FakeKubernetes:
    api.objects["/api/v1/namespaces"] = [{"metadata": {"name": n}} for n in ("shop", "bank")]
    api.objects["/api/v1/pods"] = [pod("web", "shop"), pod("api", "shop"), pod("db", "bank")]
    api.objects["/api/v1/nodes"] = [{"metadata": {"name": "node-1"}}]
    api.forbidden = {"networkpolicies"}
    return api


async def folder_reader(root: Path) -> Any:
    return await open_folder(ClusterConfig("copy", ClusterSource.FOLDER, folder=str(root)))


async def test_a_snapshot_reads_back(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    written = await write_snapshot(await open_reader(), root, now=NOW)
    assert written.objects == {"Pod": 3, "Namespace": 2, "Node": 1}
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.yaml"))
    assert files == [
        "OAKUM-SNAPSHOT.yaml",
        "_cluster/namespaces.yaml",
        "_cluster/nodes.yaml",
        "bank/pods.yaml",
        "shop/pods.yaml",
    ]
    text = "".join(path.read_text() for path in root.rglob("*.yaml"))
    assert "canary" not in text
    assert "managedFields" not in text
    assert "redacted: true" in (root / "OAKUM-SNAPSHOT.yaml").read_text()
    assert all(path.read_text().startswith("# Redacted copy") for path in root.rglob("*.yaml"))

    reader = await folder_reader(root)
    live = await (await open_reader()).list(KINDS["Pod"])
    copied = await reader.list(KINDS["Pod"])
    key = lambda obj: obj.metadata.name  # noqa: E731
    live_pods, copied_pods = sorted(live.objects, key=key), sorted(copied.objects, key=key)
    for obj in live_pods:
        obj.metadata.annotations = None
    for obj in copied_pods:
        obj.metadata.annotations = None
    assert live_pods == copied_pods


async def test_policies_of_a_plugin_stand_beside_those_of_the_same_name(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    """Three kinds are called NetworkPolicy; each has a file of its own."""
    cluster.forbidden = set()
    kinds = ("NetworkPolicy", "NetworkPolicy.projectcalico.org", "NetworkPolicy.crd.antrea.io")
    for kind in kinds:
        path = f"/apis/{KINDS[kind].group_version}/networkpolicies"
        cluster.objects[path] = [{"metadata": {"name": kind.lower(), "namespace": "shop"}}]
    await write_snapshot(await open_reader(), tmp_path / "copy", now=NOW)
    reader = await folder_reader(tmp_path / "copy")
    for kind in kinds:
        [found] = (await reader.list(KINDS[kind])).objects
        assert found.metadata.name == kind.lower()


async def test_what_could_not_be_read_stays_said(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    written = await write_snapshot(await open_reader(), tmp_path / "copy", now=NOW)
    reader = await folder_reader(tmp_path / "copy")
    (gap,) = (await reader.list(KINDS["NetworkPolicy"])).gaps
    assert gap in written.gaps
    assert gap.why == "Oakum's account may not list it (403)"
    assert (await reader.list(KINDS["Pod"])).gaps == ()
    assert (await reader.list(KINDS["ServiceAccount"])).objects == []


async def test_an_unfinished_snapshot_says_so(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    await write_snapshot(await open_reader(), tmp_path / "copy", now=NOW)
    marker = tmp_path / "copy" / "OAKUM-SNAPSHOT.yaml"
    marker.write_text(marker.read_text().replace("complete: true", "complete: false"))
    (gap,) = (await (await folder_reader(tmp_path / "copy")).list(KINDS["Pod"])).gaps
    assert "was not finished" in gap.why


async def test_namespaces_limit_it(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    reader = await open_reader()
    written = await write_snapshot(reader, tmp_path / "copy", ("bank",), now=NOW)
    assert written.objects == {"Pod": 1, "Namespace": 1}
    with pytest.raises(UnknownName, match="has no namespace banc") as refused:
        await write_snapshot(reader, tmp_path / "other", ("banc",), now=NOW)
    assert refused.value.hint == "The nearest names: bank."
    assert not (tmp_path / "other").exists()


async def test_a_folder_that_holds_something_is_left_alone(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadArgument, match="is not empty"):
        await write_snapshot(await open_reader(), tmp_path, now=NOW)
    assert not (tmp_path / "OAKUM-SNAPSHOT.yaml").exists()


async def test_a_hostile_namespace_does_not_lead_out_of_the_folder(
    cluster: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    cluster.objects["/api/v1/pods"] = [pod("web", "../../out"), pod("web", "shop")]
    written = await write_snapshot(await open_reader(), tmp_path / "a" / "copy", now=NOW)
    assert [gap.why for gap in written.gaps if gap.kind == "Pod"] == [
        "its namespace has no valid name"
    ]
    assert [path.name for path in tmp_path.iterdir() if path.name == "out"] == []


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_every_text_is_read_back_as_it_was(value: Any) -> None:
    (found,) = documents(as_yaml({"a": value}))
    assert isinstance(found, Document)
    assert found.value == {"a": value}


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "on",
        "0644",
        "1e3",
        "0o7",
        "1_0",
        "22:22",
        "~",
        "<<",
        "=",
        "-",
        ".5",
        "08",
        "2024-01-01",
    ],
)
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    (found,) = documents(as_yaml({text: text}))
    assert isinstance(found, Document)
    assert found.value == {text: text}
