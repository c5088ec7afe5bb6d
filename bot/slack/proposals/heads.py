"""The ledger's head, noted in a channel: what was there then must still be there when somebody verifies.

Whoever can write the store can cut off the ledger's end together with its proposals; they cannot also
take back what Slack was told. Used by `service`, where the process shows cards.
"""

import asyncio

from bot.errors import BotError
from bot.slack.desk import Desk
from bot.store import ledger
from bot.store.ledger import Head
from bot.telemetry import logger

EVERY_S = 3600.0
_log = logger(__name__)


async def keep_noting(desk: Desk, every_s: float = EVERY_S) -> None:
    """Note the head whenever it has grown, at most so often, for as long as the service runs."""
    noted = Head()
    while True:
        try:
            noted = await _note(desk, noted)
        except BotError as error:
            _log.warning("ledger head not noted", why=error.public)
        await asyncio.sleep(every_s)


async def _note(desk: Desk, noted: Head) -> Head:
    head = await ledger.head(desk.db)
    if head == noted:
        return noted
    text = (
        f"The ledger of changes has {head.count} signed rows. Head: `{head}`\n"
        f"To see that nothing of it was cut off or changed: `oakum ledger verify --head {head}`"
    )
    await desk.outlet.call("chat.postMessage", channel=desk.config.ledger_channel, text=text)
    return head
