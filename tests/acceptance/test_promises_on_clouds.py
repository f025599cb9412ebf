"""The promises of contract.md §4 on Google, on Microsoft 365 and on both, each by its number."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from tests.acceptance.clouds import CloudOffice
from tests.acceptance.google.test_faults import no_waiting
from tests.acceptance.google.world import office as on_google
from tests.acceptance.microsoft.world import office as on_microsoft
from tests.acceptance.microsoft.world import two_clouds
from tests.acceptance.world import ADA, KOFI, PRIYA, ROOM_A, ROOM_B, TOM, Json, utc
from tests.emulators import people
from tests.emulators.google import Fault as GoogleFault
from tests.emulators.microsoft import Fault as MicrosoftFault
from tests.emulators.world import Item

__all__ = ["no_waiting"]

Office = Callable[[Path], AbstractContextManager[CloudOffice]]


@contextmanager
def google(folder: Path) -> Iterator[CloudOffice]:
    with on_google(folder) as found:
        yield CloudOffice(found.programme, found.world, "google", {"google": found.google})


@contextmanager
def both(folder: Path) -> Iterator[CloudOffice]:
    with two_clouds(folder, "google") as found:
        yield found


BOTH: Final = (TOM, PRIYA)

OFFICES: Final[dict[str, Office]] = {
    "google": google,
    "microsoft": on_microsoft,
    "google and a guest on microsoft": both,
}


@pytest.fixture(params=OFFICES)
def office(request: pytest.FixtureRequest) -> Office:
    """Return how Tom and Priya, who are a pair, come to their calendars."""
    return OFFICES[request.param]


@pytest.fixture
def couple(office: Office, tmp_path: Path) -> Iterator[CloudOffice]:
    """Yield Tom and Priya and three periods, nothing done yet."""
    with office(tmp_path) as found:
        found.programme.set("meetings", horizon="42d").write()
        yield found


@pytest.fixture
def crowd(office: Office, tmp_path: Path) -> Iterator[CloudOffice]:
    with office(tmp_path) as found:
        yield crowded(found)


def crowded(found: CloudOffice) -> CloudOffice:
    """Give four pairs that share people and rooms calendars that are rather full."""
    programme = found.programme.set("meetings", horizon="42d").set("cadence", in_person="every 2")
    found.person(ADA, "Ada Example", timezone="Europe/Berlin", country="DE")
    found.person(KOFI, "Kofi Example", preference="Mo-Fr 08:00-16:00")
    programme.pair("p02", ADA, PRIYA).pair("p03", KOFI, TOM).pair("p04", ADA, KOFI)
    with_rooms(found)
    for number, email in enumerate((TOM, PRIYA, ADA, KOFI, ROOM_A, ROOM_B)):
        for day in range(0, 42, 1 + number % 3):
            start = utc("2027-01-04T09:00:00Z") + timedelta(days=day)
            start += timedelta(minutes=(day * 37 + number * 53) % 300)
            end = start + timedelta(minutes=30 + (day * 11) % 120)
            found.busy(email, f"{start:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}")
    programme.write()
    return found


def with_rooms(found: CloudOffice) -> None:
    """Let everybody work in London, which has two rooms."""
    for person in found.programme.people:
        person["site"] = "London"
    found.programme.tail += f'\n[[sites]]\nname = "London"\nrooms = ["{ROOM_A}", "{ROOM_B}"]\n'
    for room in (ROOM_A, ROOM_B):
        found.world.add_room(room, provider=found.home)


def own_entries(found: CloudOffice, email: str) -> list[Item]:
    """Return what is in somebody's calendar beside our meetings."""
    ours = {meeting.uid for meeting in found.meetings()}
    return [each for each in found.world.live(email) if each.uid not in ours]


def lies_over(action: Json, item: Item) -> bool:
    first, last = item.span("Europe/London")
    return first < utc(action["end"]) and utc(action["start"]) < last


def lose(found: CloudOffice) -> None:
    """Let every new event be made, and nobody learn of it."""
    answers = {
        "google": ("calendar.events.insert", GoogleFault.backend_error(when="after")),
        "microsoft": ("users.events.create", MicrosoftFault.backend_error(when="after")),
    }
    for name, server in found.emulators.items():
        server.faults.plan(*answers[name], times=99)


def test_promise_1_no_meeting_lies_on_a_time_somebody_or_the_room_is_taken(
    crowd: CloudOffice,
) -> None:
    result = crowd.run()
    assert set(result.kinds) == {"book"}
    assert {each["format"] for each in result.actions} == {"virtual", "in-person"}
    for action in result.actions:
        for email in (*action["attendees"], *([action["room"]] if action["room"] else [])):
            assert not [each for each in own_entries(crowd, email) if lies_over(action, each)]


@pytest.mark.parametrize("who", [TOM, PRIYA])
def test_promise_1_a_meeting_planned_but_not_written_does_not_lie_on_a_late_entry(
    couple: CloudOffice, tmp_path: Path, who: str
) -> None:
    out = tmp_path / "plan.json"
    planned = couple.plan("--out", str(out)).actions[0]
    couple.world.add_item(who, utc(planned["start"]), utc(planned["end"]))
    assert couple.run("--plan", str(out)).status == 3
    assert couple.writes() == 0
    assert couple.run().actions[0]["start"] != planned["start"]


def test_promise_2_the_unknown_is_never_free(crowd: CloudOffice) -> None:
    crowd.close_calendars(TOM)
    result = crowd.run()
    assert [each["person"] for each in result.json["unreadable"]] == [TOM]
    for action in result.actions:
        if TOM in action["attendees"]:
            assert (action["kind"], action["reason_code"]) == ("hold", "calendar-unreadable")
        else:
            assert action["kind"] == "book"
    assert TOM not in crowd.told("invitation")
    assert len(crowd.meetings()) == result.kinds.count("book") > 0


def test_promise_3_whatever_is_lost_the_next_run_ends_as_an_undisturbed_one(
    office: Office, tmp_path: Path
) -> None:
    ended = []
    for disturbed in (False, True):
        with office(tmp_path / str(disturbed)) as found:
            found.programme.set("meetings", horizon="42d").write()
            if disturbed:
                lose(found)
                assert found.run().status == 1
                for server in found.emulators.values():
                    server.faults.clear()
            assert found.run().status == 0
            times = [(each.start, each.end, each.title) for each in found.meetings()]
            ended.append((sorted(times), found.told("invitation"), found.told("update")))
    assert len(ended[0][0]) == 3
    assert ended[0] == ended[1]


def test_promise_4_a_second_run_writes_nothing_and_sends_nothing(crowd: CloudOffice) -> None:
    crowd.run()
    crowd.settle()
    before = crowd.writes(), len(crowd.world.notices)
    for now in (None, "2027-01-03T12:01:00Z", "2027-01-03T20:00:00Z"):
        assert set(crowd.run(now=now).kinds) == {"keep"}
        assert (crowd.writes(), len(crowd.world.notices)) == before


def test_promise_5_one_invitation_and_one_notice_a_change_for_each_attendee(
    couple: CloudOffice,
) -> None:
    couple.run()
    first, second, third = couple.meetings()
    people.answer(couple.world, PRIYA, first.uid, "declined")
    people.answer(couple.world, TOM, second.uid, "declined")
    couple.run()
    people.answer(couple.world, PRIYA, second.uid, "declined")
    assert couple.call("skip", "p01", "--occurrence", "3").status == 0
    couple.run()

    told = Counter(
        (each.kind, each.uid, each.to) for each in couple.world.notices if each.kind != "answer"
    )
    expected = {
        **{("invitation", each.uid, who): 1 for each in (first, second, third) for who in BOTH},
        **{("update", first.uid, who): 1 for who in BOTH},
        **{("update", second.uid, who): 2 for who in BOTH},
        **{("cancellation", third.uid, who): 1 for who in BOTH},
    }
    assert told == expected


def test_promise_6_titles_of_others_are_asked_for_stored_and_told_nowhere(
    crowd: CloudOffice,
) -> None:
    results = [crowd.call("--verbose", "plan"), crowd.call("--verbose", "run", "--json")]
    meeting = crowd.meetings()[0]
    crowd.world.add_item(TOM, meeting.start, meeting.end)
    people.answer(crowd.world, PRIYA, meeting.uid, "declined")
    commands = (("run",), ("status",), ("explain", "p01"), ("freebusy", PRIYA), ("doctor",))
    results += [crowd.call("--verbose", *each) for each in commands]
    assert crowd.leaks(*results) == []
    assert crowd.indiscretions() == []


def test_promise_7_declined_moved_and_deleted_are_noticed_by_the_next_run(
    couple: CloudOffice,
) -> None:
    couple.run()
    declined, moved, deleted = couple.meetings()
    later = timedelta(hours=2)
    people.answer(couple.world, PRIYA, declined.uid, "declined")
    people.move(couple.world, moved.uid, moved.start + later, moved.end + later)
    people.delete(couple.world, deleted.uid)
    result = couple.run()

    by_period: dict[int, list[str]] = {}
    for action in result.actions:
        by_period.setdefault(action["occurrence"], []).append(action["kind"])
    assert (by_period[1], by_period[2]) == (["move"], ["adopt"])
    assert "book" in by_period[3]
    assert couple.world.main_of(moved.uid) in couple.meetings()
    assert couple.run().kinds == ["keep"] * 3


def test_promise_7_a_meeting_put_off_is_noticed_even_when_its_old_time_is_over(
    couple: CloudOffice,
) -> None:
    """People put a meeting off just before it begins; the next run comes a day later."""
    couple.run()
    put_off = min(couple.meetings(), key=lambda each: each.span("UTC"))
    start, end = (each + timedelta(days=2) for each in put_off.span("UTC"))
    people.move(couple.world, put_off.uid, start, end)
    now = f"{end - timedelta(days=1.5):%Y-%m-%dT%H:%M:%SZ}"
    adopted = next(each for each in couple.run(now=now).actions if each["kind"] == "adopt")
    assert (adopted["uid"], utc(adopted["start"])) == (put_off.uid, start)
    assert set(couple.run(now=now).kinds) == {"keep"}


def test_promise_8_formats_alternate_over_runs_as_over_one(office: Office, tmp_path: Path) -> None:
    found: list[dict[int, str]] = []
    for horizon, days in (("80d", (0,)), ("14d", range(0, 70, 14))):
        with office(tmp_path / horizon) as made:
            made.programme.set("cadence", in_person="every 3").set("meetings", horizon=horizon)
            with_rooms(made)
            made.programme.write()
            formats: dict[int, str] = {}
            for day in days:
                now = utc("2027-01-04T00:00:00Z") + timedelta(days=day)
                for action in made.run(now=f"{now:%Y-%m-%dT%H:%M:%SZ}").actions:
                    formats[action["occurrence"]] = action["format"]
                made.settle()
            found.append(formats)
    at_once, bit_by_bit = found
    assert bit_by_bit == {each: at_once[each] for each in bit_by_bit}
    assert (at_once[2], at_once[3], at_once[6]) == ("virtual", "in-person", "in-person")


def test_promise_9_wishes_hold_on_the_wall_clock_of_both_zones_across_the_changes(
    couple: CloudOffice,
) -> None:
    """New York changes on 14 March 2027, London on 28 March: for two weeks they are nearer."""
    programme = couple.programme.set("cadence", every="1 week", gap="2d")
    programme.people[1]["timezone"] = "America/New_York"
    programme.settings["preferences.mentor"] = {"Mo-Fr 13:00-15:00": 1.0}
    programme.settings["preferences.mentee"] = {"Mo-Fr 09:00-10:00": 1.0}
    programme.write()
    result = couple.run(now="2027-03-01T00:00:00Z")
    assert result.kinds == ["book"] * 7
    for meeting in couple.meetings():
        first, last = meeting.span("Europe/London")
        london, new_york = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
        assert f"{first.astimezone(london):%H:%M}" >= "13:00"
        assert f"{last.astimezone(london):%H:%M}" <= "15:00"
        assert f"{first.astimezone(new_york):%H:%M}" >= "09:00"
        assert f"{last.astimezone(new_york):%H:%M}" <= "10:00"


def test_promise_10_same_inputs_give_the_same_plan_byte_for_byte(
    office: Office, tmp_path: Path
) -> None:
    plans = []
    for name in ("one", "other"):
        with office(tmp_path / name) as found:
            crowded(found)
            plans += [found.plan().json, found.plan().json]
    for plan in plans:
        # How often a server had to be asked is no part of the promise.
        del plan["requests"]
    assert plans[1:] == plans[:1] * 3
