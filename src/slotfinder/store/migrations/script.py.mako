"""${message}."""

import sqlalchemy as sa
from alembic import op

from slotfinder.store.tables import Instant

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    ${upgrades if upgrades else "pass"}
