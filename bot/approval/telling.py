"""What people are told of the changes that an answer asked for. Pure; no word of a model is in it.

Used by `bot.conversation`.
"""

from collections.abc import Sequence

from bot.approval.asking import Asked
from bot.types import Place

NOTHING_CHANGED = "Nothing was changed by this answer."
LIMITED = (
    f"{NOTHING_CHANGED} Because it ended at a limit, none of the changes worked out above was asked "
    "for. Ask for less at once."
)


def told(asked: Sequence[Asked], place: Place) -> str:
    """Say what was asked for, what was not and why, and what happens next; empty for nothing."""
    done = [one for one in asked if one.id]
    lines = [*map(_asked_for, done), *_refused([one for one in asked if not one.id])]
    if not lines:
        return ""
    return "\n".join([*lines, f"{NOTHING_CHANGED} {_next(done, place)}".strip()])


def _asked_for(one: Asked) -> str:
    several = "approval" if one.approvals == 1 else "approvals"
    risk = one.wish.risk.value
    return f"Asked for (risk {risk}, needs {one.approvals} {several}): {one.wish.title}."


def _refused(refused: Sequence[Asked]) -> list[str]:
    """Say each reason once, with what it is about."""
    reasons: dict[str, list[str]] = {}
    for one in refused:
        reasons.setdefault(one.why, []).append(one.wish.title)
    return [
        f"No approval was asked for: {'; '.join(titles)}. {why}" for why, titles in reasons.items()
    ]


def _next(done: Sequence[Asked], place: Place) -> str:
    """Say what happens next."""
    if not done:
        return ""
    if place is Place.TERMINAL:
        return "It is rehearsed first. Only what people approve then is carried out."
    return (
        "It is rehearsed first. A card with the exact change follows in this thread. Only what people "
        "approve there is carried out."
    )


def looked_up(asked: Sequence[Asked], place: Place) -> str:
    """Name the commands that show what came of it, at a terminal; empty elsewhere.

    Ids are ours and no secret; they are added after a text was masked, which would hide them.
    """
    if place is not Place.TERMINAL:
        return ""
    commands = ", ".join(f"`oakum approvals show {one.id}`" for one in asked if one.id)
    return f"To see what came of it: {commands}" if commands else ""
