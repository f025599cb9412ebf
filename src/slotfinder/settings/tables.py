"""The tables of slotfinder.toml as pydantic models: every setting, its meaning, its default.

The models only judge single values; what settings mean together is judged in ``build``.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, SecretStr

from slotfinder.domain.cadence import (
    Cadence,
    Every,
    InPerson,
    InPersonUnit,
    Unit,
    parse_cadence,
    parse_in_person,
)
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Days, Role
from slotfinder.domain.preference import parse_weight, parse_window
from slotfinder.domain.programme import Rule, TentativePolicy
from slotfinder.settings import values
from slotfinder.settings.values import BadValueError, quoted, with_remedy

CADENCE_REMEDY = "Write for example '2 weeks', '1 month' or 'FREQ=MONTHLY;BYDAY=1MO'."
IN_PERSON_REMEDY = "Write for example 'never' or 'every 3'."
WISHES_REMEDY = "Write for example 'Mo-Fr 07:30-09:00' with a weight from 0 to 1, such as 0.5."


def _text(parse: Callable[[str], object] = values.parse_text) -> PlainValidator:
    """Return a validator that takes only text and reads it with ``parse``."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            raise BadValueError(f"{quoted(value)} is not a text.", "Write the value in quotes.")
        return parse(value)

    return PlainValidator(read)


def _whole(least: int, most: int | None = None) -> PlainValidator:
    def read(value: object) -> int:
        if isinstance(value, str):
            raise BadValueError(f"{quoted(value)} is not a number.", "Write it without quotes.")
        return values.parse_whole(value, least, most)

    return PlainValidator(read)


def _seconds(most: int) -> PlainValidator:
    return PlainValidator(partial(values.parse_seconds, most=most))


def _choice(choices: type[Rule | TentativePolicy]) -> PlainValidator:
    return _text(partial(values.parse_choice, choices=choices))


def _grid(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in {5, 10, 15, 30}:
        raise BadValueError(f"{quoted(value)} is not a possible grid.", "Write 5, 10, 15 or 30.")
    return value


def _title(text: str) -> str:
    values.check_fields(text, ("mentor", "mentee", "pair"))
    return values.parse_text(text)


def _organizer(text: str) -> str:
    word = text.strip().lower()
    return word if word in set(Role) else values.parse_email(text)


def _conference(text: str) -> str:
    word = text.strip().lower()
    return word if word in {"auto", "none"} else values.parse_link(text)


def _fallback(text: str) -> str:
    return values.parse_link(text) if text.strip() else ""


def _feature(text: str) -> str:
    return values.parse_text(text).lower()


def _path(text: str) -> str:
    if "\0" in text:
        raise BadValueError("the path has a character no path can have.", "Write a plain path.")
    return values.parse_text(text)


def _weight(value: object) -> Decimal:
    remedy = "Write a number from 0 to 1, such as 0.5."
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadValueError(f"{quoted(value)} is not a weight.", remedy)
    return with_remedy(parse_weight, remedy)(str(value))


def _window(text: str) -> str:
    with_remedy(parse_window, WISHES_REMEDY)(text)
    return text


def _duration(value: object) -> timedelta:
    return values.parse_duration(value if isinstance(value, str) else quoted(value))


def _secret(value: object) -> SecretStr:
    if not isinstance(value, str) or not value:
        raise BadValueError("the secret is not a text.", "Write it in quotes, or use a file.")
    return SecretStr(value)


Text = Annotated[str, _text()]
Path_ = Annotated[str, _text(_path)]
Email = Annotated[str, _text(values.parse_email)]
Secret = Annotated[SecretStr | None, PlainValidator(_secret)]
Duration = Annotated[timedelta, PlainValidator(_duration)]
Date = Annotated[date, PlainValidator(values.parse_date)]
Margin = Annotated[int, _whole(0, 240)]
Length = Annotated[int, _whole(5, 480)]
Calendar = Annotated[Provider, _text(values.parse_provider)]
Windows = dict[Annotated[str, AfterValidator(_window)], Annotated[Decimal, PlainValidator(_weight)]]


class Table(BaseModel):
    """A table in which every key is known."""

    model_config = ConfigDict(
        defer_build=True,
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
        populate_by_name=False,
    )


class ProgrammeTable(Table):
    """``[programme]``: what, when, where its files are and in whose calendar meetings stand."""

    name: Text = Field(examples=['"Reverse mentoring 2027"'])
    timezone: Annotated[ZoneInfo, _text(values.parse_zone)] = Field(examples=['"Europe/London"'])
    starts: Date = Field(examples=["2027-01-04"])
    ends: Date = Field(examples=["2027-06-25"])
    people: Path_ = "people.csv"
    pairs: Path_ = "pairs.csv"
    blackouts: list[Annotated[Days, PlainValidator(values.parse_dates)]] = []
    organizer: Annotated[str, _text(_organizer)] = Field(examples=['"mentoring@acme.example"'])
    organizer_calendar: Calendar = Provider.LOCAL
    coordinators: list[Email] = []


class MeetingsTable(Table):
    """``[meetings]``: lengths, grid and buffer in minutes."""

    duration: Length = 45
    grid: Annotated[int, PlainValidator(_grid)] = 15
    notice: Duration = timedelta(hours=24)
    horizon: Duration = timedelta(days=42)
    freeze: Duration = timedelta(hours=20)
    buffer: Margin = 0
    title: Annotated[str, _text(_title)] = "Reverse mentoring: {mentor} & {mentee}"
    private: bool = True
    automatic_moves: Annotated[int, _whole(0)] = 2
    short: Annotated[int | None, _whole(5, 480)] = None


class CadenceTable(Table):
    """``[cadence]``: defaults of every pair."""

    every: Annotated[Cadence, _text(with_remedy(parse_cadence, CADENCE_REMEDY))] = Every(
        2, Unit.WEEKS
    )
    in_person: Annotated[InPerson, _text(with_remedy(parse_in_person, IN_PERSON_REMEDY))] = (
        InPerson(InPersonUnit.PERIODS, 3)
    )
    gap: Duration = timedelta(days=6)


class CompromiseTable(Table):
    """``[compromise]``: how the wishes of two people are weighed."""

    rule: Annotated[Rule, _choice(Rule)] = Rule.FAIR
    floor: Annotated[int, _whole(0, 100)] = 20
    memory: Annotated[int, _whole(0)] = 6
    tentative: Annotated[TentativePolicy, _choice(TentativePolicy)] = TentativePolicy.AVOID
    day_limit: Annotated[int, _whole(1, 1440)] = 300
    yields: Annotated[int, _whole(0)] = 2


class RolePreferences(Table):
    """``[preferences.mentee]``: any number of windows, each with its weight.

    ``in-person`` is a table of the same kind for meetings face to face.
    """

    model_config = ConfigDict(extra="allow")

    in_person: Windows = Field({}, alias="in-person")
    __pydantic_extra__: Windows = Field(init=False)

    @property
    def windows(self) -> dict[str, Decimal]:
        return self.__pydantic_extra__ or {}


_NO_WISHES = RolePreferences.model_validate({})


class PreferencesTable(Table):
    """``[preferences.*]``: what a person wants who states no wishes."""

    mentee: RolePreferences = _NO_WISHES
    mentor: RolePreferences = _NO_WISHES


class SiteTable(Table):
    """One of ``[[sites]]``; ``travel`` in minutes."""

    name: Text = Field(examples=['"London"'])
    address: Annotated[str, _text(str.strip)] = ""
    directions: Annotated[str, _text(values.parse_lines)] = ""
    travel: Margin = 15
    rooms: list[Email] = []


class RoomTable(Table):
    """One of ``[[rooms]]``: details of a room that a site names."""

    email: Email = Field(examples=['"room-a@acme.example"'])
    calendar: Calendar | None = None
    capacity: Annotated[int | None, _whole(1)] = None
    floor: Annotated[str, _text(str.strip)] = ""
    features: list[Annotated[str, _text(_feature)]] = []


class VirtualTable(Table):
    """``[virtual]``: join links; ``wait`` in seconds."""

    conference: Annotated[str, _text(_conference)] = "auto"
    fallback: Annotated[str, _text(_fallback)] = ""
    wait: Annotated[int, _whole(0, 600)] = 10


class LocalTable(Table):
    """``[calendars.local]``."""

    directory: Path_ = "calendars"


class FeedsTable(Table):
    """``[calendars.feeds]``: private hosts and networks that may be asked all the same."""

    allow: list[Annotated[str, _text(values.parse_host_or_network)]] = []


class GoogleTable(Table):
    """``[calendars.google]``: as whom Google is asked, and where."""

    service_account_file: Path_ | None = None
    impersonate_service_account: Email | None = None
    reader: Email | None = None
    api_endpoint: Annotated[str, _text(values.parse_root)] = "https://www.googleapis.com"
    ca_file: Path_ | None = None


class MicrosoftTable(Table):
    """``[calendars.microsoft]``: as which app Microsoft 365 is asked, and in which cloud."""

    tenant: Annotated[str, _text(values.parse_tenant)] | None = None
    client_id: Annotated[str, _text(values.parse_id)] | None = None
    client_secret: Secret = None
    client_secret_file: Path_ | None = None
    certificate_file: Path_ | None = None
    certificate_password: Secret = None
    certificate_password_file: Path_ | None = None
    federated_token_file: Path_ | None = None
    managed_identity: Annotated[str, _text(values.parse_id)] | None = None
    authority: Annotated[str, _text(values.parse_authority)] = "https://login.microsoftonline.com"
    graph: Annotated[str, _text(values.parse_graph)] = "https://graph.microsoft.com"
    reader: Email | None = None
    ca_file: Path_ | None = None


class CalendarsTable(Table):
    """``[calendars.*]``: times in seconds. CalDAV's table is judged when it comes."""

    timeout: Annotated[float, _seconds(600)] = 30.0
    patience: Annotated[float, _seconds(3600)] = 90.0
    local: LocalTable = LocalTable()
    feeds: FeedsTable = FeedsTable()
    google: GoogleTable = GoogleTable()
    microsoft: MicrosoftTable = MicrosoftTable()
    caldav: dict[str, object] = {}


class StoreTable(Table):
    """``[store]``: where the agent remembers, and for how long."""

    url: Text = "sqlite:///slotfinder.db"
    keep: Duration = timedelta(days=400)


class MailTable(Table):
    """``[mail]``."""

    url: Annotated[str, _text(str.strip)] = ""
    outbox: Path_ = "outbox"
    sender: Email | None = None
    password: Secret = None
    password_file: Path_ | None = None
    ca_file: Path_ | None = None


class File(Table):
    """The whole of slotfinder.toml."""

    programme: ProgrammeTable = Field(examples=["[programme]"])
    meetings: MeetingsTable = MeetingsTable()
    cadence: CadenceTable = CadenceTable()
    compromise: CompromiseTable = CompromiseTable()
    preferences: PreferencesTable = PreferencesTable()
    sites: list[SiteTable] = []
    rooms: list[RoomTable] = []
    virtual: VirtualTable = VirtualTable()
    calendars: CalendarsTable = CalendarsTable()
    store: StoreTable = StoreTable()
    mail: MailTable = MailTable()
