"""Whether a run could do its work: calendars, organizers, rights, links and time zones."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slotfinder.agent.diagnosis import NAMES, Code, Diagnosis, Level, fine
from slotfinder.agent.observe import read
from slotfinder.agent.programme import CLOUDS, Agent
from slotfinder.agent.room_checkup import room_findings
from slotfinder.domain.freebusy import FreeBusy, Provider, Reading, Unreadable, UnreadableCode
from slotfinder.domain.inspection import Inspection, RightKind
from slotfinder.domain.interval import Interval

_WINDOW = timedelta(days=7)
_HALF_A_YEAR = timedelta(days=182)
_CLOCK_TOLERANCE = timedelta(minutes=1)
"""More than an answer may take; less than the clouds forgive."""

_LINKS = {Provider.GOOGLE: "Google Meet", Provider.MICROSOFT: "Teams"}
_OF_THE_WHOLE = frozenset({UnreadableCode.CREDENTIALS, UnreadableCode.PROVIDER_UNAVAILABLE})
"""Reasons that are the provider's or the account's, however few calendars it is asked for."""


def calendar_findings(agent: Agent, now: datetime) -> Iterator[Diagnosis]:
    """Look at every calendar and right a run relies on; nothing is written anywhere."""
    window = Interval(now, now + _WINDOW)
    rooms = [room.email for room in agent.rooms()]
    readings: dict[Provider, list[Reading]] = {}
    for reading in read(agent, [*agent.people, *rooms], window, frozenset()):
        readings.setdefault(reading.provider, []).append(reading)
    for provider, found in readings.items():
        yield from _reading_findings(agent, provider, found)
    for provider in agent.inspectors:
        organizers = _organizers(agent, provider)
        troubles = agent.calendars[provider].troubles(organizers)
        yield from _organizer_findings(provider, organizers, troubles)
        found = readings.get(provider, [])
        if not _is_closed(provider, found):
            mailboxes = [each for each in organizers if each not in troubles]
            readable = [each.person for each in found if isinstance(each, FreeBusy)]
            people = [each for each in readable if each in agent.people]
            inspection = agent.inspectors[provider].inspect(mailboxes, people, window)
            yield from _right_findings(provider, inspection)
            yield from _link_findings(agent, provider, inspection)
            yield from _zone_findings(agent, provider, people, inspection.zones, now)
        yield from _clock_findings(provider, agent.inspectors[provider].clock_ahead())
    yield from room_findings(agent)
    yield from _answer_findings(agent)


def _reading_findings(
    agent: Agent, provider: Provider, readings: Sequence[Reading]
) -> Iterator[Diagnosis]:
    failed = [each for each in readings if isinstance(each, Unreadable)]
    if _is_closed(provider, readings):
        yield _unreadable(failed[0], Level.ERROR, Code.NOBODY_READABLE, provider.value)
        return
    booked = {email for pair in agent.pairs if pair.is_booked for email in pair.people}
    for each in failed:
        idle = each.person in agent.people and each.person not in booked
        level = Level.WARNING if idle else Level.ERROR
        yield _unreadable(each, level, Code.CALENDAR_UNREADABLE, each.person)
    if len(failed) < len(readings):
        count = f"{len(readings) - len(failed)} of {len(readings)}"
        message = f"Calendars that can be read in {NAMES[provider]}: {count}."
        yield fine(Code.CALENDARS_READABLE, provider.value, message)


def _is_closed(provider: Provider, readings: Sequence[Reading]) -> bool:
    """Tell whether a cloud shows no calendar at all, and for one reason."""
    failed = [each for each in readings if isinstance(each, Unreadable)]
    if provider not in CLOUDS or not failed or len(failed) < len(readings):
        return False
    is_one = len({(each.code, each.reason) for each in failed}) == 1
    return is_one and (len(failed) > 1 or failed[0].code in _OF_THE_WHOLE)


def _unreadable(each: Unreadable, level: Level, code: Code, subject: str) -> Diagnosis:
    return Diagnosis(
        level=level, code=code, subject=subject, message=each.reason, remedy=each.advice
    )


def _organizers(agent: Agent, provider: Provider) -> list[str]:
    found = (pair.organizer for pair in agent.pairs if pair.is_booked)
    return [each for each in dict.fromkeys(found) if agent.provider_of(each) is provider]


def _organizer_findings(
    provider: Provider, organizers: Sequence[str], troubles: Mapping[str, Unreadable]
) -> Iterator[Diagnosis]:
    for organizer, trouble in troubles.items():
        yield _unreadable(trouble, Level.ERROR, Code.ORGANIZER_UNUSABLE, organizer)
    usable = len(organizers) - len(troubles)
    if usable:
        count = f"{usable} of {len(organizers)}"
        message = f"Organizers' calendars that can be used in {NAMES[provider]}: {count}."
        yield fine(Code.ORGANIZER_READY, provider.value, message)


def _right_findings(provider: Provider, inspection: Inspection) -> Iterator[Diagnosis]:
    codes = {RightKind.MISSING: Code.RIGHT_MISSING, RightKind.NEEDLESS: Code.RIGHT_NEEDLESS}
    for each in inspection.remarks:
        yield Diagnosis(
            level=Level.WARNING,
            code=codes[each.kind],
            subject=provider.value,
            message=each.reason,
            remedy=each.advice,
        )


def _link_findings(agent: Agent, provider: Provider, inspection: Inspection) -> Iterator[Diagnosis]:
    conference, name = agent.programme.conference, _LINKS[provider]
    if conference.link != "auto":
        return
    without = [each for each, allowed in inspection.links.items() if not allowed]
    for organizer in without:
        if conference.fallback:
            message = f"{name} is not allowed in this calendar; [virtual] fallback stands in."
            yield fine(Code.LINKS_FALLBACK, organizer, message)
        else:
            yield Diagnosis(
                level=Level.WARNING,
                code=Code.LINKS_REFUSED,
                subject=organizer,
                message=f"{name} is not allowed in this calendar: online meetings have no link.",
                remedy=f"Allow {name} for this mailbox, or name a link in [virtual] fallback.",
            )
    if len(without) < len(inspection.links):
        count = f"{len(inspection.links) - len(without)} of {len(inspection.links)}"
        message = f"Organizers' calendars that make {name} links: {count}."
        yield fine(Code.LINKS_ALLOWED, provider.value, message)


def _zone_findings(
    agent: Agent,
    provider: Provider,
    people: Sequence[str],
    zones: Mapping[str, ZoneInfo],
    now: datetime,
) -> Iterator[Diagnosis]:
    """Compare zones by what their clocks show now and in half a year: names may differ."""
    moments = (now, now + _HALF_A_YEAR)
    known = [each for each in people if each in zones]
    for email in known:
        ours, theirs = agent.people[email].zone, zones[email]
        if any(_offset(ours, at) != _offset(theirs, at) for at in moments):
            yield Diagnosis(
                level=Level.WARNING,
                code=Code.ZONE_DIFFERS,
                subject=email,
                message=f"people.csv says {ours.key}, the mailbox is in {theirs.key}: wishes may "
                "be read on the wrong clock.",
                remedy="Ask which is right; then correct 'timezone' in people.csv, or let the "
                "person set it in the calendar.",
            )
    if known:
        message = f"Time zones compared with mailboxes in {NAMES[provider]}: {len(known)}."
        yield fine(Code.ZONES_COMPARED, provider.value, message)
    if len(known) < len(people):
        message = (
            f"Mailboxes in {NAMES[provider]} whose time zone cannot be seen: "
            f"{len(people) - len(known)}; people.csv is believed."
        )
        yield fine(Code.ZONES_UNSEEN, provider.value, message)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _clock_findings(provider: Provider, ahead: timedelta | None) -> Iterator[Diagnosis]:
    name = NAMES[provider]
    if ahead is None:
        return
    if abs(ahead) <= _CLOCK_TOLERANCE:
        message = f"This machine's clock agrees with that of {name}."
        yield fine(Code.CLOCK_AGREES, provider.value, message)
        return
    minutes = max(1, round(abs(ahead) / timedelta(minutes=1)))
    way = "ahead of" if ahead > timedelta() else "behind"
    yield Diagnosis(
        level=Level.WARNING,
        code=Code.CLOCK_DIFFERS,
        subject=provider.value,
        message=f"This machine's clock is {minutes} min {way} that of {name}: it may be refused "
        "for that alone.",
        remedy="Let a time service (NTP) set the clock of this machine.",
    )


def _answer_findings(agent: Agent) -> Iterator[Diagnosis]:
    """Name the guests whose answers and copies of a meeting are out of sight."""
    for pair in agent.pairs:
        if not pair.is_booked:
            continue
        home = agent.provider_of(pair.organizer)
        for email in pair.people:
            provider = agent.provider_of(email)
            is_local_abroad = provider is Provider.LOCAL and home in CLOUDS
            if email != pair.organizer and (provider is Provider.FEED or is_local_abroad):
                message = (
                    f"As a guest in pair {pair.id} this person is invited by mail: whether the "
                    "meeting stands in the own calendar is not judged, and an answer by mail is "
                    "not read (answers: none). Decline by telling a coordinator."
                )
                yield fine(Code.ANSWERS_UNREAD, email, message)
