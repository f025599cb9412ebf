"""Observe: read everybody who needs a meeting, and what became of the meetings booked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from slotfinder.agent.astray import guests_astray
from slotfinder.agent.directory import with_directories
from slotfinder.agent.programme import CLOUDS, Agent
from slotfinder.agent.recovery import lost_meetings
from slotfinder.agent.workplaces import with_workplaces
from slotfinder.domain.command import periods_skipped
from slotfinder.domain.freebusy import (
    FreeBusy,
    Kind,
    OwnTime,
    Provider,
    Reading,
    Unreadable,
    UnreadableCode,
)
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Meeting, Seen
from slotfinder.domain.people import Pair, pseudonym_number
from slotfinder.planning.facts import Facts, periods_of, reading_window, within_horizon
from slotfinder.ports import Ledger

_LONGEST = timedelta(days=1)
"""No meeting is longer."""

_RECENT = timedelta(days=7)
"""How long after its end a meeting is still looked up: who declined in time did not meet."""

_MANY = 5
"""Entries ahead from which on a calendar that is empty all at once is doubted."""

_BATCH = 100
"""Calendars read at a time; a multiple of what any provider answers in one request."""


def observe(
    agent: Agent,
    ledger: Ledger,
    pairs: Sequence[Pair],
    now: datetime,
    also: Sequence[Interval] = (),
) -> Facts:
    """Return the facts a plan of these pairs is made from.

    Everybody of every active, agreed pair with an open period or a future meeting is read once,
    and the rooms of the sites where such a pair could meet. ``also`` are times to read for besides.
    """
    # First what the store does not know: that list goes back far enough for the rest as well.
    found = lost_meetings(agent, ledger, pairs, now, now - _RECENT - _LONGEST)
    seen = _look_up(agent, ledger, now)
    seen |= _look_up(agent, replace(ledger, meetings=tuple(found)), now)
    meetings = tuple(_answered(meeting, seen) for meeting in (*ledger.meetings, *found))
    own = frozenset(meeting.uid for meeting in meetings if _is_ahead(meeting, seen, now))
    needed = [
        pair
        for pair in pairs
        if pair.is_booked
        and (
            also
            or any(each.pair == pair.id and each.uid in own for each in meetings)
            or any(within_horizon(period, agent.programme, now) for period in periods_of(pair))
        )
    ]
    rooms = _rooms(agent, needed)
    agent = replace(agent, programme=with_directories(agent, rooms))
    moved = [*also, *(seen[uid].interval for uid in own if uid in seen)]
    window = reading_window(needed, moved, agent.programme, now)
    readings = {
        reading.person: _believed(reading, ledger, now)
        for reading in read(agent, [*_people(needed), *rooms], window, own)
    }
    readings |= _told_apart(agent, readings, [each for each in meetings if each.uid in own], seen)
    readings |= _held_by_organizers(agent, needed, readings)
    ahead = [each for each in meetings if each.uid in own and each.interval.start > now]
    astray = guests_astray(agent, ahead, readings, seen)
    readings |= with_workplaces(agent, needed, readings, window)
    return Facts(
        programme=agent.programme,
        people=agent.people,
        pairs=tuple(pairs),
        readings=readings,
        window=window,
        meetings=meetings,
        own=own,
        seen={uid: what for uid, what in seen.items() if uid in own},
        unsettled=ledger.unsettled,
        refusals=ledger.refusals,
        known_since=ledger.known_since,
        generations={
            **ledger.generations,
            **{(each.pair, each.period): each.generation + 1 for each in found},
        },
        found=tuple(each.uid for each in found),
        astray=astray,
        skipped=tuple(
            (pair.id, first)
            for pair in pairs
            for first in periods_skipped(ledger.commands, pair.id)
        ),
    )


def _is_ahead(meeting: Meeting, seen: Mapping[str, Seen], now: datetime) -> bool:
    """Tell whether a meeting is not over; people may have put it off since the last run."""
    what = seen.get(meeting.uid)
    if meeting.interval.end > now or meeting.held is not None or what is None:
        return meeting.interval.end > now
    return what.present and what.interval.end > now


def read(
    agent: Agent, emails: Iterable[str], window: Interval, own: frozenset[str]
) -> list[Reading]:
    """Return the readings of these calendars, each read once, in the given order."""
    wanted = list(dict.fromkeys(emails))
    batches: list[tuple[Provider, list[str]]] = []
    for provider in agent.sources:
        mine = [email for email in wanted if agent.provider_of(email) is provider]
        batches += [(provider, mine[k : k + _BATCH]) for k in range(0, len(mine), _BATCH)]
    found: dict[str, Reading] = {}
    tracked = agent.progress.track(batches, total=len(batches), doing="Reading calendars")
    for provider, batch in tracked:
        references = [agent.reference(email) for email in batch]
        for reading in agent.sources[provider].read(references, window, own):
            found[reading.person] = reading
    return [found[email] for email in wanted]


def crowded_calendars(readings: Iterable[Reading], now: datetime) -> dict[str, bool]:
    """Tell which calendars in clouds have many entries ahead; one that nobody believes has none."""
    found: dict[str, bool] = {}
    for reading in readings:
        if isinstance(reading, Unreadable):
            if reading.code is UnreadableCode.SUSPICIOUS:
                found[reading.person] = False
        elif reading.provider in CLOUDS:
            # Where people work is no entry of their free/busy.
            entries = (block for block in reading.blocks if block.kind is not Kind.ELSEWHERE)
            ahead = sum(block.interval.end > now for block in entries)
            found[reading.person] = ahead >= _MANY
    return found


def _believed(reading: Reading, ledger: Ledger, now: datetime) -> Reading:
    """Doubt a calendar that is empty at once: a right that was lost can look like free time."""
    if isinstance(reading, Unreadable) or reading.person not in ledger.crowded:
        return reading
    if any(block.interval.end > now for block in reading.blocks):
        return reading
    return Unreadable(
        person=reading.person,
        provider=reading.provider,
        code=UnreadableCode.SUSPICIOUS,
        reason="This calendar had many entries ahead and now shows none at all.",
        advice="If that is right, do nothing: the next run believes it. Otherwise share the "
        "calendar's free/busy again.",
    )


def _told_apart(
    agent: Agent,
    readings: Mapping[str, Reading],
    meetings: Sequence[Meeting],
    seen: Mapping[str, Seen],
) -> dict[str, Reading]:
    """Return the readings whose merged blocks hold time of ours, with that time tagged."""
    found: dict[str, Reading] = {}
    ours = _own_times(meetings, seen)
    for provider, source in agent.merging.items():
        asked = [
            (agent.reference(person), reading, ours[person])
            for person, reading in readings.items()
            if isinstance(reading, FreeBusy) and reading.provider is provider and person in ours
        ]
        found |= {reading.person: reading for reading in source.tell_apart(asked)}
    return found


def _own_times(meetings: Sequence[Meeting], seen: Mapping[str, Seen]) -> dict[str, list[OwnTime]]:
    """Return when our meetings take whose time, by whoever has not declined."""
    found: dict[str, list[OwnTime]] = {}
    for meeting in meetings:
        what = seen.get(meeting.uid)
        interval = what.interval if what else meeting.interval
        own = OwnTime(uid=meeting.uid, calendar_uid=meeting.calendar_uid, interval=interval)
        for email in (*meeting.people, *([meeting.room] if meeting.room else [])):
            if meeting.answers.get(email) is not Answer.DECLINED:
                found.setdefault(email, []).append(own)
    return found


def _held_by_organizers(
    agent: Agent, pairs: Sequence[Pair], readings: Mapping[str, Reading]
) -> dict[str, Reading]:
    """Return as unreadable whose meetings stand in a calendar that cannot be used.

    Nothing could be written for these pairs, and what became of their meetings nobody knows.
    """
    found: dict[str, Reading] = {}
    for provider, calendar in agent.calendars.items():
        mine = [pair for pair in pairs if agent.provider_of(pair.organizer) is provider]
        troubles = calendar.troubles(list(dict.fromkeys(pair.organizer for pair in mine)))
        for pair in mine:
            if trouble := troubles.get(pair.organizer):
                people = (each for each in pair.people if isinstance(readings[each], FreeBusy))
                found |= {email: replace(trouble, person=email) for email in people}
    return found


def _people(pairs: Sequence[Pair]) -> list[str]:
    return [email for pair in pairs for email in pair.people]


def _rooms(agent: Agent, pairs: Sequence[Pair]) -> list[str]:
    """Return the rooms of the sites both of a pair share."""
    sites = {
        agent.people[pair.mentor].site
        for pair in pairs
        if agent.people[pair.mentor].site == agent.people[pair.mentee].site
    }
    return [
        room.email
        for site in agent.programme.sites.values()
        if site.name in sites
        for room in site.rooms
    ]


def _look_up(agent: Agent, ledger: Ledger, now: datetime) -> dict[str, Seen]:
    """Return what calendars show of the meetings ahead and of those just over."""
    wanted: dict[Provider, list[Meeting]] = {}
    for meeting in ledger.meetings:
        # Calendars know an erased person by the real address: what is kept of answers would go.
        is_erased = any(map(pseudonym_number, meeting.people))
        is_recent = meeting.interval.end > now - _RECENT
        if is_recent and not is_erased and meeting.uid not in ledger.unsettled:
            wanted.setdefault(agent.provider_of(meeting.organizer), []).append(meeting)
    seen: dict[str, Seen] = {}
    for provider, meetings in wanted.items():
        if calendar := agent.calendars.get(provider):
            seen |= calendar.look_up(meetings)
    return seen


def _answered(meeting: Meeting, seen: dict[str, Seen]) -> Meeting:
    """Return the meeting with the answers to its present time, and a link that was pending."""
    what = seen.get(meeting.uid)
    if what is None:
        return meeting
    meeting = replace(
        meeting, answers=dict(what.answers), room_answer=what.room or meeting.room_answer
    )
    if not meeting.link_pending:
        return meeting
    return replace(meeting, join_url=what.join_url, link_pending=what.link_pending)
