"""Ids of undos, by which the executor knows an undo that somebody pressed before itself from one that is only said.

An undo by its requester's own word needs no vote, so that who can write a draft could have one carried
out. Where the executor takes the presses itself, only its ledger key makes the id of such a draft. Used
by `deciding`, and by `bot.executor` before it lets an own word count.
"""

import hashlib

from bot.store import listing
from bot.store.database import Database
from bot.store.ledger import LedgerKey
from bot.store.proposals import Proposal

_ABOUT = "undo"
"""Keeps these apart from the ledger's rows, which are signed after a signature of 64 digits."""


def undo_id(undone: str, earlier: str, key: LedgerKey | None) -> str:
    """Give the id of the next undo of a proposal: of two presses at once only one draft is kept.

    `earlier` is the newest undo of it before; empty for none. Without a key anybody can make it.
    """
    told = f"undo:{undone}:{earlier}".encode()
    made = hashlib.sha256(told).hexdigest() if key is None else key.sign(_ABOUT, told)
    return made[:32]


async def was_pressed(db: Database, undo: Proposal, key: LedgerKey) -> bool:
    """Tell whether an undo was asked for by a press that a holder of the key took."""
    others = await listing.undos_of(db, undo.undo_of)
    return undo.id in {undo_id(undo.undo_of, one, key) for one in ("", *others)}
