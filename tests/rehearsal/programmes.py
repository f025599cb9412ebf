"""Programmes to simulate: everybody in London, the mentors and mentees of so many pairs."""

from pathlib import Path

from tests.acceptance.world import SETTINGS, World


def programme(folder: Path, pairs: int, every: str = "1 week") -> World:
    world = World(folder, settings={name: dict(table) for name, table in SETTINGS.items()})
    world.set("cadence", every=every, gap="6d").set("meetings", horizon="21d")
    for number in range(pairs):
        mentor, mentee = f"mentor{number}@acme.example", f"mentee{number}@acme.example"
        world.person(mentor, f"Mentor {number}").person(mentee, f"Mentee {number}")
        world.pair(f"p{number:02}", mentor, mentee)
    return world.write()
