"""The rows of pairs.csv as pairs, with the programme's defaults filled in."""

import re
from collections.abc import Mapping
from datetime import date

from slotfinder.domain.cadence import parse_cadence, parse_in_person
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Pair, PairStatus, Person, Role
from slotfinder.roster.people import READ_ONLY
from slotfinder.roster.sheet import Columns, Row, Sheet
from slotfinder.settings import Draft, values
from slotfinder.settings.checks import cadence_doubts
from slotfinder.settings.tables import CADENCE_REMEDY, IN_PERSON_REMEDY
from slotfinder.settings.values import BadValueError, quoted, suggestion, with_remedy

COLUMNS = Columns(
    required=("pair", "mentor", "mentee", "status"),
    optional=("agreed", "every", "in_person", "duration", "starts", "ends", "organizer"),
)
_YES_OR_NO = {"yes": True, "y": True, "no": False, "n": False}
_ID = re.compile(r"[^\s/\\]{1,64}")


class PairReader:
    """Reads pairs against the settings and the people they may name.

    ``people`` is None where people.csv could not be read, so that nobody can be called unknown.
    """

    def __init__(self, draft: Draft, people: Mapping[str, Person] | None) -> None:
        self._draft = draft
        self._settings = draft.settings
        self._people = people
        self._programme = draft.settings.programme

    def read(self, sheet: Sheet) -> tuple[Pair, ...]:
        """Return the pairs in the file's order; findings go into the sheet's."""
        pairs: list[Pair] = []
        rows: dict[str, int] = {}
        for row in sheet.rows:
            pair = self._pair(row)
            if pair.id in rows:
                row.report(
                    "pair",
                    BadValueError(
                        f"{quoted(pair.id)} already stands in row {rows[pair.id]}.",
                        "Give each pair an id of its own.",
                    ),
                )
            elif pair.id:
                rows[pair.id] = row.number
            _warn_of_same_people(row, pair, pairs)
            pairs.append(pair)
        return tuple(pairs)

    def _pair(self, row: Row) -> Pair:
        settings = self._settings
        mentor = row.require("mentor", self._person, "")
        mentee = row.require("mentee", self._person, "")
        if mentor and mentor == mentee:
            error = BadValueError("mentor and mentee are the same person.", "Name two people.")
            row.report("mentee", error)
        starts, ends = self._days(row)
        every = with_remedy(parse_cadence, CADENCE_REMEDY)
        in_person = with_remedy(parse_in_person, IN_PERSON_REMEDY)
        organizer = self._organizer(row, mentor, mentee)
        pair = Pair(
            id=row.require("pair", _id, ""),
            mentor=mentor,
            mentee=mentee,
            status=row.require("status", _status, PairStatus.PROPOSED),
            agreed=row.read("agreed", _agreed, default=True),
            cadence=row.read("every", every, settings.default_cadence),
            in_person=row.read("in_person", in_person, settings.default_in_person),
            duration=row.read("duration", _duration, settings.default_duration),
            starts=starts,
            ends=ends,
            organizer=organizer,
            calendar=self._calendar_of(organizer),
        )
        self._check_cadence(row, pair)
        return pair

    def _person(self, text: str) -> str:
        email = values.parse_email(text)
        if self._people is not None and email not in self._people:
            raise BadValueError(
                f"{quoted(email)} is not in people.csv.",
                # Addresses of one company are alike in all but a few letters.
                f"{suggestion(email, self._people, likeness=0.9)}"
                "Add a row for this person, or mend the address.",
            )
        return email

    def _days(self, row: Row) -> tuple[date, date]:
        """Return the days both the pair and the programme allow; none left is a warning."""
        programme = self._programme
        own_starts = row.read("starts", _date, None)
        own_ends = row.read("ends", _date, None)
        starts = max(programme.starts, own_starts or programme.starts)
        ends = min(programme.ends, own_ends or programme.ends)
        if own_starts and own_ends and own_ends < own_starts:
            error = BadValueError(
                f"{own_ends} is before the pair starts ({own_starts}).", "Write a later date."
            )
            row.report("ends", error)
        elif ends < starts and self._draft.is_sure("programme.starts", "programme.ends"):
            error = BadValueError(
                f"no day is left for this pair: the programme runs from {programme.starts} to "
                f"{programme.ends}.",
                "Write dates inside the programme.",
            )
            row.report("starts" if own_starts else "ends", error, "warning")
        return starts, ends

    def _organizer(self, row: Row, mentor: str, mentee: str) -> str:
        wanted = row.read("organizer", _organizer, None)
        named = wanted or self._settings.organizer
        organizer = {Role.MENTOR.value: mentor, Role.MENTEE.value: mentee}.get(named, named)
        person = (self._people or {}).get(organizer)
        # The programme's own mailbox is judged once, in people.csv.
        is_own = wanted or (self._draft.is_sure("programme.organizer") and named in set(Role))
        if is_own and person and person.provider is Provider.FEED:
            row.report("organizer", READ_ONLY)
        return organizer

    def _calendar_of(self, organizer: str) -> Provider:
        """Return who keeps an organizer's calendar: a mailbox of the programme is not listed."""
        person = (self._people or {}).get(organizer)
        return person.provider if person else self._settings.organizer_provider

    def _check_cadence(self, row: Row, pair: Pair) -> None:
        programme = self._programme
        keys = ("programme.starts", "programme.ends", "programme.timezone", "cadence.gap")
        if not row.cells.get("every") or not self._draft.is_sure(*keys, "meetings.horizon"):
            return
        for doubt in cadence_doubts(
            pair.cadence,
            (pair.starts, pair.ends),
            programme.zone,
            programme.gap,
            programme.meetings.horizon,
        ):
            row.report("every", doubt.error, doubt.level)


def _warn_of_same_people(row: Row, pair: Pair, earlier: list[Pair]) -> None:
    for other in earlier:
        both_active = pair.status is other.status is PairStatus.ACTIVE
        if both_active and all(pair.people) and set(pair.people) == set(other.people):
            error = BadValueError(
                f"the same two people already meet as the active pair {quoted(other.id)}.",
                "End one of the two pairs, unless they shall meet twice as often.",
            )
            row.report("pair", error, "warning")
            return


def _id(text: str) -> str:
    if not _ID.fullmatch(text) or not text.isprintable():
        raise BadValueError(
            f"{quoted(text)} cannot be the id of a pair.",
            "Write up to 64 letters, digits or marks, without blanks and slashes, such as 'p01'.",
        )
    return text


def _status(text: str) -> PairStatus:
    return values.parse_choice(text, PairStatus)


def _agreed(text: str) -> bool:
    if text.lower() not in _YES_OR_NO:
        raise BadValueError(f"{quoted(text)} is neither yes nor no.", "Write 'yes' or 'no'.")
    return _YES_OR_NO[text.lower()]


def _duration(text: str) -> int:
    return values.parse_whole(text, 5, 480)


def _date(text: str) -> date:
    return values.parse_date(text)


def _organizer(text: str) -> str:
    return text.lower() if text.lower() in set(Role) else values.parse_email(text)
