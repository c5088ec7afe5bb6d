"""Whole answers as a strong model words them, over what the queries really give."""

import pytest

from tests.bench.grounding import MOST_PASSING, SETS, cases, score


@pytest.mark.parametrize("name", SETS)
def test_nothing_true_is_taken_out_of_an_answer(name: str) -> None:
    scored = [score(case) for case in cases(f"true-{name}")]
    assert [(item.case.question, item.shown) for item in scored if item.removed] == []


@pytest.mark.parametrize("name", SETS)
def test_invented_names_and_ids_do_not_pass(name: str) -> None:
    scored = [score(case) for case in cases(f"invented-{name}")]
    planted = sum(len(item.case.planted) for item in scored)
    passing = [name for item in scored for name in item.passing]
    assert len(passing) <= MOST_PASSING * planted, passing
