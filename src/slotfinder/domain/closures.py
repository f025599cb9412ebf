"""Days on which somebody, or nobody, meets: leave, public holidays, the programme's blackouts."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from slotfinder.domain.people import Country, Days, Person


def dates_of(runs: Iterable[Days], first: date, last: date) -> frozenset[date]:
    """Return the dates of the runs that fall into ``first``…``last`` (inclusive)."""
    return frozenset(
        day for run in runs for day in _range(max(run.first, first), min(run.last, last))
    )


def holidays_of(person: Person, first: date, last: date) -> frozenset[date]:
    """Return the public holidays, observed days included, of the person's country and region."""
    if person.country is None:
        return frozenset()
    return frozenset(
        day
        for year in range(first.year, last.year + 1)
        for day in _public_holidays(person.country, year)
        if first <= day <= last
    )


def known_country(country: Country) -> bool:
    """Tell whether public holidays of the country (and region) are known."""
    from holidays.utils import list_supported_countries  # noqa: PLC0415 - only when asked for

    regions = list_supported_countries().get(country.code)
    return regions is not None and (country.region is None or country.region in regions)


@lru_cache(maxsize=256)
def _public_holidays(country: Country, year: int) -> frozenset[date]:
    # The library is heavy and most programmes name no country: loaded at first use.
    from holidays import country_holidays  # noqa: PLC0415

    return frozenset(
        country_holidays(country.code, subdiv=country.region, years=year, observed=True)
    )


def _range(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=k) for k in range((last - first).days + 1))
