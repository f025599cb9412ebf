"""The composition root: settings → calendars, store, mail → agent. Adapters are named here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pydantic import SecretStr

from slotfinder.agent.programme import Agent
from slotfinder.calendars.local.calendar import LocalCalendars
from slotfinder.domain.freebusy import Provider
from slotfinder.domain.meeting import programme_mark
from slotfinder.errors import ConfigurationError, Finding, LockHeldError, StoreError
from slotfinder.mail.outbox_folder import OutboxFolder
from slotfinder.ports import (
    CloudInspector,
    FreeBusySource,
    Ledger,
    Logged,
    Mailer,
    PersonalStore,
    Progress,
    Records,
    RoomDirectory,
    Workplaces,
)
from slotfinder.roster import Roster, load_programme
from slotfinder.roster.clouds import cloud_use
from slotfinder.settings import Settings
from slotfinder.store.backup import backups

if TYPE_CHECKING:
    from slotfinder.calendars.google.calendar import GoogleCalendars
    from slotfinder.calendars.microsoft.calendar import MicrosoftCalendars


@dataclass(frozen=True, slots=True)
class _Cloud:
    calendars: "GoogleCalendars | MicrosoftCalendars"
    inspector: CloudInspector
    directory: RoomDirectory
    workplaces: Workplaces | None = None


def system_now() -> datetime:
    """Return the present moment, to the second; the only place that reads the clock."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - here the clock is made


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A programme's files, read and found sound."""

    settings: Settings
    roster: Roster

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return (*self.settings.warnings, *self.roster.warnings)

    @property
    def store_file(self) -> Path:
        return _store_file(self.settings)

    def ledger(self) -> Ledger:
        """Return what the store remembers, touching nothing."""
        file = _store_file(self.settings)
        if not file.exists():
            return Ledger()
        # The database library is slow to load, and a first look needs none.
        from slotfinder.store.sql import read_ledger  # noqa: PLC0415

        return read_ledger(file)

    def log(self) -> list[Logged]:
        """Return what happened to all meetings, oldest first, touching nothing."""
        file = _store_file(self.settings)
        if not file.exists():
            return []
        from slotfinder.store.sql import read_log  # noqa: PLC0415 - slow to load

        return read_log(file)

    def about(self, person: str) -> Records:
        """Return everything the store remembers about a person, by address, touching nothing."""
        file = _store_file(self.settings)
        if not file.exists():
            return {}
        from slotfinder.store.sql import read_about  # noqa: PLC0415 - slow to load

        return read_about(file, person)

    def mails_to(self, person: str) -> list[Path]:
        """Return the mails to a person in the outbox folder."""
        return OutboxFolder(self.settings.mail.outbox).mails_to(person)

    def store_copies(self) -> list[Path]:
        """Return the copies of the store that were made before it was migrated."""
        return backups(_store_file(self.settings))


def configure(path: Path, environment: Mapping[str, str]) -> Configured:
    """Read the programme whose slotfinder.toml is at ``path``.

    Raises:
        ConfigurationError: with everything that is wrong, at once.
    """
    settings, roster = load_programme(path, environment)
    return Configured(settings=settings, roster=roster)


@contextmanager
def agent_for(configured: Configured, progress: Progress) -> Iterator[Agent]:
    """Yield the agent of a programme; connections it opened are closed afterwards."""
    settings, roster = configured.settings, configured.roster
    with ExitStack() as stack:
        local = _local_calendars(settings, roster)
        found = (_google(settings, roster, stack), _microsoft(settings, roster, stack))
        clouds = {cloud.calendars.provider: cloud for cloud in found if cloud is not None}
        calendars = {provider: cloud.calendars for provider, cloud in clouds.items()}
        yield Agent(
            programme=settings.programme,
            people=roster.people,
            pairs=roster.pairs,
            sources={Provider.LOCAL: local, **_feeds(settings, roster), **calendars},
            calendars={Provider.LOCAL: local, **calendars},
            merging=calendars,
            inspectors={provider: cloud.inspector for provider, cloud in clouds.items()},
            directories={provider: cloud.directory for provider, cloud in clouds.items()},
            workplaces={
                provider: cloud.workplaces
                for provider, cloud in clouds.items()
                if cloud.workplaces is not None
            },
            mailer=_mailer(settings, stack),
            sender=settings.mail.sender,
            texts=settings.texts,
            organizer_provider=settings.organizer_provider,
            progress=progress,
            keep=settings.keep,
        )


@contextmanager
def locked_store(
    configured: Configured, wait: float = 0, give_up: Callable[[], bool] = lambda: False
) -> Iterator[PersonalStore]:
    """Yield the store, made and migrated where needed, with nobody else writing it.

    ``wait`` is how many seconds to wait for another run to end, unless told to ``give_up``.

    Raises:
        LockHeldError: another run is at work. The lock of a process that died is free.
    """
    from slotfinder.store.sql import open_store  # noqa: PLC0415 - slow to load

    file = _store_file(configured.settings)
    lock = FileLock(file.with_name(file.name + ".lock"), timeout=wait)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        held = lock.acquire(cancel_check=give_up)
    except Timeout:
        raise LockHeldError("Another run is at work on this programme; try again later.") from None
    except OSError as error:
        raise StoreError(
            f"The lock beside the store {file.name} cannot be taken: {error.strerror}. "
            "Let the account slotfinder runs under write into that folder."
        ) from None
    with held, open_store(file) as store:
        yield store


def _store_file(settings: Settings) -> Path:
    return Path(settings.store_url.removeprefix("sqlite:///"))


def _local_calendars(settings: Settings, roster: Roster) -> LocalCalendars:
    zone = settings.programme.zone
    rooms = [
        room.email
        for site in settings.programme.sites.values()
        for room in site.rooms
        if room.provider is Provider.LOCAL
    ]
    owners = dict.fromkeys(rooms, zone)
    for person in roster.people.values():
        if person.provider is Provider.LOCAL:
            owners[person.email] = person.zone
    return LocalCalendars(settings.local_directory, owners, rooms)


def _feeds(settings: Settings, roster: Roster) -> dict[Provider, FreeBusySource]:
    """Return the source of published calendars, where anybody has one."""
    if not any(person.provider is Provider.FEED for person in roster.people.values()):
        return {}
    # The http client is slow to load, and most programmes read no feed.
    from slotfinder.calendars.feed.calendar import PublishedFeeds  # noqa: PLC0415

    return {Provider.FEED: PublishedFeeds(settings.feeds_allow, settings.timeout)}


def _google(settings: Settings, roster: Roster, stack: ExitStack) -> _Cloud | None:
    """Return the calendars on Google, where there are any.

    Raises:
        ConfigurationError: the service account's key cannot be used.
    """
    use = cloud_use(Provider.GOOGLE, settings, roster.people, roster.pairs)
    if not use.is_any:
        return None
    # Google's libraries are slow to load, and many programmes have nobody there.
    from slotfinder.calendars.google.auth import Account  # noqa: PLC0415
    from slotfinder.calendars.google.calendar import GoogleCalendars  # noqa: PLC0415
    from slotfinder.calendars.google.client import GoogleClient  # noqa: PLC0415
    from slotfinder.calendars.google.directory import GoogleDirectory  # noqa: PLC0415
    from slotfinder.calendars.google.inspection import GoogleInspector  # noqa: PLC0415
    from slotfinder.calendars.google.workplaces import GoogleWorkplaces  # noqa: PLC0415
    from slotfinder.calendars.retry import Patience  # noqa: PLC0415

    google = settings.google
    try:
        client = GoogleClient(
            Account(key=google.key, impersonate=google.impersonate),
            use.mailboxes,
            endpoint=google.api_endpoint,
            timeout=settings.timeout,
            ca_file=google.ca_file,
            patience=Patience(settings.patience),
        )
    except ValueError:
        raise ConfigurationError([_BAD_KEY]) from None
    stack.callback(client.close)
    calendars = GoogleCalendars(
        client,
        use.reader,
        programme=programme_mark(settings.programme.name),
        link_wait=settings.link_wait,
    )
    return _Cloud(
        calendars,
        GoogleInspector(client, use.reader),
        GoogleDirectory(client, use.reader),
        GoogleWorkplaces(client, use.reader),
    )


def _microsoft(settings: Settings, roster: Roster, stack: ExitStack) -> _Cloud | None:
    """Return the calendars on Microsoft 365, where there are any."""
    use = cloud_use(Provider.MICROSOFT, settings, roster.people, roster.pairs)
    if not use.is_any:
        return None
    # msal is slow to load, and many programmes have nobody there.
    from slotfinder.calendars.microsoft.auth import Account  # noqa: PLC0415
    from slotfinder.calendars.microsoft.calendar import MicrosoftCalendars  # noqa: PLC0415
    from slotfinder.calendars.microsoft.client import GraphClient  # noqa: PLC0415
    from slotfinder.calendars.microsoft.directory import MicrosoftDirectory  # noqa: PLC0415
    from slotfinder.calendars.microsoft.inspection import MicrosoftInspector  # noqa: PLC0415
    from slotfinder.calendars.retry import Patience  # noqa: PLC0415

    microsoft = settings.microsoft
    client = GraphClient(
        Account(
            tenant=microsoft.tenant,
            client_id=microsoft.client_id,
            authority=microsoft.authority,
            secret=_revealed(microsoft.secret),
            certificate=_revealed(microsoft.certificate),
            password=_revealed(microsoft.certificate_password),
            token=microsoft.federated_token_file,
            managed_identity=microsoft.managed_identity,
        ),
        use.mailboxes,
        graph=microsoft.graph,
        timeout=settings.timeout,
        ca_file=microsoft.ca_file,
        patience=Patience(settings.patience),
    )
    stack.callback(client.close)
    calendars = MicrosoftCalendars(
        client,
        use.reader,
        programme=programme_mark(settings.programme.name),
        link_wait=settings.link_wait,
    )
    return _Cloud(calendars, MicrosoftInspector(client, use.reader), MicrosoftDirectory(client))


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


_BAD_KEY = Finding(
    file="slotfinder.toml",
    key="calendars.google.service_account_file",
    message="the private key in that file cannot be used.",
    remedy="Make a new JSON key of the service account in the Google Cloud console.",
)


def _mailer(settings: Settings, stack: ExitStack) -> Mailer:
    mail = settings.mail
    if not mail.url:
        return OutboxFolder(mail.outbox)
    from slotfinder.mail.smtp import SmtpMailer  # noqa: PLC0415 - slow to load, often not needed

    password = mail.password.get_secret_value() if mail.password else None
    return stack.enter_context(
        SmtpMailer(
            mail.url,
            mail.sender,
            password=password,
            ca_file=mail.ca_file,
            timeout=settings.timeout,
        )
    )
