"""The programme that ``init`` writes."""

from datetime import date
from pathlib import Path

import pytest

from slotfinder.errors import UsageError
from slotfinder.invitations.texts import NAMES, SHIPPED, shipped_source
from slotfinder.roster import load_programme
from slotfinder.settings import load_settings
from slotfinder.template import write_template

STARTS, ENDS = date(2027, 1, 4), date(2027, 6, 25)


def test_the_template_is_a_sound_programme_without_a_warning(tmp_path: Path) -> None:
    write_template(tmp_path / "new", STARTS, ENDS)
    settings, roster = load_programme(tmp_path / "new" / "slotfinder.toml", {})
    assert (settings.programme.starts, settings.programme.ends) == (STARTS, ENDS)
    assert settings.warnings == roster.warnings == ()
    assert [pair.id for pair in roster.pairs if pair.is_booked] == ["p01", "p02"]


def test_every_example_person_has_a_calendar_folder(tmp_path: Path) -> None:
    made = write_template(tmp_path, STARTS, ENDS)
    settings, roster = load_programme(tmp_path / "slotfinder.toml", {})
    assert roster.people
    assert all((settings.local_directory / email).is_dir() for email in roster.people)
    assert all(path.exists() for path in made)
    assert len(made) == 4 + len(roster.people)


def test_the_english_texts_are_there_to_start_from_and_replace_nothing(tmp_path: Path) -> None:
    write_template(tmp_path, STARTS, ENDS)
    readme = (tmp_path / "templates" / "README.md").read_text("utf-8")
    for name in NAMES:
        assert f"## {name}.en.txt\n\n```\n{shipped_source(f'{name}.en.txt')}```\n" in readme
        assert f"| `{name}` |" in readme
    assert load_settings(tmp_path / "slotfinder.toml", {}).texts is SHIPPED


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"pairs\.csv; nothing was written"):
        write_template(tmp_path, STARTS, ENDS)
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]
    assert (tmp_path / "pairs.csv").read_text("utf-8") == "mine"
