"""The weeks on emulated clouds: Tom is on Google, the others on Microsoft 365, in one world."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import patch

from hypothesis import strategies as st

from slotfinder.agent.programme import Agent
from slotfinder.bootstrap import agent_for, configure, locked_store
from slotfinder.domain.freebusy import Block, Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer
from slotfinder.ports import Ledger, Store
from tests.acceptance.clouds import SECRET
from tests.acceptance.folders import in_memory
from tests.acceptance.microsoft.world import Office, two_clouds
from tests.acceptance.world import PRIYA, TOM
from tests.booking.test_executor import Unseen
from tests.emulators import faults, people
from tests.emulators.google import Fault as GoogleFault
from tests.emulators.microsoft import Fault as MicrosoftFault
from tests.emulators.world import Item, Status
from tests.emulators.world import World as Clouds
from tests.machine.world import (
    FREEZE,
    HORIZON,
    LAST_DAY,
    NEW_YORK,
    SLIPS_IN_AFTER,
    SLIPS_IN_BEFORE,
    START,
    STORE_TROUBLES,
    FragileStore,
    Standing,
    Told,
    World,
)
from tests.planning.builders import ALWAYS, ANNA

_STEPS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "reading": (("calendar.freebusy.query",), ("users.calendar.getSchedule",)),
    "looking": (
        ("calendar.events.list", "calendar.events.get"),
        ("users.events.list", "users.events.get"),
    ),
    "writing": (
        ("calendar.events.insert", "calendar.events.patch", "calendar.events.delete"),
        ("users.events.create", "users.events.update", "users.events.cancel"),
    ),
}
"""What a run does, and the routes by which Google and Graph do it."""

_FAULTS: Final[dict[str, tuple[faults.Fault, faults.Fault]]] = {
    "too fast": (GoogleFault.rate_limited(), MicrosoftFault.rate_limited(2.128)),
    "limit of a user": (GoogleFault.rate_limited(403), MicrosoftFault.over_concurrency()),
    "503 before": (GoogleFault.backend_error(), MicrosoftFault.backend_error()),
    "503 after": (
        GoogleFault.backend_error(when="after"),
        MicrosoftFault.backend_error(when="after"),
    ),
    "dropped after": (GoogleFault.dropped("after"), MicrosoftFault.dropped("after")),
    "truncated": (GoogleFault.truncated(), MicrosoftFault.truncated()),
}
"""What goes wrong, in the words of Google and of Graph."""

_FATAL: Final = "until the process dies"
_OUTAGES: Final = {
    " ".join(each): each for each in product(_FAULTS, _STEPS, ("once", "all the time", _FATAL))
}

_WAITING: Final = "killed while waiting"
_STATUSES: Final[dict[Kind, Status]] = {
    Kind.BUSY: "busy",
    Kind.TENTATIVE: "tentative",
    Kind.OUT_OF_OFFICE: "ooo",
}
_QUARTER: Final = timedelta(minutes=15)
_SHORT: Final = timedelta(hours=3)
"""The window of a last look is shorter, that of all other reading longer."""


class CloudWorld(World):
    """Everybody's calendars are in clouds; that of the programme is in ``home``."""

    # A write whose answer is lost is what matters most.
    troubles = st.one_of(
        st.sampled_from((SLIPS_IN_BEFORE, SLIPS_IN_AFTER, *STORE_TROUBLES)),
        st.sampled_from(sorted(each for each in _OUTAGES if "writing" in each)),
        st.sampled_from(sorted(each for each in _OUTAGES if "writing" not in each)),
    )

    def __init__(self, home: str) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(TemporaryDirectory(dir=in_memory())))
        self._office = self._stack.enter_context(two_clouds(folder, home))
        self._stack.enter_context(patch("time.sleep", self._wait))
        self._config = _written(self._office)
        self._declined: dict[tuple[str, str], Interval] = {}
        self._written: dict[str, Interval] = {}
        self._slips = ""
        self._clouds.before("free-busy", self._slip_in, times=sys.maxsize)
        for moment in ("insert", "update"):
            self._clouds.after(moment, self._look_on, times=sys.maxsize)

    def close(self) -> None:
        self._stack.close()

    @contextmanager
    def session(self) -> Iterator[tuple[Agent, Store]]:
        configured = configure(self._config, {})
        with agent_for(configured, Unseen()) as agent, locked_store(configured) as store:
            yield agent, FragileStore(store, self.fuse)
        self._office.settle()

    def ledger(self) -> Ledger:
        return configure(self._config, {}).ledger()

    def changes(self) -> Counter[str]:
        configured = configure(self._config, {})
        log = configured.log()
        return Counter(str(each.calendar_uid) for each in log if each.kind == "move")

    def break_down(self, trouble: str) -> None:
        if trouble not in _OUTAGES:
            self._slips = self.fuse.moment = trouble
            return
        fault, step, extent = _OUTAGES[trouble]
        self.fuse.moment = _WAITING if extent == _FATAL else ""
        times = 1 if extent == "once" else sys.maxsize
        servers = [self._office.emulators[each] for each in ("google", "microsoft")]
        for server, routes, what in zip(servers, _STEPS[step], _FAULTS[fault], strict=True):
            for route in routes:
                server.faults.plan(route, what, times)

    def calm(self) -> None:
        self._slips = self.fuse.moment = ""
        for each in self._office.emulators.values():
            each.faults.clear()

    def close_or_open(self, who: str) -> None:
        self.closed ^= {who}
        self._office.close_calendars(*self.closed)

    def enter(self, who: str, block: Block) -> None:
        start, end = block.interval.start, block.interval.end
        self._clouds.add_item(who, start, end, _STATUSES[block.kind], title=SECRET)

    def take_out(self, who: str, block: Block) -> None:
        item = next(each for each in self._own_of(who) if _block(each) == block)
        item.cancelled = True
        self._clouds.put(item)

    def answer(self, who: str, uid: str, answer: Answer) -> None:
        attendee = self._main(uid).attendee(who)
        # Who said so already has nothing to click on.
        if attendee and attendee.answer != answer.value:
            self._declined.pop((uid, who), None)
            if answer is Answer.DECLINED:
                self._declined[uid, who] = _interval(self._main(uid))
        people.answer(self._clouds, who, uid, answer.value)

    def move(self, uid: str, to: Interval) -> None:
        self._declined = {key: at for key, at in self._declined.items() if key[0] != uid}
        self._written[uid] = to
        people.move(self._clouds, uid, to.start, to.end)

    def delete(self, uid: str) -> None:
        people.delete(self._clouds, uid)

    def standing(self) -> list[Standing]:
        return [
            Standing(
                uid=item.uid,
                interval=_interval(item),
                people=tuple(each.email for each in item.attendees),
                # What was answered to an older time counts no more.
                declined=_interval(item)
                in (self._declined.get((item.uid, each.email)) for each in item.attendees),
            )
            for item in self._office.meetings()
        ]

    def entries(self, who: str) -> list[Block]:
        return [_block(each) for each in self._own_of(who)]

    def told_apart(self, who: str) -> list[Block]:
        """Return what somebody entered; Google joins what lies inside a meeting of ours with it."""
        ours = [each.interval for each in self.standing()] if who == TOM else []
        return [
            block
            for block in self.entries(who)
            if not any(interval.covers(block.interval) for interval in ours)
        ]

    def writes(self) -> int:
        return self._office.writes()

    def told(self) -> list[Told]:
        return [
            Told(
                to=each.to,
                uid=each.uid,
                kind=each.kind,
                start=each.start,
                ours=not each.why.endswith("by a person"),
            )
            for each in self._clouds.notices
            if each.kind != "answer"
        ]

    def indiscretions(self) -> list[str]:
        return [*self._office.leaks(), *self._office.indiscretions()]

    # Helpers

    @property
    def _clouds(self) -> Clouds:
        return self._office.world

    def _wait(self, _seconds: float) -> None:
        """Take no time, in which the process may die."""
        self.fuse.reach(_WAITING)

    def _slip_in(self, _clouds: Clouds) -> None:
        """Let the mentor enter something where the agent is having its last look."""
        last = self._office.emulators["google"].log.entries[-1]
        if self._slips == SLIPS_IN_BEFORE and last.method == "calendar.freebusy.query":
            start, end = (
                datetime.fromisoformat(last.body[each]) for each in ("timeMin", "timeMax")
            )
            if end - start < _SHORT:
                self._slips = ""
                self.enter(TOM, Block(interval=Interval(start, end), kind=Kind.BUSY))

    def _look_on(self, _clouds: Clouds) -> None:
        """See what was written; the mentor may enter something right there."""
        item = max(self._office.meetings(), key=lambda each: each.revision)
        interval, before = _interval(item), self._written.get(item.uid)
        self._written[item.uid] = interval
        if interval != before:
            self.watch(interval, [each.email for each in item.attendees])
            if self._slips == SLIPS_IN_AFTER:
                self._slips = ""
                longer = Interval(interval.start - _QUARTER, interval.end)
                self.enter(TOM, Block(interval=longer, kind=Kind.BUSY))

    def _main(self, uid: str) -> Item:
        [found] = [each for each in self._office.meetings() if each.uid == uid]
        return found

    def _own_of(self, who: str) -> list[Item]:
        return [each for each in self._clouds.live(who) if each.title == SECRET]


def _written(office: Office) -> Path:
    """Write the programme's files, and return the one that configures it."""
    programme, wishes = office.programme, {ALWAYS: 1.0}
    programme.pairs.clear()
    office.person(ANNA, "Anna Example", "microsoft", timezone=NEW_YORK.key)
    programme.pair("p1", TOM, PRIYA).pair("p2", TOM, ANNA)
    programme.set("programme", starts=f"={START.date()}", ends=f"={LAST_DAY}")
    hours = FREEZE // timedelta(hours=1)
    programme.set("meetings", horizon=f"{HORIZON.days}d", freeze=f"{hours}h")
    programme.set("cadence", every="1 week")
    programme.set("virtual", conference="auto")
    programme.settings |= {"preferences.mentor": wishes, "preferences.mentee": wishes}
    return programme.write().config


def _interval(item: Item) -> Interval:
    start, end = item.start, item.end
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    return Interval(start.astimezone(UTC), end.astimezone(UTC))


def _block(item: Item) -> Block:
    """Return an entry as its owner's cloud tells of it: Google knows nothing but busy."""
    kinds = {status: kind for kind, status in _STATUSES.items()}
    kind = Kind.BUSY if item.calendar == TOM else kinds[item.status]
    return Block(interval=_interval(item), kind=kind)
