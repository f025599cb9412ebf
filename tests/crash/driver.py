"""A process that has loaded the product, and forks itself for each run of the command line.

Loading takes longer than most runs. Each line on standard input is an order, each line on standard
output what became of it: the exit status, negative when a signal ended the run.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any

from slotfinder.__main__ import main
from tests.crash.edges import Edges, counted

_LOADED_LATE = (
    "alembic.command",
    "slotfinder.agent.run",
    "slotfinder.calendars.google.calendar",
    "slotfinder.calendars.microsoft.calendar",
    "slotfinder.cli.main",
    "slotfinder.store.sql",
)
"""What the command line loads only when it needs it."""


def serve() -> None:
    for module in _LOADED_LATE:
        import_module(module)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _obey(json.loads(line))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


def _obey(order: dict[str, Any]) -> None:
    """Run the command line as a process that was just started, and end with its status."""
    status = 70
    try:
        os.environ.update(order["environment"])
        for name, number in (("in", 0), ("out", 1), ("err", 2)):
            flags = os.O_RDONLY if name == "in" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(order[name], flags), number)
        trace = os.open(order["trace"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        sys.argv = ["slotfinder", *order["arguments"]]
        with counted(Edges(trace, order["kill_at"])):
            main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - whatever it is, it has to be seen
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
