"""The reader that opens at its first use: a folder that people change is read as it is now."""

from pathlib import Path

import pytest

from tools.cluster import lazy
from tools.cluster.lazy import LazyReader
from tools.errors import UnknownName
from tools.objects.kinds import KINDS
from tools.types import ClusterConfig, ClusterSource

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"


async def names(reader: LazyReader) -> list[str]:
    listing = await reader.list(KINDS["Namespace"])
    return [each.metadata.name for each in listing.objects]


async def test_a_folder_is_read_again_once_a_file_in_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy, "LOOK_S", 0.0)
    (tmp_path / "a.yaml").write_text(NAMESPACE % "one")
    reader = LazyReader(ClusterConfig("demo", ClusterSource.FOLDER, folder=str(tmp_path)))
    assert await names(reader) == ["one"]
    opened = reader._reader
    assert await names(reader) == ["one"]
    assert reader._reader is opened, "nothing changed: it is not read again"
    (tmp_path / "a.yaml").write_text(NAMESPACE % "another")
    assert await names(reader) == ["another"]
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.yaml").write_text(NAMESPACE % "below")
    assert sorted(await names(reader)) == ["another", "below"]
    (tmp_path / "a.yaml").unlink()
    assert await names(reader) == ["below"]


async def test_between_two_looks_the_folder_is_not_walked(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(NAMESPACE % "one")
    reader = LazyReader(ClusterConfig("demo", ClusterSource.FOLDER, folder=str(tmp_path)))
    await names(reader)
    reader._looked_at = float("inf")
    (tmp_path / "a.yaml").write_text(NAMESPACE % "another")
    assert await names(reader) == ["one"]


async def test_a_folder_that_comes_later_is_read_then(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    reader = LazyReader(ClusterConfig("demo", ClusterSource.FOLDER, folder=str(folder)))
    with pytest.raises(UnknownName):
        await names(reader)
    folder.mkdir()
    (folder / "a.yaml").write_text(NAMESPACE % "one")
    assert await names(reader) == ["one"]
