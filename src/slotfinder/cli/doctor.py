"""``doctor``: what is wrong before the pairs notice, and how to mend it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slotfinder.agent.checkup import calendar_findings
from slotfinder.agent.diagnosis import Diagnosis, Level, in_order
from slotfinder.agent.premises import (
    folder_findings,
    mail_findings,
    settings_findings,
    store_finding,
    texts_finding,
    trial_mails,
    zones_finding,
)
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import DONE, FAILED
from slotfinder.bootstrap import Configured, agent_for
from slotfinder.cli.session import Session, output, print_json
from slotfinder.domain.people import Person

_MARKS = {Level.ERROR: ("✗", "bold red"), Level.WARNING: ("!", "yellow"), Level.OK: ("✓", "green")}


def doctor(
    context: typer.Context,
    send: Annotated[
        bool, typer.Option("--send", help="Also send each coordinator a test mail.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead.")
    ] = False,
) -> int:
    """Check settings, store, mail, rights and every calendar; say how to mend what is wrong."""
    session: Session = context.obj
    # What is doubtful in the files is among the findings; it need not be said twice.
    configured = replace(session, quiet=True).configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        found = [
            *_premises(configured, agent),
            zones_finding(agent, now),
            *calendar_findings(agent, now),
            *(trial_mails(agent, now) if send else ()),
        ]
        people = agent.people
    findings = in_order(found)
    if as_json:
        print_json({"findings": [asdict(each) for each in findings]})
    else:
        output().print(_picture(findings, people, verbose=session.verbose))
    return FAILED if any(each.level is Level.ERROR for each in findings) else DONE


def _premises(configured: Configured, agent: Agent) -> Iterable[Diagnosis]:
    mail = configured.settings.mail
    server = urlsplit(mail.url).hostname or ""
    yield from settings_findings(configured.warnings)
    yield texts_finding(agent)
    yield store_finding(configured.store_file, configured.ledger)
    yield from folder_findings(agent, configured.settings.local_directory)
    yield from mail_findings(agent, None if mail.url else mail.outbox, server)


def _picture(
    findings: Sequence[Diagnosis], people: Mapping[str, Person], *, verbose: bool
) -> RenderableType:
    """Draw a row a finding, the remedy beneath; ``verbose`` shows people's addresses too."""
    table = Table("", "Where", "What, and what to do", "Code", box=box.SIMPLE_HEAD)
    for each in findings:
        mark, style = _MARKS[each.level]
        what = Text(each.message)
        if each.remedy:
            what.append(f"\n→ {each.remedy}", "bold")
        where = _name(each.subject, people, verbose=verbose)
        table.add_row(Text(mark, style), where, what, Text(each.code, "dim"))
    counts = Counter(each.level for each in findings)
    numbers = (f"{counts[level]} {word}" for level, word in _WORDS.items())
    return Group(table, Text(", ".join(numbers)))


_WORDS = {Level.ERROR: "to mend", Level.WARNING: "doubtful", Level.OK: "fine"}


def _name(subject: str, people: Mapping[str, Person], *, verbose: bool) -> str:
    person = people.get(subject)
    if person is None:
        return subject
    return f"{person.name} <{subject}>" if verbose else person.name
