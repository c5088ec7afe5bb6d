"""Files that we put into threads, and their taking back: when their time is over, or on Forget.

The store keeps only their ids. Used by `reply`, `presses` and `service`.
"""

from datetime import timedelta

from bot.errors import StoreUnavailable
from bot.slack.desk import Desk
from bot.slack.outlet import SlackDown, SlackRefused
from bot.slack.tables import Attachment
from bot.store import files
from bot.telemetry import logger
from bot.types import ThreadKey

_AT_ONCE = 20
_ROUNDS_MAX = 50
_log = logger(__name__)


async def upload(desk: Desk, key: ThreadKey, one: Attachment, proposal: str = "") -> None:
    """Put a file into a thread and remember it; raises what `outlet.call` raises.

    `proposal`: the one whose card it belongs to.
    """
    content = one.content.encode("utf-8", "replace")
    place = await desk.outlet.call(
        "files.getUploadURLExternal", filename=one.name, length=len(content)
    )
    file_id = str(place["file_id"])
    await desk.outlet.upload(str(place["upload_url"]), content)
    await desk.outlet.call(
        "files.completeUploadExternal",
        files=[{"id": file_id, "title": one.title}],
        channel_id=key.channel,
        thread_ts=key.thread,
    )
    await files.add(desk.db, key, file_id, desk.now(), desk.app, proposal)


async def take_back(desk: Desk) -> int:
    """Delete in Slack the files that are due; gives how many. What fails is tried again later."""
    before = desk.now() - timedelta(days=desk.config.keep_days)
    gone = 0
    try:
        for _ in range(_ROUNDS_MAX):
            due = await files.due(desk.db, before, _AT_ONCE, desk.app)
            deleted = sum([await _delete(desk, file_id) for file_id in due])
            gone += deleted
            if deleted < _AT_ONCE:
                break
    except (StoreUnavailable, SlackDown) as error:
        _log.warning("files not taken back", why=error.public)
    return gone


async def _delete(desk: Desk, file_id: str) -> bool:
    try:
        await desk.outlet.call("files.delete", file=file_id)
    except SlackRefused as error:
        if error.error not in {"file_not_found", "file_deleted"}:
            _log.warning("file not taken back", file=file_id, why=error.error)
            return False
    await files.gone(desk.db, file_id, desk.app)
    return True
