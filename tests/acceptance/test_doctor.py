"""`doctor` on local calendars: settings, store, mail, people; and its codes in the docs."""

import os
import re
import sqlite3
from pathlib import Path

import pytest
import trustme

from slotfinder.agent.diagnosis import Code
from tests.acceptance.checkups import doctor, found, worries
from tests.acceptance.world import PRIYA, ROOM_A, TOM, World, couple, spawn, with_rooms
from tests.mail.smtp_server import Mailbox, running, server_tls

COORDINATOR = "coordination@acme.example"
DOCS = Path(__file__).parents[2] / "docs" / "doctor.md"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One pair on local calendars, with nothing to complain of."""
    return couple(tmp_path).set("programme", coordinators=[COORDINATOR]).write()


def test_every_code_is_explained_and_no_other() -> None:
    explained = re.findall(r"^\| `([a-z-]+)` \|", DOCS.read_text("utf-8"), re.MULTILINE)
    assert sorted(explained) == sorted(Code)


class TestAllIsWell:
    def test_nothing_is_wrong_and_it_exits_0(self, world: World) -> None:
        status, findings = doctor(world)
        assert status == 0
        assert [each["code"] for each in findings] == [
            "settings-read",
            "texts-ready",
            "store-absent",
            "outbox-writable",
            "zones-present",
            "calendars-readable",
        ]

    def test_after_a_run_the_store_is_ready(self, world: World) -> None:
        assert world.run().status == 0
        assert found(world, "store-ready")["subject"] == "slotfinder.db"

    def test_it_writes_nothing_anywhere(self, world: World) -> None:
        world.run()
        before = world.snapshot(store=True)
        doctor(world)
        world.call("doctor")
        assert world.snapshot(store=True) == before

    def test_without_a_store_it_makes_none(self, world: World) -> None:
        before = world.snapshot(store=True)
        doctor(world)
        assert world.snapshot(store=True) == before

    def test_it_works_while_nobody_is_at_home_as_a_process(self, world: World) -> None:
        assert spawn("doctor", "--now", world.now, cwd=world.folder).status == 0


class TestForPeople:
    def test_a_row_a_finding_with_the_remedy_and_names_for_addresses(self, world: World) -> None:
        world.calendar(TOM).rmdir()
        result = world.call("doctor")
        assert result.status == 1
        assert "Tom Example" in result.out
        assert TOM not in result.out
        assert "→" in result.out
        assert "1 to mend, 0 doubtful" in result.out

    def test_verbose_shows_the_address_too(self, world: World) -> None:
        world.calendar(TOM).rmdir()
        assert TOM in world.call("--verbose", "doctor").out

    def test_errors_stand_above_what_is_fine(self, world: World) -> None:
        world.calendar(TOM).rmdir()
        out = world.call("doctor").out
        assert out.index("calendar-unreadable") < out.index("store-absent")


class TestSettings:
    def test_a_secret_in_the_settings_is_a_warning_and_is_not_shown(self, world: World) -> None:
        world.set("mail", password="hunter2-hunter2", url="smtp://me@127.0.0.1:9").write()
        one = found(world, "settings-doubtful")
        assert (one["level"], "password" in one["subject"]) == ("warning", True)
        result = world.call("doctor", "--json")
        assert result.status == 0
        assert "hunter2" not in result.out + result.err

    def test_an_unknown_column_is_a_warning(self, world: World) -> None:
        world.people[0]["shoe_size"] = "43"
        world.write()
        assert worries(world) == {"settings-doubtful": "warning"}

    def test_settings_that_cannot_be_read_exit_2_with_nothing_on_standard_output(
        self, world: World
    ) -> None:
        world.set("meetings", grid=7).write()
        result = world.call("doctor", "--json")
        assert (result.status, result.out) == (2, "")
        assert "grid" in result.err

    def test_rules_of_time_zones_grow_old(self, world: World) -> None:
        world.now = "2035-01-03T12:00:00Z"
        assert worries(world) == {"zones-old": "warning"}


class TestStore:
    def test_a_newer_store_is_an_error(self, world: World) -> None:
        world.run()
        set_version(world, "9999")
        one = found(world, "store-unusable")
        assert (one["level"], "newer" in one["message"]) == ("error", True)

    def test_an_older_store_is_a_warning_because_the_next_run_migrates_it(
        self, world: World
    ) -> None:
        world.run()
        set_version(world, "0001")
        assert worries(world) == {"store-older": "warning"}

    def test_an_older_store_still_ends_reading_commands_with_2(self, world: World) -> None:
        world.run()
        set_version(world, "0001")
        assert world.call("status").status == 2

    def test_a_file_of_something_else_is_an_error_and_no_trace(self, world: World) -> None:
        world.store.write_text("Dear diary, " * 100, "utf-8")
        one = found(world, "store-unusable")
        assert "Dear diary" not in one["message"]

    def test_a_store_in_a_place_that_is_no_folder_is_an_error(self, world: World) -> None:
        (world.folder / "here").write_text("", "utf-8")
        world.set("store", url="sqlite:///here/slotfinder.db").write()
        assert worries(world)["store-unwritable"] == "error"


class TestMail:
    def test_without_coordinators_nobody_is_told(self, tmp_path: Path) -> None:
        assert worries(couple(tmp_path).write()) == {"coordinators-missing": "warning"}

    def test_an_outbox_that_is_no_folder_is_an_error(self, world: World) -> None:
        (world.folder / "outbox").write_text("", "utf-8")
        assert worries(world) == {"outbox-unwritable": "error"}

    def test_an_outbox_that_cannot_be_looked_for_is_an_error(self, world: World) -> None:
        """Every account finds a name too long, while the superuser may look into any folder."""
        world.set("mail", outbox="x" * 300).write()
        assert worries(world) == {"outbox-unwritable": "error"}

    def test_send_puts_one_mail_for_each_coordinator_into_the_outbox(self, world: World) -> None:
        others = [COORDINATOR, "second@acme.example"]
        world.set("programme", coordinators=others).write()
        _, findings = doctor(world, "--send")
        sent = [each["subject"] for each in findings if each["code"] == "mail-sent"]
        assert sent == others
        assert sorted(str(each["To"]) for each in world.mails()) == sorted(others)
        assert {str(each["Subject"]) for each in world.mails()} == {
            "Reverse mentoring 2027: a test mail"
        }

    def test_without_send_no_server_is_asked(self, world: World) -> None:
        world.set("mail", url="smtp://me@127.0.0.1:9").write()
        one = found(world, "mail-configured")
        assert "127.0.0.1" in one["message"]

    def test_a_server_gets_one_mail_for_each_coordinator_with_send_only(self, world: World) -> None:
        authority, mailbox = trustme.CA(), Mailbox()
        authority.cert_pem.write_to_path(str(world.folder / "ca.pem"))
        tls = server_tls(authority)
        with running(mailbox, tls_context=tls, require_starttls=True) as port:
            world.set("mail", url=f"smtp://localhost:{port}", ca_file="ca.pem").write()
            doctor(world)
            assert mailbox.connections == 0
            assert found(world, "mail-sent", "--send")["subject"] == COORDINATOR
        assert [each.rcpt_tos for each in mailbox.envelopes] == [[COORDINATOR]]

    def test_a_server_that_cannot_be_reached_is_an_error_with_send(self, world: World) -> None:
        world.set("mail", url="smtp://127.0.0.1:9").write()
        assert worries(world, "--send") == {"mail-failed": "error"}


class TestCalendars:
    def test_a_missing_folder_names_the_person_and_what_to_do(self, world: World) -> None:
        world.calendar(TOM).rmdir()
        one = found(world, "calendar-unreadable")
        assert (one["level"], one["subject"]) == ("error", TOM)

    def test_the_others_are_still_counted(self, world: World) -> None:
        world.calendar(TOM).rmdir()
        assert "1 of 2" in found(world, "calendars-readable")["message"]

    def test_a_broken_file_tells_no_title(self, world: World) -> None:
        path = world.busy(TOM, "20270104T090000Z", "20270104T100000Z", "SUMMARY:Dentist")
        path.write_bytes(path.read_bytes().replace(b"END:VEVENT", b"END:VEVNT"))
        result = world.call("doctor", "--json")
        assert found(world, "calendar-unreadable")["subject"] == TOM
        assert "Dentist" not in result.out

    def test_a_room_that_cannot_be_read_is_an_error(self, tmp_path: Path) -> None:
        world = with_rooms(tmp_path, ROOM_A).write()
        world.calendar(ROOM_A).rmdir()
        assert found(world, "calendar-unreadable")["subject"] == ROOM_A

    def test_of_somebody_in_no_pair_that_is_booked_it_is_only_a_warning(self, world: World) -> None:
        world.person("ada@acme.example", "Ada Example").write()
        world.calendar("ada@acme.example").rmdir()
        assert worries(world) == {"calendar-unreadable": "warning"}

    def test_without_the_folder_of_all_calendars_everybody_is_named(self, world: World) -> None:
        (world.folder / "calendars").rename(world.folder / "elsewhere")
        _, findings = doctor(world)
        unreadable = [each["subject"] for each in findings if each["code"] == "calendar-unreadable"]
        assert unreadable == [TOM, PRIYA]

    def test_a_folder_no_meeting_can_be_put_into_is_an_error(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Whoever runs tests may write everywhere; what the system answers is what counts.
        may = os.access
        closed = world.calendar(TOM)
        monkeypatch.setattr(
            "os.access", lambda path, mode: Path(path) != closed and may(path, mode)
        )
        one = found(world, "folder-unwritable")
        assert (one["level"], one["subject"]) == ("error", TOM)

    def test_whose_answers_are_not_read_is_said(self, world: World) -> None:
        world.people[1]["calendar"] = "https://127.0.0.1:9/priya.ics"
        world.write()
        one = found(world, "answers-unread")
        assert (one["level"], one["subject"]) == ("ok", PRIYA)


def set_version(world: World, version: str) -> None:
    connection = sqlite3.connect(world.store)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()
