"""Tables and pictures for people: what is planned, and how the programme stands."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slotfinder.agent.overview import Health, PairOverview
from slotfinder.agent.report import Report
from slotfinder.domain.compromise import owed, yields
from slotfinder.domain.freebusy import Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import WEEKDAYS
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind

_WEEK = timedelta(days=7)
_WEEKS_SHOWN = 8

_KINDS = {
    ActionKind.BOOK: "green",
    ActionKind.MOVE: "yellow",
    ActionKind.ADOPT: "cyan",
    ActionKind.CANCEL: "red",
    ActionKind.HOLD: "bold red",
    ActionKind.KEEP: "dim",
}

_HEALTHS = {
    Health.OK: "green",
    Health.DUE: "cyan",
    Health.OVERDUE: "yellow",
    Health.AT_RISK: "yellow",
    Health.HELD: "bold red",
}


def report_picture(report: Report) -> RenderableType:
    """Draw what a pass would do or did, week by week, and what needs a person.

    Meetings that simply stay are counted, not listed.
    """
    zone = report.facts.programme.zone
    done = "would be done" if report.mode == "plan" else "was done"
    counts = Counter(action.kind.value for action in report.plan.actions)
    listed = [action for action in report.plan.actions if action.kind is not ActionKind.KEEP]
    summary = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return Group(
        Text(f"{report.programme}: what {done} on {moment(report.now, zone)}", "bold"),
        *([_actions_table(listed, report.facts)] if listed else []),
        Text(report.refused or summary or "Nothing to do.", "red" if report.refused else ""),
        *(_unreadable(each, report.facts.people) for each in report.plan.unreadable),
        *(Text(f"Not written ({each.code}): {each}", "red") for each in report.failed.values()),
    )


def _actions_table(actions: Sequence[Action], facts: Facts) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in (
        "Week",
        "Pair",
        "",
        "Mentor's time",
        "Mentee's time",
        "How",
        "Suits",
        "Gives way",
    ):
        table.add_column(title, no_wrap=True)
    table.add_column("Why", min_width=24)
    zone = facts.programme.zone
    pairs = {pair.id: pair for pair in facts.pairs}
    by_week: dict[date | None, list[Action]] = {}
    for action in actions:
        by_week.setdefault(_week_of(action, zone), []).append(action)
    for week in sorted(by_week, key=lambda week: week or date.min):
        table.add_section()
        label = _day(week) if week else ""
        for action in sorted(by_week[week], key=_start):
            table.add_row(label, *_action_cells(action, pairs[action.pair], facts.people))
            label = ""
    return table


def _action_cells(
    action: Action, pair: Pair, people: Mapping[str, Person]
) -> Iterable[RenderableType]:
    mentor, mentee = (people[email] for email in pair.people)
    meeting = action.meeting
    yield f"{pair.id} {_first_name(mentor)}\n  → {_first_name(mentee)}"
    yield Text(action.kind.value, _KINDS[action.kind])
    if meeting is None:
        yield from ("", "", "", "", "")
        yield f"{action.reason} ({action.reason_code})"
        return
    yield _two_lines(meeting.interval, mentor.zone)
    yield _two_lines(meeting.interval, mentee.zone)
    yield meeting.room.partition("@")[0] if meeting.room else meeting.format.value
    yield f"{meeting.share.mentor} %\n{meeting.share.mentee} %"
    yield Text(yields(meeting.share) or "", "yellow")
    yield action.reason


def _two_lines(interval: Interval, zone: ZoneInfo) -> str:
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    return f"{_day(start.date(), weekday=True)}\n{start:%H:%M}-{end:%H:%M}"


def _unreadable(unreadable: Unreadable, people: Mapping[str, Person]) -> Text:
    owner = people.get(unreadable.person)
    whose = owner.name if owner else f"the room {unreadable.person}"
    said = f"Cannot read the calendar of {whose}: {unreadable.reason} {unreadable.advice}"
    return Text(said, "red")


def programme_picture(
    overviews: Sequence[PairOverview], people: Mapping[str, Person], now: datetime, zone: ZoneInfo
) -> RenderableType:
    """Draw the programme as a calendar: a row a pair, a column a week, and how each is doing."""
    first = _monday(now.astimezone(zone).date()) - _WEEK
    weeks = [first + k * _WEEK for k in range(_WEEKS_SHOWN)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Pair", no_wrap=True)
    table.add_column("Health", no_wrap=True)
    for week in weeks:
        this = week == first + _WEEK
        table.add_column(_day(week), no_wrap=True, style="on grey15" if this else "")
    for each in overviews:
        mentor, mentee = (people[email] for email in each.pair.people)
        table.add_row(
            f"{each.pair.id} {_first_name(mentor)} → {_first_name(mentee)}",
            Text(each.health.value, _HEALTHS[each.health]),
            *(_week_cell(each, week, now, zone) for week in weeks),
        )
    legend = "● virtual  ■ in person  ✓ took place  ✗ declined  ! no meeting: a coordinator decides"
    title = Text(f"The programme on {moment(now, zone)}, a column a week", "bold")
    return Group(title, table, Text(legend, "dim"), *_worries(overviews))


def _worries(overviews: Sequence[PairOverview]) -> list[Text]:
    quiet = {Health.OK, Health.DUE}
    return [
        Text(f"{each.pair.id}: {each.why}", _HEALTHS[each.health])
        for each in overviews
        if each.health not in quiet
    ]


def _week_cell(each: PairOverview, week: date, now: datetime, zone: ZoneInfo) -> Text:
    cell = Text()
    for meeting in each.meetings:
        if _monday(meeting.interval.start.astimezone(zone).date()) == week:
            cell.append(" " if cell else "").append_text(_mark(meeting, now, zone))
    for held in each.holds:
        if held.period and _monday(held.period) == week:
            cell.append(" !" if cell else "!", "bold red")
    return cell


def _mark(meeting: Meeting, now: datetime, zone: ZoneInfo) -> Text:
    start = meeting.interval.start.astimezone(zone)
    symbol = "■" if meeting.format is Format.IN_PERSON else "●"
    style = "green"
    if meeting.declined_by:
        symbol, style = "✗", "red"
    elif meeting.took_place(now):
        symbol, style = "✓", "dim"
    return Text(f"{symbol} {WEEKDAYS[start.weekday()]} {start:%H:%M}", style)


def explanation(action: Action, pair: Pair, people: Mapping[str, Person]) -> RenderableType:
    """Say why an occurrence has this slot or none, what it costs whom, and what else there was."""
    mentor, mentee = (people[email] for email in pair.people)
    meeting = action.meeting
    period = action.period
    title = f"Period {period.number}, {period.first} to {period.end}" if period else "The pair"
    if meeting is None:
        why = f"No meeting ({action.reason_code}): {action.reason}"
        return Group(Text(title, "bold"), Text(why))
    lines = [
        Text(title, "bold"),
        Text(f"{action.kind}: {meeting.format.value}. {action.reason}"),
        _side(Role.MENTOR, mentor, meeting),
        _side(Role.MENTEE, mentee, meeting),
        Text(f"  {_who_gave_way(meeting)}"),
    ]
    lines += [
        Text(
            f"  instead: {local_time(option.interval, mentor.zone)} / "
            f"{local_time(option.interval, mentee.zone)}: "
            f"{option.share.mentor} % / {option.share.mentee} % of their best"
        )
        for option in meeting.options
    ]
    return Group(*lines)


def _side(role: Role, person: Person, meeting: Meeting) -> Text:
    satisfaction, share = getattr(meeting.satisfaction, role), getattr(meeting.share, role)
    return Text(
        f"  {role} {person.name}: {local_time(meeting.interval, person.zone)}, "
        f"worth {satisfaction} of 100, {share} % of the best there was"
    )


def _who_gave_way(meeting: Meeting) -> str:
    share, behind = meeting.share, owed(meeting.balance)
    role = yields(share)
    gave = "Nobody gave way"
    if role:
        points = abs(share.mentor - share.mentee)
        gave = f"The {role} gave way, {points} points below the {role.other}"
    if behind is None:
        return f"{gave}; both have had as much so far."
    return f"{gave}; after this meeting it is the {behind}'s turn."


def free_busy_picture(intervals: Sequence[tuple[Interval, str]], zone: ZoneInfo) -> Table:
    """Draw when somebody is taken, in their own time."""
    table = Table("From", "To", "Taken")
    for interval, kind in intervals:
        table.add_row(moment(interval.start, zone), moment(interval.end, zone), kind)
    return table


def local_time(interval: Interval, zone: ZoneInfo) -> str:
    """Return ``Th 7 Jan 11:15-12:00`` on the clock of ``zone``."""
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    return f"{_day(start.date(), weekday=True)} {start:%H:%M}-{end:%H:%M}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return ``Th 7 Jan 2027 11:15`` on the clock of ``zone``."""
    there = at.astimezone(zone)
    return f"{_day(there.date(), weekday=True)} {there:%Y %H:%M}"


def _day(day: date, *, weekday: bool = False) -> str:
    name = f"{WEEKDAYS[day.weekday()]} " if weekday else ""
    return f"{name}{day.day} {_MONTHS[day.month - 1]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _first_name(person: Person) -> str:
    return person.name.split()[0]


def _week_of(action: Action, zone: ZoneInfo) -> date | None:
    if action.meeting:
        return _monday(action.meeting.interval.start.astimezone(zone).date())
    return _monday(action.period.first) if action.period else None


def _start(action: Action) -> tuple[bool, str, str]:
    start = action.meeting.interval.start.isoformat() if action.meeting else ""
    return action.meeting is None, start, action.pair


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
