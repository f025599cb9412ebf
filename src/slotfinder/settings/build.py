"""From tables to settings: what settings mean together, paths, secrets, the programme."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path as FilePath

from pydantic import SecretStr

from slotfinder.domain.cadence import Cadence, InPerson
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.meeting import Format
from slotfinder.domain.people import Role
from slotfinder.domain.preference import Wishes, parse_window, parse_wishes
from slotfinder.domain.programme import (
    CompromiseRules,
    Conference,
    MeetingRules,
    Programme,
    Room,
    Site,
)
from slotfinder.errors import ConfigurationError, Finding
from slotfinder.invitations.texts import SHIPPED, Texts
from slotfinder.settings.addresses import read_mail_url, read_store_url
from slotfinder.settings.checks import together
from slotfinder.settings.files import lax_files, read_secret
from slotfinder.settings.google import GoogleSettings, read_google
from slotfinder.settings.microsoft import MicrosoftSettings, read_microsoft
from slotfinder.settings.source import Problem, Source, read_source, secret_warnings
from slotfinder.settings.tables import File
from slotfinder.settings.texts import read_texts
from slotfinder.settings.validation import validated
from slotfinder.settings.values import BadValueError

_DEFAULT_WISHES = {
    Role.MENTEE: parse_wishes(
        "Mo-Fr 07:30-09:00 = 1.0; Mo-Fr 07:00-07:30 = 0.7; "
        "Mo-Fr 09:00-12:00 = 0.5; Mo-Fr 12:00-17:00 = 0.2"
    ),
    Role.MENTOR: parse_wishes(
        "Mo-Fr 15:00-17:30 = 1.0; Mo-Fr 12:00-15:00 = 0.6; "
        "Mo-Fr 09:30-12:00 = 0.4; Mo-Fr 08:00-09:30 = 0.2"
    ),
}


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """How mail leaves: ``url`` is empty (write into ``outbox``) or smtp(s)://, without password."""

    url: str
    outbox: FilePath
    sender: str
    password: SecretStr | None
    ca_file: FilePath | None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything slotfinder.toml and the environment say; all paths resolved against ``folder``.

    ``default_duration`` is in minutes; in seconds are ``timeout`` of a request, ``patience`` with a
    call in all its tries and ``link_wait`` for links a provider makes, in a whole run. ``keep`` is
    how long the store remembers what is over.
    ``organizer`` is "mentor", "mentee" or a lower-case e-mail address, whose calendar
    ``organizer_provider`` keeps.
    """

    folder: FilePath
    people: FilePath
    pairs: FilePath
    programme: Programme
    default_duration: int
    default_cadence: Cadence
    default_in_person: InPerson
    organizer: str
    organizer_provider: Provider
    local_directory: FilePath
    feeds_allow: tuple[str, ...]
    timeout: float
    patience: float
    link_wait: int
    google: GoogleSettings
    microsoft: MicrosoftSettings
    store_url: str = field(repr=False)
    keep: timedelta
    mail: MailSettings
    texts: Texts = SHIPPED
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Settings as far as they could be read, with everything found wrong or doubtful.

    ``wrong`` names the settings ("sites", "programme.starts") whose place a default or a stand-in
    has taken: nothing may be concluded from them. ``source`` knows where each setting stands.
    """

    settings: Settings
    findings: tuple[Finding, ...]
    wrong: frozenset[str]
    source: Source | None = None

    def is_sure(self, *keys: str) -> bool:
        """Tell whether all these settings are what the user wrote."""
        return _are_sure(self.wrong, keys)

    @property
    def has_errors(self) -> bool:
        return any(each.level == "error" for each in self.findings)


def load_settings(path: FilePath, environment: Mapping[str, str]) -> Settings:
    """Read slotfinder.toml at ``path`` with the ``SLOTFINDER_...`` variables laid over it.

    Raises:
        ConfigurationError: with all findings at once.
    """
    draft = read_draft(path, environment)
    if draft.has_errors:
        raise ConfigurationError(draft.findings)
    return draft.settings


def read_draft(path: FilePath, environment: Mapping[str, str]) -> Draft:
    """Read what can be read of the settings; nothing a user can write makes it raise."""
    source = read_source(path, environment)
    folder = path.absolute().parent
    file, problems = validated(source.tree)
    wrong = _keys(problems)
    if not source.is_sound:
        # Only the environment is known: whatever the file may say is neither missing nor wrong.
        problems = [each for each in problems if source.is_from_environment(each.path)]
        wrong = frozenset(File.model_fields)
    problems += together(file, lambda *keys: _are_sure(wrong, keys))
    mail, mail_problems = _mail(file, folder, source)
    url, store_problems = _store(file, folder)
    google, google_problems = read_google(file.calendars.google, folder)
    microsoft, microsoft_problems = read_microsoft(file.calendars.microsoft, folder, source)
    problems += [*mail_problems, *store_problems, *google_problems, *microsoft_problems]
    problems += [*secret_warnings(source), *lax_files(source, folder)]
    problems.sort(key=lambda each: source.line(each.path))
    texts, text_findings = read_texts(folder)
    findings = (*source.findings, *map(source.finding, problems), *text_findings)
    settings = replace(
        _settings(file, folder, mail=mail, store_url=url, google=google, microsoft=microsoft),
        texts=texts,
        warnings=tuple(each for each in findings if each.level == "warning"),
    )
    return Draft(settings=settings, findings=findings, wrong=wrong | _keys(problems), source=source)


def _keys(problems: Iterable[Problem]) -> frozenset[str]:
    """Return the settings that are wrong: "table.key", or the name of a list of tables."""
    return frozenset(
        ".".join(str(key) for key in each.path[:2] if isinstance(key, str))
        for each in problems
        if each.level == "error"
    )


def _are_sure(wrong: frozenset[str], keys: Iterable[str]) -> bool:
    return not any(key in wrong or key.partition(".")[0] in wrong for key in keys)


def _settings(
    file: File,
    folder: FilePath,
    *,
    mail: MailSettings,
    store_url: str,
    google: GoogleSettings,
    microsoft: MicrosoftSettings,
) -> Settings:
    return Settings(
        folder=folder,
        people=folder / file.programme.people,
        pairs=folder / file.programme.pairs,
        programme=_programme(file),
        default_duration=file.meetings.duration,
        default_cadence=file.cadence.every,
        default_in_person=file.cadence.in_person,
        organizer=file.programme.organizer,
        organizer_provider=file.programme.organizer_calendar,
        local_directory=folder / file.calendars.local.directory,
        feeds_allow=tuple(file.calendars.feeds.allow),
        timeout=file.calendars.timeout,
        patience=file.calendars.patience,
        link_wait=file.virtual.wait,
        google=google,
        microsoft=microsoft,
        store_url=store_url,
        keep=file.store.keep,
        mail=mail,
    )


def _programme(file: File) -> Programme:
    rules = file.meetings
    return Programme(
        name=file.programme.name,
        zone=file.programme.timezone,
        starts=file.programme.starts,
        ends=file.programme.ends,
        blackouts=tuple(file.programme.blackouts),
        coordinators=tuple(file.programme.coordinators),
        meetings=MeetingRules(
            grid=rules.grid,
            notice=rules.notice,
            horizon=rules.horizon,
            freeze=rules.freeze,
            buffer=rules.buffer,
            title=rules.title,
            private=rules.private,
            automatic_moves=rules.automatic_moves,
            short=rules.short,
        ),
        gap=file.cadence.gap,
        compromise=CompromiseRules(**dict(file.compromise)),
        defaults=_default_wishes(file),
        sites=_sites(file),
        conference=Conference(link=file.virtual.conference, fallback=file.virtual.fallback),
    )


def _default_wishes(file: File) -> dict[tuple[Role, Format], Wishes]:
    wishes: dict[tuple[Role, Format], Wishes] = {}
    tables = {Role.MENTOR: file.preferences.mentor, Role.MENTEE: file.preferences.mentee}
    for role, table in tables.items():
        virtual = _wishes(table.windows) or _DEFAULT_WISHES[role]
        wishes[role, Format.VIRTUAL] = virtual
        wishes[role, Format.IN_PERSON] = _wishes(table.in_person) or virtual
    return wishes


def _wishes(windows: Mapping[str, Decimal]) -> Wishes:
    return tuple(parse_window(window, weight) for window, weight in windows.items())


def _sites(file: File) -> dict[str, Site]:
    details = {room.email: room for room in file.rooms}
    ours = file.programme.organizer_calendar

    def room(email: str) -> Room:
        if (known := details.get(email)) is None:
            return Room(email=email, provider=ours)
        return Room(
            email=email,
            provider=known.calendar or ours,
            floor=known.floor,
            features=tuple(known.features),
            capacity=known.capacity,
        )

    return {
        site.name: Site(
            name=site.name,
            address=site.address,
            travel=site.travel,
            rooms=tuple(map(room, site.rooms)),
            directions=site.directions,
        )
        for site in file.sites
    }


def _store(file: File, folder: FilePath) -> tuple[str, list[Problem]]:
    try:
        return read_store_url(file.store.url, folder), []
    except BadValueError as error:
        return "", [Problem(path=("store", "url"), error=error)]


def _mail(file: File, folder: FilePath, source: Source) -> tuple[MailSettings, list[Problem]]:
    table, programme = file.mail, file.programme
    url, password, problems = _mail_server(file, folder, source)
    ca_file = folder / table.ca_file if table.ca_file else None
    if ca_file and not ca_file.is_file():
        absent = BadValueError(f"there is no file {ca_file}.", "Name a file with PEM certificates.")
        problems.append(Problem(path=("mail", "ca_file"), error=absent))
    mailboxes = [programme.organizer] if programme.organizer not in set(Role) else []
    sender = table.sender or next(iter(mailboxes + programme.coordinators), "")
    settings = MailSettings(
        url=url, outbox=folder / table.outbox, sender=sender, password=password, ca_file=ca_file
    )
    return settings, problems


def _mail_server(
    file: File, folder: FilePath, source: Source
) -> tuple[str, SecretStr | None, list[Problem]]:
    """Return the server's address and the password: environment beats file beats TOML."""
    problems: list[Problem] = []
    url, in_url = "", None
    try:
        url, in_url = read_mail_url(file.mail.url)
    except BadValueError as error:
        problems.append(Problem(path=("mail", "url"), error=error))
    if in_url and not source.is_from_environment(("mail", "url")):
        problems.append(Problem(path=("mail", "url"), error=_IN_URL, level="warning"))
    given, table = ("mail", "password"), file.mail
    password, more = read_secret(
        source, folder, given, table.password or in_url, table.password_file
    )
    return url, password, [*problems, *more]


_IN_URL = BadValueError(
    "a password stands in this file.", "Leave 'user@host' here and name a file in 'password_file'."
)
