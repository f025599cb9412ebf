"""What coordinators decide by command, and what is worth telling of each change."""

import sqlalchemy as sa
from alembic import op

from slotfinder.store.tables import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    op.create_table(
        "commands",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("period", sa.Date(), nullable=True),
        sa.Column("uid", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_commands_pair", "commands", ["pair"], unique=False)
    op.create_table(
        "digests",
        sa.Column("mark", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("mark"),
    )
    op.add_column("meetings", sa.Column("held", sa.Boolean(), nullable=True))
    op.add_column(
        "meetings", sa.Column("lifted", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
    )
    op.add_column("outbox", sa.Column("before", sa.JSON(), nullable=True))
    op.add_column(
        "events", sa.Column("reason", sa.String(), nullable=False, server_default=sa.text("''"))
    )
