"""A question asked in Slack is answered there: mention, thread, direct message."""


async def test_a_mention_is_answered_in_its_thread(place):
    await place.serve()

    ts = place.slack.people.mention("C1", "UANN", "which workloads run privileged?")
    await place.shown("C1", ts, "Answer to: which workloads run privileged?")

    await place.slack.people.delivered()
    assert [one.text for one in place.answering.asked] == ["which workloads run privileged?"]
    assert place.slack.refused == []
    assert place.slack.methods.bot_messages_without_unfurl_off == 0
