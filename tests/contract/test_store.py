"""The Store port: one suite over every adapter."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Step
from slotfinder.domain.meeting import (
    Answer,
    Attendee,
    Both,
    Event,
    Fallback,
    Meeting,
    MeetingState,
    Option,
    Receipt,
    Refusal,
)
from slotfinder.errors import LockHeldError, StoreError
from slotfinder.ports import (
    Changes,
    Entry,
    EntryKind,
    Forgetting,
    Happening,
    Held,
    Ledger,
    Message,
    Store,
)
from slotfinder.store.sql import open_store, read_log
from tests.contract.builders import meeting_of

NOW = datetime(2027, 1, 4, 6, tzinfo=UTC)
SLOT = Interval(NOW + timedelta(days=1), NOW + timedelta(days=1, minutes=45))
TOM = Attendee(email="tom@acme.example", name="Tom Ødegård", answer=Answer.ACCEPTED)
PRIYA = Attendee(email="priya@acme.example", name="Priya")
ROOM = Attendee(email="room@acme.example", name="Room", answer=Answer.ACCEPTED)
EVENT = Event(
    uid="uid-1",
    sequence=2,
    stamp=NOW,
    interval=SLOT,
    title="Reverse mentoring",
    text="Two lines\nof text",
    location="Room",
    join_url="https://meet.acme.example/p01",
    private=True,
    organizer=Attendee(email="mentoring@acme.example", name="Mentoring"),
    attendees=(TOM, PRIYA),
    room=ROOM,
)
MEETING = meeting_of(
    EVENT,
    satisfaction=Both(40, 60),
    share=Both(44, 66),
    best=Both(90, 91),
    balance=Both(140, 160),
    options=(Option(interval=SLOT, share=Both(1, 2)),),
    answers={TOM.email: Answer.TENTATIVE},
)


@pytest.fixture(params=["sqlite"])
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a store?#%.db") as opened:
        yield opened


def changes(**what: object) -> Changes:
    empty = Changes(
        now=NOW, pairs=("p01",), meetings=(), refusals=(), holds=(), happenings=(), entries=()
    )
    return replace(empty, **what)  # type: ignore[arg-type]


def steps(*meetings: Meeting, kind: Step = Step.BOOK) -> tuple[Happening, ...]:
    return tuple(
        Happening(at=NOW, run="r", meeting=each, kind=kind, cause="c", reason="A reason.")
        for each in meetings
    )


def booked(*meetings: Meeting, **what: object) -> Changes:
    return changes(meetings=meetings, happenings=steps(*meetings), **what)


def test_a_new_store_remembers_nothing(store: Store) -> None:
    assert store.load() == Ledger()
    assert store.pending() == []


def test_everything_recorded_is_loaded_again(store: Store) -> None:
    refusal = Refusal(pair="p01", period=date(2027, 1, 4), interval=SLOT, cause="declined")
    by_room = replace(refusal, cause="room-lost", room="room-a@acme.example")
    held = Held(
        pair="p01",
        period=date(2027, 1, 18),
        since=NOW,
        reason_code="away",
        reason="Both are away.",
        uid=None,
        relaxation_code="longer-period",
        relaxation_text="It would help to meet every 2 weeks.",
    )
    paused = replace(held, period=None, relaxation_code=None, relaxation_text=None)
    store.record(booked(MEETING, refusals=(refusal, by_room), holds=(held, paused)))

    assert store.load() == Ledger(
        meetings=(MEETING,),
        refusals=(refusal, by_room),
        holds=(held, paused),
        known_since={"p01": NOW},
        generations={("p01", MEETING.period): 1},
    )


def test_a_pair_is_known_since_it_was_first_recorded(store: Store) -> None:
    store.record(changes())
    store.record(changes(now=NOW + timedelta(days=1)))

    assert store.load().known_since == {"p01": NOW}


def test_a_meeting_recorded_again_replaces_itself(store: Store) -> None:
    later = replace(MEETING, interval=Interval(SLOT.start, SLOT.end + timedelta(hours=1)))
    store.record(booked(MEETING))
    store.record(changes(meetings=(later,)))

    assert store.load().meetings == (later,)


def test_a_withdrawn_meeting_stands_no_more_and_its_generation_is_used_up(store: Store) -> None:
    anew = replace(MEETING, uid="uid-2", generation=1)
    _book_anew(store, MEETING, anew)

    ledger = store.load()
    assert ledger.meetings == (anew,)
    assert ledger.generations == {("p01", MEETING.period): 2}


def test_two_standing_meetings_in_one_period_are_impossible_and_nothing_is_recorded(
    store: Store,
) -> None:
    twin = replace(MEETING, uid="uid-2")
    entry = Entry(key="k", uid="uid-2", kind=EntryKind.WRITE, provider=Provider.LOCAL, event=EVENT)
    with pytest.raises(StoreError, match=r"The store a store\?#%\.db cannot be used: UNIQUE"):
        store.record(booked(MEETING, twin, entries=(entry,)))

    assert store.load() == Ledger()
    assert store.pending() == []


def test_holds_of_recorded_pairs_are_replaced_and_those_of_others_stay(store: Store) -> None:
    def hold(pair: str, code: str) -> Held:
        return Held(pair=pair, period=None, since=NOW, reason_code=code, reason="", uid=None)

    store.record(changes(pairs=("p01", "p02"), holds=(hold("p01", "away"), hold("p02", "away"))))
    store.record(changes(pairs=("p01",), holds=(hold("p01", "closed"),)))

    assert {(each.pair, each.reason_code) for each in store.load().holds} == {
        ("p01", "closed"),
        ("p02", "away"),
    }


def test_outbox_entries_come_back_as_they_were_in_order_until_they_are_settled(
    store: Store,
) -> None:
    message = Message(key="m", recipient=TOM.email, content=b"\x00\xff mail")
    entries = (
        Entry(key="2", uid="uid-1", kind=EntryKind.WRITE, provider=Provider.LOCAL, event=EVENT),
        Entry(key="1", uid="uid-1", kind=EntryKind.MAIL, message=message),
    )
    store.record(booked(MEETING, entries=entries))

    assert store.pending() == list(entries)
    assert store.load().unsettled == {"uid-1"}

    store.settle(entries[0], NOW)
    assert store.pending() == [entries[1]]

    store.settle(entries[1], NOW)
    assert store.pending() == []
    assert store.load().unsettled == frozenset()


def test_an_entry_recorded_twice_is_done_once(store: Store) -> None:
    entry = Entry(key="k", uid="uid-1", kind=EntryKind.WRITE, provider=Provider.LOCAL, event=EVENT)
    store.record(changes(entries=(entry,)))
    store.settle(entry, NOW)
    store.record(changes(entries=(entry,)))

    assert store.pending() == []


GONE = replace(MEETING, state=MeetingState.WITHDRAWN)


@pytest.mark.parametrize(
    "impossible",
    [
        pytest.param(changes(meetings=(MEETING,)), id="booked and not logged"),
        pytest.param(booked(GONE), id="booked and gone"),
    ],
)
def test_a_step_no_meeting_can_take_is_refused_and_nothing_recorded(
    store: Store, impossible: Changes
) -> None:
    with pytest.raises(StoreError, match="of pair p01 cannot become"):
        store.record(impossible)

    assert store.load() == Ledger()


@pytest.mark.parametrize("kind", [Step.MOVE, Step.ADOPT])
def test_what_was_withdrawn_is_never_taken_up_again(store: Store, kind: Step) -> None:
    store.record(booked(MEETING))
    cancelled = steps(GONE, kind=Step.CANCEL)
    store.record(changes(meetings=(GONE,), happenings=cancelled, known=_known(store)))
    with pytest.raises(StoreError, match="cannot become booked"):
        store.record(changes(meetings=(MEETING,), happenings=steps(MEETING, kind=kind)))


ENTRY = Entry(
    key="uid-1.2.write", uid="uid-1", kind=EntryKind.WRITE, provider=Provider.GOOGLE, event=EVENT
)


def test_what_a_calendar_made_of_a_meeting_is_kept_with_it(store: Store) -> None:
    store.record(booked(MEETING, entries=(ENTRY,)))
    receipt = Receipt(
        calendar_uid="abc@google.com",
        join_url=None,
        link_pending=True,
        room=Answer.NONE,
        remark="No link.",
    )
    for _ in range(2):
        store.settle(ENTRY, NOW, receipt)

    [meeting] = store.load().meetings
    assert (meeting.calendar_uid, meeting.join_url) == ("abc@google.com", None)
    assert (meeting.link_pending, meeting.room_answer) == (True, Answer.NONE)
    assert meeting.reason.count("No link.") == 1
    assert store.pending() == []


def test_an_event_comes_back_with_what_to_write_where_no_link_is_made(store: Store) -> None:
    fallback = Fallback(text="Call me", location="", join_url="https://x.example")
    entry = replace(ENTRY, event=replace(EVENT, conference=fallback))
    store.record(changes(entries=(entry,)))
    assert store.pending() == [entry]


def test_crowded_calendars_are_remembered_until_they_are_read_otherwise(store: Store) -> None:
    store.record(changes(crowded={"tom@x.example": True, "ann@x.example": True}))
    store.record(changes(crowded={"ann@x.example": False, "bob@x.example": False}))
    assert store.load().crowded == {"tom@x.example"}


def test_an_abandoned_meeting_stands_no_more_and_its_entry_is_done(store: Store) -> None:
    store.record(booked(MEETING, entries=(ENTRY,)))
    message = Message(key="m", recipient=TOM.email, content=b"")
    mail = Entry(key="mail", uid=ENTRY.uid, kind=EntryKind.MAIL, message=message)
    store.record(changes(entries=(mail,)))
    store.abandon(ENTRY, stands=False)

    ledger = store.load()
    assert (ledger.meetings, ledger.unsettled, store.pending()) == ((), frozenset(), [])
    assert ledger.generations == {(MEETING.pair, MEETING.period): MEETING.generation + 1}


def _of_pair(uid: str, pair: str, interval: Interval) -> Changes:
    return booked(replace(MEETING, uid=uid, pair=pair, interval=interval), pairs=(pair,))


def test_two_runs_that_planned_side_by_side_never_book_one_person_twice(store: Store) -> None:
    later = Interval(SLOT.start + timedelta(minutes=15), SLOT.end + timedelta(minutes=15))
    store.record(_of_pair("uid-1", "p01", SLOT))
    with pytest.raises(LockHeldError, match="Another run has booked"):
        store.record(_of_pair("uid-2", "p02", later))

    assert [each.uid for each in store.load().meetings] == ["uid-1"]


def test_of_two_runs_that_planned_side_by_side_one_alone_books_a_pair(store: Store) -> None:
    store.record(_of_pair("uid-1", "p01", SLOT))
    with pytest.raises(LockHeldError, match="Another run has booked"):
        store.record(_of_pair("uid-1", "p01", _A_DAY_LATER))

    assert [each.interval for each in store.load().meetings] == [SLOT]


def test_what_another_run_withdrew_meanwhile_is_not_moved(store: Store) -> None:
    store.record(booked(MEETING))
    known = _known(store)
    store.record(changes(meetings=(GONE,), happenings=steps(GONE, kind=Step.CANCEL), known=known))
    moved = replace(MEETING, interval=_A_DAY_LATER)
    move = changes(meetings=(moved,), happenings=steps(moved, kind=Step.MOVE), known=known)
    with pytest.raises(LockHeldError, match="changed their meetings"):
        store.record(move)


def _known(store: Store) -> frozenset[tuple[str, datetime]]:
    return frozenset((each.uid, each.interval.start) for each in store.load().meetings)


_A_DAY_LATER = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))


def test_answers_seen_before_another_run_moved_the_meeting_are_not_recorded(store: Store) -> None:
    store.record(booked(MEETING))
    known = frozenset({(MEETING.uid, SLOT.start)})
    later = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
    moved = replace(MEETING, interval=later)
    step = steps(moved, kind=Step.MOVE)
    store.record(changes(meetings=(moved,), happenings=step, known=known))
    answered = replace(MEETING, answers={TOM.email: Answer.ACCEPTED})
    with pytest.raises(LockHeldError):
        store.record(changes(meetings=(answered,), known=known))

    assert store.load().meetings == (moved,)


def test_of_two_runs_that_tell_coordinators_the_same_one_does(store: Store) -> None:
    def digest(mark: str, key: str) -> Changes:
        message = Message(key=key, recipient="c@acme.example", content=b"")
        mail = Entry(key=key, uid="digest", kind=EntryKind.MAIL, message=message)
        return changes(pairs=(), entries=(mail,), digest=mark)

    for mark, key in (("a", "1"), ("a", "2"), ("b", "3"), ("a", "4")):
        store.record(digest(mark, key))

    assert [each.key for each in store.pending()] == ["1", "3", "4"]


def test_times_that_only_touch_are_in_nobodys_way(store: Store) -> None:
    store.record(_of_pair("uid-1", "p01", SLOT))
    store.record(_of_pair("uid-2", "p02", Interval(SLOT.end, SLOT.end + timedelta(minutes=45))))

    assert len(store.load().meetings) == 2


def test_a_move_that_must_not_be_done_leaves_the_meeting_as_it_stood(store: Store) -> None:
    store.record(booked(MEETING))
    moved = replace(MEETING, interval=_A_DAY_LATER, sequence=MEETING.sequence + 1, answers={})
    move = changes(
        meetings=(moved,),
        entries=(ENTRY,),
        happenings=steps(moved, kind=Step.MOVE),
        known=_known(store),
    )
    store.record(move)
    assert store.load().meetings == (moved,)

    store.abandon(ENTRY, stands=True)

    assert store.load().meetings == (MEETING,)
    assert store.pending() == []
    # The next run may decide the same again.
    store.record(move)
    assert store.pending() == [ENTRY]


def test_what_is_forgotten_is_gone_and_its_names_stay_used_up(store: Store) -> None:
    anew = replace(MEETING, uid="uid-2", generation=1)
    refusal = Refusal(pair="p01", period=MEETING.period, interval=SLOT, cause="declined")
    _book_anew(store, MEETING, anew, refusals=(refusal,), entries=(ENTRY,))
    store.settle(ENTRY, NOW)
    store.record(changes(forgetting=_everything_before(SLOT.end)))

    ledger = store.load()
    assert (ledger.meetings, ledger.refusals, store.pending()) == ((), (), [])
    assert ledger.generations == {("p01", MEETING.period): 2}
    assert ledger.known_since == {"p01": SLOT.end}


def test_what_is_still_to_be_told_of_a_meeting_keeps_all_of_its_period(store: Store) -> None:
    old = replace(MEETING, uid="uid-0")
    refusal = Refusal(pair="p01", period=MEETING.period, interval=SLOT, cause="declined")
    _book_anew(store, old, MEETING, refusals=(refusal,), entries=(ENTRY,))
    before = store.load()
    store.record(changes(forgetting=_everything_before(SLOT.end + timedelta(days=400))))

    after = store.load()
    assert (after.meetings, after.refusals) == (before.meetings, before.refusals)
    assert store.pending() == [ENTRY]


def test_a_meeting_that_counts_stays_however_old_it_is(store: Store) -> None:
    store.record(booked(MEETING))
    counted = frozenset({MEETING.uid})
    store.record(changes(forgetting=replace(_everything_before(SLOT.end), counted=counted)))

    assert store.load().meetings == (MEETING,)


def _book_anew(store: Store, old: Meeting, new: Meeting, **what: object) -> None:
    gone = replace(old, state=MeetingState.WITHDRAWN)
    store.record(booked(old))
    store.record(
        changes(
            meetings=(new, gone),
            happenings=(*steps(gone, kind=Step.CANCEL), *steps(new)),
            known=_known(store),
            **what,
        )
    )


def _everything_before(limit: datetime) -> Forgetting:
    return Forgetting(limit=limit, before={}, counted=frozenset(), commands=())


def test_a_move_that_must_not_be_done_is_alone_in_leaving_the_log(
    store: Store, tmp_path: Path
) -> None:
    """One run may book a meeting, or move it, and fail to move it on."""
    store.record(booked(MEETING))
    moved = replace(MEETING, interval=Interval(SLOT.end, SLOT.end + SLOT.length))
    step = steps(moved, kind=Step.MOVE)
    store.record(changes(meetings=(moved,), entries=(ENTRY,), happenings=step, known=_known(store)))

    store.abandon(ENTRY, stands=True)

    logged = read_log(tmp_path / "a store?#%.db")
    assert [each.kind for each in logged] == ["book"]
