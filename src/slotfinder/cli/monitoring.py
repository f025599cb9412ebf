"""What a scheduled run tells its operator's tools: log lines, figures, and that it is alive."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from slotfinder.agent.overview import overview
from slotfinder.agent.programme import Agent
from slotfinder.agent.report import DONE, FAILED, JsonObject, Report, document
from slotfinder.agent.waiting import waiting
from slotfinder.bootstrap import system_now
from slotfinder.cli.session import Session
from slotfinder.errors import UsageError
from slotfinder.planning.plan import ActionKind, HoldCode
from slotfinder.ports import Ledger

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_PATIENCE = 10
"""Seconds a monitor's answer is waited for."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def log_report(session: Session, report: Report, status: int) -> None:
    """Log what a run did, by pair ids; addresses only where ``--verbose`` asks for them."""
    found = document(report)
    for level, event, what in _happenings(found, verbose=session.verbose):
        session.log(level, event, **what)
    level = {DONE: "info", FAILED: "error"}.get(status, "warning")
    summary, requests = found["summary"], found["requests"]
    session.log(level, "run-ended", run=report.run, status=status, **summary, requests=requests)


def _happenings(found: JsonObject, *, verbose: bool) -> Iterator[tuple[str, str, JsonObject]]:
    """Yield level, event and fields of everything but what stays as it is."""
    for action in found["actions"]:
        if action["kind"] != ActionKind.KEEP:
            is_held = action["kind"] == ActionKind.HOLD
            needs_a_person = is_held and HoldCode(action["reason_code"]).needs_a_person
            failed = action["result"] == "failed"
            level = "error" if failed else "warning" if needs_a_person else "info"
            names = ("pair", "occurrence", "start", "format", "uid", "result", "reason_code")
            yield level, action["kind"], {name: action[name] for name in names}
    for each in found["unreadable"]:
        who = {"person": each["person"]} if verbose else {}
        code = {"provider": each["provider"], "reason_code": each["reason_code"]}
        yield "warning", "unreadable", {**who, **code}
    for each in found["drift"]:
        yield "warning", each["code"], {name: each[name] for name in ("pair", "uid", "done")}
    if found["refused"]:
        yield "warning", "refused", {"reason_code": found["refused"]["reason_code"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The address of a dead man's switch: it is asked for while all is well, and alarms if not."""

    url: str

    @classmethod
    def of(cls, url: str) -> "Heartbeat":
        """Return the heartbeat at an address, which may be a secret and is never shown.

        Raises:
            UsageError: it is no address that can be asked for.
        """
        try:
            parts = urlsplit(url)
            is_safe = parts.scheme == "https" or (
                parts.scheme == "http" and parts.hostname in _LOOPBACK
            )
            if is_safe and parts.hostname and parts.port != 0 and url.isprintable():
                return cls(url=url)
        except ValueError:
            pass
        raise UsageError(
            "--heartbeat is no address; write https://… (http:// only for this machine itself)."
        )

    def beat(self) -> list[str]:
        """Say that a run did its work; return what went wrong, nothing where nothing did."""
        import httpx  # noqa: PLC0415 - slow to load

        host = urlsplit(self.url).hostname
        try:
            answer = httpx.get(self.url, timeout=_PATIENCE)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
            return [f"The heartbeat at {host} could not be told: {type(problem).__name__}."]
        if answer.is_success:
            return []
        return [f"The heartbeat at {host} answered {answer.status_code}."]


def write_metrics(
    file: Path, report: Report, agent: Agent, ledger: Ledger, began: datetime, status: int
) -> list[str]:
    """Write the figures of a run for Prometheus' textfile collector, whole or not at all.

    ``began`` is when it did by the machine's clock. Return what went wrong, nothing where nothing
    did.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile  # noqa: PLC0415 - slow

    registry = CollectorRegistry()
    figures = _Figures(registry, agent.programme.name)
    ended, found = system_now(), document(report)
    figures.one("last_run_timestamp_seconds", "When the last run ended.", ended.timestamp())
    took = (ended - began).total_seconds()
    figures.one("last_run_duration_seconds", "How long the last run took.", took)
    figures.one("last_run_exit_status", "0 done, 1 failed, 3 a coordinator is needed.", status)
    kinds = {kind.value: found["summary"][kind.value] for kind in ActionKind}
    figures.each("actions", "What the last run decided.", "kind", kinds)
    figures.one("failed", "What could not be written.", found["summary"]["failed"])
    codes = Counter(each["reason_code"] for each in found["unreadable"])
    figures.each("unreadable", "Calendars that could not be read.", "reason_code", codes)
    operations = found["requests"]
    figures.each("requests", "Requests of the last run, tries counted.", "operation", operations)
    now = report.now
    health = Counter(overview(agent, ledger, pair, now).health.value for pair in agent.pairs)
    figures.each("pairs", "Pairs by how they are doing.", "health", health)
    rows = len(waiting(agent, ledger, now))
    figures.one("waiting", "What waits for a coordinator.", rows)
    try:
        write_to_textfile(str(file), registry)
        file.chmod(0o644)  # they name nobody, and their collector is another account
    except OSError as problem:
        return [f"The metrics could not be written to {file.name}: {problem.strerror}."]
    return []


class _Figures:
    """Gauges of one programme."""

    def __init__(self, registry: "CollectorRegistry", programme: str) -> None:
        self._registry = registry
        self._programme = programme

    def one(self, name: str, meaning: str, value: float) -> None:
        self._gauge(name, meaning).labels(self._programme).set(value)

    def each(self, name: str, meaning: str, label: str, values: dict[str, int]) -> None:
        gauge = self._gauge(name, meaning, label)
        for which, value in values.items():
            gauge.labels(self._programme, which).set(value)

    def _gauge(self, name: str, meaning: str, *labels: str):  # type: ignore[no-untyped-def] # noqa: ANN202
        from prometheus_client import Gauge  # noqa: PLC0415 - slow

        labelled = ("programme", *labels)
        return Gauge(f"slotfinder_{name}", meaning, labelled, registry=self._registry)
