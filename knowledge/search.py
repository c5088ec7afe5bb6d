"""Search over the library: exact identifiers first, then words, then meaning, or an honest nothing.

Keeps the library read and the index open, and notices when another process has built a new one.
Where the dense side cannot be used, words alone answer and the note says why. Used by the queries of
`tools` and the `search` command.
"""

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from knowledge import answerable, index
from knowledge.embed import Embedder, Vectors, open_embedder
from knowledge.errors import EmbeddingFailed, IndexDamaged
from knowledge.library import Contents, elsewhere, read
from knowledge.ranking import Meaning, Ranker
from knowledge.types import EmbeddingKind, Guide, IndexConfig, Passage, SearchResult

MAX_QUESTION = 2000
"""Characters of a question that are read."""
MAX_HITS = 50
RETRY_S = 60.0
"""After a failure of the dense side it is left alone for this long."""
DEPTH = 200
"""Texts that the dense side is asked for."""
NOTHING = (
    "Nothing in the library answers this. It covers the CIS Kubernetes Benchmark, the Pod Security "
    "Standards, and guides on images and FIPS."
)


@dataclass(slots=True)
class _State:
    """The library as it was last read, and its dense side if there is one."""

    contents: Contents
    ranker: Ranker
    signature: tuple[int, int]
    dense: index.DenseIndex | None = None
    embedder: Embedder | None = None
    note: str = ""
    retry_at: float = 0.0


class Library:
    """Guides and control facts, searchable. Made by `open_library`; safe to share between tasks."""

    def __init__(
        self, config: IndexConfig, clean: Callable[[str], str], clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._clean = clean
        self._clock = clock
        self._lock = threading.Lock()
        self._state: _State | None = None
        self._retired: list[index.DenseIndex] = []

    async def search(self, question: str, limit: int = 10) -> SearchResult:
        """Rank what answers a question: at most `limit` rows (50 at most), or none and why."""
        wanted = max(1, min(limit, MAX_HITS))
        return await asyncio.to_thread(self._search, question[:MAX_QUESTION], wanted)

    async def ready(self) -> str:
        """Read the library and open its index, building it if there is none; tells the embedding."""
        state = await asyncio.to_thread(self._loaded)
        return _name(state.embedder)

    async def build(self) -> str:
        """Read everything anew and build the index now; tells which embedding made it.

        Raises EmbeddingFailed or IndexDamaged.
        """
        return await asyncio.to_thread(self._build)

    def guide_for(self, control_id: str) -> Guide | None:
        """Give the guide that explains a control best; None where none is written yet.

        Takes `5.2.2`, a slug, or `cis-1.12/5.2.2`; a guide's own id as well.
        """
        guides = self._loaded().contents.guides
        wanted = control_id.strip()
        exact = [each for each in guides if wanted in each.controls or wanted == each.id]
        plain = [
            each for each in guides if wanted in {name.rpartition("/")[2] for name in each.controls}
        ]
        return next(iter((*exact, *plain)), None)

    def passage(self, passage_id: str) -> Passage | None:
        """Open one passage by its id; None when there is no such."""
        state = self._loaded()
        shown = (each for each in state.ranker.passages if each.id == passage_id)
        return next(shown, state.contents.facts.get(passage_id))

    def problems(self) -> tuple[str, ...]:
        """Give one sentence for each file of the person's own folder that could not be used."""
        return self._loaded().contents.problems

    def close(self) -> None:
        """Let go of the index's files."""
        with self._lock:
            self._retire()
            self._close_retired()

    def _retire(self) -> None:
        """Put the present state away; a search that is still running may use its index."""
        if self._state is not None and self._state.dense is not None:
            self._retired.append(self._state.dense)
        self._state = None

    def _close_retired(self) -> None:
        for each in self._retired:
            each.close()
        self._retired.clear()

    def _build(self) -> str:
        with self._lock:
            self._retire()
            embedder = open_embedder(self._config.embedding)
            with index.building(self._config.folder):
                self._write(self._read().ranker, embedder)
            return _name(embedder)

    def _loaded(self) -> _State:
        """Give the library, read anew if another process has built the index since."""
        with self._lock:
            state = self._state
            if state is None or state.signature != index.signature(self._config.folder):
                self._close_retired()
                self._retire()
                state = self._state = self._read()
            if state.dense is None and self._clock() >= state.retry_at:
                self._open_dense(state)
            return state

    def _read(self) -> _State:
        signature = index.signature(self._config.folder)
        contents = read(self._config.library, self._clean)
        return _State(contents, Ranker(contents, elsewhere()), signature)

    def _open_dense(self, state: _State) -> None:
        """Open or build the dense side; a failure becomes the note until it is tried again."""
        if self._config.embedding.kind is EmbeddingKind.NONE:
            state.retry_at = float("inf")
            return
        folder = self._config.folder
        try:
            pointer = index.read_pointer(folder)
            embedder = open_embedder(self._config.embedding)
            mark = _fingerprint(_name(embedder), state.ranker)
            if embedder is not None and (pointer is None or pointer.fingerprint != mark):
                with index.building(folder):
                    self._write(state.ranker, embedder)
                state.signature = index.signature(folder)
            state.dense = index.open_dense(folder, mark)
            state.embedder, state.note = embedder, ""
        except (EmbeddingFailed, IndexDamaged) as error:
            self._fail(state, error)

    def _fail(self, state: _State, error: EmbeddingFailed | IndexDamaged) -> None:
        """Go on without the dense side for a while."""
        if state.dense is not None:
            self._retired.append(state.dense)
        state.dense = state.embedder = None
        state.note = f"{error.public} Searched by words only. {error.hint}".strip()
        state.retry_at = self._clock() + RETRY_S

    def _write(self, ranker: Ranker, embedder: Embedder | None) -> None:
        """Make the vectors and write a build; call it inside `index.building`."""
        vectors: dict[str, Vectors] = {}
        calibration: dict[str, float] = {}
        if embedder is not None:
            inside, outside = embedder.embed(ranker.texts), embedder.embed(ranker.outside)
            vectors = {index.INSIDE: inside, index.OUTSIDE: outside}
            calibration = answerable.calibrate(inside, outside)
        index.write_build(
            self._config.folder,
            fingerprint=_fingerprint(_name(embedder), ranker),
            embedding=_name(embedder),
            vectors=vectors,
            calibration=calibration,
        )

    def _search(self, question: str, limit: int) -> SearchResult:
        state = self._loaded()
        meaning = self._meaning(state, question)
        outcome = state.ranker.search(question, limit, meaning)
        embedding = _name(state.embedder)
        note = state.note
        if outcome.unknown:
            note = f"Nothing here has the number {outcome.unknown}. {note}".strip()
        elif not outcome.hits:
            note = f"{NOTHING} {note}".strip()
        return SearchResult(outcome.hits, embedding, note)

    def _meaning(self, state: _State, question: str) -> Meaning | None:
        """Ask the dense side; None without one, or when it fails just now."""
        dense, embedder = state.dense, state.embedder
        if dense is None or embedder is None or not question.strip():
            return None
        try:
            vector = embedder.embed([question])[0]
            inside = dense.nearest(index.INSIDE, vector, DEPTH)
            outside = dense.nearest(index.OUTSIDE, vector, 1)
        except (EmbeddingFailed, IndexDamaged) as error:
            with self._lock:
                self._fail(state, error)
            return None
        return Meaning(inside, outside[0][1], dense.pointer.calibration)


def open_library(
    config: IndexConfig,
    clean: Callable[[str], str] = str,
    clock: Callable[[], float] = time.monotonic,
) -> Library:
    """Make the library ready; reads nothing until the first question.

    `clean` (redaction) sees each file of the person's own folder before anything else does.
    """
    return Library(config, clean, clock)


def _name(embedder: Embedder | None) -> str:
    return embedder.name if embedder is not None else str(EmbeddingKind.NONE)


def _fingerprint(name: str, ranker: Ranker) -> str:
    """Hash what an index is made of: the embedding's name and every text."""
    digest = hashlib.sha256(name.encode())
    for text in (*ranker.texts, *ranker.outside):
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()
