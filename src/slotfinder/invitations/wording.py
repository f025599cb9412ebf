"""What people read: the mails and the text of the calendar entry, each in its reader's language.

Here is what the templates (``texts``) are told of a meeting, and nothing else: no function knows
what anybody wished, so none can tell. Why a meeting is, or is no more, is told in the mail of one
reader alone, and stays out of the calendar entry, which both people and their delegates see.
"""

import re
from dataclasses import dataclass
from typing import Final

from babel import Locale

from slotfinder.domain.interval import Interval
from slotfinder.domain.people import Person
from slotfinder.invitations.clocks import clock, day, local_time, locale_for
from slotfinder.invitations.layout import as_html
from slotfinder.invitations.texts import ENTRY, FALLBACK, MAILS, REASON, WHOSE_TIME, Texts
from slotfinder.invitations.vevent import one_line

Facts = dict[str, str | bool]
"""What a template can name; every text is of one line, but for times and ``directions``."""

_BETWEEN_LANGUAGES: Final = "\n\n\N{EM DASH}\N{EM DASH}\N{EM DASH}\n\n"


_NO_OTHER_TIME: Final = frozenset(
    {"skipped", "pair-paused", "pair-ended", "pair-proposed", "not-agreed", "people-changed"}
)
"""Causes after which no other time is looked for in a meeting's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a mail says, the same as plain text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people meet face to face; ``room`` is empty where no room is booked."""

    site: str
    address: str
    directions: str = ""
    room: str = ""
    floor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A meeting as people think of it, and what they are told of it. Online: ``place`` is None.

    ``cause`` is the reason code of what happens to it; it ``is_owed`` in person where it is online
    for want of a place, and ``is_shorter`` than usual. ``old`` and ``old_location`` are its time
    and place before, None and empty where they are as before; ``replaced`` is the time of the
    meeting in another format it comes instead of, ``instead`` that of the one that comes instead
    of it. ``link_in_entry`` says that the calendar shows a link of its own beside the text,
    ``sent_again`` that the invitation is told once more because it had not arrived everywhere.
    """

    programme: str
    mentor: Person
    mentee: Person
    interval: Interval
    place: Place | None
    join_url: str | None
    cause: str
    is_first: bool = False
    is_owed: bool = False
    is_shorter: bool = False
    is_cancelled: bool = False
    old: Interval | None = None
    old_location: str = ""
    replaced: Interval | None = None
    instead: Interval | None = None
    link_in_entry: bool = False
    sent_again: bool = False

    @property
    def people(self) -> tuple[Person, Person]:
        return self.mentor, self.mentee

    def partner(self, reader: Person) -> Person:
        return self.mentee if reader.email == self.mentor.email else self.mentor


def mail(texts: Texts, name: str, occasion: Occasion, reader: Person) -> Body:
    """Return one of the ``MAILS`` to one of the two, in the reader's language."""
    language, locale = _spoken(texts, reader)
    told = _mail_facts(texts, occasion, reader, language, locale)
    subject, _, text = texts.render(name, language, told).strip().partition("\n")
    subject, text = one_line(subject), _tidy(text)
    return Body(subject=subject, text=text, html=as_html(subject, text, language))


def event_text(texts: Texts, occasion: Occasion, *readers: Person) -> str:
    """Return the text of a calendar entry these people read: once in each of their languages."""
    spoken: dict[str, Locale] = {}
    for who in readers:
        spoken.setdefault(*_spoken(texts, who))
    sections = (
        _tidy(texts.render(ENTRY, language, _entry_facts(texts, occasion, language, locale)))
        for language, locale in spoken.items()
    )
    return _BETWEEN_LANGUAGES.join(sections)


def event_location(occasion: Occasion) -> str:
    """Return what the calendar entry gives as its location: room and address, or the join link."""
    place = occasion.place
    if place is None:
        return occasion.join_url or ""
    return one_line(", ".join(filter(None, (place.room, place.site, place.address))))


def facts_for(texts: Texts, name: str, occasion: Occasion, language: str, locale: Locale) -> Facts:
    """Return what a template is told where nobody else includes it; mails go to the mentor."""
    if name in (*MAILS, REASON):
        return _mail_facts(texts, occasion, occasion.mentor, language, locale)
    if name == ENTRY:
        return _entry_facts(texts, occasion, language, locale)
    if name == WHOSE_TIME:
        return _clock_facts(occasion.mentee, occasion.interval, locale)
    return _facts(occasion)


def _spoken(texts: Texts, who: Person) -> tuple[str, Locale]:
    """Return the language somebody is written to in, and how it writes dates where they live."""
    language = texts.language_for(who.language)
    if language is None:
        return FALLBACK, locale_for(FALLBACK)
    return language, locale_for(who.language)


def _facts(occasion: Occasion) -> Facts:
    """Return what every template is told."""
    place = occasion.place
    told = place or Place(site="", address="")
    return {
        "programme": one_line(occasion.programme),
        "mentor": one_line(occasion.mentor.name),
        "mentee": one_line(occasion.mentee.name),
        "in_person": place is not None,
        "site": one_line(told.site),
        "address": one_line(told.address),
        "room": one_line(told.room),
        "floor": one_line(told.floor),
        "directions": "\n".join(filter(None, map(one_line, told.directions.splitlines()))),
        "join_url": one_line(occasion.join_url or ""),
        "link_in_entry": occasion.link_in_entry,
        "first": occasion.is_first,
    }


def _mail_facts(
    texts: Texts, occasion: Occasion, reader: Person, language: str, locale: Locale
) -> Facts:
    """Return what a mail is told beside: the reader's own time stands before the partner's."""
    partner = occasion.partner(reader)
    start = occasion.interval.start.astimezone(reader.zone)

    def told(interval: Interval | None) -> str:
        if interval is None:
            return ""
        own = local_time(interval, reader.zone, locale)
        if partner.zone == reader.zone:
            return own
        return f"{own}\n{_whose_time(texts, partner, interval, language, locale)}"

    return {
        **_facts(occasion),
        "reader": one_line(reader.name),
        "partner": one_line(partner.name),
        "day": day(start, locale),
        "time": clock(start, locale),
        "when": told(occasion.interval),
        "old_when": told(occasion.old),
        "old_place": one_line(occasion.old_location),
        "replaced_when": told(occasion.replaced),
        "new_when": told(occasion.instead),
        "cause": occasion.cause,
        "owed": occasion.is_owed,
        "shorter": occasion.is_shorter,
    }


def _entry_facts(texts: Texts, occasion: Occasion, language: str, locale: Locale) -> Facts:
    """Return what the calendar entry is told beside: where clocks differ, whose each time is."""

    def told(interval: Interval | None) -> str:
        if interval is None:
            return ""
        if occasion.mentor.zone == occasion.mentee.zone:
            return local_time(interval, occasion.mentor.zone, locale)
        return "\n".join(
            _whose_time(texts, who, interval, language, locale) for who in occasion.people
        )

    return {
        **_facts(occasion),
        "when": told(occasion.interval),
        "old_when": told(occasion.old),
        "old_place": one_line(occasion.old_location),
        "new_when": told(occasion.instead),
        "cancelled": occasion.is_cancelled,
        "ended": occasion.cause in _NO_OTHER_TIME,
        "sent_again": occasion.sent_again,
    }


def _whose_time(
    texts: Texts, who: Person, interval: Interval, language: str, locale: Locale
) -> str:
    told = _clock_facts(who, interval, locale)
    return one_line(texts.render(WHOSE_TIME, language, told))


def _clock_facts(who: Person, interval: Interval, locale: Locale) -> Facts:
    return {"name": one_line(who.name), "time": local_time(interval, who.zone, locale)}


def _tidy(text: str) -> str:
    """Return a text without the gaps that parts leave which say nothing."""
    lines = (line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
