"""Files that Oakum put into threads, by Slack's id, until they are taken back there.

Only that they exist is stored, not what is in them. A file falls due when it was kept long enough or
its thread was forgotten, but one of a proposal's card only once that has ended: until then people decide
or act by it. The Slack app that put it there takes it back, and then says so with `gone`: of
another app's file Slack only says that there is none. Used by `bot.slack`.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, not_, or_, select

from bot.store.database import Database
from bot.store.outbox import App
from bot.store.proposals import MOVES
from bot.store.tables import files, proposals
from bot.store.transaction import Transaction
from bot.types import ThreadKey

_MARK = "/"


async def add(
    db: Database,
    key: ThreadKey,
    file_id: str,
    now: datetime,
    app: App = App.ASSISTANT,
    proposal: str = "",
) -> None:
    """Remember a file of a thread; `proposal`: the one whose card it belongs to."""
    row = {
        "id": _key(app) + file_id,
        "team": key.team,
        "channel": key.channel,
        "thread": key.thread,
        "proposal": proposal,
    }
    new = db.insert(files).values(**row, stored_at=now).on_conflict_do_nothing()
    async with db.write() as tx:
        await tx.execute(new)


async def due(db: Database, before: datetime, limit: int, app: App = App.ASSISTANT) -> list[str]:
    """List an app's files to take back, oldest first: put there before a time, or of a forgotten thread."""
    theirs = files.c.id.contains(_MARK)
    own = not_(theirs) if app is App.ASSISTANT else files.c.id.startswith(_key(app))
    which = and_(own, or_(files.c.stored_at < before, files.c.forgotten))
    async with db.read() as tx:
        living = await _living(tx, which)
        oldest = select(files.c.id).where(which, files.c.proposal.not_in(living))
        ordered = oldest.order_by(files.c.stored_at, files.c.id).limit(limit)
        found = (await tx.execute(ordered)).scalars()
        return [one.removeprefix(_key(app)) for one in found]


async def _living(tx: Transaction, which: ColumnElement[bool]) -> list[str]:
    """List the proposals of these files that have not ended.

    Proposals are read only where a file has one: the role of an app that shows no cards may not.
    """
    of = select(files.c.proposal).where(which, files.c.proposal != "").distinct()
    ids = list((await tx.execute(of)).scalars())
    if not ids:
        return []
    is_open = proposals.c.state.in_([state.value for state in MOVES])
    still = select(proposals.c.id).where(proposals.c.id.in_(ids), is_open)
    return list((await tx.execute(still)).scalars())


async def gone(db: Database, file_id: str, app: App = App.ASSISTANT) -> None:
    """Forget a file that Slack no longer has."""
    async with db.write() as tx:
        await tx.execute(delete(files).where(files.c.id == _key(app) + file_id))


def _key(app: App) -> str:
    """Give what an app's file ids are kept under; Slack's own ids hold no such mark."""
    return "" if app is App.ASSISTANT else f"{app.value}{_MARK}"
