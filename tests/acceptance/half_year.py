"""Half a year of a programme at three sites with scarce rooms, on an emulated cloud.

Each Monday the command line runs once; in the week that follows people decline, enter other things
over meetings and go on leave, and rooms refuse. Everything is drawn from one seed. After each run
the promises are checked against what the cloud shows, and at the end every meeting that was due in
person is accounted for.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, Final, Protocol
from urllib.parse import unquote

from tests.acceptance.world import OFFICE, Json, Result, World, utc
from tests.emulators import people
from tests.emulators.delivery import holds_room
from tests.emulators.recurrence import occurrences
from tests.emulators.world import Item
from tests.emulators.world import World as Cloud

MONDAY: Final = date(2027, 1, 4)
EVERY: Final = 3
"""Each occurrence of this number is due in person."""

SITES: Final = {"London": ("Europe/London", "GB"), "Berlin": ("Europe/Berlin", "DE")} | {
    "Madrid": ("Europe/Madrid", "ES")
}
ROOMS: Final = {"London": 2, "Berlin": 2, "Madrid": 1}
DECLINED, OVERRUN = 0.06, 0.03
"""How many meetings ahead somebody declines, and something else is entered over."""

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_LIVE = {"book", "move", "adopt", "keep"}


class Office(Protocol):
    """A programme's folder and its cloud."""

    programme: World

    @property
    def world(self) -> Cloud: ...
    @property
    def home(self) -> str: ...
    def person(self, email: str, name: str, **row: str) -> Any: ...
    def meetings(self) -> list[Item]: ...
    def run(self, *, now: str) -> Result: ...
    def call(self, *arguments: str, now: str) -> Result: ...
    def settle(self) -> None: ...
    def written(self) -> list[str]: ...


@dataclass
class HalfYear:
    """One course of the programme, in which rooms refuse ``refused`` of the meetings in them.

    ``known`` is the last that was decided of each occurrence, ``moves`` counts why they changed.
    """

    office: Office
    pairs: int
    weeks: int
    refused: float
    seed: int = 1
    known: dict[tuple[str, int], Json] = field(default_factory=dict)
    moves: Counter[str] = field(default_factory=Counter)
    told: int = 0
    befallen: set[tuple[str, datetime]] = field(default_factory=set)

    def play(self) -> None:
        """Let it all happen."""
        self._found()
        for week in range(self.weeks):
            now = datetime(2027, 1, 4, 6, tzinfo=UTC) + week * _WEEK
            self.office.world.clock.set(now)
            self._run(now, again=week % 4 == 0)
            self.office.settle()
            self._check_rooms(now)
            self._live_through(now)

    # What there is

    def _found(self) -> None:
        programme, ends = self.office.programme, MONDAY + self.weeks * _WEEK - _DAY
        programme.people.clear()
        programme.pairs.clear()
        programme.set("programme", starts=f"={MONDAY}", ends=f"={ends}")
        programme.set("meetings", horizon="28d").set("cadence", in_person=f"every {EVERY}")
        self.office.world.answer_reads = 9
        for site in SITES:
            self._furnish(site)
        for number in range(self.pairs):
            self._pair(number)
        programme.write()

    def _furnish(self, site: str) -> None:
        """Add a site whose rooms are taken by others for most of each day."""
        rooms = [f"room-{site.lower()}-{k}@acme.example" for k in range(ROOMS[site])]
        listed = ", ".join(f'"{room}"' for room in rooms)
        self.office.programme.tail += f'\n[[sites]]\nname = "{site}"\nrooms = [{listed}]\n'
        for room in rooms:
            zone = SITES[site][0]
            self.office.world.add_room(room, provider=self.office.home, zone=zone)
            dice = self._dice(room)
            for day in range(5):
                for hour in dice.sample(range(8, 18), 7):
                    self._weekly(room, day, hour, 60)

    def _pair(self, number: int) -> None:
        site = list(SITES)[number % len(SITES)]
        zone, country = SITES[site]
        both = [f"{role}{number:02}@acme.example" for role in ("mentor", "mentee")]
        for email in both:
            dice = self._dice(email)
            days = dice.choice(("", "", "Tu,We,Th", "Mo-We", "We-Fr"))
            monday = MONDAY + dice.randrange(self.weeks) * _WEEK
            row = {"site": site, "site_days": days, "country": country, "timezone": zone}
            name = email.partition("@")[0].title()
            self.office.person(email, name, **row, away=f"{monday}..{monday + 4 * _DAY}")
            for day in range(5):
                for hour in dice.sample(range(8, 18), 3):
                    self._weekly(email, day, hour, dice.choice((30, 60)))
        self.office.programme.pair(f"p{number:02}", *both)

    def _weekly(self, email: str, day: int, hour: int, minutes: int) -> None:
        """Enter something that repeats every week, in UTC."""
        start = datetime(2027, 1, 4, hour, tzinfo=UTC) + day * _DAY
        end = start + timedelta(minutes=minutes)
        self.office.world.add_item(email, start, end, recurrence=["RRULE:FREQ=WEEKLY"])

    def _dice(self, *name: object) -> Random:
        return Random(repr((self.seed, *map(str, name))))

    # What the agent does

    def _run(self, now: datetime, *, again: bool) -> None:
        said = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        result = self.office.run(now=said)
        assert result.status in {0, 3}, result.err
        assert result.json["refused"] is None
        for action in result.actions:
            if action["kind"] == "move":
                self.moves[f"{action['reason_code']} ({action['format']})"] += 1
            if action["occurrence"] is not None:
                self.known[action["pair"], action["occurrence"]] = action
        self._check_notices()
        self._check_meetings(result, now)
        if again:
            written, told = len(self.office.written()), len(self.office.world.notices)
            after = self.office.run(now=said)
            assert set(after.json["summary"]) >= {"keep", "hold"}
            assert {*(action["kind"] for action in after.actions)} <= {"keep", "hold"}
            assert len(self.office.written()) == written, "promise 4"
            assert len(self.office.world.notices) == told, "promise 4"

    # What life does

    def _live_through(self, now: datetime) -> None:
        """Let each meeting of the next fortnight meet with what is drawn for its time, once."""
        world = self.office.world
        for meeting in self._ahead(now):
            start, _ = meeting.span("UTC")
            if start > now + 2 * _WEEK or (meeting.uid, start) in self.befallen:
                continue
            self.befallen.add((meeting.uid, start))
            dice = self._dice(meeting.title, start)
            guests = [each for each in meeting.attendees if not each.room]
            rooms = [each for each in meeting.attendees if each.room]
            lot, who = dice.random(), dice.choice(guests).email
            if rooms and dice.random() < self.refused:
                people.set_room(world, meeting.uid, rooms[0].email, "declined")
            elif lot < DECLINED:
                people.answer(world, who, meeting.uid, "declined")
            elif lot < DECLINED + OVERRUN:
                # It begins with the meeting and goes beyond it: Google tells no other apart.
                world.add_item(who, start, start + timedelta(minutes=90))
            else:
                for each in guests:
                    people.answer(world, each.email, meeting.uid, "accepted")

    def _ahead(self, now: datetime) -> list[Item]:
        return [each for each in self.office.meetings() if each.span("UTC")[0] > now]

    # What must hold after every run

    def _check_meetings(self, result: Result, now: datetime) -> None:
        """Promise 3: what stands in the organizer's calendar is what the run says, once each."""
        live = [each for each in result.actions if each["kind"] in _LIVE]
        named = Counter((each["pair"], each["occurrence"]) for each in live)
        assert not named or max(named.values()) == 1
        held = {each["uid"] for each in result.actions if each["kind"] == "hold"}
        standing = [each.uid for each in self._ahead(now)]
        assert len(set(standing)) == len(standing)
        said = {each["uid"] for each in live if utc(each["start"]) > now}
        assert set(standing) - held == said

    def _check_notices(self) -> None:
        """Promise 5: one invitation a meeting, one notice for each change of it."""
        new = self.office.world.notices[self.told :]
        self.told += len(new)
        agents = [each for each in new if each.kind != "answer"]
        alike = Counter((each.to, each.uid, each.kind) for each in agents)
        assert not alike or max(alike.values()) == 1
        invited = [n for n in self.office.world.notices if n.kind == "invitation"]
        assert max(Counter((each.to, each.uid) for each in invited).values()) == 1

    def _check_rooms(self, now: datetime) -> None:
        """No room has two meetings at a time; a confirmed meeting has its room's yes."""
        world = self.office.world
        rooms = {each.email: each for each in world.mailboxes.values() if each.room}
        assert not any(
            unquote(path).count(room) for path in self.office.written() for room in rooms
        )
        for email, room in rooms.items():
            end = now + self.weeks * _WEEK
            held = sorted(
                each.span(room.zone)
                for each in occurrences(world, world.calendars[email], now, end)
                if holds_room(each, room)
            )
            assert all(one[1] <= other[0] for one, other in pairwise(held)), email
        said = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        for pair in self.office.call("status", "--json", now=said).json["pairs"]:
            following = pair["next"]
            if following and following["room_answer"] == "accepted":
                copy = world.copy_of(following["uid"], following["room"])
                assert copy is not None
                assert self._has_room(copy, following["room"])
                assert copy.span("UTC")[0] == utc(following["start"])

    def _has_room(self, item: Item, room: str) -> bool:
        own = item.attendee(room)
        return item.organizer == OFFICE and own is not None and own.answer == "accepted"

    # What came of it

    def target(self) -> list[tuple[str, int]]:
        """Return the occurrences that were due in person by the cadence."""
        numbers = range(EVERY, self.weeks // 2 + 1, EVERY)
        return [(f"p{pair:02}", number) for pair in range(self.pairs) for number in numbers]

    def in_person(self) -> set[tuple[str, int]]:
        """Return the occurrences that took place in person, in a room that had said yes."""
        return {key for key in self.known if not self.miss(key)}

    def miss(self, key: tuple[str, int]) -> str:
        """Return why an occurrence did not take place in person, empty if it did."""
        action = self.known.get(key)
        if action is None:
            return "(unexplained)"
        if action["kind"] == "hold":
            return f"no meeting: {action['reason_code']}"
        if action["format"] == "virtual":
            _, _, why = str(action["reason"]).partition("In person: ")
            return f"online: {why.split('.')[0]}" if why else "online"
        event = next((each for each in self.office.meetings() if each.uid == action["uid"]), None)
        if event is None:
            return "(unexplained)"
        answers = {each.email: each.answer for each in event.attendees}
        if "declined" in {answers[email] for email in action["attendees"]}:
            return "declined too late for another time"
        return "" if answers.get(action["room"]) == "accepted" else "refused too late by the room"

    def table(self) -> str:
        """Return the share of meetings in person against the target, and every miss with why."""
        target, had = self.target(), self.in_person()
        due, late = [key for key in target if key in had], had - {*target}
        share = len(had) / len(target)
        how = f"had when due {len(due)}, made up later {len(late)}: {share:.0%} of the target"
        lines = [
            f"{self.office.home}: {self.pairs} pairs, {self.weeks} weeks, rooms {ROOMS}",
            f"due in person {len(target)}, {how}",
        ]
        lines += [f"{count:5} moved, {reason}" for reason, count in self.moves.most_common()]
        why = Counter(self.miss(key) for key in target if key not in had)
        lines += [f"{count:5} missed, {reason}" for reason, count in why.most_common()]
        return "\n".join(lines)
