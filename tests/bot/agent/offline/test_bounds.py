"""One message cannot hold the process up: what rules read of it is bounded, and done beside the loop."""

import threading
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from bot.agent.offline import model, plans
from bot.agent.offline.model import CUT, MOST_READ, OfflineModel
from bot.agent.offline.question import clauses
from bot.agent.offline.question.reading import Ask
from tests.fakes.desk import Desk

UNITS = ("which pods; delete web; ", "is root, ", "who can delete pods and ", "x")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the length of every text that is read as a question."""
    lengths: list[int] = []
    for module in (clauses, plans):
        read: Any = module.read

        def noted(text: str, read: Any = read) -> Ask:
            lengths.append(len(text))
            return read(text)

        monkeypatch.setattr(module, "read", noted)
    return lengths


@pytest.mark.parametrize("unit", UNITS)
def test_the_work_of_reading_a_message_does_not_grow_with_it(unit: str, work: list[int]) -> None:
    done: list[tuple[int, int]] = []
    for size in (MOST_READ, 2 * MOST_READ, 8_000):
        work.clear()
        OfflineModel().invoke([HumanMessage((unit * size)[:size])])
        done.append((len(work), sum(work)))
    assert done[0] == done[1] == done[2]
    calls, characters = done[0]
    assert calls <= 4 * clauses.MOST_CUTS
    assert characters <= calls * MOST_READ


async def test_what_was_not_read_is_said(hostile: Desk) -> None:
    short = await hostile.ask("which pods are privileged? " + "x" * (MOST_READ - 40), thread="a")
    long = await hostile.ask("which pods are privileged? " + "x" * MOST_READ, thread="b")
    assert CUT not in short.text
    assert CUT in long.text


async def test_rules_read_beside_the_event_loop(
    hostile: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    original = plans.plan

    def noted(talk: Any) -> Any:
        threads.add(threading.get_ident())
        return original(talk)

    monkeypatch.setattr(model, "plan", noted)
    await hostile.ask("which pods are privileged?")
    assert threads
    assert threading.get_ident() not in threads
