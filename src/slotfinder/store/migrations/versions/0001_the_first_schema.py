"""The first schema."""

import sqlalchemy as sa
from alembic import op

from slotfinder.store.tables import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring a store of the revision before up to this one."""
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("period", sa.Date(), nullable=True),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=True),
        sa.Column("relaxation_code", sa.String(), nullable=True),
        sa.Column("relaxation_text", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_holds_pair", "holds", ["pair"], unique=False)

    op.create_table(
        "meetings",
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=False),
        sa.Column("planned", Instant(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("organizer", sa.String(), nullable=False),
        sa.Column("mentor", sa.String(), nullable=False),
        sa.Column("mentee", sa.String(), nullable=False),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("join_url", sa.String(), nullable=True),
        sa.Column("satisfaction_mentor", sa.Integer(), nullable=False),
        sa.Column("satisfaction_mentee", sa.Integer(), nullable=False),
        sa.Column("share_mentor", sa.Integer(), nullable=False),
        sa.Column("share_mentee", sa.Integer(), nullable=False),
        sa.Column("best_mentor", sa.Integer(), nullable=False),
        sa.Column("best_mentee", sa.Integer(), nullable=False),
        sa.Column("balance_mentor", sa.Integer(), nullable=False),
        sa.Column("balance_mentee", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("uid"),
    )
    op.create_index("ix_meetings_pair", "meetings", ["pair"], unique=False)
    op.create_index(
        "one_standing_meeting_at_a_time",
        "meetings",
        ["pair", "start"],
        unique=True,
        sqlite_where=sa.text("state = 'booked'"),
    )

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("recorded", Instant(), nullable=False),
        sa.Column("done", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_outbox_uid", "outbox", ["uid"], unique=False)

    op.create_table(
        "pairs",
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("known_since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("pair"),
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_refusals_pair", "refusals", ["pair"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("start", Instant(), nullable=False),
        sa.Column("end", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["uid"],
            ["meetings.uid"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_events_pair", "events", ["pair"], unique=False)
    op.create_index("ix_events_uid", "events", ["uid"], unique=False)
