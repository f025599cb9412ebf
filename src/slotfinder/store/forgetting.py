"""Forgets what is old, as a run tells: a period's meetings together, and all that belongs to them.

A meeting's name derives from pair, period and generation, so the highest generation of a forgotten
period is kept: no name is ever given away twice.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, and_, bindparam, exists, select
from sqlalchemy.dialects.sqlite import insert

from slotfinder.domain.command import Command
from slotfinder.ports import Forgetting
from slotfinder.store import tables

_events = tables.events.c
_meetings = tables.meetings.c
_outbox = tables.outbox.c
_refusals = tables.refusals.c


def forget(connection: Connection, what: Forgetting) -> None:
    """Delete what is to be forgotten; where there is nothing of the kind nothing is written."""
    _raise_known_since(connection, what)
    _forget_meetings(connection, what)
    _forget_refusals(connection, what)
    # A receipt keeps a thing from being done twice, for as long as it could be decided again.
    of_none = _outbox.uid.not_in(select(_meetings.uid))
    connection.execute(tables.outbox.delete().where(_outbox.done < what.limit, of_none))
    for command in what.commands:
        _forget_command(connection, command)


def _raise_known_since(connection: Connection, what: Forgetting) -> None:
    """Let a pair be known only since what is kept: what was before may have been forgotten."""
    for row in connection.execute(select(tables.pairs)).all():
        if row.known_since < what.since(row.pair):
            mine = tables.pairs.update().where(tables.pairs.c.pair == row.pair)
            connection.execute(mine.values(known_since=what.since(row.pair)))


def _forget_meetings(connection: Connection, what: Forgetting) -> None:
    gone = _gone(connection, what)
    highest: dict[tuple[str, date], int] = {}
    for row in gone:
        key = row["pair"], row["period"]
        highest[key] = max(row["generation"], highest.get(key, 0))
    for (pair, period), generation in highest.items():
        values = {"pair": pair, "period": period, "generation": generation}
        known = insert(tables.forgotten).values(values)
        # Later generations count on from what was forgotten: the new number is the higher one.
        known = known.on_conflict_do_update(index_elements=["pair", "period"], set_=values)
        connection.execute(known)
    for column in (_events.uid, _meetings.uid):
        _delete(column, connection, (row["uid"] for row in gone))


def _gone(connection: Connection, what: Forgetting) -> list[RowMapping]:
    """Return the meetings that go: those of periods of which none has to stay."""
    columns = (_meetings.uid, _meetings.pair, _meetings.period, _meetings.generation)
    found = connection.execute(select(*columns, _meetings.planned, _meetings.end)).mappings().all()
    logged = connection.execute(select(_events.uid, _events.pair, _events.at))
    kept = {
        *what.counted,
        *(row.uid for row in logged if row.at >= what.since(row.pair)),
        *connection.execute(select(_outbox.uid).where(_outbox.done.is_(None))).scalars(),
    }

    def stays(row: RowMapping) -> bool:
        since = what.since(row["pair"])
        return row["uid"] in kept or row["planned"] >= since or row["end"] > since

    stay = {(row["pair"], row["period"]) for row in found if stays(row)}
    return [row for row in found if (row["pair"], row["period"]) not in stay]


def _forget_refusals(connection: Connection, what: Forgetting) -> None:
    meetings = (_meetings.pair == _refusals.pair) & (_meetings.period == _refusals.period)
    of_none = select(_refusals.id, _refusals.pair, _refusals.end).where(~exists().where(meetings))
    rows = connection.execute(of_none).all()
    old = (row.id for row in rows if row.end <= what.since(row.pair))
    _delete(_refusals.id, connection, old)


def _forget_command(connection: Connection, command: Command) -> None:
    columns = tables.commands.c
    same = (columns[name].is_not_distinct_from(value) for name, value in asdict(command).items())
    connection.execute(tables.commands.delete().where(and_(*same)))


def _delete(column: Column[Any], connection: Connection, values: Iterable[object]) -> None:
    """Delete the rows that have one of these values in a column."""
    gone = [{"gone": each} for each in values]
    if gone:
        connection.execute(column.table.delete().where(column == bindparam("gone")), gone)
