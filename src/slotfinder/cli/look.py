"""``status``, ``explain`` and ``freebusy``: what a coordinator wants to know."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from slotfinder.agent.observe import read
from slotfinder.agent.overview import PairOverview, overview
from slotfinder.agent.plan import as_they_stand, plan_pass
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import (
    COORDINATOR_NEEDED,
    DONE,
    action_json,
    both_json,
    document,
    exit_status,
    instant,
    unreadable_json,
)
from slotfinder.bootstrap import agent_for
from slotfinder.cli.render import explanation, free_busy_picture, programme_picture
from slotfinder.cli.session import Session, output, print_json, read_instant
from slotfinder.domain.closures import Closure, closures_of
from slotfinder.domain.compromise import favoured_next, yields
from slotfinder.domain.freebusy import Reading, Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Meeting
from slotfinder.domain.people import Pair
from slotfinder.errors import UsageError
from slotfinder.planning.facts import reading_window
from slotfinder.planning.plan import Action

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def status(
    context: typer.Context,
    pair: Annotated[str | None, typer.Argument(help="Only this pair.")] = None,
    as_json: _Json = False,
) -> int:
    """Show how each pair is doing: last and next meeting, health, balance."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        pairs = agent.pairs_named(() if pair is None else (pair,))
        ledger = configured.ledger()
        standing = as_they_stand(agent, ledger, pairs, now)
        found = [overview(agent, ledger, each, now) for each in standing]
    if as_json:
        print_json({"now": instant(now), "pairs": [_overview_json(each) for each in found]})
    else:
        console = output()
        console.print(
            programme_picture(found, agent.people, now, agent.programme.zone, console.width)
        )
    return DONE


def explain(
    context: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair's id.")],
    as_json: _Json = False,
) -> int:
    """Say why a pair has its slots, or none, and what the runners-up would cost whom."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        pairs = agent.pairs_named((pair,))
        report = plan_pass(agent, configured.ledger(), pairs, now)
    if as_json:
        explained = [
            action_json(action, report)
            | _explanation_json(action)
            | {"closures": [_closure_json(each) for each in _closures(agent, pairs[0], action)]}
            for action in report.plan.actions
        ]
        print_json(document(report) | {"mode": "explain", "pair": pair, "actions": explained})
    else:
        for action in report.plan.actions:
            closed = _closures(agent, pairs[0], action)
            output().print(explanation(action, pairs[0], agent.people, closed))
    return exit_status(report)


def freebusy(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="An e-mail address of people.csv, or a room's.")],
    start: Annotated[str | None, typer.Option("--from", help="A date or ISO 8601 time.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="A date (inclusive) or time.")] = None,
    as_json: _Json = False,
) -> int:
    """Show what the agent sees of one person: when they are taken, and nothing else."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        email = person.strip().lower()
        if email not in agent.people and email not in {room.email for room in agent.rooms()}:
            raise UsageError(f"There is nobody with the address '{person}' in the people file.")
        window = _window(session, agent, start, end)
        reading = read(agent, [email], window, frozenset())[0]
    zone = agent.reference(email).zone
    if as_json:
        print_json(_free_busy_json(reading, window, zone.key))
    elif isinstance(reading, Unreadable):
        output().print(f"{reading.reason} {reading.advice}")
    else:
        output().print(free_busy_picture(reading.intervals(), zone))
    return COORDINATOR_NEEDED if isinstance(reading, Unreadable) else DONE


def _window(session: Session, agent: Agent, start: str | None, end: str | None) -> Interval:
    """Return the time asked about; what is left out is what a run would read."""
    zone = agent.programme.zone
    usual = reading_window(agent.pairs, (), agent.programme, session.moment(zone))
    first = read_instant(start, zone) if start else usual.start
    last = read_instant(end, zone, end_of_day=True) if end else usual.end
    if last <= first:
        raise UsageError("--to has to be later than --from.")
    return Interval(first, last)


def _free_busy_json(reading: Reading, window: Interval, zone: str) -> dict[str, Any]:
    """Return the JSON of calendars.md; nothing is known of somebody unreadable."""
    unreadable = isinstance(reading, Unreadable)
    return {
        "person": reading.person,
        "provider": reading.provider.value,
        "timezone": zone,
        "from": instant(window.start),
        "to": instant(window.end),
        "complete": not unreadable,
        "unreadable": unreadable_json(reading) if isinstance(reading, Unreadable) else None,
        "intervals": []
        if isinstance(reading, Unreadable)
        else [
            {"start": instant(each.start), "end": instant(each.end), "kind": kind.value}
            for each, kind in reading.intervals()
        ],
    }


def _overview_json(each: PairOverview) -> dict[str, Any]:
    following = each.next
    return {
        "pair": each.pair.id,
        "status": each.pair.status.value,
        "health": each.health.value,
        "why": each.why,
        "last": _brief(each.last) if each.last else None,
        "next": {
            **_brief(following),
            "room_answer": _room_answer(following),
            "join_url": following.join_url,
            "answers": {email: answer.value for email, answer in each.answers.items()},
            "moves": following.moves,
            "frozen": each.frozen,
        }
        if following
        else None,
        "balance": both_json(each.balance),
    }


def _room_answer(meeting: Meeting) -> str | None:
    if meeting.room is None:
        return None
    answered = {Answer.ACCEPTED: "accepted", Answer.DECLINED: "declined"}
    return answered.get(meeting.room_answer or Answer.NONE, "pending")


def _brief(meeting: Meeting) -> dict[str, Any]:
    return {
        "uid": meeting.calendar_uid,
        "start": instant(meeting.interval.start),
        "end": instant(meeting.interval.end),
        "format": meeting.format.value,
        "room": meeting.room,
    }


def _closures(agent: Agent, pair: Pair, action: Action) -> list[Closure]:
    """Return what closes days of an action's period for the pair."""
    if action.period is None:
        return []
    people = [agent.people[email] for email in pair.people]
    last = action.period.end - timedelta(days=1)
    return closures_of(agent.programme.blackouts, people, action.period.first, last)


def _closure_json(closure: Closure) -> dict[str, Any]:
    return {
        "first": str(closure.days.first),
        "last": str(closure.days.last),
        "code": closure.code.value,
        "person": closure.person,
        "name": closure.name or None,
    }


def _explanation_json(action: Action) -> dict[str, Any]:
    """Return what only the coordinator is told: who gave way, and whose turn that makes it."""
    meeting = action.meeting
    role = yields(meeting.share) if meeting else None
    turn = favoured_next(meeting.share) if meeting else None
    return {
        "gives_way": role.value if role else None,
        "next_turn": turn.value if turn else None,
    }
