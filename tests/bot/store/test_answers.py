import pytest
from sqlalchemy import update

from bot.store import answers
from bot.store.tables import answers as table
from bot.types import Answer, Citation, Step, Table, ThreadKey, Usage
from tools.types import Evidence, Finding, Gap, ResourceRef, Severity, Verdict

KEY = ThreadKey("T1", "C1", "1700000001.000000")
REF = ResourceRef("prod", "apps/v1", "Deployment", "shop", "web", "uid-1")


@pytest.fixture
def answer():
    evidence = Evidence("spec.hostPID", "true", ref=REF, resource_version="7")
    finding = Finding(
        check="host_pid",
        controls=("5.2.3",),
        severity=Severity.HIGH,
        verdict=Verdict.FAIL,
        ref=REF,
        container="web",
        reason="hostPID is true",
        evidence=(evidence, Evidence("a", "(not set)")),
        fingerprint="f1",
    )
    return Answer(
        text="*web* shares the node's processes — see `shop/web` 🙈",
        citations=(Citation("guide#why", "Host PID", "5.2.3", "https://example.org/x"),),
        tables=(Table("Findings", ("a", "b"), (("1", "=2"),), ("prod",)),),
        findings=(finding,),
        scan_id="s1",
        steps=(Step("scan_scope", {"namespaces": ["shop"], "deep": {"n": 1.5}}, "no"),),
        not_looked_at=(Gap("nodes", "refused", "Node", "", True),),
        proposals=("p1",),
        model="offline",
        usage=Usage(1, 2, 3),
        taken_out=("9.9.9",),
        incident="ok-7f3a9c",
    )


async def test_a_press_finds_exactly_what_the_message_showed(db, now, answer):
    await answers.save(db, KEY, "2.0", answer, now)

    assert await answers.load(db, KEY, "2.0") == answer


async def test_it_is_found_at_its_own_message_only(db, now, answer):
    await answers.save(db, KEY, "2.0", answer, now)

    assert await answers.load(db, KEY, "3.0") is None
    assert await answers.load(db, ThreadKey("T2", "C1", KEY.thread), "2.0") is None
    assert await answers.load(db, ThreadKey("T1", "C1", "9.0"), "2.0") is None


async def test_an_edited_message_shows_its_newest_answer(db, now, answer):
    await answers.save(db, KEY, "2.0", Answer("..."), now)
    await answers.save(db, KEY, "2.0", answer, now)

    assert await answers.load(db, KEY, "2.0") == answer


@pytest.mark.parametrize(
    "body",
    [b'{"text": 7}', b'{"shape": "of another age"}', b"{", b'{"text": "x", "findings": [{}]}'],
)
async def test_a_shape_that_is_no_longer_known_is_no_answer(db, now, answer, body):
    await answers.save(db, KEY, "2.0", answer, now)
    async with db.write() as tx:
        await tx.execute(update(table).values(body=body))

    assert await answers.load(db, KEY, "2.0") is None


async def test_an_older_shape_with_fewer_fields_is_still_read(db, now, answer):
    await answers.save(db, KEY, "2.0", answer, now)
    async with db.write() as tx:
        await tx.execute(update(table).values(body=b'{"text": "old", "gone": 1}'))

    assert await answers.load(db, KEY, "2.0") == Answer("old")
