"""Where changes stand that were asked for, told in the real conversation from stored rows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from bot.approval.policy.votes import Verdict
from bot.store import proposals
from bot.types import ThreadKey
from tests.fakes.desk import NOW, Desk, open_desk
from tests.fakes.openai import FakeOpenAI, call, say
from tests.fakes.proposed import POLICY as PROD_POLICY
from tests.fakes.proposed import Proposing, actor, harden
from tools.scope import Scope, Seen
from tools.types import ALL

STORE = Path(__file__).parents[1] / "eval" / "folders" / "store"
WORDS = [
    "approve it",
    "approve the change of web",
    "please approve that",
    "LGTM",
    "+1",
    "yes, do it",
    "go ahead",
    "apply the change now",
    "genehmige das",
    "gib das frei",
    "ich genehmige die Änderung an web",
    "reject it",
    "reject the proposal",
    "don't approve this",
    "lehne das ab",
    "withdraw my request",
    "cancel my request",
    "take my request back",
    "zieh meine Anfrage zurück",
    "undo the last change of web",
    "undo that",
    "can this be undone?",
    "veto",
    "bin einverstanden",
    "roll it back",
    "revert the change",
    "mach das rückgängig",
    "nimm die Änderung zurück",
]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await open_desk(STORE, tmp_path, policy=lambda: PROD_POLICY)
    made.scope = Scope({"prod": frozenset({"shop"}), "lab": ALL})
    yield made
    assert made.parts.db is not None
    await made.parts.db.close()


def asking(desk: Desk, thread: str = "t") -> Proposing:
    assert desk.parts.db is not None
    return Proposing(desk.parts.db, ThreadKey("T", "C", thread), NOW)


async def ask(desk: Desk, text: str, **more: object) -> str:
    given = await desk.ask(text, actor=actor("UANN"), **more)  # type: ignore[arg-type]
    return given.text


async def test_what_waits_is_listed_with_who_may_approve_and_until_when(desk: Desk) -> None:
    await asking(desk).pending("p1")
    told = await ask(desk, "what is waiting for approval?")
    assert "harden Deployment shop/web: privileged, seccomp (cluster prod)" in told
    assert "Waits for approval: 0 of 1" in told
    assert "Asked for by ann at 2026-11-24 12:00 UTC" in told
    assert "leads, on-call may approve it; until 2026-11-24 12:30 UTC" in told
    assert "its card in this thread" in told


async def test_a_draft_that_nobody_looked_at_is_told_as_such(desk: Desk) -> None:
    given = await desk.ask("what have I asked for?", actor=actor("UANN"))
    assert "No change that was asked for" in given.text
    made = asking(desk)
    await made.draft("p1")
    assert "Being tried out on the cluster" in await ask(desk, "what have I asked for?")


async def test_what_came_of_it_is_told_with_who_approved(desk: Desk) -> None:
    made = asking(desk)
    await made.pending("p1")
    await made.vote("p1", "bob", "UBOB")
    await made.done("p1")
    for text in (
        "was my change applied?",
        "who approved the change of web?",
        "has my request gone through?",
        "wer hat die Änderung von web genehmigt?",
        "wurde meine Änderung angewendet?",
        "did my fix go through?",
        "what was approved today?",
        "status of my request",
    ):
        told = await ask(desk, text)
        assert "Done and verified" in told, text
        assert "approved by bob" in told, text


async def test_a_rejection_is_told_with_its_reason(desk: Desk) -> None:
    made = asking(desk)
    await made.pending("p1")
    await made.vote("p1", "bob", "UBOB", Verdict.DENY)
    told = await ask(desk, "why was my request rejected?")
    assert "Rejected" in told
    assert "rejected by bob" in told


async def test_nobody_else_s_changes_are_called_mine(desk: Desk) -> None:
    await asking(desk).pending("p1", user="UBOB", person="bob")
    assert "No change that was asked for" in await ask(desk, "what have I asked for?")
    assert "asked for by bob" in (await ask(desk, "who asked for the change of web?")).lower()


@pytest.mark.parametrize(
    "scope",
    [{}, {"lab": ALL}, {"prod": frozenset({"bench"})}, {"prod": frozenset[str]()}],
    ids=["nothing", "another cluster", "another namespace", "no namespace"],
)
async def test_what_lies_outside_the_scope_is_never_told(
    desk: Desk, scope: dict[str, Seen]
) -> None:
    await asking(desk).pending("p1")
    for text in ("what is waiting for approval?", "who approved the change of web?", "approve it"):
        told = await ask(desk, text, scope=Scope(scope))
        assert "shop" not in told
        assert "privileged" not in told
        assert "ann" not in told.replace("cannot", "")


async def test_a_model_asks_the_same_and_is_held_to_the_scope(desk: Desk) -> None:
    await asking(desk).pending("p1")
    turns = [call("list_proposals", standing="waiting"), say("Harden Deployment `web` waits.")]
    async with FakeOpenAI(turns) as endpoint:
        speaking = desk.speaking(endpoint)
        given = await speaking.ask("what waits?", scope=Scope({"lab": ALL}), actor=actor("UANN"))
        sent = endpoint.requests[-1]["messages"][-1]["content"]
    assert sent == "None that may be seen here."
    assert "`web`" not in given.text


@pytest.mark.parametrize("text", WORDS)
async def test_no_word_decides_and_the_card_that_is_meant_is_named(desk: Desk, text: str) -> None:
    made = asking(desk)
    await made.pending("p1")
    told = await ask(desk, text)
    assert told.startswith("Nothing is "), told
    assert "by words here" in told
    assert "harden Deployment shop/web: privileged, seccomp (cluster prod)" in told
    assert "its card in this thread" in told
    assert desk.parts.db is not None
    case = await proposals.get(desk.parts.db, "p1")
    assert case is not None
    assert (case.proposal.state, case.reviews) == (proposals.State.PENDING, ())
    assert desk.answers[-1].proposals == ()


async def test_of_several_the_one_that_the_button_is_on_is_named(desk: Desk) -> None:
    made = asking(desk)
    await made.pending("p1")
    await made.vote("p1", "bob", "UBOB")
    await made.done("p1")
    made.now += timedelta(minutes=1)
    await made.pending("p2", action=harden("api"))
    undo = await ask(desk, "undo the last change")
    approve = await ask(desk, "approve it")
    assert "shop/web" in undo
    assert "shop/api" not in undo
    assert "Undo: its card in this thread" in undo
    assert "shop/api" in approve
    assert "shop/web" not in approve


async def test_a_card_elsewhere_is_named_by_where_it_is(desk: Desk) -> None:
    await asking(desk, "other").pending("p1")
    assert "its card in the thread where it was asked for" in await ask(desk, "approve it")


@pytest.mark.parametrize(
    "text",
    [
        "who can approve certificate signing requests?",
        "which roles may approve CSRs?",
        "what does the benchmark say about rollback of the kubelet?",
        "isolate the shop namespace",
        "deny traffic in shop",
    ],
)
async def test_what_only_sounds_like_it_is_answered_as_before(desk: Desk, text: str) -> None:
    given = await desk.ask(text, actor=actor("UANN"), scope=Scope({"demo": ALL}))
    assert "list_proposals" not in [step.query for step in given.steps]


async def test_without_a_store_it_says_so(tmp_path: Path) -> None:
    desk = await open_desk(STORE, tmp_path, remember=False)
    assert "no store here" in (await desk.ask("what is waiting for approval?")).text


async def test_a_store_that_may_not_be_read_is_said_and_nothing_is_invented(desk: Desk) -> None:
    await asking(desk).pending("p1")
    assert desk.parts.db is not None
    async with desk.parts.db.write() as tx:
        await tx.execute(sql("DROP TABLE proposals"))
    for words in ("what is waiting for approval?", "undo the last change of web"):
        told = await ask(desk, words)
        assert "What was asked for cannot be read from here." in told
        assert "shop" not in told
