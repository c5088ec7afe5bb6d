"""A question asked in Slack is answered there, once: mentions, threads, direct messages, the pane."""

import pytest

from bot.types import Answer, Place

ANSWERED = "Answer to: "


async def test_a_mention_is_answered_in_its_thread(place):
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "which workloads run privileged?")
    await place.shown("C1", ts, "Answer to: which workloads run privileged?")

    await place.slack.people.delivered()
    assert [one.text for one in place.answering.asked] == ["which workloads run privileged?"]
    assert place.slack.refused == []
    assert place.slack.methods.bot_messages_without_unfurl_off == 0


async def test_the_question_gets_a_sign_before_its_answer_is_loaded(place):
    place.answering.loaded = False
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "hello?")
    await place.slack.until(lambda: place.slack.space.message("C1", ts).reactions == ["eyes"])
    assert place.answering.asked == []

    place.answering.loaded = True
    await place.shown("C1", ts, ANSWERED)


async def test_a_mention_that_also_arrives_as_a_message_is_asked_once(place):
    place.slack.faults.reorder = True
    await place.serve()

    for number in range(5):
        place.slack.people.mention("C1", "UANN", f"question {number}")
    await place.settled()

    assert sorted(one.text for one in place.answering.asked) == [f"question {n}" for n in range(5)]


async def test_every_envelope_four_times_gives_one_answer_each(place):
    place.slack.faults.copies = 4
    place.slack.faults.reorder = True
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "once, please")
    await place.settled()
    await place.shown("C1", ts, "once, please")

    assert len(place.answering.asked) == 1
    assert len(place.slack.answers("C1", ts)) == 1


async def test_edits_deletions_bots_and_our_own_posts_start_nothing(place):
    await place.serve()
    people = place.slack.people
    base = {"channel": "D1", "channel_type": "im", "ts": "1.1", "text": "hi", "user": "UANN"}

    for change in (
        {"subtype": "message_changed", "message": {"text": "hi", "user": "UANN"}},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message", "bot_id": "B9"},
        {"subtype": "channel_join"},
        {"bot_id": "B9"},
        {"user": "U0OAKUM"},
        {"edited": {"user": "UANN", "ts": "2.2"}},
        {"hidden": True},
    ):
        people.event({"type": "message"} | base | change)
    await place.settled()

    assert place.answering.asked == []
    assert all(one.acked_after_s is not None for one in place.slack.sockets.deliveries)


async def test_other_channel_messages_are_dropped_and_acknowledged(place):
    await place.serve()

    ts = place.slack.people.say("C1", "UANN", "lunch?")
    place.slack.people.say("C1", "UBOB", "yes", thread=ts)
    await place.settled()

    assert place.answering.asked == []
    assert place.slack.calls[-1].method != "reactions.add"
    assert place.slack.sockets.unacked == 0


async def test_a_reply_in_a_thread_it_answered_needs_no_mention(place):
    await place.serve()
    ts = place.slack.people.mention("C1", "UANN", "first")
    await place.shown("C1", ts, "Answer to: first")

    place.slack.people.say("C1", "UBOB", "and in staging?", thread=ts)
    await place.shown("C1", ts, "Answer to: and in staging?")

    follow_up = place.answering.asked[1]
    assert (follow_up.thread.thread, follow_up.person) == (ts, "UBOB")


async def test_a_reply_to_somebody_else_is_left_alone(place):
    await place.serve()
    ts = place.slack.people.mention("C1", "UANN", "first")
    await place.shown("C1", ts, "Answer to: first")

    for text in ("<@UBOB> can you look?", "hey <!here> look", "<!subteam^S1> please"):
        place.slack.people.say("C1", "UANN", text, thread=ts)
    await place.settled()

    assert len(place.answering.asked) == 1


async def test_names_in_a_thread_that_is_read_are_redacted_as_its_words_are(place):
    await place.serve()
    ts = place.slack.people.say("C1", "UBOB", "ALERT password=swordfish9!Kq")
    place.slack.space.message("C1", ts).user = "hook token=swordfish9!Kq"

    place.slack.people.mention("C1", "UANN", "what is this?", thread=ts)
    await place.shown("C1", ts, "Answer to: what is this?")

    assert place.answering.asked[0].context[0].startswith("hook token=[redacted]: ALERT")
    assert "swordfish" not in str(place.answering.asked)


async def test_a_thread_it_does_not_know_is_read_once_as_context(place):
    await place.serve()
    ts = place.slack.people.say(
        "C1", "UBOB", "ALERT: <http://evil.example|pod web crashes> & burns"
    )
    place.slack.people.say("C1", "UBOB", "no idea", thread=ts)

    place.slack.people.mention("C1", "UANN", "what is this?", thread=ts)
    await place.shown("C1", ts, "Answer to: what is this?")
    place.slack.people.say("C1", "UANN", "thanks, and why?", thread=ts)
    await place.shown("C1", ts, "Answer to: thanks, and why?")

    first, second = place.answering.asked
    assert first.context == ("UBOB: ALERT: pod web crashes & burns", "UBOB: no idea")
    assert second.context == ()
    reads = [one for one in place.slack.calls if one.method == "conversations.replies"]
    assert len(reads) == 1
    assert reads[0].args["limit"] == "50"


async def test_direct_messages_see_what_the_persons_channels_see(place):
    await place.serve()

    ts = place.slack.people.direct("UANN", "what is wrong in shop?")
    await place.shown("DUANN", ts, ANSWERED)

    request = place.answering.asked[0]
    assert request.place is Place.DIRECT
    assert request.scope.sees("prod", "shop")


async def test_the_pane_suggests_questions_and_gets_a_title(place):
    await place.serve()

    thread = place.slack.people.open_pane("UANN")
    await place.slack.until(lambda: thread in place.slack.space.prompts)
    place.slack.people.direct("UANN", "which pods run as root?", thread=thread)
    await place.shown("DUANN", thread, ANSWERED)
    await place.slack.until(lambda: thread in place.slack.space.titles)

    assert len(place.slack.space.prompts[thread]) == 4
    assert place.slack.space.titles[thread] == "which pods run as root?"
    assert place.answering.asked[0].place is Place.PANE


async def test_secrets_in_a_question_are_masked_before_they_are_kept(place):
    await place.serve()

    key = "AKIA" + "IOSFODNN7" + "EXAMPLE"
    ts = place.slack.people.mention("C1", "UANN", f"is {key} leaked?")
    await place.shown("C1", ts, ANSWERED)

    assert key not in place.answering.asked[0].text


@pytest.mark.slow
async def test_fifty_questions_at_once_are_all_answered_in_order_per_thread(place):
    roots = []
    for number in range(10):
        channel = place.slack.add_channel(f"C2{number}", "UANN")
        roots.append((channel, place.slack.people._write(channel, "UANN", "hello", "").ts))
    seen = place.config.channels["C1"]
    await place.serve(channels={channel: seen for channel, _ in roots})

    for number in range(5):
        for channel, root in roots:
            place.slack.people.mention(channel, "UANN", f"question {number}", thread=root)
    await place.slack.until(lambda: len(place.answering.asked) == 50, 60)
    await place.slack.until(lambda: all(len(place.slack.answers(*one)) == 5 for one in roots), 30)

    for channel, _ in roots:
        texts = [one.text for one in place.answering.asked if one.thread.channel == channel]
        assert texts == [f"question {number}" for number in range(5)]
    assert place.slack.refused == []
    assert place.slack.rates.inside_retry_after == 0


async def test_two_services_on_one_store_answer_once(place):
    await place.serve()
    await place.serve()
    place.slack.faults.copies = 4

    ts = [place.slack.people.mention("C1", "UANN", f"question {n}") for n in range(2)]
    await place.settled()
    for one in ts:
        await place.shown("C1", one, ANSWERED)

    assert len(place.answering.asked) == 2
    assert [len(place.slack.answers("C1", one)) for one in ts] == [1, 1]


async def test_an_answer_that_fails_is_one_sentence_with_an_incident(place):
    async def broken(request, report):
        raise RuntimeError("password=hunter2 in /secret/path")

    place.answering.script = broken
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "break")
    await place.shown("C1", ts, "Something went wrong on our side")

    message = place.slack.answers("C1", ts)[-1]
    await place.slack.until(lambda: "ok-" in str(message.blocks))
    assert "hunter2" not in str(message.blocks) + message.text
    assert "Traceback" not in str(message.blocks) + message.text


async def test_an_unfinished_text_is_never_lost_from_the_answer(place):
    async def long(request, report):
        return Answer(text="\n\n".join(f"Paragraph {n} " + "x" * 400 for n in range(60)))

    place.answering.script = long
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "everything")
    await place.slack.until(lambda: any(one.files for one in place.slack.answers("C1", ts)))

    content = next(iter(place.slack.space.files.values())).content.decode()
    assert "Paragraph 0 " in content
    assert "Paragraph 59 " in content
    assert place.slack.refused == []
