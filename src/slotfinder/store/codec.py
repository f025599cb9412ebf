"""Rows and JSON of the store ↔ values of the core."""

import base64
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import RowMapping

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import (
    Answer,
    Attendee,
    Both,
    Event,
    Fallback,
    Format,
    Lifted,
    Meeting,
    MeetingState,
    Option,
    Receipt,
)
from slotfinder.ports import Entry, EntryKind, Message

JsonObject = dict[str, Any]

_PAIRED = ("satisfaction", "share", "best", "balance")


def meeting_row(meeting: Meeting) -> JsonObject:
    """Return the columns of a meeting."""
    row: JsonObject = {
        "uid": meeting.uid,
        "pair": meeting.pair,
        "period": meeting.period,
        "occurrence": meeting.occurrence,
        "generation": meeting.generation,
        "state": meeting.state.value,
        "format": meeting.format.value,
        "start": meeting.interval.start,
        "end": meeting.interval.end,
        "planned": meeting.planned,
        "sequence": meeting.sequence,
        "revision": meeting.revision,
        "moves": meeting.moves,
        "organizer": meeting.organizer,
        "mentor": meeting.mentor,
        "mentee": meeting.mentee,
        "room": meeting.room,
        "join_url": meeting.join_url,
        "reason_code": meeting.reason_code,
        "reason": meeting.reason,
        "options": [
            {**_interval_json(option.interval), "share": _both_json(option.share)}
            for option in meeting.options
        ],
        "answers": {who: answer.value for who, answer in meeting.answers.items()},
        "calendar_uid": meeting.calendar_uid,
        "link_pending": meeting.link_pending,
        "room_answer": meeting.room_answer.value if meeting.room_answer else None,
        "sent_again": meeting.sent_again,
        "held": meeting.held,
        "lifted": [each.value for each in meeting.lifted],
    }
    for name in _PAIRED:
        both: Both = getattr(meeting, name)
        row |= {f"{name}_mentor": both.mentor, f"{name}_mentee": both.mentee}
    return row


def meeting_from(row: RowMapping) -> Meeting:
    """Return the meeting a row holds."""
    return Meeting(
        uid=row["uid"],
        pair=row["pair"],
        period=row["period"],
        occurrence=row["occurrence"],
        generation=row["generation"],
        state=MeetingState(row["state"]),
        format=Format(row["format"]),
        interval=Interval(row["start"], row["end"]),
        planned=row["planned"],
        sequence=row["sequence"],
        revision=row["revision"],
        moves=row["moves"],
        organizer=row["organizer"],
        mentor=row["mentor"],
        mentee=row["mentee"],
        room=row["room"],
        join_url=row["join_url"],
        reason_code=row["reason_code"],
        reason=row["reason"],
        options=tuple(
            Option(interval=_interval(option), share=Both(**option["share"]))
            for option in row["options"]
        ),
        answers={who: Answer(answer) for who, answer in row["answers"].items()},
        calendar_uid=row["calendar_uid"],
        link_pending=row["link_pending"],
        room_answer=Answer(row["room_answer"]) if row["room_answer"] else None,
        sent_again=row["sent_again"],
        held=row["held"],
        lifted=tuple(map(Lifted, row["lifted"])),
        **{name: Both(row[f"{name}_mentor"], row[f"{name}_mentee"]) for name in _PAIRED},
    )


def as_json(row: RowMapping) -> JsonObject:
    """Return the columns of a meeting as JSON keeps them."""
    return {
        name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()
    }


def from_json(found: Mapping[str, Any]) -> JsonObject:
    """Return the columns of a meeting that ``as_json`` made."""
    row = dict(found)
    row |= {name: _instant(row[name]) for name in ("start", "end", "planned")}
    return row | {"period": date.fromisoformat(row["period"])}


def receipt_row(receipt: Receipt) -> JsonObject:
    """Return the columns of a meeting that what a calendar made of it changes."""
    return {
        "calendar_uid": receipt.calendar_uid,
        "join_url": receipt.join_url,
        "link_pending": receipt.link_pending,
        "room_answer": receipt.room.value if receipt.room else None,
    }


def entry_row(entry: Entry, recorded: datetime) -> JsonObject:
    """Return the columns of an outbox entry that is still to be done."""
    payload: JsonObject = {}
    if entry.event:
        payload["event"] = _event_json(entry.event)
    if entry.message:
        payload["message"] = {
            "key": entry.message.key,
            "recipient": entry.message.recipient,
            "content": base64.b64encode(entry.message.content).decode(),
        }
    return {
        "key": entry.key,
        "uid": entry.uid,
        "kind": entry.kind.value,
        "provider": entry.provider.value if entry.provider else None,
        "payload": payload,
        "recorded": recorded,
    }


def entry_from(row: RowMapping) -> Entry:
    """Return the outbox entry a row holds."""
    event, message = row["payload"].get("event"), row["payload"].get("message")
    return Entry(
        key=row["key"],
        uid=row["uid"],
        kind=EntryKind(row["kind"]),
        provider=Provider(row["provider"]) if row["provider"] else None,
        event=_event(event) if event else None,
        message=Message(
            key=message["key"],
            recipient=message["recipient"],
            content=base64.b64decode(message["content"]),
        )
        if message
        else None,
    )


def _event_json(event: Event) -> JsonObject:
    return {
        "uid": event.uid,
        "sequence": event.sequence,
        "stamp": event.stamp.isoformat(),
        **_interval_json(event.interval),
        "title": event.title,
        "text": event.text,
        "location": event.location,
        "join_url": event.join_url,
        "private": event.private,
        "organizer": _attendee_json(event.organizer),
        "attendees": [_attendee_json(each) for each in event.attendees],
        "room": _attendee_json(event.room) if event.room else None,
        "conference": asdict(event.conference) if event.conference else None,
        "sent_again": event.sent_again,
        "may_overlap": event.may_overlap,
    }


def _event(found: Mapping[str, Any]) -> Event:
    return Event(
        uid=found["uid"],
        sequence=found["sequence"],
        stamp=_instant(found["stamp"]),
        interval=_interval(found),
        title=found["title"],
        text=found["text"],
        location=found["location"],
        join_url=found["join_url"],
        private=found["private"],
        organizer=_attendee(found["organizer"]),
        attendees=tuple(_attendee(each) for each in found["attendees"]),
        room=_attendee(found["room"]) if found["room"] else None,
        # Entries an older version left know nothing of these.
        conference=Fallback(**conference) if (conference := found.get("conference")) else None,
        sent_again=found.get("sent_again", False),
        may_overlap=found.get("may_overlap", False),
    )


def _attendee_json(attendee: Attendee) -> JsonObject:
    return {"email": attendee.email, "name": attendee.name, "answer": attendee.answer.value}


def _attendee(found: Mapping[str, str]) -> Attendee:
    return Attendee(email=found["email"], name=found["name"], answer=Answer(found["answer"]))


def _interval_json(interval: Interval) -> JsonObject:
    return {"start": interval.start.isoformat(), "end": interval.end.isoformat()}


def _interval(found: Mapping[str, str]) -> Interval:
    return Interval(_instant(found["start"]), _instant(found["end"]))


def _both_json(both: Both) -> JsonObject:
    return {"mentor": both.mentor, "mentee": both.mentee}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
