"""What a programme needs of each cloud, and whether the settings give it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.errors import Finding
from slotfinder.settings import Draft, Settings
from slotfinder.settings.microsoft import MicrosoftSettings
from slotfinder.settings.source import Problem
from slotfinder.settings.values import BadValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudUse:
    """Which mailboxes of one cloud a programme works with.

    ``organizers`` are those whose calendars hold meetings; ``reader`` is the one through which
    everybody's free/busy is read, empty where none is named or follows from the organizer.
    """

    is_read: bool
    organizers: frozenset[str]
    reader: str

    @property
    def is_any(self) -> bool:
        return self.is_read or bool(self.organizers)

    @property
    def mailboxes(self) -> frozenset[str]:
        """Return the only mailboxes that are ever opened."""
        return self.organizers | ({self.reader} if self.reader else frozenset())


def cloud_use(
    provider: Provider, settings: Settings, people: Mapping[str, Person], pairs: Iterable[Pair]
) -> CloudUse:
    """Return what a programme needs of a cloud: Google or Microsoft."""
    mailbox = people.get(settings.organizer)
    home = mailbox.provider if mailbox else settings.organizer_provider
    rooms = [room for site in settings.programme.sites.values() for room in site.rooms]
    programme_mailbox = settings.organizer not in set(Role) and home is provider
    default = settings.organizer if programme_mailbox else ""
    return CloudUse(
        is_read=provider
        in {*(each.provider for each in people.values()), *(each.provider for each in rooms)},
        organizers=frozenset(pair.organizer for pair in pairs if pair.calendar is provider),
        reader=_readers(settings)[provider] or default,
    )


def cloud_findings(
    draft: Draft, people: Mapping[str, Person], pairs: Iterable[Pair]
) -> Iterator[Finding]:
    """Yield what the settings lack for the calendars of a programme that are in clouds."""
    accounts = {
        Provider.GOOGLE: draft.settings.google.has_account,
        Provider.MICROSOFT: draft.settings.microsoft.has_account,
    }
    for provider, has_account in accounts.items():
        keys = (f"calendars.{provider}", "programme.organizer", "programme.organizer_calendar")
        if draft.source is None or not draft.is_sure(*keys, "sites", "rooms"):
            continue
        use = cloud_use(provider, draft.settings, people, pairs)
        if use.is_any and not has_account:
            yield draft.source.finding(
                Problem(path=("calendars", provider), error=_NO_ACCOUNT[provider])
            )
        if use.is_any and has_account and provider is Provider.MICROSOFT:
            yield from map(draft.source.finding, _app_problems(draft.settings.microsoft))
        if use.is_read and not use.reader:
            yield draft.source.finding(
                Problem(path=("calendars", provider, "reader"), error=_no_reader(provider))
            )


def _readers(settings: Settings) -> dict[Provider, str | None]:
    return {
        Provider.GOOGLE: settings.google.reader,
        Provider.MICROSOFT: settings.microsoft.reader,
    }


_NAMES: Final = {Provider.GOOGLE: "Google", Provider.MICROSOFT: "Microsoft 365"}
_NO_ACCOUNT: Final = {
    Provider.GOOGLE: BadValueError(
        "this programme has calendars on Google, but nothing says how to sign in there.",
        "Name a key in 'service_account_file' (see docs/google-workspace.md).",
    ),
    Provider.MICROSOFT: BadValueError(
        "this programme has calendars on Microsoft 365, but nothing says how to sign in there.",
        "Write 'tenant', 'client_id' and 'client_secret_file' or 'certificate_file' (see "
        "docs/microsoft-365.md).",
    ),
}


def _app_problems(microsoft: MicrosoftSettings) -> Iterator[Problem]:
    """Yield what is not said of the app; a managed identity is one by itself."""
    said = {"tenant": microsoft.tenant, "client_id": microsoft.client_id}
    for key, value in said.items():
        if not value and not microsoft.managed_identity:
            remedy = f'Copy it from the app in the Entra admin center: {key} = "{_EXAMPLES[key]}".'
            error = BadValueError("this setting is missing.", remedy)
            yield Problem(path=("calendars", "microsoft", key), error=error)


_EXAMPLES: Final = {
    "tenant": "acme.onmicrosoft.com",
    "client_id": "00000000-0000-0000-0000-000000000000",
}


def _no_reader(provider: Provider) -> BadValueError:
    return BadValueError(
        f"no mailbox is named through which calendars on {_NAMES[provider]} can be read.",
        'Write a user\'s address, for example: reader = "mentoring@acme.example".',
    )
