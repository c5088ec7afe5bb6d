"""The ledger: one numbered row for every transition, chained and signed in order by the executor.

A row is written in its transition's own transaction (`append`), with a number one above the last and
no hole. Its signature is HMAC-SHA256 under the executor's key, in hexadecimal, over the signature of
the row before it (64 zeros before the first), a line feed and the row's body. The body is JSON with
sorted keys and without spaces, and holds the number too. Whoever has no key leaves its row unsigned;
the executor signs what waits before it adds a row of its own. The head, count and last signature, must
be noted elsewhere, so that cutting off the end shows. Rows are redacted as they are written, and never
changed or deleted. Used by the other files of approvals here; read by `bot.app` for `oakum ledger`.
"""

import hmac
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Row as SqlRow
from sqlalchemy import func, insert, select, union, update

from bot.errors import LedgerBroken
from bot.store.columns import decode, encode
from bot.store.database import Database
from bot.store.tables import files, ledger, operations, outbox, proposals, reviews
from bot.store.transaction import Transaction
from tools import redact

START = "0" * 64
"""Stands for the signature of the row before the first."""
MIN_KEY_BYTES = 32
PAGE = 500
"""Rows read at a time."""
MAX_TROUBLES = 100
"""So many are told in full; the rest are counted."""


class Event(StrEnum):
    """What a row says happened to a proposal."""

    CLAIMED = "claimed"
    """An executor took the draft to rehearse it."""
    BLOCKED = "blocked"
    SEALED = "sealed"
    REVIEWED = "reviewed"
    STARTED = "started"
    """Somebody whom the policy's rule names started what was approved."""
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REFUSED = "refused"
    """Approved, but not executed: policy or seal no longer hold."""
    EXECUTING = "executing"
    INTENDED = "intended"
    """Written down before the write to the cluster."""
    RECORDED = "recorded"
    """What came of one write."""
    TAKEN_OVER = "taken-over"
    """Another executor goes on where one ended."""
    STANDS_STILL = "stands-still"
    """Nobody goes on with an execution for now."""
    HANDED_OVER = "handed-over"
    DONE = "done"


UNSIGNED_EVENTS = frozenset({Event.REVIEWED, Event.STARTED, Event.WITHDRAWN, Event.EXPIRED})
"""What a process without the key may write; any other unsigned row is a forgery."""

_OURS = frozenset(
    {"operation", "operations", "undo_of", "policy_version", "worker", "from", "findings"}
)
"""Facts that only our own code writes."""


@dataclass(frozen=True, slots=True, repr=False)
class LedgerKey:
    """The executor's key; never printed. Raises ValueError where it is shorter than MIN_KEY_BYTES."""

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) < MIN_KEY_BYTES:
            raise ValueError(f"a ledger key has at least {MIN_KEY_BYTES} bytes")

    def sign(self, before: str, body: bytes) -> str:
        """Sign a row's body, chained to the signature before it."""
        return hmac.digest(self.value, before.encode() + b"\n" + body, "sha256").hex()


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row's body, as it is signed."""

    number: int
    at: str
    """UTC, ISO 8601 with microseconds."""
    event: Event
    proposal: str
    revision: int
    """The proposal's, from 1, one up with every row of it."""
    state: str
    """The proposal's, after the event."""
    person: str = ""
    """Who did it, by person id; empty for the executor and for time itself."""
    requester: str = ""
    digest: str = ""
    """What was sealed; empty before."""
    facts: Mapping[str, Any] = {}
    """What else belongs to the event: verdict and reason, action, diff, audit id, outcome."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in the table."""

    number: int
    proposal: str
    body: bytes
    mac: str
    """Empty until it is signed."""

    @property
    def entry(self) -> Entry | None:
        """Read the body; None where it is none of ours."""
        try:
            return decode(self.body, Entry)
        except (UnicodeDecodeError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Head:
    """How far the ledger is signed."""

    count: int = 0
    mac: str = START

    def __str__(self) -> str:
        return f"{self.count}:{self.mac}"


@dataclass(slots=True)
class Verification:
    """What going through the whole ledger found."""

    head: Head = field(default_factory=Head)
    """Of the rows that are signed."""
    unsigned: list[int] = field(default_factory=list[int])
    """Numbers of rows that wait for the executor's signature: nothing vouches for them yet."""
    troubles: list[str] = field(default_factory=list[str])
    """One sentence for each place where the ledger was tampered with, at most MAX_TROUBLES."""
    more_troubles: int = 0
    """How many further ones were found."""


async def append(tx: Transaction, entry: Entry, key: LedgerKey | None) -> int:
    """Write a transition's row, with the next number, in the transition's transaction.

    With the key everything up to and including it is signed. Without it only UNSIGNED_EVENTS can be
    written (ValueError). The caller holds `exclusively`. Raises LedgerBroken.
    """
    if key is None and entry.event not in UNSIGNED_EVENTS:
        raise ValueError(f"only the executor writes {entry.event.value}")
    last = (await tx.execute(select(func.max(ledger.c.number)))).scalar_one() or 0
    numbered = msgspec.structs.replace(entry, number=last + 1, facts=_masked(entry.facts))
    row = {"number": last + 1, "proposal": entry.proposal, "body": canonical(numbered)}
    await tx.execute(insert(ledger).values(row))
    if key is not None:
        await _sign(tx, key, own=last + 1)
    return last + 1


async def exclusively(db: Database, tx: Transaction) -> None:
    """Let one transition happen at a time, over all processes, so that numbers have no hole."""
    await db.alone(tx, "approvals")


async def sign(db: Database, key: LedgerKey) -> Head:
    """Sign what other processes wrote; returns the head. Raises LedgerBroken."""
    async with db.write() as tx:
        await exclusively(db, tx)
        return await _sign(tx, key)


async def head(db: Database) -> Head:
    """Tell how far the ledger is signed, to be noted elsewhere."""
    async with db.read() as tx:
        return await _head(tx)


async def pages(db: Database) -> AsyncGenerator[list[Row], None]:
    """Give all rows in order, at most PAGE at a time; each page is read by itself.

    Raises LedgerBroken where a number is none.
    """
    last: int | None = None
    while True:
        wanted = select(ledger).order_by(ledger.c.number).limit(PAGE)
        if last is not None:
            wanted = wanted.where(ledger.c.number > last)
        async with db.read() as tx:
            rows = [_row(row) for row in await tx.execute(wanted)]
        if not rows:
            return
        yield rows
        last = rows[-1].number


async def verify(db: Database, key: LedgerKey, noted: Head | None = None) -> Verification:
    """Go through the whole ledger. `noted` is a head noted earlier: it must still be there."""
    async with db.read() as tx:
        checker = _Checker(key, noted, await _known(tx))
    async for rows in pages(db):
        for row in rows:
            checker.look_at(row)
    return checker.conclude()


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rest of the store says that the ledger must hold."""

    revisions: Mapping[str, int]
    """By proposal the number of its rows, at the least."""
    events: Mapping[tuple[str, str], int]
    """By proposal whose own row is gone, and event, as many rows as reviews and writes are stored."""


async def _known(tx: Transaction) -> _Known:
    named = union(*(select(each.c.proposal) for each in (operations, reviews, outbox, files)))
    revisions = {one: 1 for one in (await tx.execute(named)).scalars() if one}
    there = await tx.execute(select(proposals.c.id, proposals.c.revision))
    kept = {row.id: row.revision for row in there}
    revisions |= kept
    events: Counter[tuple[str, str]] = Counter()
    for one in (await tx.execute(select(reviews.c.proposal))).scalars():
        events[one, Event.REVIEWED] += 1
    for row in await tx.execute(select(operations.c.proposal, operations.c.phase)):
        events[row.proposal, Event.INTENDED] += row.phase in ("intended", "recorded")
        events[row.proposal, Event.RECORDED] += row.phase == "recorded"
    lost = Counter({key: count for key, count in events.items() if key[0] not in kept})
    return _Known(revisions, lost)


class _Checker:
    """Follows the chain row by row; after a broken link it goes on from what the row itself claims."""

    def __init__(self, key: LedgerKey, noted: Head | None, known: _Known) -> None:
        self._key = key
        self._noted = noted
        self._known = known
        self._number = 0
        self._revisions: dict[str, int] = {}
        self._events: Counter[tuple[str, str]] = Counter()
        self._found_noted = noted is None or noted == Head()
        self._said = Verification()

    def look_at(self, row: Row) -> None:
        """Judge one row in its place."""
        expected = self._number + 1
        if row.number == expected + 1:
            self._trouble(f"Row {expected} is missing.")
        elif row.number != expected:
            self._trouble(f"Row {row.number} follows row {self._number}: rows are missing.")
        self._number = row.number
        entry = row.entry
        self._look_at_body(row, entry)
        if row.mac:
            self._look_at_signature(row)
        elif entry is not None and entry.event not in UNSIGNED_EVENTS:
            self._trouble(f"Row {row.number} is an executor's, but is not signed.")
        else:
            self._said.unsigned.append(row.number)

    def conclude(self) -> Verification:
        """Give what was found, with the noted head and the rest of the store compared."""
        known = self._known
        short = {
            one for one, least in known.revisions.items() if self._revisions.get(one, 0) < least
        }
        if not self._said.troubles:
            short |= {
                one for (one, event), n in known.events.items() if self._events[one, event] < n
            }
        for proposal in sorted(short):
            self._trouble(f"The last rows of proposal {proposal} are missing.")
        if not self._found_noted and self._noted is not None:
            self._trouble(
                f"The noted head {self._noted.count} is not in the ledger: its end was cut off or changed."
            )
        return self._said

    def _look_at_body(self, row: Row, entry: Entry | None) -> None:
        if entry is None or canonical(entry) != row.body:
            self._trouble(f"Row {row.number} cannot be read.")
            return
        if (entry.number, entry.proposal) != (row.number, row.proposal):
            self._trouble(f"Row {row.number} stands in another's place.")
        known = self._revisions.get(entry.proposal, 0)
        if entry.revision != known + 1:
            self._trouble(f"Row {row.number} does not follow the row before it of its proposal.")
        self._revisions[entry.proposal] = entry.revision
        self._events[entry.proposal, entry.event] += 1
        if entry.event is Event.SEALED and entry.person:
            self._events[entry.proposal, Event.REVIEWED] += 1

    def _look_at_signature(self, row: Row) -> None:
        if self._said.unsigned:
            self._trouble(f"Row {row.number} is signed although one before it is not.")
        expected = self._key.sign(self._said.head.mac, row.body)
        if not hmac.compare_digest(expected.encode(), row.mac.encode()):
            self._trouble(f"Row {row.number} does not bear the signature it must have.")
        self._said.head = Head(row.number, row.mac)
        if self._noted == self._said.head:
            self._found_noted = True

    def _trouble(self, sentence: str) -> None:
        if len(self._said.troubles) < MAX_TROUBLES:
            self._said.troubles.append(sentence)
        else:
            self._said.more_troubles += 1


def canonical(entry: Entry) -> bytes:
    """Write a body the one way it is signed: sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(entry, order="sorted")


def instant(at: datetime) -> str:
    """Write a time as the ledger does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _row(row: SqlRow[Any]) -> Row:
    """Take a row as it lies there; SQLite lets whoever tampers put any type anywhere."""
    if not isinstance(row.number, int):
        raise _broken("a row has no number")
    body = row.body if isinstance(row.body, bytes) else str(row.body).encode()
    return Row(row.number, str(row.proposal), body, "" if row.mac is None else str(row.mac))


async def _head(tx: Transaction) -> Head:
    signed = select(ledger.c.number, ledger.c.mac).where(ledger.c.mac.is_not(None))
    row = (await tx.execute(signed.order_by(ledger.c.number.desc()).limit(1))).one_or_none()
    return Head() if row is None else Head(row.number, row.mac)


async def _sign(tx: Transaction, key: LedgerKey, own: int = 0) -> Head:
    """Sign all that waits, in order; `own` is the number of the row just written with the key."""
    reached = await _head(tx)
    waiting = select(ledger).where(ledger.c.mac.is_(None)).order_by(ledger.c.number)
    for row in [_row(one) for one in await tx.execute(waiting)]:
        if row.number != reached.count + 1:
            raise _broken(f"row {reached.count + 1} is missing or not signed")
        entry = row.entry
        if row.number != own and (entry is None or entry.event not in UNSIGNED_EVENTS):
            raise _broken(f"row {row.number} is no row that waits for a signature")
        mac = key.sign(reached.mac, row.body)
        await tx.execute(update(ledger).where(ledger.c.number == row.number).values(mac=mac))
        reached = Head(row.number, mac)
    return reached


def _masked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts as JSON without credentials; ids and digests of ours stay, whatever they look like."""
    plain: dict[str, Any] = msgspec.json.decode(encode(facts))
    return redact.document(plain) | {name: plain[name] for name in _OURS if name in plain}


def _broken(what: str) -> LedgerBroken:
    return LedgerBroken(
        f"The ledger was tampered with: {what}",
        "Nothing is executed. Run oakum ledger verify, and look at who can write the store.",
    )
