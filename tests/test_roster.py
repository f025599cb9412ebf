"""people.csv and pairs.csv: what is accepted, what is refused, and with which words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slotfinder.domain.cadence import Every, InPerson, InPersonUnit, Unit
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Country, Days, PairStatus
from slotfinder.errors import ConfigurationError, Finding
from slotfinder.roster import Roster, load_programme, load_roster
from slotfinder.roster.pairs import COLUMNS as PAIRS_COLUMNS
from slotfinder.roster.people import COLUMNS as PEOPLE_COLUMNS
from slotfinder.settings import load_settings
from slotfinder.settings.values import BadValueError, parse_text

TOML = """[programme]
name = "Reverse mentoring"
timezone = "Europe/London"
starts = 2027-01-04
ends = 2027-06-25
organizer = "mentoring@acme.example"
coordinators = ["mentoring@acme.example"]
[[sites]]
name = "London"
"""
PEOPLE = """email,name,calendar,timezone
tom@acme.example,Tom,local,Europe/London
priya@acme.example,Priya,local,Europe/London
feed@acme.example,Fay,https://calendar.example/fay.ics,Europe/Berlin
"""
PAIRS = """pair,mentor,mentee,status
p01,tom@acme.example,priya@acme.example,active
"""
Load = Callable[..., Roster]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write_and_load(
        people: str | bytes = PEOPLE, pairs: str | bytes = PAIRS, toml: str = TOML
    ) -> Roster:
        for name, text in {
            "slotfinder.toml": toml,
            "people.csv": people,
            "pairs.csv": pairs,
        }.items():
            data = text.encode() if isinstance(text, str) else text
            (tmp_path / name).write_bytes(data)
        return load_programme(tmp_path / "slotfinder.toml", {})[1]

    return write_and_load


def findings_of(load: Load, **files: str | bytes) -> tuple[Finding, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(**files)
    return caught.value.findings


def person_with(column: str, cell: str) -> str:
    """Return people.csv whose first person, Tom, has one cell set."""
    cells = {"email": "tom@acme.example", "name": "Tom", "calendar": "local", "timezone": "UTC"}
    cells[column] = cell
    priya = dict.fromkeys(cells, "") | {
        "email": "priya@acme.example",
        "name": "Priya",
        "calendar": "local",
        "timezone": "UTC",
    }
    rows = (cells.keys(), cells.values(), priya.values())
    return "\n".join(";".join(f'"{cell}"' for cell in row) for row in rows)


def pair_with(column: str, cell: str) -> str:
    """Return pairs.csv with one pair that has one cell set."""
    cells = {"pair": "p01", "mentor": "tom@acme.example", "mentee": "priya@acme.example"}
    cells |= {"status": "active", column: cell}
    return "\n".join(";".join(f'"{cell}"' for cell in row) for row in (cells, cells.values()))


def test_people_and_pairs_keep_the_files_order_and_take_the_defaults(load: Load) -> None:
    roster = load()
    assert list(roster.people) == ["tom@acme.example", "priya@acme.example", "feed@acme.example"]
    fay = roster.people["feed@acme.example"]
    assert (fay.provider, fay.feed) == (Provider.FEED, "https://calendar.example/fay.ics")
    assert fay.zone.key == "Europe/Berlin"
    assert (fay.language, fay.wishes, fay.away, fay.site) == ("en", None, (), "")
    (pair,) = roster.pairs
    assert pair.agreed
    assert pair.status is PairStatus.ACTIVE
    assert pair.cadence == Every(2, Unit.WEEKS)
    assert pair.in_person == InPerson(InPersonUnit.PERIODS, 3)
    assert pair.duration == 45
    assert (pair.starts, pair.ends) == (date(2027, 1, 4), date(2027, 6, 25))
    assert pair.organizer == "mentoring@acme.example"
    assert roster.warnings == ()


def test_every_column_of_a_person_is_read(load: Load) -> None:
    people = (
        "Timezone,EMAIL,name,calendar,Site,Site Days,country,language,preference,"
        "preference_in_person,away,needs\n"
        'UTC,Tom@Acme.example,"Tom, the first",LOCAL,London,"Tu,We",gb-sct,de-CH,'
        "Mo-Fr 07:30-09:00 = 1; Mo 09:00-12:00 = 0.5,Tu 10:00\u201311:00,"
        "2027-02-10..2027-02-14; 2027-03-01,Step-free; quiet\n"
        "UTC,priya@acme.example,Priya,local\n"
    )
    tom = load(people=people).people["tom@acme.example"]
    assert tom.name == "Tom, the first"
    assert tom.site == "London"
    assert tom.site_days == frozenset({1, 2})
    assert tom.needs == ("step-free", "quiet")
    assert tom.country == Country("GB", "SCT")
    assert tom.language == "de-ch"
    assert tom.wishes is not None
    assert [window.weight for window in tom.wishes] == [Decimal(1), Decimal("0.5")]
    assert tom.wishes_in_person is not None
    assert tom.away == (
        Days(date(2027, 2, 10), date(2027, 2, 14)),
        Days(date(2027, 3, 1), date(2027, 3, 1)),
    )


def test_every_column_of_a_pair_is_read(load: Load) -> None:
    pairs = (
        "pair;mentor;mentee;status;agreed;every;in_person;duration;starts;ends;organizer\n"
        "p01;Tom@acme.example;priya@acme.example;Paused;N;1 month;never;60;2027-02-01;2028-01-01;"
        "Mentee\n"
    )
    (pair,) = load(pairs=pairs).pairs
    assert (pair.mentor, pair.mentee) == ("tom@acme.example", "priya@acme.example")
    assert (pair.status, pair.agreed) == (PairStatus.PAUSED, False)
    assert pair.cadence == Every(1, Unit.MONTHS)
    assert pair.in_person == InPerson(InPersonUnit.NEVER)
    assert pair.duration == 60
    assert (pair.starts, pair.ends) == (date(2027, 2, 1), date(2027, 6, 25))
    assert pair.organizer == "priya@acme.example"


@pytest.mark.parametrize(
    "people",
    [
        "\ufeff" + PEOPLE,
        PEOPLE.replace(",", ";"),
        "sep=;\r\n" + PEOPLE.replace(",", ";").replace("\n", "\r\n"),
        "\n,,,\n" + PEOPLE + "\n , ,,\n\n",
        PEOPLE.replace("\n", ",,\n"),
        PEOPLE.replace("Tom", '"Tom; or ""Tommy"", if you like"'),
        '"email","name","calendar","timezone"\n' + PEOPLE.partition("\n")[2],
    ],
)
def test_what_spreadsheets_write_is_read(load: Load, people: str) -> None:
    roster = load(people=people)
    assert len(roster.people) == 3
    assert roster.warnings == ()


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("email", "", "this cell is empty"),
        ("email", "tom acme", "'tom acme' is not an e-mail address"),
        ("email", "a/b@acme.example", "is not an e-mail address"),
        ("email", "a@b@acme.example", "is not an e-mail address"),
        ("name", "", "this cell is empty"),
        ("name", "T\x07m", "cannot be printed"),
        ("calendar", "", "this cell is empty"),
        ("calendar", "outlook", "'outlook' is no kind of calendar"),
        ("calendar", "gogle", "Did you mean 'google'?"),
        ("calendar", "CalDAV", "later release. Use 'local', 'google' or 'microsoft' until then"),
        ("calendar", "webcal://x.example/a.ics", "Write the same address with 'https://'"),
        ("calendar", "ftp://x.example/a.ics", "the address is not one of the web"),
        ("calendar", "https://", "the address is not one of the web"),
        ("calendar", "https://x.example:port/a.ics", "the address is not one of the web"),
        ("timezone", "", "this cell is empty"),
        ("timezone", "Europe/Lodnon", "Did you mean 'Europe/London'?"),
        ("timezone", "W. Europe Standard Time", "Write 'Europe/Berlin'"),
        ("site", "london", "Did you mean 'London'?"),
        ("site", "Rome", "there is no site 'Rome' in the settings. Sites are: London"),
        ("site_days", "Tuesday", "'Tuesday' is not a day"),
        ("country", "XX", "the public holidays of 'XX' are not known"),
        ("country", "GB-XX", "'GB-XX' is no known region of 'GB'"),
        ("language", "english", "'english' is not the code of a language"),
        ("preference", "Mo-Fr 25:00", "'Mo-Fr 25:00' is not a window"),
        ("preference", "Mo 08:00-09:00 = 2", "the weight 2 is not between 0 and 1"),
        ("preference_in_person", "Mo 10:00-09:00", "ends before it starts"),
        ("away", "2027-02-14..2027-02-10", "Write the earlier date first"),
        ("away", "next week", "'next week' is not a date"),
    ],
)
def test_a_bad_cell_of_a_person_has_its_sentence_row_and_column(
    load: Load, column: str, cell: str, sentence: str
) -> None:
    # Nobody is in a pair, so that a person who cannot be read is missed by none.
    found = findings_of(load, people=person_with(column, cell), pairs=PAIRS.partition("\n")[0])
    (finding,) = found
    assert (finding.file, finding.where, finding.key) == ("people.csv", "row 2", column)
    assert sentence in str(finding)


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("pair", "", "this cell is empty"),
        ("pair", "p 01", "'p 01' cannot be the id of a pair"),
        ("pair", "p/01", "cannot be the id of a pair"),
        ("pair", "p\\01", "cannot be the id of a pair"),
        ("pair", "p\x0701", "cannot be the id of a pair"),
        ("pair", "p" * 65, "Write up to 64 letters"),
        ("mentor", "", "this cell is empty"),
        ("mentor", "tim@acme.example", "Did you mean 'tom@acme.example'?"),
        ("mentor", "tom", "'tom' is not an e-mail address"),
        ("mentee", "tom@acme.example", "mentor and mentee are the same person"),
        ("status", "", "this cell is empty"),
        ("status", "activ", "Did you mean 'active'?"),
        ("agreed", "perhaps", "'perhaps' is neither yes nor no"),
        ("every", "5 hours", "'5 hours' is neither"),
        ("every", "FREQ=DAILY;INTERVAL=0", "is not a recurrence rule of dates ('INTERVAL=0')"),
        ("every", "3 months", "the horizon of 42 days is shorter than the shortest period of 89"),
        ("every", "FREQ=DAILY", "the gap of 6 days is longer than the shortest period of 23 hours"),
        ("in_person", "often", "'often' is none of"),
        ("duration", "4", "'4' is out of range. Write a whole number from 5 to 480"),
        ("duration", "1 h", "'1 h' is not a whole number"),
        ("starts", "01/02/2027", "'01/02/2027' is not a date"),
        ("ends", "2027-02-30", "'2027-02-30' is not in the calendar"),
        ("organizer", "me", "'me' is not an e-mail address"),
        ("organizer", "feed@acme.example", "cannot stand in a published calendar"),
    ],
)
def test_a_bad_cell_of_a_pair_has_its_sentence_row_and_column(
    load: Load, column: str, cell: str, sentence: str
) -> None:
    (finding,) = findings_of(load, pairs=pair_with(column, cell))
    assert (finding.file, finding.where, finding.key) == ("pairs.csv", "row 2", column)
    assert sentence in str(finding)


def test_a_private_feed_s_address_is_never_quoted(load: Load) -> None:
    (finding,) = findings_of(load, people=person_with("calendar", "https://x:y/hunter2"))
    assert "hunter2" not in str(finding)


def test_a_person_in_two_rows_is_told_with_the_first_row(load: Load) -> None:
    people = PEOPLE + "\nTOM@acme.example,Tom again,local,UTC\n"
    (finding,) = findings_of(load, people=people)
    assert finding.where == "row 6"
    assert "'tom@acme.example' already stands in row 2" in finding.message


def test_a_pair_in_two_rows_is_told_with_the_first_row(load: Load) -> None:
    (finding,) = findings_of(load, pairs=PAIRS + "p01,feed@acme.example,tom@acme.example,active")
    assert (finding.where, finding.key) == ("row 3", "pair")
    assert "'p01' already stands in row 2" in finding.message


def test_the_same_two_people_in_two_active_pairs_are_a_warning(load: Load) -> None:
    twice = PAIRS + "p02,priya@acme.example,tom@acme.example,active\n"
    (warning,) = load(pairs=twice).warnings
    assert (warning.where, warning.level) == ("row 3", "warning")
    assert "the active pair 'p01'" in warning.message
    assert load(pairs=twice.replace(",active\n", ",ended\n", 1)).warnings == ()
    assert load(pairs=twice.replace(",active\n", ",paused\n")).warnings == ()


def test_dates_of_a_pair_may_not_be_reversed(load: Load) -> None:
    pairs = "pair,mentor,mentee,status,starts,ends\np01,tom@acme.example,priya@acme.example,active,"
    (finding,) = findings_of(load, pairs=pairs + "2027-03-01,2027-02-01")
    assert finding.key == "ends"
    assert "2027-02-01 is before the pair starts (2027-03-01)" in finding.message


def test_a_pair_outside_the_programme_is_a_warning(load: Load) -> None:
    (warning,) = load(pairs=pair_with("starts", "2027-07-01")).warnings
    assert (warning.where, warning.key) == ("row 2", "starts")
    assert "no day is left for this pair" in warning.message
    (warning,) = load(pairs=pair_with("ends", "2026-07-01")).warnings
    assert warning.key == "ends"


def test_a_gap_within_a_day_of_the_pair_s_period_is_a_warning(load: Load) -> None:
    toml = TOML + '[cadence]\ngap = "7d"\n'
    (warning,) = load(pairs=pair_with("every", "1 week"), toml=toml).warnings
    assert (warning.key, warning.level) == ("every", "warning")


def test_a_published_calendar_cannot_hold_the_meetings(load: Load) -> None:
    pairs = PAIRS.replace("tom@", "feed@")
    toml = TOML.replace('organizer = "mentoring@acme.example"', 'organizer = "mentor"')
    (finding,) = findings_of(load, pairs=pairs, toml=toml)
    assert (finding.file, finding.key) == ("pairs.csv", "organizer")
    toml = TOML.replace('organizer = "mentoring@', 'organizer = "feed@')
    (finding,) = findings_of(load, pairs=PAIRS, toml=toml)
    assert (finding.file, finding.where, finding.key) == ("people.csv", "row 4", "calendar")
    assert load(pairs=PAIRS, toml=TOML).pairs


@pytest.mark.parametrize("tag", ["de", "DE-at", "ja", "en-US", "fr-CA"])
def test_languages_of_any_region_are_written_in(load: Load, tag: str) -> None:
    roster = load(people=person_with("language", tag), pairs=pair_with("agreed", ""))
    assert roster.warnings == ()
    assert roster.people["tom@acme.example"].language == tag.lower()


def test_a_language_without_texts_is_a_warning_that_says_what_comes_instead(load: Load) -> None:
    people = person_with("language", "pt-BR")
    (warning,) = load(people=people, pairs=pair_with("agreed", "")).warnings
    assert (warning.file, warning.where, warning.key) == ("people.csv", "row 2", "language")
    assert "no texts in 'pt-br', so this person is written to in English" in warning.message
    assert "de, en, es, fr, ja" in warning.remedy


def test_an_unknown_column_is_a_warning_with_a_suggestion(load: Load) -> None:
    (warning,) = load(people=PEOPLE.replace("timezone", "timezone,langauge")).warnings
    assert (warning.where, warning.key) == ("row 1", "langauge")
    assert "Did you mean 'language'?" in warning.remedy


@pytest.mark.parametrize(
    ("people", "where", "sentence"),
    [
        (PEOPLE.replace(",timezone", ""), "row 1", "this column is missing"),
        (PEOPLE.replace("timezone", "timezone,name"), "row 1", "two columns of this name"),
        (PEOPLE.replace("Priya", "Priya, the first"), "row 3", "more cells than the 4 columns"),
        (PEOPLE.replace("Priya", '"Priya'), "row 3", "cannot be read"),
        (PEOPLE.replace("Priya", "Pr\u00efya").encode("latin-1"), "", "save it as 'CSV UTF-8"),
        (PEOPLE.encode("utf-16"), "", "the file is not UTF-8 text"),
        ("", "", "the file is empty"),
        ("sep=;\n", "", "the file is empty"),
    ],
)
def test_a_file_that_is_no_such_table_is_told(
    load: Load, people: str | bytes, where: str, sentence: str
) -> None:
    found = findings_of(load, people=people)
    finding = next(each for each in found if sentence in str(each))
    assert finding.where == where
    assert {each.file for each in found} == {"people.csv"}


def test_a_missing_file_is_named(load: Load, tmp_path: Path) -> None:
    load()
    (tmp_path / "people.csv").unlink()
    (tmp_path / "pairs.csv").unlink()
    with pytest.raises(ConfigurationError, match=r"people\.csv.*\n.*pairs\.csv") as caught:
        load_programme(tmp_path / "slotfinder.toml", {})
    assert len(caught.value.findings) == 2


def test_load_roster_reports_both_files_at_once(load: Load, tmp_path: Path) -> None:
    load()
    sound = load_settings(tmp_path / "slotfinder.toml", {})
    assert load_roster(sound) == load()
    (tmp_path / "other.csv").write_text(PAIRS.replace("active", "x"), encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE.replace("Tom", ""), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_roster(replace(sound, pairs=tmp_path / "other.csv"))
    assert [each.file for each in caught.value.findings] == ["people.csv", "other.csv"]


def test_all_three_files_are_checked_at_once(load: Load) -> None:
    found = findings_of(
        load,
        toml=TOML.replace("[[sites]]", "[meetings]\nduration = 1\n[[sites]]"),
        people=person_with("site", "Rome"),
        pairs=pair_with("every", "5 hours"),
    )
    assert [(each.file, each.key) for each in found] == [
        ("slotfinder.toml", "meetings.duration"),
        ("people.csv", "site"),
        ("pairs.csv", "every"),
    ]


@pytest.mark.parametrize(
    "toml",
    [
        TOML + "travel = 999",
        TOML.replace("2027-06-25", "3"),
        TOML.replace("2027-06-25", "2026-06-25"),
        TOML + '[cadence]\ngap = "x"',
        TOML + '[meetings]\nhorizon = "x"',
        "[",
    ],
)
def test_nothing_is_concluded_from_settings_that_are_wrong(load: Load, toml: str) -> None:
    every = pair_with("every", "2 weeks" if "horizon" in toml else "1 month")
    people = person_with("site", "London" if "travel" not in toml else "Rome")
    (finding,) = findings_of(load, toml=toml, people=people, pairs=every)
    assert finding.file == "slotfinder.toml"


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MARKS = st.sampled_from("aZ09@.,;:-=/\\\"'\n\r\0\u2013 \u0130{}")
CELLS = st.text(MARKS, max_size=12) | st.sampled_from(
    ["FREQ=DAILY", "FREQ=YEARLY;BYDAY=99MO", "https://[", "2027-99-99", "Mo 00:00-24:00 = 0E9"]
)


@FUZZ
@given(data=st.binary(max_size=60) | st.text(max_size=60).map(str.encode), prefixed=st.booleans())
def test_no_bytes_raise_anything_but_findings(load: Load, data: bytes, *, prefixed: bool) -> None:
    people, pairs = (PEOPLE.encode(), PAIRS.encode()) if prefixed else (b"", b"")
    with pytest.raises(ConfigurationError):
        load(people=people + data, pairs=pairs + data + b'\np,"')


@FUZZ
@given(people=st.lists(CELLS, max_size=11), pairs=st.lists(CELLS, max_size=11))
def test_no_cells_raise_anything_but_findings(
    load: Load, people: list[str], pairs: list[str]
) -> None:
    def table(head: str, columns: tuple[str, ...], cells: list[str]) -> str:
        quoted = ('"' + cell.replace('"', '""') + '"' for cell in cells)
        first = head.splitlines()[1] + "," * (len(columns) - 4)
        return "\n".join([",".join(columns), first, ",".join(quoted)])

    try:
        load(
            people=table(PEOPLE, PEOPLE_COLUMNS.known, people),
            pairs=table(PAIRS, PAIRS_COLUMNS.known, pairs),
        )
    except ConfigurationError as error:
        assert all(each.message and each.remedy for each in error.findings)  # noqa: PT017 - sound is fine too


def test_without_a_settings_file_nothing_is_said_of_files_only_it_could_name(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        load_programme(tmp_path / "slotfinder.toml", {})

    assert [finding.file for finding in wrong.value.findings] == ["slotfinder.toml"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\u5c71\u7530\u3000\u592a\u90ce", "\u5c71\u7530 \u592a\u90ce"),
        ("Jean\u00a0Dupont", "Jean Dupont"),
        (
            "\u062d\u0633\u06cc\u0646\u200c\u0632\u0627\u062f\u0647",
            "\u062d\u0633\u06cc\u0646\u200c\u0632\u0627\u062f\u0647",
        ),
        ("\U0001f469\u200d\U0001f3eb Ann", "\U0001f469\u200d\U0001f3eb Ann"),
    ],
)
def test_names_are_written_as_people_write_them(written: str, read: str) -> None:
    assert parse_text(written) == read


@pytest.mark.parametrize("sign", ["\n", "\u2028", "\0", "\u202e", "\ud800"])
def test_what_breaks_or_turns_a_line_is_no_name(sign: str) -> None:
    with pytest.raises(BadValueError):
        parse_text(f"Tom{sign}Example")
