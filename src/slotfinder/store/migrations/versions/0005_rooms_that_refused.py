"""Which rooms said no to a time, so that they are not asked for it again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    op.add_column("refusals", sa.Column("room", sa.String(), nullable=True))
