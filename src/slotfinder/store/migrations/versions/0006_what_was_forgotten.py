"""Which meetings were forgotten: their names are never given away again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    op.create_table(
        "forgotten",
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "period"),
    )
