"""The ledger's head is noted in the channel that the settings name."""

from bot.store import ledger
from tests.fakes.proposed import KEY

ONE = "a" * 32


async def test_the_head_is_noted_and_verifies(place, proposing):
    place.slack.add_channel("CLEDGER", "UANN")
    await proposing.pending(ONE)
    head = await ledger.sign(place.db, KEY)

    await place.serve(ledger_channel="CLEDGER")
    await place.slack.until(
        lambda: any(one.channel == "CLEDGER" for one in place.slack.space.messages)
    )

    (noted,) = [one for one in place.slack.space.messages if one.channel == "CLEDGER"]
    assert f"oakum ledger verify --head {head}" in noted.text
    assert place.slack.refused == []


async def test_without_such_a_channel_nothing_is_said(place, proposing):
    await proposing.pending(ONE)

    await place.serve()
    await place.card("Waits for approval")

    assert not [one for one in place.slack.space.messages if "ledger" in one.text]
