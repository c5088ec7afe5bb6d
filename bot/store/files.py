"""Files that Oakum put into threads, by Slack's id, until they are taken back there.

Only that they exist is stored, not what is in them. A file falls due when it was kept long enough or
its thread was forgotten; the Slack app that put it there takes it back, and then says so with `gone`: of
another app's file Slack only says that there is none. Used by `bot.slack`.
"""

from datetime import datetime

from sqlalchemy import and_, delete, not_, or_, select

from bot.store.database import Database
from bot.store.outbox import App
from bot.store.tables import files
from bot.types import ThreadKey

_MARK = "/"


async def add(
    db: Database, key: ThreadKey, file_id: str, now: datetime, app: App = App.ASSISTANT
) -> None:
    """Remember a file of a thread."""
    row = {
        "id": _key(app) + file_id,
        "team": key.team,
        "channel": key.channel,
        "thread": key.thread,
    }
    new = db.insert(files).values(**row, stored_at=now).on_conflict_do_nothing()
    async with db.write() as tx:
        await tx.execute(new)


async def due(db: Database, before: datetime, limit: int, app: App = App.ASSISTANT) -> list[str]:
    """List an app's files to take back, oldest first: put there before a time, or of a forgotten thread."""
    theirs = files.c.id.contains(_MARK)
    own = not_(theirs) if app is App.ASSISTANT else files.c.id.startswith(_key(app))
    which = and_(own, or_(files.c.stored_at < before, files.c.forgotten))
    oldest = select(files.c.id).where(which).order_by(files.c.stored_at, files.c.id).limit(limit)
    async with db.read() as tx:
        found = (await tx.execute(oldest)).scalars()
        return [one.removeprefix(_key(app)) for one in found]


async def gone(db: Database, file_id: str, app: App = App.ASSISTANT) -> None:
    """Forget a file that Slack no longer has."""
    async with db.write() as tx:
        await tx.execute(delete(files).where(files.c.id == _key(app) + file_id))


def _key(app: App) -> str:
    """Give what an app's file ids are kept under; Slack's own ids hold no such mark."""
    return "" if app is App.ASSISTANT else f"{app.value}{_MARK}"
