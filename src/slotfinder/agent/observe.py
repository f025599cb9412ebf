"""Observe: read everybody who needs a meeting, and what became of the meetings booked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from slotfinder.agent.programme import Agent
from slotfinder.domain.freebusy import Provider, Reading
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Meeting, Seen
from slotfinder.domain.people import Pair
from slotfinder.planning.facts import Facts, periods_of, reading_window, within_horizon
from slotfinder.ports import Ledger

_RECENT = timedelta(days=7)
"""How long after its end a meeting is still looked up: who declined in time did not meet."""

_BATCH = 100
"""Calendars read at a time; a multiple of what any provider answers in one request."""


def observe(agent: Agent, ledger: Ledger, pairs: Sequence[Pair], now: datetime) -> Facts:
    """Return the facts a plan of these pairs is made from.

    Everybody of every active, agreed pair with an open period or a future meeting is read once,
    and the rooms of the sites where such a pair could meet.
    """
    seen = _look_up(agent, ledger, now)
    meetings = tuple(_answered(meeting, seen) for meeting in ledger.meetings)
    own = frozenset(meeting.uid for meeting in meetings if meeting.interval.end > now)
    needed = [pair for pair in pairs if pair.is_booked and _needs_reading(agent, pair, ledger, now)]
    moved = [seen[uid].interval for uid in own if uid in seen]
    window = reading_window(needed, moved, agent.programme, now)
    readings = read(agent, _calendars(agent, needed), window, own)
    return Facts(
        programme=agent.programme,
        people=agent.people,
        pairs=tuple(pairs),
        readings={reading.person: reading for reading in readings},
        window=window,
        meetings=meetings,
        own=own,
        seen={uid: what for uid, what in seen.items() if uid in own},
        unsettled=ledger.unsettled,
        refusals=ledger.refusals,
        known_since=ledger.known_since,
        generations=ledger.generations,
    )


def read(
    agent: Agent, emails: Iterable[str], window: Interval, own: frozenset[str]
) -> list[Reading]:
    """Return the readings of these calendars, each read once, in the given order."""
    wanted = list(dict.fromkeys(emails))
    batches: list[tuple[Provider, list[str]]] = []
    for provider in agent.sources:
        mine = [email for email in wanted if _provider(agent, email) is provider]
        batches += [(provider, mine[k : k + _BATCH]) for k in range(0, len(mine), _BATCH)]
    found: dict[str, Reading] = {}
    tracked = agent.progress.track(batches, total=len(batches), doing="Reading calendars")
    for provider, batch in tracked:
        references = [agent.reference(email) for email in batch]
        for reading in agent.sources[provider].read(references, window, own):
            found[reading.person] = reading
    return [found[email] for email in wanted]


def _needs_reading(agent: Agent, pair: Pair, ledger: Ledger, now: datetime) -> bool:
    return any(
        meeting.pair == pair.id and meeting.interval.end > now for meeting in ledger.meetings
    ) or any(within_horizon(period, agent.programme, now) for period in periods_of(pair))


def _calendars(agent: Agent, pairs: Sequence[Pair]) -> list[str]:
    """Return everybody of the pairs, then the rooms of the sites both of a pair share."""
    people = [email for pair in pairs for email in pair.people]
    sites = {
        agent.people[pair.mentor].site
        for pair in pairs
        if agent.people[pair.mentor].site == agent.people[pair.mentee].site
    }
    rooms = [
        room.email
        for site in agent.programme.sites.values()
        if site.name in sites
        for room in site.rooms
    ]
    return [*people, *rooms]


def _provider(agent: Agent, email: str) -> Provider:
    if person := agent.people.get(email):
        return person.provider
    return next(room.provider for room in agent.rooms() if room.email == email)


def _look_up(agent: Agent, ledger: Ledger, now: datetime) -> dict[str, Seen]:
    """Return what calendars show of the meetings ahead and of those just over."""
    wanted: dict[Provider, list[Meeting]] = {}
    for meeting in ledger.meetings:
        if meeting.interval.end > now - _RECENT and meeting.uid not in ledger.unsettled:
            wanted.setdefault(agent.provider_of(meeting.organizer), []).append(meeting)
    seen: dict[str, Seen] = {}
    for provider, meetings in wanted.items():
        if calendar := agent.calendars.get(provider):
            seen |= calendar.look_up(meetings)
    return seen


def _answered(meeting: Meeting, seen: dict[str, Seen]) -> Meeting:
    """Return the meeting with the answers to its present time."""
    what = seen.get(meeting.uid)
    return replace(meeting, answers=dict(what.answers)) if what else meeting
