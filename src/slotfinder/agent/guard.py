"""The guard: a run that would change very much at once does nothing unless it is told to."""

from slotfinder.agent.report import Refused
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import ActionKind, Plan

MASS_CHANGE = "mass-change"

_FROM = 10
"""Live meetings from which on their share counts."""

_SHARE = 3
"""More than one in so many is very much."""


def mass_change(plan: Plan, facts: Facts) -> Refused | None:
    """Return why a plan must not be carried out by itself, None if it may.

    A calendar shared wrongly or a file cut short looks like many meetings to move or to cancel.
    """
    changed = {
        meeting.uid
        for action in plan.actions
        if action.kind in {ActionKind.MOVE, ActionKind.CANCEL}
        and (meeting := action.was or action.meeting)
    }
    live = len(facts.ahead)
    if live < _FROM or _SHARE * len(changed) <= live:
        return None
    return Refused(
        code=MASS_CHANGE,
        reason=f"{len(changed)} of {live} meetings would be moved or cancelled at once, which is "
        "more than a third. Nothing was written. Look at plan; if it is right, say run --force.",
    )
