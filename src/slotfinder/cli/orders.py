"""``reschedule``, ``book``, ``skip``, ``pause``, ``resume``, ``end``, ``mark``: orders."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from slotfinder.agent.programme import Agent
from slotfinder.agent.report import COORDINATOR_NEEDED, DONE, exit_status
from slotfinder.bootstrap import agent_for, locked_store
from slotfinder.cli.passes import show
from slotfinder.cli.session import Session, is_stopped, print_json, read_instant
from slotfinder.domain.command import Command, CommandKind, status_by_command
from slotfinder.domain.meeting import Format, Lifted
from slotfinder.domain.people import Pair, PairStatus
from slotfinder.errors import UsageError
from slotfinder.planning.order import Order
from slotfinder.planning.plan import ActionKind
from slotfinder.ports import Ledger

_Pair = Annotated[str, typer.Argument(help="The pair's id.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
_Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait while another run is at work.")]
_Form = Annotated[Format | None, typer.Option("--format", help="virtual or in-person.")]
_Allow = Annotated[
    list[Lifted] | None, typer.Option("--allow", help="Lift this rule once; repeatable.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show it; change nothing.")]


def reschedule(
    context: typer.Context,
    pair: _Pair,
    *,
    meeting: Annotated[
        str | None, typer.Option(help="The uid of the meeting; else the pair's next one.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="Exactly then.")] = None,
    not_before: Annotated[str | None, typer.Option(help="Not before this date or time.")] = None,
    not_after: Annotated[
        str | None, typer.Option(help="Not after this date (inclusive) or time.")
    ] = None,
    form: _Form = None,
    reason: Annotated[str, typer.Option(help="Kept in the log.")] = "",
    allow: _Allow = None,
    dry_run: _DryRun = False,
    wait: _Wait = 0,
    as_json: _Json = False,
) -> int:
    """Find another time for a pair's next meeting, or give it the one that is named."""
    session: Session = context.obj

    def order(agent: Agent, ledger: Ledger, now: datetime) -> Order:
        from slotfinder.agent.orders import meeting_to_move  # noqa: PLC0415 - slow to load

        zone = agent.programme.zone
        [couple] = agent.pairs_named((pair,))
        return Order(
            pair=pair,
            uid=meeting_to_move(ledger, couple, meeting, now).uid,
            at=_minute(at, zone),
            earliest=read_instant(not_before, zone) if not_before else None,
            latest=read_instant(not_after, zone, end_of_day=True) if not_after else None,
            form=form,
            lifted=tuple(allow or ()),
        )

    if at and (not_before or not_after):
        raise UsageError("--at names the time; --not-before and --not-after would be idle.")
    kind = CommandKind.RESCHEDULE
    return _ordered(session, order, kind, reason, wait, dry_run=dry_run, as_json=as_json)


def book(
    context: typer.Context,
    pair: _Pair,
    *,
    at: Annotated[str, typer.Option(help="The time the two agreed on.")],
    form: _Form = None,
    allow: _Allow = None,
    dry_run: _DryRun = False,
    wait: _Wait = 0,
    as_json: _Json = False,
) -> int:
    """Book a period that has no meeting at a time the two agreed on."""
    session: Session = context.obj

    def order(agent: Agent, _ledger: Ledger, _now: datetime) -> Order:
        return Order(
            pair=pair,
            at=_minute(at, agent.programme.zone),
            form=form,
            lifted=tuple(allow or ()),
        )

    return _ordered(session, order, CommandKind.BOOK, "", wait, dry_run=dry_run, as_json=as_json)


def skip(
    context: typer.Context,
    pair: _Pair,
    occurrence: Annotated[
        int | None, typer.Option(min=1, help="Which one; else that of the next meeting.")
    ] = None,
    wait: _Wait = 0,
    as_json: _Json = False,
) -> int:
    """Leave one period out; a meeting in it is withdrawn."""

    def command(agent: Agent, ledger: Ledger, couple: Pair, now: datetime) -> Command:
        from slotfinder.agent.orders import period_to_skip  # noqa: PLC0415 - slow to load

        period = period_to_skip(agent, ledger, couple, occurrence, now)
        text = f"occurrence {period.number}"
        return Command(
            at=now, pair=couple.id, kind=CommandKind.SKIP, period=period.first, text=text
        )

    return _commanded(context.obj, pair, command, wait, as_json=as_json)


def pause(
    context: typer.Context,
    pair: _Pair,
    until: Annotated[str | None, typer.Option(help="The last day of the pause.")] = None,
    wait: _Wait = 0,
    as_json: _Json = False,
) -> int:
    """Let a pair pause; its future meetings are withdrawn."""
    last = _day(until) if until else None

    def command(agent: Agent, ledger: Ledger, couple: Pair, now: datetime) -> Command:
        today = now.astimezone(agent.programme.zone).date()
        _stop_where_ended(ledger, couple, today)
        if last is not None and last < today:
            raise UsageError("--until is over already.")
        return Command(at=now, pair=couple.id, kind=CommandKind.PAUSE, until=last)

    return _commanded(context.obj, pair, command, wait, as_json=as_json)


def resume(context: typer.Context, pair: _Pair, wait: _Wait = 0, as_json: _Json = False) -> int:
    """End a pair's pause, and book what is due."""
    session: Session = context.obj

    def command(agent: Agent, ledger: Ledger, couple: Pair, now: datetime) -> Command:
        _stop_where_ended(ledger, couple, now.astimezone(agent.programme.zone).date())
        if couple.status is not PairStatus.ACTIVE:
            session.warn([f"The pairs file still says that pair {couple.id} is {couple.status}."])
        return Command(at=now, pair=couple.id, kind=CommandKind.RESUME)

    return _commanded(session, pair, command, wait, as_json=as_json)


def end(context: typer.Context, pair: _Pair, wait: _Wait = 0, as_json: _Json = False) -> int:
    """End a pair for good; its future meetings are withdrawn."""

    def command(_agent: Agent, _ledger: Ledger, couple: Pair, now: datetime) -> Command:
        return Command(at=now, pair=couple.id, kind=CommandKind.END)

    return _commanded(context.obj, pair, command, wait, as_json=as_json)


def mark(
    context: typer.Context,
    pair: _Pair,
    meeting: Annotated[str, typer.Option(help="The meeting's uid.")],
    held: Annotated[
        bool | None, typer.Option("--held/--missed", help="What happened: one of the two.")
    ] = None,
    wait: _Wait = 0,
    as_json: _Json = False,
) -> int:
    """Say what really happened at a past meeting: it then counts so."""
    from slotfinder.agent import orders  # noqa: PLC0415 - slow to load

    if held is None:
        raise UsageError("Say what happened: --held or --missed.")
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        [couple] = agent.pairs_named((pair,))
        now = session.moment(agent.programme.zone)
        with locked_store(configured, wait, is_stopped) as store:
            marked = orders.mark(store.load(), store, couple, meeting, now, held=held)
    if as_json:
        print_json({"pair": pair, "uid": marked.calendar_uid, "held": held})
    elif not session.quiet:
        print(f"Noted: this meeting of pair {pair} {'took place' if held else 'was missed'}.")
    return DONE


def _ordered(
    session: Session,
    order: Callable[[Agent, Ledger, datetime], Order],
    kind: CommandKind,
    text: str,
    wait: float,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Carry out an order for a meeting, or show what it would do."""
    from slotfinder.agent import orders  # noqa: PLC0415 - slow to load

    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        ledger = configured.ledger()
        wanted = order(agent, ledger, now)
        orders.check_order(agent, ledger, wanted, now)
        if dry_run:
            report = orders.order_pass(agent, ledger, wanted, now)
        else:
            with locked_store(configured, wait, is_stopped) as store:
                # Another run may have changed what stands while this one waited.
                ledger = store.load()
                wanted = order(agent, ledger, now)
                period = orders.check_order(agent, ledger, wanted, now)
                command = Command(
                    at=now,
                    pair=wanted.pair,
                    kind=kind,
                    period=period.first if period else None,
                    uid=wanted.uid,
                    text=" ".join([text, *(f"--allow {each}" for each in wanted.lifted)]).strip(),
                )
                report = orders.carry_out(agent, store, wanted, command, now)
        show(session, report, as_json=as_json)
    held = any(action.kind is ActionKind.HOLD for action in report.plan.actions)
    return exit_status(report) or (COORDINATOR_NEEDED if held else DONE)


def _commanded(
    session: Session,
    name: str,
    command: Callable[[Agent, Ledger, Pair, datetime], Command],
    wait: float,
    *,
    as_json: bool,
) -> int:
    """Record a command for a pair and do at once what follows from it."""
    from slotfinder.agent.run import command_pass  # noqa: PLC0415 - slow to load

    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        [couple] = agent.pairs_named((name,))
        now = session.moment(agent.programme.zone)
        with locked_store(configured, wait, is_stopped) as store:
            decided = command(agent, store.load(), couple, now)
            report = command_pass(agent, store, couple, decided, now)
        show(session, report, as_json=as_json)
    return exit_status(report)


def _stop_where_ended(ledger: Ledger, pair: Pair, today: date) -> None:
    by_command = status_by_command(ledger.commands, pair.id, today)
    if PairStatus.ENDED in {by_command, pair.status}:
        raise UsageError(f"Pair {pair.id} has ended; a new row in the pairs file begins anew.")


def _minute(text: str | None, zone: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    at = read_instant(text, zone)
    if at.second:
        raise UsageError("--at is a whole minute.")
    return at


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is not a date; write 2027-01-04.") from None
