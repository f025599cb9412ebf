#!/usr/bin/env python3
"""Set up slotfinder in ./.venv and do one thing with it: needs nothing but Python and pip.

demo         watch the whole story on local calendars
test         every check and the test suite
exhaustive   the long suites
bench        the benchmarks
audit        look for known weak points in what is pinned (asks a public database, so not in test)
lock         pin the dependencies again (with uv)
"""

import hashlib
import os
import subprocess
import sys
import tempfile
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
    ("pytest", "-n", "2"),
)


def main(arguments: list[str]) -> int:
    """Run one of the commands the module's docstring lists; the rest is passed on to it."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older Python
        print("slotfinder needs Python 3.11 or newer; this is", sys.version.split()[0])
        return 2
    command, *rest = arguments or [""]
    if command not in COMMANDS:
        print(f"usage: python3 dev.py COMMAND\n\n{__doc__}")
        return 2
    return COMMANDS[command](rest)


def demo(rest: list[str]) -> int:
    """Play the demo."""
    set_up("run")
    return run("slotfinder", "demo", *rest)


def test(_: list[str]) -> int:
    """Run every check, and stop at the first that fails."""
    set_up("dev")
    return next((status for check in CHECKS if (status := run(*check))), 0)


def exhaustive(rest: list[str]) -> int:
    """Run the long suites."""
    set_up("dev")
    return run("pytest", "-m", "exhaustive", *rest)


def bench(rest: list[str]) -> int:
    """Run the benchmarks."""
    set_up("dev")
    names = ("-o", "python_files=bench_*.py", "-o", "python_functions=bench_*")
    return run("pytest", "tests/benchmarks", *names, *rest)


def audit(rest: list[str]) -> int:
    """Ask about every pinned version, with the newest pip-audit; one nobody knows is a failure."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder)
        make(environment)
        install("pip-audit", into=environment)
        program = environment / BIN.name / "pip-audit"
        options = ("--strict", "--disable-pip", "--require-hashes", *rest)
        # One by one: what runs and what develops may be pinned to different versions.
        return max(
            subprocess.run(
                [program, *options, "-r", f"requirements/{name}.txt"], cwd=ROOT, check=False
            ).returncode
            for name in ("run", "dev")
        )


def lock(_: list[str]) -> int:
    """Pin the dependencies with hashes and without any registry's name."""
    options = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet")
    # With their extras: older releases of pip take what is asked for with extras as not pinned.
    options += ("--no-strip-extras", "--python-version", "3.11")
    command = ["uv", "pip", "compile", "pyproject.toml", *options]
    tested = ("-c", "requirements/dev.txt")
    for name, groups, same in (("dev", ("build", "dev"), ()), ("run", ("build",), tested)):
        chosen = [part for group in groups for part in ("--group", group)]
        target = ("-o", f"requirements/{name}.txt")
        subprocess.run([*command, *chosen, *same, *target], cwd=ROOT, check=True)
    return 0


COMMANDS = {
    "demo": demo,
    "test": test,
    "exhaustive": exhaustive,
    "bench": bench,
    "audit": audit,
    "lock": lock,
}


def set_up(wanted: str) -> None:
    """Make the environment and install what ``run`` or ``dev`` pins, where that changed."""
    pins = ROOT / "requirements" / f"{wanted}.txt"
    state = hashlib.sha256(pins.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = ENVIRONMENT / f"installed-{wanted}"
    if stamp.exists() and stamp.read_text() == state:
        return
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        make(ENVIRONMENT)
    print(f"Installing what slotfinder needs into {ENVIRONMENT.name} …", flush=True)
    install("--require-hashes", "-r", str(pins))
    install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(state)


def make(environment: Path) -> None:
    """Make an environment without a pip of its own: Debian ships the module for that separately."""
    venv.create(environment, with_pip=False, symlinks=os.name != "nt")


def install(*what: str, into: Path = ENVIRONMENT) -> None:
    """Install into an environment with the pip of the Python that runs this."""
    pip = (sys.executable, "-m", "pip", "--python", str(into))
    options = ("install", "--quiet", "--disable-pip-version-check", "--no-input")
    subprocess.run([*pip, *options, *what], check=True)


def run(program: str, *arguments: str) -> int:
    """Run one of the environment's programs and return its exit status."""
    path = os.pathsep.join((str(BIN), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(ENVIRONMENT)}
    if program != "slotfinder":
        print("$", program, *arguments, flush=True)
    return subprocess.run([str(BIN / program), *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
