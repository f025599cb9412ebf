"""Graph's payloads read and written, without any server."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from slotfinder.calendars.microsoft import wire
from slotfinder.calendars.microsoft.failures import Failure, Side, failure_of, trouble_of
from slotfinder.calendars.trouble import Trouble
from slotfinder.domain.freebusy import Block, Kind, Provider, UnreadableCode
from slotfinder.domain.meeting import Answer, Attendee
from slotfinder.domain.programme import Room
from tests.invitations.examples import ORGANIZER, PRIYA, TOM, between, event

LONDON = ZoneInfo("Europe/London")
ROOM = Attendee(email="room-a@acme.example", name="Room A")
TEAMS_BLOCK = '<div class="me-email-text">Join: https://teams.microsoft.com/l/x</div>'


def point(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


def item(start: str, end: str, status: Any = "busy", zone: str = "UTC") -> dict[str, Any]:
    return {"status": status, "start": point(start, zone), "end": point(end, zone)}


def schedule(*items: Any, **more: Any) -> dict[str, Any]:
    entry = {"scheduleId": "Tom@Acme.example", "scheduleItems": list(items), **more}
    return {"value": [{"scheduleId": "x@acme.example", "scheduleItems": []}, entry]}


def blocks(found: dict[str, Any], zone: ZoneInfo = LONDON) -> Any:
    return wire.blocks_of(found, TOM.email, zone)


def attendee(email: str, response: str = "none", kind: str = "required", **status: str) -> Any:
    return {
        "type": kind,
        "status": {"response": response, "time": "0001-01-01T00:00:00Z", **status},
        "emailAddress": {"address": email, "name": email},
        "proposedNewTime": None,
    }


def found(**changes: Any) -> wire.OwnEvent:
    shown = {
        "@odata.etag": 'W/"1"',
        "id": "AAkA",
        "iCalUId": "0400",
        "isCancelled": False,
        "start": point("2027-01-07T11:15:00.0000000"),
        "end": point("2027-01-07T12:00:00.0000000"),
        "organizer": {"emailAddress": {"address": ORGANIZER.email}},
        "attendees": [attendee(TOM.email), attendee(PRIYA.email)],
    }
    return wire.own_event(shown | changes)


class TestFreeBusy:
    def test_seven_digits_and_zones_of_both_kinds_are_read(self) -> None:
        zones = ("UTC", "GMT Standard Time", "Europe/London", "W. Europe Standard Time")
        spans = [
            blocks(schedule(item("2027-01-07T11:15:00.0000000", "2027-01-07T12:00:00", zone=each)))
            for each in zones
        ]
        assert (
            spans[0]
            == spans[1]
            == spans[2]
            == [Block(interval=between("2027-01-07T11:15", "2027-01-07T12:00"), kind=Kind.BUSY)]
        )
        assert spans[3][0].interval == between("2027-01-07T10:15", "2027-01-07T11:00")

    def test_entries_may_overlap_and_stand_twice(self) -> None:
        same = item("2027-01-07T11:00:00", "2027-01-07T12:00:00")
        assert len(blocks(schedule(same, same))) == 2

    @pytest.mark.parametrize("status", ["Free", "free"])
    def test_free_takes_no_time(self, status: str) -> None:
        assert blocks(schedule(item("2027-01-07T11:00:00", "2027-01-07T12:00:00", status))) == []

    @pytest.mark.parametrize("status", ["unknown", "onTheMoon", None, 7, ""])
    def test_a_status_nobody_has_heard_of_is_unknown_and_blocks(self, status: Any) -> None:
        [block] = blocks(schedule(item("2027-01-07T11:00:00", "2027-01-07T12:00:00", status)))
        assert block.kind is Kind.UNKNOWN

    @pytest.mark.parametrize(
        "entry",
        [
            item("2027-01-07T11:00:00", "2027-01-07T10:00:00"),
            item("2027-01-07", "soon"),
            item("2027-01-07T11:00:00", "2027-01-07T12:00:00", zone="Mars/Olympus"),
            item("2027-01-07T11:00:00", "2027-01-07T12:00:00", zone=""),
            {"status": "busy", "start": None, "end": None},
            {"status": "busy"},
            "busy",
            None,
        ],
    )
    def test_a_time_that_cannot_be_read_leaves_all_unknown(self, entry: Any) -> None:
        trouble = blocks(schedule(entry))
        assert isinstance(trouble, Trouble)
        assert trouble.code is UnreadableCode.MALFORMED_ANSWER

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"value": None},
            {"value": {}},
            {"value": ["x"]},
            schedule(scheduleItems=None),
            {"value": [{"scheduleId": TOM.email}]},
            {"value": schedule()["value"] * 2},
        ],
    )
    def test_an_answer_of_another_shape_is_malformed(self, answer: Any) -> None:
        trouble = blocks(answer)
        assert isinstance(trouble, Trouble)
        assert trouble.code is UnreadableCode.MALFORMED_ANSWER

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            ({"responseCode": "5009"}, "not-found"),
            ({"responseCode": 5009}, "not-found"),
            ({"responseCode": "5016", "message": "..."}, "no-mailbox"),
            ({"message": "Secret title"}, "provider-error"),
            ("broken", "provider-error"),
        ],
    )
    def test_an_error_beside_an_empty_list_is_an_error(self, error: Any, code: str) -> None:
        trouble = blocks(schedule(error=error))
        assert isinstance(trouble, Trouble)
        assert trouble.code.value == code
        assert "Secret" not in trouble.reason

    def test_a_day_before_all_days_of_the_owners_zone_leaves_all_unknown(self) -> None:
        entry = item("0001-01-01T00:00:00", "0001-01-02T00:00:00")
        trouble = blocks(schedule(entry), ZoneInfo("Pacific/Pago_Pago"))
        assert isinstance(trouble, Trouble)
        assert trouble.code is UnreadableCode.MALFORMED_ANSWER

    def test_who_is_left_out_is_missing(self) -> None:
        trouble = blocks({"value": []})
        assert isinstance(trouble, Trouble)
        assert trouble.code is UnreadableCode.MISSING_ANSWER

    def test_of_two_entries_at_our_time_the_less_firm_one_is_ours(self) -> None:
        at = between("2027-01-07T11:15", "2027-01-07T12:00")
        firm, soft = (Block(interval=at, kind=each) for each in (Kind.BUSY, Kind.TENTATIVE))
        assert wire.tagged([firm, soft], "u", at) == [firm, replace(soft, uid="u")]
        assert wire.tagged([firm, firm], "u", at) == [replace(firm, uid="u"), firm]
        away = Block(interval=at, kind=Kind.OUT_OF_OFFICE)
        assert wire.tagged([away], "u", at) == [away]
        longer = replace(firm, interval=between("2027-01-07T11:15", "2027-01-07T12:15"))
        assert wire.tagged([longer], "u", at) == [longer]


class TestOwnEvents:
    def test_a_new_event_is_the_same_each_time_it_is_written(self) -> None:
        body = wire.new_event(event(room=ROOM), "programme")
        assert body == wire.new_event(event(room=ROOM, stamp=None), "programme")
        assert body["transactionId"] == event().uid
        assert [each["type"] for each in body["attendees"]] == ["required", "required", "resource"]
        assert body["location"]["locationEmailAddress"] == ROOM.email
        assert (body["sensitivity"], body["showAs"]) == ("private", "busy")
        assert "isOnlineMeeting" not in body
        assert wire.new_event(event(private=False), "p")["sensitivity"] == "normal"

    def test_a_text_is_written_as_it_reads(self) -> None:
        body = wire.new_event(event(text="A <b>\n& https://x.example/?a=1&b=2"), "p")["body"]
        assert body["contentType"] == "html"
        assert "A &lt;b&gt;<br>&amp; " in body["content"]
        assert 'href="https://x.example/?a=1&amp;b=2"' in body["content"]

    @pytest.mark.parametrize(
        "old",
        [
            '<div class="slotfinder">Old</div>' + TEAMS_BLOCK,
            f'<html><body lang=EN><div class=slotfinder style="x">Old<br>er</div>{TEAMS_BLOCK}',
            f'<html><body><div class="x_slotfinder">Old</div>{TEAMS_BLOCK}</body></html>',
        ],
    )
    def test_a_move_replaces_our_own_part_and_nothing_else(self, old: str) -> None:
        later = event(interval=between("2027-01-08T09:00", "2027-01-08T09:45"), sequence=1)
        content = wire.changed_event(later, found(body={"content": old}))["body"]["content"]

        assert "Old" not in content
        assert TEAMS_BLOCK in content
        assert content.count("Thursday") == content.count('class="slotfinder"') == 1

    def test_where_people_took_our_part_away_it_comes_first(self) -> None:
        old = f"<html><body><p>Mine</p>{TEAMS_BLOCK}</body></html>"
        later = event(interval=between("2027-01-08T09:00", "2027-01-08T09:45"), sequence=1)
        content = wire.changed_event(later, found(body={"content": old}))["body"]["content"]
        assert content.startswith('<html><body><div class="slotfinder">')
        assert content.endswith(old.removeprefix("<html><body>"))

    def test_what_is_no_news_changes_our_notes_alone(self) -> None:
        assert wire.changed_event(event(sequence=1), found()).keys() == {
            "singleValueExtendedProperties"
        }
        again = wire.changed_event(event(sequence=1, sent_again=True), found())
        assert again.keys() > {"body", "start", "end"}

    def test_guests_are_sent_only_with_another_room_and_then_with_their_answers(self) -> None:
        moved = event(interval=between("2027-01-08T09:00", "2027-01-08T09:45"), sequence=1)
        assert "attendees" not in wire.changed_event(moved, found())

        room = attendee("old@acme.example", "declined", "resource")
        had = found(attendees=[attendee(TOM.email, "accepted"), attendee(PRIYA.email), room])
        body = wire.changed_event(event(room=ROOM, sequence=1), had)
        assert [each["emailAddress"]["address"] for each in body["attendees"]] == [
            TOM.email,
            PRIYA.email,
            ROOM.email,
        ]
        assert body["attendees"][0]["status"]["response"] == "accepted"
        assert all("proposedNewTime" not in each for each in body["attendees"])

    def test_a_no_counts_until_the_time_changes_and_a_new_one_counts_again(self) -> None:
        declined = attendee(PRIYA.email, "Declined", time="2027-01-05T10:00:00Z")
        before = found(attendees=[attendee(TOM.email), declined])
        assert before.answer_of(PRIYA.email) is Answer.DECLINED

        later = event(interval=between("2027-01-08T09:00", "2027-01-08T09:45"), sequence=1)
        kept = wire.changed_event(later, before)["singleValueExtendedProperties"]
        after = {"attendees": [declined], "singleValueExtendedProperties": kept}
        assert found(**after).answer_of(PRIYA.email) is Answer.NONE
        assert found(**after).revision == 1

        anew = attendee(PRIYA.email, "declined", time="2027-01-06T10:00:00Z")
        assert found(**{**after, "attendees": [anew]}).answer_of(PRIYA.email) is Answer.DECLINED

    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ("TentativelyAccepted", Answer.TENTATIVE),
            ("accepted", Answer.ACCEPTED),
            ("notResponded", Answer.NONE),
            ("somethingNew", Answer.NONE),
        ],
    )
    def test_answers_are_read_in_any_case(self, said: str, answer: Answer) -> None:
        assert found(attendees=[attendee(TOM.email, said)]).answer_of(TOM.email) is answer

    def test_who_organizes_has_said_yes_and_who_is_not_invited_nothing(self) -> None:
        assert found().answer_of(ORGANIZER.email) is Answer.ACCEPTED
        assert found().answer_of("x@acme.example") is None

    @pytest.mark.parametrize("name", ["id", "iCalUId", "start", "end", "@odata.etag"])
    def test_an_event_without_its_parts_is_malformed(self, name: str) -> None:
        with pytest.raises(wire.MalformedError):
            found(**{name: None})

    def test_one_that_was_withdrawn_does_not_stand(self) -> None:
        assert wire.own_events({"value": [{"id": "x", "isCancelled": True}]}) == []

    def test_only_the_query_of_a_next_link_is_used(self) -> None:
        link = {"@odata.nextLink": "https://evil.example/v1.0/x?$skip=10&$top=5"}
        assert wire.next_page(link) == "$skip=10&$top=5"
        assert wire.next_page({}) == ""

    def test_teams_may_be_had_where_the_calendar_says_so(self) -> None:
        assert wire.allows_teams({"allowedOnlineMeetingProviders": ["TeamsForBusiness"]})
        assert not wire.allows_teams({"allowedOnlineMeetingProviders": ["skypeForBusiness"]})
        assert not wire.allows_teams({"allowedOnlineMeetingProviders": None})
        assert not wire.allows_teams({})


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "content", "reason"),
        [
            (404, b'{"error":{"code":"ErrorItemNotFound","message":"x"}}', "ErrorItemNotFound"),
            (403, b'{"error":{"code":"ErrorAccessDenied","message":"no"}}', "ErrorAccessDenied"),
            (
                403,
                b'{"error":{"code":"ErrorAccessDenied","message":"Access to OData is disabled."}}',
                "out-of-scope",
            ),
            (401, b'{"error":"invalid_client","error_codes":[7000222]}', "AADSTS7000222"),
            (400, b'{"error":"invalid_scope"}', "invalid_scope"),
            (502, b"<html>", "http502"),
            (503, b'{"error":{"co', "malformed"),
            (500, b'{"error":{"code":"Tom\'s dentist"}}', "malformed"),
            (500, b"[]", "http500"),
        ],
    )
    def test_the_reason_is_a_word_and_never_a_message(
        self, status: int, content: bytes, reason: str
    ) -> None:
        assert failure_of(status, content, {}).reason == reason

    @pytest.mark.parametrize("side", Side)
    def test_every_trouble_is_a_sentence_with_a_remedy(self, side: Side) -> None:
        for reason in ("down", "AADSTS1", "out-of-scope", "ErrorAccessDenied", "new"):
            trouble = trouble_of(Failure(reason=reason, status=403), side)
            assert trouble.reason.endswith(".")
            assert trouble.advice.endswith(".")
            assert "{" not in trouble.reason + trouble.advice


class TestRooms:
    def test_a_room_is_what_its_place_says_of_it(self) -> None:
        found = {
            "emailAddress": "Room-A@acme.example",
            "capacity": 4,
            "floorLabel": None,
            "floorNumber": 0,
            "isWheelChairAccessible": True,
            "tags": ["Quiet"],
        }
        [room] = wire.rooms({"value": [found, {"emailAddress": None}]})
        assert room == Room(
            email="room-a@acme.example",
            provider=Provider.MICROSOFT,
            floor="0",
            features=("quiet", "step-free"),
            capacity=4,
        )

    def test_what_nobody_typed_in_is_not_known(self) -> None:
        empty = dict.fromkeys(("capacity", "floorLabel", "floorNumber", "tags"))
        assert wire.rooms({"value": [{"emailAddress": "a@acme.example", **empty}]}) == [
            Room(email="a@acme.example", provider=Provider.MICROSOFT)
        ]
