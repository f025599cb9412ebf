"""What is known when a plan is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from slotfinder.domain.cadence import Period, periods
from slotfinder.domain.drift import Astray
from slotfinder.domain.freebusy import FreeBusy, Reading
from slotfinder.domain.interval import Interval, first_instant
from slotfinder.domain.lifecycle import Cause
from slotfinder.domain.meeting import Answer, Meeting, Refusal, Seen
from slotfinder.domain.people import Pair, Person
from slotfinder.domain.programme import Programme

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The whole input of a plan but for the present moment.

    ``meetings`` are those that stand (state BOOKED), past and ahead, of every pair of the
    programme; ``own`` names those not over, whose calendar entries the readings tag; ``seen`` says
    what the calendars show of those looked up. ``unsettled`` names meetings whose calendars may
    not show them yet, because writing is unfinished. ``known_since`` is when a run first saw a
    pair. ``generations`` is the next free generation of a pair's period. ``astray`` are guests
    whose calendars do not show a meeting as it stands. ``skipped`` are the pairs' periods, by first
    day, that coordinators left out. ``found`` are meetings the store did not know.
    """

    programme: Programme
    people: Mapping[str, Person]
    pairs: tuple[Pair, ...]
    readings: Mapping[str, Reading]
    window: Interval
    meetings: tuple[Meeting, ...]
    own: frozenset[str]
    seen: Mapping[str, Seen]
    unsettled: frozenset[str]
    refusals: tuple[Refusal, ...]
    known_since: Mapping[str, datetime]
    generations: Mapping[tuple[str, date], int]
    astray: tuple[Astray, ...] = ()
    skipped: tuple[tuple[str, date], ...] = ()
    found: tuple[str, ...] = ()

    @property
    def ahead(self) -> tuple[Meeting, ...]:
        """Return the meetings that are not over."""
        return tuple(meeting for meeting in self.meetings if meeting.uid in self.own)

    @property
    def rooms_refused(self) -> tuple[Refusal, ...]:
        """Return which rooms said no to which times: those known, then those seen now."""
        known = tuple(each for each in self.refusals if each.room)
        now = (
            Refusal(
                pair=meeting.pair,
                period=meeting.period,
                interval=seen.interval,
                cause=Cause.ROOM_LOST,
                room=meeting.room,
            )
            for meeting in self.ahead
            if (seen := self.seen.get(meeting.uid)) and seen.room is Answer.DECLINED
        )
        return tuple(dict.fromkeys((*known, *now)))

    def free_busy(self, email: str) -> FreeBusy | None:
        """Return what is known of a calendar, None when it could not be read."""
        reading = self.readings.get(email)
        return reading if isinstance(reading, FreeBusy) else None


def periods_of(pair: Pair) -> tuple[Period, ...]:
    """Return all periods of a pair, numbered from its own first one."""
    return periods(pair.cadence, pair.starts, pair.ends)


def span_of(period: Period, programme: Programme) -> Interval:
    """Return the instants of a period."""
    zone = programme.zone
    return Interval(first_instant(period.first, zone), first_instant(period.end, zone))


def within_horizon(period: Period, programme: Programme, now: datetime) -> bool:
    """Tell whether a period is one to keep booked: not over, and begun by the horizon."""
    span = span_of(period, programme)
    return span.end > now and span.start <= now + programme.meetings.horizon


def belongs_to(meeting: Meeting, period: Period, programme: Programme) -> bool:
    """Tell whether the meeting was planned for this period."""
    return period.first <= meeting.planned.astimezone(programme.zone).date() < period.end


def reading_window(
    pairs: Iterable[Pair], moved: Iterable[Interval], programme: Programme, now: datetime
) -> Interval:
    """Return the time to read everybody for.

    ``moved`` are the times people moved meetings to: those must be judged wherever they lie.
    """
    start = first_instant(now.astimezone(programme.zone).date(), programme.zone)
    ends = [
        span_of(period, programme).end
        for pair in pairs
        for period in periods_of(pair)
        if within_horizon(period, programme, now)
    ]
    return Interval(start, max([start, *ends, *(each.end for each in moved)]) + ONE_DAY)
