"""Stores as each released version left them: made by its own migrations, a row in every table."""

import json
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine

Rows = dict[str, list[dict[str, Any]]]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "slotfinder.store:migrations")
    return config


REVISIONS: Final = [
    each.revision for each in reversed([*ScriptDirectory.from_config(_config()).walk_revisions()])
]
"""Every schema there was, oldest first."""

_EVENT = {
    "uid": "uid-1",
    "sequence": 0,
    "stamp": "2027-01-04T06:00:00+00:00",
    "start": "2027-01-05T09:00:00+00:00",
    "end": "2027-01-05T09:45:00+00:00",
    "title": "Reverse mentoring",
    "text": "Two lines\nof text",
    "location": "",
    "join_url": None,
    "private": True,
    "organizer": {"email": "mentoring@acme.example", "name": "Mentoring", "answer": "none"},
    "attendees": [
        {"email": "tom@acme.example", "name": "Tom Ødegård", "answer": "accepted"},
        {"email": "priya@acme.example", "name": "Priya", "answer": "none"},
    ],
    "room": None,
}
_MEETING = {
    "uid": "uid-1",
    "pair": "p01",
    "period": "2027-01-04",
    "occurrence": 1,
    "generation": 0,
    "state": "booked",
    "format": "virtual",
    "start": "2027-01-05T09:00:00Z",
    "end": "2027-01-05T09:45:00Z",
    "planned": "2027-01-05T09:00:00Z",
    "sequence": 0,
    "revision": 0,
    "moves": 1,
    "organizer": "mentoring@acme.example",
    "mentor": "tom@acme.example",
    "mentee": "priya@acme.example",
    "room": None,
    "join_url": None,
    "satisfaction_mentor": 40,
    "satisfaction_mentee": 60,
    "share_mentor": 44,
    "share_mentee": 66,
    "best_mentor": 90,
    "best_mentee": 91,
    "balance_mentor": 140,
    "balance_mentee": 160,
    "reason_code": "best-compromise",
    "reason": "The best compromise of 2 possible times.",
    "options": [],
    "answers": {"tom@acme.example": "accepted"},
    "calendar_uid": "abc@calendar.example",
    "link_pending": 0,
    "room_answer": None,
    "sent_again": 1,
    "held": 1,
    "lifted": ["gap"],
}
ROWS: Final[Rows] = {
    "pairs": [{"pair": "p01", "known_since": "2027-01-03T12:00:00Z"}],
    "meetings": [
        _MEETING,
        _MEETING | {"uid": "uid-0", "period": "2026-12-21", "state": "withdrawn"},
    ],
    "crowded": [{"person": "priya@acme.example"}],
    "refusals": [
        {
            "id": 1,
            "pair": "p01",
            "period": "2027-01-04",
            "start": "2027-01-06T09:00:00Z",
            "end": "2027-01-06T09:45:00Z",
            "cause": "declined",
            "room": None,
        }
    ],
    "events": [
        {
            "id": 1,
            "at": "2027-01-03T12:00:00Z",
            "run": "2027-01-03T12:00:00Z-0123456789ab",
            "pair": "p01",
            "uid": "uid-1",
            "kind": "book",
            "cause": "best-compromise",
            "start": "2027-01-05T09:00:00Z",
            "end": "2027-01-05T09:45:00Z",
            "reason": "The best compromise of 2 possible times.",
        }
    ],
    "commands": [
        {
            "id": 1,
            "at": "2027-01-03T13:00:00Z",
            "pair": "p01",
            "kind": "reschedule",
            "until": None,
            "period": "2027-01-04",
            "uid": "uid-1",
            "text": "Tom asked",
        }
    ],
    "digests": [{"mark": "0123456789abcdef"}],
    "holds": [
        {
            "id": 1,
            "pair": "p01",
            "period": "2027-01-18",
            "since": "2027-01-03T12:00:00Z",
            "reason_code": "away",
            "reason": "Both are away.",
            "uid": None,
            "relaxation_code": None,
            "relaxation_text": None,
        }
    ],
    "outbox": [
        {
            "id": 1,
            "key": "uid-1.0.write",
            "uid": "uid-1",
            "kind": "write",
            "provider": "local",
            "payload": {"event": _EVENT},
            "before": None,
            "recorded": "2027-01-03T12:00:00Z",
            "done": None,
        }
    ],
    "forgotten": [{"pair": "p01", "period": "2026-12-07", "generation": 1}],
}
"""Rows of every table there ever was, with the columns of the newest schema."""


def store_of(revision: str, file: Path) -> Rows:
    """Make a store that the version of that migration left, and return what is in it."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        metadata = MetaData()
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name == "alembic_version":
                continue
            for row in ROWS[table.name]:
                known = {name: row[name] for name in row.keys() & table.columns.keys()}
                connection.exec_driver_sql(*_insertion(table.name, known))
        found = _rows(connection)
    engine.dispose()
    assert all(found.values()), "a table without a row"
    return found


def rows_of(file: Path) -> Rows:
    """Return all that a store holds, as it stands there, with its version."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        found = _rows(connection)
    engine.dispose()
    return found


def _rows(connection: Connection) -> Rows:
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    ).scalars()
    return {
        name: [
            dict(row)
            for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1").mappings()
        ]
        for name in list(names)
    }


def _insertion(table: str, row: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    names = ", ".join(f'"{name}"' for name in row)
    values = tuple(
        json.dumps(each) if isinstance(each, dict | list) else each for each in row.values()
    )
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", values
