"""The tree of commands; errors become one clear message and an exit status."""

import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from slotfinder import __version__
from slotfinder.cli import doctor, look, orders, passes, privacy, records, simulate, start
from slotfinder.cli.session import STOPPED, Session, is_stopped
from slotfinder.errors import (
    ConfigurationError,
    LockHeldError,
    OlderStoreError,
    SlotfinderError,
    StoppedError,
    StoreError,
    UsageError,
)

_STATUS = {
    ConfigurationError: 2,
    UsageError: 2,
    StoreError: 2,
    OlderStoreError: 2,
    LockHeldError: 75,
}

app = typer.Typer(
    name="slotfinder",
    help="Keeps reverse-mentoring pairs meeting.",
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="The programme's slotfinder.toml (else SLOTFINDER_CONFIG, else here)."),
    ] = None,
    now: Annotated[
        str | None, typer.Option(help="Act as if it were this moment (ISO 8601), for rehearsals.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no warnings.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="E-mail addresses too, with plan, run and demo.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    if version:
        print(f"slotfinder {__version__}")
        raise typer.Exit
    # What a scheduler collects is read by programs.
    logs = context.invoked_subcommand == "run" and not (quiet or sys.stderr.isatty())
    context.obj = Session(config=config, now=now, quiet=quiet, verbose=verbose, logs=logs)


app.command("init")(start.init)
app.command("demo")(start.demo)
app.command("doctor")(doctor.doctor)
app.command("simulate")(simulate.simulate)
app.command("plan")(passes.plan)
app.command("run")(passes.run)
app.command("reschedule")(orders.reschedule)
app.command("book")(orders.book)
app.command("skip")(orders.skip)
app.command("pause")(orders.pause)
app.command("resume")(orders.resume)
app.command("end")(orders.end)
app.command("mark")(orders.mark)
app.command("todo")(records.todo)
app.command("log")(records.log)
app.command("report")(records.report)
app.command("status")(look.status)
app.command("explain")(look.explain)
app.command("freebusy")(look.freebusy)
app.command("export")(privacy.export)
app.command("erase")(privacy.erase)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or pipe that cannot show a sign shows a question mark.
            stream.reconfigure(errors="replace")
    # Libraries log the addresses they ask, some of them secret, and bodies and SQL in finer levels.
    # What we have to say ourselves does not go through logging.
    logging.disable(logging.CRITICAL)
    try:
        status = app(args=_globals_first(arguments), standalone_mode=False)
        sys.stdout.flush()
        if is_stopped():
            raise StoppedError(STOPPED)
    except BrokenPipeError:
        # Whoever read has had enough ('| head'): what is left to flush at the exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except (SlotfinderError, TyperException, OSError) as error:
        sentence, status = _said(error)
        print(sentence, file=sys.stderr)
    return status if isinstance(status, int) else 0


def _said(error: SlotfinderError | TyperException | OSError) -> tuple[str, int]:
    """Return what a user is told of an error, and the exit status."""
    if isinstance(error, SlotfinderError):
        return str(error), _STATUS.get(type(error), 1)
    if isinstance(error, TyperException):
        return f"{error.format_message()} See slotfinder --help.".lstrip(), 2
    # A full disk, a folder that may not be written: nothing a trace explains.
    return f"Stopped by the system: {error.strerror}.", 1


_WITH_VALUE = ("--config", "--now")
_FLAGS = ("--quiet", "--verbose")


def _globals_first(arguments: Sequence[str]) -> list[str]:
    """Move the global options before the command, so that they may stand anywhere."""
    front: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            front.append(word)
        elif word in _WITH_VALUE and waiting:
            front += [word, waiting.pop(0)]
        else:
            rest.append(word)
    return front + rest
