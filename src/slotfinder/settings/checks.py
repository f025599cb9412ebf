"""Judges what settings mean together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from slotfinder.domain.cadence import Cadence, Period, periods, shortest_regular
from slotfinder.domain.interval import first_instant
from slotfinder.domain.people import Role
from slotfinder.settings.schema import Path
from slotfinder.settings.source import Problem
from slotfinder.settings.tables import File, MeetingsTable
from slotfinder.settings.values import BadValueError, quoted, suggestion

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CadenceDoubt:
    """What does not go together with a cadence: the ``gap`` or the ``horizon``."""

    setting: Literal["gap", "horizon"]
    error: BadValueError
    level: Literal["error", "warning"]


def cadence_doubts(
    cadence: Cadence, days: tuple[date, date], zone: ZoneInfo, gap: timedelta, horizon: timedelta
) -> Iterator[CadenceDoubt]:
    """Compare a cadence from the first to the last of ``days`` with gap and horizon.

    Periods are counted in elapsed hours, the shortest one deciding: a week in which clocks go
    forward has 167 hours. A gap of less than a day more than that is only a warning.
    """
    shortest = _shortest(cadence, days, zone)
    if shortest is None:
        return
    if horizon < shortest:
        yield CadenceDoubt(
            "horizon",
            BadValueError(
                f"the horizon of {described(horizon)} is shorter than the shortest period of "
                f"{described(shortest)}.",
                f"Make the horizon at least {described(shortest)} long, or the periods shorter.",
            ),
            "error",
        )
    if gap > shortest:
        yield CadenceDoubt(
            "gap",
            BadValueError(
                f"the gap of {described(gap)} is longer than the shortest period of "
                f"{described(shortest)}.",
                f"Make the gap at most {described(shortest)} long, or the periods longer.",
            ),
            "warning" if gap - shortest < _DAY else "error",
        )


def _shortest(cadence: Cadence, days: tuple[date, date], zone: ZoneInfo) -> timedelta | None:
    found = periods(cadence, *days)
    shortest = shortest_regular(found, cadence)
    if shortest is None:
        return None
    return min(_elapsed(each, zone) for each in found if _days(each) == _days(shortest))


def _days(period: Period) -> timedelta:
    return period.end - period.first


def _elapsed(period: Period, zone: ZoneInfo) -> timedelta:
    return first_instant(period.end, zone) - first_instant(period.first, zone)


def described(span: timedelta) -> str:
    """Return a span in words: ``6 days 23 hours``."""
    minutes = int(span.total_seconds()) // 60
    counts = (minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")
    words = [f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in counts if count]
    return " ".join(words) or "0 minutes"


def together(file: File, is_sure: Callable[..., bool]) -> Iterator[Problem]:
    """Yield what is wrong between settings, as far as ``is_sure`` vouches for all of them."""
    if is_sure("programme.starts", "programme.ends"):
        if file.programme.ends < file.programme.starts:
            yield _wrong(
                ("programme", "ends"),
                f"{file.programme.ends} is before the programme starts ({file.programme.starts}).",
                "Write a later date, or an earlier one in 'starts'.",
            )
        elif is_sure("programme.timezone", "cadence.every", "cadence.gap", "meetings.horizon"):
            yield from _cadence(file)
    if is_sure("meetings"):
        yield from _meetings(file.meetings, is_sure)
    if is_sure("programme.organizer", "programme.coordinators", "mail.sender"):
        yield from _sender(file)
    if is_sure("sites", "rooms"):
        yield from _sites(file)


def _meetings(rules: MeetingsTable, is_sure: Callable[..., bool]) -> Iterator[Problem]:
    if is_sure("meetings.notice", "meetings.horizon") and rules.notice > rules.horizon:
        yield _wrong(
            ("meetings", "notice"),
            f"the notice of {described(rules.notice)} is longer than the horizon of "
            f"{described(rules.horizon)}, so nothing could ever be booked.",
            "Make the notice shorter or the horizon longer.",
        )
    short = rules.short or 0
    if is_sure("meetings.short", "meetings.duration") and short >= rules.duration:
        yield _wrong(
            ("meetings", "short"),
            f"{short} is not shorter than the duration of {rules.duration} minutes.",
            f"Write fewer than {rules.duration} minutes, or leave 'short' out.",
        )


def _sender(file: File) -> Iterator[Problem]:
    is_person = file.programme.organizer in set(Role)
    if is_person and not (file.programme.coordinators or file.mail.sender):
        yield _wrong(
            ("mail", "sender"),
            "there is no mailbox that invitations could come from.",
            "Add one here or in programme.coordinators.",
        )


def _cadence(file: File) -> Iterator[Problem]:
    programme, horizon, gap = file.programme, file.meetings.horizon, file.cadence.gap
    days = (programme.starts, programme.ends)
    for doubt in cadence_doubts(file.cadence.every, days, programme.timezone, gap, horizon):
        table = "cadence" if doubt.setting == "gap" else "meetings"
        yield Problem(path=(table, doubt.setting), error=doubt.error, level=doubt.level)


def _sites(file: File) -> Iterator[Problem]:
    for (table, key), names in {
        ("sites", "name"): [site.name for site in file.sites],
        ("rooms", "email"): [room.email for room in file.rooms],
    }.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield _wrong(
                    (table, index, key),
                    f"{quoted(name)} stands in [[{table}]] twice.",
                    "Leave one of them out, or give it another name.",
                )
    in_sites = {email for site in file.sites for email in site.rooms}
    for index, room in enumerate(file.rooms):
        if room.email not in in_sites:
            error = BadValueError(
                f"no site has the room {quoted(room.email)}.",
                f"{suggestion(room.email, in_sites)}Name it in 'rooms' of its site.",
            )
            yield Problem(path=("rooms", index, "email"), error=error, level="warning")


def _wrong(path: Path, message: str, remedy: str) -> Problem:
    return Problem(path=path, error=BadValueError(message, remedy))
