"""Reads single values a person wrote, in slotfinder.toml, the environment or a CSV cell.

Each function raises BadValueError with what is wrong and what would be right.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Final, TypeVar
from unicodedata import category
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Days

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_LONGEST_DURATION = timedelta(days=3660)
_YEARS = range(1970, 2200)
_LONGEST_QUOTE = 60
_LONGEST_LINES = 1000
# Addresses name folders (calendars/<email>/) and go into mail headers: nothing that is special
# to a file system or a header.
_EMAIL = re.compile(r"""[^\s@/\\<>:;,"|?*()\[\]]+@[\w-]+(\.[\w-]+)*""")
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")
_PROVIDERS = (Provider.LOCAL, Provider.GOOGLE, Provider.MICROSOFT, Provider.CALDAV)
_AVAILABLE = (Provider.LOCAL, Provider.GOOGLE, Provider.MICROSOFT)


class BadValueError(ValueError):
    """A value nobody can work with: what is wrong with it, and what would be right."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def quoted(value: object) -> str:
    """Return a value as it may be shown: short, printable, with nothing secret in it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            shown = _without_secrets(value)
            if len(shown) > _LONGEST_QUOTE:
                shown = shown[:_LONGEST_QUOTE] + "..."
            return f"'{printable(shown)}'"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return quoted(str(value))[1:-1]


def _without_secrets(text: str) -> str:
    """Leave out of addresses what may be secret: a password, and what follows the host.

    By the latter anybody could read a private feed.
    """
    text = re.sub(r"(\w+://[^:@\s]*):.*@", r"\1:...@", text)
    return re.sub(r"(https?://[^/\s]*/)[^\s']+", r"\1...", text)


def printable(text: str) -> str:
    """Return a text of one line that any terminal can show."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def suggestion(word: str, known: Iterable[str], likeness: float = 0.7) -> str:
    """Return "Did you mean 'x'? " for the most similar known word, or nothing."""
    by_lower = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return f"Did you mean {quoted(by_lower[close[0]])}? " if close else ""


def with_remedy(parse: Callable[[str], T], remedy: str) -> Callable[[str], T]:
    """Return ``parse`` with the sentence of its ValueError turned into a BadValueError."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except BadValueError:
            raise
        except ValueError as problem:
            raise BadValueError(printable(_without_secrets(str(problem))), remedy) from None

    return read


_UNPRINTABLE: Final = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of signs that no line of text holds; spaces of every width and joiners do."""

_OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of what stands around a text, too."""


def parse_text(text: str) -> str:
    """Read a text of one line that says something; spaces of every kind become plain ones."""
    if not text.strip():
        raise BadValueError("nothing is written here.", "Write a text.")
    if any(category(sign) in _UNPRINTABLE or sign in _OVERRIDES for sign in text):
        raise BadValueError(
            f"{quoted(text)} has a line break or another character that cannot be printed.",
            "Write it in one line.",
        )
    return " ".join(text.split())


def parse_lines(text: str) -> str:
    """Read a short text that may be of several lines, or none."""
    if len(text) > _LONGEST_LINES:
        raise BadValueError(
            f"this text is longer than {_LONGEST_LINES} characters.",
            "Make it shorter, or name an address where all of it stands.",
        )
    return text.strip()


def parse_whole(value: object, least: int, most: int | None = None) -> int:
    """Read a whole number, both bounds included."""
    text = value.strip() if isinstance(value, str) else value
    if isinstance(text, str) and re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII):
        text = int(text)
    bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
    if isinstance(text, bool) or not isinstance(text, int):
        raise BadValueError(f"{quoted(value)} is not a whole number.", f"Write one {bounds}.")
    if text < least or (most is not None and text > most):
        raise BadValueError(f"{quoted(value)} is out of range.", f"Write a whole number {bounds}.")
    return text


def parse_seconds(value: object, most: int) -> float:
    """Read a number of seconds above 0."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        seconds = Decimal(value)
        # Decimal's NaN cannot be compared, so it is asked for first.
        if seconds.is_finite() and 0 < seconds <= most:
            return float(seconds)
    raise BadValueError(
        f"{quoted(value)} is not a number of seconds.", f"Write a number above 0 and up to {most}."
    )


def parse_duration(text: str) -> timedelta:
    """Read ``90m``, ``24h``, ``6d`` or ``2w``; a day is 24 elapsed hours."""
    remedy = "Write a number and a unit: '90m', '24h', '6d' or '2w'."
    match = re.fullmatch(r"(\d{1,7})\s*([wdhm])", text.strip().lower(), re.ASCII)
    if match is None:
        raise BadValueError(f"{quoted(text)} is not a span of time.", remedy)
    span = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if span > _LONGEST_DURATION:
        raise BadValueError(f"{quoted(text)} is longer than ten years.", remedy)
    return span


def parse_date(value: object) -> date:
    """Read a date, as TOML gives it or as text such as ``2027-01-04``."""
    remedy = "Write year-month-day, such as 2027-01-04."
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip(), re.ASCII):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise BadValueError(f"{quoted(value)} is not in the calendar.", remedy) from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise BadValueError(f"{quoted(value)} is not a date.", remedy)
    if value.year not in _YEARS:
        raise BadValueError(
            f"{value} is not between the years {_YEARS.start} and {_YEARS.stop - 1}.", remedy
        )
    return value


def parse_dates(value: object) -> Days:
    """Read one date, or ``2027-04-02..2027-04-09`` (both inclusive)."""
    if not isinstance(value, str):
        day = parse_date(value)
        return Days(day, day)
    first, dots, last = value.partition("..")
    days = Days(parse_date(first), parse_date(last if dots else first))
    if days.last < days.first:
        raise BadValueError(
            f"{quoted(value)} ends before it starts.",
            f"Write the earlier date first: '{days.last}..{days.first}'.",
        )
    return days


def parse_email(text: str) -> str:
    """Read an e-mail address; the identity of people and rooms, in lower case."""
    address = text.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address) or not address.isprintable():
        raise BadValueError(
            f"{quoted(text)} is not an e-mail address.", "Write one such as 'tom@acme.example'."
        )
    return address


@cache
def parse_zone(text: str) -> ZoneInfo:
    """Read an IANA time zone name; for a Windows name the remedy gives the IANA one."""
    name = text.strip()
    known = available_timezones()
    if name in known:
        return ZoneInfo(name)
    if iana := _iana_name(name):
        hint = f"Write '{iana}', the IANA name of that Windows zone."
    else:
        hint = suggestion(name, known) + "Write an IANA name such as 'Europe/London'."
    raise BadValueError(f"{quoted(text)} is not a known time zone.", hint)


def _iana_name(windows_name: str) -> str | None:
    from tzlocal.windows_tz import win_tz  # noqa: PLC0415 - a big table, needed for a remedy only

    by_lower = {name.lower(): iana for name, iana in win_tz.items()}
    return by_lower.get(windows_name.lower())


def parse_choice(text: str, choices: type[Choice]) -> Choice:
    """Read one of a closed list of words, in any case."""
    word = text.strip().lower()
    known = [choice.value for choice in choices]
    if word not in known:
        raise BadValueError(
            f"{quoted(text)} is none of the possible words.",
            f"{suggestion(word, known)}Write one of: {', '.join(known)}.",
        )
    return choices(word)


def parse_provider(text: str) -> Provider:
    """Read who keeps a calendar, of those that are there in this release."""
    word = text.strip().lower()
    if word in _AVAILABLE:
        return Provider(word)
    if word in _PROVIDERS:
        raise BadValueError(
            f"{quoted(word)} calendars come in a later release.",
            f"Use {_AVAILABLE_WORDS} until then.",
        )
    if is_address(word) or word == Provider.FEED:
        raise BadValueError(
            "a published calendar can only be read, no meeting can be written into it.",
            f"Write {_AVAILABLE_WORDS}.",
        )
    later = ", ".join(each for each in _PROVIDERS if each not in _AVAILABLE)
    raise BadValueError(
        f"{quoted(text)} is no kind of calendar.",
        f"{suggestion(word, _PROVIDERS)}Write {_AVAILABLE_WORDS}; in a later release: {later}.",
    )


_AVAILABLE_WORDS = ", ".join(f"'{each}'" for each in _AVAILABLE[:-1]) + f" or '{_AVAILABLE[-1]}'"


def is_address(text: str) -> bool:
    """Tell whether a text is meant to be a web address, be it without its beginning."""
    return "/" in text


def parse_web_address(text: str) -> str:
    """Read an http or https address. It may be private, so no sentence quotes it."""
    address = text.strip()
    try:
        parts = urlsplit(address)
        # A label that is empty or too long for DNS is an error here, and nobody's to reach.
        host = (parts.hostname or "").encode("idna")
        sound = parts.scheme in {"http", "https"} and host and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not address.isprintable() or " " in address:
        raise BadValueError(
            "the address is not one of the web.", "Write it in full, beginning with 'https://'."
        )
    return address


def parse_root(text: str) -> str:
    """Read the root address of a provider's API; plain http only for this machine itself."""
    address = parse_web_address(text)
    parts = urlsplit(address)
    if parts.query or parts.fragment or parts.username is not None:
        raise BadValueError("the address is no root of an API.", _ROOT_REMEDY)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise BadValueError("the address is not encrypted.", _ROOT_REMEDY)
    return address.rstrip("/")


def parse_authority(text: str) -> str:
    """Read the root address of an identity platform, in which no tenant stands."""
    address = parse_root(text)
    parts = urlsplit(address)
    remedy = "Write for example 'https://login.microsoftonline.com'."
    if parts.path:
        raise BadValueError(
            "a path stands in the address.", f"{remedy} The tenant has a setting of its own."
        )
    if parts.scheme == "http":
        raise BadValueError("tokens are only asked for by https.", remedy)
    return address


def parse_graph(text: str) -> str:
    """Read the root address of Microsoft Graph, in which no version stands."""
    address = parse_root(text)
    if re.search(r"/(v\d[\w.]*|beta)$", urlsplit(address).path, re.ASCII):
        raise BadValueError(
            "a version stands in the address.",
            "Write for example 'https://graph.microsoft.com'; the version is added.",
        )
    return address


def parse_tenant(text: str) -> str:
    """Read the id of a tenant or one of its domains."""
    tenant = parse_id(text)
    if tenant.lower() in {"common", "organizations", "consumers"}:
        raise BadValueError(
            f"{quoted(tenant)} stands for many tenants, and an app signs in to one.",
            "Write the tenant's id or one of its domains.",
        )
    return tenant


def parse_id(text: str) -> str:
    """Read an id as it is copied from an admin center."""
    found = text.strip()
    if not re.fullmatch(r"[\w.-]{1,255}", found, re.ASCII):
        raise BadValueError(
            f"{quoted(text)} is no id.", "Copy it from the app's page in the Entra admin center."
        )
    return found


_ROOT_REMEDY = "Write it as 'https://host'; 'http://' is only for 127.0.0.1, ::1 and localhost."


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def parse_link(text: str) -> str:
    """Read an http or https address in which {pair} may stand."""
    check_fields(text, ("pair",))
    parse_web_address(text.replace("{pair}", "pair"))
    return text.strip()


def check_fields(text: str, known: tuple[str, ...]) -> None:
    """Refuse any brace that is not part of a known {placeholder}."""
    rest = text
    for name in known:
        rest = rest.replace(f"{{{name}}}", "")
    if "{" in rest or "}" in rest:
        raise BadValueError(
            f"{quoted(text)} has a placeholder nobody fills in.",
            f"Only {', '.join(f'{{{name}}}' for name in known)} may stand in braces.",
        )


def parse_host_or_network(text: str) -> str:
    """Read a host name, an IP address or a network such as ``10.0.0.0/8``."""
    host = text.strip().lower()
    try:
        ip_network(host, strict=False)
    except ValueError:
        if not _HOST.fullmatch(host):
            raise BadValueError(
                f"{quoted(text)} is neither a host nor a network.",
                "Write for example 'calendars.acme.example', '127.0.0.1' or '10.0.0.0/8'.",
            ) from None
    return host
