"""Facts of a plan, of which a test states only what it is about.

Monday 2027-01-04 is the first day; ``LONDON`` has UTC in winter, so that instants are easily read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slotfinder.domain.cadence import InPerson, InPersonUnit, parse_cadence
from slotfinder.domain.freebusy import (
    Block,
    FreeBusy,
    Kind,
    Provider,
    Reading,
    Unreadable,
    UnreadableCode,
)
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import (
    Answer,
    Both,
    Format,
    Meeting,
    MeetingState,
    Seen,
    meeting_uid,
)
from slotfinder.domain.people import Pair, PairStatus, Person, Role
from slotfinder.domain.preference import Wishes, parse_wishes
from slotfinder.domain.programme import (
    CompromiseRules,
    Conference,
    MeetingRules,
    Programme,
    Room,
    Rule,
    Site,
    TentativePolicy,
)
from slotfinder.planning.facts import Facts, reading_window

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2027, 1, 4)
TOM, PRIYA, ANNA = "tom@acme.example", "priya@acme.example", "anna@acme.example"
ROOM_A, ROOM_B = "room-a@acme.example", "room-b@acme.example"
HUB = "Hub"
ALWAYS = "Mo-Fr 09:00-17:00"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """Return an instant of January 2027: ``4 09:30``, or of another month: ``02-01 09:30``."""
    day, time = text.split()
    month = "" if "-" in day else "01-"
    return datetime.fromisoformat(f"2027-{month}{day if '-' in day else day.zfill(2)}T{time}+00:00")


def span(start: str, minutes: int = 60) -> Interval:
    return Interval(at(start), at(start) + timedelta(minutes=minutes))


def programme(
    *,
    rules: Mapping[str, Any] | None = None,
    compromise: Mapping[str, Any] | None = None,
    rooms: Iterable[str] = (),
    **changes: Any,
) -> Programme:
    meetings = MeetingRules(
        grid=30,
        notice=timedelta(hours=24),
        horizon=timedelta(days=10),
        freeze=timedelta(hours=20),
        buffer=0,
        title="{mentor} & {mentee}",
        private=True,
        automatic_moves=2,
        short=None,
    )
    counts = CompromiseRules(
        rule=Rule.FAIR,
        floor=20,
        memory=6,
        tentative=TentativePolicy.AVOID,
        day_limit=300,
        yields=2,
    )
    whole = parse_wishes(ALWAYS)
    site = Site(
        name=HUB,
        address="",
        travel=15,
        rooms=tuple(Room(email=email, provider=Provider.LOCAL) for email in rooms),
    )
    found = Programme(
        name="Tested",
        zone=LONDON,
        starts=MONDAY,
        ends=date(2027, 3, 28),
        blackouts=(),
        coordinators=(),
        meetings=replace(meetings, **(rules or {})),
        gap=timedelta(days=2),
        compromise=replace(counts, **(compromise or {})),
        defaults={(role, form): whole for role in Role for form in Format},
        sites={HUB: site},
        conference=Conference(link="none"),
    )
    return replace(found, **changes)


def wishes(text: str) -> Wishes:
    return parse_wishes(text)


def person(email: str = TOM, preference: str | None = None, **changes: Any) -> Person:
    found = Person(
        email=email,
        name=email.partition("@")[0],
        provider=Provider.LOCAL,
        zone=LONDON,
        wishes=parse_wishes(preference) if preference else None,
    )
    return replace(found, **changes)


def pair(name: str = "p1", mentor: str = TOM, mentee: str = PRIYA, **changes: Any) -> Pair:
    found = Pair(
        id=name,
        mentor=mentor,
        mentee=mentee,
        status=PairStatus.ACTIVE,
        agreed=True,
        cadence=parse_cadence("1 week"),
        in_person=InPerson(InPersonUnit.NEVER),
        duration=60,
        starts=MONDAY,
        ends=date(2027, 3, 28),
        organizer="mentoring@acme.example",
        calendar=Provider.LOCAL,
    )
    return replace(found, **changes)


def meeting(start: str = "6 10:00", of: Pair | None = None, **changes: Any) -> Meeting:
    """Return a booked meeting of an hour in the week of its start."""
    whose = of or pair()
    interval = span(start)
    week = interval.start.date() - timedelta(days=interval.start.weekday())
    found = Meeting(
        uid=meeting_uid("Tested", whose.id, week, 0),
        pair=whose.id,
        period=week,
        occurrence=(week - MONDAY).days // 7 + 1,
        generation=0,
        state=MeetingState.BOOKED,
        format=Format.VIRTUAL,
        interval=interval,
        planned=interval.start,
        sequence=0,
        revision=0,
        moves=0,
        organizer=whose.organizer,
        mentor=whose.mentor,
        mentee=whose.mentee,
        room=None,
        join_url=None,
        satisfaction=Both(80, 80),
        share=Both(80, 80),
        best=Both(100, 100),
        balance=Both(130, 130),
        reason_code="best-compromise",
        reason="",
        options=(),
        answers={},
    )
    return replace(found, **changes)


def as_booked(of: Meeting, **changes: Any) -> Seen:
    """Return what calendars show of a meeting nobody touched, but for the changes."""
    return replace(Seen(present=True, interval=of.interval, mover=None, answers={}), **changes)


def declined(of: Meeting) -> Seen:
    return as_booked(of, answers={of.mentee: Answer.DECLINED})


def deleted(of: Meeting) -> Seen:
    return as_booked(of, present=False)


def dragged(of: Meeting, start: str) -> Seen:
    return as_booked(of, interval=span(start), mover=of.mentee)


def busy(start: str, minutes: int = 60, kind: Kind = Kind.BUSY) -> Block:
    return Block(interval=span(start, minutes), kind=kind)


def unreadable(email: str) -> Unreadable:
    return Unreadable(
        person=email, provider=Provider.LOCAL, code=UnreadableCode.NOT_FOUND, reason="", advice=""
    )


def facts(
    *,
    rules: Programme | None = None,
    people: Iterable[Person] = (),
    pairs: Iterable[Pair] = (),
    blocks: Mapping[str, Iterable[Block]] | None = None,
    unknown: Iterable[str] = (),
    meetings: Iterable[tuple[Meeting, Seen | None]] = (),
    now: datetime = NOW,
    **changes: Any,
) -> Facts:
    """Return facts in which everybody is free and every meeting is as it was booked.

    ``meetings`` are pairs of a meeting and what calendars show of it (None: not looked up).
    """
    rules = rules or programme()
    together = tuple(pairs) or (pair(),)
    known = {each.email: each for each in (person(TOM), person(PRIYA), person(ANNA), *people)}
    booked = list(meetings)
    answered = [replace(each, answers=seen.answers) if seen else each for each, seen in booked]
    own = frozenset(each.uid for each in answered if each.interval.end > now)
    seen = {each.uid: what for each, what in booked if what and each.uid in own}
    window = reading_window(together, [what.interval for what in seen.values()], rules, now)
    rooms = [room.email for site in rules.sites.values() for room in site.rooms]
    readings: dict[str, Reading] = {
        email: FreeBusy(
            person=email,
            provider=Provider.LOCAL,
            window=window,
            blocks=tuple((blocks or {}).get(email, ())),
        )
        for email in [*known, *rooms]
    }
    readings |= {email: unreadable(email) for email in unknown}
    found = Facts(
        programme=rules,
        people=known,
        pairs=together,
        readings=readings,
        window=window,
        meetings=tuple(answered),
        own=own,
        seen=seen,
        unsettled=frozenset(),
        refusals=(),
        known_since={each.id: at("1 00:00") for each in together},
        generations={(each.pair, each.period): each.generation + 1 for each, _ in booked},
    )
    return replace(found, **changes)
