"""Google and Microsoft on one world: invitations and answers travel between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.emulators import people
from tests.emulators.google import GoogleEmulator
from tests.emulators.google.desk import Desk as GoogleDesk
from tests.emulators.loopback import loopback_only
from tests.emulators.microsoft import MicrosoftEmulator
from tests.emulators.microsoft.desk import Desk as MicrosoftDesk
from tests.emulators.microsoft.desk import at, guest, point
from tests.emulators.wire import Json
from tests.emulators.world import World

GINA, GUS = "gina@acme.example", "gus@acme.example"
MIA, MAX = "mia@acme.example", "max@acme.example"
ROOM = "room-m@acme.example"


@dataclass
class Clouds:
    google: GoogleDesk
    microsoft: MicrosoftDesk
    world: World

    def book_on_google(self, *guests: str, **more: Any) -> Json:
        attendees = [{"email": one} for one in guests]
        return self.google.insert(GINA, GINA, attendees=attendees, **more)

    def book_on_microsoft(self, *guests: str) -> Json:
        return self.microsoft.book(MIA, attendees=[guest(one) for one in guests])

    def on_google(self, event: Json) -> Json:
        found: Json = self.google.calendar(GINA).events().get(
            calendarId=GINA, eventId=event["id"]
        ).execute()  # fmt: skip
        return found

    def on_microsoft(self, event: Json) -> Json:
        found: Json = self.microsoft.get(self.microsoft.event(event["id"], MIA)).json()
        return found

    def copy(self, email: str) -> Json:
        """Read the one event in a Microsoft mailbox."""
        (only,) = self.microsoft.get(f"/users/{email}/events").json()["value"]
        return dict(only)


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clouds]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    world = World()
    with (
        loopback_only() as tried,
        GoogleEmulator(world) as google,
        MicrosoftEmulator(world) as microsoft,
    ):
        made = Clouds(GoogleDesk(google, tmp_path), MicrosoftDesk(microsoft, tmp_path), world)
        made.google.people(GINA, GUS)
        made.microsoft.people(MIA, MAX)
        microsoft.add_room(ROOM)
        yield made
        made.google.close()
        made.microsoft.close()
        assert not microsoft.complaints
    assert not tried


def test_a_google_invitation_arrives_in_a_microsoft_mailbox(clouds: Clouds) -> None:
    made = clouds.book_on_google(MAX)
    copy = clouds.copy(MAX)
    assert (copy["iCalUId"], copy["subject"]) == (made["iCalUID"], "Mentoring")
    assert copy["organizer"]["emailAddress"]["address"] == GINA
    assert not copy["isOrganizer"]
    assert clouds.microsoft.items(MAX, reader=MIA) == [
        ("tentative", "2027-01-04T11:00", "2027-01-04T12:00")
    ]


def test_a_microsoft_guest_s_answer_comes_back_to_google(clouds: Clouds) -> None:
    made = clouds.book_on_google(MAX)
    people.answer(clouds.world, MAX, made["iCalUID"], "accepted")
    assert clouds.on_google(made)["attendees"][0]["responseStatus"] == "accepted"
    assert clouds.copy(MAX)["responseStatus"]["response"] == "accepted"
    assert clouds.microsoft.items(MAX, reader=MIA)[0][0] == "busy"


def test_a_copy_deleted_through_graph_is_declined_on_google(clouds: Clouds) -> None:
    made = clouds.book_on_google(MAX)
    name = clouds.microsoft.event(clouds.copy(MAX)["id"], MAX)
    assert clouds.microsoft.call("DELETE", name).status_code == 204
    assert clouds.on_google(made)["attendees"][0]["responseStatus"] == "declined"


def test_without_mail_a_google_event_does_not_cross(clouds: Clouds) -> None:
    clouds.book_on_google(MAX, GUS, sendUpdates="none")
    assert clouds.microsoft.items(MAX, reader=MIA) == []
    assert len(clouds.google.blocks(GUS, subject=GINA)) == 1


def test_a_google_move_and_a_google_cancellation_cross(clouds: Clouds) -> None:
    made = clouds.book_on_google(MAX)
    events = clouds.google.calendar(GINA).events()
    body = {
        "start": {"dateTime": at(5, 11).isoformat()},
        "end": {"dateTime": at(5, 12).isoformat()},
    }
    about = {"calendarId": GINA, "eventId": made["id"], "sendUpdates": "all"}
    events.patch(body=body, **about).execute()
    assert clouds.copy(MAX)["start"]["dateTime"][:16] == "2027-01-05T11:00"
    events.delete(**about).execute()
    assert clouds.copy(MAX)["isCancelled"]
    assert clouds.microsoft.items(MAX, reader=MIA) == []


def test_a_microsoft_invitation_arrives_in_a_google_calendar(clouds: Clouds) -> None:
    made = clouds.book_on_microsoft(GUS)
    (copy,) = clouds.google.calendar(GUS).events().list(calendarId=GUS).execute()["items"]
    assert (copy["iCalUID"], copy["organizer"]["email"]) == (made["iCalUId"], MIA)
    assert clouds.google.blocks(GUS, subject=GINA) == [
        ("2027-01-04T11:00:00Z", "2027-01-04T12:00:00Z")
    ]


def test_an_answer_given_through_google_comes_back_to_microsoft(clouds: Clouds) -> None:
    made = clouds.book_on_microsoft(GUS)
    events = clouds.google.calendar(GUS).events()
    (copy,) = events.list(calendarId=GUS).execute()["items"]
    body = {"attendees": [{"email": GUS, "responseStatus": "tentative"}]}
    events.patch(calendarId=GUS, eventId=copy["id"], body=body, sendUpdates="all").execute()
    after = clouds.on_microsoft(made)
    assert after["attendees"][0]["status"]["response"] == "tentativelyAccepted"
    assert after["changeKey"] != made["changeKey"]


def test_a_microsoft_move_and_a_microsoft_cancellation_cross(clouds: Clouds) -> None:
    made = clouds.book_on_microsoft(GUS)
    name = clouds.microsoft.event(made["id"], MIA)
    body = {"start": point(at(5, 11)), "end": point(at(5, 12))}
    assert clouds.microsoft.call("PATCH", name, json=body).status_code == 200
    assert clouds.google.blocks(GUS, subject=GINA) == [
        ("2027-01-05T11:00:00Z", "2027-01-05T12:00:00Z")
    ]
    clouds.microsoft.call("POST", f"{name}/cancel", json={"Comment": "Ill"})
    assert clouds.google.blocks(GUS, subject=GINA) == []
    kinds = [one.kind for one in clouds.world.told(GUS)]
    assert kinds == ["invitation", "update", "cancellation"]


def test_both_guests_of_a_mixed_pair_are_invited_once(clouds: Clouds) -> None:
    made = clouds.microsoft.book(MIA, attendees=[guest(GUS), guest(MAX), guest(ROOM, "resource")])
    clouds.microsoft.microsoft.settle()
    assert [len(clouds.world.told(one)) for one in (GUS, MAX, ROOM)] == [1, 1, 0]
    answers = [one["status"]["response"] for one in clouds.on_microsoft(made)["attendees"]]
    assert answers == ["none", "none", "accepted"]


def test_neither_cloud_sees_into_the_other(clouds: Clouds) -> None:
    error = clouds.google.busy(MAX, subject=GINA)["calendars"][MAX]["errors"][0]
    assert error["reason"] == "notFound"
    entry = clouds.microsoft.entry(GUS, reader=MIA)
    assert entry["error"]["responseCode"] == "5009"


def test_a_room_of_the_other_cloud_answers_by_mail_all_the_same(clouds: Clouds) -> None:
    made = clouds.book_on_google(ROOM)
    clouds.google.google.settle()
    (room,) = clouds.on_google(made)["attendees"]
    assert (room["resource"], room["responseStatus"]) == (True, "accepted")
