"""Presses on the cards of proposals, and what comes of them in the store."""

from bot.approval import proposals

ONE = "a" * 32
TWO = "b" * 32


async def state(place, proposal=ONE):
    """Read where a proposal stands."""
    case = await proposals.get(place.db, proposal)
    return case.proposal.state


async def press(place, user, action, proposal=ONE, words=""):
    """Press a button of a proposal's card, once the card says these words."""
    card = await place.card(words, proposal)
    await place.slack.people.press(user, card, f"proposal.{action}")


async def approve(place, user="UBOB", proposal=ONE):
    """Approve, and give the card that says so."""
    card = await place.card("Waits for approval", proposal)
    await place.slack.people.press(user, card, "proposal.approve")
    return await place.card("pproved", proposal)
