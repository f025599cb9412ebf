"""A merged block that holds our own meeting: what of it is somebody else's."""

from slotfinder.domain.freebusy import (
    Block,
    FreeBusy,
    Kind,
    OwnTime,
    Provider,
    told_apart,
    unattributed,
)
from slotfinder.domain.interval import Interval, without
from tests.invitations.examples import between

DAY = between("2027-01-05T00:00", "2027-01-06T00:00")


def at(start: str, end: str) -> Interval:
    return between(f"2027-01-05T{start}", f"2027-01-05T{end}")


def reading(*blocks: Interval) -> FreeBusy:
    return FreeBusy(
        person="tom@acme.example",
        provider=Provider.GOOGLE,
        window=DAY,
        blocks=tuple(Block(interval=each, kind=Kind.BUSY) for each in blocks),
    )


OURS = OwnTime(uid="ours", calendar_uid="ours@google.com", interval=at("10:00", "10:45"))


def shown(found: FreeBusy) -> list[tuple[Interval, str | None]]:
    return [(each.interval, each.uid) for each in found.blocks]


def test_a_block_of_our_time_alone_is_ours() -> None:
    found = reading(OURS.interval)
    assert unattributed(found, [OURS]) == []
    assert shown(told_apart(found, [OURS])) == [(OURS.interval, "ours")]


def test_what_touches_ours_on_either_side_is_foreign_and_ours_is_not() -> None:
    found = reading(at("09:00", "12:00"))
    assert unattributed(found, [OURS]) == [at("09:00", "12:00")]
    assert shown(told_apart(found, [OURS])) == [
        (at("09:00", "10:00"), None),
        (OURS.interval, "ours"),
        (at("10:45", "12:00"), None),
    ]


def test_an_entry_over_ours_is_foreign_where_it_is() -> None:
    entries = [("other", at("10:30", "12:00")), (OURS.calendar_uid or "", OURS.interval)]
    assert shown(told_apart(reading(at("10:00", "12:00")), [OURS], entries)) == [
        (OURS.interval, "ours"),
        (at("10:30", "12:00"), None),
    ]


def test_what_the_block_does_not_cover_takes_no_time_and_what_ours_covers_nobody_can_tell() -> None:
    entries = [("free", at("09:30", "13:00")), ("declined?", at("10:15", "10:30"))]
    assert shown(told_apart(reading(at("10:00", "12:00")), [OURS], entries)) == [
        (OURS.interval, "ours"),
        (at("10:45", "12:00"), None),
    ]


def test_a_block_over_part_of_ours_is_foreign() -> None:
    """Ours does not show there: declined, or not arrived."""
    found = reading(at("10:30", "12:00"))
    assert told_apart(found, [OURS]) == found


def test_two_of_ours_in_one_block_are_both_ours() -> None:
    second = OwnTime(uid="second", calendar_uid=None, interval=at("10:45", "11:30"))
    found = told_apart(reading(at("10:00", "11:30")), [OURS, second])
    assert shown(found) == [(OURS.interval, "ours"), (second.interval, "second")]


def test_parts_are_taken_out_of_an_interval() -> None:
    whole = at("09:00", "12:00")
    assert without(whole, []) == [whole]
    assert without(whole, [whole]) == []
    assert without(whole, [at("08:00", "09:30"), at("10:00", "10:30"), at("11:30", "13:00")]) == [
        at("09:30", "10:00"),
        at("10:30", "11:30"),
    ]
    assert without(whole, [at("07:00", "08:00"), at("13:00", "14:00")]) == [whole]
