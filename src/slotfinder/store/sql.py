"""The store over SQLAlchemy Core. State and outbox are written in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from slotfinder.domain.command import Command, CommandKind
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import STEPS, Step
from slotfinder.domain.meeting import MeetingState, Receipt, Refusal
from slotfinder.errors import LockHeldError, OlderStoreError, StoreError
from slotfinder.ports import (
    PROGRAMME,
    Changes,
    Entry,
    EntryKind,
    Erasure,
    Held,
    Ledger,
    Logged,
    Records,
)
from slotfinder.store import personal, tables
from slotfinder.store.backup import back_up
from slotfinder.store.codec import (
    as_json,
    entry_from,
    entry_row,
    from_json,
    meeting_from,
    meeting_row,
    receipt_row,
)
from slotfinder.store.forgetting import forget

HEAD = "0006"
"""The newest migration: what this version of the product reads and writes."""


class SqlStore:
    """The Store port over a SQLite file; made and migrated when opened to write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> Ledger:
        with _transaction(self._engine) as connection:
            return _ledger(connection)

    def record(self, changes: Changes) -> None:
        with _transaction(self._engine) as connection:
            _record(connection, changes)
            if changes.forgetting is not None:
                forget(connection, changes.forgetting)

    def pending(self) -> list[Entry]:
        query = select(tables.outbox).where(tables.outbox.c.done.is_(None))
        with _transaction(self._engine) as connection:
            rows = connection.execute(query.order_by(tables.outbox.c.id)).mappings()
            return [entry_from(row) for row in rows]

    def settle(self, entry: Entry, at: datetime, receipt: Receipt | None = None) -> None:
        with _transaction(self._engine) as connection:
            _settle(connection, entry, at)
            if receipt is not None:
                _keep(connection, entry.uid, receipt)

    def abandon(self, entry: Entry, *, stands: bool) -> None:
        with _transaction(self._engine) as connection:
            _undo(connection, entry, stands=stands)
            # Nothing was done under these keys: the next decision may need them again.
            waiting = tables.outbox.c.done.is_(None)
            connection.execute(
                tables.outbox.delete().where(tables.outbox.c.uid == entry.uid, waiting)
            )

    def about(self, person: str) -> Records:
        with _transaction(self._engine) as connection:
            return personal.about(connection, person)

    def erase(self, what: Erasure) -> str:
        # Before: what older versions left in unused parts of the file. After: what even deleting
        # with zeros may leave at the ends of pages.
        self._rebuild()
        with _transaction(self._engine) as connection:
            name = personal.erase(connection, what)
        self._rebuild()
        return name

    def _rebuild(self) -> None:
        """Write the file anew, with nothing in it but what it holds."""
        with _transaction(self._engine) as connection:
            connection.exec_driver_sql("COMMIT")  # it is a transaction of its own
            connection.exec_driver_sql("VACUUM")


@contextmanager
def open_store(file: Path) -> Iterator[SqlStore]:
    """Open the store to write, made or migrated where needed.

    An older one is migrated only once a copy of it stands beside it.

    Raises:
        StoreError: it is no store, was written by a newer version, or cannot be copied first.
    """
    with suppress(OSError):  # which opening it tells better
        file.touch(mode=0o600)
    engine = _engine(file, create=True)
    try:
        with _transaction(engine) as connection:
            version = _version(connection)
            if version and version != HEAD:
                back_up(file, version)
            if version != HEAD:
                _migrate(connection)
        yield SqlStore(engine)
    finally:
        engine.dispose()


def read_ledger(file: Path) -> Ledger:
    """Return what the store remembers without touching it; nothing, where there is no store yet.

    Raises:
        StoreError: it is no store, or was written by another version.
    """
    if not file.exists():
        return Ledger()
    with _read_only(file) as connection:
        return Ledger() if connection is None else _ledger(connection)


def read_log(file: Path) -> list[Logged]:
    """Return what happened to all meetings, oldest first, without touching the store.

    Raises:
        StoreError: it is no store, or was written by another version.
    """
    columns = tables.meetings.c
    logged = select(tables.events, columns.calendar_uid, columns.period)
    logged = logged.join(tables.meetings, columns.uid == tables.events.c.uid)
    logged = logged.order_by(tables.events.c.id)
    with _read_only(file) as connection:
        return [
            Logged(
                at=row.at,
                pair=row.pair,
                period=row.period,
                kind=Step(row.kind),
                cause=row.cause,
                reason=row.reason,
                calendar_uid=row.calendar_uid,
                interval=Interval(row.start, row.end),
            )
            for row in (connection.execute(logged) if connection else ())
        ]


def read_about(file: Path, person: str) -> Records:
    """Return everything that is remembered about a person, without touching the store.

    Raises:
        StoreError: it is no store, or was written by another version.
    """
    with _read_only(file) as connection:
        return {} if connection is None else personal.about(connection, person)


@contextmanager
def _read_only(file: Path) -> Iterator[Connection | None]:
    """Yield a connection to a store of this version, None to one that is still empty."""
    engine = _engine(file, create=False)
    try:
        with _transaction(engine) as connection:
            version = _version(connection)
            if version not in {None, HEAD}:
                raise OlderStoreError(
                    f"The store {file.name} is of an older version; 'slotfinder run' migrates it, "
                    "once a copy of it stands beside it."
                )
            yield connection if version else None
    finally:
        engine.dispose()


def _engine(file: Path, *, create: bool) -> Engine:
    """Open the file; ``create`` makes one where there is none.

    SQLite's rollback journal is kept rather than WAL: looking at a plan must leave nothing behind,
    and a reader of a WAL file makes two files beside it.
    """
    mode = "rwc" if create else "rw"
    database, query = f"file:{quote(str(file))}", {"mode": mode, "uri": "true"}
    address = URL.create("sqlite", database=database, query=query)
    # Parameters hold addresses and whole mails: no error may show them.
    engine = create_engine(address, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - the driver's own objects
        # The driver would begin a transaction only before some statements, and none before DDL:
        # a migration that is killed half-way has to leave nothing.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")
        # What is deleted is gone from the file: mails that were sent, and people.
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if create else "BEGIN")

    return engine


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    """Yield a connection all of whose statements see one moment and count together, or not at all.

    Raises:
        StoreError: the database refused, with what can be done about it.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseError as problem:
        name = Path(unquote(engine.url.database or "store")).name
        remedy = "Check that the folder is writable and the file is slotfinder's own."
        if "locked" in str(problem.orig):
            remedy = "Another program is using it; try again when that is done."
        raise StoreError(f"The store {name} cannot be used: {problem.orig}. {remedy}") from None


def _version(connection: Connection) -> str | None:
    """Return the migration the store is at, None for an empty one.

    Raises:
        StoreError: a newer version of the product wrote it, or something else altogether.
    """
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if "alembic_version" not in names:
        raise StoreError("The file named by [store] url is a database of something else.")
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is None:
        raise StoreError("The store says no version: it is damaged; restore it from a copy.")
    if str(version) > HEAD:
        raise StoreError("The store was written by a newer slotfinder; install that version.")
    return str(version)


def _migrate(connection: Connection) -> None:
    # Alembic is slow to load and needed once in a store's life.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "slotfinder.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _ledger(connection: Connection) -> Ledger:
    standing = select(tables.meetings).where(tables.meetings.c.state == MeetingState.BOOKED.value)
    unsettled = select(tables.outbox.c.uid).where(
        tables.outbox.c.done.is_(None), tables.outbox.c.kind != EntryKind.MAIL.value
    )
    rows = connection.execute(standing.order_by(tables.meetings.c.start, tables.meetings.c.uid))
    return Ledger(
        meetings=tuple(meeting_from(row) for row in rows.mappings()),
        refusals=tuple(
            Refusal(
                pair=row.pair,
                period=row.period,
                interval=Interval(row.start, row.end),
                cause=row.cause,
                room=row.room,
            )
            for row in connection.execute(select(tables.refusals).order_by(tables.refusals.c.id))
        ),
        holds=tuple(_holds(connection)),
        known_since={row.pair: row.known_since for row in connection.execute(select(tables.pairs))},
        generations=_next_generations(connection),
        unsettled=frozenset(connection.execute(unsettled).scalars()),
        crowded=frozenset(connection.execute(select(tables.crowded.c.person)).scalars()),
        digest=_digest(connection),
        commands=tuple(
            Command(
                at=row.at,
                pair=row.pair,
                kind=CommandKind(row.kind),
                until=row.until,
                period=row.period,
                uid=row.uid,
                text=row.text,
            )
            for row in connection.execute(select(tables.commands).order_by(tables.commands.c.id))
        ),
    )


def _next_generations(connection: Connection) -> dict[tuple[str, date], int]:
    """Return the next free generation of each pair's period, forgotten ones included."""
    used = union_all(
        *(
            select(each.c.pair, each.c.period, each.c.generation)
            for each in (tables.meetings, tables.forgotten)
        )
    ).subquery()
    top = select(used.c.pair, used.c.period, func.max(used.c.generation) + 1)
    rows = connection.execute(top.group_by(used.c.pair, used.c.period))
    return {(pair, period): free for pair, period, free in rows}


def _digest(connection: Connection) -> str:
    return connection.execute(select(tables.digests.c.mark)).scalar() or ""


def _holds(connection: Connection) -> list[Held]:
    return [
        Held(
            pair=row.pair,
            period=row.period,
            since=row.since,
            reason_code=row.reason_code,
            reason=row.reason,
            uid=row.uid,
            relaxation_code=row.relaxation_code,
            relaxation_text=row.relaxation_text,
        )
        for row in connection.execute(select(tables.holds).order_by(tables.holds.c.id))
    ]


def _settle(connection: Connection, entry: Entry, at: datetime) -> None:
    # What was sent is of no more use: the store keeps no copy of what people were told.
    done = tables.outbox.update().where(tables.outbox.c.key == entry.key)
    connection.execute(done.values(done=at, payload={}, before=None))


def _undo(connection: Connection, entry: Entry, *, stands: bool) -> None:
    """Let the store say what calendars show of a meeting that was not written after all."""
    mine = tables.outbox.c.key == entry.key
    recorded, before = connection.execute(
        select(tables.outbox.c.recorded, tables.outbox.c.before).where(mine)
    ).one()
    meeting = tables.meetings.update().where(tables.meetings.c.uid == entry.uid)
    if not stands:
        connection.execute(meeting.values(state=MeetingState.WITHDRAWN.value))
    elif before is not None:
        row = from_json(before)
        connection.execute(meeting.values(row))
        # It is left where it stands after all: nobody refused that.
        left = tables.refusals.c
        at = (left.pair == row["pair"], left.period == row["period"], left.start == row["start"])
        connection.execute(tables.refusals.delete().where(*at, left.room.is_(None)))
    # Of several changes at one moment only the last one can have come to nothing.
    logged = tables.events.c
    last = select(func.max(logged.id)).where(
        logged.uid == entry.uid, logged.at == recorded, logged.kind.in_(_TAKES_TIME)
    )
    connection.execute(tables.events.delete().where(logged.id == last.scalar_subquery()))


def _keep(connection: Connection, uid: str, receipt: Receipt) -> None:
    mine = tables.meetings.c.uid == uid
    row = receipt_row(receipt)
    if receipt.remark:
        said = connection.execute(select(tables.meetings.c.reason).where(mine)).scalar() or ""
        if receipt.remark not in said:
            row["reason"] = f"{said} {receipt.remark}".strip()
    connection.execute(tables.meetings.update().where(mine).values(row))


def _claim(connection: Connection, changes: Changes) -> None:
    """Make sure that no other run has decided meanwhile on the same people or meetings.

    The transaction holds the database's write lock from its first statement on: of two runs that
    planned side by side, lock file or not, the second one sees here what the first one did.

    Raises:
        LockHeldError: one has; nothing is recorded.
    """
    if not (changes.happenings or changes.meetings):
        return
    pairs = {each.meeting.pair for each in changes.happenings}
    uids = {each.uid for each in changes.meetings}
    columns = tables.meetings.c
    query = select(columns.uid, columns.pair, columns.mentor, columns.mentee)
    query = query.add_columns(columns.start, columns.end)
    standing = [*connection.execute(query.where(columns.state == MeetingState.BOOKED.value))]
    new = [row for row in standing if (row.uid, row.start) not in changes.known]
    gone = {uid for uid, _ in changes.known - {(row.uid, row.start) for row in standing}}
    if gone & uids or any(row.pair in pairs or _is_taken(row, changes) for row in new):
        raise LockHeldError(
            "Another run has booked the same people or changed their meetings meanwhile; nothing "
            "was written. The next run plans anew."
        )


def _is_taken(standing: Row[Any], changes: Changes) -> bool:
    """Tell whether one of a standing meeting's people is to meet at its time once more."""
    interval, people = Interval(standing.start, standing.end), {standing.mentor, standing.mentee}
    return any(
        each.kind in _TAKES_TIME
        and not people.isdisjoint(each.meeting.people)
        and interval.overlaps(each.meeting.interval)
        for each in changes.happenings
    )


_TAKES_TIME = frozenset({Step.BOOK, Step.MOVE})


def _check_steps(connection: Connection, changes: Changes) -> None:
    """Make sure that meetings take only steps they can take, and none that is not logged.

    Raises:
        StoreError: one does not; nothing is recorded.
    """
    columns = tables.meetings.c
    rows = connection.execute(select(columns.uid, columns.state))
    states: dict[str, MeetingState | None] = {row.uid: MeetingState(row.state) for row in rows}
    for each in changes.happenings:
        uid = each.meeting.uid
        states[uid] = STEPS.get((states.get(uid), each.kind))
    for meeting in changes.meetings:
        if states.get(meeting.uid) is not meeting.state:
            raise StoreError(
                f"A meeting of pair {meeting.pair} cannot become {meeting.state} from what the "
                "store has of it. Nothing was written. This is a fault of slotfinder: please "
                "report it with the pair's log."
            )


def _standing_before(connection: Connection, changes: Changes) -> dict[str, dict[str, Any]]:
    """Return the meetings that are to be written anew as they stood until now."""
    written = {entry.uid for entry in changes.entries if entry.kind is EntryKind.WRITE}
    if not written:
        return {}
    rows = connection.execute(select(tables.meetings)).mappings()
    return {row["uid"]: as_json(row) for row in rows if row["uid"] in written}


def _record(connection: Connection, changes: Changes) -> None:
    if changes.digest is not None and changes.digest == _digest(connection):
        return  # another run told coordinators the same meanwhile
    known = set(connection.execute(select(tables.pairs.c.pair)).scalars())
    for pair in sorted(set(changes.pairs) - known - {PROGRAMME}):
        connection.execute(insert(tables.pairs).values(pair=pair, known_since=changes.now))
    _claim(connection, changes)
    _check_steps(connection, changes)
    before = _standing_before(connection, changes)
    # A meeting that is withdrawn makes room for the one that takes its period.
    for meeting in sorted(changes.meetings, key=lambda meeting: meeting.state, reverse=True):
        row = meeting_row(meeting)
        upsert = insert(tables.meetings).values(row)
        connection.execute(upsert.on_conflict_do_update(index_elements=["uid"], set_=row))
    if changes.digest is not None:
        connection.execute(tables.digests.delete())
        connection.execute(insert(tables.digests).values(mark=changes.digest))
    for command in changes.commands:
        connection.execute(insert(tables.commands).values(asdict(command)))
    for refusal in changes.refusals:
        connection.execute(
            insert(tables.refusals).values(
                pair=refusal.pair,
                period=refusal.period,
                start=refusal.interval.start,
                end=refusal.interval.end,
                cause=refusal.cause,
                room=refusal.room,
            )
        )
    held_before = [held for held in _holds(connection) if held.pair in changes.pairs]
    if held_before != list(changes.holds):
        connection.execute(tables.holds.delete().where(tables.holds.c.pair.in_(changes.pairs)))
        for held in changes.holds:
            connection.execute(insert(tables.holds).values(asdict(held)))
    _record_happenings(connection, changes)
    _record_crowded(connection, changes)
    for entry in changes.entries:
        row = entry_row(entry, changes.now) | {"before": before.get(entry.uid)}
        recorded = insert(tables.outbox).values(row)
        connection.execute(recorded.on_conflict_do_nothing(index_elements=["key"]))


def _record_happenings(connection: Connection, changes: Changes) -> None:
    for happening in changes.happenings:
        connection.execute(
            insert(tables.events).values(
                at=happening.at,
                run=happening.run,
                pair=happening.meeting.pair,
                uid=happening.meeting.uid,
                kind=happening.kind,
                cause=happening.cause,
                start=happening.meeting.interval.start,
                end=happening.meeting.interval.end,
                reason=happening.reason,
            )
        )


def _record_crowded(connection: Connection, changes: Changes) -> None:
    known = set(connection.execute(select(tables.crowded.c.person)).scalars())
    for person, is_crowded in sorted(changes.crowded.items()):
        if is_crowded and person not in known:
            connection.execute(insert(tables.crowded).values(person=person))
        elif person in known and not is_crowded:
            connection.execute(tables.crowded.delete().where(tables.crowded.c.person == person))
