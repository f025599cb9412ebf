"""`doctor` against the emulated Graph: each planted fault is found and its remedy named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.checkups import doctor, found, worries
from tests.acceptance.microsoft.world import Office, office, two_clouds
from tests.acceptance.world import OFFICE, PRIYA, TOM
from tests.emulators.microsoft import Fault

READER = "reader@acme.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Office]:
    """Tom and Priya on Microsoft 365 with all rights, Teams links, and a coordinator."""
    with office(tmp_path) as one:
        one.programme.set("programme", coordinators=["coordination@acme.example"])
        one.programme.set("virtual", conference="auto").write()
        yield one


class TestAllIsWell:
    def test_it_exits_0_and_looked_at_everything(self, made: Office) -> None:
        status, findings = doctor(made)
        assert status == 0
        assert [each["code"] for each in findings if each["subject"] == "microsoft"] == [
            "calendars-readable",
            "organizer-ready",
            "links-allowed",
            "zones-compared",
            "clock-agrees",
        ]
        assert worries(made) == {}

    def test_it_writes_nothing_and_shows_no_entry(self, made: Office) -> None:
        made.busy(TOM, "2027-01-04T09:00", "2027-01-04T10:00")
        made.busy(OFFICE, "2027-01-04T09:00", "2027-01-04T10:00")
        results = made.call("doctor", "--json"), made.call("doctor")
        assert made.writes() == 0
        assert made.leaks(*results) == []
        assert made.app.secret not in "".join(each.out + each.err for each in results)

    def test_as_a_process_it_reaches_nobody_else(self, made: Office) -> None:
        result = made.spawn("doctor", "--json")
        assert result.status == 0, result.err
        assert made.leaks(result) == []

    def test_no_mailbox_but_reader_and_organizer_is_opened(self, made: Office) -> None:
        doctor(made)
        assert {each.mailbox for each in made.microsoft.log.entries if each.mailbox} == {OFFICE}

    @pytest.mark.parametrize("home", ["google", "microsoft"])
    def test_both_clouds_are_looked_at(self, tmp_path: Path, home: str) -> None:
        with two_clouds(tmp_path, home) as both:
            both.programme.write()
            assert worries(both) == {"coordinators-missing": "warning"}
            _, findings = doctor(both)
            readable = [each["subject"] for each in findings if each["code"] == "zones-compared"]
            assert sorted(readable) == ["google", "microsoft"]


class TestRights:
    def test_a_wrong_secret_is_an_error_that_does_not_show_it(self, made: Office) -> None:
        (made.programme.folder / "secret").write_text("wrong-secret", "utf-8")
        assert worries(made) == {"nobody-readable": "error", "organizer-unusable": "error"}
        one = found(made, "nobody-readable")
        assert "secret is wrong" in one["message"]
        assert "wrong-secret" not in str(doctor(made))

    def test_a_missing_role_is_named(self, made: Office) -> None:
        made.app.roles = {"Calendars.ReadBasic.All"}
        assert worries(made) == {"organizer-unusable": "error"}
        assert "Calendars.ReadWrite" in found(made, "organizer-unusable")["message"]

    def test_no_role_at_all_closes_every_calendar(self, made: Office) -> None:
        made.app.roles = set()
        assert worries(made) == {"nobody-readable": "error", "organizer-unusable": "error"}
        assert "Calendars.ReadBasic.All" in found(made, "nobody-readable")["message"]

    def test_permissions_nobody_needs_are_named(self, made: Office) -> None:
        made.microsoft.options.roles_in_token = True
        made.app.roles = {"Calendars.ReadWrite", "Mail.Read", "User.Read.All"}
        _, findings = doctor(made)
        said = [each["message"] for each in findings if each["code"] == "right-needless"]
        assert [each.rpartition(": ")[2] for each in said] == [
            "Mail.Read, User.Read.All.",
            "Calendars.ReadWrite.",
        ]

    def test_roles_given_in_exchange_are_not_in_the_token_and_nothing_is_said(
        self, made: Office
    ) -> None:
        assert "right-needless" not in worries(made)

    def test_a_mailbox_outside_the_apps_scope_is_an_error(self, made: Office) -> None:
        made.programme.set("calendars.microsoft", reader=READER).write()
        made.microsoft.add_mailbox(READER)
        made.app.mailboxes = {OFFICE}
        assert worries(made) == {"nobody-readable": "error"}
        assert "management scope" in found(made, "nobody-readable")["remedy"]

    def test_microsoft_out_of_reach_is_an_error_and_no_trace(
        self, made: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        made.microsoft.fault("*", Fault.backend_error(), times=999)
        assert worries(made) == {"nobody-readable": "error", "organizer-unusable": "error"}


class TestPeople:
    def test_an_unknown_mailbox_is_named_with_what_to_do(self, made: Office) -> None:
        del made.world.mailboxes[TOM], made.world.calendars[TOM]
        one = found(made, "calendar-unreadable")
        assert (one["level"], one["subject"]) == ("error", TOM)
        assert "admin center" in one["remedy"]
        assert worries(made) == {"calendar-unreadable": "error"}

    def test_a_wrong_organizer_is_named_while_people_are_read(self, made: Office) -> None:
        made.microsoft.add_mailbox(READER)
        made.programme.set("calendars.microsoft", reader=READER)
        made.programme.set("programme", organizer="nobody@acme.example").write()
        assert worries(made) == {"organizer-unusable": "error"}

    def test_a_local_guest_of_a_cloud_meeting_is_named_for_what_is_not_judged(
        self, made: Office
    ) -> None:
        made.programme.people[1]["calendar"] = "local"
        made.programme.calendar(PRIYA).mkdir(parents=True)
        made.programme.write()
        one = found(made, "answers-unread")
        assert (one["level"], one["subject"]) == ("ok", PRIYA)


class TestLinks:
    def test_teams_not_allowed_and_no_fallback_is_a_warning(self, made: Office) -> None:
        made.microsoft.options.without_teams = {OFFICE}
        assert worries(made) == {"links-refused": "warning"}
        assert "Teams" in found(made, "links-refused")["message"]

    def test_with_a_fallback_it_is_fine(self, made: Office) -> None:
        made.microsoft.options.without_teams = {OFFICE}
        made.programme.set("virtual", fallback="https://meet.acme.example/{pair}").write()
        assert worries(made) == {}


class TestZones:
    @pytest.mark.parametrize("style", ["windows", "iana"])
    def test_a_mailbox_in_another_zone_is_a_warning_naming_both(
        self, made: Office, style: str
    ) -> None:
        made.microsoft.options.zone_style = "windows" if style == "windows" else "iana"
        made.world.mailboxes[TOM].zone = "Asia/Tokyo"
        one = found(made, "zone-differs")
        assert (one["level"], one["subject"]) == ("warning", TOM)
        assert "Europe/London" in one["message"]
        assert "Asia/Tokyo" in one["message"]
        assert worries(made) == {"zone-differs": "warning"}

    def test_a_zone_of_somebodys_own_making_is_not_compared(self, made: Office) -> None:
        made.microsoft.options.custom_zones = {TOM}
        made.world.mailboxes[TOM].zone = "Asia/Tokyo"
        assert worries(made) == {}
        assert ": 1;" in found(made, "zones-unseen")["message"]

    def test_permission_for_mailbox_settings_is_not_needed(self, made: Office) -> None:
        made.app.roles = {"Calendars.ReadWrite"}
        assert ": 2." in found(made, "zones-compared")["message"]


class TestClock:
    @pytest.mark.parametrize(("minutes", "way"), [(10, "behind"), (-10, "ahead of")])
    def test_a_clock_that_differs_is_a_warning_that_says_which_way(
        self, made: Office, minutes: int, way: str
    ) -> None:
        made.microsoft.clock.advance(timedelta(minutes=minutes))
        one = found(made, "clock-differs")
        assert one["level"] == "warning"
        assert f"10 min {way}" in one["message"]
