"""Run the emulator as a process: `python -m tests.emulators.google --state FILE --port 0`."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from tests.emulators.google.auth import service_account_file
from tests.emulators.google.options import Options
from tests.emulators.google.server import GoogleEmulator
from tests.emulators.settings import read_options
from tests.emulators.state import load
from tests.emulators.tls import TestAuthority
from tests.emulators.wire import Json


def main() -> int:
    """Serve until a signal comes; the first line of stdout is the port."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.google", description=__doc__)
    parser.add_argument("--state", type=Path, help="JSON: clock, mailboxes, groups, options")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key-file", type=Path, help="where to write a service account's key")
    parser.add_argument("--ca-file", type=Path, help="speak https, and write the test CA here")
    given = parser.parse_args()
    content: Json = json.loads(given.state.read_text(encoding="utf-8")) if given.state else {}
    tls = TestAuthority() if given.ca_file else None
    done = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: done.set())
    with GoogleEmulator(
        options=read_options(Options(), content), port=given.port, tls=tls
    ) as server:
        load(server.world, content)
        if given.key_file:
            service_account_file(given.key_file, server)
        if given.ca_file:
            server.write_ca(given.ca_file)
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        done.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
