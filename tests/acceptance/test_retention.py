"""``[store] keep``: what is old is forgotten, and nothing is decided otherwise for it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.world import ROOM_A, TOM, World, couple, utc, with_rooms

FOR_EVER = "3660d"
FIRST_RUN = "2027-01-04T06:00:00Z"


def weekly(folder: Path, keep: str, **cadence: str) -> World:
    """Return a pair that meets every week for half a year, one week booked ahead."""
    world = with_rooms(folder, ROOM_A, in_person="never").set("store", keep=keep)
    world.set("cadence", every="1 week", **cadence).set("meetings", horizon="8d")
    return world.set("compromise", memory=2).write()


def weeks(number: int) -> Iterator[str]:
    """Yield a moment of each week from the first on."""
    for week in range(number):
        yield f"{utc(FIRST_RUN) + timedelta(weeks=week):%Y-%m-%dT%H:%M:%SZ}"


def rows(world: World, query: str) -> list[Any]:
    with closing(sqlite3.connect(world.store)) as store:
        return store.execute(query).fetchall()


def standing(world: World, now: str) -> list[str]:
    """Return the uids of the meetings that stand, the next one first."""
    actions = world.plan(now=now).json["actions"]
    return [each["uid"] for each in actions if each["kind"] == "keep"]


def live_a_week(world: World, week: int, now: str) -> None:
    """Let happen what makes a difference to what comes: the same in every world."""
    match week % 7:
        case 1:  # the last meeting booked is declined
            for uid in standing(world, now)[-1:]:
                world.answer(TOM, uid, "DECLINED")
        case 2:  # everything is declined, and no other time is left: two in a row are lost
            for uid in standing(world, now):
                world.answer(TOM, uid, "DECLINED")
            day, end = utc(now), utc(now) + timedelta(days=18)
            world.busy(TOM, f"{day:%Y%m%dT}000000Z", f"{end:%Y%m%dT}000000Z")
        case 5:
            (world.calendar(TOM) / "other.ics").unlink(missing_ok=True)
            world.call("skip", "p01", now=now)
        case 6:
            world.call("pause", "p01", "--until", now[:10], now=now)


def told(world: World, now: str) -> list[Any]:
    """Return everything a run says but its id, and what coordinators are shown."""
    run = world.run(now=now)
    todo = world.call("todo", "--json", now=now).json["todo"]
    for row in todo:
        # Since when is remembered no longer than the meetings.
        row.pop("since")
    status = world.call("status", "--json", now=now).json
    return [run.status, run.json | {"run": None}, todo, status]


@pytest.mark.parametrize("in_person", ["never", "every 6"])
def test_whatever_is_forgotten_nothing_is_decided_otherwise(tmp_path: Path, in_person: str) -> None:
    """Everything that nothing needs is forgotten at once here; the other world forgets nothing."""
    forgetful = weekly(tmp_path / "forgetful", "0d", in_person=in_person)
    mindful = weekly(tmp_path / "mindful", FOR_EVER, in_person=in_person)
    for world in (forgetful, mindful):
        # What is due in person in the week of 8 February is owed until the middle of March.
        world.busy(ROOM_A, "20270201T000000Z", "20270315T000000Z")
    codes: set[str] = set()
    for week, now in enumerate(weeks(11)):
        said = told(mindful, now)
        assert told(forgetful, now) == said
        codes |= {each["reason_code"] for each in said[2]}
        codes |= {str(each["format"]) for each in said[1]["actions"]}
        for world in (forgetful, mindful):
            live_a_week(world, week, now)
        assert calendars(forgetful) == calendars(mindful)
    # What depends on the past did happen.
    assert {"two-lost", "in-person" if in_person != "never" else "virtual"} <= codes
    held = [len(rows(world, "SELECT * FROM meetings")) for world in (forgetful, mindful)]
    assert held[0] < held[1]


def calendars(world: World) -> dict[str, str]:
    return {name: what for name, what in world.snapshot().items() if name != "slotfinder.toml"}


def test_a_second_run_writes_nothing_to_calendars_and_sends_no_message(tmp_path: Path) -> None:
    world = weekly(tmp_path, "0d")
    for now in weeks(8):
        world.run(now=now)
        before = world.snapshot()
        assert set(world.run(now=now).kinds) == {"keep"}
        assert world.snapshot() == before


@pytest.fixture(scope="module")
def aged(module_folder: Path) -> World:
    """Return a programme of four months that remembers one; each meeting was declined once."""
    world = weekly(module_folder / "aged", "30d")
    for now in weeks(16):
        world.run(now=now)
        world.answer(TOM, standing(world, now)[-1], "DECLINED")
        world.run(now=now)
        allowed = ("--allow", "freeze", "--allow", "budget", "--allow", "gap")
        world.call("reschedule", "p01", *allowed, now=now)
    return world


LAST_RUN = "2027-04-19T06:00:00Z"
A_MONTH_BEFORE = "2027-03-20"
KEPT_SINCE = "2027-03-15"


def test_what_is_older_is_gone_from_every_table(aged: World) -> None:
    # The period a month ago is kept whole: it began a few days before.
    assert rows(aged, "SELECT known_since FROM pairs") == [(f"{KEPT_SINCE}T00:00:00Z",)]
    age = {"meetings": '"end"', "events": '"end"', "commands": "at", "refusals": '"end"'}
    for table, column in age.items():
        dates = [row[0] for row in rows(aged, f"SELECT {column} FROM {table}")]
        assert len(dates) >= 4
        assert min(dates) > KEPT_SINCE
    receipts = "SELECT done, uid IN (SELECT uid FROM meetings) FROM outbox"
    assert all(of_meeting or done > A_MONTH_BEFORE for done, of_meeting in rows(aged, receipts))


def test_of_what_is_forgotten_only_the_names_given_away_are_kept(aged: World) -> None:
    found = rows(aged, "SELECT pair, period, generation FROM forgotten ORDER BY period")
    assert found[0] == ("p01", "2027-01-04", 0)
    assert len(found) == 10


def test_forgotten_periods_are_no_lost_ones(aged: World) -> None:
    assert aged.status(now=LAST_RUN)["health"] == "ok"
    months = aged.call("report", "--json", now=LAST_RUN).json["months"]
    assert [(each["month"], each["kept"]) for each in months] == [
        ("2027-03", 100),
        ("2027-04", 100),
    ]


def test_the_log_begins_where_memory_does(aged: World) -> None:
    log = aged.call("log", "p01", "--json", now=LAST_RUN).json["log"]
    assert KEPT_SINCE < min(each["start"] for each in log if each["start"]) < A_MONTH_BEFORE


def test_a_name_is_never_given_away_twice(tmp_path: Path) -> None:
    world = weekly(tmp_path, "0d")
    first = world.run(now=FIRST_RUN).json["actions"][0]["uid"]
    for now in weeks(6):
        world.run(now=now)
    assert first not in {row[0] for row in rows(world, "SELECT uid FROM meetings")}

    # The first period is drawn anew, until the summer, and no meeting counts in it.
    world.set("cadence", every="24 weeks").set("meetings", horizon="169d").write()
    now = [*weeks(8)][-1]
    for (uid,) in rows(world, "SELECT uid FROM meetings WHERE state = 'booked'"):
        world.call("mark", "p01", "--meeting", uid, "--missed", now=now)
    action = world.run(now=now).json["actions"][0]

    assert (action["kind"], action["period"][0]) == ("book", "2027-01-04")
    assert action["uid"] != first


def test_what_coordinators_decided_holds_however_long_ago(tmp_path: Path) -> None:
    world = couple(tmp_path).set("store", keep="0d").set("cadence", every="1 week")
    world.pair("p02", TOM, "priya@acme.example", starts="2027-01-05")
    world.pair("p03", TOM, "priya@acme.example", starts="2027-01-06").write()
    world.run(now=FIRST_RUN)
    world.call("end", "p01", now=FIRST_RUN)
    world.call("pause", "p02", now=FIRST_RUN)
    world.call("skip", "p03", "--occurrence", "20", now=FIRST_RUN)
    for now in weeks(19):
        world.run("--pair", "p01", "--pair", "p02", "--pair", "p03", now=now)

    decided = {
        (action["pair"], action["kind"], action["occurrence"])
        for action in world.run(now=now).actions
    }
    assert not {each for each in decided if each[0] == "p01"}
    assert {each[1] for each in decided if each[0] == "p02"} == {"hold"}
    assert ("p03", "keep", 19) in decided
    assert not {each for each in decided if each[0] == "p03" and each[2] == 20}


def test_commands_that_say_nothing_any_more_go(tmp_path: Path) -> None:
    world = weekly(tmp_path, "0d")
    world.run(now=FIRST_RUN)
    world.call("pause", "p01", now=FIRST_RUN)
    world.call("resume", "p01", now=FIRST_RUN)
    world.call("skip", "p01", now=FIRST_RUN)
    for now in weeks(5):
        world.run(now=now)

    assert rows(world, "SELECT * FROM commands") == []
    assert world.status(now=now)["health"] == "ok"


def test_a_pair_that_is_over_is_forgotten_with_all_that_counted(tmp_path: Path) -> None:
    world = weekly(tmp_path, "30d")
    for now in weeks(3):
        world.run(now=now)
    world.pairs[0]["status"] = "ended"
    world.write()
    world.run(now="2027-02-23T06:00:00Z")
    assert rows(world, "SELECT uid FROM meetings")
    world.run(now="2027-02-25T06:00:00Z")

    gone = ("meetings", "events", "refusals", "outbox")
    assert [rows(world, f"SELECT * FROM {table}") for table in gone] == [[], [], [], []]


def test_whose_calendar_nobody_reads_any_more_is_forgotten_by_the_next_run(tmp_path: Path) -> None:
    world = couple(tmp_path).write()
    world.run()
    with closing(sqlite3.connect(world.store)) as store, store:
        store.execute("INSERT INTO crowded VALUES ('gone@acme.example'), (?)", (TOM,))
    world.run()

    # Local calendars are not doubted, so what is remembered of them is not read anew.
    assert rows(world, "SELECT person FROM crowded") == [(TOM,)]
