"""``todo``, ``log`` and ``report``: what waits, what happened, and the figures."""

import csv
import sys
from datetime import timedelta
from typing import Annotated, Any

import typer

from slotfinder.agent.figures import MonthFigures, figures
from slotfinder.agent.history import Deed, history
from slotfinder.agent.report import DONE, instant
from slotfinder.agent.waiting import Waiting, waiting
from slotfinder.bootstrap import agent_for
from slotfinder.cli.render import figures_picture, log_picture, todo_picture
from slotfinder.cli.session import Session, output, print_json

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def todo(context: typer.Context, as_json: _Json = False) -> int:
    """Show what waits for a coordinator, since when, why, and the command that helps."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        rows = waiting(agent, configured.ledger(), now)
        zone = agent.programme.zone
    if as_json:
        print_json({"todo": [_row_json(row) for row in rows]})
    else:
        output().print(todo_picture(rows, zone))
    return DONE


def log(
    context: typer.Context,
    pair: Annotated[str, typer.Argument(help="The pair's id.")],
    as_json: _Json = False,
) -> int:
    """Show who or what booked, moved or withdrew which meeting of a pair, when and why."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        [couple] = agent.pairs_named((pair,))
        commands = [each for each in configured.ledger().commands if each.pair == couple.id]
        deeds = history([each for each in configured.log() if each.pair == couple.id], commands)
        zone = agent.programme.zone
    if as_json:
        print_json({"pair": pair, "log": [_deed_json(deed) for deed in deeds]})
    else:
        output().print(log_picture(deeds, zone))
    return DONE


def report(
    context: typer.Context,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    as_json: _Json = False,
) -> int:
    """Show the programme in figures, month by month."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        months = figures(agent, configured.ledger(), configured.log(), now)
    if as_json:
        print_json({"now": instant(now), "months": [_month_json(each) for each in months]})
    elif as_csv:
        rows = [_month_json(each) for each in months]
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        output().print(figures_picture(months))
    return DONE


_COLUMNS = (
    "month",
    "pairs",
    "periods",
    "met",
    "kept",
    "in_person",
    "moves",
    "moves_per_meeting",
    "hours_to_new_slot",
    "mentor",
    "mentee",
)


def _month_json(each: MonthFigures) -> dict[str, Any]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    values = (
        f"{each.month:%Y-%m}",
        each.pairs,
        each.periods,
        each.met,
        rounded(each.kept),
        each.in_person,
        each.moves,
        rounded(each.moves / each.met if each.met else None),
        None if each.found_again is None else rounded(each.found_again / timedelta(hours=1)),
        rounded(each.mentor),
        rounded(each.mentee),
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _row_json(row: Waiting) -> dict[str, Any]:
    helps = row.relaxation_code is not None
    return {
        "pair": row.pair,
        "uid": row.uid,
        "since": instant(row.since),
        "reason_code": row.reason_code,
        "reason": row.reason,
        "relaxation": {"code": row.relaxation_code, "text": row.relaxation_text} if helps else None,
        "command": list(row.command),
    }


def _deed_json(deed: Deed) -> dict[str, Any]:
    return {
        "at": instant(deed.at),
        "who": deed.who,
        "what": deed.what,
        "uid": deed.uid,
        "start": instant(deed.interval.start) if deed.interval else None,
        "end": instant(deed.interval.end) if deed.interval else None,
        "reason_code": deed.code,
        "reason": deed.why,
    }
