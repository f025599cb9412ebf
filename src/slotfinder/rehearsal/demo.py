"""The whole story on local calendars: plan, book, a week of life, put right, report."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from slotfinder.agent.overview import PairOverview, overview
from slotfinder.agent.plan import plan_pass
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import Report
from slotfinder.agent.run import run_pass
from slotfinder.bootstrap import Configured, agent_for, configure, locked_store
from slotfinder.domain.meeting import Meeting
from slotfinder.errors import UsageError
from slotfinder.ports import Progress
from slotfinder.rehearsal import people
from slotfinder.rehearsal.cast import WEEKLY_PAIR, write_programme

_ZONE = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One step of the story: what happens, and what there is to look at."""

    text: str
    report: Report | None = None
    standing: "Standing | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How all pairs are doing at a moment."""

    agent: Agent
    overviews: tuple[PairOverview, ...]
    now: datetime


def play(folder: Path | None, now: datetime, progress: Progress) -> Iterator[Scene]:
    """Play the story in a new folder, scene by scene; it begins on the Monday of ``now``'s week.

    Raises:
        UsageError: the folder is there already and not empty.
    """
    folder = _stage(folder)
    today = now.astimezone(_ZONE).date()
    monday = today - timedelta(days=today.weekday())
    write_programme(folder, monday)
    configured = configure(folder / "slotfinder.toml", {})
    morning = datetime.combine(monday, time(6), _ZONE).astimezone(now.tzinfo)
    with agent_for(configured, progress) as agent:
        yield from _first_day(agent, configured, morning)
        yield from _a_week_later(agent, configured, morning + timedelta(weeks=1))
    yield Scene(
        text=f"Look into {folder}: calendars/ holds what everybody's calendar shows, outbox/ the "
        "invitations as .eml files that a mail program opens. Then go on by hand:\n"
        f"  slotfinder --config {folder / 'slotfinder.toml'} status\n"
        f"  slotfinder --config {folder / 'slotfinder.toml'} explain p01"
    )


def _stage(folder: Path | None) -> Path:
    if folder is None:
        names = (Path("slotfinder-demo" + (f"-{k}" if k > 1 else "")) for k in count(1))
        return next(name for name in names if not name.exists())
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already and not empty; name a new folder.")
    return folder


def _first_day(agent: Agent, configured: Configured, now: datetime) -> Iterator[Scene]:
    yield Scene(
        text="Twelve juniors in London, New York and Kolkata each teach a senior colleague. "
        "Seniors like early mornings, juniors afternoons. 'slotfinder plan' shows the compromise "
        "for two of the pairs, and changes nothing:",
        report=plan_pass(agent, configured.ledger(), agent.pairs[3:5], now),
    )
    with locked_store(configured) as store:
        run_pass(agent, store, agent.pairs, now)
    yield Scene(
        text="'slotfinder run' books all twelve, six weeks ahead, and writes the invitations:",
        standing=_standing(agent, configured, now),
    )


def _a_week_later(agent: Agent, configured: Configured, now: datetime) -> Iterator[Scene]:
    yield Scene(text="\n".join(["A week goes by.", *_life(agent, configured, now)]))
    with locked_store(configured) as store:
        report = run_pass(agent, store, agent.pairs, now)
    yield Scene(
        text="'slotfinder run' notices: the declined meeting gets another slot, the moved one is "
        "adopted, and nothing is touched where a calendar cannot be read:",
        report=report,
    )
    yield Scene(text="The programme now:", standing=_standing(agent, configured, now))


def _life(agent: Agent, configured: Configured, now: datetime) -> Iterator[str]:
    """Let three people do what people do to calendars, and yield the sentences that say so."""
    calendars = configured.settings.local_directory
    ahead = [each for each in configured.ledger().meetings if each.interval.start > now + _SOON]
    declined, dragged, unread = _three_pairs(ahead)
    senior = agent.people[declined.mentee]
    people.decline(calendars / senior.email, senior.email, declined.uid)
    yield f"{senior.name} declines the next meeting of {declined.pair}."
    junior = agent.people[dragged.mentor]
    people.drag(calendars / junior.email, dragged.uid, dragged.options[0].interval)
    yield f"{junior.name} drags the meeting of {dragged.pair} to another free time."
    other = agent.people[unread.mentor]
    people.spoil(calendars / other.email)
    yield f"The calendar of {other.name} ({unread.pair}) becomes unreadable."


_SOON = timedelta(days=2)


def _three_pairs(ahead: list[Meeting]) -> tuple[Meeting, Meeting, Meeting]:
    """Return the next meetings of three pairs that share nobody; the second could be elsewhere.

    The third is that of the pair with a period still to be booked.
    """
    first: dict[str, Meeting] = {}
    for meeting in sorted(ahead, key=lambda meeting: meeting.interval):
        first.setdefault(meeting.pair, meeting)
    unread = first.pop(WEEKLY_PAIR)
    declined, *rest = (each for each in first.values() if _apart(each, unread))
    dragged = next(each for each in rest if each.options and _apart(each, declined))
    return declined, dragged, unread


def _apart(one: Meeting, other: Meeting) -> bool:
    return not set(one.people) & set(other.people)


def _standing(agent: Agent, configured: Configured, now: datetime) -> Standing:
    ledger = configured.ledger()
    overviews = tuple(overview(agent, ledger, pair, now) for pair in agent.pairs)
    return Standing(agent=agent, overviews=overviews, now=now)
