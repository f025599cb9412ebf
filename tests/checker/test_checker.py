"""The checker is worth something: a sound plan passes, and whatever is changed in it is found."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.checker.check import findings
from tests.checker.folder import read_instant, written
from tests.checker.product import call
from tests.checker.programmes import Programme

Action = dict[str, Any]

_SETTINGS = """
[programme]
name = "Checked"
timezone = "Europe/London"
starts = 2027-03-22
ends = 2027-04-18
organizer = "mentoring@acme.example"
coordinators = ["coordination@acme.example"]
[meetings]
horizon = "14d"
buffer = 15
[cadence]
every = "1 week"
in_person = "alternate"
gap = "2d"
[preferences.mentor]
"Mo-Fr 09:00-17:00" = 0.6
"Mo-Fr 15:00-17:30" = 1
[preferences.mentee]
"Mo-Fr 07:30-09:30" = 1
"Mo-Fr 09:30-16:00" = 0.4
[virtual]
conference = "none"
[[sites]]
name = "Hub"
rooms = ["room-a@acme.example", "room-b@acme.example"]
"""
_PEOPLE = """\
email,name,calendar,timezone,site,site_days,country,preference,preference_in_person,away
tom@acme.example,Tom,local,Europe/London,Hub,,,,,
ada@acme.example,Ada,local,America/New_York,,,,,,
priya@acme.example,Priya,local,Europe/London,Hub,,,,,
lost@acme.example,Lost,local,Europe/London,,,,,,
"""
_PAIRS = """\
pair,mentor,mentee,status
p1,tom@acme.example,priya@acme.example,active
p2,ada@acme.example,priya@acme.example,active
p3,tom@acme.example,lost@acme.example,active
"""
_CALENDARS = ("tom", "ada", "priya", "room-a", "room-b")
_BUSY = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:standup
DTSTART;TZID=Europe/London:20270315T100000
DTEND;TZID=Europe/London:20270315T120000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    files = {"slotfinder.toml": _SETTINGS, "people.csv": _PEOPLE, "pairs.csv": _PAIRS}
    folders = [f"calendars/{name}@acme.example" for name in _CALENDARS]
    files |= {f"{folders[2]}/work.ics": _BUSY}
    folder = tmp_path_factory.mktemp("checked")
    config = Programme(files, tuple(folders), now="", later="").write(folder)
    return folder, call(config, "2027-03-20T06:00:00Z", "plan").document


def test_the_plan_of_the_product_passes(planned: tuple[Path, dict[str, Any]]) -> None:
    folder, document = planned
    assert findings(folder, document) == []
    booked = [action for action in document["actions"] if action["kind"] == "book"]
    assert {action["format"] for action in booked} == {"virtual", "in-person"}


def shift(action: Action) -> None:
    for key in ("start", "end"):
        action[key] = written(read_instant(action[key]) + 15)


def off_the_grid(action: Action) -> None:
    for key in ("start", "end"):
        action[key] = written(read_instant(action[key]) + 5)


def longer(action: Action) -> None:
    action["end"] = written(read_instant(action["end"]) + 15)


def next_best(action: Action) -> None:
    best = action["alternatives"].pop(0)
    length = read_instant(action["end"]) - read_instant(action["start"])
    action |= {"start": best["start"], "share": best["share"]}
    action["end"] = written(read_instant(best["start"]) + length)


def more(key: str, role: str) -> Callable[[Action], None]:
    def change(action: Action) -> None:
        action[key][role] += 1

    return change


def to(key: str, value: object) -> Callable[[Action], None]:
    def change(action: Action) -> None:
        action[key] = value

    return change


def other_alternatives(action: Action) -> None:
    action["alternatives"].reverse()


def held(action: Action) -> None:
    for key in ("start", "end", "room", "uid", "satisfaction", "share"):
        action[key] = None
    action |= {"kind": "hold", "reason_code": "taken"}


@pytest.mark.parametrize(
    "change",
    [
        shift,
        off_the_grid,
        longer,
        next_best,
        other_alternatives,
        held,
        more("satisfaction", "mentor"),
        more("share", "mentee"),
        more("balance", "mentor"),
        to("format", "by telephone"),
        to("room", "room-b@acme.example"),
        to("occurrence", 7),
        to("period", ["2027-03-22", "2027-03-30"]),
        to("attendees", ["priya@acme.example", "tom@acme.example"]),
        to("alternatives", []),
        to("organizer", "tom@acme.example"),
        to("pair", "p9"),
    ],
)
@pytest.mark.parametrize("number", range(4))
def test_a_booking_that_was_changed_is_found(
    planned: tuple[Path, dict[str, Any]], change: Callable[[Action], None], number: int
) -> None:
    folder, document = planned
    changed = deepcopy(document)
    change([action for action in changed["actions"] if action["kind"] == "book"][number])
    assert findings(folder, changed)


@pytest.mark.parametrize("code", ["period-over", "taken", "no-common-free-time"])
def test_a_hold_with_another_code_is_found(planned: tuple[Path, dict[str, Any]], code: str) -> None:
    folder, document = planned
    changed = deepcopy(document)
    hold = next(action for action in changed["actions"] if action["kind"] == "hold")
    assert hold["reason_code"] == "calendar-unreadable"
    hold["reason_code"] = code
    assert findings(folder, changed)


def test_a_person_missing_among_the_unreadable_is_found(
    planned: tuple[Path, dict[str, Any]],
) -> None:
    folder, document = planned
    assert findings(folder, {**document, "unreadable": []})


def test_an_action_left_out_is_found(planned: tuple[Path, dict[str, Any]]) -> None:
    folder, document = planned
    assert findings(folder, {**document, "actions": document["actions"][1:]})
