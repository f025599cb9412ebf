"""Which entries take time, and how: rules 1 to 8 of calendars.md in their order."""

import pytest

from slotfinder.domain.freebusy import Kind
from tests.calendars.ics import NINE, TEN, calendar, event, read

CANCELLED = "STATUS:CANCELLED"
TENTATIVE = "STATUS:TENTATIVE"
TRANSPARENT = "TRANSP:TRANSPARENT"


def outlook(status: str) -> str:
    return f"X-MICROSOFT-CDO-BUSYSTATUS:{status}"


def said(answer: str, mailbox: str = "tom@acme.example") -> str:
    return f"ATTENDEE;PARTSTAT={answer}:mailto:{mailbox}"


KINDS: list[tuple[list[str], Kind | None]] = [
    ([], Kind.BUSY),
    (["STATUS:CONFIRMED", "TRANSP:OPAQUE"], Kind.BUSY),
    # 1 cancelled comes before everything
    ([CANCELLED], None),
    ([CANCELLED, outlook("OOF"), said("ACCEPTED")], None),
    (["status:cancelled"], None),
    # 2 the owner's own DECLINED
    ([said("DECLINED")], None),
    ([said("declined", "TOM@acme.EXAMPLE")], None),
    (["ATTENDEE;PARTSTAT=DECLINED:MAILTO:tom@acme.example"], None),
    (["ATTENDEE;PARTSTAT=DECLINED:mailto:tom%40acme.example"], None),
    (['ATTENDEE;CN="Smith; Tom: he";PARTSTAT=DECLINED:mailto:tom@acme.example'], None),
    (["ATTENDEE;EMAIL=tom@acme.example;PARTSTAT=DECLINED:urn:uuid:1"], None),
    ([said("DECLINED"), outlook("OOF")], None),
    ([said("DECLINED", "priya@acme.example")], Kind.BUSY),
    ([said("DECLINED"), said("DECLINED")], None),
    ([said("DECLINED"), said("ACCEPTED")], Kind.BUSY),
    ([said("DECLINED"), said("TENTATIVE")], Kind.TENTATIVE),
    # 3 working elsewhere
    ([outlook("WORKINGELSEWHERE")], Kind.ELSEWHERE),
    ([outlook("workingElsewhere"), TRANSPARENT, TENTATIVE], Kind.ELSEWHERE),
    ([outlook("WORKINGELSEWHERE"), said("DECLINED")], None),
    # 4 free
    ([TRANSPARENT], None),
    (["TRANSP:transparent"], None),
    ([outlook("FREE")], None),
    ([outlook("FREE"), "TRANSP:OPAQUE"], None),
    ([TRANSPARENT, outlook("FREE")], None),
    ([TRANSPARENT, TENTATIVE, said("TENTATIVE")], None),
    ([TRANSPARENT, outlook("BUSY")], Kind.BUSY),
    ([TRANSPARENT, outlook("NEVER-HEARD-OF")], Kind.BUSY),
    # 5 out of office
    ([outlook("OOF")], Kind.OUT_OF_OFFICE),
    ([outlook("oof"), TRANSPARENT], Kind.OUT_OF_OFFICE),
    ([outlook("OOF"), TENTATIVE, said("NEEDS-ACTION")], Kind.OUT_OF_OFFICE),
    # 6 tentative, by any of the three
    ([outlook("TENTATIVE")], Kind.TENTATIVE),
    ([TENTATIVE], Kind.TENTATIVE),
    ([said("TENTATIVE")], Kind.TENTATIVE),
    ([said("NEEDS-ACTION")], Kind.TENTATIVE),
    (["ATTENDEE:mailto:tom@acme.example"], Kind.TENTATIVE),
    ([TENTATIVE, said("ACCEPTED")], Kind.TENTATIVE),
    ([said("TENTATIVE", "priya@acme.example")], Kind.BUSY),
    # 8 anything else, known or not
    ([outlook("BUSY")], Kind.BUSY),
    ([said("ACCEPTED")], Kind.BUSY),
    ([said("DELEGATED")], Kind.BUSY),
    ([said("PERHAPS")], Kind.BUSY),
    (["STATUS:PERHAPS"], Kind.BUSY),
    (["TRANSP:TRANSLUCENT"], Kind.BUSY),
    ([CANCELLED, "STATUS:CONFIRMED"], Kind.BUSY),
    ([TRANSPARENT, "TRANSP:OPAQUE"], Kind.BUSY),
    (["ORGANIZER:mailto:tom@acme.example"], Kind.BUSY),
]


@pytest.mark.parametrize(("lines", "kind"), KINDS)
def test_the_first_rule_that_applies_decides(lines: list[str], kind: Kind | None) -> None:
    blocks = read(calendar(*event(NINE, TEN, *lines)))

    assert [block.kind for block in blocks] == ([kind] if kind else [])


def test_an_entry_carries_its_uid_only_if_it_is_one_of_ours() -> None:
    file = calendar(*event(NINE, TEN, uid="ours"), *event(NINE, TEN, uid="theirs"))

    blocks = read(file, own=["ours"])

    assert sorted(str(block.uid) for block in blocks) == ["None", "ours"]


FREEBUSY: list[tuple[str, Kind | None]] = [
    ("FREEBUSY", Kind.BUSY),
    ("FREEBUSY;FBTYPE=BUSY", Kind.BUSY),
    ("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE", Kind.BUSY),
    ("FREEBUSY;FBTYPE=busy-tentative", Kind.TENTATIVE),
    ("FREEBUSY;FBTYPE=FREE", None),
    ("FREEBUSY;FBTYPE=X-NEW", Kind.BUSY),
]


@pytest.mark.parametrize(("name", "kind"), FREEBUSY)
def test_periods_of_free_busy_time_count_by_their_type(name: str, kind: Kind | None) -> None:
    period = f"{name}:20270323T090000Z/20270323T100000Z"

    blocks = read(calendar("BEGIN:VFREEBUSY", period, "END:VFREEBUSY"))

    assert [block.kind for block in blocks] == ([kind] if kind else [])
