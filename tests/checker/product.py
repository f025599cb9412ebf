"""Runs the real product in this process, and looks at what it leaves on the disk."""

import hashlib
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from slotfinder.cli.main import run

_STORE = "slotfinder.db"


class Outcome(NamedTuple):
    """What a command printed, and its exit status."""

    status: int
    text: str
    complaints: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found


def call(config: Path, now: str, command: str) -> Outcome:
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = run(["--config", str(config), "--now", now, command, "--json"])
    return Outcome(status, out.getvalue(), errors.getvalue())


def tree(folder: Path, *, store: bool = True) -> dict[str, str]:
    """Return the hash of every file below a folder; folders have none."""
    return {
        str(path.relative_to(folder)): _hash(path)
        for path in sorted(folder.rglob("*"))
        if store or not path.name.startswith(_STORE)
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
