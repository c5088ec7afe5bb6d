"""Every table of the store, as SQLAlchemy Core declares it. Changes come with a file in migrations.

Bodies that only our own code reads are JSON bytes (`columns.encode`). Used by the other files here.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from bot.store.columns import Instant, OutsideText

metadata = MetaData()

_Sequence = BigInteger().with_variant(Integer, "sqlite")
"""Counts up by itself on both databases (SQLite does so for INTEGER keys only)."""


def _key() -> tuple[Column[str], Column[str], Column[str]]:
    """Make the columns of a ThreadKey."""
    return (
        Column("team", String, nullable=False),
        Column("channel", String, nullable=False),
        Column("thread", String, nullable=False),
    )


inbox = Table(
    "inbox",
    metadata,
    Column("id", String, primary_key=True),
    Column("event_id", String, nullable=False, unique=True),
    *_key(),
    Column("ts", String, nullable=False),
    Column("position", String, nullable=False),
    Column("person", String, nullable=False),
    Column("place", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", OutsideText, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("reply_ts", String, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("worker", String, nullable=False, server_default=""),
    Column("leased_until", Instant),
    Column("done_at", Instant),
    Column("outcome", String, nullable=False, server_default=""),
    UniqueConstraint("team", "channel", "ts", name="inbox_message"),
    Index(
        "inbox_open",
        "team",
        "channel",
        "thread",
        "position",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)
"""Questions, commands and presses until they are answered, and a day longer to know them again."""

seen = Table(
    "seen",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)
"""Presses and commands that were already taken."""

turns = Table(
    "turns",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    *_key(),
    Column("role", String, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("stored_at", Instant, nullable=False, index=True),
    Index("turns_thread", "team", "channel", "thread", "seq"),
    Index(
        "turns_message",
        "team",
        "channel",
        "thread",
        "role",
        "message_ts",
        unique=True,
        sqlite_where=text("message_ts <> ''"),
        postgresql_where=text("message_ts <> ''"),
    ),
    sqlite_autoincrement=True,
)
"""What was said in threads where Oakum answered."""

answers = Table(
    "answers",
    metadata,
    *_key(),
    Column("message_ts", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("stored_at", Instant, nullable=False, index=True),
    UniqueConstraint("team", "channel", "thread", "message_ts", name="answers_message"),
)
"""What each of our messages showed, so that a press on it finds the same."""

feedback = Table(
    "feedback",
    metadata,
    *_key(),
    Column("message_ts", String, nullable=False),
    Column("person", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("reason", OutsideText, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    UniqueConstraint("team", "channel", "thread", "message_ts", "person", name="feedback_person"),
)
"""What people said of an answer; the last word of each counts."""

usage = Table(
    "usage",
    metadata,
    Column("person", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("questions", Integer, nullable=False),
)
"""What each person spent on each day (UTC)."""

scans = Table(
    "scans",
    metadata,
    Column("id", String, primary_key=True),
    Column("cluster", String, nullable=False),
    Column("benchmark", String, nullable=False),
    Column("finished_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("scans_latest", "cluster", "finished_at"),
)
"""Past scans; the body is compressed."""

files = Table(
    "files",
    metadata,
    Column("id", String, primary_key=True),
    *_key(),
    Column("forgotten", Boolean, nullable=False, server_default=false()),
    Column("stored_at", Instant, nullable=False, index=True),
    Column("proposal", String, nullable=False, server_default=""),
    Index("files_thread", "team", "channel", "thread"),
)
"""Files that lie in Slack; forgotten ones are taken back at once, or when their proposal has ended."""


def _asked() -> tuple[Column[Any], ...]:
    """Make the columns of what somebody asked to be done, and where."""
    return (
        Column("action", LargeBinary, nullable=False),
        Column("cluster", String, nullable=False),
        Column("target", LargeBinary, nullable=False),
        Column("requester", String, nullable=False),
        Column("account_team", String, nullable=False),
        Column("account", String, nullable=False),
        *_key(),
        Column("undo_of", String, nullable=False, server_default=""),
        Column("submitted_at", Instant, nullable=False, index=True),
        Column("standing", LargeBinary, nullable=False, server_default=text("''")),
    )


drafts = Table("drafts", metadata, Column("id", String, primary_key=True), *_asked())
"""What was asked for and nobody has looked at yet; the one table of approvals that serve writes to."""

proposals = Table(
    "proposals",
    metadata,
    Column("id", String, primary_key=True),
    *_asked(),
    Column("app", String, nullable=False),
    Column("state", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("rehearsal", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Column("policy_version", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("requester_may_approve", Boolean, nullable=False),
    Column("objects", LargeBinary, nullable=False),
    Column("sealed_at", Instant),
    Column("until", Instant),
    Column("reason", OutsideText, nullable=False),
    Column("outcome", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("leased_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("started_by", String, nullable=False, server_default=""),
    Column("starter", LargeBinary, nullable=False, server_default=text("''")),
    Index("proposals_state", "state", "until"),
)
"""Proposals from the moment they are rehearsed; never deleted."""

reviews = Table(
    "reviews",
    metadata,
    Column("proposal", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("account_team", String, nullable=False),
    Column("account", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("reason", OutsideText, nullable=False),
    Column("digest", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("standing", LargeBinary, nullable=False, server_default=text("''")),
)
"""What people said of a sealed proposal; one each, never changed."""

operations = Table(
    "operations",
    metadata,
    Column("id", String, primary_key=True),
    Column("proposal", String, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("target", LargeBinary, nullable=False),
    Column("object", String, nullable=False),
    Column("lock", String, unique=True),
    Column("phase", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("intent", LargeBinary, nullable=False),
    Column("outcome", String, nullable=False),
    Column("audit_id", String, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("proposal", "ordinal", name="operations_step"),
)
"""Each cluster step of an execution; `lock` holds the object until the execution has ended."""

ledger = Table(
    "ledger",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("proposal", String, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    Column("mac", String),
    Index(
        "ledger_unsigned",
        "number",
        sqlite_where=text("mac IS NULL"),
        postgresql_where=text("mac IS NULL"),
    ),
)
"""One row for every transition, numbered from 1 without a hole; `mac` is empty until it is signed."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", String, primary_key=True),
    Column("app", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("proposal", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("message_ts", String, nullable=False),
    Column("worker", String, nullable=False),
    Column("leased_until", Instant),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("put_at", Instant, nullable=False),
    Index(
        "outbox_due",
        "app",
        "not_before",
        sqlite_where=text("shown < wanted"),
        postgresql_where=text("shown < wanted"),
    ),
)
"""What Slack is to show: a card per proposal, made equal to its row, and single messages."""

signs = Table(
    "signs",
    metadata,
    Column("role", String, primary_key=True),
    Column("worker", String, primary_key=True),
    Column("at", Instant, nullable=False),
)
"""When each process last said that it is at work."""
