"""Which starts a pair could take, and what each is worth (compromise.md §1, §2), minute by minute.

Meetings booked by earlier runs are given as the JSON told of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import floor
from typing import Any

from holidays import country_holidays

from tests.checker.entries import Entry, read_entries
from tests.checker.folder import (
    WHOLE,
    Couple,
    Folder,
    Someone,
    Wishes,
    first_minute,
    instant,
    read_instant,
    wall,
    week_minute,
)
from tests.checker.periods import Turn, turns

_HALF = Fraction(1, 2)
ROLES = ("mentor", "mentee")
_ALWAYS = frozenset({"busy", "out-of-office", "unknown"})


@dataclass(frozen=True)
class Numbers:
    """A whole number for each of the two."""

    mentor: int
    mentee: int

    def get(self, role: str) -> int:
        return self.mentor if role == "mentor" else self.mentee


@dataclass(frozen=True)
class Booked:
    """A meeting as an action of a plan or run tells it."""

    pair: str
    start: int
    end: int
    form: str
    people: tuple[str, str]
    room: str | None
    uid: str
    satisfaction: Numbers
    share: Numbers

    @property
    def everybody(self) -> tuple[str | None, ...]:
        return (*self.people, self.room)


def booked(action: dict[str, Any]) -> Booked:
    mentor, mentee = action["attendees"]
    return Booked(
        pair=action["pair"],
        start=read_instant(action["start"]),
        end=read_instant(action["end"]),
        form=action["format"],
        people=(mentor, mentee),
        room=action["room"],
        uid=action["uid"],
        satisfaction=Numbers(**action["satisfaction"]),
        share=Numbers(**action["share"]),
    )


@dataclass(frozen=True)
class Offer:
    """All candidates of a period in one format; without any, ``missing`` says why."""

    form: str
    worth: dict[int, Numbers]
    best: Numbers
    missing: str | None

    def share(self, start: int) -> Numbers:
        worth = self.worth[start]
        return Numbers(
            min(100, half_up(Fraction(100 * worth.mentor, self.best.mentor))),
            min(100, half_up(Fraction(100 * worth.mentee, self.best.mentee))),
        )


def half_up(number: Fraction) -> int:
    return floor(number + _HALF)


class Judge:
    """Everybody's time at the moment ``now``, with what earlier runs booked."""

    def __init__(self, folder: Folder, now: int, history: Sequence[Booked] = ()) -> None:
        self.folder = folder
        self.now = now
        self.history = list(history)
        self.live = [meeting for meeting in history if meeting.end > now]
        self.turns = {couple.name: turns(couple, folder) for couple in folder.couples}
        self._window = self._reading_window()
        self._entries: dict[str, list[Entry] | None] = {}
        self._days: dict[tuple[str, date], Fraction] = {}
        self._weeks: dict[tuple[str, str, str], list[int]] = {}

    # --- periods ---

    def is_near(self, turn: Turn) -> bool:
        """Tell whether a period is not over and begins within the horizon."""
        horizon = self.folder.minutes("meetings", "horizon")
        return turn.end > self.now and turn.start <= self.now + horizon

    def meetings_in(self, turn: Turn, couple: Couple) -> list[Booked]:
        return [m for m in self.history if m.pair == couple.name and turn.has(m.start)]

    def _reading_window(self) -> tuple[int, int]:
        """Return what clouds.md (Reading) says is read."""
        zone = self.folder.zone
        start = first_minute(wall(self.now, zone).date(), zone)
        ends = [
            turn.end
            for couple in self.folder.couples
            if couple.is_booked
            for turn in self.turns[couple.name]
            if self.is_near(turn)
        ]
        ends += [meeting.end for meeting in self.live]
        return start, max([start, *ends]) + 1440

    # --- calendars ---

    def entries(self, email: str) -> list[Entry] | None:
        """Return what takes somebody's time, None when it is not known."""
        if email not in self._entries:
            person = self.folder.people.get(email)
            zone = person.zone if person else self.folder.zone
            last = instant(self._window[1]).date() + timedelta(days=2)
            found = read_entries(self.folder.path / "calendars" / email, zone, last)
            self._entries[email] = None if found is None else self._with_ours(email, found)
        return self._entries[email]

    def _with_ours(self, email: str, found: Iterable[Entry]) -> list[Entry]:
        mine = [meeting for meeting in self.live if email in meeting.everybody]
        ours = [Entry(meeting.start, meeting.end, "busy", meeting.uid) for meeting in mine]
        uids = {meeting.uid for meeting in mine}
        foreign = (each for each in found if each.uid not in uids)
        return [each for each in foreign if each.overlaps(*self._window)] + ours

    def is_readable(self, couple: Couple) -> bool:
        return all(self.entries(email) is not None for email in couple.people)

    def blocking(self, email: str, form: str) -> list[Entry]:
        kinds = set(_ALWAYS)
        if self.folder.setting("compromise", "tentative") == "block":
            kinds.add("tentative")
        if form == "in-person":
            kinds.add("elsewhere")
        return [entry for entry in self.entries(email) or [] if entry.kind in kinds]

    def room_is_free(self, room: str, start: int, end: int) -> bool:
        entries = self.entries(room)
        return entries is not None and not any(entry.overlaps(start, end) for entry in entries)

    # --- candidates ---

    def offer(self, couple: Couple, turn: Turn, form: str) -> Offer:
        starts = self._starts(couple, turn)
        left = [t for t in starts if t >= self.now + self.folder.minutes("meetings", "notice")]
        if self.is_over(couple, turn, form):
            return _nothing(form, "period-over")
        if not left:
            return _nothing(form, "no-common-wishes")
        for code, passes in self._filters(couple, form):
            left = [t for t in left if passes(t, t + couple.duration)]
            if not left:
                return _nothing(form, code)
        worth = {t: self._worth(couple, form, t) for t in left}
        best = Numbers(
            max(each.mentor for each in worth.values()), max(each.mentee for each in worth.values())
        )
        return Offer(form, worth, best, None)

    def is_over(self, couple: Couple, turn: Turn, form: str) -> bool:
        """Tell whether the whole period had a time both wish for, and what is left has none."""
        earliest = self.now + self.folder.minutes("meetings", "notice")
        starts = reversed(self._starts(couple, turn))
        last = next((t for t in starts if self._is_wished(couple, form, t)), None)
        return last is not None and last < earliest

    def _starts(self, couple: Couple, turn: Turn) -> list[int]:
        grid = self.folder.number("meetings", "grid")
        return [t for t in range(turn.start, turn.end - couple.duration + 1) if t % grid == 0]

    def _filters(self, couple: Couple, form: str) -> list[tuple[str, Callable[[int, int], bool]]]:
        filters: list[tuple[str, Callable[[int, int], bool]]] = [
            ("away", lambda t, e: not self._somebody_away(couple, t, e)),
            ("closed", lambda t, e: not self._closed(couple, t, e)),
            ("no-common-wishes", lambda t, _: self._is_wished(couple, form, t)),
            ("no-common-free-time", lambda t, e: self._both_free(couple, form, t, e)),
        ]
        if form == "in-person":
            filters.append(("no-room", lambda t, e: self._at_the_site(couple, t, e)))
        return [*filters, ("gap-too-small", lambda t, _: self._is_apart(couple, t))]

    def people(self, couple: Couple) -> list[Someone]:
        return [self.folder.people[email] for email in couple.people]

    def _somebody_away(self, couple: Couple, start: int, end: int) -> bool:
        return any(
            first <= wall(t, person.zone).date() <= last
            for person in self.people(couple)
            for first, last in person.away
            for t in (start, end - 1)
        )

    def _closed(self, couple: Couple, start: int, end: int) -> bool:
        zone = self.folder.zone
        return any(
            first <= wall(t, zone).date() <= last
            for first, last in self.folder.blackouts
            for t in (start, end - 1)
        ) or any(
            person.country and wall(t, person.zone).date() in _holidays(person.country)
            for person in self.people(couple)
            for t in (start, end - 1)
        )

    def _is_wished(self, couple: Couple, form: str, start: int) -> bool:
        """Tell whether both wish for every minute, on their own wall clocks."""
        for role, person in zip(ROLES, self.people(couple), strict=True):
            week = self._week(person, role, form)
            for t in range(start, start + couple.duration):
                if not week[week_minute(t, person.zone)]:
                    return False
        return True

    def _week(self, person: Someone, role: str, form: str) -> list[int]:
        name = person.email, role, form
        if name not in self._weeks:
            self._weeks[name] = _week(self.folder.wishes(person, role, form))
        return self._weeks[name]

    def _both_free(self, couple: Couple, form: str, start: int, end: int) -> bool:
        margin = self.folder.margin(form, self.folder.shared_site(couple))
        live = {meeting.uid: self._margin_of(meeting) for meeting in self.live}
        return not any(
            entry.overlaps(start - kept, end + kept)
            for email in couple.people
            for entry in self.blocking(email, form)
            for kept in [max(margin, live.get(entry.uid, 0))]
        )

    def _margin_of(self, meeting: Booked) -> int:
        """Return what a live meeting keeps free: its own travel or buffer (contract §1)."""
        couple = next(each for each in self.folder.couples if each.name == meeting.pair)
        return self.folder.margin(meeting.form, self.folder.shared_site(couple))

    def _at_the_site(self, couple: Couple, start: int, end: int) -> bool:
        site = self.folder.shared_site(couple)
        for person in self.people(couple):
            day = wall(start, person.zone).weekday()
            if person.site_days is not None and day not in person.site_days:
                return False
        rooms = self.folder.rooms_for(couple)
        return not self.folder.rooms(site) or any(
            self.room_is_free(room, start, end) for room in rooms
        )

    def _is_apart(self, couple: Couple, start: int) -> bool:
        gap = self.folder.minutes("cadence", "gap")
        return all(abs(start - m.start) >= gap for m in self.history if m.pair == couple.name)

    # --- worth ---

    def _worth(self, couple: Couple, form: str, start: int) -> Numbers:
        mentor, mentee = self.people(couple)
        return Numbers(
            self._satisfaction(mentor, "mentor", form, start, couple.duration),
            self._satisfaction(mentee, "mentee", form, start, couple.duration),
        )

    def _satisfaction(self, person: Someone, role: str, form: str, start: int, length: int) -> int:
        week, minutes = self._week(person, role, form), range(start, start + length)
        total = sum(week[week_minute(t, person.zone)] for t in minutes)
        tentative = any(
            entry.kind == "tentative" and entry.overlaps(start, start + length)
            for entry in self.entries(person.email) or []
        )
        avoided = tentative and self.folder.setting("compromise", "tentative") == "avoid"
        limit = self.folder.number("compromise", "day_limit")
        busy = self._busy(person, wall(start, person.zone).date())
        load = 1 - _HALF * min(Fraction(1), max(Fraction(0), (busy + length - limit) / limit))
        mean = Fraction(total, length * WHOLE)
        return max(1, half_up(100 * mean * (_HALF if avoided else 1) * load))

    def _busy(self, person: Someone, day: date) -> Fraction:
        """Return the taken minutes of a local date, but for kinds that take all of it."""
        if (person.email, day) not in self._days:
            kinds = set(_ALWAYS)
            if self.folder.setting("compromise", "tentative") != "ignore":
                kinds.add("tentative")
            start, end = (first_minute(day + timedelta(days=k), person.zone) for k in (0, 1))
            whole, taken = set(range(start, end)), set()
            for kind in kinds:
                found = {
                    minute
                    for entry in self.entries(person.email) or []
                    if entry.kind == kind
                    for minute in range(max(start, entry.start), min(end, entry.end))
                }
                taken |= set() if found == whole else found
            self._days[person.email, day] = Fraction(len(taken))
        return self._days[person.email, day]


def _week(wishes: Wishes) -> list[int]:
    """Return the weight of each minute of a week, Monday 00:00 first, in millionths."""
    weights = [0] * (7 * 1440)
    for window in wishes:
        for day in window.days:
            for t in range(day * 1440 + window.start, day * 1440 + window.end):
                weights[t] = max(weights[t], window.weight)
    return weights


def _nothing(form: str, code: str) -> Offer:
    return Offer(form, {}, Numbers(0, 0), code)


@cache
def _holidays(country: str) -> frozenset[date]:
    code, _, region = country.partition("-")
    return frozenset(country_holidays(code, subdiv=region or None, years=range(2025, 2031)))
