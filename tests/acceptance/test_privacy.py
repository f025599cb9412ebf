"""``export`` and ``erase``: everything that is remembered about one person is shown, and goes."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from filelock import FileLock

from slotfinder.store.tables import metadata
from tests.acceptance.world import (
    ADA,
    KOFI,
    PRIYA,
    TOM,
    Result,
    World,
    couple,
    read_mail,
    utc,
)

LATER = "2027-01-25T06:00:00Z"
REASON = "Tom broke his leg"


def rows(world: World, query: str) -> list[Any]:
    with closing(sqlite3.connect(world.store)) as store:
        return store.execute(query).fetchall()


def erase(world: World, *arguments: str, person: str = TOM, now: str = LATER) -> Result:
    return world.call("erase", person, *arguments, "--json", now=now)


@pytest.fixture(scope="module")
def life(module_folder: Path) -> World:
    """Return two pairs after three weeks: declined, rescheduled, in a full calendar."""
    world = couple(module_folder / "life")
    world.person(ADA, "Ada Example").person(KOFI, "Kofi Example").pair("p02", ADA, KOFI)
    world.set("meetings", horizon="20d", freeze="0h").set("programme", coordinators=[KOFI]).write()
    uid = world.run().actions[0]["uid"]
    world.answer(TOM, uid, "DECLINED")
    world.run()
    assert world.call("reschedule", "p01", "--reason", REASON).status == 0
    assert world.run(now="2027-01-18T06:00:00Z").status == 0
    with closing(sqlite3.connect(world.store)) as store, store:
        store.execute("INSERT INTO crowded VALUES (?)", (TOM,))
    return world


@pytest.fixture(scope="module")
def life_after(life: World, module_folder: Path) -> World:
    """Return the same after Tom left: his pair was ended, and its rows were taken out."""
    world = copied(life, module_folder / "after")
    assert world.call("end", "p01", now=LATER).status == 0
    return without_tom(world)


@pytest.fixture
def lived(life: World, tmp_path: Path) -> World:
    return copied(life, tmp_path / "lived")


@pytest.fixture
def gone(life_after: World, tmp_path: Path) -> World:
    return copied(life_after, tmp_path / "gone")


def copied(world: World, folder: Path) -> World:
    copytree(world.folder, folder)
    return replace(deepcopy(world), folder=folder)


def without_tom(world: World) -> World:
    world.pairs = [each for each in world.pairs if each["pair"] != "p01"]
    world.people = [each for each in world.people if each["email"] not in {TOM, PRIYA}]
    return world.write()


class TestExport:
    def test_it_holds_every_row_about_the_person_with_every_column(self, lived: World) -> None:
        found = lived.call("export", TOM, "--json")
        assert found.status == 0
        store = found.json["store"]

        assert set(store) == set(metadata.tables) - {"digests"}
        theirs = {
            "meetings": "pair = 'p01'",
            "events": "pair = 'p01'",
            "commands": "pair = 'p01'",
            "refusals": "pair = 'p01'",
            "holds": "pair = 'p01'",
            "pairs": "pair = 'p01'",
            "crowded": f"person = '{TOM}'",
            "outbox": "uid IN (SELECT uid FROM meetings WHERE pair = 'p01')",
        }
        for table, mine in theirs.items():
            assert len(store[table]) == len(rows(lived, f"SELECT * FROM {table} WHERE {mine}"))
            for row in store[table]:
                assert set(row) == set(metadata.tables[table].columns.keys())
        told = ("meetings", "events", "commands", "refusals", "pairs", "crowded", "outbox")
        assert all(store[table] for table in told)
        assert store["commands"][0]["text"] == REASON
        assert {ADA, KOFI} & set(found.out.split('"')) == set()

    def test_the_mails_in_the_outbox_folder_are_named(self, lived: World) -> None:
        mails = lived.call("export", TOM, "--json").json["mails"]
        folder = lived.folder / "outbox"
        assert mails == [name for name in lived.outbox() if read_mail(folder / name)["To"] == TOM]
        assert mails

    def test_a_mail_that_waits_is_shown_as_it_reads(self, lived: World) -> None:
        in_the_way = lived.folder / "outbox"
        in_the_way.rename(lived.folder / "kept")
        in_the_way.touch()
        assert lived.call("end", "p01").status == 1
        waiting = [
            row["payload"]["message"]["content"]
            for row in lived.call("export", TOM, "--json").json["store"]["outbox"]
            if row["done"] is None and "message" in row["payload"]
        ]
        to = Counter(mail.partition("\r\nTo: ")[2].partition("\r\n")[0] for mail in waiting)
        assert to[TOM] == to[PRIYA] > 0

    def test_without_json_it_is_a_table_for_people(self, lived: World) -> None:
        found = lived.call("export", TOM)
        assert found.status == 0
        assert all(word in found.out for word in ("meetings", "crowded", TOM, REASON, "--json"))

    def test_looking_takes_no_lock_and_changes_nothing(self, lived: World) -> None:
        before = lived.snapshot(store=True)
        with FileLock(f"{lived.store}.lock"):
            assert lived.call("export", TOM.upper(), "--json").json["person"] == TOM
            assert erase(without_tom(lived), "--dry-run", now="2027-06-25T06:00:00Z").status == 0
        after = lived.snapshot(store=True)
        assert {name for name in before if before[name] != after[name]} == {
            "people.csv",
            "pairs.csv",
        }

    @pytest.mark.parametrize("command", ["export", "erase"])
    def test_a_stranger_is_said_to_be_one_with_whom_was_meant(
        self, lived: World, command: str
    ) -> None:
        result = lived.call(command, "tim@acme.example", "--json")
        assert (result.status, result.out) == (2, "")
        assert "Nothing is remembered about 'tim@acme.example'" in result.err
        assert f"Did you mean '{TOM}'?" in result.err

    @pytest.mark.parametrize("command", ["export", "erase"])
    def test_without_a_store_nothing_is_remembered_of_anybody(
        self, tmp_path: Path, command: str
    ) -> None:
        world = couple(tmp_path).write()
        assert world.call(command, TOM).status == 2
        assert not world.store.exists()


class TestErase:
    def test_no_byte_of_the_address_is_left_in_the_store(self, gone: World) -> None:
        assert TOM.encode() in gone.store.read_bytes()
        result = erase(gone)

        assert (result.status, result.json["pseudonym"]) == (0, "erased-1@invalid")
        left = gone.store.read_bytes()
        assert TOM.encode() not in left
        assert REASON.encode() not in left
        assert gone.call("export", TOM).status == 2

    def test_what_an_older_version_deleted_without_wiping_is_gone_too(self, gone: World) -> None:
        with closing(sqlite3.connect(gone.store)) as store, store:
            store.execute("PRAGMA secure_delete=OFF")
            store.execute("INSERT INTO digests VALUES (?)", (TOM * 1000,))
            store.execute("DELETE FROM digests WHERE mark LIKE 'tom%'")
        assert gone.store.read_bytes().count(TOM.encode()) > 100
        erase(gone)
        assert TOM.encode() not in gone.store.read_bytes()

    def test_the_others_keep_their_meetings_under_one_other_name(self, gone: World) -> None:
        before = rows(gone, "SELECT uid, start, state, mentee FROM meetings ORDER BY uid")
        log = rows(gone, "SELECT * FROM events ORDER BY id")
        erase(gone)

        assert rows(gone, "SELECT uid, start, state, mentee FROM meetings ORDER BY uid") == before
        assert rows(gone, "SELECT * FROM events ORDER BY id") == log
        names = rows(gone, "SELECT DISTINCT mentor FROM meetings WHERE pair = 'p01'")
        assert names == [("erased-1@invalid",)]
        kept = gone.call("export", PRIYA, "--json").json["store"]
        assert all(each["mentor"] == "erased-1@invalid" for each in kept["meetings"])
        assert all(
            set(json.loads(answers)) <= {"erased-1@invalid", PRIYA, ADA, KOFI}
            for (answers,) in rows(gone, "SELECT answers FROM meetings")
        )

    def test_everything_else_about_the_person_goes(self, gone: World) -> None:
        erase(gone)
        assert rows(gone, "SELECT * FROM crowded") == []
        assert rows(gone, "SELECT * FROM refusals WHERE pair = 'p01'") == []
        assert rows(gone, "SELECT DISTINCT text FROM commands WHERE kind = 'reschedule'") == [("",)]
        assert (
            rows(
                gone,
                "SELECT * FROM outbox WHERE uid IN (SELECT uid FROM meetings WHERE pair = 'p01')",
            )
            == []
        )
        of_two = "SELECT options, join_url FROM meetings WHERE pair = 'p01'"
        assert set(rows(gone, of_two)) == {("[]", None)}
        assert rows(gone, "SELECT * FROM outbox WHERE uid != ''")

    def test_mails_to_the_person_go_from_the_outbox_folder_and_no_others(self, gone: World) -> None:
        folder = gone.folder / "outbox"
        to = {name: str(read_mail(folder / name)["To"]) for name in gone.outbox()}
        half = folder / f".{next(name for name in to if to[name] == TOM)[:-4]}.part"
        half.write_bytes(b"To: tom")
        result = erase(gone)

        assert gone.outbox() == [name for name in to if to[name] != TOM]
        theirs = [name for name in to if to[name] == TOM]
        assert sorted(result.json["mails"]) == sorted([*theirs, half.name])

    def test_who_organized_is_another_name_there_too(self, tmp_path: Path) -> None:
        world = couple(tmp_path).set("programme", organizer="mentor")
        world.person(ADA, "Ada Example").person(KOFI, "Kofi Example").pair("p02", ADA, KOFI)
        world.write().run()
        world.call("end", "p01", now=LATER)
        without_tom(world)
        assert erase(world).status == 0
        organizers = rows(world, "SELECT organizer, mentor FROM meetings WHERE pair = 'p01'")
        assert set(organizers) == {("erased-1@invalid", "erased-1@invalid")}

    def test_the_second_person_gets_another_name(self, gone: World) -> None:
        erase(gone)
        assert erase(gone, person=PRIYA).json["pseudonym"] == "erased-2@invalid"
        assert rows(gone, "SELECT DISTINCT mentor, mentee FROM meetings WHERE pair = 'p01'") == [
            ("erased-1@invalid", "erased-2@invalid")
        ]

    def test_a_dry_run_shows_the_same_and_changes_nothing(self, gone: World) -> None:
        before = gone.snapshot(store=True)
        shown = erase(gone, "--dry-run").json
        assert gone.snapshot(store=True) == before
        assert shown["pseudonym"] is None
        assert shown | {"pseudonym": "erased-1@invalid"} == erase(gone).json
        assert shown["deleted"]["outbox"] > 0 < shown["pseudonymised"]["meetings"]

    def test_it_is_told_in_words_with_the_copies_that_are_left(self, gone: World) -> None:
        copy = gone.folder / "slotfinder.db.0004.backup"
        copy.write_bytes(b"")
        (gone.folder / "slotfinder.db2.0004.backup").write_bytes(b"")  # of another store
        result = gone.call("erase", TOM, now=LATER)
        assert result.status == 0
        assert "under erased-1@invalid: " in result.out
        assert result.out.count(".backup") == result.out.count(copy.name) == 1
        assert TOM not in result.out

    def test_it_waits_for_nobody_unless_told_to(self, gone: World) -> None:
        with FileLock(f"{gone.store}.lock"):
            assert erase(gone).status == 75
            assert erase(gone, "--wait", "0.1").status == 75
        assert TOM.encode() in gone.store.read_bytes()


class TestAfterwards:
    """Nothing comes back: not the address, not a meeting, not an invitation."""

    def test_the_next_runs_write_nothing_and_remember_nobody_again(self, gone: World) -> None:
        # A meeting a few days old would be looked up, in calendars that know the address.
        recent = f"mentor = '{TOM}' AND state = 'booked' AND \"end\" > '2027-01-18'"
        assert rows(gone, f"SELECT * FROM meetings WHERE {recent}")
        gone.run(now=LATER)
        erase(gone)
        before, told = calendars(gone), gone.outbox()
        for _ in range(2):
            result = gone.run(now=LATER)
            assert (result.status, set(result.kinds)) == (0, {"keep"})
        assert (calendars(gone), gone.outbox()) == (before, told)
        gone.run(now="2027-02-15T06:00:00Z")
        assert {str(mail["To"]) for mail in gone.mails_since(told)} <= {ADA, KOFI}
        assert TOM.encode() not in gone.store.read_bytes()

    def test_what_was_declined_did_not_take_place_for_the_other_still(self, tmp_path: Path) -> None:
        world = couple(tmp_path).person(ADA, "Ada Example").person(KOFI, "Kofi Example")
        world.pair("p02", ADA, KOFI).write()
        uid = world.run().actions[0]["uid"]
        world.answer(TOM, uid, "DECLINED")
        [(start,)] = rows(world, f"SELECT start FROM meetings WHERE uid = '{uid}'")
        # Too late for another time: it stands, and did not take place.
        world.run(now=f"{utc(start) - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}")
        soon = f"{utc(start) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        world.call("end", "p01", now=soon)
        without_tom(world)
        assert erase(world, now=soon).status == 0
        declined = {"erased-1@invalid": "declined", PRIYA: "none"}

        for _ in range(2):
            [(answers,)] = rows(world, f"SELECT answers FROM meetings WHERE uid = '{uid}'")
            assert json.loads(answers) == declined
            world.run(now=soon)

    def test_a_pair_that_goes_on_with_somebody_else_goes_on_as_it_was(self, tmp_path: Path) -> None:
        worlds = [handed_over(tmp_path / name) for name in ("erased", "remembered")]
        assert erase(worlds[0], now=LATER).status == 0
        for now in (LATER, "2027-02-01T06:00:00Z", "2027-02-15T06:00:00Z"):
            erased, remembered = (world.run(now=now).json["actions"] for world in worlds)
            assert erased == remembered
        assert calendars(worlds[0]) == calendars(worlds[1])
        assert TOM.encode() not in worlds[0].store.read_bytes()


def handed_over(folder: Path) -> World:
    """Return a pair in which Kofi took over from Tom after their first meeting."""
    world = couple(folder).person(KOFI, "Kofi Example").write()
    world.run()
    world.people = [each for each in world.people if each["email"] != TOM]
    world.pairs[0]["mentor"] = KOFI
    world.write()
    world.run(now="2027-01-18T06:00:00Z")
    world.run(now=LATER)
    for mail in world.outbox():
        if read_mail(world.folder / "outbox" / mail)["To"] == TOM:
            (world.folder / "outbox" / mail).unlink()
    return world


def calendars(world: World) -> Mapping[str, str]:
    found = world.snapshot()
    return {name: what for name, what in found.items() if name.startswith("calendars")}


class TestNotYet:
    """Whoever takes part still is not erased; what to do first is said, and nothing is changed."""

    def refused(self, world: World, person: str = TOM, now: str = LATER) -> str:
        before = world.snapshot(store=True)
        result = erase(world, person=person, now=now)
        assert (result.status, result.out) == (2, "")
        assert world.snapshot(store=True) == before
        assert erase(world, "--dry-run", person=person, now=now) == result
        return result.err

    def test_while_the_pair_is_listed(self, lived: World) -> None:
        said = self.refused(lived)
        assert "still stands in the pairs file (pair p01)" in said
        assert "'slotfinder end p01'" in said

    def test_while_only_the_person_is_listed(self, gone: World) -> None:
        gone.person(TOM, "Tom Example").write()
        assert "still stands in the people file" in self.refused(gone)

    def test_while_the_settings_name_the_person(self, gone: World) -> None:
        gone.set("programme", coordinators=[TOM]).write()
        assert "still named in slotfinder.toml" in self.refused(gone)

    def test_while_a_meeting_is_ahead(self, lived: World) -> None:
        without_tom(lived)
        said = self.refused(lived, now="2027-01-18T06:00:00Z")
        assert "still has a meeting ahead, of pair p01" in said
        assert "'slotfinder end p01'" in said

    def test_while_the_other_is_not_told_yet(self, lived: World) -> None:
        (lived.folder / "outbox").rename(lived.folder / "kept")
        (lived.folder / "outbox").touch()
        now = "2027-01-18T06:00:00Z"
        assert lived.call("end", "p01", now=now).status == 1
        without_tom(lived)
        assert "Let 'slotfinder run' finish that first" in self.refused(lived, now=now)

        (lived.folder / "outbox").unlink()
        lived.run(now=now)
        assert erase(lived, now=now).status == 0

    def test_but_what_can_never_be_told_is_no_obstacle_for_ever(self, lived: World) -> None:
        (lived.folder / "outbox").rename(lived.folder / "kept")
        (lived.folder / "outbox").touch()
        assert lived.call("end", "p01", now=LATER).status == 1
        (lived.folder / "outbox").unlink()
        (lived.folder / "kept").rename(lived.folder / "outbox")
        before = without_tom(lived).outbox()
        assert erase(lived, now="2027-03-01T06:00:00Z").status == 0
        assert rows(lived, "SELECT * FROM outbox WHERE done IS NULL") == []
        assert set(lived.outbox()) <= set(before)

    def test_only_a_mail_to_the_person_that_waits_is_no_obstacle(self, gone: World) -> None:
        folder = gone.folder / "outbox"
        theirs = [name for name in gone.outbox() if read_mail(folder / name)["To"] == TOM]
        with closing(sqlite3.connect(gone.store)) as store, store:
            for name in theirs:
                key = name.removesuffix(".eml") + ".mail"
                store.execute("UPDATE outbox SET done = NULL WHERE key = ?", (key,))
        assert rows(gone, "SELECT * FROM outbox WHERE done IS NULL")
        assert erase(gone).status == 0
        assert rows(gone, "SELECT * FROM outbox WHERE done IS NULL") == []
