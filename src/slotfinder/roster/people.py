"""The rows of people.csv as people."""

import re
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from slotfinder.domain.closures import known_country
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Country, Days, Person
from slotfinder.domain.preference import Wishes, parse_days, parse_wishes
from slotfinder.roster.sheet import Columns, Row, Sheet
from slotfinder.settings import Draft, values
from slotfinder.settings.values import BadValueError, quoted, suggestion, with_remedy

COLUMNS = Columns(
    required=("email", "name", "calendar", "timezone"),
    optional=(
        "site",
        "site_days",
        "needs",
        "country",
        "language",
        "preference",
        "preference_in_person",
        "away",
    ),
)
READ_ONLY = BadValueError(
    "the meetings of the organizer cannot stand in a published calendar, which is only read.",
    "Choose another organizer, or give this person another kind of calendar.",
)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class _Calendar:
    provider: Provider
    feed: str | None = None


def read_people(sheet: Sheet, draft: Draft) -> dict[str, Person]:
    """Return the people by address, in the file's order; findings go into the sheet's.

    A person whose row is partly wrong is among them, so that pairs can be checked.
    """
    people: dict[str, Person] = {}
    rows: dict[str, int] = {}
    for row in sheet.rows:
        person = _person(row, draft)
        if not person.email:
            continue
        _check_language(row, person, draft)
        if person.email == draft.settings.organizer and person.provider is Provider.FEED:
            row.report("calendar", READ_ONLY)
        if person.email in people:
            row.report(
                "email",
                BadValueError(
                    f"{quoted(person.email)} already stands in row {rows[person.email]}.",
                    "Keep one row a person; one person may be in many pairs.",
                ),
            )
            continue
        people[person.email] = person
        rows[person.email] = row.number
    return people


def _person(row: Row, draft: Draft) -> Person:
    calendar = row.require("calendar", _calendar, _Calendar(Provider.LOCAL))
    return Person(
        email=row.require("email", values.parse_email, ""),
        name=row.require("name", values.parse_text, ""),
        provider=calendar.provider,
        zone=row.require("timezone", values.parse_zone, _UTC),
        feed=calendar.feed,
        site=row.read("site", lambda text: _site(text, draft), ""),
        site_days=row.read("site_days", _site_days, None),
        needs=row.read("needs", _needs, ()),
        country=row.read("country", _country, None),
        language=row.read("language", _language, "en"),
        wishes=row.read("preference", _wishes, None),
        wishes_in_person=row.read("preference_in_person", _wishes, None),
        away=row.read("away", _away, ()),
    )


def _calendar(text: str) -> _Calendar:
    if text.lower().startswith("webcal"):
        raise BadValueError(
            "'webcal' addresses are not read.", "Write the same address with 'https://'."
        )
    if values.is_address(text):
        return _Calendar(Provider.FEED, values.parse_web_address(text))
    try:
        return _Calendar(values.parse_provider(text))
    except BadValueError as error:
        remedy = f"{error.remedy} The https address of a published calendar is possible too."
        raise BadValueError(error.message, remedy) from None


def _site(text: str, draft: Draft) -> str:
    sites = draft.settings.programme.sites
    if text in sites or not draft.is_sure("sites"):
        return text
    known = f"Sites are: {', '.join(sites)}." if sites else "Add it to the settings as [[sites]]."
    raise BadValueError(
        f"there is no site {quoted(text)} in the settings.", f"{suggestion(text, sites)}{known}"
    )


def _site_days(text: str) -> frozenset[int]:
    return with_remedy(parse_days, "Write for example 'Tu,We' or 'Mo-Th'.")(text)


def _needs(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (each.strip().lower() for each in text.split(";")))))


@cache
def _country(text: str) -> Country:
    code, _, region = text.upper().partition("-")
    if not known_country(Country(code)):
        raise BadValueError(
            f"the public holidays of {quoted(text)} are not known.",
            "Write an ISO 3166 code such as 'GB' or 'GB-SCT', or leave the cell empty.",
        )
    country = Country(code, region or None)
    if not known_country(country):
        raise BadValueError(
            f"{quoted(text)} is no known region of {quoted(code)}.",
            f"Write the ISO 3166-2 code of the region, or only '{code}'.",
        )
    return country


def _language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", text, re.IGNORECASE | re.ASCII):
        raise BadValueError(
            f"{quoted(text)} is not the code of a language.", "Write for example 'en' or 'de'."
        )
    return text.lower()


def _check_language(row: Row, person: Person, draft: Draft) -> None:
    if draft.settings.texts.language_for(person.language) is None:
        untranslated = BadValueError(
            f"there are no texts in {quoted(person.language)}, so this person is written to in "
            "English.",
            f"Texts there are in: {', '.join(sorted(draft.settings.texts.languages))}. Others can "
            "be added in templates/, see docs/invitations.md.",
        )
        row.report("language", untranslated, "warning")


def _wishes(text: str) -> Wishes | None:
    remedy = "Write for example 'Mo-Fr 07:30-09:00 = 1; Mo-Fr 09:00-12:00 = 0.5'."
    return with_remedy(parse_wishes, remedy)(text) or None


def _away(text: str) -> tuple[Days, ...]:
    return tuple(values.parse_dates(part.strip()) for part in text.split(";") if part.strip())
