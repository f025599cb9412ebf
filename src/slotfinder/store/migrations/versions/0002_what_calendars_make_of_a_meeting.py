"""What calendars make of a meeting: its own name there, its link, its room's answer."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    op.add_column("meetings", sa.Column("calendar_uid", sa.String(), nullable=True))
    op.add_column(
        "meetings",
        sa.Column("link_pending", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("meetings", sa.Column("room_answer", sa.String(), nullable=True))
    # Until now every meeting stood in .ics files, which keep the name they are given.
    op.execute("UPDATE meetings SET calendar_uid = uid")
    op.create_table(
        "crowded",
        sa.Column("person", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
