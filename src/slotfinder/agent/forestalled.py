"""Pairs whose new time somebody took at the same moment: they are planned anew in the same run."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from slotfinder.planning.plan import Action, ActionKind, Plan

_WHY = "Somebody took the time chosen first at the same moment."
_TIMED = frozenset({ActionKind.BOOK, ActionKind.MOVE})


class Forestalled:
    """The meetings of a plan that came to nothing, by uid, and what is planned instead."""

    def __init__(self, plan: Plan, lost: Collection[str]) -> None:
        self._plan = plan
        self._lost = {_place(each): each for each in plan.actions if _uid(each) in lost}

    @property
    def pairs(self) -> frozenset[str]:
        """Return the ids of the pairs to plan anew."""
        return frozenset(each.pair for each in self._lost.values())

    def explained(self, again: Plan) -> Plan:
        """Return the new plan of these pairs, in which new times say what became of the first."""
        return replace(again, actions=tuple(map(self._explained, again.actions)))

    def joined(self, again: Plan) -> Plan:
        """Return the whole plan with what is planned instead; what was done stays as it was.

        A meeting that is booked after all is one booking, or one move, with its final time.
        """
        kept = {_uid(each): each for each in self._plan.actions if each.meeting}
        actions: list[Action] = []
        for pair in dict.fromkeys(each.pair for each in self._plan.actions):
            first = [each for each in self._plan.actions if each.pair == pair]
            if pair in self.pairs:
                gone = [each for each in first if each.kind is ActionKind.CANCEL]
                mine = [each for each in again.actions if each.pair == pair]
                first = [*gone, *(done for each in mine for done in self._as_first(each, kept))]
            actions += first
        known = {each.person for each in self._plan.unreadable}
        unreadable = [each for each in again.unreadable if each.person not in known]
        return replace(
            self._plan,
            actions=tuple(actions),
            unreadable=(*self._plan.unreadable, *unreadable),
        )

    def _explained(self, action: Action) -> Action:
        if action.kind not in _TIMED or action.meeting is None or _place(action) not in self._lost:
            return action
        reason = f"{_WHY} {action.reason}"
        return replace(action, reason=reason, meeting=replace(action.meeting, reason=reason))

    def _as_first(self, action: Action, kept: dict[str | None, Action]) -> list[Action]:
        """Return what the run did in all, of which an action is what it did last."""
        if action.kind is ActionKind.KEEP:
            return [kept.get(_uid(action), action)]
        lost = self._lost.get(_place(action))
        if action.kind in _TIMED:
            first = lost or kept.get(action.was.uid if action.was else None)
            return [_at_last(first, action) if first else action]
        if lost is None:
            return [action]
        if action.standing:
            # It stands where it was written, though somebody else is there too.
            return [lost, action]
        return [*_withdrawn(lost), action]


def _at_last(first: Action, action: Action) -> Action:
    """Return the one action that leads from before the run to where a meeting is after it."""
    if first.kind not in {*_TIMED, ActionKind.ADOPT}:
        return action
    return replace(
        action,
        kind=ActionKind.MOVE if first.kind is ActionKind.ADOPT else first.kind,
        was=first.was,
        refused=first.refused or action.refused,
        reason_code=first.reason_code if first.kind in _TIMED else action.reason_code,
    )


def _withdrawn(lost: Action) -> Iterator[Action]:
    """Yield that the event went in whose place another one came to nothing."""
    if lost.was and lost.was.uid != _uid(lost):
        yield replace(lost, kind=ActionKind.CANCEL, meeting=lost.was, was=None)


def _place(action: Action) -> tuple[str, object]:
    return action.pair, action.period


def _uid(action: Action) -> str | None:
    return action.meeting.uid if action.meeting else None
