#!/usr/bin/env python3
"""Set up slotfinder in ./.venv and do one thing with it: needs nothing but Python and pip.

python3 dev.py demo         watch the whole story on local calendars
python3 dev.py test         every check and the test suite
python3 dev.py exhaustive   the long suites
python3 dev.py bench        the benchmarks
python3 dev.py lock         pin the dependencies again (with uv)
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest", "-n", "2", "-m", "not exhaustive"),
)


def main(arguments: list[str]) -> int:
    """Run one of the commands of the module's docstring; further arguments are passed on."""
    if sys.version_info < (3, 11):
        print("slotfinder needs Python 3.11 or newer; this is", sys.version.split()[0])
        return 2
    match arguments:
        case ["demo", *rest]:
            set_up("run")
            return run("slotfinder", "demo", *rest)
        case ["test"]:
            set_up("dev")
            return next((status for check in CHECKS if (status := run(*check))), 0)
        case ["exhaustive", *rest]:
            set_up("dev")
            return run("pytest", "-m", "exhaustive", *rest)
        case ["bench", *rest]:
            set_up("dev")
            return run("pytest", "tests/benchmarks", "-o", "python_files=bench_*.py", *rest)
        case ["lock"]:
            return max(lock("run", "build"), lock("dev", "build", "dev"))
    print(__doc__)
    return 2


def set_up(wanted: str) -> None:
    """Make the environment and install what is pinned for ``run`` or ``dev``, where that changed."""
    pins = ROOT / "requirements" / f"{wanted}.txt"
    state = hashlib.sha256(pins.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = ENVIRONMENT / f"installed-{wanted}"
    if stamp.exists() and stamp.read_text() == state:
        return
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        # Without a pip of its own: Debian ships the module that would put one in separately.
        venv.create(ENVIRONMENT, with_pip=False, symlinks=os.name != "nt")
    print(f"Installing what slotfinder needs into {ENVIRONMENT.name} …", flush=True)
    install("--require-hashes", "-r", str(pins))
    install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(state)


def install(*what: str) -> None:
    """Install into the environment with the pip of the Python that runs this."""
    pip = (sys.executable, "-m", "pip", "--python", str(ENVIRONMENT))
    options = ("install", "--quiet", "--disable-pip-version-check", "--no-input")
    subprocess.run([*pip, *options, *what], check=True)


def run(program: str, *arguments: str) -> int:
    """Run one of the environment's programs and return its exit status."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(ENVIRONMENT)}
    if program not in ("slotfinder",):
        print("$", program, *arguments, flush=True)
    return subprocess.run([str(BIN / program), *arguments], env=environment, check=False).returncode


def lock(name: str, *groups: str) -> int:
    """Pin the dependencies with hashes and without any registry's name."""
    options = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet")
    chosen = [part for group in groups for part in ("--group", group)]
    command = ["uv", "pip", "compile", "pyproject.toml", *chosen, *options]
    target = ("--python-version", "3.11", "-o", f"requirements/{name}.txt")
    return subprocess.run([*command, *target], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
