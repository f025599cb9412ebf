"""In person and online for half a year, with scarce rooms, on both emulated clouds."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.google.world import office as on_google
from tests.acceptance.half_year import HalfYear
from tests.acceptance.microsoft.world import office as on_microsoft

Open = Callable[[Path], AbstractContextManager[Any]]
CLOUDS = pytest.mark.parametrize("office", [on_google, on_microsoft], ids=["google", "microsoft"])


def check(course: HalfYear, capsys: pytest.CaptureFixture[str]) -> None:
    """Every meeting due in person was had, or the agent said why not."""
    course.play()
    with capsys.disabled():
        sys.stdout.write(f"\n{course.table()}\n")
    missed = {key: course.miss(key) for key in course.target()}
    assert not [key for key, why in missed.items() if why in {"online", "(unexplained)"}]
    assert course.in_person()
    assert course.moves["room-lost (in-person)"] > 0


@CLOUDS
def test_five_pairs_for_seven_weeks(
    tmp_path: Path, office: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    with office(tmp_path) as made:
        check(HalfYear(made, pairs=5, weeks=7, refused=0.6), capsys)


@pytest.mark.exhaustive
@CLOUDS
def test_sixty_pairs_for_half_a_year(
    tmp_path: Path, office: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    with office(tmp_path) as made:
        check(HalfYear(made, pairs=60, weeks=26, refused=0.12), capsys)
