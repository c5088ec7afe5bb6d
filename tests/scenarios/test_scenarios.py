"""Each folder is one scenario: cluster state, message, recorded model turns, and what must come of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.desk import open_desk
from tests.fakes.openai import FakeOpenAI, Turn
from tests.fakes.proposing import DEVELOPER, proposing, submitted
from tools.queries.proposing.titles import title
from tools.scope import Scope
from tools.types import ALL

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent.name for path in HERE.glob("*/scenario.json"))


def recorded(turn: dict[str, Any], scan_id: str) -> Turn:
    pairs = turn.get("calls", ())
    written = tuple(
        (name, json.dumps(given).replace("LAST_SCAN", scan_id)) for name, given in pairs
    )
    return Turn(text=turn.get("text", ""), calls=written)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_scenario(name: str, tmp_path: Path) -> None:
    scenario = json.loads((HERE / name / "scenario.json").read_text("utf-8"))
    desk = await open_desk(HERE / name / "cluster", tmp_path, **proposing())
    spaces = scenario.get("namespaces")
    scope = Scope({"demo": frozenset(spaces) if spaces else ALL})
    first = await _scan_id(desk, scope)
    async with FakeOpenAI([recorded(turn, first) for turn in scenario["turns"]]) as endpoint:
        speaking = desk.speaking(endpoint)
        given = await speaking.ask(scenario["message"], name, scope, actor=DEVELOPER)
    drafts = [title(action) for action in await submitted(desk.parts.db)]
    assert desk.parts.db is not None
    await desk.parts.db.close()
    expect = scenario["expect"]
    for text in expect["text"]:
        assert text in given.text
    for text in expect["not_text"]:
        assert text not in speaking.visible()
    assert sorted({item.ref.name for item in given.findings}) == expect["findings"]
    assert [item.control for item in given.citations] == expect["citations"]
    assert len(given.tables) == expect["tables"]
    assert [item.query for item in given.steps] == expect["steps"]
    assert list(given.taken_out) == expect["taken_out"]
    assert sorted(drafts) == expect["proposals"]
    assert len(given.proposals) == len(drafts)
    assert expect["writes"] == []


async def _scan_id(desk: Any, scope: Scope) -> str:
    """A scan that the thread may refer to; recorded turns name it as LAST_SCAN."""
    return (await desk.ask("scan everything", thread="before", scope=scope)).scan_id
