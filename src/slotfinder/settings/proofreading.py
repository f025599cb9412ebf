"""Checks a coordinator's own texts before anybody gets one: each is filled in for sample meetings.

What is wrong in a branch that no sample takes (a name nobody knows, a sign missing) is found too.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from slotfinder.domain.freebusy import Provider
from slotfinder.domain.interval import Interval
from slotfinder.domain.lifecycle import Cause
from slotfinder.domain.people import PairStatus, Person
from slotfinder.errors import ConfigurationError, Finding
from slotfinder.invitations.clocks import is_known, locale_for
from slotfinder.invitations.texts import FALLBACK, FOLDER, MAILS, NAMES, REMEDY, SHIPPED, Texts
from slotfinder.invitations.wording import Occasion, Place, facts_for
from slotfinder.settings.values import quoted, suggestion

_LONGEST: Final = 4000
"""Characters of one text: Google keeps 8192 of an event's, which may have it in two languages."""

CAUSES: Final = (
    "best-compromise",
    "agreed",
    *Cause,
    *(f"pair-{status}" for status in PairStatus if status is not PairStatus.ACTIVE),
    "not-agreed",
)
"""Why a meeting is, is another or is no more: all that a text may have to say."""


def proofread(texts: Texts) -> list[Finding]:
    """Return what is wrong with the own templates, all of it at once."""
    findings = [each for language in _languages(texts) for each in _about(language, texts)]
    unreadable = {file: list(_unreadable(file, texts)) for file in texts.own}
    findings += [each for found in unreadable.values() for each in found]
    # Those that cannot be read must not hide what is wrong with the others.
    readable = Texts({file: texts.own[file] for file, found in unreadable.items() if not found})
    findings += [each for file in readable.own for each in _unfillable(file, readable)]
    # A part that others include is at fault in each of them.
    return list(dict.fromkeys(findings))


def _languages(texts: Texts) -> list[str]:
    return sorted({file.split(".")[1] for file in texts.own})


def _about(language: str, texts: Texts) -> Iterator[Finding]:
    if not is_known(language):
        yield Finding(
            file=f"{FOLDER}/*.{language}.txt",
            message=f"{quoted(language)} is no language whose dates are known.",
            remedy="Write the code that people.csv has too, such as 'pt' or 'pt-br'.",
        )
    missing = [name for name in NAMES if f"{name}.{language}.txt" not in texts.own]
    if language not in texts.languages:
        yield Finding(
            file=f"{FOLDER}/*.{language}.txt",
            message=f"texts in {quoted(language)} are missing: {', '.join(missing)}.",
            remedy="A language that is not shipped needs all of them.",
        )


def _unreadable(file: str, texts: Texts) -> Iterator[Finding]:
    """Yield what is wrong with a template whatever it is told."""
    name, language, _ = file.split(".")
    try:
        tree = texts.environment.parse(texts.own[file], filename=f"{FOLDER}/{file}")
        # Unknown filters and tests are found when it is compiled.
        texts.environment.compile(texts.own[file], filename=f"{FOLDER}/{file}")
    except TemplateSyntaxError as problem:
        said = (problem.message or "").removesuffix(".")
        yield Finding(
            file=f"{FOLDER}/{file}",
            where=f"line {problem.lineno}",
            message=f"this cannot be read as a template ({said}).",
            remedy=REMEDY,
        )
        return
    known = facts_for(SHIPPED, name, next(_samples()), FALLBACK, locale_for(language))
    unknown = find_undeclared_variables(tree) - known.keys()
    for node in tree.find_all(nodes.Name):
        if node.name in unknown:
            unknown.remove(node.name)
            yield Finding(
                file=f"{FOLDER}/{file}",
                where=f"line {node.lineno}",
                message=f"nothing here is called {quoted(node.name)}.",
                remedy=f"{suggestion(node.name, known)}Possible are: {', '.join(known)}.",
            )


def _unfillable(file: str, texts: Texts) -> Iterator[Finding]:
    """Yield what is wrong with a template that is filled in, at the first sample at fault."""
    name, language, _ = file.split(".")
    if language not in texts.languages:
        return
    for occasion in _samples():
        try:
            facts = facts_for(texts, name, occasion, language, locale_for(language))
            text = texts.render(name, language, facts).strip()
        except ConfigurationError as error:
            yield from error.findings
            return
        if complaint := _complaint(name, text):
            yield Finding(file=f"{FOLDER}/{file}", message=complaint, remedy=REMEDY)
            return


def _complaint(name: str, text: str) -> str:
    subject, gap, body = text.partition("\n\n")
    if name in MAILS and ("\n" in subject or not (gap and body)):
        return "the first line is to be the subject of the mail, the second empty."
    if not text and name != "reason":
        return "nothing would be written."
    if len(text) > _LONGEST:
        return f"this becomes longer than {_LONGEST} characters, more than calendars take."
    return ""


def _samples() -> Iterator[Occasion]:
    """Yield meetings of all kinds: each format, first and later ones, each cause, all remarks."""
    places = (
        (None, "https://meet.example/p01", False),
        (None, None, False),
        (None, None, True),
        (Place(site="London", address=""), None, False),
        (_PLACE, None, False),
    )
    for (place, url, in_entry), is_first in product(places, (False, True)):
        for occasion in (_OCCASION, _WITH_REMARKS):
            there = replace(occasion, place=place, join_url=url, link_in_entry=in_entry)
            yield replace(there, is_first=is_first)
    for cause, is_cancelled in product(CAUSES, (False, True)):
        for occasion in (_OCCASION, _WITH_REMARKS):
            yield replace(occasion, cause=cause, is_cancelled=is_cancelled)
    yield replace(_OCCASION, mentee=replace(_OCCASION.mentee, zone=_OCCASION.mentor.zone))


def _person(name: str, zone: str) -> Person:
    return Person(
        email=f"{name}@acme.example", name=name, provider=Provider.LOCAL, zone=ZoneInfo(zone)
    )


def _hour(day: int) -> Interval:
    start = datetime(2027, 1, day, 11, tzinfo=UTC)
    return Interval(start, start + timedelta(hours=1))


_PLACE: Final = Place(
    site="London",
    address="1 Example Street",
    directions="From the station turn left.\nThe door is beside the bakery.",
    room="room-a@acme.example",
    floor="3",
)
_OCCASION: Final = Occasion(
    programme="Reverse mentoring",
    mentor=_person("Tom", "Europe/London"),
    mentee=_person("Priya", "Asia/Kolkata"),
    interval=_hour(7),
    place=None,
    join_url=None,
    cause=CAUSES[0],
)
_WITH_REMARKS: Final = replace(
    _OCCASION,
    is_owed=True,
    is_shorter=True,
    old=_hour(8),
    old_location="Room B",
    replaced=_hour(11),
    instead=_hour(12),
    sent_again=True,
)
