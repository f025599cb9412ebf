"""The report of a pass as the JSON scripts rely on, and its exit status."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from slotfinder.agent.astray import is_sent_again
from slotfinder.domain.drift import Astray
from slotfinder.domain.freebusy import FreeBusy, Unreadable
from slotfinder.domain.meeting import Answer, Both
from slotfinder.errors import WriteError
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind, Certificate, Plan, Relaxation

JsonObject = dict[str, Any]

DONE, FAILED, COORDINATOR_NEEDED = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a plan was not carried out at all."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a pass found, decided and did.

    ``failed`` holds what could not be written, by uid; ``refused`` is why the plan was not
    carried out at all. ``vanished`` names pairs whose row is gone and whose meetings stand.
    """

    mode: str
    run: str
    now: datetime
    programme: str
    facts: Facts
    plan: Plan
    failed: Mapping[str, WriteError] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    refused: Refused | None = None
    vanished: tuple[str, ...] = ()


def instant(at: datetime) -> str:
    """Return an instant as all JSON writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def document(report: Report) -> JsonObject:
    """Return the JSON document of a plan or run."""
    actions = [action_json(action, report) for action in report.plan.actions]
    counts = {
        kind.value: sum(action.kind is kind for action in report.plan.actions)
        for kind in ActionKind
    }
    return {
        "run": report.run,
        "mode": report.mode,
        "now": instant(report.now),
        "programme": report.programme,
        "pairs": [pair.id for pair in report.facts.pairs],
        "actions": actions,
        "unreadable": [unreadable_json(each) for each in report.plan.unreadable],
        "summary": {
            "pairs": len(report.facts.pairs),
            **counts,
            "failed": sum(action["result"] == "failed" for action in actions),
            "unreadable": len(report.plan.unreadable),
        },
        "requests": dict(report.requests),
        "drift": list(drift(report)),
        "warnings": list(warnings(report)),
        "refused": {"reason_code": report.refused.code, "reason": report.refused.reason}
        if report.refused
        else None,
    }


def certificate_json(certificate: Certificate) -> JsonObject:
    """Return what is proven of a plan; figures that are no whole numbers to six places."""
    return {
        "pairs": certificate.pairs,
        "placed": certificate.placed,
        "most": certificate.most,
        "below_floor": certificate.below,
        "dry_spell_breaks": certificate.breaks,
        "reached": round(certificate.reached, 6),
        "reachable": round(certificate.reachable, 6),
        "gap": round(certificate.gap, 6),
    }


def drift(report: Report) -> Iterator[JsonObject]:
    """Yield what calendars owe: copies, links that are being made, rooms and their answers."""
    astray: dict[str, list[Astray]] = {}
    for each in report.facts.astray:
        astray.setdefault(each.uid, []).append(each)
    for action in report.plan.actions:
        meeting = action.meeting or action.standing
        if meeting is None or action.kind is ActionKind.CANCEL:
            continue
        known = {"pair": meeting.pair, "uid": meeting.calendar_uid, "done": "reported"}
        if action.kind is ActionKind.HOLD:
            if meeting.room_answer is Answer.DECLINED:
                yield {**known, "person": meeting.room, "code": "room-lost"}
            continue
        if meeting.link_pending:
            yield {**known, "person": meeting.organizer, "code": "link-missing"}
        if meeting.room and meeting.room_answer is Answer.NONE:
            yield {**known, "person": meeting.room, "code": "room-pending"}
        for each in astray.get(meeting.uid, ()) if action.kind is ActionKind.KEEP else ():
            is_sent = is_sent_again(meeting, each) and meeting.uid not in report.failed
            done = "resent" if is_sent else "reported"
            yield {**known, "person": each.person, "code": each.drift.value, "done": done}


def warnings(report: Report) -> Iterator[str]:
    """Yield what a coordinator should know of, one sentence each."""
    for pair in report.vanished:
        yield f"Pair {pair} is no longer in the pairs file: its meetings are left as they are."


def exit_status(report: Report) -> int:
    """Return 0 when nothing needs a person, 1 when something failed, 3 for the coordinator."""
    if report.failed or _nobody_readable(report):
        return FAILED
    if (
        report.refused
        or report.plan.unreadable
        or any(action.needs_a_person for action in report.plan.actions)
        or any(map(_needs_a_person, drift(report)))
    ):
        return COORDINATOR_NEEDED
    return DONE


def _needs_a_person(found: JsonObject) -> bool:
    return found["done"] == "reported" and found["code"] not in {"link-missing", "room-pending"}


def _nobody_readable(report: Report) -> bool:
    read = [reading for who, reading in report.facts.readings.items() if who in report.facts.people]
    return bool(read) and not any(isinstance(reading, FreeBusy) for reading in read)


def action_json(action: Action, report: Report) -> JsonObject:
    """Return one action; a hold names the broken meeting that stays, and what would help."""
    meeting = action.meeting
    found: JsonObject = {
        "kind": action.kind.value,
        "pair": action.pair,
        "occurrence": _occurrence(action),
        "period": [str(action.period.first), str(action.period.end)] if action.period else None,
        **_meeting_json(action, report),
        "reason": action.reason,
        "reason_code": str(action.reason_code),
        "alternatives": [
            {"start": instant(option.interval.start), "share": both_json(option.share)}
            for option in (meeting.options if meeting else ())
        ],
        **_result(action, report),
    }
    if action.kind is ActionKind.HOLD:
        found["relaxation"] = _relaxation_json(action.relaxation)
    if action.standing:
        found["uid"] = action.standing.calendar_uid
    if action.was:
        was = action.was
        found["was"] = {
            "start": instant(was.interval.start),
            "end": instant(was.interval.end),
            "format": was.format.value,
            "room": was.room,
            "uid": was.calendar_uid,
        }
    return found


def _relaxation_json(relaxation: Relaxation | None) -> JsonObject | None:
    return {"code": relaxation.code.value, "text": relaxation.text} if relaxation else None


def _occurrence(action: Action) -> int | None:
    if action.period:
        return action.period.number
    return action.meeting.occurrence if action.meeting else None


def _meeting_json(action: Action, report: Report) -> JsonObject:
    """Return what is known of the meeting; of a hold only who would have met."""
    meeting = action.meeting
    if meeting is None:
        pair = next(pair for pair in report.facts.pairs if pair.id == action.pair)
        known = {"organizer": pair.organizer, "attendees": list(pair.people)}
        return dict.fromkeys(_MEETING_KEYS) | known
    return {
        "format": meeting.format.value,
        "start": instant(meeting.interval.start),
        "end": instant(meeting.interval.end),
        "organizer": meeting.organizer,
        "attendees": list(meeting.people),
        "room": meeting.room,
        "join_url": meeting.join_url,
        "uid": meeting.calendar_uid,
        "sequence": meeting.sequence,
        "satisfaction": both_json(meeting.satisfaction),
        "share": both_json(meeting.share),
        "balance": both_json(meeting.balance),
    }


_MEETING_KEYS = (
    "format",
    "start",
    "end",
    "organizer",
    "attendees",
    "room",
    "join_url",
    "uid",
    "sequence",
    "satisfaction",
    "share",
    "balance",
)


def _result(action: Action, report: Report) -> JsonObject:
    if report.mode == "plan":
        return {"result": "planned"}
    if report.refused:
        return {"result": "skipped"}
    meetings = [meeting for meeting in (action.meeting, action.was) if meeting]
    problems: list[WriteError] = [
        report.failed[meeting.uid] for meeting in meetings if meeting.uid in report.failed
    ]
    if not problems:
        return {"result": "done"}
    result = "skipped" if problems[0].skipped else "failed"
    return {"result": result, "reason_code": problems[0].code, "reason": str(problems[0])}


def both_json(both: Both) -> JsonObject:
    """Return a number for each of the two."""
    return {"mentor": both.mentor, "mentee": both.mentee}


def unreadable_json(unreadable: Unreadable) -> JsonObject:
    """Return an entry of ``unreadable``: whose calendar, why, and what helps."""
    return {
        "person": unreadable.person,
        "provider": unreadable.provider.value,
        "reason_code": unreadable.code.value,
        "reason": unreadable.reason,
        "advice": unreadable.advice,
    }
