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
from slotfinder.domain.compromise import favoured_next, yields
from slotfinder.domain.freebusy import Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import WEEKDAYS
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind

_WEEK = timedelta(days=7)
_WEEKS_SHOWN = 8
_BETWEEN = 2
"""Columns a table puts between two of its own."""

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


def report_picture(report: Report, width: int, *, verbose: bool = False) -> RenderableType:
    """Draw what a pass would do or did, week by week, and what needs a person.

    Meetings that simply stay are counted, not listed. ``verbose`` names e-mail addresses too.
    """
    if report.refused:
        return Text(report.refused, "red")
    zone = report.facts.programme.zone
    done = "would be done" if report.mode == "plan" else "was done"
    counts = Counter(action.kind.value for action in report.plan.actions)
    listed = [action for action in report.plan.actions if action.kind is not ActionKind.KEEP]
    summary = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return Group(
        Text(f"{report.programme}: what {done} on {moment(report.now, zone)}", "bold"),
        *(_actions(listed, report.facts, width) if listed else []),
        Text(summary or "Nothing to do."),
        *(
            _unreadable(each, report.facts.people, verbose=verbose)
            for each in report.plan.unreadable
        ),
        *_not_written(report, zone),
    )


_WIDE = 110
"""Columns from which on the table has room for the reasons; below they stand under it."""


def _actions(actions: Sequence[Action], facts: Facts, width: int) -> Iterable[RenderableType]:
    """Yield the table of actions, and the reasons under it where they do not fit beside."""
    wide = width >= _WIDE
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in ("Week", "Pair", "", "Mentor's time", "Mentee's time", "How"):
        table.add_column(title, no_wrap=True)
    if wide:
        table.add_column("Suits", no_wrap=True)
        table.add_column("Gives way", no_wrap=True)
        table.add_column("Why", min_width=24)
    zone = facts.programme.zone
    pairs = {pair.id: pair for pair in facts.pairs}
    by_week: dict[date | None, list[Action]] = {}
    for action in actions:
        by_week.setdefault(_week_of(action, zone), []).append(action)
    reasons = []
    for week in sorted(by_week, key=lambda week: week or date.min):
        table.add_section()
        label = _day(week) if week else ""
        for action in sorted(by_week[week], key=_start):
            when, why = _action_cells(action, pairs[action.pair], facts.people), _why(action)
            table.add_row(label, *when, *(why if wide else ()))
            reasons.append(_reason_line(action, week))
            label = ""
    yield table
    if not wide:
        yield from reasons


def _action_cells(
    action: Action, pair: Pair, people: Mapping[str, Person]
) -> Iterable[RenderableType]:
    """Yield who does what when and how."""
    mentor, mentee = (people[email] for email in pair.people)
    meeting = action.meeting
    yield f"{pair.id} {_first_name(mentor)}\n  → {_first_name(mentee)}"
    yield Text(action.kind.value, _KINDS[action.kind])
    if meeting is None:
        yield from ("", "", "")
        return
    yield _two_lines(meeting.interval, mentor.zone)
    yield _two_lines(meeting.interval, mentee.zone)
    yield meeting.room.partition("@")[0] if meeting.room else meeting.format.value


def _why(action: Action) -> tuple[str, str, str]:
    """Return how well it suits both, who gives way, and the reason: for the coordinator alone."""
    meeting = action.meeting
    if meeting is None:
        helps = f" {action.relaxation.text}" if action.relaxation else ""
        return "", "", f"{action.reason} ({action.reason_code}){helps}"
    share = meeting.share
    role = yields(share)
    return f"{share.mentor} %\n{share.mentee} %", role.value if role else "", action.reason


def _reason_line(action: Action, week: date | None) -> Text:
    suits, gives_way, reason = _why(action)
    parts = [f"{action.pair}, {_day(week)}:" if week else f"{action.pair}:"]
    if suits:
        parts.append("suits " + suits.replace("\n", " / ") + ".")
    if gives_way:
        parts.append(f"The {gives_way} gives way.")
    return Text(" ".join([*parts, reason]))


def _two_lines(interval: Interval, zone: ZoneInfo) -> str:
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    return f"{_day(start.date(), weekday=True)}\n{start:%H:%M}-{end:%H:%M}"


def _not_written(report: Report, zone: ZoneInfo) -> Iterable[Text]:
    """Yield what could not be written, and of whose meetings."""
    meetings = {
        meeting.uid: meeting
        for action in report.plan.actions
        for meeting in (action.was, action.meeting)
        if meeting
    }
    whose: dict[str, list[str]] = {}
    for uid, problem in report.failed.items():
        meeting = meetings.get(uid)
        of = f"{meeting.pair} {local_time(meeting.interval, zone)}" if meeting else uid
        whose.setdefault(f"({problem.code}): {problem}", []).append(of)
    for problem_text, of_whom in whose.items():
        yield Text(f"Not written {problem_text} Meetings: {', '.join(of_whom)}", "red")


def _unreadable(unreadable: Unreadable, people: Mapping[str, Person], *, verbose: bool) -> Text:
    owner = people.get(unreadable.person)
    whose = owner.name if owner else f"the room {unreadable.person}"
    if owner and verbose:
        whose += f" <{owner.email}>"
    said = f"Cannot read the calendar of {whose}: {unreadable.reason} {unreadable.advice}"
    return Text(said, "red")


def programme_picture(
    overviews: Sequence[PairOverview],
    people: Mapping[str, Person],
    now: datetime,
    zone: ZoneInfo,
    width: int,
) -> RenderableType:
    """Draw the programme as a calendar: a row a pair, a column a week, and how each is doing.

    As many weeks are shown as fit uncut into ``width``.
    """
    first = _monday(now.astimezone(zone).date()) - _WEEK
    names = {each.pair.id: _names(each.pair, people) for each in overviews}
    taken = max(map(len, names.values()), default=0) + len("at-risk") + 2 * _BETWEEN + 1
    shown = max(2, min(_WEEKS_SHOWN, (width - taken) // (len("● Mo 15:00") + _BETWEEN)))
    weeks = [first + k * _WEEK for k in range(shown)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Pair", no_wrap=True)
    table.add_column("Health", no_wrap=True)
    for week in weeks:
        this = week == first + _WEEK
        table.add_column(_day(week), no_wrap=True, style="on grey15" if this else "")
    for each in overviews:
        table.add_row(
            names[each.pair.id],
            Text(each.health.value, _HEALTHS[each.health]),
            *(_week_cell(each, week, now, zone) for week in weeks),
        )
    legend = "● virtual  ■ in person  ✓ took place  ✗ declined  ! no meeting: a coordinator decides"
    title = Text(f"The programme on {moment(now, zone)}, a column a week", "bold")
    return Group(title, table, Text(legend, "dim"), *_worries(overviews))


def _names(pair: Pair, people: Mapping[str, Person]) -> str:
    mentor, mentee = (people[email] for email in pair.people)
    return f"{pair.id} {_first_name(mentor)} → {_first_name(mentee)}"


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
        helps = [Text(action.relaxation.text)] if action.relaxation else []
        return Group(Text(title, "bold"), Text(why), *helps)
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
    share, behind = meeting.share, favoured_next(meeting.share)
    role = yields(share)
    gave = "Nobody gave way"
    if role:
        points = abs(share.mentor - share.mentee)
        gave = f"The {role} gave way, {points} points below the {role.other}"
    if behind is None:
        return f"{gave}: both got as much of their best."
    return f"{gave}; that speaks for the {behind} next: it is their turn."


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
