"""docs/reference.md against the code, in both directions: nothing missing, nothing that is not."""

import ast
import shutil
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import pytest
import typer

import slotfinder
from slotfinder.agent.diagnosis import Code
from slotfinder.agent.guard import MASS_CHANGE
from slotfinder.agent.overview import Health
from slotfinder.agent.waiting import NEW_TIME, TWO_LOST
from slotfinder.cli.main import app
from slotfinder.domain.drift import CopyDrift
from slotfinder.domain.freebusy import Kind, UnreadableCode
from slotfinder.domain.lifecycle import Cause
from slotfinder.domain.people import PairStatus
from slotfinder.planning.plan import ActionKind, HoldCode, RelaxationCode
from slotfinder.roster import pairs, people
from slotfinder.roster.sheet import Columns
from slotfinder.settings import schema
from slotfinder.settings.tables import File, RolePreferences, Table
from tests.acceptance.world import PRIYA, SUNDAY, TOM, Json, World, couple

DOCS: Final = Path(__file__).parent.parent / "docs"
SOURCE: Final = Path(slotfinder.__file__).parent

Row = list[str]


def _rows(page: str) -> dict[str, list[Row]]:
    """Return the rows of each section's tables, by its heading; the tables' own headings not."""
    found: dict[str, list[Row]] = {}
    heading = ""
    for line in (DOCS / page).read_text("utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("#").strip()
            assert heading not in found, f"two sections are called {heading}"
            found[heading] = []
        elif line.startswith("| `"):
            found[heading].append([cell.strip() for cell in line.strip("| ").split(" | ")])
    return found


REFERENCE: Final = _rows("reference.md")


def words(heading: str) -> list[str]:
    """Return what a section explains, in order."""
    return [row[0].strip("`") for row in REFERENCE[heading]]


# Settings


def _tables(
    kind: type[Table] = File, name: str = "", variable: str = "SLOTFINDER"
) -> Iterator[Any]:
    """Yield the heading, fields and start of the variables of each table of the schema."""
    keys = schema.known_keys(kind)
    single: dict[str, Any] = {}
    for key, inner in keys.items():
        listed = get_origin(inner) is list
        table = get_args(inner)[0] if listed else inner
        if not schema.is_table(table):
            single[key] = next(
                each for field, each in kind.model_fields.items() if key in {field, each.alias}
            )
            continue
        path = f"{name}.{key}".lstrip(".")
        below = f"{variable}{'_' if kind is File else '__'}{key.upper()}{'__0' if listed else ''}"
        yield from _tables(table, path if not listed else f"[{path}]", below)
    if single:
        yield f"[{name}]", single, variable


TABLES: Final = {heading: (fields, start) for heading, fields, start in _tables()}


def test_every_table_of_the_settings_has_its_section_and_no_other() -> None:
    sections = [heading for heading in REFERENCE if heading.startswith("[")]
    assert sorted(sections) == sorted(TABLES)


@pytest.mark.parametrize("heading", TABLES)
def test_every_setting_stands_there_with_its_variable(heading: str) -> None:
    fields, start = TABLES[heading]
    written = {row[0].strip("`"): row[4].strip("`") for row in REFERENCE[heading]}
    assert written == {key: f"{start}__{key.upper().replace('-', '_')}" for key in fields}


@pytest.mark.parametrize("heading", TABLES)
def test_every_default_is_the_one_that_counts(heading: str) -> None:
    """The default of the page is read as slotfinder.toml is, and gives what leaving it out does."""
    fields, _ = TABLES[heading]
    required, told, unsaid = {}, {}, set()
    for key, _, default, *_ in REFERENCE[heading]:
        field = fields[key.strip("`")]
        if default == "required":
            assert field.is_required()
            required[key.strip("`")] = tomllib.loads(f"x = {field.examples[0]}")["x"]
        elif default == "—":
            unsaid.add(key.strip("`"))
        else:
            told[key.strip("`")] = tomllib.loads(f"x = {default.strip('`')}")["x"]
    assert unsaid == {key for key, field in fields.items() if field.default is None}
    table = _kind(heading)
    left_out, said = table.model_validate(required), table.model_validate({**required, **told})
    assert dict(said) == dict(left_out)


def _kind(heading: str) -> Any:
    kind: Any = File
    for key in heading.strip("[]").split("."):
        kind = schema.known_keys(kind)[key]
        kind = get_args(kind)[0] if get_origin(kind) is list else kind
    return kind


def test_the_variables_are_those_that_are_read() -> None:
    told = {row[4].strip("`") for heading in TABLES for row in REFERENCE[heading]}
    single = {each for each in told if "__0__" not in each}
    lists = {"SLOTFINDER_SITES", "SLOTFINDER_ROOMS"}
    assert single | lists == set(schema.variables())


def test_wishes_may_have_any_window_and_nothing_else_may() -> None:
    free = [heading for heading in TABLES if _kind(heading) is RolePreferences]
    assert free == ["[preferences.mentee]", "[preferences.mentor]"]


# Columns


@pytest.mark.parametrize(
    ("file", "columns"), [("people.csv", people.COLUMNS), ("pairs.csv", pairs.COLUMNS)]
)
def test_every_column_stands_there(file: str, columns: Columns) -> None:
    needed = {row[0].strip("`"): row[1] for row in REFERENCE[file]}
    assert list(needed) == list(columns.known)
    assert [name for name, word in needed.items() if word == "yes"] == list(columns.required)


# Commands


def _command(name: str) -> list[str]:
    return _named(typer.main.get_command(app).commands[name])  # type: ignore[attr-defined]


def _named(command: Any) -> list[str]:
    """Return the options of a command as they are typed, and its arguments as its help has them."""
    found: list[str] = []
    for each in command.params:
        if each.param_type_name == "option":
            found += [*each.opts, *each.secondary_opts]
        else:
            name = each.name.upper()
            found.append(each.metavar or (name if each.required else f"[{name}]"))
    return found


COMMANDS: Final = list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_every_command_has_its_section_and_no_other() -> None:
    order = list(REFERENCE)
    between = order[order.index("Global options") + 1 : order.index("Exit status")]
    assert sorted(between) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_there(name: str) -> None:
    assert sorted(words(name)) == sorted(_command(name))


def test_every_global_option_stands_there() -> None:
    assert sorted(words("Global options")) == sorted(_named(typer.main.get_command(app)))


# Codes


def _values(*kinds: type[StrEnum]) -> set[str]:
    return {each.value for kind in kinds for each in kind}


CODES: Final[dict[str, set[str]]] = {
    "Kinds of action": _values(ActionKind),
    "Why a meeting is as it is": {
        *_values(Cause),
        *(f"pair-{each}" for each in PairStatus if each is not PairStatus.ACTIVE),
        "best-compromise",
        "agreed",
        HoldCode.NOT_AGREED,
    },
    "Why a period has no meeting": _values(HoldCode),
    "What would help": {*_values(RelaxationCode), NEW_TIME},
    "What waits besides": {TWO_LOST, MASS_CHANGE, NEW_TIME},
    "Why nothing was carried out": {MASS_CHANGE, "world-changed"},
    "Why a calendar is unreadable": _values(UnreadableCode),
    "Drift": {*_values(CopyDrift), "link-missing", "room-pending", "room-lost"},
    "Health": _values(Health),
    "How time is taken": _values(Kind),
}


@pytest.mark.parametrize("heading", CODES)
def test_every_code_stands_there(heading: str) -> None:
    assert sorted(words(heading)) == sorted(CODES[heading])


def test_every_reason_for_a_failed_write_stands_there() -> None:
    told = set(words("Why a write failed"))
    assert set(_literals(_of_write_errors)) <= told
    assert told <= set(_literals(_all_texts))


def test_no_code_is_written_in_the_source_that_stands_nowhere() -> None:
    told = {word for heading in [*CODES, "Why a write failed"] for word in words(heading)}
    assert set(_literals(_of_codes)) - told - {"command"} == set()
    assert {"best-compromise", "agreed", "world-changed"} <= set(_literals(_all_texts))


def test_every_finding_of_doctor_is_explained() -> None:
    explained = [row[0].strip("`") for row in _rows("doctor.md")["Findings"]]
    assert sorted(explained) == sorted(_values(Code))


def _literals(find: Callable[[ast.AST], Iterable[ast.AST | None]]) -> Iterator[str]:
    """Yield the texts that stand in the source where ``find`` looks."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for part in find(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def _of_write_errors(node: ast.AST) -> Iterable[ast.AST | None]:
    """Return the code a WriteError is made with."""
    made = isinstance(node, ast.Call) and ast.unparse(node.func) == "WriteError"
    return node.args[:1] if isinstance(node, ast.Call) and made else []


def _of_codes(node: ast.AST) -> Iterable[ast.AST | None]:
    """Return what is given as a code: to a call by name, or in a document."""
    if isinstance(node, ast.keyword):
        return [node.value] if node.arg in {"code", "reason_code", "cause"} else []
    if isinstance(node, ast.Dict):
        keys = (ast.unparse(key) if key else "" for key in node.keys)
        both = zip(keys, node.values, strict=True)
        return [value for key, value in both if key in {"'code'", "'reason_code'"}]
    return []


def _all_texts(node: ast.AST) -> Iterable[ast.AST | None]:
    return [node]


# Documents

FREE: Final = frozenset(
    {"summary", "requests", "answers", "satisfaction", "share", "balance", "store", "deleted"}
)
"""Objects whose keys name other things: kinds, operations, people, the two of a pair, tables."""


def _paths(found: object, name: str = "") -> Iterator[str]:
    """Yield the keys of a document, those of what stands in it included."""
    if isinstance(found, list):
        for each in found:
            yield from _paths(each, f"{name}[]")
    elif isinstance(found, dict) and name.rpartition(".")[2] not in FREE:
        for key, value in found.items():
            path = f"{name}.{key}".lstrip(".")
            yield path
            yield from _paths(value, path)


def _keys(documents: Iterable[Json]) -> set[str]:
    return {path for document in documents for path in _paths(document)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a programme in which something of everything has happened by its second run."""
    world = couple(tmp_path_factory.mktemp("reference") / "programme")
    world.person("gone@acme.example", "Gone Example").person("lost@acme.example", "Lost Example")
    world.pair("broken", "gone@acme.example", "lost@acme.example")
    world.pair("held", TOM, "lost@acme.example", every="1 week")
    world.busy("lost@acme.example", "20270104T000000Z", "20270111T090000Z")
    world.write()
    uid = next(each["uid"] for each in world.run().actions if each["pair"] == "p01")
    world.answer(PRIYA, uid, "DECLINED")
    (world.calendar("gone@acme.example") / "broken.ics").write_bytes(b"")
    return world


def test_the_document_of_a_pass_has_these_keys(world: World) -> None:
    documents = [
        world.plan("--certify").json,
        world.run().json,
        world.call("skip", "p01", "--occurrence", "3", "--json").json,
    ]
    seen = _keys(documents)
    assert seen <= set(words("JSON of a pass"))
    # These are of clouds, and of plans that are not carried out.
    elsewhere = {f"drift[].{key}" for key in ("pair", "uid", "person", "code", "done")}
    elsewhere |= {"refused.reason_code", "refused.reason"}
    assert set(words("JSON of a pass")) - seen <= elsewhere


def test_the_document_of_explain_has_these_keys(world: World) -> None:
    asked = [world.call("explain", pair, "--json").json for pair in ("p01", "held")]
    shared = {key for key in words("JSON of a pass") if not key.startswith("certificate")}
    assert set(words("JSON of explain")) <= _keys(asked)
    assert _keys(asked) <= shared | set(words("JSON of explain"))


LATER: Final = "2027-01-25T12:00:00Z"


@pytest.fixture(scope="module")
def later(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a copy of the same programme three weeks on."""
    folder = tmp_path_factory.mktemp("later") / "programme"
    shutil.copytree(world.folder, folder)
    after = replace(world, folder=folder, now=LATER)
    after.call("run", now=SUNDAY)
    after.call("run")
    return after


@pytest.mark.parametrize(
    ("heading", "commands"),
    [
        ("JSON of log", ["log p01"]),
        ("JSON of report", ["report"]),
        ("JSON of status", ["status"]),
        ("JSON of freebusy", ["freebusy gone@acme.example", "freebusy lost@acme.example"]),
        ("JSON of simulate", ["simulate --weeks 1 --rule fair"]),
        ("JSON of doctor", ["doctor"]),
        ("JSON of export", [f"export {TOM}"]),
    ],
)
def test_every_document_has_these_keys(later: World, heading: str, commands: list[str]) -> None:
    documents = [later.call(*command.split(), "--json").json for command in commands]
    assert sorted(_keys(documents)) == sorted(words(heading))


def test_the_document_of_todo_has_these_keys(world: World) -> None:
    assert sorted(_keys([world.call("todo", "--json").json])) == sorted(words("JSON of todo"))


def test_the_document_of_mark_has_these_keys(later: World) -> None:
    last = later.call("status", "p01", "--json").json["pairs"][0]["last"]
    told = later.call("mark", "p01", "--meeting", last["uid"], "--missed", "--json")
    assert sorted(_keys([told.json])) == sorted(words("JSON of mark"))


def test_the_document_of_erase_has_these_keys(tmp_path: Path) -> None:
    world = couple(tmp_path).person("ada@acme.example", "Ada Example")
    world.pair("p02", "ada@acme.example", PRIYA).write()
    world.run()
    world.call("end", "p01")
    world.people, world.pairs = world.people[1:], world.pairs[1:]
    told = world.write().call("erase", TOM, "--dry-run", "--json", now=LATER)
    assert sorted(_keys([told.json])) == sorted(words("JSON of erase"))


def test_every_json_option_has_its_document() -> None:
    documents = [heading for heading in REFERENCE if heading.startswith("JSON of ")]
    with_json = [name for name in COMMANDS if "--json" in _command(name)]
    links = {
        name: row[1].partition("(#")[2].partition(")")[0].replace("-", " ")
        for name in with_json
        for row in REFERENCE[name]
        if row[0] == "`--json`"
    }
    assert sorted(set(links.values())) == sorted(each.lower() for each in documents)
