"""Run the emulator as a process: `python -m tests.emulators.microsoft --ca-file FILE`."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from tests.emulators.microsoft.options import Options
from tests.emulators.microsoft.server import MicrosoftEmulator
from tests.emulators.settings import read_options
from tests.emulators.state import load
from tests.emulators.wire import Json


def main() -> int:
    """Serve until a signal comes; the first line of stdout is what a client needs, as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulators.microsoft", description=__doc__
    )
    parser.add_argument("--state", type=Path, help="JSON: clock, mailboxes, groups, options")
    parser.add_argument(
        "--port", type=int, default=0, help="Graph's port; the authority has another"
    )
    parser.add_argument("--ca-file", type=Path, required=True, help="where to write the test CA")
    given = parser.parse_args()
    content: Json = json.loads(given.state.read_text(encoding="utf-8")) if given.state else {}
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    options = read_options(Options(), content)
    with MicrosoftEmulator(options=options, port=given.port) as server:
        load(server.world, content)
        server.write_ca(given.ca_file)
        app = server.app()
        told = {
            "graph": server.graph,
            "authority": server.authority,
            "tenant": app.tenant,
            "client_id": app.client_id,
            "client_secret": app.secret,
        }
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
        done.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
