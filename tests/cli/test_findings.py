"""Bad files: all findings at once, each with file, place, key and remedy; exit 2."""

from pathlib import Path

import pytest

from tests.acceptance.world import (
    PRIYA,
    TOM,
    Result,
    World,
    couple,
    simple,
)


def refused(world: World) -> Result:
    """Run a programme that must be refused, and return what was said."""
    before = world.snapshot(store=True)
    result = world.run()
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err
    assert world.snapshot(store=True) == before
    return result


def test_all_findings_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", grid=7, duration="long", horizon="2d")
    world.set("compromise", rule="dictator").set("programme", timezone="Europe/Londno")
    world.people[0]["timezone"] = "Mars/Base"
    world.people[1]["calendar"] = "fax"
    world.pairs[0]["mentor"] = "nobody@acme.example"
    world.pairs[0]["status"] = "maybe"
    err = refused(world.write()).err
    for key in ("grid", "duration", "rule", "timezone", "calendar", "mentor", "status"):
        assert key in err
    for value in ("Europe/Londno", "Mars/Base", "fax", "nobody@acme.example", "maybe", "dictator"):
        assert value in err
    for file in ("slotfinder.toml", "people.csv", "pairs.csv"):
        assert file in err


def test_a_finding_names_file_place_key_and_remedy(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", grid=7)
    world.people[1]["timezone"] = "Mars/Base"
    world.write()
    lines = world.config.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if "grid" in line)
    err = refused(world).err
    [grid] = [line for line in err.splitlines() if "grid" in line]
    assert f"line {number}" in grid
    assert "slotfinder.toml" in grid
    assert "5, 10, 15" in grid.replace(" | ", ", ")
    [zone] = [line for line in err.splitlines() if "Mars/Base" in line]
    assert "people.csv" in zone
    assert "row 3" in zone
    assert "timezone" in zone


def test_a_typing_error_in_a_key_is_told(tmp_path: Path) -> None:
    world = couple(tmp_path).set("meetings", duraton=30).write()
    assert "duraton" in refused(world).err


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    world = simple(tmp_path)
    world.config.write_text("[programme]\nname = \n", "utf-8")
    assert "line 2" in refused(world).err


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("meetings", "horizon", "13d"),
        ("meetings", "notice", "15d"),
        ("cadence", "gap", "16d"),
        ("meetings", "duration", 0),
        ("meetings", "duration", -45),
        ("meetings", "duration", 10**30),
        ("meetings", "grid", 20),
        ("meetings", "notice", "soon"),
        ("meetings", "horizon", "99999999999999999999d"),
        ("meetings", "title", "{mentro}"),
        ("meetings", "title", "{mentor.__class__}"),
        ("compromise", "floor", 101),
        ("compromise", "day_limit", 0),
        ("compromise", "day_limit", 1441),
        ("compromise", "memory", -1),
        ("compromise", "tentative", "perhaps"),
        ("cadence", "every", "sometimes"),
        ("cadence", "every", "0 weeks"),
        ("cadence", "every", "FREQ=HOURLY"),
        ("cadence", "every", "99999999999 months"),
        ("cadence", "in_person", "every 0"),
        ("programme", "ends", "=2027-01-01"),
        ("programme", "starts", "2027-13-01"),
        ("programme", "blackouts", ["2027-02-10..2027-02-01"]),
        ("programme", "organizer", "nobody"),
        ("programme", "people", "missing.csv"),
        ("programme", "organizer_calendar", "caldav"),
        ("preferences.mentor", "Mo-Fr 25:00-26:00", 1.0),
        ("preferences.mentor", "Mo-Fr 17:00-09:00", 1.0),
        ("preferences.mentor", "Mo-Fr 09:00-10:00", 1.5),
        ("preferences.mentor", "Mo-Fr 09:00-10:00", -0.5),
        ("virtual", "conference", "javascript:alert(1)"),
        ("store", "url", "postgresql+psycopg://localhost/x"),
        ("mail", "url", "gopher://mail"),
    ],
)
def test_a_value_that_cannot_be_meant_is_a_finding(
    tmp_path: Path, table: str, key: str, value: object
) -> None:
    world = couple(tmp_path).set(table, **{key: value}).write()
    err = refused(world).err
    word = key.split()[1] if key.startswith("Mo") else key
    assert word in err or str(value) in err


def test_what_comes_in_a_later_release_says_so(tmp_path: Path) -> None:
    for table, key, value in (
        ("programme", "organizer_calendar", "caldav"),
        ("store", "url", "postgresql+psycopg://localhost/x"),
    ):
        world = couple(tmp_path / key).set(table, **{key: value}).write()
        assert "later release" in refused(world).err


def test_gap_near_the_period_is_a_warning(tmp_path: Path) -> None:
    world = couple(tmp_path).set("cadence", gap="14d").write()
    result = world.run()
    assert result.status == 0
    assert "gap" in result.err


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("email", "tom"),
        ("email", ""),
        ("email", PRIYA),
        ("email", "../../etc@acme.example/.."),
        ("name", ""),
        ("calendar", ""),
        ("calendar", "caldav"),
        ("calendar", "ftp://example.org/a.ics"),
        ("timezone", ""),
        ("timezone", "BST"),
        ("site", "Atlantis"),
        ("site_days", "Tu,Xx"),
        ("country", "ZZ"),
        ("country", "GB-XX"),
        ("preference", "Mo-Fr"),
        ("preference", "Mo-Fr 09:00-10:00 = much"),
        ("preference_in_person", "09:00"),
        ("away", "next week"),
        ("away", "2027-02-14..2027-02-10"),
    ],
)
def test_a_bad_cell_of_a_person_is_a_finding_with_its_row(
    tmp_path: Path, column: str, value: str
) -> None:
    world = couple(tmp_path)
    world.pairs = []
    world.people[0][column] = value
    world.write()
    (tmp_path / "pairs.csv").write_text("pair,mentor,mentee,status\n", "utf-8")
    err = refused(world).err
    assert "people.csv" in err
    assert "row 2" in err or "row 3" in err
    assert column in err


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("pair", ""),
        ("mentor", ""),
        ("mentor", "nobody@acme.example"),
        ("mentor", PRIYA),
        ("status", ""),
        ("status", "Active!"),
        ("agreed", "perhaps"),
        ("every", "often"),
        ("in_person", "sometimes"),
        ("duration", "long"),
        ("duration", "-1"),
        ("starts", "soon"),
        ("ends", "2027-01-01"),
        ("organizer", "the boss"),
    ],
)
def test_a_bad_cell_of_a_pair_is_a_finding_with_its_row(
    tmp_path: Path, column: str, value: str
) -> None:
    world = couple(tmp_path)
    world.pairs[0][column] = value
    if column == "ends":
        world.pairs[0]["starts"] = "2027-02-01"
    err = refused(world.write()).err
    assert "pairs.csv" in err
    assert "row 2" in err
    assert column in err or column == "mentor"


def test_two_pairs_of_one_id_are_a_finding(tmp_path: Path) -> None:
    assert "p01" in refused(couple(tmp_path).pair("p01", PRIYA, TOM).write()).err


def test_a_missing_column_is_a_finding(tmp_path: Path) -> None:
    world = simple(tmp_path)
    (tmp_path / "people.csv").write_text("email,name\ntom@acme.example,Tom\n", "utf-8")
    err = refused(world).err
    assert "calendar" in err
    assert "timezone" in err


def test_excels_semicolons_bom_and_column_order_work(tmp_path: Path) -> None:
    world = simple(tmp_path)
    people = (
        "\ufefftimezone;name;calendar;email;preference\r\n"
        f'Europe/London;"Example; Tom";local;{TOM};"Mo-Fr 09:00-12:00 = 1; Sa 13:00-17:00 = .5"\r\n'
        f"Europe/London;Priya Example;LOCAL;{PRIYA.upper()};\r\n"
        ";;;;\r\n"
    )
    (tmp_path / "people.csv").write_bytes(people.encode("utf-8"))
    pairs = f"\ufeffpair;mentee;mentor;status\r\np01;{PRIYA};{TOM};active\r\n"
    (tmp_path / "pairs.csv").write_bytes(pairs.encode("utf-8"))
    result = world.run()
    assert result.kinds == ["book"]
    assert result.action["attendees"] == [TOM, PRIYA]


def test_an_unknown_column_is_a_warning(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.pairs[0]["mood"] = "good"
    result = world.write().run()
    assert result.status == 0
    assert "mood" in result.err


@pytest.mark.parametrize("file", ["people.csv", "pairs.csv", "slotfinder.toml"])
@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 50,
        b"\x00" * 5000,
        b"\xff\xfee\x00m\x00a\x00i\x00l\x00",
        b'"' * 9999,
        b"",
        b"PK\x03\x04 an Excel workbook",
        b"x" * 500_000,
        b"a" + b"," * 200_000,
    ],
    ids=["bytes", "zeros", "utf-16", "quotes", "empty", "xlsx", "long", "commas"],
)
def test_a_file_of_nonsense_is_told_without_traceback(
    tmp_path: Path, file: str, content: bytes
) -> None:
    world = simple(tmp_path)
    (tmp_path / file).write_bytes(content)
    assert file in refused(world).err


@pytest.mark.parametrize("file", ["people.csv", "pairs.csv", "slotfinder.toml"])
@pytest.mark.parametrize("what", ["directory", "missing", "loop"])
def test_a_file_that_is_none_is_told_without_traceback(
    tmp_path: Path, file: str, what: str
) -> None:
    world = simple(tmp_path)
    path = tmp_path / file
    path.unlink()
    if what == "directory":
        path.mkdir()
    elif what == "loop":
        path.symlink_to(path)
    result = world.call("run", "--json")
    assert result.status == 2
    assert result.out == ""
    assert "Traceback" not in result.err
    assert file in result.err


def test_a_secret_in_a_bad_setting_is_not_echoed(tmp_path: Path) -> None:
    world = couple(tmp_path)
    world.set("mail", url="smtp://user:hunter2secret@host:notaport", password_file="missing")
    result = refused(world.write())
    assert "hunter2secret" not in result.err


def test_no_person_and_no_pair_is_nothing_to_do_or_a_finding(tmp_path: Path) -> None:
    world = simple(tmp_path)
    (tmp_path / "pairs.csv").write_text("pair,mentor,mentee,status\n", "utf-8")
    result = world.run()
    assert result.status in {0, 2}
    assert "Traceback" not in result.err
