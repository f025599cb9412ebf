"""What a programme needs of Google, and whether the settings give it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.people import Pair, Person, Role
from slotfinder.errors import Finding
from slotfinder.settings import Draft, Settings
from slotfinder.settings.source import Problem
from slotfinder.settings.values import BadValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleUse:
    """Which mailboxes of Google a programme works with.

    ``organizers`` are those whose calendars hold meetings; ``reader`` is the one through which
    everybody's free/busy is read, empty where none is named or follows from the organizer.
    """

    is_read: bool
    organizers: frozenset[str]
    reader: str

    @property
    def is_any(self) -> bool:
        return self.is_read or bool(self.organizers)


def google_use(
    settings: Settings, people: Mapping[str, Person], pairs: Iterable[Pair]
) -> GoogleUse:
    """Return what a programme needs of Google."""

    def is_google(organizer: str) -> bool:
        person = people.get(organizer)
        provider = person.provider if person else settings.organizer_provider
        return provider is Provider.GOOGLE

    rooms = [room for site in settings.programme.sites.values() for room in site.rooms]
    programme_mailbox = settings.organizer not in set(Role) and is_google(settings.organizer)
    default = settings.organizer if programme_mailbox else ""
    return GoogleUse(
        is_read=Provider.GOOGLE
        in {*(each.provider for each in people.values()), *(each.provider for each in rooms)},
        organizers=frozenset(pair.organizer for pair in pairs if is_google(pair.organizer)),
        reader=settings.google.reader or default,
    )


def google_findings(
    draft: Draft, people: Mapping[str, Person], pairs: Iterable[Pair]
) -> Iterator[Finding]:
    """Yield what the settings lack for the Google calendars of a programme."""
    keys = ("calendars.google", "programme.organizer", "programme.organizer_calendar")
    if draft.source is None or not draft.is_sure(*keys, "sites", "rooms"):
        return
    use = google_use(draft.settings, people, pairs)
    if use.is_any and not draft.settings.google.has_account:
        error = BadValueError(
            "this programme has calendars on Google, but nothing says how to sign in there.",
            "Name a key in 'service_account_file' (see docs/google-workspace.md).",
        )
        yield draft.source.finding(Problem(path=("calendars", "google"), error=error))
    if use.is_read and not use.reader:
        error = BadValueError(
            "no mailbox is named through which calendars on Google can be read.",
            'Write a user\'s address, for example: reader = "mentoring@acme.example".',
        )
        yield draft.source.finding(Problem(path=("calendars", "google", "reader"), error=error))
