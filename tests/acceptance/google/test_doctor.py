"""`doctor` against the emulated Google: each planted fault is found and its remedy named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.checkups import doctor, found, worries
from tests.acceptance.google.world import Office, office
from tests.acceptance.world import OFFICE, PRIYA, TOM
from tests.emulators.google import Fault, ServiceAccount, service_account_file

READER = "reader@acme.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Office]:
    """Tom and Priya on Google with all rights, Meet links, and a coordinator."""
    with office(tmp_path) as one:
        one.programme.set("programme", coordinators=["coordination@acme.example"])
        one.programme.set("virtual", conference="auto").write()
        yield one


def delegate(made: Office, *without: str, more: str = "") -> None:
    made.google.account.delegated -= set(without)
    made.google.account.delegated |= {more} if more else set()


class TestAllIsWell:
    def test_it_exits_0_and_looked_at_everything(self, made: Office) -> None:
        status, findings = doctor(made)
        assert status == 0
        assert [each["code"] for each in findings if each["subject"] == "google"] == [
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
        assert "PRIVATE KEY" not in "".join(each.out + each.err for each in results)

    def test_as_a_process_it_reaches_nobody_else(self, made: Office) -> None:
        result = made.spawn("doctor", "--json")
        assert result.status == 0, result.err
        assert made.leaks(result) == []


class TestRights:
    def test_a_wrong_key_closes_every_calendar_and_is_said_once(self, made: Office) -> None:
        path = made.programme.folder / "google.json"
        stranger = ServiceAccount("stranger@slotfinder-test.iam.gserviceaccount.com")
        service_account_file(path, made.google, stranger)
        assert worries(made) == {"nobody-readable": "error", "organizer-unusable": "error"}

    @pytest.mark.parametrize(
        ("scope", "code"),
        [("calendar.freebusy", "nobody-readable"), ("calendar.events.owned", "organizer-unusable")],
    )
    def test_a_scope_that_is_needed_and_not_delegated_is_named(
        self, made: Office, scope: str, code: str
    ) -> None:
        delegate(made, scope)
        assert worries(made) == {code: "error"}
        one = found(made, code)
        assert scope in one["message"]
        assert "Domain-wide delegation" in one["remedy"]

    @pytest.mark.parametrize(
        ("scope", "lost"),
        [
            ("calendar.events.freebusy", "over a meeting"),
            ("calendar.calendars.readonly", "Google Meet"),
        ],
    )
    def test_an_optional_scope_that_is_missing_costs_what_it_is_for(
        self, made: Office, scope: str, lost: str
    ) -> None:
        delegate(made, scope)
        assert worries(made) == {"right-missing": "warning"}
        one = found(made, "right-missing")
        assert scope in one["message"]
        assert lost in one["message"]

    def test_without_the_right_to_see_zones_people_are_believed(self, made: Office) -> None:
        delegate(made, "calendar.calendars.readonly")
        made.world.calendars[TOM].zone = "Asia/Tokyo"
        assert found(made, "zones-unseen")["level"] == "ok"

    def test_a_scope_that_opens_everything_is_too_much(self, made: Office) -> None:
        delegate(made, more="calendar")
        assert worries(made) == {"right-needless": "warning"}


class TestPeople:
    def test_somebody_unknown_is_named_with_what_to_do(self, made: Office) -> None:
        del made.world.mailboxes[TOM], made.world.calendars[TOM]
        one = found(made, "calendar-unreadable")
        assert (one["level"], one["subject"]) == ("error", TOM)
        assert "Admin console" in one["remedy"]
        assert worries(made) == {"calendar-unreadable": "error"}

    def test_nobody_shared_with_the_reader_is_said_once(self, made: Office) -> None:
        for each in (TOM, PRIYA):
            made.world.calendars[each].everyone = "none"
        assert worries(made) == {"nobody-readable": "error"}

    def test_the_only_one_on_google_is_named_when_unknown(self, made: Office) -> None:
        made.programme.people[1]["calendar"] = "local"
        made.programme.calendar(PRIYA).mkdir(parents=True)
        made.programme.write()
        del made.world.mailboxes[TOM], made.world.calendars[TOM]
        assert worries(made) == {"calendar-unreadable": "error"}

    def test_a_wrong_organizer_is_named_while_people_are_read(self, made: Office) -> None:
        made.world.add_mailbox(READER)
        made.programme.set("calendars.google", reader=READER)
        made.programme.set("programme", organizer="nobody@acme.example").write()
        assert worries(made) == {"organizer-unusable": "error"}
        assert found(made, "organizer-unusable")["subject"] == "nobody@acme.example"

    def test_google_out_of_reach_is_an_error_and_no_trace(
        self, made: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        made.google.fault("*", Fault.backend_error(), times=999)
        assert worries(made) == {"nobody-readable": "error", "organizer-unusable": "error"}


class TestLinks:
    def test_meet_not_allowed_and_no_fallback_is_a_warning(self, made: Office) -> None:
        made.google.options.meet_allowed = False
        assert worries(made) == {"links-refused": "warning"}
        assert found(made, "links-refused")["subject"] == OFFICE

    def test_with_a_fallback_it_is_fine(self, made: Office) -> None:
        made.google.options.meet_allowed = False
        made.programme.set("virtual", fallback="https://meet.acme.example/{pair}").write()
        assert worries(made) == {}
        assert found(made, "links-fallback")["subject"] == OFFICE

    def test_where_no_link_is_asked_for_none_is_missed(self, made: Office) -> None:
        made.google.options.meet_allowed = False
        made.programme.set("virtual", conference="none").write()
        assert worries(made) == {}


class TestZones:
    def test_a_mailbox_in_another_zone_is_a_warning_naming_both(self, made: Office) -> None:
        made.world.calendars[TOM].zone = "America/New_York"
        one = found(made, "zone-differs")
        assert (one["level"], one["subject"]) == ("warning", TOM)
        assert "Europe/London" in one["message"]
        assert "America/New_York" in one["message"]

    def test_another_name_for_the_same_clock_is_none(self, made: Office) -> None:
        made.world.calendars[TOM].zone = "Europe/Belfast"
        assert worries(made) == {}

    def test_a_clock_that_differs_only_in_summer_is_one(self, made: Office) -> None:
        made.world.calendars[TOM].zone = "Africa/Abidjan"
        assert worries(made) == {"zone-differs": "warning"}

    def test_a_zone_nobody_knows_is_not_compared(self, made: Office) -> None:
        made.world.calendars[TOM].zone = "Mars/Olympus"
        assert worries(made) == {}
        assert ": 1;" in found(made, "zones-unseen")["message"]


class TestClock:
    @pytest.mark.parametrize(("minutes", "way"), [(10, "behind"), (-10, "ahead of")])
    def test_a_clock_that_differs_is_a_warning_that_says_which_way(
        self, made: Office, minutes: int, way: str
    ) -> None:
        made.google.clock.advance(timedelta(minutes=minutes))
        one = found(made, "clock-differs")
        assert one["level"] == "warning"
        assert f"10 min {way}" in one["message"]

    def test_it_is_said_beside_the_refusal_it_causes(self, made: Office) -> None:
        made.google.clock.advance(timedelta(minutes=-10))
        assert worries(made) == {
            "nobody-readable": "error",
            "organizer-unusable": "error",
            "clock-differs": "warning",
        }
