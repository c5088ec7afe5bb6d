"""Remember of a file which proposal's card it belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    op.add_column("files", sa.Column("proposal", sa.String, nullable=False, server_default=""))
