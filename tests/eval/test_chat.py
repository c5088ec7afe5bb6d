import asyncio
from pathlib import Path

import pytest

from tests.eval.runner import HERE, Judged, figures, load, run_all

TASKS = HERE / "chat-own.jsonl"


def told(outcomes: list[Judged]) -> str:
    return "\n".join(
        f"{item.task['id']} missed {item.missed} broken {item.broken}: {item.answer.text[:300]}"
        for item in outcomes
        if item.missed or item.broken
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["offline", "scripted"])
def test_our_own_tasks(model: str) -> None:
    outcomes = asyncio.run(run_all(TASKS, HERE / "folders", model == "scripted"))
    met, wanted, broken = figures(outcomes)
    assert met / wanted >= 0.95, told(outcomes)
    assert broken == 0, told(outcomes)
    for item in outcomes:
        assert item.answer.text.strip()
        if model == "offline":
            assert "No language model was used" in item.answer.text
            quotes_strangers = item.task["setup"] == "hostile"
            assert item.answer.taken_out == () or quotes_strangers


def test_tasks_are_varied_and_their_folders_exist() -> None:
    tasks = load(TASKS)
    kinds = {task["kind"] for task in tasks}
    assert len(tasks) >= 30
    assert {"question", "scan", "explain", "followup"} <= kinds
    assert len({task["id"] for task in tasks}) == len(tasks)
    for task in tasks:
        assert Path(HERE / "folders" / task["setup"]).is_dir()
