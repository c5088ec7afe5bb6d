"""The first tables: inbox, seen, turns, answers, feedback, usage, scans."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0001"
down_revision = None

_Sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _strings(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _index(name: str, table: str, columns: list[str], *, unique: bool = False, where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Make the tables."""
    steps: tuple[Callable[[], None], ...] = (_inbox, _seen, _turns, _answers, _feedback, _rest)
    for step in steps:
        step()


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("event_id", sa.String, nullable=False, unique=True),
        *_strings("team", "channel", "thread", "ts", "position", "person", "place", "kind"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("reply_ts", sa.String, nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("worker", sa.String, nullable=False, server_default=""),
        sa.Column("leased_until", Instant),
        sa.Column("done_at", Instant),
        sa.Column("outcome", sa.String, nullable=False, server_default=""),
        sa.UniqueConstraint("team", "channel", "ts", name="inbox_message"),
    )
    _index(
        "inbox_open", "inbox", ["team", "channel", "thread", "position"], where="done_at IS NULL"
    )


def _seen() -> None:
    op.create_table(
        "seen",
        sa.Column("event_id", sa.String, primary_key=True),
        sa.Column("at", Instant, nullable=False, index=True),
    )


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("seq", _Sequence, primary_key=True, autoincrement=True),
        *_strings("team", "channel", "thread", "role", "message_ts"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", Instant, nullable=False, index=True),
        sqlite_autoincrement=True,
    )
    op.create_index("turns_thread", "turns", ["team", "channel", "thread", "seq"])
    _index(
        "turns_message",
        "turns",
        ["team", "channel", "thread", "role", "message_ts"],
        unique=True,
        where="message_ts <> ''",
    )


def _answers() -> None:
    op.create_table(
        "answers",
        *_strings("team", "channel", "thread", "message_ts"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", Instant, nullable=False, index=True),
        sa.UniqueConstraint("team", "channel", "thread", "message_ts", name="answers_message"),
    )


def _feedback() -> None:
    columns = ("team", "channel", "thread", "message_ts", "person")
    op.create_table(
        "feedback",
        *_strings(*columns, "kind"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False, index=True),
        sa.UniqueConstraint(*columns, name="feedback_person"),
    )


def _rest() -> None:
    op.create_table(
        "usage",
        sa.Column("person", sa.String, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("questions", sa.Integer, nullable=False),
    )
    op.create_table(
        "scans",
        sa.Column("id", sa.String, primary_key=True),
        *_strings("cluster", "benchmark"),
        sa.Column("finished_at", Instant, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("scans_latest", "scans", ["cluster", "finished_at"])
