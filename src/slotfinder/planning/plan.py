"""What a run would do, as values: nothing here knows how it is done."""

from dataclasses import dataclass
from enum import StrEnum
from math import exp

from slotfinder.domain.cadence import Period
from slotfinder.domain.freebusy import Unreadable
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Meeting
from slotfinder.domain.programme import Baseline, Rule


class ActionKind(StrEnum):
    """What happens to one meeting, or to one period that has none."""

    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    KEEP = "keep"
    ADOPT = "adopt"
    HOLD = "hold"


class HoldCode(StrEnum):
    """Why a period has no meeting: the closed list of compromise.md §7."""

    NOT_AGREED = "not-agreed"
    PAUSED = "paused"
    PERIOD_OVER = "period-over"
    CALENDAR_UNREADABLE = "calendar-unreadable"
    FROZEN = "frozen"
    BUDGET_SPENT = "budget-spent"
    AWAY = "away"
    CLOSED = "closed"
    NO_COMMON_WISHES = "no-common-wishes"
    NO_COMMON_FREE_TIME = "no-common-free-time"
    NO_ROOM = "no-room"
    GAP_TOO_SMALL = "gap-too-small"
    TAKEN = "taken"

    @property
    def needs_a_person(self) -> bool:
        return self not in {HoldCode.NOT_AGREED, HoldCode.PAUSED, HoldCode.PERIOD_OVER}


class RelaxationCode(StrEnum):
    """What would give a held period a meeting: the closed list, the smallest first.

    What only concerns how the two meet comes before what shortens it, that before what somebody
    is asked to give, and that before meeting less often. (``lower-floor`` of compromise.md §7 is
    not among them: the floor ranks slots and never prevents one.)
    """

    SMALLER_GAP = "smaller-gap"
    WITHOUT_ROOM = "without-room"
    OTHER_FORMAT = "other-format"
    SHORTER = "shorter"
    WIDER_WISHES = "wider-wishes"
    LONGER_PERIOD = "longer-period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """The smallest single thing that would help a held period, and the sentence that says so."""

    code: RelaxationCode
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do for a pair.

    ``meeting`` is the meeting as it is to be afterwards (for a cancel: as it was); None for a
    hold, whose ``standing`` is the broken meeting that stays in the calendars, if there is one.
    ``was`` is the meeting before a move or adoption. ``refused`` is the slot not to offer again.
    ``relaxation`` is what would help a hold, None where nothing single does.
    """

    kind: ActionKind
    pair: str
    period: Period | None
    reason_code: str
    reason: str
    meeting: Meeting | None = None
    was: Meeting | None = None
    standing: Meeting | None = None
    refused: Interval | None = None
    relaxation: Relaxation | None = None

    @property
    def needs_a_person(self) -> bool:
        return self.kind is ActionKind.HOLD and HoldCode(self.reason_code).needs_a_person


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How good the slots chosen are, and what no choice for all pairs together can exceed.

    Of ``pairs`` with open periods: ``placed`` meetings of ``most`` that could be if no pair had to
    consider another, the meetings ``below`` the floor, the dry-spell ``breaks``. ``value`` is step
    4 of the rule summed over the pairs, ``bound`` the most it can be with these steps 1 to 3 for
    each pair.
    Slots taken online because a meeting in person could not be had come after the choice, and do
    not count.
    """

    rule: Rule | Baseline
    pairs: int
    placed: int
    most: int
    below: int
    breaks: int
    value: float
    bound: float

    @property
    def reached(self) -> float:
        """Return the plan's ``value`` as a person reads it.

        Under ``fair`` that is the geometric mean of all people's balances, else the mean of the
        pairs' values, which are 0…1.
        """
        return self._mean(self.value)

    @property
    def reachable(self) -> float:
        """Return the ``bound`` on the scale of ``reached``."""
        return self._mean(self.bound)

    @property
    def gap(self) -> float:
        """Return by which share of what is reachable the plan may be worse than the best one."""
        return 1 - self.reached / self.reachable if self.reachable else 0.0

    def _mean(self, total: float) -> float:
        if not self.pairs:
            return 0.0
        return exp(total / (2 * self.pairs)) if self.rule is Rule.FAIR else total / self.pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything one run would do, pairs in the order of the file, each pair's periods in order."""

    actions: tuple[Action, ...]
    unreadable: tuple[Unreadable, ...]
    certificate: Certificate
