"""What becomes of meetings that were booked: kept, adopted, moved, withdrawn or left alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from slotfinder.domain.cadence import InPerson, InPersonUnit
from slotfinder.domain.explain import OWED
from slotfinder.domain.freebusy import Kind
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Adopted, Broken, Cause, Stays, fate_of
from slotfinder.domain.meeting import Answer, Format, Meeting, Refusal, Seen
from slotfinder.domain.people import Days, PairStatus
from slotfinder.domain.programme import TentativePolicy
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind
from slotfinder.planning.programme import plan
from tests.planning.builders import (
    ANNA,
    HUB,
    MONDAY,
    NOW,
    PRIYA,
    ROOM_A,
    ROOM_B,
    TOM,
    as_booked,
    at,
    busy,
    declined,
    deleted,
    dragged,
    facts,
    meeting,
    pair,
    person,
    programme,
    span,
    wishes,
)

BOOKED = meeting("6 10:00")
Change = Callable[[Meeting], Seen]


def first(known: Facts, now: str | None = None) -> list[Action]:
    """Return what happens to the pair's first period."""
    actions = plan(known, at(now) if now else NOW).actions
    return [each for each in actions if each.period and each.period.number == 1]


def summary(actions: list[Action]) -> list[tuple[str, str]]:
    return [(str(each.kind), str(each.reason_code)) for each in actions]


# --- fate_of: what calendars show, judged ---------------------------------------------------------


def test_an_untouched_meeting_stays() -> None:
    assert (
        fate_of(BOOKED, as_booked(BOOKED), conflict=False, closed=False, room_taken=False)
        == Stays()
    )


def test_a_meeting_a_person_moved_is_adopted_where_both_are_free() -> None:
    fate = fate_of(
        BOOKED, dragged(BOOKED, "7 11:00"), conflict=False, closed=False, room_taken=False
    )
    assert fate == Adopted(span("7 11:00"))


def test_wishes_and_closures_are_not_asked_of_a_time_a_person_chose() -> None:
    fate = fate_of(
        BOOKED, dragged(BOOKED, "7 20:00"), conflict=False, closed=True, room_taken=False
    )
    assert fate == Adopted(span("7 20:00"))


@pytest.mark.parametrize(
    ("change", "conflict", "closed", "cause", "refused"),
    [
        (declined, False, False, Cause.DECLINED, True),
        (deleted, False, False, Cause.DELETED, True),
        (deleted, True, True, Cause.DELETED, True),
        (lambda m: dragged(m, "7 11:00"), True, False, Cause.MOVED, False),
        (as_booked, True, False, Cause.CONFLICT, False),
        (as_booked, False, True, Cause.CLOSED, False),
    ],
)
def test_a_broken_meeting_has_its_cause(
    change: Change, cause: Cause, *, conflict: bool, closed: bool, refused: bool
) -> None:
    fate = fate_of(BOOKED, change(BOOKED), conflict=conflict, closed=closed, room_taken=False)
    assert isinstance(fate, Broken)
    assert (fate.cause, fate.refused) == (cause, refused)


# --- what the plan does about it ------------------------------------------------------------------


def test_a_sound_meeting_is_kept_with_the_numbers_it_was_booked_with() -> None:
    [action] = first(facts(meetings=[(BOOKED, as_booked(BOOKED))]))
    assert (action.kind, action.meeting) == (ActionKind.KEEP, BOOKED)


def test_a_declined_meeting_is_moved_and_its_old_time_not_offered_again() -> None:
    whose = [person(TOM, "We 09:00-12:00")]
    [action] = first(facts(people=whose, meetings=[(BOOKED, declined(BOOKED))]))
    assert summary([action]) == [("move", "declined")]
    assert action.was is not None
    assert action.was.interval == action.refused == BOOKED.interval
    assert action.meeting is not None
    assert not action.meeting.interval.overlaps(BOOKED.interval)
    assert (action.meeting.uid, action.meeting.sequence, action.meeting.moves) == (BOOKED.uid, 1, 1)


def test_a_declined_meeting_without_another_slot_is_withdrawn_and_its_period_held() -> None:
    whose = [person(TOM, "We 10:00-11:00")]
    actions = first(facts(people=whose, meetings=[(BOOKED, declined(BOOKED))]))
    assert summary(actions) == [("cancel", "declined"), ("hold", "no-common-free-time")]
    assert actions[1].standing is None


def test_a_deleted_meeting_is_rebooked_as_another_event_at_another_time() -> None:
    withdrawn, action = first(facts(meetings=[(BOOKED, deleted(BOOKED))]))
    assert summary([withdrawn, action]) == [("cancel", "deleted"), ("book", "deleted")]
    assert action.meeting is not None
    assert action.meeting.uid != BOOKED.uid
    assert (action.meeting.generation, action.meeting.sequence) == (1, 0)
    assert not action.meeting.interval.overlaps(BOOKED.interval)


def test_a_meeting_that_is_deleted_once_more_waits_for_a_coordinator() -> None:
    refusal = Refusal(pair="p1", period=MONDAY, interval=span("5 10:00"), cause=Cause.DELETED)
    known = facts(meetings=[(BOOKED, deleted(BOOKED))], refusals=(refusal,))
    [action] = first(known)
    assert summary([action]) == [("hold", "budget-spent")]
    assert action.standing == BOOKED


def test_an_adopted_meeting_keeps_its_occurrence_and_is_worth_what_the_new_time_is() -> None:
    whose = [person(TOM, "Mo-Fr 09:00-12:00 = 1; Mo-Fr 12:00-17:00 = 0.4")]
    [action] = first(facts(people=whose, meetings=[(BOOKED, dragged(BOOKED, "7 13:00"))]))
    assert summary([action]) == [("adopt", "moved-by-person")]
    assert action.meeting is not None
    assert (action.meeting.interval, action.meeting.uid) == (span("7 13:00"), BOOKED.uid)
    assert action.meeting.satisfaction.mentor == action.meeting.share.mentor == 40
    assert action.meeting.occurrence == 1


def test_a_meeting_moved_into_another_week_still_belongs_to_its_own() -> None:
    actions = plan(facts(meetings=[(BOOKED, dragged(BOOKED, "13 10:00"))]), NOW).actions
    assert [(a.kind, a.period.number if a.period else 0) for a in actions] == [
        ("adopt", 1),
        ("book", 2),
    ]
    second = actions[1].meeting
    assert second is not None
    assert abs(second.interval.start - at("13 10:00")) >= timedelta(days=2)


@pytest.mark.parametrize(
    ("now", "change", "kind"),
    [
        ("27 09:00", lambda moved: dragged(moved, "29 15:00"), ActionKind.ADOPT),
        ("28 12:00", declined, ActionKind.HOLD),
    ],
)
def test_a_meeting_moved_weeks_ahead_of_its_own_period_is_still_judged(
    now: str, change: Change, kind: ActionKind
) -> None:
    moved = replace(BOOKED, interval=span("28 15:00"))
    actions = plan(facts(meetings=[(moved, change(moved))], now=at(now)), at(now)).actions
    assert kind in [each.kind for each in actions if each.period and each.period.number == 1]


def test_a_meeting_moved_to_where_somebody_is_busy_is_moved_on() -> None:
    known = facts(blocks={TOM: [busy("7 13:30")]}, meetings=[(BOOKED, dragged(BOOKED, "7 13:00"))])
    assert summary(first(known)) == [("move", "moved-by-person")]


@pytest.mark.parametrize(
    ("policy", "kind"),
    [(TentativePolicy.BLOCK, "move"), (TentativePolicy.AVOID, "adopt")],
)
def test_tentative_time_keeps_a_move_from_being_adopted_only_where_it_blocks(
    policy: TentativePolicy, kind: str
) -> None:
    known = facts(
        rules=programme(compromise={"tentative": policy}),
        blocks={TOM: [busy("7 13:30", kind=Kind.TENTATIVE)]},
        meetings=[(BOOKED, dragged(BOOKED, "7 13:00"))],
    )
    assert summary(first(known)) == [(kind, "moved-by-person")]


@pytest.mark.parametrize("kind", [Kind.BUSY, Kind.OUT_OF_OFFICE, Kind.UNKNOWN])
def test_another_entry_at_its_time_breaks_a_meeting(kind: Kind) -> None:
    known = facts(
        blocks={PRIYA: [busy("6 10:30", kind=kind)]}, meetings=[(BOOKED, as_booked(BOOKED))]
    )
    assert summary(first(known)) == [("move", "conflict")]


@pytest.mark.parametrize("kind", [Kind.TENTATIVE, Kind.ELSEWHERE])
@pytest.mark.parametrize("policy", list(TentativePolicy))
def test_a_tentative_entry_or_working_elsewhere_breaks_no_virtual_meeting(
    kind: Kind, policy: TentativePolicy
) -> None:
    known = facts(
        rules=programme(compromise={"tentative": policy}),
        blocks={PRIYA: [busy("6 10:30", kind=kind)]},
        meetings=[(BOOKED, as_booked(BOOKED))],
    )
    assert summary(first(known)) == [("keep", "best-compromise")]


def test_working_elsewhere_breaks_a_meeting_in_person() -> None:
    seated = replace(BOOKED, format=Format.IN_PERSON)
    known = facts(
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB)],
        blocks={PRIYA: [busy("6 10:30", kind=Kind.ELSEWHERE)]},
        meetings=[(seated, as_booked(seated))],
    )
    [action] = first(known)
    assert action.reason_code == "conflict"
    assert action.meeting is not None
    assert action.meeting.uid != seated.uid, "another format is another event"


def test_our_own_entry_at_the_time_of_a_meeting_is_no_conflict() -> None:
    ours = replace(busy("6 10:00"), uid=BOOKED.uid)
    known = facts(blocks={TOM: [ours]}, meetings=[(BOOKED, as_booked(BOOKED))])
    assert summary(first(known)) == [("keep", "best-compromise")]


def test_of_two_entries_a_feed_shows_at_a_meetings_time_one_is_foreign() -> None:
    once = facts(blocks={TOM: [busy("6 10:00")]}, meetings=[(BOOKED, as_booked(BOOKED))])
    twice = facts(blocks={TOM: [busy("6 10:00")] * 2}, meetings=[(BOOKED, as_booked(BOOKED))])
    assert summary(first(once)) == [("keep", "best-compromise")]
    assert summary(first(twice)) == [("move", "conflict")]


def test_leave_or_a_blackout_that_came_later_breaks_a_meeting() -> None:
    day = (Days(BOOKED.interval.start.date(), BOOKED.interval.start.date()),)
    away = facts(people=[person(TOM, away=day)], meetings=[(BOOKED, as_booked(BOOKED))])
    blackout = facts(rules=programme(blackouts=day), meetings=[(BOOKED, as_booked(BOOKED))])
    assert summary(first(away)) == summary(first(blackout)) == [("move", "closed")]


def test_changed_wishes_gap_and_floor_break_no_meeting() -> None:
    known = facts(
        rules=programme(compromise={"floor": 100}, gap=timedelta(days=7)),
        people=[person(TOM, "Fr 09:00-17:00")],
        meetings=[(BOOKED, as_booked(BOOKED))],
    )
    assert summary(first(known)) == [("keep", "best-compromise")]


# --- freeze, budget, unreadable -------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "held"), [(19, True), (20, False)])
def test_a_broken_meeting_closer_than_freeze_is_left_alone(hours: int, *, held: bool) -> None:
    now = BOOKED.interval.start - timedelta(hours=hours)
    known = facts(meetings=[(BOOKED, declined(BOOKED))], now=now)
    actions = [a for a in plan(known, now).actions if a.period and a.period.number == 1]
    assert (summary(actions) == [("hold", "frozen")]) is held
    assert (actions[0].standing is not None) is held


@pytest.mark.parametrize(("moves", "kind"), [(1, "move"), (2, "hold")])
def test_a_meeting_is_moved_as_often_as_the_budget_allows(moves: int, kind: str) -> None:
    moved = replace(BOOKED, moves=moves)
    [action] = first(facts(meetings=[(moved, declined(moved))]))
    assert action.kind == kind
    assert action.reason_code == ("declined" if kind == "move" else "budget-spent")
    assert (action.standing is not None) is (kind == "hold")


@pytest.mark.parametrize("change", [declined, deleted, lambda m: dragged(m, "7 11:00")])
def test_nothing_is_written_for_a_pair_with_an_unreadable_person(change: Change) -> None:
    known = facts(unknown=[PRIYA], meetings=[(BOOKED, change(BOOKED))])
    [action] = first(known)
    assert summary([action]) == [("hold", "calendar-unreadable")]
    assert action.standing is not None
    assert action.standing.uid == BOOKED.uid


def test_a_sound_meeting_of_an_unreadable_person_is_kept() -> None:
    known = facts(unknown=[PRIYA], meetings=[(BOOKED, as_booked(BOOKED))])
    assert summary(first(known)) == [("keep", "best-compromise")]


def test_an_unreadable_person_holds_nobody_elses_pair() -> None:
    known = facts(pairs=[pair(), pair("p2", ANNA, TOM)], unknown=[PRIYA])
    found = {(a.pair, str(a.kind), str(a.reason_code)) for a in plan(known, NOW).actions}
    assert found == {("p1", "hold", "calendar-unreadable"), ("p2", "book", "best-compromise")}


def test_a_meeting_whose_writing_is_unfinished_is_left_alone() -> None:
    known = facts(meetings=[(BOOKED, deleted(BOOKED))], unsettled=frozenset({BOOKED.uid}))
    assert summary(first(known)) == [("keep", "best-compromise")]


# --- rooms, periods, pairs ------------------------------------------------------------------------


def test_a_moved_meeting_in_person_takes_another_room_where_its_own_is_taken() -> None:
    seated = replace(BOOKED, format=Format.IN_PERSON, room=ROOM_A)
    known = facts(
        rules=programme(rooms=[ROOM_A, ROOM_B]),
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB)],
        blocks={ROOM_A: [busy("7 11:00")]},
        meetings=[(seated, dragged(seated, "7 11:00"))],
    )
    [action] = first(known)
    assert action.kind is ActionKind.ADOPT
    assert action.meeting is not None
    assert action.meeting.room == ROOM_B


def test_a_meeting_moved_to_where_no_room_is_free_is_adopted_without_one_and_says_so() -> None:
    seated = replace(BOOKED, format=Format.IN_PERSON, room=ROOM_A)
    known = facts(
        rules=programme(rooms=[ROOM_A]),
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB)],
        blocks={ROOM_A: [busy("7 11:00")]},
        meetings=[(seated, dragged(seated, "7 11:00"))],
    )
    [action] = first(known)
    assert action.kind is ActionKind.ADOPT
    assert action.meeting is not None
    assert action.meeting.room is None
    assert "No room is free then" in action.reason


def test_a_meeting_in_person_is_adopted_though_the_two_share_no_site_any_more() -> None:
    seated = replace(BOOKED, format=Format.IN_PERSON)
    known = facts(people=[person(TOM, site=HUB)], meetings=[(seated, dragged(seated, "7 11:00"))])
    [action] = first(known)
    assert summary([action]) == [("adopt", "moved-by-person")]
    assert action.meeting is not None
    assert action.meeting.share.mentor == 100, "where there is no candidate there is no best"


def test_a_meeting_that_lost_its_room_gets_another_one_at_the_same_time() -> None:
    seated = replace(BOOKED, format=Format.IN_PERSON, room=ROOM_A)
    known = facts(
        rules=programme(rooms=[ROOM_A, ROOM_B]),
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB)],
        blocks={ROOM_A: [busy("6 10:30", 5)]},
        meetings=[(seated, as_booked(seated))],
    )
    [action] = first(known)
    assert summary([action]) == [("move", "room-lost")]
    assert action.meeting == replace(
        seated,
        room=ROOM_B,
        revision=1,
        reason_code=action.reason_code,
        reason=action.reason,
    )


SEATED = replace(BOOKED, format=Format.IN_PERSON, room=ROOM_A)
BY_A = Refusal(
    pair="p1", period=MONDAY, interval=SEATED.interval, cause=Cause.ROOM_LOST, room=ROOM_A
)


def refused(*rooms: str, seated: Meeting = SEATED, **changes: Any) -> Facts:
    """Return a pair due in person whose room said no, at a site with these rooms."""
    return facts(
        rules=programme(rooms=rooms, rules={"horizon": timedelta(days=4)}),
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB)],
        pairs=[pair(in_person=InPerson(InPersonUnit.PERIODS))],
        meetings=[(seated, as_booked(seated, room=Answer.DECLINED))],
        **changes,
    )


def outcome(action: Action) -> tuple[str, str, Format, str | None, Interval]:
    meeting = action.meeting
    assert meeting is not None
    return action.kind, action.reason_code, meeting.format, meeting.room, meeting.interval


def test_where_no_other_room_is_free_the_meeting_moves_to_another_time_in_person() -> None:
    [action] = first(refused(ROOM_A))
    kind, code, form, room, interval = outcome(action)
    assert (kind, code, form, room) == ("move", "room-lost", "in-person", ROOM_A)
    assert not interval.overlaps(SEATED.interval), "free as its calendar looks, it said no"


def test_a_room_that_refused_is_not_asked_again_for_that_time() -> None:
    known = refused(ROOM_A, ROOM_B, seated=replace(SEATED, room=ROOM_B), refusals=(BY_A,))
    [action] = first(known)
    assert outcome(action)[:3] == ("move", "room-lost", "in-person")
    assert not outcome(action)[-1].overlaps(SEATED.interval)


def test_what_a_room_refused_one_pair_it_is_not_asked_for_another() -> None:
    only = person(ANNA, "We 10:00-11:00", site=HUB)
    other = pair("p2", TOM, ANNA, in_person=InPerson(InPersonUnit.PERIODS))
    known = facts(
        rules=programme(rooms=[ROOM_A, ROOM_B], rules={"horizon": timedelta(days=4)}),
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB), only],
        pairs=[other],
        refusals=(BY_A,),
    )
    [action] = first(known)
    assert outcome(action) == ("book", "best-compromise", "in-person", ROOM_B, SEATED.interval)


def test_what_rooms_refused_at_a_second_time_goes_on_online_and_is_owed() -> None:
    earlier = replace(BY_A, interval=span("5 10:00"))
    [action] = first(refused(ROOM_A, refusals=(earlier,)))
    assert outcome(action)[:4] == ("move", "room-lost", "virtual", None)
    assert OWED in action.reason


def test_what_may_be_moved_no_more_goes_on_online_at_its_time_and_is_owed() -> None:
    [action] = first(refused(ROOM_A, seated=replace(SEATED, moves=2)))
    assert outcome(action) == ("move", "room-lost", "virtual", None, SEATED.interval)
    assert OWED in action.reason


def test_what_may_be_moved_no_more_and_cannot_be_online_then_is_for_a_coordinator() -> None:
    apart = person(PRIYA, "Th 09:00-17:00", site=HUB, wishes_in_person=wishes("We 09:00-17:00"))
    known = refused(ROOM_A, seated=replace(SEATED, moves=2))
    [action] = first(replace(known, people={**known.people, PRIYA: apart}))
    assert summary([action]) == [("hold", "budget-spent")]
    assert action.standing is not None


def test_a_room_lost_too_close_to_be_moved_is_said_to_be_lost() -> None:
    now = BOOKED.interval.start - timedelta(hours=19)
    [action] = plan(refused(ROOM_A, ROOM_B, now=now), now).actions
    assert summary([action]) == [("hold", "frozen")]
    assert "room" in action.reason


def test_a_declined_meeting_that_is_over_did_not_take_place_and_its_period_is_open_again() -> None:
    now = "6 12:00"
    withdrawn, action = first(facts(meetings=[(BOOKED, declined(BOOKED))], now=at(now)), now)
    assert summary([withdrawn, action]) == [("cancel", "declined"), ("book", "best-compromise")]


def test_a_meeting_that_took_place_fills_its_period_and_is_remembered() -> None:
    now = "8 12:00"
    known = facts(meetings=[(BOOKED, None)], now=at(now))
    actions = plan(known, at(now)).actions
    assert [a.period.number for a in actions if a.period] == [2, 3]
    assert actions[0].meeting is not None
    assert actions[0].meeting.balance.mentor == 50 + 80 + actions[0].meeting.satisfaction.mentor


@pytest.mark.parametrize("change", [declined, deleted, lambda m: dragged(m, "02-18 11:00")])
def test_a_broken_meeting_of_a_period_beyond_what_is_read_is_left_alone(change: Change) -> None:
    far = meeting("02-16 10:00")
    [action] = [a for a in plan(facts(meetings=[(far, change(far))]), NOW).actions if a.standing]
    assert summary([action]) == [("hold", "calendar-unreadable")]


@pytest.mark.parametrize(
    ("change", "summaries"),
    [
        ({"status": PairStatus.PAUSED}, [("cancel", "pair-paused"), ("hold", "paused")]),
        ({"agreed": False}, [("cancel", "not-agreed"), ("hold", "not-agreed")]),
        ({"status": PairStatus.ENDED}, [("cancel", "pair-ended")]),
        ({"status": PairStatus.PROPOSED}, [("cancel", "pair-proposed")]),
    ],
)
def test_a_pair_that_stops_loses_its_future_meetings(
    change: dict[str, Any], summaries: list[tuple[str, str]]
) -> None:
    known = facts(pairs=[pair(**change)], meetings=[(BOOKED, as_booked(BOOKED))])
    actions = list(plan(known, NOW).actions)
    assert summary(actions) == summaries
    assert not any(a.period for a in actions if a.kind is ActionKind.HOLD)


def test_two_meetings_of_a_person_are_never_planned_into_each_others_buffers() -> None:
    rules = programme(rules={"buffer": 30})
    known = facts(rules=rules, pairs=[pair(), pair("p2", TOM, ANNA)])
    taken = [a.meeting.interval for a in plan(known, NOW).actions if a.meeting]
    wide = [Interval(each.start - timedelta(minutes=30), each.end) for each in sorted(taken)]
    assert not any(one.overlaps(other) for one, other in pairwise(wide))


def test_a_pairs_own_meetings_keep_the_way_between_them_however_small_the_gap() -> None:
    """The only slots are the last of one week and the first of the next, side by side."""
    rules = programme(rules={"buffer": 30, "horizon": timedelta(days=10)}, gap=timedelta())
    people = [person(who, "Su 23:00-24:00; Mo 00:00-02:00") for who in (TOM, PRIYA)]
    known = facts(
        rules=rules,
        people=people,
        pairs=[pair()],
        blocks={TOM: [busy("4 00:00", 9000), busy("17 00:00", 1440)]},
    )
    first, second = (a.meeting.interval for a in plan(known, NOW).actions if a.meeting)
    assert second.start - first.end >= timedelta(minutes=30)


def test_the_way_to_a_standing_meeting_stays_free_for_the_next_run() -> None:
    """Promise 4: what one run kept free is not booked by the next."""
    there = meeting("6 10:00", format=Format.IN_PERSON)
    people = [person(TOM, site=HUB), person(PRIYA, site=HUB), person(ANNA, "We 10:45-13:00")]
    rules = programme(rules={"horizon": timedelta(days=4)})
    known = facts(
        rules=rules,
        people=people,
        pairs=[pair(), pair("p2", TOM, ANNA)],
        meetings=[(there, as_booked(there))],
    )

    [booked] = [action for action in plan(known, NOW).actions if action.pair == "p2"]

    assert booked.meeting is not None
    assert booked.meeting.interval.start - there.interval.end >= timedelta(minutes=15)
