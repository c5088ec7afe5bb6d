"""Tables of approvals: drafts, proposals, reviews, operations, ledger, outbox."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0003"
down_revision = "0002"


def _strings(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _bodies(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.LargeBinary, nullable=False) for name in names]


def _asked() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String, primary_key=True),
        *_bodies("action", "target"),
        *_strings("cluster", "requester", "account_team", "account", "team", "channel", "thread"),
        sa.Column("undo_of", sa.String, nullable=False, server_default=""),
        sa.Column("submitted_at", Instant, nullable=False, index=True),
    ]


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    """Make the tables."""
    op.create_table("drafts", *_asked())
    _proposals()
    _reviews()
    _operations()
    _ledger()
    _outbox()


def _proposals() -> None:
    op.create_table(
        "proposals",
        *_asked(),
        *_strings("app", "state", "policy_version", "digest", "outcome", "worker"),
        *_bodies("rehearsal", "seal", "objects"),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("requester_may_approve", sa.Boolean, nullable=False),
        sa.Column("sealed_at", Instant),
        sa.Column("until", Instant),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("leased_until", Instant),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_index("proposals_state", "proposals", ["state", "until"])


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("proposal", sa.String, primary_key=True),
        sa.Column("person", sa.String, primary_key=True),
        *_strings("account_team", "account", "verdict", "digest"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String, primary_key=True),
        *_strings("proposal", "object", "phase", "digest", "outcome", "audit_id"),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("lock", sa.String, unique=True),
        *_bodies("target", "intent", "detail"),
        sa.Column("changed_at", Instant, nullable=False),
        sa.UniqueConstraint("proposal", "ordinal", name="operations_step"),
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("proposal", sa.String, nullable=False, index=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.String),
    )
    _index("ledger_unsigned", "ledger", ["number"], "mac IS NULL")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String, primary_key=True),
        *_strings("app", "kind", "proposal", "message_ts", "worker"),
        *_bodies("body"),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.Column("leased_until", Instant),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", Instant, nullable=False),
        sa.Column("put_at", Instant, nullable=False),
    )
    _index("outbox_due", "outbox", ["app", "not_before"], "shown < wanted")
