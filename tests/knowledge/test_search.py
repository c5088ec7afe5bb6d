"""What a person who searches sees: the named control first, honest nothings, notes when it degrades."""

import os
import sqlite3
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from knowledge import index
from knowledge.errors import EmbeddingFailed, IndexDamaged
from knowledge.search import Library, open_library
from knowledge.types import EmbeddingConfig, EmbeddingKind, IndexConfig
from tests.fakes.embeddings import EmbeddingsHandler

GUIDE = """---
title: House rule on sidecars
sources: [https://wiki.example.com/sidecars]
questions: [may I run a zorblax sidecar?]
---
## Rule
Zorblax sidecars need a ticket. The password is hunter2.
"""


@pytest.fixture
def words(tmp_path: Path) -> Library:
    return open_library(IndexConfig(folder=tmp_path / "index"))


@pytest.fixture
def endpoint() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmbeddingsHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def dense_config(folder: Path, server: ThreadingHTTPServer, model: str = "bag") -> IndexConfig:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    embedding = EmbeddingConfig(EmbeddingKind.ENDPOINT, base_url=url, model=model, api_key="k")
    return IndexConfig(folder=folder / "index", embedding=embedding)


@pytest.mark.parametrize(
    ("question", "control"),
    [
        ("5.2.2", "5.2.2"),
        ("CIS 5.2.2?", "5.2.2"),
        ("cis 1.12 2.1", "2.1"),
        ("C-0193", "5.2.2"),
        ("AVD-KSV-0017", "5.2.2"),
        ("ksv017", "5.2.2"),
        ("hostPID", "5.2.3"),
        ("allowPrivilegeEscalation", "5.2.6"),
        ("what is hostIPC?", "5.2.4"),
        ("--audit-policy-file", "3.2.1"),
        ("CVE-2020-8554", "1.2.3"),
        ("host-ports", "5.2.12"),
    ],
)
async def test_what_is_named_exactly_comes_first(
    words: Library, question: str, control: str
) -> None:
    result = await words.search(question)
    assert result.hits, result.note
    assert result.hits[0].control == control


@pytest.mark.parametrize("question", ["9.9.9", "CIS 5.9.9", "CVE-1999-0001"])
async def test_an_unknown_number_is_said_to_be_unknown(words: Library, question: str) -> None:
    result = await words.search(question)
    assert result.hits == ()
    assert "has the number" in result.note


async def test_a_version_of_software_is_no_control_number(words: Library) -> None:
    result = await words.search(
        "since kubernetes v5.2.2 pods run as root, which user should it be?"
    )
    assert result.hits[0].control == "5.2.7"


@pytest.mark.parametrize(
    "question",
    [
        "how do I cook rice without burning it?",
        "HPA keeps one replica, why?",
        "",
        "???",
        "the and of",
    ],
)
async def test_what_lies_elsewhere_is_answered_with_nothing_and_a_reason(
    words: Library, question: str
) -> None:
    result = await words.search(question)
    assert result.hits == ()
    assert "Nothing in the library" in result.note


async def test_rows_are_ranked_once_per_control_with_a_passage_to_open(words: Library) -> None:
    result = await words.search("which containers run privileged and how do I fix that?", 8)
    controls = [hit.control for hit in result.hits if hit.control]
    assert len(controls) == len(set(controls))
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    assert len(result.hits) <= 8
    top = result.hits[0]
    assert top.control == "5.2.2"
    assert words.passage(top.passage.id) == top.passage
    assert result.embedding == "none"


async def test_a_control_without_guidance_is_found_by_its_facts_and_says_so(words: Library) -> None:
    result = await words.search("etcd data directory permissions 755")
    assert result.hits[0].control == "1.1.11"
    assert "No guidance is written" in result.hits[0].passage.text
    assert words.guide_for("1.1.11") is None
    guide = words.guide_for("cis-1.12/5.2.2")
    assert guide is not None
    assert guide.id == "privileged_container"


async def test_a_folder_of_ones_own_is_searched_too_and_cleaned(tmp_path: Path) -> None:
    own = tmp_path / "library"
    own.mkdir()
    (own / "sidecars.md").write_text(GUIDE)
    (own / "broken.md").write_text("no front matter")
    config = IndexConfig(folder=tmp_path / "index", library=own)
    library = open_library(config, lambda text: text.replace("hunter2", "***"))
    result = await library.search("may I run a zorblax sidecar?")
    assert result.hits[0].control is None
    assert result.hits[0].passage.document == "sidecars"
    assert "hunter2" not in result.hits[0].passage.text
    assert "broken.md" in library.problems()[0]


@pytest.mark.slow
async def test_with_an_endpoint_meaning_takes_part_and_the_index_is_kept(
    tmp_path: Path, endpoint: ThreadingHTTPServer
) -> None:
    config = dense_config(tmp_path, endpoint)
    library = open_library(config)
    result = await library.search("privileged containers")
    assert (result.hits[0].control, result.embedding, result.note) == ("5.2.2", "endpoint:bag", "")
    library.close()
    before = index.signature(config.folder)
    again = open_library(config)
    assert await again.ready() == "endpoint:bag"
    assert index.signature(config.folder) == before
    again.close()


@pytest.mark.slow
async def test_a_reader_notices_a_new_build(tmp_path: Path, endpoint: ThreadingHTTPServer) -> None:
    own = tmp_path / "library"
    own.mkdir()
    base = dense_config(tmp_path, endpoint)
    config = IndexConfig(folder=base.folder, library=own, embedding=base.embedding)
    reader, builder = open_library(config), open_library(config)
    assert await reader.ready() == "endpoint:bag"
    (own / "sidecars.md").write_text(GUIDE)
    assert await builder.build() == "endpoint:bag"
    result = await reader.search("may I run a zorblax sidecar?")
    assert result.hits[0].passage.document == "sidecars"
    assert result.note == ""
    for each in (reader, builder):
        each.close()


@pytest.mark.slow
async def test_an_endpoint_that_is_down_leaves_words_and_a_note(
    tmp_path: Path, endpoint: ThreadingHTTPServer
) -> None:
    config = dense_config(tmp_path, endpoint, model="broken")
    library = open_library(config)
    result = await library.search("privileged containers")
    assert result.hits[0].control == "5.2.2"
    assert result.embedding == "none"
    assert "embedding endpoint" in result.note
    assert "Searched by words only" in result.note
    with pytest.raises(EmbeddingFailed):
        await library.build()


@pytest.mark.slow
async def test_after_a_failure_the_endpoint_is_tried_again_a_minute_later(
    tmp_path: Path, endpoint: ThreadingHTTPServer
) -> None:
    now = [0.0]
    EmbeddingsHandler.refuse = True
    try:
        library = open_library(dense_config(tmp_path, endpoint), clock=lambda: now[0])
        assert (await library.search("hostPID")).embedding == "none"
        EmbeddingsHandler.refuse = False
        assert (await library.search("hostPID")).embedding == "none"
        now[0] = 61.0
        assert (await library.search("hostPID")).embedding == "endpoint:bag"
        library.close()
    finally:
        EmbeddingsHandler.refuse = False


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["pointer", "sqlite", "missing", "vectors"])
async def test_a_damaged_index_leaves_words_and_building_repairs_it(
    tmp_path: Path, endpoint: ThreadingHTTPServer, damage: str
) -> None:
    config = dense_config(tmp_path, endpoint)
    first = open_library(config)
    await first.ready()
    first.close()
    harm(config.folder, damage)
    library = open_library(config)
    result = await library.search("privileged containers")
    assert result.hits[0].control == "5.2.2"
    assert result.embedding == "none"
    assert "oakum index" in result.note
    assert await library.build() == "endpoint:bag"
    assert (await library.search("privileged containers")).embedding == "endpoint:bag"
    library.close()


def harm(folder: Path, damage: str) -> None:
    if damage == "pointer":
        (folder / index.POINTER).write_text("{")
        return
    build = next(folder.glob("build-*"))
    if damage == "sqlite":
        with (build / "chroma.sqlite3").open("r+b") as file:
            file.write(b"\0" * 8192)
    elif damage == "missing":
        (build / "chroma.sqlite3").unlink()
    else:
        with sqlite3.connect(build / "chroma.sqlite3") as database:
            database.execute("delete from embeddings_queue")
        database.close()
        for path in build.glob("*/*.bin"):
            os.truncate(path, 10)


@pytest.mark.slow
async def test_only_one_builds_at_a_time(tmp_path: Path, endpoint: ThreadingHTTPServer) -> None:
    config = dense_config(tmp_path, endpoint)
    with index.building(config.folder):
        library = open_library(config)
        result = await library.search("privileged containers")
        assert result.hits
        assert "being built by another process" in result.note
        with pytest.raises(IndexDamaged):
            await library.build()


@pytest.mark.slow
async def test_an_index_folder_that_cannot_be_written_leaves_words(
    tmp_path: Path, endpoint: ThreadingHTTPServer
) -> None:
    (tmp_path / "index").write_text("a file stands where the folder should be")
    started = time.monotonic()
    result = await open_library(dense_config(tmp_path, endpoint)).search("privileged containers")
    assert result.hits[0].control == "5.2.2"
    assert "Searched by words only" in result.note
    assert time.monotonic() - started < 60
