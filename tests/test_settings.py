"""slotfinder.toml and the environment: what is accepted, what is refused, and with which words."""

import os
import re
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slotfinder.domain.cadence import Every, InPerson, InPersonUnit, Unit
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.meeting import Format
from slotfinder.domain.people import Days, Role
from slotfinder.domain.programme import Room, Rule
from slotfinder.errors import ConfigurationError, Finding
from slotfinder.settings import Settings, load_settings
from slotfinder.settings.toml_lines import key_lines

PROGRAMME = """[programme]
name = "Reverse mentoring"
timezone = "Europe/London"
starts = 2027-01-04
ends = 2027-06-25
organizer = "Mentoring@acme.example"
"""
Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write_and_load(text: str = PROGRAMME, **environment: str) -> Settings:
        path = tmp_path / "slotfinder.toml"
        path.write_text(text, encoding="utf-8", newline="")
        return load_settings(path, environment)

    return write_and_load


def findings_of(load: Load, text: str = PROGRAMME, **environment: str) -> tuple[Finding, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, **environment)
    return caught.value.findings


def with_line(key: str, value: str) -> tuple[str, int]:
    """Return the programme with one setting set, and the line it stands in."""
    table, _, name = key.rpartition(".")
    line = f"{name} = {value}"
    if table == "programme":
        kept = [row for row in PROGRAMME.splitlines() if not row.startswith(f"{name} =")]
        return "\n".join([*kept, line]), len(kept) + 1
    return f"{PROGRAMME}[{table}]\n{line}\n", 8


def test_a_key_left_out_has_the_value_of_the_example(load: Load, tmp_path: Path) -> None:
    found = load()
    programme = found.programme
    assert found.people == tmp_path / "people.csv"
    assert found.pairs == tmp_path / "pairs.csv"
    assert found.local_directory == tmp_path / "calendars"
    assert found.store_url == f"sqlite:///{tmp_path.as_posix()}/slotfinder.db"
    assert found.keep == timedelta(days=400)
    assert (found.organizer, found.organizer_provider) == ("mentoring@acme.example", Provider.LOCAL)
    assert found.default_duration == 45
    assert found.default_cadence == Every(2, Unit.WEEKS)
    assert found.default_in_person == InPerson(InPersonUnit.PERIODS, 3)
    assert programme.meetings.notice == timedelta(hours=24)
    assert programme.meetings.horizon == timedelta(days=42)
    assert programme.meetings.freeze == timedelta(hours=20)
    assert programme.gap == timedelta(days=6)
    assert programme.compromise.rule is Rule.FAIR
    assert programme.conference.link == "auto"
    assert (found.timeout, found.feeds_allow) == (30.0, ())
    assert (found.mail.url, found.mail.outbox) == ("", tmp_path / "outbox")
    assert found.mail.sender == "mentoring@acme.example"
    assert found.warnings == ()
    weights = [window.weight for window in programme.defaults[Role.MENTEE, Format.VIRTUAL]]
    assert weights == [Decimal("1.0"), Decimal("0.7"), Decimal("0.5"), Decimal("0.2")]


def test_the_example_of_the_template_has_the_defaults_of_the_code(load: Load) -> None:
    text = (Path(__file__).parents[1] / "src/slotfinder/template/slotfinder.toml").read_text(
        "utf-8"
    )
    text = text.replace("@STARTS@", "2027-01-04").replace("@ENDS@", "2027-06-25")
    shown, plain = load(text), load()
    assert shown.programme.meetings == plain.programme.meetings
    assert shown.programme.compromise == plain.programme.compromise
    assert shown.programme.defaults == plain.programme.defaults
    assert shown.programme.gap == plain.programme.gap
    assert shown.default_cadence == plain.default_cadence
    assert shown.default_in_person == plain.default_in_person
    assert shown.mail == plain.mail
    assert shown.store_url == plain.store_url


def test_sites_hold_their_rooms_with_details_where_given(load: Load) -> None:
    text = f"""{PROGRAMME}
[[sites]]
name = "London"
travel = 20
rooms = ["Room-A@acme.example", "room-b@acme.example"]
[[rooms]]
email = "room-a@acme.example"
capacity = 4
floor = "3"
features = ["Quiet"]
"""
    site = load(text).programme.sites["London"]
    assert site.travel == 20
    assert site.rooms == (
        Room(
            email="room-a@acme.example",
            provider=Provider.LOCAL,
            floor="3",
            features=("quiet",),
            capacity=4,
        ),
        Room(email="room-b@acme.example", provider=Provider.LOCAL),
    )


def test_in_person_wishes_fall_back_to_the_role_s_own(load: Load) -> None:
    text = PROGRAMME + '[preferences.mentor.in-person]\n"Tu 10:00-11:00" = 1\n'
    defaults = load(text).programme.defaults
    assert [window.start for window in defaults[Role.MENTOR, Format.IN_PERSON]] == [600]
    assert len(defaults[Role.MENTOR, Format.VIRTUAL]) == 4
    assert defaults[Role.MENTEE, Format.IN_PERSON] == defaults[Role.MENTEE, Format.VIRTUAL]


def test_a_single_day_may_be_blacked_out(load: Load) -> None:
    text, _ = with_line("programme.blackouts", '["2027-05-03", "2027-04-02..2027-04-09"]')
    assert load(text).programme.blackouts == (
        Days(date(2027, 5, 3), date(2027, 5, 3)),
        Days(date(2027, 4, 2), date(2027, 4, 9)),
    )


BAD = [
    ("programme.name", '""', "nothing is written here"),
    ("programme.name", "3", "3 is not a text"),
    ("programme.timezone", '"Europe/Londn"', "Did you mean 'Europe/London'?"),
    ("programme.timezone", '"GMT Standard Time"', "Write 'Europe/London', the IANA name"),
    ("programme.starts", '"04/01/2027"', "'04/01/2027' is not a date. Write year-month-day"),
    ("programme.starts", "2027-01-04T10:00:00", "is not a date"),
    ("programme.starts", "1066-10-14", "1066-10-14 is not between the years"),
    ("programme.ends", '"2027-02-30"', "'2027-02-30' is not in the calendar"),
    ("programme.ends", "2026-06-25", "2026-06-25 is before the programme starts (2027-01-04)"),
    ("programme.people", '""', "nothing is written here"),
    ("programme.blackouts", '["2027-04-09..2027-04-02"]', "Write the earlier date first"),
    ("programme.blackouts", '["Easter"]', "'Easter' is not a date"),
    ("programme.organizer", '"the boss"', "'the boss' is not an e-mail address"),
    ("programme.organizer_calendar", '"caldav"', "come in a later release. Use 'local'"),
    ("programme.organizer_calendar", '"feed"', "a published calendar can only be read"),
    ("programme.organizer_calendar", '"outlook"', "'outlook' is no kind of calendar"),
    ("programme.coordinators", '"a@b.example"', "is not a list"),
    ("programme.coordinators", '["a b@c"]', "'a b@c' is not an e-mail address"),
    ("programme.coordinators", '["../x@c"]', "is not an e-mail address"),
    ("programme.nmae", "1", "there is no setting 'nmae' here. Did you mean 'name'?"),
    ("meetings.duration", "4", "4 is out of range. Write a whole number from 5 to 480"),
    ("meetings.duration", "481", "481 is out of range"),
    ("meetings.duration", '"45"', "'45' is not a number. Write it without quotes"),
    ("meetings.duration", "45.5", "45.5 is not a whole number"),
    ("meetings.duration", "true", "true is not a whole number"),
    ("meetings.grid", "7", "7 is not a possible grid. Write 5, 10, 15 or 30"),
    ("meetings.notice", '"24 parsecs"', "'24 parsecs' is not a span of time"),
    ("meetings.notice", "24", "'24' is not a span of time. Write a number and a unit"),
    ("meetings.notice", '"43d"', "the notice of 43 days is longer than the horizon of 42 days"),
    ("meetings.horizon", '"9999w"', "is longer than ten years"),
    ("meetings.horizon", '"13d"', "the horizon of 13 days is shorter than the shortest period"),
    ("meetings.freeze", '"-1h"', "'-1h' is not a span of time"),
    ("meetings.buffer", "241", "241 is out of range"),
    ("meetings.title", '"{menotr}"', "Only {mentor}, {mentee}, {pair} may stand in braces"),
    ("meetings.title", '"a {mentor"', "may stand in braces"),
    ("meetings.title", '"a\\nb"', "has a line break"),
    ("meetings.private", '"yes"', "'yes' is neither true nor false"),
    ("meetings.automatic_moves", "-1", "-1 is out of range. Write a whole number of at least 0"),
    ("meetings.short", "45", "45 is not shorter than the duration of 45 minutes"),
    ("cadence.every", '"5 hours"', "'5 hours' is neither 'N weeks', 'N months' nor an RRULE"),
    ("cadence.every", '"FREQ=HOURLY"', "more often than daily"),
    ("cadence.in_person", '"often"', "'often' is none of: never, always"),
    ("cadence.gap", '"16d"', "the gap of 16 days is longer than the shortest period of 13 days"),
    ("compromise.rule", '"fairr"', "Did you mean 'fair'?"),
    ("compromise.floor", "101", "101 is out of range. Write a whole number from 0 to 100"),
    ("compromise.memory", "-1", "-1 is out of range"),
    ("compromise.tentative", '"maybe"', "Write one of: avoid, block, ignore"),
    ("compromise.day_limit", "0", "0 is out of range. Write a whole number from 1 to 1440"),
    ("compromise.yields", "-2", "-2 is out of range"),
    ("virtual.conference", '"zoom"', "the address is not one of the web"),
    ("virtual.conference", '"https://x.example/{room}"', "Only {pair} may stand in braces"),
    ("virtual.fallback", '"ftp://x.example"', "beginning with 'https://'"),
    ("virtual.wait", "-1", "-1 is out of range"),
    ("calendars.timeout", "0", "0 is not a number of seconds"),
    ("calendars.timeout", "nan", "NaN is not a number of seconds"),
    ("calendars.timeout", "inf", "Infinity is not a number of seconds"),
    ("calendars.patience", "601e1", "is not a number of seconds. Write a number above 0 and up to"),
    ("calendars.patience", '"long"', "'long' is not a number of seconds"),
    ("calendars.local.directory", '""', "nothing is written here"),
    ("calendars.feeds.allow", '["a b"]', "'a b' is neither a host nor a network"),
    ("store.url", '"postgresql+psycopg://u:hunter2@h/d"', "PostgreSQL comes in a later release"),
    ("store.url", '"mysql://h/d"', "'mysql' is no store that is known"),
    ("store.url", '"sqlite:///:memory:"', "names no file"),
    ("store.keep", '"for ever"', "'for ever' is not a span of time"),
    ("store.keep", "400", "'400' is not a span of time"),
    ("mail.url", '"smpt://host"', "'smpt://host' is not the address of a mail server"),
    ("mail.url", '"smtp://host:99999"', "is not the address of a mail server"),
    ("mail.sender", '"nobody"', "'nobody' is not an e-mail address"),
    ("mail.password_file", '"absent"', "no secret can be read from the file"),
    ("mail.ca_file", '"absent.pem"', "there is no file"),
    ("sites", "3", "3 is not a list of tables. Write [[sites]]"),
    ("sites.name", '"x"', "a table is not a list of tables"),
    ("meetngs.x", "3", "Did you mean 'meetings'?"),
]


@pytest.mark.parametrize(("key", "value", "sentence"), BAD)
def test_a_bad_value_has_its_sentence_line_and_key(
    load: Load, key: str, value: str, sentence: str
) -> None:
    if key == "sites":
        text, line = f"sites = {value}\n{PROGRAMME}", 1
    else:
        text, line = with_line(key, value)
    table_only = key in {"sites.name", "meetngs.x"}
    (finding,) = (each for each in findings_of(load, text) if each.level == "error")
    assert sentence in str(finding)
    assert finding.file == "slotfinder.toml"
    assert finding.where == f"line {line - 1 if table_only else line}"
    assert finding.key == (key.split(".", maxsplit=1)[0] if table_only else key)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('"Mo-Fr 25:00" = 1', "'Mo-Fr 25:00' is not a window"),
        ('"Mo-Fr 10:00-09:00" = 1', "ends before it starts"),
        ('"Xx 10:00-11:00" = 1', "'Xx' is not a day"),
        ('"Mo 10:00-11:00" = 2', "the weight 2 is not between 0 and 1"),
        ('"Mo 10:00-11:00" = "1"', "'1' is not a weight"),
        ('"Mo 10:00-11:00" = nan', "is not between 0 and 1"),
        ('"Mo 10:00-11:00" = 0.1234567', "has more than 6 places"),
    ],
)
def test_a_bad_wish_names_its_window(load: Load, line: str, sentence: str) -> None:
    for table in ("preferences.mentee", "preferences.mentor.in-person"):
        (finding,) = findings_of(load, f"{PROGRAMME}[{table}]\n{line}\n")
        assert sentence in finding.message
        assert finding.where == "line 8"
        assert finding.key == f"{table}.{line.partition(' =')[0]}"


def test_of_several_sites_the_wrong_one_is_told_by_its_line(load: Load) -> None:
    text = f"""{PROGRAMME}
[[sites]]
name = "London"
[[sites]]  # the second
name = "Paris"
travel = 999
[[sites]]
name = "London"
"""
    found = findings_of(load, text)
    assert [(each.where, each.key) for each in found] == [("line 12", "sites.travel")]
    found = findings_of(load, text.replace("999", "9"))
    assert [(each.where, each.key) for each in found] == [("line 14", "sites.name")]
    assert "'London' stands in [[sites]] twice" in found[0].message


def test_a_required_setting_that_is_missing_is_shown_by_example(load: Load) -> None:
    found = findings_of(load, "[programme]\n")
    assert {each.key.removeprefix("programme.") for each in found} == {
        "name",
        "timezone",
        "starts",
        "ends",
        "organizer",
    }
    assert all(each.where == "line 1" for each in found)
    assert "starts = 2027-01-04" in "\n".join(map(str, found))
    (finding,) = findings_of(load, "")
    assert "the table [programme] is missing" in finding.message


def test_a_file_with_twenty_faults_reports_all_twenty(load: Load) -> None:
    single = [
        (key, value)
        for key, value, _ in BAD
        if key.startswith(("meetings", "compromise", "virtual", "cadence.e", "cadence.i"))
    ]
    # One value a key, and none that is only wrong together with another.
    faults = dict(reversed(single)) | {"meetings.notice": "1", "meetings.horizon": "1"}
    faults |= {"meetings.short": "1"}
    assert len(faults) >= 19
    tables: dict[str, list[str]] = {}
    for key, value in faults.items():
        table, _, name = key.rpartition(".")
        tables.setdefault(table, []).append(f"{name} = {value}")
    rows = [row for table, lines in tables.items() for row in (f"[{table}]", *lines)]
    text = PROGRAMME.replace("Europe/London", "Mars") + "\n".join(rows)
    found = findings_of(load, text)
    assert sorted(each.key for each in found) == sorted([*faults, "programme.timezone"])
    lines = [int(each.where.removeprefix("line ")) for each in found]
    assert lines == sorted(lines)


def test_a_missing_file_is_named_with_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml.*slotfinder init"):
        load_settings(tmp_path / "nowhere.toml", {})
    with pytest.raises(ConfigurationError, match=r"cannot be read"):
        load_settings(tmp_path, {})


def test_what_is_not_utf_8_or_not_toml_is_told_with_its_line(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "slotfinder.toml"
    path.write_bytes(b"# Gr\xc3\xbc\xc3\x9fe\n# Gr\xfc\xdfe\n")
    with pytest.raises(ConfigurationError, match=r"line 2: this is not UTF-8 text\. Save"):
        load_settings(path, {})
    (finding,) = findings_of(load, PROGRAMME + "[meetings]\nduration = 45 minutes\n")
    assert finding.where == "line 8"
    assert "cannot be read as TOML" in finding.message
    (finding,) = findings_of(load, PROGRAMME + 'name = "again"\n')
    assert (finding.where, finding.message) == ("line 7", "this setting is written twice.")
    (finding,) = findings_of(load, PROGRAMME + "sites = [")
    assert finding.where == "line 7"


def test_a_byte_order_mark_does_not_matter(load: Load) -> None:
    assert load("\ufeff" + PROGRAMME).programme.name == "Reverse mentoring"


def test_a_gap_longer_than_a_week_with_a_change_of_clocks_is_a_warning(load: Load) -> None:
    weekly = PROGRAMME + '[cadence]\nevery = "1 week"\ngap = "7d"\n'
    (warning,) = load(weekly).warnings
    assert "longer than the shortest period of 6 days 23 hours" in warning.message
    assert (warning.where, warning.key, warning.level) == ("line 9", "cadence.gap", "warning")
    assert load(weekly.replace("Europe/London", "Asia/Kolkata")).warnings == ()
    for zone in ("Europe/London", "Asia/Kolkata"):
        (finding,) = findings_of(load, weekly.replace("7d", "8d").replace("Europe/London", zone))
        assert finding.level == "error"


def test_a_truncated_last_period_is_not_the_shortest(load: Load) -> None:
    assert load(PROGRAMME + '[cadence]\nevery = "5 weeks"\ngap = "34d"\n').warnings == ()


def test_the_environment_overrides_any_key(load: Load) -> None:
    found = load(
        PROGRAMME + '[[sites]]\nname = "London"\n[preferences.mentee]\n"Mo 08:00-09:00" = 1\n',
        SLOTFINDER_CONFIG="elsewhere.toml",
        slotfinder_meetings__DURATION="60",
        SLOTFINDER_MEETINGS__NOTICE="2h",
        SLOTFINDER_MEETINGS__PRIVATE="False",
        SLOTFINDER_PROGRAMME__STARTS="2027-02-01",
        SLOTFINDER_PROGRAMME__COORDINATORS='["a@b.example", "c@d.example"]',
        SLOTFINDER_CALENDARS__FEEDS__ALLOW='["127.0.0.1"]',
        SLOTFINDER_CALENDARS__TIMEOUT="2.5",
        SLOTFINDER_CALENDARS__MICROSOFT__CLIENT_SECRET="hunter2",
        SLOTFINDER_SITES__0__TRAVEL="25",
        SLOTFINDER_PREFERENCES__MENTEE__MO_08_00_09_00="0.25",
        SLOTFINDER_PREFERENCES__MENTOR='{"Tu 08:00-09:00" = 1.0}',
        SLOTFINDER_PREFERENCES__MENTOR__IN_PERSON='{"We 08:00-09:00": 0.5}',
        OTHER_VARIABLE="1",
    )
    programme = found.programme
    assert found.default_duration == 60
    assert programme.meetings.notice == timedelta(hours=2)
    assert programme.meetings.private is False
    assert programme.starts == date(2027, 2, 1)
    assert programme.coordinators == ("a@b.example", "c@d.example")
    assert found.feeds_allow == ("127.0.0.1",)
    assert found.timeout == 2.5
    assert programme.sites["London"].travel == 25
    assert [w.weight for w in programme.defaults[Role.MENTEE, Format.VIRTUAL]] == [Decimal("0.25")]
    assert [w.days for w in programme.defaults[Role.MENTOR, Format.VIRTUAL]] == [frozenset({1})]
    assert [w.days for w in programme.defaults[Role.MENTOR, Format.IN_PERSON]] == [frozenset({2})]
    assert found.warnings == ()


def test_the_environment_alone_can_mend_a_programme_that_lacks_settings(load: Load) -> None:
    text = PROGRAMME.replace('name = "Reverse mentoring"\n', "")
    assert load(text, SLOTFINDER_PROGRAMME__NAME="2027").programme.name == "2027"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLOTFINDER_MEETINGS__DURATION", "many", "'many' is not a number"),
        ("SLOTFINDER_MEETINGS__DURATION", "5\nx = 1", "is not a number"),
        ("SLOTFINDER_PROGRAMME__COORDINATORS", "a@b.example", "is not a list"),
        ("SLOTFINDER_MEETINGS__GIRD", "5", "Did you mean 'SLOTFINDER_MEETINGS__GRID'?"),
        ("SLOTFINDER_SITES__0__TRAVEL", "5", "there is no setting of this name"),
        ("SLOTFINDER_MEETINGS", "3", "a table of settings is needed"),
    ],
)
def test_a_bad_variable_is_named(load: Load, name: str, value: str, sentence: str) -> None:
    (finding,) = findings_of(load, **{name: value})
    assert (finding.file, finding.where) == ("environment", name)
    assert sentence in str(finding)


def test_bad_variables_are_told_even_where_the_file_is_no_toml(load: Load) -> None:
    found = findings_of(load, "[", SLOTFINDER_MEETINGS__DURATION="1", SLOTFINDER_X="1")
    assert {each.where for each in found} == {
        "line 1",
        "SLOTFINDER_X",
        "SLOTFINDER_MEETINGS__DURATION",
    }


def test_a_password_comes_from_the_environment_before_a_file_before_the_toml(
    load: Load, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")

    def password(text: str, **environment: str) -> str:
        secret = load(PROGRAMME + "[mail]\n" + text, **environment).mail.password
        assert secret is not None
        return secret.get_secret_value()

    both = 'password = "from-toml"\npassword_file = "secret"\n'
    assert password(both, SLOTFINDER_MAIL__PASSWORD="from-environment") == "from-environment"
    assert password(both) == "from-file"
    assert password('password = "from-toml"\n') == "from-toml"
    assert password('url = "smtp://me:from%2Durl@host:587"\n') == "from-url"


@pytest.mark.skipif(os.name != "posix", reason="modes say who may read on POSIX alone")
class TestSecretFilesOthersMayRead:
    TABLES = (
        'mail]\npassword_file = "secret"\n',
        'calendars.microsoft]\nclient_secret_file = "secret"\n',
        'calendars.microsoft]\ncertificate_password_file = "secret"\n',
        'calendars.caldav]\npassword_file = "secret"\n',
    )

    def warnings(self, load: Load, folder: Path, table: str, mode: int) -> list[Finding]:
        (folder / "secret").write_text("canary", encoding="utf-8")
        (folder / "secret").chmod(mode)
        return list(load(PROGRAMME + "[" + table).warnings)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o440])
    @pytest.mark.parametrize("table", TABLES)
    def test_each_is_a_warning_with_its_remedy(
        self, load: Load, tmp_path: Path, table: str, mode: int
    ) -> None:
        [found] = self.warnings(load, tmp_path, table, mode)
        assert found.key.endswith("_file")
        assert found.where.startswith("line ")
        assert "chmod 600 secret" in found.remedy
        assert "canary" not in str(found)

    @pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
    @pytest.mark.parametrize("table", TABLES)
    def test_one_only_its_owner_may_read_is_none(
        self, load: Load, tmp_path: Path, table: str, mode: int
    ) -> None:
        assert self.warnings(load, tmp_path, table, mode) == []

    @pytest.mark.skipif(
        os.name != "posix" or os.geteuid() != 0, reason="only root gives files away"
    )
    @pytest.mark.parametrize(("mode", "count"), [(0o440, 0), (0o444, 1)])
    def test_one_that_is_lent_through_its_group_is_none(
        self, load: Load, tmp_path: Path, mode: int, count: int
    ) -> None:
        (tmp_path / "secret").touch()
        os.chown(tmp_path / "secret", 12345, 12345)
        assert len(self.warnings(load, tmp_path, self.TABLES[0], mode)) == count

    def test_one_the_environment_names_is_told_too(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("canary", encoding="utf-8")
        (tmp_path / "secret").chmod(0o644)
        found = load(PROGRAMME, SLOTFINDER_MAIL__PASSWORD_FILE="secret").warnings
        assert [(each.file, each.where) for each in found] == [
            ("environment", "SLOTFINDER_MAIL__PASSWORD_FILE")
        ]

    def test_what_a_platform_writes_is_its_own_affair(self, load: Load, tmp_path: Path) -> None:
        table = 'calendars.microsoft]\nfederated_token_file = "secret"\n'
        assert self.warnings(load, tmp_path, table, 0o644) == []


def test_a_secret_inside_the_toml_works_and_warns(load: Load) -> None:
    text = '[mail]\nurl = "smtp://me:hunter2@host"\npassword = "hunter3"\n'
    found = load(PROGRAMME + text)
    assert {(each.where, each.key) for each in found.warnings} == {
        ("line 8", "mail.url"),
        ("line 9", "mail.password"),
    }
    assert found.mail.url == "smtp://me@host"


@pytest.mark.parametrize(
    "text",
    [
        'url = "smtp://me:hunter2@host:99999"',
        'url = "smtp//me:hunter2@host"',
        'url = "smtp://me:hunter2@host"\npassword = "hunter2"\nsender = "x"',
        "password = [1]\nhunter = 2",
        'password = "hunter2',
        'sender = "smtp://me:hunter2@host"',
    ],
)
def test_no_secret_is_ever_shown(load: Load, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(PROGRAMME + "[mail]\n" + text)
    assert "hunter2" not in str(caught.value) + repr(caught.value.findings)
    assert caught.value.__context__ is None
    sound = load(
        PROGRAMME,
        SLOTFINDER_MAIL__URL="smtp://me:hunter2@host",
        SLOTFINDER_MAIL__PASSWORD="hunter2",
    )
    assert "hunter2" not in repr(sound) + str(sound)
    bad_store = '[store]\nurl = "postgresql://me:hunter2@host/db"\n'
    assert "hunter2" not in repr(findings_of(load, PROGRAMME + bad_store))


def test_the_tables_of_later_calendars_are_accepted(load: Load) -> None:
    text = "[calendars.caldav]\na = 1\n"
    assert load(PROGRAMME + text).warnings == ()


def test_a_person_as_organizer_needs_a_mailbox_that_sends(load: Load) -> None:
    text, _ = with_line("programme.organizer", '"Mentor"')
    (finding,) = findings_of(load, text)
    assert finding.key == "mail.sender"
    found = load(text, SLOTFINDER_PROGRAMME__COORDINATORS='["a@b.example"]')
    assert (found.organizer, found.mail.sender) == ("mentor", "a@b.example")


def test_a_room_in_no_site_is_a_warning(load: Load) -> None:
    (warning,) = load(PROGRAMME + '[[rooms]]\nemail = "r@a.example"\n').warnings
    assert "no site has the room 'r@a.example'" in warning.message


def test_lines_are_known_for_every_way_to_write_a_key() -> None:
    text = (
        "# a comment\r\na.b = 1\r\n\r\n[t]\nlist = [\n  1, # [x]\n  2,\n]\n"
        'text = """\n[no.table]\nkey = 1\n"""\n'
        '"quoted # key" = 1\n[[s]]\nk = 1\n[[s]]\nk = {z = 1}\n'
    )
    tomllib.loads(text)
    lines = key_lines(text)
    assert lines["a", "b"] == 2
    assert lines["t", "list"] == 5
    assert lines["t", "text"] == 9
    assert lines["t", "quoted # key"] == 13
    assert (lines["s", 0, "k"], lines["s", 1], lines["s", 1, "k", "z"]) == (15, 16, 17)


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=8),
        st.sampled_from(
            ["1e99999999999999999999", "nan", "-inf", "0x0", "1979-05-27", "9999-12-31"]
        ),
    ).map(lambda value: value if isinstance(value, str) else repr(value)),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
KEYS = st.sampled_from(sorted({key for key, _, _ in BAD} | {"sites", "rooms", "preferences"}))


@FUZZ
@given(data=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda t: t.encode())))
def test_no_bytes_raise_anything_but_findings(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "slotfinder.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError):
        load_settings(path, {})


@FUZZ
@given(key=KEYS, value=VALUES, from_environment=st.booleans())
def test_no_value_of_any_key_raises_anything_but_findings(
    tmp_path: Path, key: str, value: str, *, from_environment: bool
) -> None:
    path = tmp_path / "slotfinder.toml"
    environment = {}
    text = PROGRAMME
    if from_environment:
        environment["SLOTFINDER_" + re.sub(r"\W", "__", key).upper()] = value
    else:
        text = f"{key} = {value}\n{PROGRAMME}" if "." not in key else with_line(key, value)[0]
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        load_settings(path, environment)
    except ConfigurationError as error:
        assert all(each.message and each.remedy for each in error.findings)  # noqa: PT017 - sound is fine too
