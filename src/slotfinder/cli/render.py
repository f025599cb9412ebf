"""Tables and pictures for people: what is planned, and how the programme stands."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from slotfinder.agent.figures import MonthFigures
from slotfinder.agent.history import Deed
from slotfinder.agent.overview import Health, PairOverview
from slotfinder.agent.report import Report, drift
from slotfinder.agent.waiting import Waiting
from slotfinder.domain.closures import Closure
from slotfinder.domain.compromise import favoured_next, yields
from slotfinder.domain.freebusy import Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.domain.preference import WEEKDAYS
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind, Certificate

_WEEK = timedelta(days=7)
_WEEKS_SHOWN = 8
_LEAST_COLUMNS = 4
"""Pair, health and two weeks are shown however narrow it is."""
_WIDEST_PAIR = 24
_WIDE = 114
"""Columns from which on the reason of an action has a column of its own."""

_SYMBOLS = {Format.VIRTUAL: "●", Format.IN_PERSON: "■"}
_LEGEND = (
    "● virtual  ■ in person  □ the room has not said yes  ✓ took place  ✗ declined  "
    "! no meeting: a coordinator decides"
)

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

    Meetings that simply stay are counted, not listed. ``verbose`` shows e-mail addresses too.
    """
    if report.refused and report.mode != "plan":
        return Text(report.refused.reason, "red")
    zone = report.facts.programme.zone
    done = "would be done" if report.mode == "plan" else "was done"
    counts = Counter(action.kind.value for action in report.plan.actions)
    listed = [action for action in report.plan.actions if action.kind is not ActionKind.KEEP]
    summary = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    people = report.facts.people
    return Group(
        Text(f"{report.programme}: what {done} on {moment(report.now, zone)}", "bold"),
        *(_actions(_rows(listed, report.facts), width, verbose=verbose) if listed else []),
        Text(summary or "Nothing to do."),
        *(_unreadable(each, people, verbose=verbose) for each in report.plan.unreadable),
        *_astray(report, verbose=verbose),
        *_not_written(report),
        *([Text(report.refused.reason, "red")] if report.refused else []),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An action as it is drawn; ``week`` is empty but for the first of a week."""

    week: str
    cells: Sequence[Text]
    who: str
    why: str


_TITLES = ("Week", "Pair", "", "Mentor's time", "Mentee's time", "How", "Suits", "Gives way")
_PAIR, _HOW = 1, 5


def _actions(rows: Sequence[_Row], width: int, *, verbose: bool) -> Iterable[RenderableType]:
    """Return the table of actions: reasons have a column where there is room, else stand below."""
    if width < _WIDE or verbose:
        return _reasons_below(rows, width, verbose=verbose)
    return [_reasons_beside(rows)]


def _reasons_beside(rows: Sequence[_Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, title in enumerate(_TITLES):
        # What has no set length goes on below; the rest is never cut.
        table.add_column(title, no_wrap=index not in {_PAIR, _HOW}, overflow="fold")
    table.add_column("Why")
    for row in rows:
        if row.week:
            table.add_section()
        table.add_row(row.week, *row.cells, row.why)
    return table


def _reasons_below(rows: Sequence[_Row], width: int, *, verbose: bool) -> Iterator[RenderableType]:
    titles = [Text(title, "bold") for title in _TITLES]
    lines = [titles, *([Text(row.week), *row.cells] for row in rows)]
    widths = _widths(lines)
    over = sum(widths) + len(widths) - 1 - width
    for column in (_HOW, _PAIR):
        # What has no set length is what makes room.
        less = max(0, min(over, widths[column] - len(Format.IN_PERSON)))
        widths[column] -= less
        over -= less
    below = (0, 0, 0, widths[0] + 1)
    yield _line(titles, widths)
    yield Padding(Text("Why", "bold"), below)
    for row, cells in zip(rows, lines[1:], strict=True):
        if row.week or row is rows[0]:
            yield Rule(style="dim")
        yield _line(cells, widths)
        who = f"{row.who}\n" if verbose else ""
        yield Padding(Text(f"{who}{row.why}", "italic"), below)
    yield Rule(style="dim")


def _widths(lines: Sequence[Sequence[Text]]) -> list[int]:
    """Return how wide each column has to be for nothing to be cut."""
    return [
        max(cell_len(part) for cell in column for part in cell.plain.split("\n"))
        for column in zip(*lines, strict=True)
    ]


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    grid.add_row(*cells)
    return grid


def _rows(actions: Sequence[Action], facts: Facts) -> list[_Row]:
    """Return the actions week by week, those that have no week first."""
    zone = facts.programme.zone
    pairs = {pair.id: pair for pair in facts.pairs}
    rows: list[_Row] = []
    before: date | None = None
    for action in sorted(
        actions, key=lambda each: (_week_of(each, zone) or date.min, _start(each))
    ):
        pair = pairs[action.pair]
        week = _week_of(action, zone)
        helps = f" {action.relaxation.text}" if action.relaxation else ""
        code = "" if action.meeting else f" ({action.reason_code}){helps}"
        rows.append(
            _Row(
                week=_day(week) if week and week != before else "",
                cells=_action_cells(action, pair, facts.people),
                who=" → ".join(_name(facts.people[email], verbose=True) for email in pair.people),
                why=f"{action.reason}{code}",
            )
        )
        before = week
    return rows


def _action_cells(action: Action, pair: Pair, people: Mapping[str, Person]) -> list[Text]:
    mentor, mentee = (people[email] for email in pair.people)
    meeting = action.meeting
    cells = [_pair_cell(pair, people), Text(action.kind.value, _KINDS[action.kind])]
    if meeting is None:
        return cells + [Text()] * (len(_TITLES) - 1 - len(cells))
    return [
        *cells,
        Text(_two_lines(meeting.interval, mentor.zone)),
        Text(_two_lines(meeting.interval, mentee.zone)),
        Text(meeting.room.partition("@")[0] if meeting.room else meeting.format.value),
        Text(f"{meeting.share.mentor} %\n{meeting.share.mentee} %"),
        Text(yields(meeting.share) or "", "yellow"),
    ]


def _pair_cell(pair: Pair, people: Mapping[str, Person], between: str = "\n  ") -> Text:
    mentor, mentee = (_first_name(people[email]) for email in pair.people)
    return Text(f"{pair.id} {mentor}{between}→ {mentee}")


def _two_lines(interval: Interval, zone: ZoneInfo) -> str:
    start, end = interval.start.astimezone(zone), interval.end.astimezone(zone)
    return f"{_day(start.date(), weekday=True)}\n{start:%H:%M}-{end:%H:%M}"


def _unreadable(unreadable: Unreadable, people: Mapping[str, Person], *, verbose: bool) -> Text:
    owner = people.get(unreadable.person)
    whose = _name(owner, verbose=verbose) if owner else f"the room {unreadable.person}"
    said = f"Cannot read the calendar of {whose}: {unreadable.reason} {unreadable.advice}"
    return Text(said, "red")


def _astray(report: Report, *, verbose: bool) -> Iterator[Text]:
    """Say whose calendar does not show a meeting as it stands, and what helps."""
    advice = {
        "copy-missing": "The invitation was sent once more and is still missing: ask them to look "
        "for it, perhaps among unknown senders, and to accept it.",
        "copy-differs": "The entry there is at another time: ask them to delete it and accept the "
        "invitation, or to ask for another time.",
    }
    for each in drift(report):
        person = report.facts.people.get(each["person"])
        if person is None or each["code"] not in advice:
            continue
        what = "The invitation is sent once more."
        if each["done"] == "reported":
            what = advice[each["code"]]
        whose = _name(person, verbose=verbose)
        yield Text(f"{each['pair']}: not in the calendar of {whose} as it stands. {what}", "yellow")


def _not_written(report: Report) -> Iterator[Text]:
    """Say whose meetings could not be written and why; what failed alike is one line."""
    zone = report.facts.programme.zone
    said = {
        meeting.uid: f"{meeting.pair} {moment(meeting.interval.start, zone)}"
        for action in report.plan.actions
        for meeting in (action.standing, action.was, action.meeting)
        if meeting
    }
    alike: dict[tuple[str, str], list[str]] = {}
    for uid, problem in report.failed.items():
        which = said.get(uid, "a meeting of an earlier run")
        alike.setdefault((problem.code, str(problem)), []).append(which)
    for (code, sentence), whose in alike.items():
        count = f"{len(whose)} meetings: " if len(whose) > 1 else ""
        yield Text(f"Not written ({code}): {count}{', '.join(whose)}. {sentence}", "red")


def proof(certificate: Certificate) -> Text:
    """Return what is proven of the slots a plan chose, in one paragraph."""
    if not certificate.pairs:
        return Text("Nothing had to be chosen, so there is nothing to prove.")
    what = "balance (geometric mean)" if certificate.rule == "fair" else "value a pair (mean)"
    return Text(
        f"Proven: {certificate.placed} of the {certificate.most} open periods that could have a "
        f"meeting by themselves have one, {certificate.below} below the floor, "
        f"{certificate.breaks} after too long a dry spell. With these, the {what} is "
        f"{certificate.reached:.3f} and cannot exceed {certificate.reachable:.3f}: this plan is "
        f"at most {certificate.gap:.3%} worse than the best of all."
    )


def programme_picture(
    overviews: Sequence[PairOverview],
    people: Mapping[str, Person],
    now: datetime,
    zone: ZoneInfo,
    width: int,
) -> RenderableType:
    """Draw the programme as a calendar: a row a pair, a column a week, and how each is doing.

    As many weeks are shown as fit into ``width``, from last week on; nothing is cut.
    """
    this = _monday(now.astimezone(zone).date())
    weeks = [this + k * _WEEK for k in range(-1, _WEEKS_SHOWN - 1)]
    lines = _programme_lines(overviews, people, weeks, partial(_mark, now, zone, " "), " ")
    if _taken(lines) > width:
        # Cells of two lines take half the room.
        lines = _programme_lines(overviews, people, weeks, partial(_mark, now, zone, "\n"), "\n  ")
    while _taken(lines) > width and len(lines[0]) > _LEAST_COLUMNS:
        lines = [line[:-1] for line in lines]
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("Pair", overflow="fold", max_width=_WIDEST_PAIR)
    for title in lines[0][1:]:
        style = "on grey15" if title.plain == _day(this) else ""
        table.add_column(title, no_wrap=True, style=style)
    for line in lines[1:]:
        table.add_row(*line)
    title = Text(f"The programme on {moment(now, zone)}, a column a week", "bold")
    return Group(title, table, Text(_LEGEND, "dim"), *_worries(overviews))


def _programme_lines(
    overviews: Sequence[PairOverview],
    people: Mapping[str, Person],
    weeks: Sequence[date],
    mark: Callable[[Meeting], tuple[date, Text]],
    between: str,
) -> list[list[Text]]:
    """Return the cells, titles first; ``between`` stands between the names of a pair."""
    lines = [[Text("Pair"), Text("Health"), *(Text(_day(week)) for week in weeks)]]
    for each in overviews:
        marks = [mark(meeting) for meeting in each.meetings]
        marks += [
            (_monday(held.period), Text("!", "bold red")) for held in each.holds if held.period
        ]
        lines.append(
            [
                _pair_cell(each.pair, people, between),
                Text(each.health.value, _HEALTHS[each.health]),
                *(Text("\n").join(cell for at, cell in marks if at == week) for week in weeks),
            ]
        )
    return lines


def _taken(lines: Sequence[Sequence[Text]]) -> int:
    """Return how wide the calendar of these cells is."""
    pair, *others = _widths(lines)
    return min(pair, _WIDEST_PAIR) + sum(others) + len(others) + 2


def _worries(overviews: Sequence[PairOverview]) -> list[Text]:
    quiet = {Health.OK, Health.DUE}
    return [
        Text(f"{each.pair.id}: {each.why}", _HEALTHS[each.health])
        for each in overviews
        if each.health not in quiet
    ]


def _mark(now: datetime, zone: ZoneInfo, within: str, meeting: Meeting) -> tuple[date, Text]:
    """Return the week a meeting is in and how it is shown, ``within`` between day and time."""
    start = meeting.interval.start.astimezone(zone)
    symbol, style = _SYMBOLS[meeting.format], "green"
    if meeting.awaits_room:
        symbol, style = "□", "yellow"
    if meeting.declined_by:
        symbol, style = "✗", "red"
    elif meeting.took_place(now):
        symbol, style = "✓", "dim"
    shown = f"{symbol} {WEEKDAYS[start.weekday()]}{within}{start:%H:%M}"
    return _monday(start.date()), Text(shown, style)


def explanation(
    action: Action, pair: Pair, people: Mapping[str, Person], closures: Sequence[Closure]
) -> RenderableType:
    """Say why an occurrence has this slot or none, what it costs whom, and what else there was.

    ``closures`` are the days of its period on which the two do not meet.
    """
    mentor, mentee = (people[email] for email in pair.people)
    meeting = action.meeting
    period = action.period
    title = f"Period {period.number}, {period.first} to {period.end}" if period else "The pair"
    if meeting is None:
        why = f"No meeting ({action.reason_code}): {action.reason}"
        helps = [Text(action.relaxation.text)] if action.relaxation else []
        return Group(Text(title, "bold"), Text(why), *helps, *_closed(closures, people))
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
    return Group(*lines, *_closed(closures, people))


def _closed(closures: Sequence[Closure], people: Mapping[str, Person]) -> Iterator[Text]:
    """Say which days are closed, and why."""
    for each in closures:
        days = _day(each.days.first, weekday=True)
        if each.days.last != each.days.first:
            days += f" to {_day(each.days.last, weekday=True)}"
        whose = f" of {people[each.person].name}" if each.person else ""
        why = each.name or {"blackout": "blackout", "away": "leave"}[each.code]
        yield Text(f"  closed: {days}, {why}{whose}")


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


def todo_picture(rows: Sequence[Waiting], zone: ZoneInfo) -> RenderableType:
    """Draw what waits for a coordinator, each with the command that helps."""
    if not rows:
        return Text("Nothing waits for a coordinator.")
    table = Table("Pair", "Since", "What and why", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in rows:
        told = [row.reason, *([row.relaxation_text] if row.relaxation_text else [])]
        what = Text("\n".join(told)).append(f"\n{' '.join(row.command)}", "bold")
        table.add_row(row.pair or "(all)", moment(row.since, zone), what)
    return table


def log_picture(deeds: Sequence[Deed], zone: ZoneInfo) -> RenderableType:
    """Draw what happened to a pair, oldest first."""
    if not deeds:
        return Text("Nothing has happened yet.")
    table = Table("When", "Who", "What", "Meeting", "Why", box=box.SIMPLE_HEAD)
    for deed in deeds:
        meeting = local_time(deed.interval, zone) if deed.interval else ""
        table.add_row(moment(deed.at, zone), deed.who, deed.what, meeting, deed.why)
    return table


def figures_picture(months: Sequence[MonthFigures]) -> RenderableType:
    """Draw the programme month by month; a bar is as long as meetings were kept."""
    if not months:
        return Text("No period is over yet.")
    titles = ("Month", "Pairs", "Periods", "Met", "Kept", "", "In person", "Moves")
    table = Table(*titles, "New slot after", "Mentors", "Mentees", box=box.SIMPLE_HEAD)
    for each in months:
        kept = each.kept or 0
        table.add_row(
            f"{_MONTHS[each.month.month - 1]} {each.month.year}",
            *map(str, (each.pairs, each.periods, each.met)),
            f"{kept:.0f} %",
            "█" * round(kept / 10),
            *map(str, (each.in_person, each.moves)),
            "" if each.found_again is None else _duration(each.found_again),
            *("" if mean is None else f"{mean:.0f}" for mean in (each.mentor, each.mentee)),
        )
    return table


def _duration(wait: timedelta) -> str:
    """Return ``at once``, ``5 h`` or ``2.5 days``: as exact as anybody needs it."""
    hours = wait / timedelta(hours=1)
    if hours < 0.5:
        return "at once"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"


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


def _name(person: Person, *, verbose: bool) -> str:
    return f"{person.name} <{person.email}>" if verbose else person.name


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
