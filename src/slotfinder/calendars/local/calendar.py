"""Calendars in folders of .ics files: no server, no account."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from slotfinder.calendars.icalendar import (
    OwnCopy,
    UnreadableCalendarError,
    read_calendar,
    read_own,
)
from slotfinder.calendars.local.folders import (
    AmbiguousFolderError,
    Folders,
    calendar_files,
    copy_in,
    read_files,
    replace_file,
)
from slotfinder.domain.freebusy import FreeBusy, Provider, Reading, Unreadable, UnreadableCode
from slotfinder.domain.interval import Interval
from slotfinder.domain.meeting import Answer, Event, Meeting, Receipt, Seen, Stray
from slotfinder.errors import ChangedMeanwhileError, TimeTakenError, WriteError
from slotfinder.invitations.vevent import event_calendar
from slotfinder.ports import CalendarRef, Glance

_UTC: Final = ZoneInfo("UTC")


class LocalCalendars:
    """Reads people's folders, and keeps a copy of each meeting in those of its people and room.

    ``zones`` holds the people and rooms whose calendar is local, with their zones: their folders
    must exist, while an organizer mailbox gets its folder when it is first needed. ``rooms`` are
    those of them that are rooms.
    """

    def __init__(
        self, directory: Path, zones: Mapping[str, ZoneInfo], rooms: Collection[str] = ()
    ) -> None:
        self._folders = Folders(directory)
        self._zones = {email.lower(): zone for email, zone in zones.items()}
        self._rooms = tuple(rooms)

    @property
    def provider(self) -> Provider:
        return Provider.LOCAL

    @property
    def requests(self) -> Mapping[str, int]:
        return {}

    def read(
        self, calendars: Sequence[CalendarRef], window: Interval, own: frozenset[str]
    ) -> list[Reading]:
        return [self._read(each, window, own) for each in calendars]

    def look_up(self, meetings: Sequence[Meeting]) -> dict[str, Seen]:
        return {meeting.uid: self._seen(meeting) for meeting in meetings}

    def strays(self, wanted: Mapping[str, Collection[str]], since: datetime) -> list[Stray]:
        return [
            stray
            for organizer, uids in wanted.items()
            for uid in sorted(uids)
            if (stray := self._stray(organizer, uid)) and stray.interval.end > since
        ]

    def troubles(self, organizers: Sequence[str]) -> dict[str, Unreadable]:  # noqa: ARG002 - a missing folder is made
        return {}

    def write(self, event: Event, is_taken: Glance) -> Receipt:
        content = event_calendar(event)
        try:
            # All folders first: a missing one must not leave half of the copies written.
            folders = {email: self._folder(email, event) for email in self._owners(event)}
            copies = {email: copy_in(folder, event.uid) for email, folder in folders.items()}
            done = {
                email for email, copy in copies.items() if _shows(copy, event, self._zone(email))
            }
            if not done and is_taken(event, None):
                is_new = not any(copy.exists() for copy in copies.values())
                raise TimeTakenError if is_new else ChangedMeanwhileError
            for email, copy in copies.items():
                if email not in done:
                    replace_file(copy, content)
            owners = copies.keys()
            self._remove(event.uid, (room for room in self._rooms if room not in owners))
        except OSError as error:
            raise _write_error(error) from error
        return Receipt(
            calendar_uid=event.uid,
            join_url=event.join_url,
            room=event.room.answer if event.room else None,
        )

    def withdraw(self, event: Event) -> None:
        try:
            self._remove(event.uid, self._owners(event))
        except OSError as error:
            raise _write_error(error) from error

    def _remove(self, uid: str, emails: Iterable[str]) -> None:
        for email in emails:
            try:
                copy_in(self._folders.find(email), uid).unlink(missing_ok=True)
            except FileNotFoundError:  # no folder, no copy
                continue

    def _read(self, ref: CalendarRef, window: Interval, own: frozenset[str]) -> Reading:
        files: list[Path] = []
        try:
            files = calendar_files(self._folders.find(ref.owner))
            blocks = read_calendar(read_files(files), ref.owner, ref.zone, window, own)
        except UnreadableCalendarError as error:
            name = "The calendar" if error.file is None else files[error.file].name
            return Unreadable(
                person=ref.owner,
                provider=self.provider,
                code=UnreadableCode.MALFORMED_ANSWER,
                reason=f"{name}: {error}.",
                advice="Export the calendar again, or mend or remove that file.",
            )
        except OSError as error:
            code, reason, advice = _failure(error)
            return Unreadable(
                person=ref.owner, provider=self.provider, code=code, reason=reason, advice=advice
            )
        return FreeBusy(person=ref.owner, provider=self.provider, window=window, blocks=blocks)

    def _owners(self, event: Event) -> Iterator[str]:
        """Yield who has a copy here: the organizer, and whoever else has a local calendar."""
        yield event.organizer.email
        room = () if event.room is None else (event.room,)
        for who in (*event.attendees, *room):
            if self._is_local(who.email) and who.email.lower() != event.organizer.email.lower():
                yield who.email

    def _folder(self, email: str, event: Event) -> Path:
        if email == event.organizer.email and not self._is_local(email):
            return self._folders.make(email)
        return self._folders.find(email)

    def _is_local(self, email: str) -> bool:
        return email.lower() in self._zones

    def _zone(self, email: str) -> ZoneInfo:
        """Return the zone of a copy's floating times; an organizer mailbox has none of its own."""
        return self._zones.get(email.lower(), _UTC)

    def _seen(self, meeting: Meeting) -> Seen:
        copies = self._copies(meeting)
        moved = [
            (email, copy.interval)
            for email, copy in copies.items()
            if copy is not None
            and not copy.cancelled
            # An older copy shows where the meeting was, not where a person moved it.
            and copy.sequence >= meeting.revision
            and copy.interval != meeting.interval
        ]
        mover, interval = moved[0] if moved else (None, meeting.interval)
        return Seen(
            present=not _is_gone(meeting.organizer, copies),
            interval=interval,
            mover=mover if mover in meeting.people else None,
            answers={
                email: _answer(email, copies, meeting)
                for email in meeting.people
                if self._is_local(email)
            },
            room=_room_answer(meeting, copies),
            revision=max((copy.sequence for copy in copies.values() if copy), default=0),
        )

    def _stray(self, organizer: str, uid: str) -> Stray | None:
        """Return what stands in an organizer's folder under a uid, and the room that has it too."""
        try:
            copy = _load(copy_in(self._folders.find(organizer), uid), uid, self._zone(organizer))
        except (OSError, UnreadableCalendarError):
            return None
        if copy is None or copy.cancelled:
            return None
        return Stray(
            uid=uid,
            calendar_uid=uid,
            interval=copy.interval,
            room=next((room for room in self._rooms if self._has_copy(room, uid)), None),
            revision=copy.sequence,
            join_url=None,
        )

    def _has_copy(self, email: str, uid: str) -> bool:
        try:
            return copy_in(self._folders.find(email), uid).exists()
        except OSError:
            return False

    def _copies(self, meeting: Meeting) -> dict[str, OwnCopy | None]:
        """Return the copies of the organizer, mentor, mentee and room: None for a removed one.

        One that cannot be read tells nothing and is left out.
        """
        copies: dict[str, OwnCopy | None] = {}
        room = () if meeting.room is None else (meeting.room,)
        others = filter(self._is_local, (*meeting.people, *room))
        for email in dict.fromkeys((meeting.organizer, *others)):
            try:
                folder = self._folders.find(email)
                copies[email] = _load(copy_in(folder, meeting.uid), meeting.uid, self._zone(email))
            except (OSError, UnreadableCalendarError):
                continue
        return copies


def _load(copy: Path, uid: str, zone: ZoneInfo) -> OwnCopy | None:
    """Return what a copy shows, None when it was removed."""
    if not copy.exists():
        return None
    [content] = read_files([copy])
    return read_own(content, uid, zone)


def _shows(copy: Path, event: Event, zone: ZoneInfo) -> bool:
    """Tell whether a copy is of this version already, or of a later one.

    A person's answer in it is worth keeping, and another time in it is a person's move, made
    between the writing and a run that was stopped before it could note that it wrote.
    """
    try:
        own = _load(copy, event.uid, zone)
    except UnreadableCalendarError:
        return False
    return own is not None and own.sequence >= event.sequence


def _is_gone(email: str, copies: Mapping[str, OwnCopy | None]) -> bool:
    """Tell whether somebody removed or cancelled the own copy."""
    if email not in copies:
        return False
    copy = copies[email]
    return copy is None or copy.cancelled


def _answer(email: str, copies: Mapping[str, OwnCopy | None], meeting: Meeting) -> Answer:
    """Return what somebody says to the present time, by the own ATTENDEE in the own copy."""
    copy = copies.get(email)
    if email not in copies or (copy is None and email == meeting.organizer):
        return meeting.answers.get(email, Answer.NONE)
    if copy is None:
        return Answer.DECLINED
    if copy.sequence < meeting.revision:
        return Answer.NONE  # said to an older time
    return Answer.DECLINED if copy.cancelled else copy.answers.get(email.lower(), Answer.NONE)


def _room_answer(meeting: Meeting, copies: Mapping[str, OwnCopy | None]) -> Answer | None:
    """Return what the room's copy says; one that was removed or cancelled is a refusal."""
    if meeting.room is None or meeting.room not in copies:
        return None
    copy = copies[meeting.room]
    if copy is None or copy.cancelled:
        return Answer.DECLINED
    return copy.answers.get(meeting.room.lower(), Answer.ACCEPTED)


def _failure(error: OSError) -> tuple[UnreadableCode, str, str]:
    """Return what a failure of the file system means for a reading: code, reason and advice."""
    if isinstance(error, AmbiguousFolderError):
        return (
            UnreadableCode.MALFORMED_ANSWER,
            "Two folders have this address, in different upper and lower case.",
            "Merge them into one in the calendars directory.",
        )
    if isinstance(error, FileNotFoundError):
        return (
            UnreadableCode.NOT_FOUND,
            "There is no folder with this address in the calendars directory.",
            "Make the folder; an empty one is a calendar without entries.",
        )
    if isinstance(error, PermissionError):
        return (
            UnreadableCode.NO_ACCESS,
            "The calendar's folder or a file in it may not be read.",
            "Let the account slotfinder runs under read the folder and its files.",
        )
    return (
        UnreadableCode.PROVIDER_UNAVAILABLE,
        "The calendar's folder could not be read.",
        "Check the disk or network share that holds the calendars directory.",
    )


def _write_error(error: OSError) -> WriteError:
    if isinstance(error, (AmbiguousFolderError, FileNotFoundError)):
        return WriteError(
            "provider-refused",
            "The calendar folder of an attendee or of the room is missing, or there are two.",
        )
    if isinstance(error, PermissionError):
        return WriteError("provider-refused", "A calendar folder may not be written to.")
    return WriteError("provider-unavailable", "A calendar folder could not be written to.")
