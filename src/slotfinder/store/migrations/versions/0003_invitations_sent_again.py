"""Whether a meeting's invitation was sent a second time."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    op.add_column(
        "meetings",
        sa.Column("sent_again", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
