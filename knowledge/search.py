"""Search over the library: exact identifiers first, then words, then meaning, or an honest nothing.

Used by the queries of `tools` and the `search` command.
"""

import asyncio
import threading
from dataclasses import dataclass

import numpy as np

from knowledge import catalogue
from knowledge.lexical import LexicalIndex
from knowledge.types import Control, Guide, Hit, IndexConfig, Passage, SearchResult

MAX_QUESTION = 2000
"""Characters of a question that are read."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One text that may be found, and the passage it leads to."""

    passage: Passage
    text: str


class Library:
    """Guides and control facts, searchable. Made by `open_library`."""

    def __init__(self, config: IndexConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._entries: list[_Entry] = []
        self._lexical: LexicalIndex | None = None

    async def search(self, question: str, limit: int = 10) -> SearchResult:
        """Rank what answers a question; at most `limit` rows, one per control, or none and why."""
        return await asyncio.to_thread(self._search, question[:MAX_QUESTION], max(1, limit))

    def guide_for(self, control_id: str) -> Guide | None:
        """Give the guide that explains a control best; None where none is written yet."""
        return None

    def passage(self, passage_id: str) -> Passage | None:
        """Open one passage by its id."""
        self._load()
        return next((e.passage for e in self._entries if e.passage.id == passage_id), None)

    async def build(self) -> str:
        """Build the index now; tells which embedding made it."""
        await asyncio.to_thread(self._load)
        return "none"

    def close(self) -> None:
        """Let go of files."""

    def _load(self) -> LexicalIndex:
        with self._lock:
            if self._lexical is None:
                self._entries = [_facts(each) for each in catalogue.controls("cis-1.12")]
                self._lexical = LexicalIndex([entry.text for entry in self._entries])
            return self._lexical

    def _search(self, question: str, limit: int) -> SearchResult:
        scores = self._load().scores(question)
        order = [int(at) for at in np.argsort(-scores, kind="stable") if scores[at] > 0][:limit]
        hits = tuple(
            Hit(
                rank,
                self._entries[at].passage.controls[0],
                self._entries[at].passage,
                float(scores[at]),
            )
            for rank, at in enumerate(order, 1)
        )
        note = "" if hits else "Nothing in the library answers this question."
        return SearchResult(hits, "none", note)


def open_library(config: IndexConfig) -> Library:
    """Make the library ready; reads nothing until the first question."""
    return Library(config)


def _facts(control: Control) -> _Entry:
    text = (
        f"{control.id} {control.title}. {control.setting}: {control.expected}. "
        f"No guidance is written for this control yet."
    )
    passage = Passage(
        id=f"control:{control.benchmark}/{control.id}",
        document=control.benchmark,
        title=control.title,
        heading=(control.section,),
        text=text,
        controls=(control.id,),
        sources=control.sources,
    )
    aliases = " ".join(control.aliases)
    return _Entry(passage, f"{control.id} {control.title} {control.setting} {aliases}")
