"""Days on which somebody, or nobody, meets: leave, public holidays, the programme's blackouts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from slotfinder.domain.people import Country, Days, Person


class ClosureCode(StrEnum):
    """Why nobody, or somebody, does not meet on a date."""

    BLACKOUT = "blackout"
    HOLIDAY = "holiday"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A run of dates on which two people do not meet.

    ``person`` is whose leave or holiday that is, None for a blackout; a holiday has a ``name``.
    """

    days: Days
    code: ClosureCode
    person: str | None = None
    name: str = ""


def closures_of(
    blackouts: Iterable[Days], people: Iterable[Person], first: date, last: date
) -> list[Closure]:
    """Return what closes dates in ``first``…``last`` (inclusive) for these people, in order."""
    found = [Closure(days=days, code=ClosureCode.BLACKOUT) for days in blackouts]
    for person in people:
        email = person.email
        found += [Closure(days=each, code=ClosureCode.AWAY, person=email) for each in person.away]
        found += [
            Closure(days=Days(day, day), code=ClosureCode.HOLIDAY, person=email, name=name)
            for day, name in _named_holidays(person, first, last).items()
        ]
    clipped = (
        replace(each, days=Days(max(each.days.first, first), min(each.days.last, last)))
        for each in found
    )
    return sorted(
        (each for each in clipped if each.days.first <= each.days.last),
        key=lambda each: (each.days, each.code, each.person or ""),
    )


def dates_of(runs: Iterable[Days], first: date, last: date) -> frozenset[date]:
    """Return the dates of the runs that fall into ``first``…``last`` (inclusive)."""
    return frozenset(
        day for run in runs for day in _range(max(run.first, first), min(run.last, last))
    )


def holidays_of(person: Person, first: date, last: date) -> frozenset[date]:
    """Return the public holidays, observed days included, of the person's country and region."""
    return frozenset(_named_holidays(person, first, last))


def _named_holidays(person: Person, first: date, last: date) -> dict[date, str]:
    if person.country is None:
        return {}
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in _public_holidays(person.country, year).items()
        if first <= day <= last
    }


def known_country(country: Country) -> bool:
    """Tell whether public holidays of the country (and region) are known."""
    from holidays.utils import list_supported_countries  # noqa: PLC0415 - only when asked for

    regions = list_supported_countries().get(country.code)
    return regions is not None and (country.region is None or country.region in regions)


@lru_cache(maxsize=256)
def _public_holidays(country: Country, year: int) -> Mapping[date, str]:
    # The library is heavy and most programmes name no country: loaded at first use.
    from holidays import country_holidays  # noqa: PLC0415

    # Names are in English where the library has them.
    return dict(
        country_holidays(
            country.code, subdiv=country.region, years=year, observed=True, language="en_US"
        )
    )


def _range(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=k) for k in range((last - first).days + 1))
