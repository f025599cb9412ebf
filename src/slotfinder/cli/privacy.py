"""``export`` and ``erase``: what is remembered about one person."""

from typing import Annotated, Any

import typer
from rich.table import Table

from slotfinder.agent.privacy import erasure
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import DONE, instant
from slotfinder.bootstrap import Configured, agent_for, locked_store
from slotfinder.cli.session import Session, is_stopped, output, print_json
from slotfinder.errors import UsageError
from slotfinder.ports import Erasure, Records
from slotfinder.settings.values import printable, suggestion

_Person = Annotated[str, typer.Argument(help="The person's e-mail address.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]

_SHOWN = {
    "meetings": ("pair", "start", "end", "state", "format", "mentor", "mentee", "answers"),
    "events": ("at", "pair", "kind", "cause", "reason"),
    "commands": ("at", "pair", "kind", "until", "period", "text"),
    "refusals": ("pair", "start", "end", "cause"),
    "holds": ("pair", "since", "reason_code", "reason"),
    "pairs": ("pair", "known_since"),
    "forgotten": ("pair", "period"),
    "crowded": ("person",),
    "outbox": ("recorded", "kind", "key", "done"),
}
"""The columns of each table that are shown; the rest is in the JSON."""


def export(context: typer.Context, person: _Person, as_json: _Json = False) -> int:
    """Show everything that is remembered about one person."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        email = person.strip().lower()
        records = configured.about(email)
        _stop_where_unknown(configured, agent, records, email)
    mails = [path.name for path in configured.mails_to(email)]
    if as_json:
        found = {"person": email, "now": instant(now), "store": records, "mails": mails}
        print_json(found)
    else:
        _show(records, mails)
    return DONE


def erase(
    context: typer.Context,
    person: _Person,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show it; change nothing.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait while another run is at work.")
    ] = 0,
    as_json: _Json = False,
) -> int:
    """Take one person who takes part no more out of everything that is remembered."""
    session: Session = context.obj
    configured = session.configured()
    with agent_for(configured, session.progress()) as agent:
        now = session.moment(agent.programme.zone)
        email = person.strip().lower()

        def decided(records: Records) -> Erasure:
            _stop_where_unknown(configured, agent, records, email)
            return erasure(agent, records, email, now)

        what, name = decided(configured.about(email)), None
        mails = configured.mails_to(email)
        if not dry_run:
            with locked_store(configured, wait, is_stopped) as store:
                # Another run may have changed what stands while this one waited.
                what = decided(store.about(email))
                mails = configured.mails_to(email)
                for path in mails:
                    path.unlink(missing_ok=True)
                name = store.erase(what)
    copies = [path.name for path in configured.store_copies()]
    found = _erased_json(what, name, [path.name for path in mails], copies)
    if as_json:
        print_json(found)
    elif not session.quiet:
        _tell(found)
    return DONE


def _stop_where_unknown(
    configured: Configured, agent: Agent, records: Records, person: str
) -> None:
    """Stop where nothing is remembered about a person.

    Raises:
        UsageError: with the address that was probably meant.
    """
    if any(records.values()):
        return
    if person in agent.people:
        raise UsageError(f"Nothing is remembered about '{printable(person)}' yet.")
    ledger = configured.ledger()
    known = {email for each in ledger.meetings for email in each.people}
    # Addresses of one company are alike in all but a few letters.
    hint = suggestion(person, sorted({*known, *agent.people}), likeness=0.9)
    raise UsageError(
        f"Nothing is remembered about '{printable(person)}'. {hint}Write the e-mail address as it "
        "stood in the people file."
    )


def _erased_json(
    what: Erasure, name: str | None, mails: list[str], copies: list[str]
) -> dict[str, Any]:
    return {
        "person": what.person,
        "pseudonym": name,
        "pseudonymised": {"meetings": len(what.meetings), "commands": len(what.silenced)},
        "deleted": {table: len(keys) for table, keys in what.deleted.items()},
        "mails": mails,
        "copies": copies,
    }


def _tell(found: dict[str, Any]) -> None:
    """Say what was erased, or would be, and what is left to do by hand."""
    counts = [
        f"{count} {table}"
        for table, count in (found["deleted"] | {"mails": len(found["mails"])}).items()
    ]
    under = f"under {found['pseudonym']}" if found["pseudonym"] else "under another name"
    done = "Erased" if found["pseudonym"] else "Would be erased"
    kept = found["pseudonymised"]["meetings"]
    print(f"{done}: {', '.join(counts)}. Meetings kept for the others, {under}: {kept}.")
    if found["copies"]:
        copies = ", ".join(found["copies"])
        print(f"Copies of the store from before may still name the person: {copies}.")


def _show(records: Records, mails: list[str]) -> None:
    console = output()
    for name, rows in records.items():
        if not rows:
            continue
        table = Table(*_SHOWN[name], title=name, title_justify="left")
        for row in rows:
            table.add_row(*(_cell(row[column]) for column in _SHOWN[name]))
        console.print(table)
    if mails:
        console.print(f"Mails in the outbox folder: {', '.join(mails)}")
    console.print("Every column is in the document that --json prints.")


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return "" if value is None else str(value)
