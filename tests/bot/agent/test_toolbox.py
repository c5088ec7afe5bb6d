import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.utils.function_calling import convert_to_openai_tool

from bot.agent import toolbox
from tests.fakes.desk import Desk
from tests.fakes.openai import FakeOpenAI, call, say
from tools.queries import clusters

SNAPSHOT = Path(__file__).parent / "tool_schemas.json"


def test_what_the_model_is_offered_is_what_was_reviewed() -> None:
    """After a change on purpose: python -m tests.bot.agent.test_toolbox writes the file anew."""
    assert schemas() == json.loads(SNAPSHOT.read_text("utf-8"))


def test_what_the_model_is_offered_fits_in_ten_kilobytes() -> None:
    """It goes along with every request."""
    assert len(json.dumps(schemas(), separators=(",", ":"))) <= 10_000


def test_a_short_schema_keeps_names_choices_and_what_must_be_given() -> None:
    for module in toolbox.QUERIES.values():
        whole = module.Arguments.model_json_schema()
        kept = toolbox.short_schema(whole)
        assert set(kept["properties"]) == set(whole.get("properties", {}))
        assert kept.get("required", []) == whole.get("required", [])
        for name, field in kept["properties"].items():
            assert "enum" in field or field["type"] in _TYPES
            assert "items" in field or field.get("type") != "array"
            choices = whole["properties"][name].get("enum")
            assert choices is None or field["enum"] == [one for one in choices if one]


_TYPES = ("string", "integer", "boolean", "array", "object")


def schemas() -> list[dict[str, Any]]:
    return [convert_to_openai_tool(tool) for tool in toolbox.tools()]


def test_every_query_is_offered_and_documented() -> None:
    folder = Path(inspect.getfile(clusters)).parent
    queries = {p.stem for p in folder.glob("*.py") if "class Arguments(" in p.read_text("utf-8")}
    assert queries == set(toolbox.QUERIES)
    for module in toolbox.QUERIES.values():
        assert len(inspect.getdoc(module) or "") > 60


async def test_a_defect_of_ours_gets_an_incident_and_no_details(
    bakery: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret-looking detail password=hunter2hunter2")

    monkeypatch.setattr(clusters, "run", broken)
    async with FakeOpenAI([call("clusters"), say("I could not list clusters.")]) as endpoint:
        given = await bakery.speaking(endpoint).ask("which clusters are there?")
        told = endpoint.requests[1]["messages"][-1]["content"]
    assert given.incident.startswith("ok-")
    assert given.incident in told
    assert given.incident in given.steps[0].failed
    for text in (told, str(given)):
        assert "hunter2" not in text
        assert "RuntimeError" not in text


async def test_wrong_arguments_are_named_without_their_values(bakery: Desk) -> None:
    wrong = call(
        "scan_scope", namespaces=["x"], surprise="ghp_0123456789abcdefghijABCDEFGHIJ012345"
    )
    async with FakeOpenAI([wrong, say("ok")]) as endpoint:
        await bakery.speaking(endpoint).ask("scan")
        told = endpoint.requests[1]["messages"][-1]["content"]
    assert "no other arguments than benchmark, cluster" in told
    assert "surprise" not in told
    assert "ghp_" not in told


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(schemas(), indent=1) + "\n", "utf-8")
