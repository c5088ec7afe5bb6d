"""The version that an API server says, or that nobody can say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.kubernetes import FakeKubernetes
from tools.cluster.manifests.export import write_snapshot
from tools.cluster.manifests.reader import open_folder
from tools.scan import scan
from tools.types import ClusterConfig, ClusterSource

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


async def test_the_server_says_its_version(api: FakeKubernetes, open_reader: Any) -> None:
    api.version = "v1.34.2-gke.1"
    assert await (await open_reader()).version() == "v1.34.2-gke.1"


async def test_a_version_that_may_not_be_read_is_not_known(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.version = ""
    assert await (await open_reader()).version() == ""


async def test_a_scan_says_by_which_version_it_judged(
    api: FakeKubernetes, open_reader: Any
) -> None:
    api.version = "v1.33.9"
    made = await scan(await open_reader(), benchmark="pss-baseline", now=lambda: NOW)
    assert made.kubernetes == "v1.33, as the cluster runs it"


async def test_a_snapshot_is_judged_by_the_version_of_its_cluster_and_a_folder_by_the_newest(
    api: FakeKubernetes, open_reader: Any, tmp_path: Path
) -> None:
    api.version = "v1.35.1"
    await write_snapshot(await open_reader(), tmp_path / "copy", now=NOW)
    (tmp_path / "plain").mkdir()
    said = {}
    for name in ("copy", "plain"):
        folder = ClusterConfig(name, ClusterSource.FOLDER, folder=str(tmp_path / name))
        reader = await open_folder(folder)
        said[name] = (await scan(reader, benchmark="pss-baseline", now=lambda: NOW)).kubernetes
    assert said["copy"] == "v1.35, as the cluster runs it"
    assert said["plain"].startswith("v1.37, the newest that Oakum knows: no version")
