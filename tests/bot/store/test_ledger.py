"""The ledger: every transition has its row, and whatever is done to any row is found out."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text, update

from bot.approval import proposals
from bot.approval.policy.votes import Verdict
from bot.errors import LedgerBroken
from bot.store import ledger
from bot.store.ledger import Event, Head, LedgerKey
from bot.store.outbox import App
from bot.store.tables import files as file_table
from bot.store.tables import ledger as table
from bot.store.tables import operations as operation_table
from bot.store.tables import outbox as outbox_table
from bot.store.tables import proposals as proposal_table
from bot.store.tables import reviews as review_table
from tests.fakes import approvals as make
from tools.changes import OutcomeKind

KNOWING = {table, file_table, operation_table, outbox_table, proposal_table, review_table}


async def history(db):
    """Write a ledger with most events in it: 14 rows, all signed."""
    await make.approved(db)
    await make.claim(db)
    await proposals.intend(db, make.EXECUTOR.at(121), "p1", make.intent())
    await proposals.record(db, make.EXECUTOR.at(122), "p1", make.outcome(OutcomeKind.APPLIED))
    await proposals.finish(db, make.EXECUTOR.at(150), "p1", make.outcome(OutcomeKind.VERIFIED))
    await make.pending(db, "p2", "api")
    await make.press(
        db, "bob", Verdict.DENY, "p2", reason="not on a Friday \u2013 ever", key=make.KEY
    )
    await make.pending(db, "p3", "db")
    await proposals.withdraw(db, "p3", "ann", "mistaken", make.START, make.KEY)
    await proposals.submit(db, make.draft("p4"))
    await proposals.claim_draft(db, make.EXECUTOR.at(200), App.ASSISTANT)


async def rows(db):
    async with db.read() as tx:
        return list(await tx.execute(select(table).order_by(table.c.number)))


async def put_back(db, kept):
    async with db.write() as tx:
        await tx.execute(delete(table))
        for row in kept:
            await tx.execute(insert(table).values(row._asdict()))


async def run(db, *statements):
    async with db.write() as tx:
        for statement in statements:
            await tx.execute(statement)


async def events(db):
    return [row.entry.event async for page in ledger.pages(db) for row in page]


async def test_every_transition_has_its_row_with_people_digests_and_results(db):
    await history(db)

    said = [json.loads(row.body) for row in await rows(db)]

    assert [(one["proposal"], one["event"], one["state"], one["person"]) for one in said] == [
        ("p1", "claimed", "draft", ""),
        ("p1", "sealed", "pending", ""),
        ("p1", "reviewed", "approved", "bob"),
        ("p1", "executing", "executing", ""),
        ("p1", "intended", "executing", ""),
        ("p1", "recorded", "executing", ""),
        ("p1", "done", "done", ""),
        ("p2", "claimed", "draft", ""),
        ("p2", "sealed", "pending", ""),
        ("p2", "reviewed", "denied", "bob"),
        ("p3", "claimed", "draft", ""),
        ("p3", "sealed", "pending", ""),
        ("p3", "withdrawn", "withdrawn", "ann"),
        ("p4", "claimed", "draft", ""),
    ]
    assert [one["number"] for one in said] == list(range(1, 15))
    assert {one["requester"] for one in said} == {"ann"}
    assert len({one["digest"] for one in said[1:7]}) == 1
    assert said[1]["facts"]["needed"] == 1
    assert "hostPID" in json.dumps(said[1]["facts"]["diff"])
    assert json.loads(said[1]["facts"]["action"])["action"] == "x"
    assert said[5]["facts"]["audit_id"] == "audit-1"
    assert said[6]["facts"]["outcome"] == "verified"
    assert said[9]["facts"] == {
        "approvals": 0,
        "needed": 1,
        "reason": "not on a Friday \u2013 ever",
        "verdict": "deny",
    }


async def test_an_untouched_ledger_is_sound_and_its_head_can_be_noted(db):
    await history(db)
    noted = await ledger.head(db)

    found = await ledger.verify(db, make.KEY, noted)

    assert (found.troubles, found.unsigned, found.head) == ([], [], noted)
    assert (noted.count, len(noted.mac)) == (14, 64)


async def test_an_empty_ledger_is_sound(db):
    found = await ledger.verify(db, make.KEY, Head())
    assert (found.troubles, found.head) == ([], Head())


def flipped(value, place):
    if isinstance(value, bytes):
        bit = 1 if place % 2 else 128
        return value[:place] + bytes([value[place] ^ bit]) + value[place + 1 :]
    return value[:place] + ("0" if value[place] != "0" else "1") + value[place + 1 :]


@pytest.mark.slow
async def test_a_flipped_bit_in_any_row_is_found(db):
    await history(db)
    noted, kept = await ledger.head(db), await rows(db)
    for row in kept:
        body, mac = bytes(row.body), row.mac
        for place in {0, len(body) // 3, len(body) // 3 + 1, len(body) - 1}:
            which = table.c.number == row.number
            await run(db, update(table).where(which).values(body=flipped(body, place)))
            found = await ledger.verify(db, make.KEY, noted)
            assert any(f"Row {row.number} " in one for one in found.troubles), (row.number, place)
            await run(
                db, update(table).where(which).values(body=body, mac=flipped(mac, place % 64))
            )
            assert (await ledger.verify(db, make.KEY, noted)).troubles
            await run(db, update(table).where(which).values(proposal="px", mac=mac))
            assert (await ledger.verify(db, make.KEY, noted)).troubles
            await run(db, update(table).where(which).values(proposal=row.proposal))
    assert (await ledger.verify(db, make.KEY, noted)).troubles == []


async def test_any_row_taken_out_is_found(db):
    await history(db)
    noted, kept = await ledger.head(db), await rows(db)
    for row in kept:
        await run(db, delete(table).where(table.c.number == row.number))
        found = await ledger.verify(db, make.KEY, noted)
        expected = f"Row {row.number} is missing." if row is not kept[-1] else "cut off"
        assert any(expected in one for one in found.troubles), row.number
        later = [one for one in kept if one.number > row.number]
        await run(
            db,
            *(
                update(table).where(table.c.number == one.number).values(number=one.number - 1)
                for one in later
            ),
        )
        assert (await ledger.verify(db, make.KEY, noted)).troubles, row.number
        await put_back(db, kept)


@pytest.mark.slow
async def test_any_two_rows_in_each_others_place_are_found(db):
    await history(db)
    noted, kept = await ledger.head(db), await rows(db)
    for first in kept:
        for second in kept[first.number :: 4]:
            for parts in (("body",), ("body", "mac"), ("proposal", "body", "mac")):
                for here, there in ((first, second), (second, first)):
                    values = {name: getattr(there, name) for name in parts}
                    await run(db, update(table).where(table.c.number == here.number).values(values))
                found = await ledger.verify(db, make.KEY, noted)
                assert found.troubles, (first.number, second.number, parts)
                await put_back(db, kept)


async def test_an_end_cut_off_is_found_by_the_noted_head_wherever_it_was_cut(db):
    await history(db)
    noted, kept = await ledger.head(db), await rows(db)
    for count in range(len(kept)):
        await put_back(db, kept[:count])
        found = await ledger.verify(db, make.KEY, noted)
        assert any("cut off" in one for one in found.troubles), count


async def test_an_end_cut_off_with_the_proposals_left_is_found_without_a_noted_head(db):
    await history(db)
    await run(db, delete(table).where(table.c.number > 12))

    found = await ledger.verify(db, make.KEY)

    assert found.troubles == [
        "The last rows of proposal p3 are missing.",
        "The last rows of proposal p4 are missing.",
    ]


@pytest.mark.parametrize("left", [operation_table, review_table, outbox_table])
async def test_an_emptied_ledger_is_found_by_whatever_the_store_still_knows_of_it(db, left):
    await history(db)
    await run(db, *(delete(each) for each in KNOWING - {left}))

    found = await ledger.verify(db, make.KEY)

    assert any("rows of proposal p1 are missing" in one for one in found.troubles)


async def test_an_end_cut_off_shows_by_its_reviews_and_writes_though_proposals_were_set_back(db):
    await history(db)
    entries = [row.entry async for page in ledger.pages(db) for row in page]
    kept = await rows(db)
    for count, cut in enumerate(entries):
        await put_back(db, kept[:count])
        left = Counter(one.proposal for one in entries[:count])
        for proposal in ("p1", "p2", "p3", "p4"):
            set_back = update(proposal_table).where(proposal_table.c.id == proposal)
            await run(db, set_back.values(revision=max(left[proposal], 1)))
        found = await ledger.verify(db, make.KEY)
        later = {one.event for one in entries[count:]}
        if later & {Event.REVIEWED, Event.INTENDED, Event.RECORDED} or cut.revision == 1:
            assert found.troubles, count


async def test_a_signed_row_of_a_history_that_was_cut_off_cannot_be_put_back(db):
    await history(db)
    kept = await rows(db)
    await run(db, delete(table).where(table.c.number == 14))
    await run(db, delete(proposal_table).where(proposal_table.c.id == "p4"))
    await proposals.submit(db, make.draft("p4", requester="cho"))
    await proposals.claim_draft(db, make.EXECUTOR.at(200), App.ASSISTANT)
    await proposals.withdraw(db, "p4", "cho", "", make.EXECUTOR.at(201).now, make.KEY)
    assert (await ledger.verify(db, make.KEY)).troubles == []

    await run(db, delete(table).where(table.c.number == 14))
    await run(db, insert(table).values(kept[-1]._asdict()))

    assert (await ledger.verify(db, make.KEY)).troubles


async def test_a_row_written_without_the_key_is_found(db):
    await history(db)
    kept = await rows(db)
    forged = kept[2]._asdict() | {"number": 15}
    body = json.loads(forged["body"]) | {"number": 15, "revision": 2, "proposal": "p9"}
    forged |= {"body": json.dumps(body, sort_keys=True, separators=(",", ":")).encode()}
    other = LedgerKey(b"x" * 32)
    await run(db, insert(table).values(forged | {"mac": other.sign(kept[-1].mac, forged["body"])}))

    assert (await ledger.verify(db, make.KEY)).troubles
    assert (await ledger.verify(db, other)).more_troubles + len(
        (await ledger.verify(db, other)).troubles
    ) >= 14


async def test_taking_signatures_off_does_not_get_a_changed_row_signed_again(db):
    await history(db)
    noted = await ledger.head(db)
    await run(db, update(table).where(table.c.number >= 6).values(mac=None))

    with pytest.raises(LedgerBroken, match="row 6"):
        await ledger.sign(db, make.KEY)
    assert any("not signed" in one for one in (await ledger.verify(db, make.KEY)).troubles)
    assert any("cut off" in one for one in (await ledger.verify(db, make.KEY, noted)).troubles)


async def test_what_serve_writes_is_named_until_the_executor_signs_it(db):
    await make.pending(db, needed=2)
    await make.press(db, "bob")
    await make.press(db, "cho")

    before = await ledger.verify(db, make.KEY)
    head = await ledger.sign(db, make.KEY)
    after = await ledger.verify(db, make.KEY, head)

    assert (before.unsigned, before.head.count, before.troubles) == ([3, 4], 2, [])
    assert (after.unsigned, after.head, after.troubles) == ([], head, [])


async def test_the_executor_signs_what_serve_wrote_before_it_acts_on_it(db):
    await make.approved(db)
    assert (await ledger.head(db)).count == 2

    await make.claim(db)

    assert (await ledger.head(db)).count == 4


async def test_the_executor_does_not_act_on_a_ledger_with_a_hole(db):
    await make.approved(db)
    await run(db, delete(table).where(table.c.number == 2))

    with pytest.raises(LedgerBroken, match="row 2"):
        await make.claim(db)

    case = await proposals.get(db, "p1")
    assert case is not None
    assert case.proposal.state == "approved"


async def test_only_the_executor_writes_its_events(db):
    await make.approved(db)
    entry = ledger.Entry(0, "", Event.EXECUTING, "p1", 4, "executing")
    with pytest.raises(ValueError, match="only the executor"):
        async with db.write() as tx:
            await ledger.append(tx, entry, None)


async def test_text_that_no_database_takes_is_kept_readable(db):
    await make.pending(db)
    await make.press(db, "bob", reason="a\ud800b\0c", key=make.KEY)

    found = await ledger.verify(db, make.KEY)

    assert found.troubles == []
    assert "a?b" in json.loads((await rows(db))[-1].body)["facts"]["reason"]


async def test_numbers_have_no_hole_though_a_transition_failed(db):
    await make.pending(db)
    async with db.write() as tx:
        await tx.execute(text("ALTER TABLE outbox RENAME TO gone"))
    with pytest.raises(Exception, match=r"outbox|database"):
        await make.press(db, "bob")
    async with db.write() as tx:
        await tx.execute(text("ALTER TABLE gone RENAME TO outbox"))

    await make.press(db, "bob")

    assert [row.number for row in await rows(db)] == [1, 2, 3]


async def test_a_ledger_of_several_pages_is_read_whole(db, monkeypatch):
    monkeypatch.setattr(ledger, "PAGE", 4)
    await history(db)
    assert Counter(await events(db))[Event.CLAIMED] == 4
    assert (await ledger.verify(db, make.KEY)).head.count == 14


def test_a_short_key_is_refused_and_no_key_is_printed():
    with pytest.raises(ValueError, match="32 bytes"):
        LedgerKey(b"x" * 31)
    assert "tests" not in repr(make.KEY)


async def test_a_step_of_a_proposal_left_out_is_found_before_it_is_signed(db):
    await make.pending(db, needed=3)
    await make.press(db, "bob")
    await make.press(db, "cho")
    await run(db, delete(table).where(table.c.number == 4))
    await make.press(db, "dan")

    found = await ledger.verify(db, make.KEY)

    assert found.troubles == ["Row 4 does not follow the row before it of its proposal."]


async def test_times_are_those_given(db):
    await make.pending(db)
    await make.press(db, "bob", seconds=61.5)
    body = json.loads((await rows(db))[-1].body)
    assert body["at"] == ledger.instant(make.START + timedelta(seconds=61.5))
    async with db.read() as tx:
        changed = (await tx.execute(select(proposal_table.c.changed_at))).scalar_one()
    assert ledger.instant(changed) == body["at"]
