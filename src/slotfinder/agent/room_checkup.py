"""Whether the rooms a programme lists exist, and whether people find one that suits them."""

from collections.abc import Iterator, Mapping

from slotfinder.agent.diagnosis import NAMES, Code, Diagnosis, Level, fine
from slotfinder.agent.directory import completed
from slotfinder.agent.programme import Agent
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.programme import Programme, Room


def room_findings(agent: Agent) -> Iterator[Diagnosis]:
    """Compare the rooms listed with the directories, and with what people need."""
    known: dict[str, Room] = {}
    for provider, directory in agent.directories.items():
        listed = [room.email for room in agent.rooms() if room.provider is provider]
        if listed:
            found = directory.rooms()
            yield from _compared(provider, listed, found)
            known |= found or {}
    yield from _needs(agent, completed(agent.programme, known))


def _compared(
    provider: Provider, listed: list[str], found: Mapping[str, Room] | None
) -> Iterator[Diagnosis]:
    name = NAMES[provider]
    if found is None:
        message = f"The room directory of {name} cannot be seen; [[rooms]] is believed."
        yield fine(Code.ROOMS_UNSEEN, provider.value, message)
        return
    missing = [email for email in listed if email not in found]
    for email in missing:
        yield Diagnosis(
            level=Level.WARNING,
            code=Code.ROOM_UNLISTED,
            subject=email,
            message=f"The room directory of {name} has no room of this address.",
            remedy="Correct the address in [[sites]] rooms, or take it out.",
        )
    if len(missing) < len(listed):
        count = f"{len(listed) - len(missing)} of {len(listed)}"
        yield fine(
            Code.ROOMS_COMPARED,
            provider.value,
            f"Rooms found in the directory of {name}: {count}.",
        )


def _needs(agent: Agent, programme: Programme) -> Iterator[Diagnosis]:
    """Name who finds no room at the own site that has all they need."""
    for person in agent.people.values():
        site = programme.sites.get(person.site)
        if person.needs and site and site.rooms and not any(r.suits([person]) for r in site.rooms):
            yield Diagnosis(
                level=Level.WARNING,
                code=Code.NEEDS_UNMET,
                subject=person.email,
                message=f"No room in {site.name} is known to have all of: "
                f"{', '.join(person.needs)}. This person meets online only.",
                remedy="Say in [[rooms]] features which rooms have it, add one that has, or mend "
                "'needs' in people.csv.",
            )
