"""The tables of the store. Migrations get there; this is where it is."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    false,
    text,
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant as sortable ISO 8601 text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


metadata = MetaData()

pairs = Table(
    "pairs",
    metadata,
    Column("pair", String, primary_key=True),
    Column("known_since", Instant, nullable=False),
)

meetings = Table(
    "meetings",
    metadata,
    Column("uid", String, primary_key=True),
    Column("pair", String, nullable=False, index=True),
    Column("period", Date, nullable=False),
    Column("occurrence", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("format", String, nullable=False),
    Column("start", Instant, nullable=False),
    Column("end", Instant, nullable=False),
    Column("planned", Instant, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("organizer", String, nullable=False),
    Column("mentor", String, nullable=False),
    Column("mentee", String, nullable=False),
    Column("room", String),
    Column("join_url", String),
    Column("satisfaction_mentor", Integer, nullable=False),
    Column("satisfaction_mentee", Integer, nullable=False),
    Column("share_mentor", Integer, nullable=False),
    Column("share_mentee", Integer, nullable=False),
    Column("best_mentor", Integer, nullable=False),
    Column("best_mentee", Integer, nullable=False),
    Column("balance_mentor", Integer, nullable=False),
    Column("balance_mentee", Integer, nullable=False),
    Column("reason_code", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("options", JSON, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("calendar_uid", String),
    Column("link_pending", Boolean, nullable=False, server_default=false()),
    Column("room_answer", String),
    Column("sent_again", Boolean, nullable=False, server_default=false()),
    Column("held", Boolean),
    Column("lifted", JSON, nullable=False, server_default=text("'[]'")),
)

# Whatever goes wrong above, a pair never stands twice in the calendars at one time. (Not one a
# period: a changed cadence draws the periods anew around the meetings that stand.)
Index(
    "one_standing_meeting_at_a_time",
    meetings.c.pair,
    meetings.c.start,
    unique=True,
    sqlite_where=text("state = 'booked'"),
)

# The highest generation of the meetings of a period that are kept no more: a meeting's name derives
# from the three, and must never be given to another one.
forgotten = Table(
    "forgotten",
    metadata,
    Column("pair", String, primary_key=True),
    Column("period", Date, primary_key=True),
    Column("generation", Integer, nullable=False),
)

# Whose calendars had many entries ahead: one that has none at once is not believed.
crowded = Table("crowded", metadata, Column("person", String, primary_key=True))

refusals = Table(
    "refusals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pair", String, nullable=False, index=True),
    Column("period", Date, nullable=False),
    Column("start", Instant, nullable=False),
    Column("end", Instant, nullable=False),
    Column("cause", String, nullable=False),
    Column("room", String),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("run", String, nullable=False),
    Column("pair", String, nullable=False, index=True),
    Column("uid", String, ForeignKey("meetings.uid"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("start", Instant, nullable=False),
    Column("end", Instant, nullable=False),
    Column("reason", String, nullable=False, server_default=text("''")),
)

commands = Table(
    "commands",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("pair", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("until", Date),
    Column("period", Date),
    Column("uid", String),
    Column("text", String, nullable=False),
)

# What coordinators were told of last: one row, or none.
digests = Table("digests", metadata, Column("mark", String, primary_key=True))

holds = Table(
    "holds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pair", String, nullable=False, index=True),
    Column("period", Date),
    Column("since", Instant, nullable=False),
    Column("reason_code", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("uid", String),
    Column("relaxation_code", String),
    Column("relaxation_text", String),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("uid", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("provider", String),
    Column("payload", JSON, nullable=False),
    # The meeting as it stood before: what it is again if this must never be done.
    Column("before", JSON),
    Column("recorded", Instant, nullable=False),
    Column("done", Instant),
)
