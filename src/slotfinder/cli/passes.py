"""``plan`` and ``run``: one pass, looked at or done."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from slotfinder.agent.plan import AgreedPlan, plan_pass
from slotfinder.agent.report import (
    FAILED,
    Report,
    certificate_json,
    document,
    exit_status,
    instant,
    warnings,
)
from slotfinder.bootstrap import agent_for, locked_store, system_now
from slotfinder.cli.monitoring import Heartbeat, log_report, write_metrics
from slotfinder.cli.render import proof, report_picture
from slotfinder.cli.session import Session, is_stopped, output, print_json
from slotfinder.errors import UsageError

_Pairs = Annotated[list[str] | None, typer.Option("--pair", help="Only this pair; repeatable.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


def plan(
    context: typer.Context,
    pair: _Pairs = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the JSON here, for run --plan.")
    ] = None,
    certify: Annotated[
        bool, typer.Option("--certify", help="Also say how far from the best of all plans it is.")
    ] = False,
    as_json: _Json = False,
) -> int:
    """Show what a run would do and why; nothing is changed anywhere."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        pairs = agent.pairs_named(tuple(pair or ()))
        now = session.moment(agent.programme.zone)
        report = plan_pass(agent, configured.ledger(), pairs, now)
        if out:
            _write(out, report)
        show(session, report, as_json=as_json, certify=certify)
    return exit_status(report)


def run(
    context: typer.Context,
    pair: _Pairs = None,
    plan: Annotated[
        Path | None, typer.Option(help="Do exactly this plan, or nothing if the world changed.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even if very much would be changed at once.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 0,
    heartbeat: Annotated[
        str | None,
        typer.Option(
            envvar="SLOTFINDER_HEARTBEAT",
            help="Ask for this address after each run that did its work (dead man's switch).",
        ),
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(
            envvar="SLOTFINDER_METRICS", help="Write figures here for Prometheus (*.prom)."
        ),
    ] = None,
    as_json: _Json = False,
) -> int:
    """Do one full pass: see what became of the meetings, plan, write, invite."""
    # What writes invitations is slow to load, and only this command needs it.
    from slotfinder.agent.run import run_pass  # noqa: PLC0415

    session: Session = context.obj
    began, pulse = system_now(), Heartbeat.of(heartbeat) if heartbeat else None
    configured = session.configured()
    agreed = _agreed(plan) if plan else None
    with agent_for(configured, session.progress()) as agent:
        pairs = agent.pairs_named(agreed.pairs if agreed else tuple(pair or ()))
        now = session.moment(agent.programme.zone)
        with locked_store(configured, wait, is_stopped) as store:
            session.log("info", "run-began", now=instant(now), pairs=len(pairs))
            report = run_pass(agent, store, pairs, now, agreed, force=force)
            ledger = store.load()
        show(session, report, as_json=as_json)
        status = FAILED if is_stopped() else exit_status(report)
        log_report(session, report, status)
        if metrics:
            session.warn(write_metrics(metrics, report, agent, ledger, began, status))
    if pulse and status != FAILED:
        session.warn(pulse.beat())
    return status


def show(session: Session, report: Report, *, as_json: bool, certify: bool = False) -> None:
    """Print the report of a pass, as a picture or as JSON."""
    session.warn(warnings(report))
    certificate = report.plan.certificate
    if as_json:
        proven = {"certificate": certificate_json(certificate)} if certify else {}
        print_json(document(report) | proven)
        return
    console = output()
    console.print(report_picture(report, console.width, verbose=session.verbose))
    if certify:
        console.print(proof(certificate))


def _write(out: Path, report: Report) -> None:
    try:
        out.write_text(json.dumps(document(report), ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as problem:
        raise UsageError(f"The plan cannot be written to {out.name}: {problem.strerror}.") from None
    print(f"Plan written to {out}.", file=sys.stderr)


def _agreed(file: Path) -> AgreedPlan:
    """Read when the plan was made and the hash of what it was made from."""
    try:
        found = json.loads(file.read_text("utf-8"))
        if found["mode"] != "plan":
            raise UsageError(
                f"{file.name} is the report of a run, not a plan; make one with plan --out."
            )
        return AgreedPlan(
            now=datetime.fromisoformat(found["now"]).astimezone(UTC),
            run=found["run"],
            pairs=tuple(map(str, found["pairs"])),
            actions=found["actions"],
        )
    except OSError as problem:
        raise UsageError(f"The plan {file.name} cannot be read: {problem.strerror}.") from None
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise UsageError(f"{file.name} is not a plan; make one with plan --out.") from None
