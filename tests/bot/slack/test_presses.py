"""Buttons: each press gets one answer; what may not be seen now is not shown again."""

from datetime import timedelta

import pytest
from msgspec import structs

from bot.accounts import Account, Actor
from bot.slack.config import Profile
from bot.store import feedback, threads
from bot.types import Answer
from tools.scope import Scope
from tools.types import Evidence, Finding, ResourceRef, Severity, Verdict


def finding(name="web", namespace="shop"):
    return Finding(
        check="privileged_container",
        controls=("5.2.2",),
        severity=Severity.HIGH,
        verdict=Verdict.FAIL,
        ref=ResourceRef("prod", "apps/v1", "Deployment", namespace, name),
        container="app",
        reason="container app runs privileged",
        evidence=(Evidence("spec.containers[0].securityContext.privileged", "true"),),
        fingerprint=f"f/{name}",
    )


@pytest.fixture
async def pressed(place):
    """Serve, ask, and give the message with its findings."""

    async def show(count=1, **changes):
        async def script(request, report):
            if request.text.startswith("Explain"):
                return Answer(text=f"Explained: {request.text}")
            return Answer(text="Found.", findings=tuple(finding(f"web-{n}") for n in range(count)))

        place.answering.script = script
        await place.serve(**changes)
        ts = place.slack.people.mention("C1", "UANN", "find")
        await place.shown("C1", ts, "Found.")
        await place.settled()
        return place.slack.answers("C1", ts)[0]

    return show


def whispers(place):
    return [one.text for one in place.slack.space.ephemeral]


async def test_explain_is_answered_in_the_thread(place, pressed):
    message = await pressed()

    ack = await place.slack.people.press("UBOB", message, "finding.explain.0")
    await place.shown("C1", message.thread, "Explained: Explain the finding")

    request = place.answering.asked[-1]
    assert ack.acked_after_s < 3
    assert (request.person, request.thread.thread) == ("UBOB", message.thread)
    assert "control 5.2.2" in request.text
    assert "Deployment/web-0 in namespace shop of cluster prod" in request.text


async def test_a_fix_is_proposed_in_the_thread_as_the_pressers_question(place, proposing, pressed):
    message = await pressed()

    await place.slack.people.press("UBOB", message, "finding.fix.0")
    await place.slack.until(lambda: len(place.answering.asked) == 2)

    request = place.answering.asked[-1]
    assert (request.person, request.thread.thread) == ("UBOB", message.thread)
    assert request.text == (
        "Propose a fix for privileged_container on Deployment/web-0 in namespace shop of cluster prod."
    )
    assert request.actor == Actor(
        Account("T0TEAM", "UBOB"), frozenset(), False, False, False, False
    )


async def test_without_a_policy_no_fix_is_offered(place, pressed):
    message = await pressed()

    assert "finding.fix" not in str(message.blocks)
    assert place.answering.asked[0].actor is None


async def test_a_fix_offered_before_the_policy_was_taken_away_is_refused(place, proposing, pressed):
    message = await pressed()
    await place.services[0].stop()
    place.approvals = None
    await place.serve()

    await place.slack.people.press("UBOB", message, "finding.fix.0")
    await place.slack.until(lambda: whispers(place))

    assert "no policy says who may" in whispers(place)[0]
    assert len(place.answering.asked) == 1


async def test_only_what_fails_can_be_fixed(place, proposing):
    unknown = structs.replace(finding(), verdict=Verdict.UNKNOWN)

    async def script(request, report):
        return Answer(text="Found.", findings=(unknown,))

    place.answering.script = script
    await place.serve()
    ts = place.slack.people.mention("C1", "UANN", "find")
    await place.shown("C1", ts, "Found.")
    await place.settled()

    (message,) = place.slack.answers("C1", ts)
    assert "finding.explain" in str(message.blocks)
    assert "finding.fix" not in str(message.blocks)


async def test_evidence_shows_the_fields_that_decided(place, pressed):
    message = await pressed()

    await place.slack.people.press("UBOB", message, "finding.evidence.0")
    await place.slack.until(lambda: whispers(place))

    shown = place.slack.space.ephemeral[0]
    assert "`spec.containers[0].securityContext.privileged` = `true`" in shown.text
    assert (shown.ephemeral_for, shown.thread) == ("UBOB", message.thread)


async def test_a_press_delivered_four_times_is_answered_once(place, pressed):
    message = await pressed()
    place.slack.faults.copies = 4

    await place.slack.people.press("UBOB", message, "finding.explain.0")
    await place.slack.people.press("UBOB", message, "finding.evidence.0")
    await place.slack.people.delivered()
    await place.shown("C1", message.thread, "Explained")
    await place.slack.until(lambda: whispers(place))

    assert len(place.answering.asked) == 2
    assert len(whispers(place)) == 1


async def test_a_finding_that_may_not_be_seen_any_more_is_not_shown_again(place, pressed):
    message = await pressed()
    await place.services[0].stop()
    await place.serve(channels={"C1": Scope({"prod": frozenset({"staging"})})})

    for action in ("finding.explain.0", "finding.evidence.0"):
        await place.slack.people.press("UBOB", message, action)
    await place.slack.until(lambda: len(whispers(place)) == 2)

    assert all("may not be seen here any more" in one for one in whispers(place))
    assert len(place.answering.asked) == 1


async def test_a_guest_who_presses_is_refused_privately(place, pressed):
    place.slack.add_user("UGUEST", is_restricted=True)
    place.slack.space.channels["C1"]["members"].add("UGUEST")
    message = await pressed()

    for action in ("finding.explain.0", "finding.evidence.0", "thread.forget"):
        await place.slack.people.press("UGUEST", message, action)
    await place.slack.until(lambda: len(whispers(place)) == 3)

    assert set(whispers(place)) == {"Oakum does not answer guests of this workspace."}


async def test_more_findings_come_page_by_page_with_working_buttons(place, pressed):
    message = await pressed(12)

    await place.slack.people.press("UANN", message, "findings.more")
    await place.slack.until(
        lambda: "Findings 6 to 10 of 12" in place.slack.answers("C1", message.thread)[-1].text
    )
    page = place.slack.answers("C1", message.thread)[-1]
    assert "Deployment/web-5" in str(page.blocks)

    await place.slack.people.press("UANN", page, "finding.evidence.7")
    await place.slack.until(lambda: whispers(place))
    assert "Deployment/web-7" in whispers(place)[0]


async def test_a_reason_that_could_not_be_kept_is_said_so(place, pressed, monkeypatch):
    message = await pressed()
    people = place.slack.people
    await people.press("UBOB", message, "answer.feedback", "not-helpful")
    await place.slack.until(lambda: place.slack.space.views)
    (view_id,) = place.slack.space.views

    async def broken(*_):
        raise RuntimeError

    monkeypatch.setattr("bot.store.feedback.add", broken)
    await people.submit("UBOB", view_id, {"reason": {"reason": {"value": "wrong"}}})
    await place.slack.until(lambda: whispers(place))

    assert "Your reason was not kept" in whispers(place)[0]


async def test_thumbs_are_kept_and_a_thumb_down_asks_for_the_reason(place, pressed):
    message = await pressed()
    people = place.slack.people

    await people.press("UANN", message, "answer.feedback", "helpful")
    await people.press("UBOB", message, "answer.feedback", "not-helpful")
    await place.slack.until(lambda: place.slack.space.views and whispers(place))
    (view_id,) = place.slack.space.views
    await people.submit("UBOB", view_id, {"reason": {"reason": {"value": "wrong <namespace>"}}})
    await place.slack.until(lambda: len(whispers(place)) == 2)

    kept = await feedback.since(place.db, place.now() - timedelta(hours=1), 10)
    assert {(one.person, one.kind, one.reason) for one in kept} == {
        ("UANN", "helpful", ""),
        ("UBOB", "not-helpful", "wrong <namespace>"),
    }
    assert all(one.message_ts == message.ts for one in kept)


async def test_without_modals_a_thumb_down_is_kept_all_the_same(place, pressed):
    place.slack.faults.unknown_methods.add("views.open")
    message = await pressed(profile=Profile.CLASSIC)

    await place.slack.people.press("UBOB", message, "answer.not_helpful")
    await place.slack.until(lambda: whispers(place))

    kept = await feedback.since(place.db, place.now() - timedelta(hours=1), 10)
    assert [one.kind for one in kept] == ["not-helpful"]


async def test_forget_deletes_what_is_remembered(place, pressed):
    message = await pressed()
    key = place.answering.asked[0].thread
    assert await threads.known(place.db, key)

    await place.slack.people.press("UANN", message, "thread.forget")
    await place.slack.until(lambda: whispers(place))
    await place.slack.people.press("UANN", message, "finding.evidence.0")
    await place.slack.until(lambda: len(whispers(place)) == 2)

    assert whispers(place)[0].startswith("Forgotten: 1 messages")
    assert "no longer kept" in whispers(place)[1]
    assert not await threads.known(place.db, key)


async def test_forget_takes_the_threads_files_back(place, pressed):
    message = await pressed(12)
    assert place.slack.space.files

    await place.slack.people.press("UANN", message, "thread.forget")
    await place.slack.until(lambda: whispers(place))

    assert place.slack.space.files == {}
    assert place.slack.refused == []


async def test_a_namespace_lies_in_itself(place):
    shop = Scope({"prod": frozenset({"shop"})})
    named = ResourceRef("prod", "v1", "Namespace", "", "shop")
    other = ResourceRef("prod", "v1", "Namespace", "", "payments")
    made = tuple(
        structs.replace(finding(), ref=ref, fingerprint=ref.name) for ref in (named, other)
    )

    async def script(request, report):
        return Answer(text="Found.", findings=made)

    place.answering.script = script
    await place.serve(channels={"C1": shop})
    ts = place.slack.people.mention("C1", "UANN", "find")
    await place.shown("C1", ts, "Found.")
    await place.settled()
    message = place.slack.answers("C1", ts)[0]
    await place.slack.people.press("UBOB", message, "finding.evidence.0")
    await place.slack.until(lambda: any("Namespace/shop" in text for text in whispers(place)))
    await place.slack.people.press("UBOB", message, "finding.evidence.1")
    await place.slack.until(lambda: any("may not be seen" in text for text in whispers(place)))
    assert not any("payments" in text for text in whispers(place))


async def test_the_next_findings_are_not_shown_where_they_may_not_be_seen(place, pressed):
    message = await pressed(count=8)
    await place.services[0].stop()
    await place.serve(channels={"C1": Scope({"prod": frozenset({"staging"})})})
    before = len(place.slack.answers("C1", message.thread))

    await place.slack.people.press("UBOB", message, "findings.more")
    await place.slack.until(lambda: any("may not be seen" in text for text in whispers(place)))

    assert len(place.slack.answers("C1", message.thread)) == before
