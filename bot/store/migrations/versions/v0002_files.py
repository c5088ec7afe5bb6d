"""Remember the files put into threads, so that they can be taken back."""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of files."""
    op.create_table(
        "files",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("team", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("thread", sa.String, nullable=False),
        sa.Column("forgotten", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("stored_at", Instant, nullable=False, index=True),
    )
    op.create_index("files_thread", "files", ["team", "channel", "thread"])
