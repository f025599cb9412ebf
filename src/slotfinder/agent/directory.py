"""What directories know of a programme's rooms, laid under what its settings say."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from slotfinder.agent.programme import Agent
from slotfinder.domain.programme import Programme, Room


def with_directories(agent: Agent, rooms: Collection[str]) -> Programme:
    """Return the programme with what directories tell of these rooms and the settings do not.

    Only a directory with a room of which something is not said is asked.
    """
    sketchy = {
        room.provider for room in agent.rooms() if room.email in rooms and not room.is_described
    }
    asked = [agent.directories[each] for each in agent.directories if each in sketchy]
    known = {email: room for each in asked for email, room in (each.rooms() or {}).items()}
    return completed(agent.programme, known)


def completed(programme: Programme, known: Mapping[str, Room]) -> Programme:
    """Return the programme with what is ``known`` of rooms wherever its settings are silent."""
    if not known:
        return programme
    sites = {
        name: replace(
            site,
            rooms=tuple(
                room.completed_by(known[room.email]) if room.email in known else room
                for room in site.rooms
            ),
        )
        for name, site in programme.sites.items()
    }
    return replace(programme, sites=sites)
