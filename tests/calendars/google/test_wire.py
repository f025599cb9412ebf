"""Google's payloads, without any call."""

import json
import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from slotfinder.calendars.google import wire
from slotfinder.calendars.google.failures import (
    Failure,
    Side,
    failure_of,
    trouble_of,
    verdict_on,
)
from slotfinder.calendars.retry import Verdict
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import Provider, UnreadableCode
from slotfinder.domain.meeting import Answer, Attendee, Fallback
from slotfinder.domain.programme import Room
from tests.contract.builders import meeting_of
from tests.invitations.examples import PRIYA, TOM, between, event

PART = between("2027-01-04T00:00", "2027-02-01T00:00")
WHO = "tom@acme.example"
MEETING = event(attendees=(TOM, PRIYA))
BUSY = {"start": "2027-01-05T09:00:00Z", "end": "2027-01-05T10:00:00Z"}


def answer(entry: Any, **more: Any) -> dict[str, Any]:
    return {"calendars": {WHO: entry}, **more}


def code_of(found: object) -> str:
    assert isinstance(found, Trouble), found
    return found.code.value


class TestFreeBusy:
    def test_busy_times_are_sorted_merged_and_clipped(self) -> None:
        entry = {
            "busy": [
                {"start": "2027-01-06T10:00:00+01:00", "end": "2027-01-06T11:00:00+01:00"},
                {"start": "2027-01-05T09:30:00Z", "end": "2027-01-05T11:00:00.000Z"},
                BUSY,
                {"start": "2027-01-31T00:00:00Z", "end": "2027-03-01T00:00:00Z"},
                {"start": "2026-01-31T00:00:00Z", "end": "2026-03-01T00:00:00Z"},
            ]
        }
        assert wire.busy_of(answer(entry), WHO, PART) == (
            between("2027-01-05T09:00", "2027-01-05T11:00"),
            between("2027-01-06T09:00", "2027-01-06T10:00"),
            between("2027-01-31T00:00", "2027-02-01T00:00"),
        )

    def test_upper_and_lower_case_are_one_calendar(self) -> None:
        found: dict[str, Any] = {"calendars": {"Tom@ACME.example": {"busy": []}}}
        assert wire.busy_of(found, WHO, PART) == ()

    @pytest.mark.parametrize(
        ("entry", "code"),
        [
            ({"busy": [], "errors": [{"domain": "global", "reason": "notFound"}]}, "not-found"),
            ({"busy": [], "errors": [{"reason": "internalError"}]}, "provider-error"),
            ({"busy": [], "errors": [{"reason": "newInTwoYears"}]}, "provider-error"),
            ({"busy": [], "errors": [{}]}, "provider-error"),
            ({"busy": [], "errors": ["notFound"]}, "provider-error"),
            ({"busy": [], "errors": {"reason": "notFound"}}, "malformed-answer"),
            ({"busy": [], "errors": None}, "malformed-answer"),
            ({}, "malformed-answer"),
            ({"busy": None}, "malformed-answer"),
            ({"busy": {}}, "malformed-answer"),
            ({"busy": ["x"]}, "malformed-answer"),
            ({"busy": [BUSY, {"start": BUSY["start"]}]}, "malformed-answer"),
            ({"busy": [{"start": BUSY["end"], "end": BUSY["start"]}]}, "malformed-answer"),
            ({"busy": [{"start": "2027-01-05T09:00:00", "end": BUSY["end"]}]}, "malformed-answer"),
            ({"busy": [{"start": "2027-01-05", "end": BUSY["end"]}]}, "malformed-answer"),
            ({"busy": [BUSY, {**BUSY, "start": "0001-01-01T00:00:00+14:00"}]}, "malformed-answer"),
            ([], "malformed-answer"),
            (None, "missing-answer"),
        ],
    )
    def test_whatever_is_not_understood_is_unknown_never_free(
        self, entry: object, code: str
    ) -> None:
        assert code_of(wire.busy_of(answer(entry), WHO, PART)) == code

    @pytest.mark.parametrize("found", [{}, {"calendars": None}, {"calendars": []}])
    def test_an_answer_without_calendars_is_malformed(self, found: dict[str, Any]) -> None:
        assert code_of(wire.busy_of(found, WHO, PART)) == "malformed-answer"

    def test_a_calendar_left_out_is_missing(self) -> None:
        found: dict[str, Any] = {"calendars": {"priya@acme.example": {"busy": []}}}
        assert code_of(wire.busy_of(found, WHO, PART)) == "missing-answer"

    @pytest.mark.parametrize(
        "bounds",
        [
            {"timeMax": "2027-01-20T00:00:00.000Z"},
            {"timeMin": "2027-01-05T00:00:00.000Z"},
            {"timeMin": "yesterday"},
        ],
    )
    def test_an_answer_for_less_time_than_was_asked_is_not_believed(
        self, bounds: dict[str, str]
    ) -> None:
        assert (
            code_of(wire.busy_of(answer({"busy": []}, **bounds), WHO, PART)) == "malformed-answer"
        )

    def test_a_strange_reason_is_not_repeated(self) -> None:
        entry = {"busy": [], "errors": [{"reason": "Dentist <root> canal"}]}
        found = wire.busy_of(answer(entry), WHO, PART)
        assert isinstance(found, Trouble)
        assert "Dentist" not in found.reason


class TestWriting:
    def test_an_id_has_only_letters_google_allows_and_is_the_meeting_s_for_ever(self) -> None:
        found = wire.event_id(MEETING.uid)
        assert re.fullmatch(r"[a-v0-9]{5,1024}", found)
        assert found == wire.event_id(MEETING.uid) != wire.event_id("another")

    def test_a_new_event_asks_people_and_room_and_leaves_reminders_to_them(self) -> None:
        room = Attendee(email="room@acme.example", name="Room")
        body = wire.new_event(replace(MEETING, room=room), "mark")

        assert [(each["email"], each["responseStatus"]) for each in body["attendees"]] == [
            (TOM.email, "needsAction"),
            (PRIYA.email, "needsAction"),
            (room.email, "needsAction"),
        ]
        assert [each.get("resource") for each in body["attendees"]] == [None, None, True]
        assert body["visibility"] == "private"
        assert body["reminders"] == {"useDefault": True}
        assert body["start"] == {"dateTime": "2027-01-07T11:15:00Z"}
        assert "conferenceData" not in body
        assert "iCalUID" not in body

    def test_who_organizes_has_accepted(self) -> None:
        body = wire.new_event(replace(MEETING, organizer=TOM), "mark")
        answers = [each["responseStatus"] for each in body["attendees"]]
        assert answers == ["accepted", "needsAction"]

    def test_our_marks_tell_nothing_of_anybody(self) -> None:
        private = wire.new_event(MEETING, "mark")["extendedProperties"]["private"]
        assert private == {
            "slotfinder_key": MEETING.uid,
            "slotfinder_revision": "0",
            "slotfinder_programme": "mark",
        }
        assert all(len(name) <= 44 for name in private)

    def test_a_link_is_asked_for_with_a_request_of_the_meeting_s_own(self) -> None:
        fallback = Fallback(text="", location="", join_url=None)
        body = wire.new_event(replace(MEETING, conference=fallback), "mark")
        request = body["conferenceData"]["createRequest"]
        assert request["conferenceSolutionKey"] == {"type": "hangoutsMeet"}
        assert request["requestId"] == wire.event_id(MEETING.uid)

    def test_a_move_sends_no_guests(self) -> None:
        found = wire.own_event(stored())
        later = replace(
            MEETING, sequence=1, interval=between("2027-01-08T09:00", "2027-01-08T09:45")
        )
        body = wire.changed_event(later, found)

        assert "attendees" not in body
        assert "summary" not in body
        assert body["start"] == {"dateTime": "2027-01-08T09:00:00Z", "date": None}
        assert wire.is_news(later, found)

    def test_another_room_sends_all_guests_as_they_are(self) -> None:
        guests = [
            {"email": TOM.email, "responseStatus": "accepted", "comment": "Yes"},
            {"email": "extra@acme.example", "responseStatus": "tentative", "optional": True},
            {"email": "room-a@acme.example", "responseStatus": "declined", "resource": True},
        ]
        found = wire.own_event(stored(attendees=guests))
        room = Attendee(email="room-b@acme.example", name="B")
        body = wire.changed_event(replace(MEETING, room=room, sequence=1), found)

        assert body["attendees"][:2] == guests[:2]
        assert [each["email"] for each in body["attendees"][2:]] == [room.email]
        assert wire.is_news(replace(MEETING, room=room), found)

    def test_only_words_are_no_news(self) -> None:
        assert not wire.is_news(replace(MEETING, text="other"), wire.own_event(stored()))


def stored(**changes: Any) -> dict[str, Any]:
    """Return our own event as Google would show it."""
    body = wire.new_event(MEETING, "mark")
    return {
        "id": body["id"],
        "iCalUID": f"{body['id']}@google.com",
        "etag": '"1"',
        "status": "confirmed",
        "organizer": {"email": "Mentoring@acme.example"},
        **{name: body[name] for name in ("start", "end", "attendees", "extendedProperties")},
        **changes,
    }


class TestOwnEvents:
    def test_what_we_wrote_is_seen_unanswered(self) -> None:
        found = wire.own_event(stored())
        seen = wire.seen(meeting_of(MEETING), found)

        assert seen.present
        assert seen.interval == MEETING.interval
        assert seen.answers == {TOM.email: Answer.NONE, PRIYA.email: Answer.NONE}
        assert found.organizer == "mentoring@acme.example"
        assert found.key == MEETING.uid

    def test_an_answer_to_an_earlier_time_is_none(self) -> None:
        declined = [{"email": TOM.email, "responseStatus": "declined"}]
        was = wire.own_event(stored(attendees=declined))
        later = replace(
            MEETING, sequence=1, interval=between("2027-01-08T09:00", "2027-01-08T09:45")
        )
        private = wire.changed_event(later, was)["extendedProperties"]["private"]
        now = wire.own_event(stored(attendees=declined, extendedProperties={"private": private}))

        assert was.answer_of(TOM.email) is Answer.DECLINED
        assert now.answer_of(TOM.email) is Answer.NONE
        assert TOM.email not in json.dumps(private)

    def test_of_a_deleted_one_only_the_id_is_needed(self) -> None:
        found = wire.own_event({"id": "abc", "status": "cancelled"})
        assert found.is_gone
        assert not wire.seen(meeting_of(MEETING), found).present

    @pytest.mark.parametrize(
        "changes",
        [
            {"id": None},
            {"iCalUID": ""},
            {"start": None},
            {"start": {"dateTime": "soon"}},
            {"start": {"dateTime": "2027-01-07T11:15:00"}},
            {"end": {"dateTime": "2027-01-01T00:00:00Z"}},
            {"attendees": {}},
        ],
    )
    def test_a_live_one_without_its_parts_is_malformed(self, changes: dict[str, Any]) -> None:
        with pytest.raises(wire.MalformedError):
            wire.own_event(stored(**changes))

    def test_an_all_day_event_a_person_made_of_it_is_a_day(self) -> None:
        found = wire.own_event(stored(start={"date": "2027-01-07"}, end={"date": "2027-01-08"}))
        assert found.interval == between("2027-01-07T00:00", "2027-01-08T00:00")

    @pytest.mark.parametrize(
        ("data", "link", "pending"),
        [
            ({"createRequest": {"status": {"statusCode": "pending"}}}, None, True),
            ({"createRequest": {"status": {"statusCode": "failure"}}}, None, False),
            ({"entryPoints": [{"entryPointType": "phone", "uri": "tel:1"}]}, None, False),
            (
                {"entryPoints": [{"entryPointType": "video", "uri": "https://meet.example/x"}]},
                "https://meet.example/x",
                False,
            ),
            ({"entryPoints": [{"entryPointType": "video", "uri": "javascript:x"}]}, None, False),
            (None, None, False),
        ],
    )
    def test_a_link_is_there_pending_or_not_to_come(
        self,
        data: Any,
        link: str | None,
        pending: bool,  # noqa: FBT001 - of a table
    ) -> None:
        found = wire.own_event(stored(conferenceData=data))
        assert (found.link, found.link_pending) == (link, pending)

    def test_an_entry_that_takes_no_time_is_left_out(self) -> None:
        zone = ZoneInfo("America/New_York")
        times = {"start": {"date": "2027-01-05"}, "end": {"date": "2027-01-06"}}
        assert wire.entry({**times, "transparency": "transparent"}, zone) is None
        assert wire.entry({"status": "cancelled"}, zone) is None
        assert wire.entry({**times, "iCalUID": "x"}, zone) == (
            "x",
            between("2027-01-05T05:00", "2027-01-06T05:00"),
        )


def refusal(status: int, reason: str, **more: Any) -> bytes:
    error = {"errors": [{"domain": "global", "reason": reason, "message": "m"}], "code": status}
    return json.dumps({"error": {**error, **more}}).encode()


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "reason", "verdict"),
        [
            (403, "rateLimitExceeded", Verdict.SLOWER),
            (403, "userRateLimitExceeded", Verdict.SLOWER),
            (429, "rateLimitExceeded", Verdict.SLOWER),
            (429, "somethingNew", Verdict.SLOWER),
            (403, "quotaExceeded", Verdict.NEVER),
            (403, "forbidden", Verdict.NEVER),
            (403, "somethingNew", Verdict.NEVER),
            (404, "notFound", Verdict.NEVER),
            (409, "duplicate", Verdict.NEVER),
            (412, "conditionNotMet", Verdict.NEVER),
            (400, "timeRangeTooLong", Verdict.NEVER),
            (500, "backendError", Verdict.AGAIN),
            (503, "somethingNew", Verdict.AGAIN),
        ],
    )
    def test_what_is_tried_again_is_decided_by_reason(
        self, status: int, reason: str, verdict: Verdict
    ) -> None:
        failure = failure_of(status, refusal(status, reason))
        assert failure.reason == reason
        assert verdict_on(failure) is verdict

    @pytest.mark.parametrize(
        ("status", "content", "reason"),
        [
            (502, b"<html>Bad gateway</html>", "http502"),
            (403, b"<html>Proxy says no</html>", "http403"),
            (409, b'{"error": {"errors": [{"rea', "malformed"),
            (403, b'{"error": {"errors": [{"rea', "malformed"),
            (400, b'{"error": "invalid_grant", "error_description": "x"}', "invalid_grant"),
            (403, b'{"error": {"code": 403, "status": "PERMISSION_DENIED"}}', "PERMISSION_DENIED"),
            (403, b"[]", "http403"),
            (500, b"", "http500"),
        ],
    )
    def test_what_is_not_google_s_usual_form_is_read_as_far_as_it_goes(
        self, status: int, content: bytes, reason: str
    ) -> None:
        assert failure_of(status, content).reason == reason

    def test_a_reason_that_stands_in_the_details_is_found(self) -> None:
        details = [{"reason": "SERVICE_DISABLED"}]
        content = json.dumps({"error": {"code": 403, "details": details}}).encode()
        assert failure_of(403, content).reason == "SERVICE_DISABLED"

    def test_a_conference_that_is_not_allowed_has_a_word_of_its_own(self) -> None:
        content = refusal(400, "invalid", message="Invalid conference type value.")
        assert failure_of(400, content).reason == "invalid-conference"
        assert failure_of(400, refusal(400, "invalid", message="Other")).reason == "invalid"

    @pytest.mark.parametrize(
        ("said", "after"),
        [
            ({"retry-after": "7"}, 7.0),
            (
                {
                    "retry-after": "Mon, 04 Jan 2027 06:00:30 GMT",
                    "date": "Mon, 04 Jan 2027 06:00:00 GMT",
                },
                30.0,
            ),
            ({"retry-after": "soon"}, None),
            ({}, None),
        ],
    )
    def test_the_wait_google_asks_for_is_read(
        self, said: dict[str, str], after: float | None
    ) -> None:
        assert failure_of(503, b"", said).after == after

    @pytest.mark.parametrize("side", Side)
    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("unauthorized_client", UnreadableCode.CREDENTIALS),
            ("invalid_grant", UnreadableCode.CREDENTIALS),
            ("insufficientPermissions", UnreadableCode.CREDENTIALS),
            ("accessNotConfigured", UnreadableCode.CREDENTIALS),
            ("authError", UnreadableCode.CREDENTIALS),
            ("notACalendarUser", UnreadableCode.NO_MAILBOX),
            ("requiredAccessLevel", UnreadableCode.NO_ACCESS),
            ("notFound", UnreadableCode.NOT_FOUND),
            ("backendError", UnreadableCode.PROVIDER_UNAVAILABLE),
            ("no-answer", UnreadableCode.PROVIDER_UNAVAILABLE),
            ("malformed", UnreadableCode.MALFORMED_ANSWER),
            ("timeRangeTooLong", UnreadableCode.PROVIDER_ERROR),
        ],
    )
    def test_every_failure_has_its_code_and_remedy(
        self, side: Side, reason: str, code: UnreadableCode
    ) -> None:
        status = 401 if reason == "authError" else None
        found = trouble_of(Failure(reason=reason, status=status), side)
        assert found.code is code
        assert found.reason.endswith(".")
        assert found.advice.endswith(".")
        assert "{" not in found.reason + found.advice

    @pytest.mark.parametrize("reason", ["unauthorized_client", "invalid_grant", "notFound"])
    def test_reader_and_organizer_are_told_apart(self, reason: str) -> None:
        assert len({trouble_of(Failure(reason=reason), side).reason for side in Side}) == 2


class TestRooms:
    def test_a_room_is_what_the_directory_says_of_it(self) -> None:
        found = {
            "resourceEmail": "Room-A@acme.example",
            "capacity": 4,
            "floorName": "3",
            "featureInstances": [{"feature": {"name": "Step-Free"}}, {"feature": {}}, "odd"],
        }
        assert wire.room(found) == Room(
            email="room-a@acme.example",
            provider=Provider.GOOGLE,
            floor="3",
            features=("step-free",),
            capacity=4,
        )

    def test_what_nobody_typed_in_is_not_known(self) -> None:
        assert wire.room({"resourceEmail": "a@acme.example", "capacity": 0}) == Room(
            email="a@acme.example", provider=Provider.GOOGLE
        )
