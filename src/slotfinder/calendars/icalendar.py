"""iCalendar files (RFC 5545) → blocking times: everything a calendar says, or an error.

Titles, places and people's names are never kept. What cannot be understood makes somebody busier
or the whole calendar unreadable, never free.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from slotfinder.calendars._contentlines import (
    BYTES_LIMIT,
    Component,
    Property,
    UnreadableCalendarError,
    parse_calendars,
)
from slotfinder.calendars._recurrence import Budget, Rule, Until, expand, read_rule
from slotfinder.calendars._times import Clock, Moment, Span, between, duration
from slotfinder.calendars._zones import Zones
from slotfinder.domain.freebusy import Block, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer

__all__ = ["BYTES_LIMIT", "OwnCopy", "UnreadableCalendarError", "read_calendar", "read_own"]

_RDATE_LIMIT: Final = 10_000
_NO_TIME: Final = timedelta(0)
# More than any two zones are apart, and more than a wall time of unknown zone is widened.
_MARGIN: Final = timedelta(days=2)
_CONFLICTING: Final = "conflicting"

_ANSWERS: Final = {
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCopy:
    """One of the programme's meetings as a copy of it in a calendar shows it now."""

    interval: Interval
    sequence: int
    cancelled: bool
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A VEVENT: one event, a series, or an override of one of a series' instances."""

    file: int
    uid: str | None
    recurrence: Moment | None
    this_and_future: bool
    version: tuple[int, str]
    kind: Kind | None
    start: Moment
    span: Span
    rules: tuple[Rule, ...]
    dates: tuple[tuple[Moment, Span], ...]
    excluded: "_Removed"

    @property
    def identity(self) -> tuple[str | None, datetime | None]:
        return self.uid, self.recurrence.instant if self.recurrence else None


@dataclass(frozen=True, slots=True)
class _Removed:
    """Instances a series does not have: by instant, or all that begin on a local day."""

    instants: frozenset[datetime]
    days: frozenset[date]

    def has(self, start: Moment) -> bool:
        return start.wall.date() in self.days or start.instant in self.instants


def read_calendar(
    files: Sequence[bytes], owner: str, zone: ZoneInfo, window: Interval, own: frozenset[str]
) -> tuple[Block, ...]:
    """Return all blocks that touch ``window``, unclipped; the files together are one calendar.

    ``zone`` is the owner's. Blocks of entries whose UID is in ``own`` carry it.

    Raises:
        UnreadableCalendarError: something in the files keeps the owner's time from being known.
    """
    if sum(map(len, files)) > BYTES_LIMIT:
        raise UnreadableCalendarError("it is larger than 10 MB")
    budget = Budget()
    entries: list[_Entry] = []
    blocks: list[Block] = []
    for number, content in enumerate(files):
        with _blaming(number):
            calendars = parse_calendars(content)
            zones = Zones(calendars, budget)
            for calendar in calendars:
                clock = Clock(calendar, zones, zone)
                entries += [
                    _entry(vevent, number, clock, owner.lower())
                    for vevent in calendar.walk("VEVENT")
                ]
                for vfreebusy in calendar.walk("VFREEBUSY"):
                    blocks += _taken(vfreebusy, clock)
    for series in _by_uid(_current(entries)):
        blocks += _blocks_of(series, window, own, budget)
    return tuple(block for block in blocks if block.interval.overlaps(window))


def read_own(content: bytes, uid: str, zone: ZoneInfo) -> OwnCopy | None:
    """Return what a copy says of the meeting ``uid``, None when it is not in there.

    Raises:
        UnreadableCalendarError: the copy, or the time of the meeting in it, cannot be read.
    """
    with _blaming(0):
        calendars = parse_calendars(content)
        zones = Zones(calendars, Budget())
        found = [
            (_entry(vevent, 0, Clock(calendar, zones, zone), ""), vevent)
            for calendar in calendars
            for vevent in calendar.walk("VEVENT")
            if _uid(vevent) == uid and not vevent.all("RECURRENCE-ID")
        ]
        if not found:
            return None
        entry, vevent = max(found, key=lambda each: each[0].version)
        if not (entry.start.known and entry.span.known):
            raise UnreadableCalendarError("the zone of a time in it is not known")
        return OwnCopy(
            interval=entry.span.after(entry.start),
            sequence=entry.version[0],
            cancelled=_said(vevent, "STATUS") == "CANCELLED",
            answers=_answers(vevent),
        )


@contextmanager
def _blaming(file: int) -> Iterator[None]:
    """Make every failure in reading a file one that names the file and nothing in it."""
    try:
        yield
    except UnreadableCalendarError as error:
        error.file = file
        raise
    except (OverflowError, ValueError):
        reason = "a time in it is beyond what calendars can hold"
        raise UnreadableCalendarError(reason, file) from None


# --- one entry ------------------------------------------------------------------------------------


def _entry(vevent: Component, file: int, clock: Clock, owner: str) -> _Entry:
    started = vevent.only("DTSTART")
    if started is None:
        raise UnreadableCalendarError("an entry does not say when it begins")
    start = clock.moment(started)
    span = _span(vevent, start, clock)
    instance = vevent.only("RECURRENCE-ID")
    dates = [_dated(found, clock, span) for found in vevent.all("RDATE")]
    if sum(map(len, dates)) > _RDATE_LIMIT:
        raise UnreadableCalendarError("an entry has too many dates")
    return _Entry(
        file=file,
        uid=_uid(vevent),
        recurrence=clock.moment(instance) if instance else None,
        this_and_future=instance is not None
        and instance.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
        version=_version(vevent),
        kind=_kind(vevent, owner),
        start=start,
        span=span,
        rules=tuple(read_rule(rule.value) for rule in vevent.all("RRULE")),
        dates=tuple(each for several in dates for each in several),
        excluded=_removed(_exceptions(vevent, clock)),
    )


def _uid(vevent: Component) -> str | None:
    uids = {found.value for found in vevent.all("UID")}
    return uids.pop() or None if len(uids) == 1 else None


def _version(vevent: Component) -> tuple[int, str]:
    """Return what makes one copy newer than another (RFC 5546 §2.1.5)."""
    sequence = _said(vevent, "SEQUENCE") or ""
    stamp = _said(vevent, "DTSTAMP") or ""
    return int(sequence) if sequence.isdecimal() and len(sequence) < 10 else 0, stamp


def _span(vevent: Component, start: Moment, clock: Clock) -> Span:
    """Return how long it takes: the longer, where DTEND and DURATION are both there."""
    spans = []
    if ended := vevent.only("DTEND"):
        spans.append(between(start, clock.moment(ended)))
    if lasting := vevent.only("DURATION"):
        span = duration(lasting.value)
        spans.append(Span(span.length, in_days=start.is_date and not span.length.seconds))
    if not spans:
        return Span(timedelta(days=1), in_days=True) if start.is_date else Span(_NO_TIME)
    return max(spans, key=lambda span: span.length)


def _dated(found: Property, clock: Clock, span: Span) -> list[tuple[Moment, Span]]:
    """Return the instances an RDATE adds (§3.8.5.2); a date in a timed series is that whole day."""
    if "/" in found.value:
        return clock.periods(found)
    whole_day = Span(timedelta(days=1), in_days=True)
    return [
        (start, whole_day if start.is_date and not span.in_days else span)
        for start in clock.moments(found)
    ]


def _exceptions(vevent: Component, clock: Clock) -> Iterator[Moment]:
    """Yield the EXDATEs. One that cannot be read removes nothing: that only makes it busier."""
    for found in vevent.all("EXDATE"):
        for text in found.value.split(","):
            try:
                yield clock.moment(found, text)
            except UnreadableCalendarError:
                continue


def _removed(moments: Iterable[Moment]) -> _Removed:
    instants, days = set(), set()
    for moment in moments:
        if moment.is_date:
            days.add(moment.wall.date())
        else:
            instants.add(moment.instant)
    return _Removed(frozenset(instants), frozenset(days))


# --- what it means --------------------------------------------------------------------------------


def _said(component: Component, name: str) -> str | None:
    """Return a property's value in upper case, a word no rule knows where two contradict."""
    said = {found.value.upper() for found in component.all(name)}
    return _CONFLICTING if len(said) > 1 else said.pop() if said else None


def _kind(vevent: Component, owner: str) -> Kind | None:
    """Return how the entry takes the owner's time, None for not at all: the rules in order."""
    status = _said(vevent, "STATUS")
    busy_status = _said(vevent, "X-MICROSOFT-CDO-BUSYSTATUS")
    answers = {
        found.parameters.get("PARTSTAT", "NEEDS-ACTION").upper()
        for found in vevent.all("ATTENDEE")
        if owner in _addresses(found)
    }
    if status == "CANCELLED" or answers == {"DECLINED"}:
        return None
    if busy_status == "WORKINGELSEWHERE":
        return Kind.ELSEWHERE
    transparent = _said(vevent, "TRANSP") == "TRANSPARENT" and busy_status is None
    if transparent or busy_status == "FREE":
        return None
    if busy_status == "OOF":
        return Kind.OUT_OF_OFFICE
    # Of several answers of the same person the one that takes the time counts.
    undecided = answers and answers <= {"TENTATIVE", "NEEDS-ACTION", "DECLINED"}
    if "TENTATIVE" in {busy_status, status} or undecided:
        return Kind.TENTATIVE
    return Kind.BUSY


def _addresses(attendee: Property) -> set[str]:
    """Return the mailboxes an ATTENDEE stands for, in lower case (§3.3.3, RFC 7986 §6.2)."""
    scheme, _, address = attendee.value.partition(":")
    found = {attendee.parameters.get("EMAIL", "").strip().lower()}
    if scheme.lower() == "mailto":
        found.add(unquote(address).strip().lower())
    return found - {""}


def _answers(vevent: Component) -> dict[str, Answer]:
    """Return everybody's answer; who is listed twice declined only if both lines say so."""
    answers: dict[str, Answer] = {}
    for attendee in vevent.all("ATTENDEE"):
        answer = _ANSWERS.get(attendee.parameters.get("PARTSTAT", "").upper(), Answer.NONE)
        for email in _addresses(attendee):
            if answers.get(email, Answer.DECLINED) is Answer.DECLINED:
                answers[email] = answer
    return answers


def _taken(vfreebusy: Component, clock: Clock) -> Iterator[Block]:
    """Yield the periods of a VFREEBUSY (§3.8.2.6) that are not free."""
    for found in vfreebusy.all("FREEBUSY"):
        said = found.parameters.get("FBTYPE", "BUSY").upper()
        kind = Kind.TENTATIVE if said == "BUSY-TENTATIVE" else Kind.BUSY
        for start, span in clock.periods(found):
            if said != "FREE":
                yield _block(kind, start, span, None)


def _block(kind: Kind, start: Moment, span: Span, uid: str | None) -> Block:
    known = start.known and span.known
    return Block(interval=span.after(start), kind=kind if known else Kind.BUSY, uid=uid)


# --- series and their overrides -------------------------------------------------------------------


def _current(entries: Sequence[_Entry]) -> Iterator[_Entry]:
    """Yield those of which there is no newer version; complete ties all count."""
    newest: dict[tuple[str | None, datetime | None], tuple[int, str]] = {}
    for entry in entries:
        newest[entry.identity] = max(entry.version, newest.get(entry.identity, entry.version))
    for entry in entries:
        if entry.uid is None or entry.version == newest[entry.identity]:
            yield entry


def _by_uid(entries: Iterable[_Entry]) -> Iterable[list[_Entry]]:
    """Return entries of one UID together; those without one have nothing to do with each other."""
    together: dict[str | int, list[_Entry]] = {}
    for entry in entries:
        together.setdefault(entry.uid or id(entry), []).append(entry)
    return together.values()


@dataclass(frozen=True, slots=True)
class _Overrides:
    """What the overrides of a series do to its instances (RFC 5545 §3.8.4.4)."""

    replaced: _Removed
    ranged: Sequence[tuple[Moment, _Entry]]

    @property
    def reach(self) -> timedelta:
        """Return how far they can carry an instance into or out of a window."""
        return max(
            (
                abs(entry.start.instant - first.instant) + abs(entry.span.length)
                for first, entry in self.ranged
            ),
            default=_NO_TIME,
        )

    def change(self, master: _Entry, start: Moment, span: Span) -> tuple[Kind | None, Moment, Span]:
        """Return the instance as the last "this and future" override before it has it."""
        at = bisect_right(self.ranged, start.instant, key=lambda each: each[0].instant)
        if not at:
            return master.kind, start, span
        first, entry = self.ranged[at - 1]
        gone = start.wall - first.instant.astimezone(start.zone).replace(tzinfo=None)
        return entry.kind, entry.start.at(entry.start.wall + gone), entry.span


def _overrides(series: Sequence[_Entry]) -> _Overrides:
    found = [(entry.recurrence, entry) for entry in series if entry.recurrence is not None]
    ranged = [each for each in found if each[1].this_and_future]
    return _Overrides(
        replaced=_removed(instance for instance, _ in found),
        ranged=sorted(ranged, key=lambda each: each[0].instant),
    )


def _blocks_of(
    series: Sequence[_Entry], window: Interval, own: frozenset[str], budget: Budget
) -> list[Block]:
    overrides = _overrides(series)
    blocks = []
    for entry in series:
        if entry.kind is None and not overrides.ranged:
            continue
        uid = entry.uid if entry.uid in own else None
        with _blaming(entry.file):
            for start, span in _instances(entry, window, overrides.reach, budget):
                kind, begin, lasting = entry.kind, start, span
                if entry.recurrence is None:
                    if overrides.replaced.has(start):
                        continue
                    kind, begin, lasting = overrides.change(entry, start, span)
                if kind is not None and not entry.excluded.has(start):
                    blocks.append(_block(kind, begin, lasting, uid))
    return blocks


def _instances(
    entry: _Entry, window: Interval, reach: timedelta, budget: Budget
) -> Iterator[tuple[Moment, Span]]:
    """Yield at least the instances near the window. DTSTART is one in any case (§3.8.5.3)."""
    yield entry.start, entry.span
    margin = abs(entry.span.length) + reach + _MARGIN
    for rule in entry.rules:
        first = window.start.replace(tzinfo=None) - margin
        last = window.end.replace(tzinfo=None) + margin
        if rule.until is not None:
            last = min(last, _last(rule.until, entry.start))
        for wall in expand(rule, entry.start.wall, first, last, budget):
            if wall != entry.start.wall:
                yield entry.start.at(wall), entry.span
    yield from entry.dates


def _last(until: Until, start: Moment) -> datetime:
    """Return the last wall time a rule allows, the later of two ways to read it."""
    wall = until.in_zone(start.zone)
    if start.is_date:
        return max(wall, until.wall)
    return wall if start.known else wall + _MARGIN
