"""Who takes part and who meets whom: people.csv and pairs.csv."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slotfinder.domain.people import Pair, Person
from slotfinder.errors import ConfigurationError, Finding
from slotfinder.roster import pairs, people
from slotfinder.roster.clouds import cloud_findings
from slotfinder.roster.sheet import read_sheet
from slotfinder.settings import Draft, Settings, read_draft


@dataclass(frozen=True, kw_only=True)
class Roster:
    """People by lower-case e-mail address and pairs, both in their files' order."""

    people: Mapping[str, Person]
    pairs: tuple[Pair, ...]
    warnings: tuple[Finding, ...] = ()


def load_roster(settings: Settings) -> Roster:
    """Read the people and pairs of a programme whose settings are sound.

    Raises:
        ConfigurationError: with the findings of both files at once.
    """
    draft = Draft(settings=settings, findings=(), wrong=frozenset())
    roster, findings = _read(draft)
    _raise_if_wrong(findings)
    return roster


def load_programme(path: Path, environment: Mapping[str, str]) -> tuple[Settings, Roster]:
    """Read slotfinder.toml at ``path``, the environment, and the two files the settings name.

    Raises:
        ConfigurationError: with the findings of all of them at once. What in people.csv and
            pairs.csv depends on settings that are wrong is not judged.
    """
    draft = read_draft(path, environment)
    if not path.exists():
        # Where the other two files are is only known from this one.
        _raise_if_wrong(draft.findings)
    roster, findings = _read(draft)
    _raise_if_wrong((*draft.findings, *findings))
    return draft.settings, roster


def _read(draft: Draft) -> tuple[Roster, tuple[Finding, ...]]:
    people_sheet = read_sheet(draft.settings.people, people.COLUMNS)
    pairs_sheet = read_sheet(draft.settings.pairs, pairs.COLUMNS)
    known = people.read_people(people_sheet, draft)
    reader = pairs.PairReader(draft, known if people_sheet.is_complete else None)
    found_pairs = reader.read(pairs_sheet)
    findings = (
        *cloud_findings(draft, known, found_pairs),
        *people_sheet.findings,
        *pairs_sheet.findings,
    )
    warnings = tuple(each for each in findings if each.level == "warning")
    return Roster(people=known, pairs=found_pairs, warnings=warnings), findings


def _raise_if_wrong(findings: tuple[Finding, ...]) -> None:
    if any(each.level == "error" for each in findings):
        raise ConfigurationError(findings)
