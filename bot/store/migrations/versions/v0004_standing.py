"""What Slack vouched for when somebody asked or voted, who started it, and signs of life."""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0004"
down_revision = "0003"


def _body(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False, server_default=sa.text("''"))


def upgrade() -> None:
    """Add the columns and the table."""
    for table in ("drafts", "proposals", "reviews"):
        op.add_column(table, _body("standing"))
    op.add_column("proposals", _body("starter"))
    op.add_column(
        "proposals", sa.Column("started_by", sa.String, nullable=False, server_default="")
    )
    op.create_table(
        "signs",
        sa.Column("role", sa.String, primary_key=True),
        sa.Column("worker", sa.String, primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
