"""What doctor reads out of tokens and schedules, however odd they are."""

import base64
import json
from typing import Any

import pytest

from slotfinder.calendars.microsoft import wire
from slotfinder.calendars.microsoft.auth import roles_in


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{body}.signature"


def test_the_roles_of_a_token_are_read() -> None:
    assert roles_in(token({"roles": ["Mail.Read", "Calendars.Read"]})) == {
        "Mail.Read",
        "Calendars.Read",
    }


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "opaque",
        "a.b.c",
        "a.ÿÿÿ.c",
        token([]),
        token(None),
        token({}),
        token({"roles": "Mail.Read"}),
        token({"roles": None}),
        token({"roles": [7, None, {}, "two words", "a\nb"]}),
    ],
)
def test_a_token_that_cannot_be_read_has_none(odd: str) -> None:
    assert roles_in(odd) == frozenset()


@pytest.mark.parametrize(
    "hours", [None, [], {}, {"timeZone": None}, {"timeZone": {"name": 7}}, {"timeZone": {}}]
)
def test_without_a_zone_that_is_named_none_is_known(hours: Any) -> None:
    assert wire.zones_of({"value": [{"scheduleId": "a@b", "workingHours": hours}]}) == {}


@pytest.mark.parametrize("name", ["Tokyo Standard Time", "Asia/Tokyo", "asia/tokyo"])
def test_zones_are_known_by_both_kinds_of_names_and_addresses_in_lower_case(name: str) -> None:
    hours = {"timeZone": {"name": name}}
    zones = wire.zones_of({"value": [7, {"scheduleId": "A@B", "workingHours": hours}]})
    assert {each: zone.key for each, zone in zones.items()} == {"a@b": "Asia/Tokyo"}


def test_an_answer_without_a_list_is_malformed() -> None:
    with pytest.raises(wire.MalformedError):
        wire.zones_of({})
