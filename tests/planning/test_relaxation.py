"""The smallest single relaxation of a hold: each code, their order, and that it really helps."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.domain.cadence import InPerson, InPersonUnit, parse_cadence
from slotfinder.domain.explain import window_text
from slotfinder.domain.freebusy import Block
from slotfinder.domain.meeting import Format, Meeting
from slotfinder.domain.people import Days, Pair, PairStatus, Person
from slotfinder.domain.preference import parse_window
from slotfinder.domain.programme import Programme
from slotfinder.planning import relaxation
from slotfinder.planning.facts import Facts
from slotfinder.planning.plan import Action, ActionKind, Relaxation, RelaxationCode
from slotfinder.planning.programme import plan
from slotfinder.planning.together import choose
from tests.planning.builders import (
    ALWAYS,
    ANNA,
    HUB,
    NOW,
    PRIYA,
    ROOM_A,
    ROOM_B,
    TOM,
    as_booked,
    at,
    busy,
    dragged,
    facts,
    meeting,
    pair,
    person,
    programme,
    wishes,
)

ALWAYS_IN_PERSON = InPerson(InPersonUnit.PERIODS)
FIRST_WEEK = timedelta(days=9)
"""A horizon with which the first week alone is in sight of 1 January."""


def hold_of(known: Facts, name: str = "p1") -> Action:
    """Return the first hold of a pair."""
    actions = plan(known, NOW).actions
    return next(each for each in actions if each.kind is ActionKind.HOLD and each.pair == name)


def helped(known: Facts, name: str = "p1") -> tuple[str, str] | None:
    found = hold_of(known, name).relaxation
    return (found.code.value, found.text) if found else None


def couple(
    mentor: str, mentee: str, rules: Programme | None = None, of: Pair | None = None, **changes: Any
) -> Facts:
    """Return facts of a pair with these wishes, one week in sight."""
    rules = rules or programme()
    week = replace(rules, meetings=replace(rules.meetings, horizon=FIRST_WEEK))
    people = [person(TOM, mentor, **changes), person(PRIYA, mentee, **changes)]
    return facts(rules=week, people=people, pairs=[of or pair()])


def after_friday(gap: timedelta, monday: str) -> Facts:
    """Return a meeting on Friday 8th 10:00, and a second week in which only Monday is possible."""
    who = {"away": (Days(date(2027, 1, 12), date(2027, 1, 17)),)}
    booked = meeting("8 10:00")
    return facts(
        rules=programme(gap=gap),
        people=[person(TOM, monday, **who), person(PRIYA, ALWAYS)],
        meetings=[(booked, as_booked(booked))],
    )


# --- Each code, where it alone helps --------------------------------------------------------------


def test_a_smaller_gap() -> None:
    known = after_friday(timedelta(days=4), "Mo 10:00-11:00")

    assert hold_of(known).reason_code == "gap-too-small"
    assert helped(known) == (
        "smaller-gap",
        "It would help to let meetings of the pair be as close as 3 days.",
    )


def test_a_gap_that_is_no_whole_number_of_days() -> None:
    found = helped(after_friday(timedelta(days=4), "Mo 11:00-12:00"))

    assert found
    assert found[1].endswith("as close as 73 hours.")


def test_without_a_room() -> None:
    known = replace(
        couple("Mo 09:00-10:00", "Fr 09:00-10:00", site=HUB, wishes_in_person=wishes(ALWAYS)),
        programme=programme(rooms=[ROOM_A], rules={"horizon": FIRST_WEEK}),
        pairs=(pair(in_person=ALWAYS_IN_PERSON),),
    )

    assert helped(known) == ("without-room", "It would help to meet at Hub without a room.")


def test_another_format() -> None:
    known = couple("Mo 09:00-10:00", "Fr 09:00-10:00", site=HUB, wishes_in_person=wishes(ALWAYS))

    assert helped(known) == ("other-format", "It would help to meet in person at Hub.")


def test_a_shorter_meeting_as_long_as_possible() -> None:
    rules = programme(rules={"grid": 15})
    known = couple("Tu 09:00-09:50", "Tu 09:00-09:50", rules)

    assert helped(known) == ("shorter", "It would help to meet for 45 minutes instead of 60.")


@pytest.mark.parametrize(("grid", "minutes"), [(5, 15), (10, 20)])
def test_no_meeting_is_shorter_than_a_quarter_of_an_hour(grid: int, minutes: int) -> None:
    day = f"Tu 09:00-09:{minutes}"
    shorter = "Tu 09:00-09:10"
    rules = programme(rules={"grid": grid})

    assert helped(couple(day, day, rules)) == (
        "shorter",
        f"It would help to meet for {minutes} minutes instead of 60.",
    )
    found = helped(couple(shorter, day, rules))
    assert found is None or found[0] != "shorter"


@pytest.mark.parametrize(
    ("mentor", "mentee", "text"),
    [
        # Both would have to give 90 minutes: the mentor is asked.
        ("Mo-Fr 10:00-12:00", "Mo-Fr 08:00-09:30", "mentor could also meet Mo-Fr 08:30-10:00"),
        # The mentor alone cannot: the mentee's half hour is too short.
        ("Mo-Fr 10:00-12:00", "Tu 09:30-10:00", "mentee could also meet Tu 10:00-11:00"),
        # The mentee's second window is nearer.
        (
            "Mo 16:00-17:00",
            "Mo 09:00-10:00; Mo 14:00-15:30; Fr 10:00-12:00",
            "mentor could also meet Mo 14:30-16:00",
        ),
        # Half an hour of one person is less than an hour of the other.
        ("Mo 16:00-16:30", "Mo 16:30-18:00", "mentor could also meet Mo 16:30-17:30"),
        ("Mo 16:00-18:00", "Mo 15:30-16:00", "mentee could also meet Mo 16:00-17:00"),
    ],
)
def test_wider_wishes_of_one_person(mentor: str, mentee: str, text: str) -> None:
    assert helped(couple(mentor, mentee)) == (
        "wider-wishes",
        f"It would help if the {text} (their own time).",
    )


def test_fewer_minutes_of_the_mentee_come_before_more_of_the_mentor() -> None:
    # 10:00-11:00 costs the mentee an hour, 08:30-09:30 would cost the mentor an hour and a half.
    known = couple("Mo 10:00-12:00", "Mo 08:30-09:30; Mo 09:45-10:00")

    assert (helped(known) or ("", ""))[1].startswith("It would help if the mentee could also")


def test_wishes_are_not_widened_by_more_than_three_hours() -> None:
    assert helped(couple("Mo 09:00-10:00", "Mo 12:30-13:30")) is None
    assert helped(couple("Mo 09:00-10:00", "Mo 12:00-13:00")) is not None


def test_a_wish_of_no_weight_is_none_to_widen() -> None:
    assert helped(couple("Mo 09:00-10:00", "Mo 09:00-10:00 = 0")) is None


def test_defaults_are_widened_like_own_wishes() -> None:
    """Who states no wishes has the role's: 09:00-17:00."""
    known = couple("Mo-Fr 07:00-08:00", "Mo-Fr 07:00-08:00")
    tom = replace(known.people[TOM], wishes=None)

    assert helped(replace(known, people={**known.people, TOM: tom})) == (
        "wider-wishes",
        "It would help if the mentor could also meet Mo-Fr 07:00-09:00 (their own time).",
    )


def test_a_longer_period() -> None:
    known = couple(ALWAYS, ALWAYS, away=(Days(date(2027, 1, 4), date(2027, 1, 10)),))

    assert hold_of(known).reason_code == "away"
    assert helped(known) == (
        "longer-period",
        "It would help to meet every 2 weeks instead of every week.",
    )


def test_what_lies_beyond_the_time_that_was_read_is_unknown_and_never_free() -> None:
    """Calendars were read until 11 January; a second week helps only if a day of it was read."""
    away = (Days(date(2027, 1, 4), date(2027, 1, 11)),)
    known = couple(ALWAYS, ALWAYS, away=away)

    assert known.window.end == at("12 00:00")
    assert helped(known) is None


def test_months_and_rules() -> None:
    away = (Days(date(2027, 1, 1), date(2027, 2, 3)),)
    monthly = pair(cadence=parse_cadence("2 months"))
    ruled = pair(cadence=parse_cadence("FREQ=WEEKLY"))
    long_away = (Days(date(2027, 1, 1), date(2027, 3, 3)),)

    assert helped(couple(ALWAYS, ALWAYS, of=ruled, away=away)) is None
    assert helped(couple(ALWAYS, ALWAYS, of=monthly, away=long_away)) == (
        "longer-period",
        "It would help to meet every 3 months instead of every 2 months.",
    )


# --- The order of smallest ------------------------------------------------------------------------


def test_a_gap_is_smaller_than_a_shorter_meeting() -> None:
    """73 hours after Friday 10:00 is Monday 11:00: half an hour of the wish is left."""
    known = after_friday(timedelta(hours=73), "Mo 10:00-11:30")

    assert (helped(known) or "")[0] == "smaller-gap"


def test_a_room_is_smaller_than_a_shorter_meeting() -> None:
    known = couple("Mo 09:00-09:30", "Mo 09:00-09:30", site=HUB, wishes_in_person=wishes(ALWAYS))
    known = replace(
        known,
        programme=programme(rooms=[ROOM_A], rules={"horizon": FIRST_WEEK}),
        pairs=(pair(in_person=ALWAYS_IN_PERSON),),
    )

    assert (helped(known) or "")[0] == "without-room"


def test_another_format_is_smaller_than_a_shorter_meeting() -> None:
    known = couple("Mo 09:00-09:30", "Mo 09:00-09:30", site=HUB, wishes_in_person=wishes(ALWAYS))

    assert (helped(known) or "")[0] == "other-format"


def test_a_shorter_meeting_is_smaller_than_wider_wishes() -> None:
    assert (helped(couple("Tu 09:00-09:30", "Tu 09:00-10:00")) or "")[0] == "shorter"


def test_wider_wishes_are_smaller_than_a_longer_period() -> None:
    """Priya is away on the only Monday of the week; the next one would be another way out."""
    known = couple("Mo 09:00-10:00; Tu 08:00-09:00", "Mo 09:00-10:00; Tu 09:00-10:00")
    away = replace(known.people[PRIYA], away=(Days(date(2027, 1, 4), date(2027, 1, 4)),))

    assert (helped(replace(known, people={**known.people, PRIYA: away})) or "")[0] == "wider-wishes"


# --- What is never relaxed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (facts(pairs=[pair(agreed=False)]), "not-agreed"),
        (facts(pairs=[pair(status=PairStatus.PAUSED)]), "paused"),
        (facts(unknown=[TOM]), "calendar-unreadable"),
        (couple("Mo 09:00-10:00", "Sa 09:00-10:00"), "no-common-wishes"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_nothing_is_named_where_nothing_single_helps(known: Facts, code: str) -> None:
    held = hold_of(known)

    assert held.reason_code == code
    assert held.relaxation is None


@pytest.mark.parametrize(
    ("moves", "freeze", "code"),
    [(2, timedelta(0), "budget-spent"), (0, timedelta(days=6), "frozen")],
)
def test_a_broken_meeting_that_stays_has_no_relaxation(
    moves: int, freeze: timedelta, code: str
) -> None:
    booked = meeting("6 10:00", moves=moves)
    known = facts(
        rules=programme(rules={"freeze": freeze}),
        meetings=[(booked, as_booked(booked))],
        blocks={TOM: [busy("6 09:30")]},
    )

    assert hold_of(known).reason_code == code
    assert hold_of(known).relaxation is None


def test_a_period_that_is_over_has_no_relaxation() -> None:
    known = facts(people=[person(TOM, "Mo 09:00-10:00"), person(PRIYA, "Mo 09:00-10:00")])
    actions = plan(known, at("4 12:00")).actions

    assert (actions[0].reason_code, actions[0].relaxation) == ("period-over", None)


# --- Everything else stays as it is ---------------------------------------------------------------


def test_what_the_plan_gives_other_pairs_is_taken() -> None:
    """Tom's only hour goes to one of his two pairs: half of it does not help the other."""
    known = facts(
        rules=programme(rules={"horizon": FIRST_WEEK}),
        people=[person(TOM, "Tu 09:00-10:00")],
        pairs=[pair("p1"), pair("p2", TOM, ANNA)],
    )
    held = next(a for a in plan(known, NOW).actions if a.kind is ActionKind.HOLD)

    assert held.reason_code == "taken"
    assert held.relaxation == Relaxation(
        code=RelaxationCode.WIDER_WISHES,
        text="It would help if the mentor could also meet Tu 10:00-11:00 (their own time).",
    )
    assert _is_met(applied(known, held, held.relaxation), held)


def test_a_meeting_of_another_pair_that_stands_is_taken() -> None:
    other = pair("p2", TOM, ANNA)
    booked = meeting("5 09:00", of=other)
    known = facts(
        rules=programme(rules={"horizon": FIRST_WEEK}),
        people=[person(TOM, "Tu 09:00-10:00")],
        pairs=[pair("p1"), other],
        meetings=[(booked, as_booked(booked))],
    )

    assert (helped(known) or "")[0] == "wider-wishes"


KIM = "kim@acme.example"
LEE = "lee@acme.example"


def _at_the_hub(rooms: Iterable[str], horizon: timedelta = FIRST_WEEK, **changes: Any) -> Facts:
    """Return a pair that could meet in person on Tuesday 5th 09:00 alone, and another pair."""
    who = {"site": HUB, "wishes_in_person": wishes("Tu 09:00-10:00")}
    return facts(
        rules=programme(rooms=rooms, rules={"horizon": horizon}),
        people=[
            person(TOM, "Mo 09:00-10:00", **who),
            person(PRIYA, "Fr 09:00-10:00", **who),
            person(KIM, site=HUB),
            person(LEE, site=HUB),
        ],
        pairs=[pair("p1", in_person=ALWAYS_IN_PERSON), pair("p2", KIM, LEE)],
        **changes,
    )


def _of_others(start: str) -> Meeting:
    return meeting(start, of=pair("p2", KIM, LEE), format=Format.IN_PERSON, room=ROOM_A)


def test_a_room_another_pair_has_is_taken() -> None:
    booked = _of_others("5 09:00")
    known = _at_the_hub([ROOM_A], meetings=[(booked, as_booked(booked))])

    assert (helped(known) or "")[0] == "without-room"


def test_a_room_the_plan_gives_another_pair_is_taken() -> None:
    known = _at_the_hub([ROOM_A])
    alike = {
        KIM: replace(known.people[TOM], email=KIM),
        LEE: replace(known.people[PRIYA], email=LEE),
    }
    both = tuple(replace(each, in_person=ALWAYS_IN_PERSON) for each in known.pairs)
    known = replace(known, people={**known.people, **alike}, pairs=both)
    booked, held = sorted(plan(known, NOW).actions, key=lambda each: each.kind)

    assert booked.meeting
    assert booked.meeting.room == ROOM_A
    assert held.relaxation
    assert held.relaxation.code is RelaxationCode.WITHOUT_ROOM


def test_a_room_the_plan_gives_a_meeting_somebody_moved_is_taken() -> None:
    booked = _of_others("6 09:00")
    known = _at_the_hub(
        [ROOM_A, ROOM_B],
        meetings=[(booked, dragged(booked, "5 09:00"))],
        blocks={ROOM_A: [busy("5 08:30")]},
    )

    adopted = next(a for a in plan(known, NOW).actions if a.kind is ActionKind.ADOPT)
    assert adopted.meeting
    assert adopted.meeting.room == ROOM_B
    assert (helped(known) or "")[0] == "without-room"


def test_the_room_the_plan_gives_the_pair_itself_is_not_in_its_own_way() -> None:
    """Week 1 gets another room at the same time; in week 2 half an hour is left."""
    booked = meeting("5 09:00", format=Format.IN_PERSON, room=ROOM_A)
    known = _at_the_hub(
        [ROOM_A, ROOM_B],
        timedelta(days=10),
        meetings=[(booked, as_booked(booked))],
        blocks={ROOM_A: [busy("5 08:30")], TOM: [busy("12 09:45")]},
    )
    assert [str(each.kind) for each in plan(known, NOW).actions][:2] == ["move", "hold"]
    assert (helped(known) or "")[0] == "shorter"


def test_no_relaxation_takes_another_period_its_meeting() -> None:
    """Half an hour on Monday would be worth more than Friday before it, and too close to it."""
    who = {"away": (*_days(4, 7), *_days(12, 17))}
    text = "Fr 10:00-12:00 = 0.5; Mo 10:00-10:30 = 1"
    known = facts(
        rules=programme(gap=timedelta(days=4)),
        people=[person(TOM, text, **who), person(PRIYA, text)],
    )

    assert [str(each.kind) for each in plan(known, NOW).actions] == ["book", "hold"]
    assert (helped(known) or "")[0] == "longer-period"


def test_a_pair_is_planned_again_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plannings = []

    def counted(*arguments: Any) -> None:
        plannings.append(arguments)
        choose(*arguments)

    monkeypatch.setattr(relaxation, "choose", counted)
    mondays = "; ".join(f"Mo {hour:02}:00-{hour:02}:30" for hour in range(22))
    known = couple(f"{mondays}; Fr 10:00-12:00", "Fr 08:00-10:00")

    assert hold_of(known).relaxation is None
    assert len(plannings) == 40


def test_a_plan_without_holds_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(relaxation, "choose")

    assert all(each.kind is ActionKind.BOOK for each in plan(facts(), NOW).actions)


def _days(first: int, last: int) -> tuple[Days, ...]:
    return (Days(date(2027, 1, first), date(2027, 1, last)),)


# --- Whatever is named helps ----------------------------------------------------------------------


def applied(known: Facts, held: Action, found: Relaxation) -> Facts:
    """Return the facts after somebody did what the sentence says."""
    rules, text = known.programme, found.text
    mine = next(each for each in known.pairs if each.id == held.pair)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    match found.code:
        case RelaxationCode.SMALLER_GAP:
            hours = numbers[0] * (24 if "day" in text else 1)
            return replace(known, programme=replace(rules, gap=timedelta(hours=hours)))
        case RelaxationCode.WITHOUT_ROOM:
            sites = {HUB: replace(rules.sites[HUB], rooms=())}
            return replace(known, programme=replace(rules, sites=sites))
        case RelaxationCode.OTHER_FORMAT:
            mine = replace(mine, in_person=ALWAYS_IN_PERSON)
        case RelaxationCode.SHORTER:
            mine = replace(mine, duration=numbers[0])
        case RelaxationCode.LONGER_PERIOD:
            mine = replace(mine, cadence=parse_cadence(f"{numbers[0]} weeks"))
        case RelaxationCode.WIDER_WISHES:
            email = mine.mentor if "the mentor" in text else mine.mentee
            window = parse_window(text.partition("also meet ")[2].partition(" (")[0])
            who = known.people[email]
            who = replace(who, wishes=(*(who.wishes or ()), window))
            return replace(known, people={**known.people, email: who})
    pairs = tuple(mine if each.id == mine.id else each for each in known.pairs)
    return replace(known, pairs=pairs)


def _is_met(known: Facts, held: Action) -> bool:
    """Tell whether the time a held period begins at belongs to a period with a meeting."""
    assert held.period
    return any(
        each.meeting
        and each.kind is not ActionKind.CANCEL
        and each.pair == held.pair
        and each.period
        and each.period.first <= held.period.first < each.period.end
        for each in plan(known, NOW).actions
    )


_HALF_HOURS = st.integers(16, 40)
_STRETCHES = st.lists(
    st.tuples(
        st.sampled_from(("Mo", "We", "Th", "Fr", "Sa", "Mo-Fr")), _HALF_HOURS, st.integers(1, 5)
    ),
    min_size=1,
    max_size=2,
)


def _wished(stretches: Iterable[tuple[str, int, int]]) -> str:
    def clock(half_hours: int) -> str:
        return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"

    return "; ".join(f"{day} {clock(a)}-{clock(a + n)}" for day, a, n in stretches)


@st.composite
def _people(draw: st.DrawFn, site: str) -> list[Person]:
    return [
        person(
            email,
            _wished(draw(_STRETCHES)),
            site=site,
            wishes_in_person=wishes(_wished(draw(_STRETCHES))) if draw(st.booleans()) else None,
            away=_days(4, draw(st.integers(4, 11))) if draw(st.booleans()) else (),
        )
        for email in (TOM, PRIYA)
    ]


@st.composite
def _worlds(draw: st.DrawFn) -> Facts:
    site = draw(st.sampled_from(("", HUB)))
    blocks: list[Block] = draw(
        st.lists(st.builds(busy, st.sampled_from(("4 08:00", "6 10:00", "11 09:00")), st.just(480)))
    )
    booked = meeting(draw(st.sampled_from(("5 10:00", "8 10:00"))))
    rules = programme(
        gap=timedelta(days=draw(st.sampled_from((2, 4, 6)))),
        rules={"grid": draw(st.sampled_from((15, 30)))},
        rooms=draw(st.sampled_from(((), (ROOM_A,)))),
    )
    mine = pair(
        duration=draw(st.sampled_from((30, 45, 90))),
        in_person=draw(st.sampled_from((InPerson(InPersonUnit.NEVER), ALWAYS_IN_PERSON))),
    )
    return facts(
        rules=rules,
        people=draw(_people(site)),
        pairs=[mine],
        blocks={TOM: blocks, ROOM_A: draw(st.sampled_from(((), (busy("4 00:00", 20160),))))},
        meetings=[(booked, as_booked(booked))] if draw(st.booleans()) else (),
    )


@settings(max_examples=150, deadline=None)
@given(_worlds())
def test_whatever_is_named_gives_the_period_a_meeting(known: Facts) -> None:
    for held in plan(known, NOW).actions:
        if held.kind is ActionKind.HOLD and held.relaxation:
            assert _is_met(applied(known, held, held.relaxation), held)


@given(
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439).flatmap(lambda a: st.tuples(st.just(a), st.integers(a + 1, 1440))),
)
def test_a_window_is_written_as_it_is_read(days: set[int], hours: tuple[int, int]) -> None:
    window = replace(parse_window("Mo 09:00-10:00"), days=frozenset(days))
    window = replace(window, start=hours[0], end=hours[1])

    assert parse_window(window_text(window)) == window
