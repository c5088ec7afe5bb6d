"""`oakum ledger`: opens the store, goes through its ledger, writes it out.

Used by `bot.cli.ledger`.
"""

import base64
import csv
import io
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from bot.app.building import open_store
from bot.errors import BadSettings
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.store.ledger import LedgerKey, Row, Verification

COLUMNS = (
    "number",
    "at",
    "event",
    "proposal",
    "revision",
    "state",
    "person",
    "requester",
    "verdict",
    "reason",
    "outcome",
    "audit_id",
    "digest",
    "facts",
    "signature",
)
"""Of the CSV form; `facts` is JSON and holds action, diff and findings, where an event has them."""
_FROM_FACTS = ("verdict", "reason", "outcome", "audit_id")


def ledger_key(settings: Settings) -> "LedgerKey":
    """Give the key that the ledger is signed with. Raises BadSettings where there is none."""
    from bot.store.ledger import MIN_KEY_BYTES, LedgerKey

    value = settings.ledger_key.get_secret_value().encode()
    if len(value) < MIN_KEY_BYTES:
        short = "is shorter than" if value else "is not set, and needs"
        raise BadSettings(
            f"OAKUM_LEDGER_KEY {short} {MIN_KEY_BYTES} bytes",
            "Set it, or OAKUM_LEDGER_KEY_FILE, to what the executor signs with.",
        )
    return LedgerKey(value)


async def verify(settings: Settings, head: str) -> "Verification":
    """Go through the whole ledger; `head` is COUNT:HASH noted earlier, or empty.

    Raises BadSettings for a head of another form.
    """
    from bot.store import ledger

    key = ledger_key(settings)
    noted = None
    if head:
        count, _, mac = head.partition(":")
        if not (count.isascii() and count.isdigit() and len(mac) == len(ledger.START)):
            raise BadSettings(f"{head} is no head", "Give it as it was told: COUNT:HASH.")
        noted = ledger.Head(int(count), mac.lower())
    db = await open_store(settings)
    try:
        return await ledger.verify(db, key, noted)
    finally:
        await db.close()


async def export(settings: Settings, write: "Callable[[Row], str]") -> AsyncGenerator[str, None]:
    """Write out every row, in order."""
    from bot.store import ledger

    db = await open_store(settings)
    try:
        async for rows in ledger.pages(db):
            for row in rows:
                yield write(row)
    finally:
        await db.close()


def json_line(row: "Row") -> str:
    """Write a row as JSON: its body to the byte as it was signed, and the signature.

    A body that is none of ours is given in base64 as `unreadable`.
    """
    if row.entry is None:
        hidden = base64.b64encode(row.body).decode()
        return f'{{"unreadable":"{hidden}","number":{row.number},"signature":"{row.mac}"}}\n'
    return f'{{"body":{row.body.decode()},"signature":"{row.mac}"}}\n'


def csv_line(row: "Row") -> str:
    """Write a row as CSV; cells that a spreadsheet would run get an apostrophe before them."""
    from bot.store.columns import encode
    from tools.reports.csv_report import safe_cell

    entry = row.entry
    cells: dict[str, object] = dict.fromkeys(COLUMNS, "")
    cells |= {"number": row.number, "proposal": row.proposal, "signature": row.mac}
    if entry is None:
        cells["event"] = "unreadable"
    else:
        cells |= {name: getattr(entry, name) for name in COLUMNS if hasattr(entry, name)}
        cells |= {name: entry.facts.get(name, "") for name in _FROM_FACTS}
        cells["facts"] = encode(entry.facts).decode()
    out = io.StringIO()
    csv.writer(out).writerow([safe_cell(str(cell)) for cell in cells.values()])
    return out.getvalue()
