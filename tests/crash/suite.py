"""A command, the points it passes, and what has to come of it wherever it is killed."""

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass, replace

from slotfinder.domain.command import Command
from slotfinder.ports import Logged
from slotfinder.store.sql import read_ledger, read_log
from tests.acceptance.world import Json, utc
from tests.crash.process import Ended, Runner
from tests.crash.scenes import SATURDAY, Scene, Told

_TELLING = (
    r"after PATCH",
    r"after replace .*\.new$",
    r"after DELETE",
    r"after POST .*/cancel$",
    r"after unlink .*\.ics$",
    r"after POST .*/events$",
    r"after replace .*\.part$",
    r"after content$",
)
"""Right after something changed that the store does not know yet."""

_RUN = ("run",)
_LATER = "2027-01-02T13:00:00Z"
"""When the next run comes: nothing may depend on its being the same moment."""

_EVER = utc(SATURDAY)
_SETTLED = {"keep", "hold"}


@dataclass(frozen=True, slots=True)
class Left:
    """What a command left behind, once everything had time to arrive."""

    shown: object
    told: Told
    actions: list[Json]
    commands: list[Command]
    log: list[Logged]


class Suite:
    """One command at one moment, the points it passes, and what it leaves undisturbed.

    ``news`` is what people are to be told because of it; without a command it is a run.
    """

    def __init__(self, scene: Scene, processes: Runner, news: Told, *command: str) -> None:
        self._scene, self._processes = scene, processes
        self.news = news
        self._command = command or _RUN
        self._followed: dict[object, list[str]] = {}
        scene.set_back()
        processes.rehearse(self._arguments(self._command), scene.environment())
        scene.set_back()
        ended = self._give(self._command)
        self.points, self.result = ended.points, ended.result
        assert self.result.status in {0, 3}, self.result.err
        self.undisturbed, flaws = self._left()
        assert flaws == []

    @property
    def counted(self) -> str:
        """Return how many points were gone through, and how many states they left."""
        return f"{len(self.points)} points, {len(self._followed)} states"

    def telling_points(self) -> list[int]:
        """Return the last point of each sort at which the store does not know what was done."""
        found = {
            name: k
            for k, point in enumerate(self.points)
            for name in _TELLING
            if re.match(name, point)
        }
        return sorted(found.values())

    def flaws_anywhere(self) -> list[str]:
        return self.flaws_at(range(len(self.points)))

    def flaws_at(self, points: Iterable[int]) -> list[str]:
        """Kill the command at each of these points, go on, and tell what is not as it should be.

        What follows from the same state is the same, and is not gone through again.
        """
        return [flaw for point in points for flaw in self._flaws(point)]

    def flaws_after_many(self, step: int) -> list[str]:
        """Kill one command after the other, each a step later, until one comes to its end."""
        self._scene.set_back()
        killed = [self._give(self._command, step)]
        while killed[-1].result.status == -signal.SIGKILL:
            killed.append(self._give(self._command, step * (len(killed) + 1)))
        return [f"killed every {step} points: {each}" for each in self._finished()]

    def _flaws(self, point: int) -> list[str]:
        self._scene.set_back()
        killed = self._give(self._command, point)
        if killed.result.status != -signal.SIGKILL:
            return [f"the command was not killed but ended with {killed.result.status}"]
        state = repr(self._scene.state())
        if state not in self._followed:
            self._followed[state] = self._finished()
        return [f"{killed.points[-1]} (point {point}): {each}" for each in self._followed[state]]

    def _finished(self) -> list[str]:
        """Run again and tell what is other than after an undisturbed command.

        Of a command that was not recorded nobody knows: its coordinator gives it again.
        """
        known = self._command == _RUN or read_ledger(self._scene.programme.store).commands
        again = self._give(_RUN if known else self._command, now=_LATER)
        left, flaws = self._left()
        wanted = self.undisturbed
        if again.result.status != self.result.status:
            flaws.append(f"the next one ended with {again.result.status}: {again.result.err}")
        flaws += _differences("calendars", wanted.shown, left.shown)
        flaws += _differences("what people were told", wanted.told, left.told)
        flaws += _differences("what the store knows", wanted.actions, left.actions)
        flaws += _differences("what was commanded", wanted.commands, left.commands)
        flaws += _differences("the log", wanted.log, left.log)
        return flaws

    def _left(self) -> tuple[Left, list[str]]:
        """Return what there is now, and what is wrong if one more run does anything."""
        scene, store = self._scene, self._scene.programme.store
        scene.settle()
        shown, writes = scene.shown(), scene.writes()
        idle = self._give(_RUN, now=_LATER).result
        flaws = []
        if idle.status != self.result.status or not {*idle.kinds} <= _SETTLED:
            flaws.append(f"one more run ended with {idle.status}: {idle.kinds}")
        if scene.writes() != writes:
            flaws.append("one more run wrote or sent something")
        flaws += _differences("one more run's calendars", shown, scene.shown())
        left = Left(
            shown=shown,
            told=scene.told(),
            actions=idle.actions,
            # When something was commanded or done is not compared.
            commands=[replace(each, at=_EVER) for each in read_ledger(store).commands],
            log=sorted((replace(each, at=_EVER) for each in read_log(store)), key=_pair),
        )
        return left, flaws

    def _give(
        self, command: tuple[str, ...], kill_at: int | None = None, now: str = SATURDAY
    ) -> Ended:
        """Give a command, to be killed at the point of that number."""
        environment = self._scene.environment()
        return self._processes.run(self._arguments(command, now), environment, kill_at)

    def _arguments(self, command: tuple[str, ...], now: str = SATURDAY) -> list[str]:
        config = str(self._scene.programme.config)
        return ["--config", config, "--now", now, *command, "--json"]


def _pair(logged: Logged) -> str:
    return logged.pair


def _differences(what: str, wanted: object, found: object) -> list[str]:
    return [] if wanted == found else [f"{what}: {_said(wanted, found)}"]


def _said(wanted: object, found: object) -> str:
    if isinstance(wanted, dict) and isinstance(found, dict):
        pairs = [(name, wanted.get(name), found.get(name)) for name in {**wanted, **found}]
        return "; ".join(f"{name}: {a!r} became {b!r}" for name, a, b in pairs if a != b)
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        if len(wanted) != len(found):
            lost = [each for each in wanted if each not in found]
            new = [each for each in found if each not in wanted]
            return f"lost {lost!r}, new {new!r}"
        both = zip(wanted, found, strict=True)
        return "; ".join(_said(a, b) for a, b in both if a != b)
    return f"{wanted!r} became {found!r}"
