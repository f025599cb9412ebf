"""What the store holds about one person: read row by row, and taken out of it."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Table, bindparam, select

from slotfinder.domain.people import address_mark, pseudonym, pseudonym_number
from slotfinder.ports import Erasure, Records
from slotfinder.store import tables
from slotfinder.store.codec import JsonObject, as_json


def about(connection: Connection, person: str) -> Records:
    """Return every row that is about a person, by table, as JSON keeps it."""
    meetings = _rows(connection, tables.meetings, lambda row: person in _addresses(row))
    uids, pairs = {row["uid"] for row in meetings}, {row["pair"] for row in meetings}
    mark = address_mark(person)

    def is_theirs(row: RowMapping) -> bool:
        # A pair's id may go on with other people: what names a meeting is about that one.
        return row["uid"] in uids if row["uid"] else row["pair"] in pairs

    def is_of_pair(row: RowMapping) -> bool:
        return row["pair"] in pairs

    of_table: dict[Table, Callable[[RowMapping], bool]] = {
        tables.events: is_theirs,
        tables.commands: is_theirs,
        tables.refusals: is_of_pair,
        tables.holds: is_theirs,
        tables.pairs: is_of_pair,
        tables.forgotten: is_of_pair,
        tables.crowded: lambda row: row["person"] == person,
        tables.outbox: lambda row: row["uid"] in uids or mark in row["key"],
    }
    found = {
        table.name: [_readable(row) for row in _rows(connection, table, is_wanted)]
        for table, is_wanted in of_table.items()
    }
    return {tables.meetings.name: [_readable(row) for row in meetings], **found}


def erase(connection: Connection, what: Erasure) -> str:
    """Take a person out of the store, and return the address that stands in its meetings now."""
    name = pseudonym(_highest_pseudonym(connection) + 1)
    for row in _rows(connection, tables.meetings, lambda row: row["uid"] in what.meetings):
        mine = tables.meetings.update().where(tables.meetings.c.uid == row["uid"])
        connection.execute(mine.values(_under(name, what.person, row)))
    silenced = [{"mine": each} for each in what.silenced]
    if silenced:
        mine = tables.commands.update().where(tables.commands.c.id == bindparam("mine"))
        connection.execute(mine.values(text=""), silenced)
    for table, keys in what.deleted.items():
        gone = [{"gone": key} for key in keys]
        if gone:
            column = _key(tables.metadata.tables[table])
            connection.execute(column.table.delete().where(column == bindparam("gone")), gone)
    return name


def _rows(
    connection: Connection, table: Table, is_wanted: Callable[[RowMapping], bool]
) -> list[RowMapping]:
    found = connection.execute(select(table).order_by(*table.primary_key)).mappings()
    return [row for row in found if is_wanted(row)]


def _addresses(meeting: RowMapping) -> set[str]:
    """Return whose addresses stand in the row of a meeting."""
    return {meeting["organizer"], meeting["mentor"], meeting["mentee"], *meeting["answers"]}


def _under(name: str, person: str, meeting: RowMapping) -> JsonObject:
    """Return the columns of a meeting that tell of a person: another name, and nothing else left.

    Where the two would have been free as well is of no more use, nor is the link they met by.
    """

    def named(email: str) -> str:
        return name if email == person else email

    roles = {role: named(meeting[role]) for role in ("organizer", "mentor", "mentee")}
    answers = {named(email): answer for email, answer in meeting["answers"].items()}
    return {**roles, "answers": answers, "options": [], "join_url": None}


def _highest_pseudonym(connection: Connection) -> int:
    rows = connection.execute(select(tables.meetings)).mappings()
    return max((pseudonym_number(each) for row in rows for each in _addresses(row)), default=0)


def _key(table: Table) -> Column[Any]:
    [column] = table.primary_key.columns
    return column


def _readable(row: RowMapping) -> JsonObject:
    """Return a row as JSON keeps it, with a mail that waits as it reads."""
    found = as_json(row)
    if message := (found.get("payload") or {}).get("message"):
        content = b64decode(message["content"]).decode("utf-8", errors="replace")
        found["payload"] = {"message": {**message, "content": content}}
    return found
