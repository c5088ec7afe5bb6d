"""What an answer carries beside its text: whole lists, and numbers that say which part is shown."""

from bot.agent import assembly
from bot.cli import render
from bot.types import Answer
from tests.tools.queries.conftest import make
from tools.queries import list_findings, scan_scope
from tools.queries.context import QueryContext
from tools.queries.result import Result
from tools.scope import Scope
from tools.types import ALL


async def page(context: QueryContext, offset: int = 0) -> Result:
    scanned = await scan_scope.run(scan_scope.Arguments(), context)
    arguments = list_findings.Arguments(scan_id=scanned.data.scan.id, offset=offset)
    return await list_findings.run(arguments, context)


async def test_a_list_is_whole_and_drawn_from_its_page_on() -> None:
    result = await page(await make(Scope({"company": ALL}), "company"), 20)
    (table,) = assembly.tables([result])
    assert len(table.rows) == table.total == result.data.total > 50
    assert table.page[0] == table.rows[20]
    assert table.titled(7, table.skip).endswith(f": 21 to 27 of {table.total}")


async def test_a_list_past_the_bound_keeps_the_page_and_says_how_many_there_are(
    monkeypatch,
) -> None:
    monkeypatch.setattr(assembly, "MAX_ROWS", 30)
    result = await page(await make(Scope({"company": ALL}), "company"), 40)
    (table,) = assembly.tables([result])
    assert len(table.rows) == 30
    assert table.titled(5, table.skip).endswith(f": 41 to 45 of {result.data.total}")


async def test_every_finding_of_an_object_that_is_named_is_carried() -> None:
    result = await page(await make(Scope({"company": ALL}), "company"))
    names = sorted({item.ref.name for item in result.data.rows})
    found = assembly.spoken_of([result], f"These fail: {', '.join(names)}.")
    assert len(found) == result.data.total > 50


async def test_the_terminal_numbers_the_rows_it_shows() -> None:
    result = await page(await make(Scope({"company": ALL}), "company"), 20)
    shown = render.answer(Answer(text="x", tables=assembly.tables([result])))
    total = result.data.total
    last = min(20 + render.MAX_ROWS, total)
    assert f"21 to {last} of {total}" in shown
    assert (f"{total - last} more rows" in shown) == (last < total)
