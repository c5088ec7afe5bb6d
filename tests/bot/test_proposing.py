"""From a question to a draft, through the real conversation; a draft is all that comes of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.approval import asking, proposals, standing
from bot.approval.transitions import Turn
from bot.conversation import _context, answer
from bot.errors import StoreUnavailable
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.outbox import App
from bot.types import Answer, Place, Request, ThreadKey
from tests.fakes.desk import NOW, Desk, open_desk
from tests.fakes.openai import FakeOpenAI, call, calls, say
from tests.fakes.proposing import DEVELOPER, LEAD, POLICY, alive, proposing, submitted
from tools.actions.delete_object import DeleteObject
from tools.actions.harden_workload import HardenWorkload
from tools.actions.scale import Scale
from tools.planning.hardening import Setting
from tools.queries import propose_change
from tools.scope import Scope
from tools.types import ALL, Target

WORKSHOP = Path(__file__).parents[1] / "eval" / "folders" / "workshop"
FIX = ("propose_fix", {"name": "lathe", "namespace": "bench", "controls": ["5.2.2"]})
SCALE = ("propose_change", {"change": "scale", "name": "press", "replicas": 5})
UNCHANGED = "Nothing was changed by this answer."


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = await open_desk(WORKSHOP, tmp_path, **proposing())
    yield made
    assert made.parts.db is not None
    await made.parts.db.close()


async def ask(desk: Desk, text: str, **more: Any) -> Answer:
    return await desk.ask(text, **({"actor": DEVELOPER} | more))


async def with_model(desk: Desk, turns: list[Any], text: str = "fix lathe", **more: Any) -> Answer:
    async with FakeOpenAI(turns) as endpoint:
        return await ask(desk.speaking(endpoint), text, **more)


async def test_a_request_becomes_a_draft_and_the_answer_says_so_by_code(desk: Desk) -> None:
    given = await ask(desk, "propose a fix for lathe in bench running privileged")
    (action,) = await submitted(desk.parts.db)
    assert isinstance(action, HardenWorkload)
    assert (action.target.name, action.target.uid, action.answers) == (
        "lathe",
        "u-lathe",
        ("privileged_container",),
    )
    assert len(given.proposals) == 1
    asked = "Asked for (risk high, needs 1 approval): harden Deployment bench/lathe: privileged."
    assert asked in given.text
    assert UNCHANGED in given.text
    assert "A card with the exact change follows in this thread" in given.text
    assert any(asked in item.text for item in desk.shown)


async def test_the_draft_holds_who_asked_where_and_when(desk: Desk) -> None:
    given = await ask(desk, "scale press to 5")
    db = desk.parts.db
    assert db is not None
    turn = Turn("w", NOW, 60, LedgerKey(b"k" * 32))
    draft = await proposals.claim_draft(db, turn, App.ASSISTANT)
    assert draft is not None
    assert draft.id == given.proposals[0]
    assert (draft.requester, draft.account) == ("developer", ("T0HOME", "U0DEV"))
    assert (draft.thread, draft.submitted_at) == (ThreadKey("T", "C", "t"), NOW)
    assert standing.read(draft.standing, DEVELOPER.account) == DEVELOPER


async def test_an_action_worked_out_twice_is_one_draft(desk: Desk) -> None:
    given = await with_model(
        desk, [calls(FIX, FIX, SCALE), call(*SCALE[:1], **SCALE[1]), say("ok")]
    )
    assert len(given.proposals) == 2
    assert [type(one) for one in await submitted(desk.parts.db)] in (
        [HardenWorkload, Scale],
        [Scale, HardenWorkload],
    )


async def test_fixes_of_one_object_in_several_calls_are_one_action(desk: Desk) -> None:
    token = (FIX[0], FIX[1] | {"controls": ["5.1.6"], "confirmed": True})
    more = (FIX[0], FIX[1] | {"controls": ["5.6.2"]})
    turns = [calls(FIX), calls(token), calls(more), say("See the card.")]
    given = await with_model(desk, turns, "fix lathe and its token, I confirm that")
    (action,) = await submitted(desk.parts.db)
    assert isinstance(action, HardenWorkload)
    assert action.settings == (Setting.PRIVILEGED, Setting.SECCOMP, Setting.TOKEN)
    assert action.confirmed
    assert "harden Deployment bench/lathe: privileged, seccomp, token; a person" in given.text


async def test_a_question_taken_up_again_asks_once(desk: Desk) -> None:
    once = await ask(desk, "scale press to 5")
    desk.answers.clear()
    again = await ask(desk, "scale press to 5")
    assert again.proposals == once.proposals
    assert len(await submitted(desk.parts.db)) == 1


async def test_explaining_a_fix_proposes_nothing(desk: Desk) -> None:
    given = await ask(desk, "how would I fix lathe in bench?")
    assert given.proposals == ()
    assert await submitted(desk.parts.db) == []


@pytest.mark.parametrize(
    ("parts", "more", "why"),
    [
        ({"policy": lambda: None}, {}, "No approval policy is configured"),
        ({}, {"actor": None}, "could not be learnt"),
        ({}, {"actor": LEAD}, "names who may propose this"),
        ({}, {"actor": replace(DEVELOPER, is_guest=True)}, "Guests"),
        ({}, {"actor": replace(DEVELOPER, is_bot=None)}, "could not be learnt"),
        ({"db": None}, {}, "no store"),
    ],
)
async def test_what_was_not_asked_for_says_why(
    desk: Desk, parts: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    other = Desk(replace(desk.parts, **parts), desk.scope)
    given = await ask(other, "scale press to 5", **more)
    assert given.proposals == ()
    assert "No approval was asked for: scale Deployment bench/press to 5 replicas." in given.text
    assert why in given.text
    assert UNCHANGED in given.text
    assert await submitted(desk.parts.db) == []


async def test_without_an_executor_nothing_is_asked_for(desk: Desk) -> None:
    async def dead() -> bool:
        return False

    other = Desk(replace(desk.parts, executor_alive=dead), desk.scope)
    given = await ask(other, "scale press to 5")
    assert "No executor is running" in given.text
    assert await submitted(desk.parts.db) == []


async def test_a_store_that_goes_away_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> bool:
        raise StoreUnavailable("The database does not answer.")

    monkeypatch.setattr(asking.seen, "first_time", away)
    given = await ask(desk, "scale press to 5")
    assert asking.STORE_AWAY in given.text
    assert given.proposals == ()


async def test_the_policy_decides_by_place(desk: Desk) -> None:
    """The rule for `quiet` names only the lead; the place of a Namespace is itself."""
    request = _request(ThreadKey("T", "C", "t"))
    wish = asking.Wish(_scale_in("quiet"), "scale it")
    (asked,) = await asking.ask(_desk(desk.parts.db), request, (wish,))
    assert (asked.id, "developer" in asked.why) == ("", True)


@pytest.mark.parametrize("place", [Place.DIRECT, Place.PANE])
async def test_where_nobody_else_could_see_the_card_nothing_is_asked_for(
    desk: Desk, place: Place
) -> None:
    request = replace(_request(ThreadKey("T", "D1", "t")), place=place)
    in_private = await asking.ask(
        _desk(desk.parts.db), request, (asking.Wish(_scale_in("yard"), ""),)
    )
    in_public = await asking.ask(
        _desk(desk.parts.db),
        replace(request, place=Place.CHANNEL),
        (asking.Wish(_scale_in("yard"), ""),),
    )

    assert [one.why for one in in_private] == [asking.PRIVATE]
    assert [one.why for one in in_public] == [""]


async def test_outside_the_askers_scope_nothing_is_asked_for(desk: Desk) -> None:
    wish = asking.Wish(_scale_in("bench"), "scale it")
    narrow = replace(_request(ThreadKey("T", "C", "t")), scope=Scope({"demo": frozenset({"yard"})}))
    (asked,) = await asking.ask(_desk(desk.parts.db), narrow, (wish,))
    assert asked.why == "That place is not open to changes from here."
    assert await submitted(desk.parts.db) == []


async def test_an_answer_asks_for_few_and_an_hour_for_not_many(desk: Desk) -> None:
    flood = [calls(*[_scaling(number) for number in range(8)]), say("Done.")]
    given = await with_model(desk, flood)
    assert len(given.proposals) == asking.MOST_IN_ONE_ANSWER
    assert asking.TOO_MANY_AT_ONCE in given.text
    for turn in range(1, 5):
        more = [calls(*[_scaling(10 * turn + number) for number in range(5)]), say("Done.")]
        given = await with_model(desk, more, thread=f"t{turn}")
    assert given.proposals == ()
    assert asking.TOO_MANY in given.text
    assert len(await submitted(desk.parts.db)) == asking.MOST_IN_ONE_HOUR
    later = replace(_request(ThreadKey("T", "C", "t")), asked_at=NOW + timedelta(hours=1))
    (asked,) = await asking.ask(
        _desk(desk.parts.db), later, (asking.Wish(_scale_in("bench"), "scale it"),)
    )
    assert asked.id


async def test_a_question_that_ended_at_a_limit_asks_for_nothing(desk: Desk) -> None:
    async with FakeOpenAI([call(*FIX[:1], **FIX[1])]) as endpoint:
        given = await ask(desk.speaking(endpoint, steps=3), "fix lathe")
    assert given.proposals == ()
    assert "none of the changes worked out above was asked for" in given.text
    assert await submitted(desk.parts.db) == []


@pytest.mark.parametrize(
    "claim",
    [
        "I have scaled press to 5 replicas.",
        "Done. Deployment bench/press was restarted.",
        "The change is approved.",
        "Ich habe press neu gestartet.",
    ],
)
async def test_a_claim_that_something_was_done_is_answered_by_code(desk: Desk, claim: str) -> None:
    given = await with_model(desk, [say(claim)])
    assert given.text.endswith(UNCHANGED)


async def test_at_a_terminal_the_command_that_shows_it_is_named(desk: Desk) -> None:
    request = replace(_request(ThreadKey("local", "terminal", "t")), text="scale press to 5")
    given = await answer(request, _quiet, desk.parts)
    assert f"`oakum approvals show {given.proposals[0]}`" in given.text


async def test_words_of_others_in_the_thread_say_nothing_for_the_asker(desk: Desk) -> None:
    """A colleague named the user id, and so did text in the channel: neither is the asker's word."""
    theirs = replace(_request(ThreadKey("T", "C", "t")), person="U2", actor=LEAD)
    await answer(replace(theirs, text="run lathe as user 1000"), _quiet, desk.parts)
    asking_model = [
        call("propose_fix", **FIX[1] | {"settings": ["non-root"], "run_as": [{"uid": 1000}]}),
        say("See below."),
    ]
    given = await with_model(
        desk, asking_model, "fix lathe", context=("U2: lathe runs as user 1000",)
    )
    assert given.proposals == ()
    assert await submitted(desk.parts.db) == []


async def _quiet(_: object) -> None:
    return None


def _scaling(replicas: int) -> tuple[str, dict[str, Any]]:
    return SCALE[0], SCALE[1] | {"replicas": replicas + 10}


def _scale_in(namespace: str) -> Scale:
    return Scale(target=Target("demo", "apps/v1", "Deployment", namespace, "press"), replicas=2)


def _desk(db: Database | None) -> asking.Desk:
    return asking.Desk(db, lambda: POLICY, alive, NOW)


def _request(thread: ThreadKey) -> Request:
    return Request(
        id="r1",
        thread=thread,
        place=Place.TERMINAL,
        person="U1",
        text="scale it",
        scope=Scope({"demo": ALL}),
        asked_at=NOW,
        actor=DEVELOPER,
    )


async def test_deleting_is_a_draft_like_any_other(desk: Desk) -> None:
    given = await ask(desk, "delete deployment press in bench")
    (action,) = await submitted(desk.parts.db)
    assert isinstance(action, DeleteObject)
    assert action.target.uid == "u-press"
    assert "cannot be taken back" in given.text


async def test_a_query_says_why_nothing_can_be_proposed_before_anything_is_worded(
    desk: Desk,
) -> None:
    async def dead() -> bool:
        return False

    for parts, why in (
        ({"policy": lambda: None}, "No approval policy is configured"),
        ({"executor_alive": dead}, "No executor is running"),
    ):
        closed: Any = parts
        request = Request(
            "q",
            ThreadKey("T", "C", "t"),
            Place.CHANNEL,
            "U1",
            "scale press to 5",
            desk.scope,
            NOW,
            actor=DEVELOPER,
        )
        context = _context(request, replace(desk.parts, **closed), [])
        arguments = propose_change.Arguments(change="scale", name="press", replicas=5)
        result = await propose_change.run(arguments, context)
        assert result.text.startswith("NOT PROPOSED: scale Deployment bench/press to 5 replicas")
        assert why in result.text
        assert "spec.replicas" in result.text
