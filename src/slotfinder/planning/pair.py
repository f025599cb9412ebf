"""One pair: what becomes of its meetings, and which slots its open periods get."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from slotfinder.domain.cadence import Period, is_due_in_person
from slotfinder.domain.compromise import Worth, balance, remembered, share_of
from slotfinder.domain.explain import DELETED_AGAIN, HOLDS, ROOMLESS
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Adopted, Broken, Cause, Stays
from slotfinder.domain.meeting import Answer, Both, Format, Meeting, Seen
from slotfinder.domain.people import Pair, PairStatus
from slotfinder.domain.programme import Baseline, Rule
from slotfinder.planning.candidates import Candidates, PairTime
from slotfinder.planning.facts import belongs_to, span_of, within_horizon
from slotfinder.planning.grid import Bools
from slotfinder.planning.joint import Problem, Solution, solve
from slotfinder.planning.plan import Action, ActionKind, HoldCode
from slotfinder.planning.world import Occurrence, World, gone

Step = Action | Occurrence

_SKIPPED = Broken(Cause.SKIPPED, why="The programme leaves this meeting out.")

_A_MOMENT = timedelta(minutes=1)
"""Shorter than the grid on which meetings start."""

_NEVER_TOO_OFTEN = 10**6
"""More meetings in a row than any plan has."""


def hold(
    pair: Pair, code: HoldCode, period: Period | None = None, standing: Meeting | None = None
) -> Action:
    """Return the action that says why a period has no (sound) meeting."""
    return Action(
        kind=ActionKind.HOLD,
        pair=pair.id,
        period=period,
        reason_code=code,
        reason=HOLDS[code],
        standing=standing,
    )


def stopped(pair: Pair, world: World) -> list[Step]:
    """Return what becomes of a pair that is not booked: future meetings go, one hold tells why."""
    code = HoldCode.NOT_AGREED if pair.status is PairStatus.ACTIVE else HoldCode.PAUSED
    steps: list[Step] = [
        Action(
            kind=ActionKind.CANCEL,
            pair=pair.id,
            period=_period_of(meeting, pair, world),
            reason_code=f"pair-{pair.status}" if pair.agreed else code,
            reason="This pair is not meeting at present.",
            meeting=meeting,
        )
        for meeting in world.ahead_of(pair)
        if meeting.interval.start > world.now
    ]
    if pair.status in {PairStatus.ENDED, PairStatus.PROPOSED}:
        return steps
    return [*steps, hold(pair, code)]


class PairPlan:
    """One active pair: ``prepare`` it, choose and ``settle`` its slots, then take its ``steps``."""

    def __init__(self, pair: Pair, world: World) -> None:
        self._pair = pair
        self._world = world
        self._readable = world.readable(pair)
        self._steps: list[tuple[int, Step]] = []
        self._broken: list[tuple[Meeting, Broken]] = []
        self._standing: list[Meeting] = []
        self._open_occurrences: list[Occurrence] = []
        over = [each for each in world.meetings_of(pair) if each.uid not in world.facts.own]
        held = [each for each in over if each.took_place(world.now)]
        self._kept: list[Meeting] = sorted(held, key=lambda meeting: meeting.interval)

    @property
    def occurrences(self) -> list[Occurrence]:
        """Return the open occurrences whose slots are to be chosen, in order."""
        return self._open_occurrences

    @property
    def size(self) -> int:
        """Return how many candidates a choice looks at."""
        return sum(len(each.candidates.starts) for each in self._open_occurrences)

    @property
    def rule(self) -> Rule | Baseline:
        return self._world.programme.compromise.rule

    @property
    def series(self) -> tuple[Worth, ...]:
        """Return what the rule remembers of the pair: meetings that took place, or stay."""
        memory = self._world.programme.compromise.memory
        return remembered([_worth(meeting) for meeting in self._kept], memory)

    @cached_property
    def lost_its_last(self) -> bool:
        """Tell whether the last period that is over, since the pair was known, had no meeting."""
        world = self._world
        known_since = world.facts.known_since.get(self._pair.id, world.now)
        over = [
            period
            for period in world.periods[self._pair.id]
            if known_since < span_of(period, world.programme).end <= world.now
            and not self._is_skipped(period)
        ]
        return bool(over) and not self._formats_in(over[-1])

    def prepare(self) -> None:
        """Judge the meetings ahead, and fix the formats of the open periods."""
        for meeting in self._world.ahead_of(self._pair):
            self._judge(meeting)
        self._walk()

    def open_only(self, occurrence: Occurrence, kept: Sequence[Meeting]) -> None:
        """Have one slot chosen beside these meetings of the pair, and nothing else judged."""
        self._kept = sorted(kept, key=lambda meeting: meeting.interval)
        occurrence.series = self.series
        self._open_occurrences.append(occurrence)

    def best(self, free: Sequence[Bools]) -> Solution:
        """Return the best choice among the candidates that are free (compromise.md §4)."""
        return solve(self._problem(free))

    def greatest(self, free: Sequence[Bools]) -> Solution:
        """Return a choice whose step 4 no choice among the free candidates exceeds.

        Without the gap, each period can have what is best for the pair whatever the others have.
        """
        problem = self._problem(free)
        rules = replace(problem.rules, floor=0, yields=_NEVER_TOO_OFTEN)
        return solve(replace(problem, rules=rules, gap=0))

    def _problem(self, free: Sequence[Bools]) -> Problem:
        world = self._world
        return Problem(
            candidates=tuple(each.candidates for each in self._open_occurrences),
            allowed=tuple(free),
            series=self.series,
            rules=world.programme.compromise,
            gap=world.least_gap(self._open_occurrences),
            clock=world.clock,
        )

    def settle(self, position: int, choice: int, room: str | None) -> None:
        """Take a candidate for an occurrence; it is planned from now on."""
        occurrence = self._open_occurrences[position]
        occurrence.choice, occurrence.room = choice, room
        self._world.planned.take(occurrence)

    def go_online_where_lost(self) -> None:
        """Plan once more as virtual what could not be had in person, everything else fixed (§3)."""
        lost = [
            each
            for each in self._open_occurrences
            if each.choice is None and each.form is Format.IN_PERSON
        ]
        for occurrence in lost:
            occurrence.missed = self._why_not(occurrence)
            occurrence.form = Format.VIRTUAL
            occurrence.candidates = self._candidates(
                occurrence.time, occurrence.period, Format.VIRTUAL, occurrence.replaces
            )
        if lost:
            free = [self._only_choice(each) for each in self._open_occurrences]
            for position, choice in enumerate(self.best(free).choices):
                if choice is not None and self._open_occurrences[position].choice is None:
                    self.settle(position, choice, None)

    def _only_choice(self, occurrence: Occurrence) -> Bools:
        """Return what is left to an occurrence: its choice, or what keeps the gap to all chosen."""
        free = self._world.possible(occurrence)
        if occurrence.choice is not None:
            free[:] = False
            free[occurrence.choice] = True
        return free

    def steps(self) -> list[Step]:
        """Return everything decided about the pair, once its slots are settled."""
        for occurrence in self._open_occurrences:
            if occurrence.choice is None:
                occurrence.held = self._why_not(occurrence)
            self._add(occurrence.period, occurrence)
        return [step for _, step in sorted(self._steps, key=lambda item: item[0])]

    def _add(self, period: Period | None, step: Step) -> None:
        self._steps.append((period.number if period else 0, step))

    def _judge(self, meeting: Meeting) -> None:
        """Keep, adopt or hold a meeting; what is left over is broken and gets another slot."""
        world, period = self._world, _period_of(meeting, self._pair, self._world)
        if period and self._is_skipped(period) and meeting.interval.start > world.now:
            self._add(period, cancel(meeting, period, _SKIPPED))
            return
        fate = world.fates[meeting.uid]
        if isinstance(fate, Stays):
            self._kept.append(meeting)
            self._add(period, _keep(meeting, period))
        elif not self._is_known(period):
            self._leave(meeting, fate, HoldCode.CALENDAR_UNREADABLE, period)
        elif isinstance(fate, Adopted):
            self._adopt(meeting, fate, period)
        elif meeting.interval.start < world.now + world.programme.meetings.freeze:
            self._leave(meeting, fate, HoldCode.FROZEN, period)
        elif self._changes_room(meeting, fate, period):
            return
        elif self._budget_spent(meeting, fate) and fate.cause is not Cause.ROOM_LOST:
            self._leave(meeting, fate, HoldCode.BUDGET_SPENT, period)
        else:
            self._broken.append((meeting, fate))

    def _leave(
        self, meeting: Meeting, fate: Adopted | Broken, code: HoldCode, period: Period | None
    ) -> None:
        """Leave a meeting that cannot stay where it is, and say why."""
        self._standing.append(meeting)
        if period and self._is_over(period):
            code = HoldCode.PERIOD_OVER
        held = hold(self._pair, code, period, meeting)
        budget = self._world.programme.meetings.automatic_moves
        if code is HoldCode.BUDGET_SPENT and meeting.moves < budget:
            held = replace(held, reason=DELETED_AGAIN)
        elif isinstance(fate, Broken):
            held = replace(held, reason=f"{fate.why} {held.reason}")
        self._add(period, held)

    def _is_skipped(self, period: Period) -> bool:
        """Tell whether a coordinator left this period out."""
        return (self._pair.id, period.first) in self._world.facts.skipped

    def _is_over(self, period: Period) -> bool:
        """Tell whether no start is left in the period that both wish for, though it had some."""
        if not self._is_read(period):
            return False  # it begins after the horizon
        time = self._world.pair_time(self._pair, frozenset())
        return time.is_over(period, Format.VIRTUAL, self._world.now)

    def _is_known(self, period: Period | None) -> bool:
        """Tell whether both were read, and for the whole period."""
        return self._readable and (period is None or self._is_read(period))

    def _is_read(self, period: Period) -> bool:
        """Tell whether calendars were read for the whole period; one may lie past the horizon."""
        return span_of(period, self._world.programme).end <= self._world.facts.window.end

    def _budget_spent(self, meeting: Meeting, fate: Broken) -> bool:
        """Tell whether the agent has moved this occurrence as often as it may.

        A meeting that people delete again after it was rebooked is not wanted: that is for a
        coordinator, whatever the budget.
        """
        if fate.cause is Cause.REPLACED:
            return False
        deleted_before = fate.cause is Cause.DELETED and any(
            refusal.cause == Cause.DELETED and refusal.period == meeting.period
            for refusal in self._world.refusals_of(self._pair)
        )
        return deleted_before or meeting.moves >= self._world.programme.meetings.automatic_moves

    def _lost_rooms_before(self, meeting: Meeting | None, fate: Broken | None) -> bool:
        """Tell whether rooms refused this occurrence at another time already: once is enough."""
        if meeting is None or fate is None or fate.cause is not Cause.ROOM_LOST:
            return False
        return any(
            (each.pair, each.period) == (meeting.pair, meeting.period)
            and each.interval != meeting.interval
            for each in self._world.facts.rooms_refused
        )

    def _changes_room(self, meeting: Meeting, fate: Broken, period: Period | None) -> bool:
        """Give a meeting that lost its room another one at the same time, if there is one."""
        if fate.cause is not Cause.ROOM_LOST:
            return False
        room = self._world.room_at(meeting, meeting.interval)
        if room is None:
            return False
        changed = replace(
            meeting,
            room=room,
            revision=self._world.next_revision(meeting),
            sent_again=False,
            reason_code=fate.cause,
            reason=f"{fate.why} Another room was free at the same time.",
        )
        self._kept.append(changed)
        action = replace(_keep(changed, period), kind=ActionKind.MOVE, was=meeting)
        self._add(period, action)
        return True

    def _adopt(self, meeting: Meeting, fate: Adopted, period: Period | None) -> None:
        world = self._world
        time = world.pair_time(self._pair, frozenset({meeting.uid}))
        satisfaction = time.worth_at(fate.interval, meeting.format)
        best = Both(0, 0)
        if period is not None:
            best = self._candidates(time, period, meeting.format, meeting).best
        seen = world.facts.seen[meeting.uid]
        code, why = Cause.MOVED, "One of the two moved it, and both are free then."
        if fate.found:
            code, why = Cause.FOUND, "It stood in the calendar already, and both are free then."
        room = world.room_at(meeting, fate.interval)
        if meeting.room and room is None:
            why = f"{why} {ROOMLESS}"
        adopted = replace(
            meeting,
            interval=fate.interval,
            sequence=meeting.sequence + (not fate.found),
            revision=meeting.revision if fate.found else world.next_revision(meeting),
            sent_again=False,
            lifted=(),
            room=room,
            satisfaction=satisfaction,
            share=Both(
                share_of(satisfaction.mentor, best.mentor),
                share_of(satisfaction.mentee, best.mentee),
            ),
            best=best,
            answers=_answers_after(meeting, seen, fate),
            reason_code=code,
            reason=why,
        )
        adopted = replace(adopted, balance=balance([*self.series, _worth(adopted)]))
        self._kept.append(adopted)
        self._add(
            period,
            Action(
                kind=ActionKind.ADOPT,
                pair=self._pair.id,
                period=period,
                reason_code=adopted.reason_code,
                reason=adopted.reason,
                meeting=adopted,
                was=meeting,
            ),
        )

    def _candidates(
        self,
        time: PairTime,
        period: Period,
        form: Format,
        replaces: Meeting | None,
    ) -> Candidates:
        return time.candidates(
            period,
            form,
            now=self._world.now,
            others=[meeting.interval for meeting in self._kept if meeting is not replaces],
            refusals=self._refused(period, replaces),
            rooms=self._world.rooms(gone(replaces)),
        )

    def _refused(self, period: Period, replaces: Meeting | None) -> list[Interval]:
        """Return the slots of this occurrence that must not be offered again."""
        refused = [
            refusal.interval
            for refusal in self._world.refusals_of(self._pair)
            if period.first <= refusal.period < period.end
        ]
        for meeting, broken in self._broken:
            if meeting is replaces and broken.refused:
                refused.append(meeting.interval)
        return refused

    def _walk(self) -> None:
        """Go through the periods in order, carrying the debt of a meeting in person (§3)."""
        world, debt, before = self._world, False, None
        known_since = world.facts.known_since.get(self._pair.id, world.now)
        shared_site = bool(world.site_of(self._pair))
        for period in world.periods[self._pair.id]:
            previous, before = before, period
            if span_of(period, world.programme).end <= known_since:
                continue
            by_cadence = is_due_in_person(self._pair.in_person, period, previous)
            due = shared_site and (debt or by_cadence)
            formats = self._formats_in(period)
            if formats or span_of(period, world.programme).end <= world.now:
                debt = due and Format.IN_PERSON not in formats
            elif self._is_skipped(period):
                debt = due
            else:
                debt = self._open(period, due=due)
        for meeting, broken in self._broken:
            self._no_period_left(meeting, broken)

    def _formats_in(self, period: Period) -> list[Format]:
        """Return the formats of the meetings that fill a period."""
        return [
            meeting.format
            for meeting in (*self._kept, *self._standing)
            if belongs_to(meeting, period, self._world.programme)
        ]

    def _open(self, period: Period, *, due: bool) -> bool:
        """Fix the format of an open period; return whether a meeting in person is owed after it."""
        world = self._world
        broken = [item for item in self._broken if belongs_to(item[0], period, world.programme)]
        if not broken and not within_horizon(period, world.programme, world.now):
            return due
        replaces, cause = broken[0] if broken else (None, None)
        due = due or (bool(world.site_of(self._pair)) and _lost_its_room(replaces, cause))
        if not self._readable:
            over = self._is_over(period)
            code = HoldCode.PERIOD_OVER if over else HoldCode.CALENDAR_UNREADABLE
            self._add(period, hold(self._pair, code, period))
            return due
        occurrence = self._occurrence(self._pair, period, replaces, cause, due=due)
        short = world.programme.meetings.short
        if not occurrence.candidates.starts.size and short and self._may_be_short:
            briefly = replace(self._pair, duration=min(short, self._pair.duration))
            shorter = self._occurrence(briefly, period, replaces, cause, due=due)
            occurrence = shorter if shorter.candidates.starts.size else occurrence
        self._broken = [item for item in self._broken if item[0] is not replaces]
        self._open_occurrences.append(occurrence)
        return due and occurrence.form is Format.VIRTUAL

    @property
    def _may_be_short(self) -> bool:
        """Tell whether the next occurrence may be short rather than the second lost in a row."""
        return self.lost_its_last and not self._open_occurrences

    def _occurrence(
        self,
        pair: Pair,
        period: Period,
        replaces: Meeting | None,
        cause: Broken | None,
        *,
        due: bool,
    ) -> Occurrence:
        """Return an open period with its format: in person where that is due and possible.

        What lost its room at a second time, too, goes on online; what may be moved no more and lost
        its room can do so only at its time.
        """
        time = self._world.pair_time(pair, gone(replaces))
        form, candidates = Format.IN_PERSON, None
        missed = HoldCode.NO_ROOM if due else None
        is_spent = replaces and cause and self._budget_spent(replaces, cause)
        if due and not is_spent and not self._lost_rooms_before(replaces, cause):
            candidates = self._candidates(time, period, form, replaces)
            missed = candidates.missing
        if candidates is None or not candidates.starts.size:
            form = Format.VIRTUAL
            candidates = self._candidates(time, period, form, replaces)
        if replaces and is_spent:
            candidates = _only_at(replaces.interval.start, candidates)
        return Occurrence(
            pair=self._pair,
            period=period,
            time=time,
            form=form,
            due=due,
            candidates=candidates,
            series=self.series,
            replaces=replaces,
            cause=cause,
            missed=missed,
        )

    def _why_not(self, occurrence: Occurrence) -> HoldCode:
        """Return the first filter that left no start of an occurrence that was not placed."""
        if occurrence.candidates.missing:
            return occurrence.candidates.missing
        apart = self._world.apart(occurrence).any()
        return HoldCode.TAKEN if apart else HoldCode.GAP_TOO_SMALL

    def _no_period_left(self, meeting: Meeting, broken: Broken) -> None:
        """Hold a broken meeting whose period is over, or already has another one."""
        period = _period_of(meeting, self._pair, self._world)
        if broken.is_unwanted:
            self._add(period, cancel(meeting, period, broken))
            self._add(period, hold(self._pair, HoldCode.PERIOD_OVER, period))
        else:
            self._add(period, hold(self._pair, HoldCode.PERIOD_OVER, period, meeting))


def cancel(meeting: Meeting, period: Period | None, broken: Broken) -> Action:
    """Return the action that takes a broken meeting out of all calendars."""
    return Action(
        kind=ActionKind.CANCEL,
        pair=meeting.pair,
        period=period,
        reason_code=broken.cause,
        reason=broken.why,
        meeting=meeting,
        refused=meeting.interval if broken.refused else None,
    )


def _answers_after(meeting: Meeting, seen: Seen, fate: Adopted) -> Mapping[str, Answer]:
    """Return the answers to the time adopted: who moved it there has said yes by that."""
    if fate.found:
        return meeting.answers
    return {seen.mover: Answer.ACCEPTED} if seen.mover else {}


def _keep(meeting: Meeting, period: Period | None) -> Action:
    return Action(
        kind=ActionKind.KEEP,
        pair=meeting.pair,
        period=period,
        reason_code=meeting.reason_code,
        reason=meeting.reason,
        meeting=meeting,
    )


def _only_at(start: datetime, candidates: Candidates) -> Candidates:
    """Return the one candidate that needs no move, or that no more may be moved."""
    found = candidates.between(start, start + _A_MOMENT)
    return replace(found, missing=HoldCode.BUDGET_SPENT if found.missing else None)


def _worth(meeting: Meeting) -> Worth:
    return Worth(
        start=meeting.interval.start, satisfaction=meeting.satisfaction, share=meeting.share
    )


def _period_of(meeting: Meeting, pair: Pair, world: World) -> Period | None:
    """Return the period a meeting was planned for; None where the cadence no longer has it."""
    found = world.periods[pair.id]
    return next((each for each in found if belongs_to(meeting, each, world.programme)), None)


def _lost_its_room(meeting: Meeting | None, broken: Broken | None) -> bool:
    """Tell whether what was to be in person, whoever wanted that, has lost its room alone."""
    is_in_person = meeting is not None and meeting.format is Format.IN_PERSON
    return is_in_person and broken is not None and broken.cause is Cause.ROOM_LOST
