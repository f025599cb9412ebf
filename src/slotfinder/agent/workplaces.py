"""When people who could meet in person say they work somewhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from slotfinder.agent.programme import Agent
from slotfinder.domain.cadence import InPersonUnit
from slotfinder.domain.freebusy import Block, FreeBusy, Kind, Reading
from slotfinder.domain.interval import Interval
from slotfinder.domain.people import Pair


def with_workplaces(
    agent: Agent, pairs: Sequence[Pair], readings: Mapping[str, Reading], window: Interval
) -> dict[str, Reading]:
    """Return the readings of those who say so, with that time added as working elsewhere.

    Only people of pairs that are to meet in person at a site they share are asked about.
    """
    sites = {
        email: agent.people[email].site
        for pair in pairs
        if pair.in_person.unit is not InPersonUnit.NEVER
        and agent.people[pair.mentor].site == agent.people[pair.mentee].site
        for email in pair.people
    }
    found: dict[str, Reading] = {}
    for provider, workplaces in agent.workplaces.items():
        asked = {
            email: reading
            for email, reading in readings.items()
            if sites.get(email) and isinstance(reading, FreeBusy) and reading.provider is provider
        }
        calendars = [(agent.reference(email), sites[email]) for email in asked]
        away = workplaces.elsewhere(calendars, agent.programme.sites, window) if calendars else {}
        for email, intervals in away.items():
            elsewhere = (Block(interval=each, kind=Kind.ELSEWHERE) for each in intervals)
            blocks = sorted((*asked[email].blocks, *elsewhere), key=lambda each: each.interval)
            found[email] = replace(asked[email], blocks=tuple(blocks))
    return found
