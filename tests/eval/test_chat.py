import asyncio
from pathlib import Path

import pytest

from tests.eval.runner import HERE, Judged, figures, load, run_all

FLOORS = {
    "chat-own.jsonl": 0.97,
    "chat-second.jsonl": 0.97,
    "chat-third.jsonl": 0.90,
    "chat-remediate.jsonl": 0.97,
    "chat-remediate-second.jsonl": 0.96,
    "chat-remediate-third.jsonl": 0.97,
    "chat-remediate-fourth.jsonl": 0.96,
    "chat-orders.jsonl": 0.88,
}
"""Share of text, evidence and draft items that must be met. The second file was written without a look at
the rules, which met 136 of its 159 items then; the third after the rules were mended by the second, and
nothing was mended by it. Of requests for changes the first file was written beside the rules; the second
to fourth without trying them, and the rules then met 17 of 30, 18 of 24 and 20 of 40 tasks whole, each time
before they were mended. What they missed was answered as a question, but for three of the fourth file that
drafted another change than was asked for; three of its tasks asked for what no answer could hold (two for
the shape of a draft, one for an object without a uid), which was mended in the file.
chat-orders.jsonl was written without a look at how orders are read: 100 messages that order something and 100
that must draft nothing. At first sight 40 of the 100 orders were drafted whole, and 3 of the others drafted
something, each by the reading of questions, which drafts nothing any more; then the reading was mended by it."""


def told(outcomes: list[Judged]) -> str:
    return "\n".join(
        f"{item.task['id']} missed {item.missed} broken {item.broken}: {item.answer.text[:300]}"
        for item in outcomes
        if item.missed or item.broken
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOORS)
@pytest.mark.parametrize("model", ["offline", "scripted"])
def test_chat_tasks(model: str, name: str) -> None:
    outcomes = asyncio.run(run_all(HERE / name, HERE / "folders", model == "scripted"))
    met, wanted, broken = figures(outcomes)
    assert met / wanted >= FLOORS[name], told(outcomes)
    assert broken == 0, told(outcomes)
    for item in outcomes:
        assert item.answer.text.strip()
        if model == "offline":
            assert "No language model was used" in item.answer.text
            quotes_strangers = item.task["setup"] == "hostile"
            assert item.answer.taken_out == () or quotes_strangers


def test_tasks_are_varied_and_their_folders_exist() -> None:
    tasks = [task for name in FLOORS for task in load(HERE / name)]
    kinds = {task["kind"] for task in tasks}
    assert len(tasks) >= 30
    assert {"question", "scan", "explain", "followup", "remediate", "manage"} <= kinds
    assert len({task["id"] for task in tasks}) == len(tasks)
    for task in tasks:
        for folder in task.get("clusters", {"": task["setup"]}).values():
            assert Path(HERE / "folders" / folder).is_dir()
