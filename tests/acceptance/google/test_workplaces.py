"""Working locations on Google: where they may be seen they keep meetings in person away."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.acceptance.google.world import SECRET, Office, office
from tests.acceptance.world import PRIYA, TOM, Json
from tests.emulators.google import Fault

SCOPE = "calendar.events.readonly"
HOME: Json = {"type": "homeOffice", "homeOffice": {}}


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Office]:
    """Tom and Priya, due in person at London, whose entries the reader may see and is told of."""
    with office(tmp_path) as made:
        programme = made.programme.set("cadence", in_person="always")
        for person in programme.people:
            person["site"] = "London"
        programme.tail += '\n[[sites]]\nname = "London"\n[[sites]]\nname = "Berlin"\n'
        made.google.account.delegated |= {SCOPE}
        for email in (TOM, PRIYA):
            made.world.calendars[email].everyone = "reader"
        programme.write()
        yield made


def works(found: Office, email: str, place: Json, first: int = 4, last: int = 18) -> None:
    """Let somebody say where they work, each day from one of January up to another."""
    for day in range(first, last):
        found.world.add_item(
            email,
            date(2027, 1, day),
            date(2027, 1, day + 1),
            "elsewhere",
            title=SECRET,
            extra={"visibility": "public", "workingLocationProperties": place},
        )


def office_called(label: str) -> Json:
    return {"type": "officeLocation", "officeLocation": {"label": label}}


def custom(label: str) -> Json:
    return {"type": "customLocation", "customLocation": {"label": label}}


@pytest.mark.parametrize(
    ("place", "form"),
    [
        (HOME, "virtual"),
        (office_called("Berlin"), "virtual"),
        (office_called("london"), "in-person"),
        (office_called("Building 7"), "in-person"),
        (custom("A customer"), "virtual"),
        (custom("London"), "in-person"),
    ],
)
def test_who_works_elsewhere_meets_online(found: Office, place: Json, form: str) -> None:
    works(found, PRIYA, place)
    assert found.run().action["format"] == form


def test_the_meeting_is_on_a_day_both_are_there(found: Office) -> None:
    works(found, PRIYA, HOME, 4, 13)
    works(found, TOM, HOME, 14, 18)
    action = found.run().action
    assert (action["format"], action["start"][:10]) == ("in-person", "2027-01-13")


def test_only_times_and_places_are_asked_and_of_nobody_who_never_meets_in_person(
    found: Office,
) -> None:
    works(found, PRIYA, HOME)
    result = found.run()
    asked = [each for each in found.google.log if SCOPE in each.scopes and each.method != "token"]
    assert {each.method for each in asked} == {"calendar.events.list"}
    assert all(each.query["eventTypes"] == ["workingLocation"] for each in asked)
    assert not any({"summary", "description", "attendees"} & each.fields for each in asked)
    assert all(each.fields for each in asked)
    assert result.json["requests"]["google.workplaces"] == 2
    assert found.leaks(result) == []

    found.programme.set("cadence", in_person="never").write()
    assert "google.workplaces" not in found.plan().json["requests"]


def test_without_the_right_site_days_are_believed_and_nothing_else_is_lost(found: Office) -> None:
    found.google.account.delegated -= {SCOPE}
    works(found, PRIYA, HOME)
    result = found.run()
    assert (result.status, result.action["format"]) == (0, "in-person")
    assert result.json["unreadable"] == []


def test_what_the_reader_is_not_shown_is_not_known(found: Office) -> None:
    found.world.calendars[PRIYA].everyone = "freeBusyReader"
    works(found, PRIYA, HOME)
    assert found.run().action["format"] == "in-person"


def test_a_hint_that_fails_costs_only_itself(found: Office) -> None:
    works(found, PRIYA, HOME)
    found.google.fault("calendar.events.list", Fault.backend_error(), times=99, skip=1)
    result = found.plan()
    assert (result.status, result.action["format"]) == (0, "in-person")


def test_saying_where_one_works_makes_no_calendar_look_full(found: Office) -> None:
    """A calendar that shows nothing after having had many entries is doubted; this is not one."""
    works(found, PRIYA, HOME)
    found.busy(TOM, "2027-01-03T00:00", "2027-01-19T00:00")
    for _ in range(2):
        result = found.run()
        assert (result.kinds, result.json["unreadable"]) == (["hold"], [])


def test_a_meeting_in_person_moves_when_somebody_says_to_be_at_home_that_day(
    found: Office,
) -> None:
    first = found.run().action
    day = int(first["start"][8:10])
    works(found, PRIYA, HOME, day, day + 1)
    action = found.run().action
    assert (action["kind"], action["format"]) == ("move", "in-person")
    assert action["start"][:10] != first["start"][:10]
