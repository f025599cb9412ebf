from dataclasses import replace
from datetime import timedelta

import pytest

from slotfinder.domain.meeting import Both, Meeting
from slotfinder.domain.programme import Rule
from slotfinder.rehearsal.figures import Figures, figures_of
from tests.planning.builders import meeting, pair


def met(*satisfactions: tuple[int, int], name: str = "p1") -> list[Meeting]:
    """Return a meeting a week with these satisfactions, which are the shares too."""
    first = meeting("6 10:00", of=pair(name))
    return [
        replace(
            first,
            interval=replace(
                first.interval,
                start=first.interval.start + timedelta(weeks=week),
                end=first.interval.end + timedelta(weeks=week),
            ),
            period=first.period + timedelta(weeks=week),
            satisfaction=Both(*both),
            share=Both(*both),
        )
        for week, both in enumerate(satisfactions)
    ]


def figures(held: list[Meeting], periods: int = 4, moves: int = 0) -> Figures:
    return figures_of(Rule.FAIR, held, periods=periods, moves=moves)


def test_the_worse_off_is_who_has_less_over_all_meetings_of_a_pair() -> None:
    found = figures(met((20, 80), (60, 20)))

    assert found.worse_off == pytest.approx(0.40)
    assert found.gap == pytest.approx(0.10)


def test_pairs_count_alike_however_often_they_met() -> None:
    found = figures(met((20, 40), (20, 40)) + met((60, 100), name="p2"))

    assert found.worse_off == pytest.approx(0.40)
    assert found.gap == pytest.approx(0.30)


def test_a_run_is_of_the_same_person_in_a_row_in_order_of_time() -> None:
    one_sided, other, even = (20, 90), (90, 20), (50, 50)

    assert figures(met(even, even)).longest_run == 0
    assert figures(met(one_sided, other, one_sided)).longest_run == 1
    assert figures(met(one_sided, even, one_sided)).longest_run == 1
    assert figures(met(other, one_sided, one_sided)).longest_run == 2
    first, second, third = met(one_sided, other, one_sided)
    assert figures([third, first, second]).longest_run == 1
    assert figures(met(one_sided) + met(one_sided, name="p2")).longest_run == 1


def test_a_period_is_kept_once_and_moves_are_shared_among_meetings() -> None:
    twice = met((50, 50), (50, 50))
    twice[1] = replace(twice[1], period=twice[0].period)
    found = figures(twice, periods=4, moves=3)

    assert (found.meetings, found.kept, found.moves) == (2, 0.25, 1.5)


def test_a_programme_without_a_meeting_has_figures_too() -> None:
    assert figures([], periods=0) == Figures(
        rule=Rule.FAIR, meetings=0, worse_off=0, gap=0, longest_run=0, kept=0, moves=0
    )
