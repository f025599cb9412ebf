"""A process that has loaded the product, and forks itself for each run of the command line.

Loading takes longer than most runs, and so does what libraries do only the first time: a run can be
rehearsed in this process beforehand. Each line on standard input is an order, each line on standard
output what became of it: the exit status, negative when a signal ended the run.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, Final

from slotfinder.__main__ import main
from tests.crash.edges import Edges, counted

_LOADED_LATE: Final = (
    "alembic.command",
    "slotfinder.agent.run",
    "slotfinder.calendars.google.calendar",
    "slotfinder.calendars.microsoft.calendar",
    "slotfinder.cli.main",
    "slotfinder.store.sql",
)
"""What the command line loads only when it needs it."""


_ANEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def serve() -> None:
    for module in _LOADED_LATE:
        import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        status = _rehearsed(order) if order["rehearsal"] else _forked(order)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


def _rehearsed(order: dict[str, Any]) -> int:
    """Run the command line in this process, so that its children need not warm up."""
    environment, kept = dict(os.environ), [os.dup(number) for number in range(3)]
    try:
        return _obeyed(order)
    finally:
        for number, handle in enumerate(kept):
            os.dup2(handle, number)
            os.close(handle)
        os.environ.clear()
        os.environ.update(environment)


def _forked(order: dict[str, Any]) -> int:
    """Run the command line as a process of its own."""
    child = os.fork()
    if not child:
        os._exit(_obeyed(order))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _obeyed(order: dict[str, Any]) -> int:
    """Run the command line as ordered and return its exit status."""
    os.environ.update(order["environment"])
    for name, number in (("in", 0), ("out", 1), ("err", 2)):
        handle = os.open(order[name], os.O_RDONLY if name == "in" else _ANEW)
        os.dup2(handle, number)
        os.close(handle)
    trace = os.open(order["trace"], _ANEW)
    sys.argv = ["slotfinder", *order["arguments"]]
    try:
        with counted(Edges(trace, order["kill_at"])):
            main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - whatever it is, it has to be seen
        sys.excepthook(*sys.exc_info())
        return 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.close(trace)
    return 70


if __name__ == "__main__":
    serve()
