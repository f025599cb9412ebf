"""Which starts are candidates, what they are worth, and why there are none."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotfinder.domain.cadence import InPerson, InPersonUnit
from slotfinder.domain.freebusy import Block, Kind, Provider
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Both, Format
from slotfinder.domain.people import Country, Days, Person
from slotfinder.domain.programme import Programme, Room, TentativePolicy
from slotfinder.planning.candidates import Candidates
from slotfinder.planning.plan import Action
from slotfinder.planning.programme import plan
from slotfinder.planning.world import World
from tests.planning.builders import (
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
    facts,
    meeting,
    pair,
    person,
    programme,
    span,
    wishes,
)

WEDNESDAY = Days(date(2027, 1, 6), date(2027, 1, 6))
ONE_HOUR = "We 10:00-11:00"
SEATED = [person(TOM, "We 09:00-12:00", site=HUB), person(PRIYA, site=HUB)]


def offered(
    *,
    form: Format = Format.VIRTUAL,
    others: Iterable[Interval] = (),
    refusals: Iterable[Interval] = (),
    now: str = "1 00:00",
    duration: int = 60,
    **changes: Any,
) -> Candidates:
    """Return the candidates of the first week."""
    whose = pair(duration=duration)
    world = World(facts(pairs=[whose], now=at(now), **changes), at(now))
    return world.pair_time(whose, frozenset()).candidates(
        world.periods["p1"][0],
        form,
        now=at(now),
        others=list(others),
        refusals=list(refusals),
        rooms=world.rooms(),
    )


def starts(found: Candidates) -> list[str]:
    return [f"{found.interval(k).start:%d %H:%M}" for k in range(len(found.starts))]


def held(**changes: Any) -> str:
    found = offered(**changes)
    assert not found.starts.size
    return str(found.missing)


def on(preference: str) -> list[Person]:
    return [person(TOM, preference)]


# --- which starts ---------------------------------------------------------------------------------


def test_candidates_lie_on_the_grid_within_the_wishes_of_both() -> None:
    found = offered(people=on("We 09:10-11:30"))
    assert starts(found) == ["06 09:30", "06 10:00", "06 10:30"]


def test_a_minute_of_weight_zero_is_not_wished() -> None:
    found = offered(people=on("We 09:00-10:30 = 0.001; We 10:30-12:00 = 0; We 11:00-12:00 = 1"))
    assert starts(found) == ["06 09:00", "06 09:30", "06 11:00"]


def test_nothing_starts_before_now_and_notice() -> None:
    assert starts(offered(people=on("We 09:00-11:00"), now="5 09:29")) == ["06 09:30", "06 10:00"]
    assert starts(offered(people=on("We 09:00-11:00"), now="5 09:30")) == ["06 09:30", "06 10:00"]
    assert starts(offered(people=on("We 09:00-11:00"), now="5 09:31")) == ["06 10:00"]


@pytest.mark.parametrize(
    ("kind", "policy", "form", "blocks"),
    [
        (Kind.BUSY, TentativePolicy.IGNORE, Format.VIRTUAL, True),
        (Kind.OUT_OF_OFFICE, TentativePolicy.IGNORE, Format.VIRTUAL, True),
        (Kind.UNKNOWN, TentativePolicy.IGNORE, Format.VIRTUAL, True),
        (Kind.TENTATIVE, TentativePolicy.AVOID, Format.VIRTUAL, False),
        (Kind.TENTATIVE, TentativePolicy.IGNORE, Format.VIRTUAL, False),
        (Kind.TENTATIVE, TentativePolicy.BLOCK, Format.VIRTUAL, True),
        (Kind.ELSEWHERE, TentativePolicy.BLOCK, Format.VIRTUAL, False),
        (Kind.ELSEWHERE, TentativePolicy.IGNORE, Format.IN_PERSON, True),
    ],
)
def test_what_blocks_depends_on_kind_policy_and_format(
    kind: Kind, policy: TentativePolicy, form: Format, *, blocks: bool
) -> None:
    found = offered(
        form=form,
        rules=programme(compromise={"tentative": policy}),
        people=SEATED,
        blocks={PRIYA: [busy("6 08:00", 240, kind)]},
    )
    assert (found.missing == "no-common-free-time") is blocks


@pytest.mark.parametrize(("buffer", "left"), [(0, ["06 11:00"]), (30, []), (29, [])])
def test_a_buffer_is_kept_free_on_both_sides(buffer: int, left: list[str]) -> None:
    taken = [busy("6 10:00"), busy("6 12:00")]
    rules = programme(rules={"buffer": buffer})
    found = offered(rules=rules, people=on("We 10:00-13:00"), blocks={PRIYA: taken})
    assert starts(found) == left


def test_travel_is_kept_free_around_a_meeting_in_person() -> None:
    found = offered(form=Format.IN_PERSON, people=SEATED, blocks={PRIYA: [busy("6 10:00", 30)]})
    assert starts(found) == ["06 11:00"]


def test_seconds_of_an_entry_count() -> None:
    entry = Block(
        interval=Interval(at("6 10:59") + timedelta(seconds=59), at("6 11:30")), kind=Kind.BUSY
    )
    assert held(people=on(ONE_HOUR), blocks={PRIYA: [entry]}) == "no-common-free-time"


def test_the_gap_is_kept_to_the_minute_before_and_after() -> None:
    gap: dict[str, Any] = {
        "rules": programme(gap=timedelta(hours=48)),
        "people": on("We 09:00-11:30"),
    }
    assert starts(offered(others=[span("4 09:30")], **gap)) == ["06 09:30", "06 10:00", "06 10:30"]
    assert starts(offered(others=[span("8 09:30")], **gap)) == ["06 09:00", "06 09:30"]


def test_a_refused_slot_is_not_offered_where_it_overlaps() -> None:
    found = offered(people=on("We 09:00-12:00"), refusals=[span("6 10:00")])
    assert starts(found) == ["06 09:00", "06 11:00"]


def test_a_meeting_over_midnight_touches_two_dates() -> None:
    night = "Mo 23:00-24:00; Tu 00:00-01:00"
    free = [person(TOM, night), person(PRIYA, night)]
    away = [
        person(TOM, night),
        person(PRIYA, night, away=(Days(date(2027, 1, 5), date(2027, 1, 5)),)),
    ]
    assert starts(offered(people=free)) == ["04 23:00", "04 23:30", "05 00:00"]
    assert starts(offered(people=away)) == ["04 23:00"]


def test_leave_is_kept_in_the_persons_zone_and_blackouts_in_the_programmes() -> None:
    zone = ZoneInfo("Asia/Kathmandu")  # 05:45 ahead
    evening = "Mo-Su 17:00-18:30"
    thursday = (Days(date(2027, 1, 7), date(2027, 1, 7)),)
    people = [person(TOM, evening), person(PRIYA, "Mo-Su 00:00-24:00", zone=zone, away=thursday)]
    left = starts(offered(people=people))
    assert {each[:2] for each in left} == {"04", "05", "06", "08", "09", "10"}
    assert "06 17:00" in left
    assert "06 17:30" not in left, "past midnight in Kathmandu"
    at_home = [people[0], person(PRIYA, "Mo-Su 00:00-24:00", zone=zone)]
    left = starts(offered(people=at_home, rules=programme(blackouts=thursday)))
    assert {each[:2] for each in left} == {"04", "05", "06", "08", "09", "10"}
    assert "06 17:30" in left


def test_both_have_to_be_at_a_site_they_share_on_that_day() -> None:
    apart = [SEATED[0], person(PRIYA)]
    elsewhere_that_day = [SEATED[0], replace(SEATED[1], site_days=frozenset({0, 1}))]
    assert held(form=Format.IN_PERSON, people=apart) == "no-room"
    assert held(form=Format.IN_PERSON, people=elsewhere_that_day) == "no-room"


def test_one_of_the_sites_rooms_has_to_be_free_and_known() -> None:
    two: dict[str, Any] = {
        "form": Format.IN_PERSON,
        "people": SEATED,
        "rules": programme(rooms=[ROOM_A, ROOM_B]),
        "blocks": {ROOM_A: [busy("6 09:00", 60, Kind.TENTATIVE)], ROOM_B: [busy("6 10:00", 120)]},
    }
    assert starts(offered(**two)) == ["06 09:00", "06 10:00", "06 10:30", "06 11:00"]
    assert (
        held(unknown=[ROOM_A], **{**two, "blocks": {ROOM_B: [busy("6 09:00", 180)]}}) == "no-room"
    )


def test_a_room_has_to_seat_two_and_to_have_what_each_of_them_needs() -> None:
    needy = [replace(SEATED[0], needs=("step-free",)), SEATED[1]]

    def free_in(room: Room, people: Sequence[Person]) -> bool:
        rules = programme()
        sites = {HUB: replace(rules.sites[HUB], rooms=(room,))}
        found = offered(form=Format.IN_PERSON, people=people, rules=replace(rules, sites=sites))
        return found.missing is None

    plain = Room(email=ROOM_A, provider=Provider.LOCAL)
    assert free_in(plain, SEATED), "what is not said is no obstacle to who needs nothing"
    assert not free_in(replace(plain, provider=Provider.GOOGLE), SEATED), "nobody could invite it"
    assert free_in(replace(plain, capacity=2), SEATED)
    assert not free_in(replace(plain, capacity=1), SEATED)
    assert not free_in(plain, needy), "what a room is not said to have it has not"
    assert not free_in(replace(plain, features=("quiet",)), needy)
    assert free_in(replace(plain, features=("quiet", "step-free")), needy)


# --- why there are none ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("period-over", {"people": on("Mo 09:00-10:00"), "now": "4 09:00"}),
        ("away", {"people": [person(TOM, away=(Days(MONDAY, date(2027, 1, 10)),))]}),
        ("closed", {"rules": programme(blackouts=(Days(MONDAY, date(2027, 1, 10)),))}),
        ("no-common-wishes", {"people": on("Sa 09:00-10:00")}),
        ("no-common-wishes", {"people": [person(TOM, ONE_HOUR, away=(WEDNESDAY,))]}),
        ("no-common-wishes", {"people": on("Sa 09:00-10:00"), "now": "10 12:00"}),
        ("no-common-free-time", {"people": on(ONE_HOUR), "blocks": {PRIYA: [busy("6 10:30", 5)]}}),
        ("no-common-free-time", {"people": on(ONE_HOUR), "refusals": [span("6 10:30")]}),
        ("gap-too-small", {"people": on(ONE_HOUR), "others": [span("5 10:00")]}),
    ],
)
def test_a_hold_names_the_first_filter_that_leaves_no_start(
    code: str, changes: dict[str, Any]
) -> None:
    assert held(**changes) == code


def test_public_holidays_are_kept_in_the_country_and_region_of_a_person() -> None:
    preference = "Mo 09:00-17:00"
    free = [person(TOM, preference, country=Country("GB", "ENG"))]
    assert starts(offered(people=free))
    # 2 January 2027 is a Saturday: Scotland has the Monday off instead.
    assert (
        held(people=[person(TOM, preference, country=Country("GB", "SCT"))]) == "no-common-wishes"
    )


# --- what they are worth --------------------------------------------------------------------------


def worth(preference: str, blocks: list[Block], *, at_: str = "06 10:00", **rules: Any) -> int:
    found = offered(
        people=on(preference),
        blocks={TOM: blocks},
        rules=programme(compromise=rules),
    )
    return found.satisfactions(starts(found).index(at_)).mentor


@pytest.mark.parametrize(
    ("preference", "satisfaction"),
    [
        ("We 10:00-11:00 = 0.5", 50),
        ("We 10:00-10:30 = 1; We 10:30-11:00 = 0.25", 63),  # 62.5, halves up
        ("We 10:00-11:00 = 0.2; We 09:00-12:00 = 0.7", 70),
        ("We 10:00-11:00 = 0.001", 1),
        ("We 10:00-11:00 = 0.333333", 33),
        ("We 10:00-11:00 = 0.005", 1),
    ],
)
def test_satisfaction_is_the_mean_weight_rounded_once(preference: str, satisfaction: int) -> None:
    assert worth(preference, []) == satisfaction


@pytest.mark.parametrize(
    ("policy", "satisfaction"),
    [(TentativePolicy.AVOID, 50), (TentativePolicy.IGNORE, 100)],
)
def test_tentative_time_halves_a_slot_only_where_it_is_avoided(
    policy: TentativePolicy, satisfaction: int
) -> None:
    entry = [busy("6 10:59", 1, Kind.TENTATIVE)]
    assert worth(ONE_HOUR, entry, tentative=policy) == satisfaction


@pytest.mark.parametrize(
    ("blocks", "satisfaction"),
    [
        ([busy("6 12:00", 180)], 100),  # 180 + 60 = the limit
        ([busy("6 12:00", 240)], 88),  # 60 beyond 240: an eighth less, 87.5
        ([busy("6 12:00", 600)], 50),
        ([busy("6 00:00", 1440, Kind.TENTATIVE)], 50),  # halved as tentative, no load
        ([busy("6 12:00", 240), busy("6 12:00", 240, Kind.OUT_OF_OFFICE)], 88),  # a union
        ([busy("6 12:00", 240, Kind.ELSEWHERE)], 100),
        ([busy("5 12:00", 1800), busy("7 00:00", 1440)], None),
    ],
)
def test_a_full_day_makes_a_slot_worth_less(blocks: list[Block], satisfaction: int | None) -> None:
    if satisfaction is None:
        assert held(people=on(ONE_HOUR), blocks={TOM: blocks}) == "no-common-free-time"
    else:
        assert worth(ONE_HOUR, blocks, day_limit=240) == satisfaction


def test_shares_are_percents_of_the_own_best_in_the_period() -> None:
    found = offered(people=on("We 10:00-11:00 = 0.5; We 11:00-12:00 = 0.25"))
    assert found.best == Both(50, 100)
    shares = {start: found.shares(k).mentor for k, start in enumerate(starts(found))}
    assert shares == {"06 10:00": 100, "06 10:30": 76, "06 11:00": 50}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 40), st.sampled_from(list(Kind))), max_size=5
    ),
    st.sampled_from((0, 10, 30)),
    st.sampled_from(list(TentativePolicy)),
)
def test_the_free_starts_are_those_no_blocking_entry_comes_near(
    entries: list[tuple[int, int, Kind]], buffer: int, policy: TentativePolicy
) -> None:
    rules = programme(rules={"buffer": buffer}, compromise={"tentative": policy})
    morning = at("6 08:00")
    blocks = [
        Block(interval=_after(morning, 5 * start, 5 * length), kind=kind)
        for start, length, kind in entries
    ]
    found = offered(people=on("We 09:00-15:00"), rules=rules, blocks={PRIYA: blocks})
    assert starts(found) == [
        f"{start:%d %H:%M}"
        for start in (at("6 09:00") + timedelta(minutes=30 * k) for k in range(11))
        if _is_free(start - timedelta(minutes=buffer), 60 + 2 * buffer, blocks, rules)
    ]


def _after(moment: Any, minutes: int, length: int) -> Interval:
    start = moment + timedelta(minutes=minutes)
    return Interval(start, start + timedelta(minutes=length))


def _is_free(start: Any, minutes: int, blocks: list[Block], rules: Programme) -> bool:
    """Look at each minute."""
    blocking = {Kind.BUSY, Kind.OUT_OF_OFFICE, Kind.UNKNOWN}
    if rules.compromise.tentative is TentativePolicy.BLOCK:
        blocking.add(Kind.TENTATIVE)
    moments = [start + timedelta(minutes=k) for k in range(minutes)]
    return not any(
        block.kind in blocking and block.interval.start <= moment < block.interval.end
        for block in blocks
        for moment in moments
    )


# --- formats (§3) ---------------------------------------------------------------------------------


def formats(actions: Iterable[Action]) -> list[str]:
    return [str(action.meeting.format) for action in actions if action.meeting]


def test_a_meeting_in_person_that_cannot_be_had_is_virtual_and_the_next_is_in_person() -> None:
    every_second = InPerson(InPersonUnit.PERIODS, 2)
    people = [person(TOM, site=HUB), person(PRIYA, site=HUB)]
    known = facts(
        rules=programme(rules={"horizon": timedelta(days=24)}, rooms=[ROOM_A]),
        people=people,
        pairs=[pair(in_person=every_second)],
        blocks={ROOM_A: [busy("11 00:00", 7 * 1440)]},
    )
    actions = plan(known, NOW).actions
    assert formats(actions) == ["virtual", "virtual", "in-person", "in-person"]
    assert "in person was due" in actions[1].reason


def test_what_goes_online_keeps_the_gap_to_what_is_chosen() -> None:
    """Week one leaves only Friday, week two only Monday, where online would suit both better."""
    people = [
        person(
            who,
            "Mo 10:00-11:00 = 1; Fr 10:00-11:00 = 0.5",
            site=HUB,
            wishes_in_person=wishes("Mo 10:00-11:00 = 0.2"),
        )
        for who in (TOM, PRIYA)
    ]
    known = facts(
        rules=programme(rules={"horizon": timedelta(days=10)}, gap=timedelta(days=6)),
        people=people,
        pairs=[pair(in_person=InPerson(InPersonUnit.PERIODS, 2))],
        blocks={TOM: [busy("4 00:00", 4 * 1440), busy("12 00:00", 6 * 1440)]},
    )

    actions = plan(known, NOW).actions

    assert [(each.kind, each.reason_code) for each in actions] == [
        ("book", "best-compromise"),
        ("hold", "gap-too-small"),
    ]


def test_a_debt_outlives_the_period_it_was_made_in() -> None:
    whose = pair(in_person=InPerson(InPersonUnit.PERIODS, 4), starts=date(2026, 12, 14))
    owing = meeting("6 10:00", whose, occurrence=4)
    known = facts(
        people=[person(TOM, site=HUB), person(PRIYA, site=HUB)],
        pairs=[whose],
        meetings=[(owing, None)],
        now=at("8 00:00"),
        known_since={"p1": at("1 00:00")},
    )
    assert formats(plan(known, at("8 00:00")).actions)[0] == "in-person"


def test_a_kept_meeting_in_person_clears_the_debt() -> None:
    whose = pair(in_person=InPerson(InPersonUnit.PERIODS, 1))
    paid = meeting("6 10:00", whose, format=Format.IN_PERSON)
    known = facts(
        people=[person(TOM, site=HUB), person(PRIYA)],
        pairs=[whose],
        meetings=[(paid, as_booked(paid))],
    )
    assert formats(plan(known, NOW).actions) == ["in-person", "virtual"]


def test_entries_of_a_kind_that_fill_a_date_together_are_one_interval_that_covers_it() -> None:
    """Merged as ``freebusy`` shows them, and as providers that merge show them anyway."""
    people = [person(TOM, ONE_HOUR)]
    rules = programme(compromise={"day_limit": 240})
    morning = busy("6 00:00", 720, Kind.TENTATIVE)
    afternoon = busy("6 12:00", 720, Kind.TENTATIVE)

    filled, half = (
        offered(people=people, rules=rules, blocks={TOM: entries})
        for entries in ([morning, afternoon], [morning])
    )
    assert filled.satisfactions(0).mentor == 50
    assert half.satisfactions(0).mentor == 25
