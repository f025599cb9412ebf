"""iCalendar text → a tree of components, keeping only what tells when somebody is taken.

icalendar is not used to read: it keeps VTIMEZONEs by name over the whole process, makes times in
zones it does not know silently floating, and takes a hundred times as long for a quoted line.
Whatever does not tell when somebody is taken is dropped line by line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from slotfinder.errors import SlotfinderError


class UnreadableCalendarError(SlotfinderError):
    """A calendar cannot be read completely; the text names nothing of what is in it.

    ``file`` is the position of the file at fault among those read, if one is.
    """

    def __init__(self, reason: str, file: int | None = None) -> None:
        super().__init__(reason)
        self.file = file


@dataclass(frozen=True, slots=True)
class Property:
    """One content line: its value as it stands, its parameters by upper-case name."""

    value: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Component:
    """A component with those of its properties that are read, and the components in it."""

    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    children: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        return self.properties.get(name, [])

    def only(self, name: str) -> Property | None:
        """Return the property that may stand once (RFC 5545 §3.6.1), None without one."""
        found = self.all(name)
        if len(found) > 1:
            raise UnreadableCalendarError(f"an entry has {name} more than once")
        return found[0] if found else None

    def walk(self, name: str) -> Iterator["Component"]:
        return (child for child in self.children if child.name == name)


BYTES_LIMIT: Final = 10_000_000
_COMPONENT_LIMIT: Final = 50_000
_LINES_LIMIT: Final = 500_000
_LINE_LIMIT: Final = 500_000

_ZONE_RULE: Final = frozenset({"DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"})
_TIMES: Final = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "RECURRENCE-ID", "FREEBUSY")
_MEANING: Final = (
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "EXDATE",
    "STATUS",
    "TRANSP",
    "ATTENDEE",
    "X-MICROSOFT-CDO-BUSYSTATUS",
)
_WANTED: Final[Mapping[str, frozenset[str]]] = {
    "VCALENDAR": frozenset({*_TIMES, "X-WR-TIMEZONE"}),
    "VEVENT": frozenset({*_TIMES, *_MEANING}),
    "VFREEBUSY": frozenset(_TIMES),
    "VTIMEZONE": frozenset({"TZID"}),
    "STANDARD": _ZONE_RULE,
    "DAYLIGHT": _ZONE_RULE,
}
# Where a line that is lost would make somebody look free.
_MATTERS: Final = frozenset({"VCALENDAR", "VEVENT", "VFREEBUSY"})
_BLANK_LINES: Final = re.compile(r"\n\n+")
_FOLD: Final = re.compile(r"\n[ \t]")
_NAME: Final = re.compile(r"([A-Za-z0-9-]+)[ \t]*[:;]")
_PART: Final = re.compile(r'(?:"[^"]*"|[^";:]+)*')


def parse_calendars(content: bytes) -> list[Component]:
    """Return the VCALENDARs of a file.

    Raises:
        UnreadableCalendarError: it is no calendar, not a whole one, or a time in it is garbled.
    """
    if content.count(b"\n") > _LINES_LIMIT:
        raise UnreadableCalendarError("it has too many lines")
    top = Component("")
    open_ones = [top]
    count = 0
    text = content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    # Blank lines go first: Mozilla once wrote one before each continuation.
    for line in _FOLD.sub("", _BLANK_LINES.sub("\n", text)).split("\n"):
        word, _, rest = line.partition(":")
        match word.strip().upper():
            case "BEGIN":
                count += 1
                if count > _COMPONENT_LIMIT:
                    raise UnreadableCalendarError("it has too many entries")
                open_ones.append(_opened(rest.strip().upper(), open_ones[-1]))
            case "END":
                if open_ones.pop().name != rest.strip().upper() or not open_ones:
                    raise UnreadableCalendarError("its entries are not properly closed")
            case _:
                _keep(line, open_ones[-1])
    if len(open_ones) > 1:
        raise UnreadableCalendarError("it is cut off before its end")
    if not top.children:
        raise UnreadableCalendarError("it is not an iCalendar file")
    return top.children


def _opened(name: str, parent: Component) -> Component:
    if (name == "VCALENDAR") is not (parent.name == ""):
        raise UnreadableCalendarError("it is not an iCalendar file: it has parts in wrong places")
    if name in _MATTERS and parent.name not in {"", "VCALENDAR"}:
        raise UnreadableCalendarError("an entry stands inside another one")
    child = Component(name)
    parent.children.append(child)
    return child


def _keep(line: str, component: Component) -> None:
    wanted = _WANTED.get(component.name)
    if wanted is None:
        return
    named = _NAME.match(line)
    name = named[1].upper() if named else ""
    if named and name not in wanted:
        return
    found = _split(line) if named else None
    if found is not None:
        component.properties.setdefault(name, []).append(found)
    # A time nobody will read: the line is garbled, or lost the entry it stood in.
    is_lost = component.name == "VCALENDAR" or (found is None and component.name in _MATTERS)
    if is_lost and line.strip().upper().startswith(_TIMES):
        raise UnreadableCalendarError("a line that tells a time is garbled")


def _split(line: str) -> Property | None:
    """Return the parts of a content line (RFC 5545 §3.1), None where it is none."""
    if len(line) > _LINE_LIMIT:
        raise UnreadableCalendarError("a line in it is too long")
    parts = []
    at = -1
    while at < 0 or line[at : at + 1] == ";":
        part = _PART.match(line, at + 1)
        assert part is not None  # it matches the empty string
        parts.append(part[0])
        at = part.end()
    if line[at : at + 1] != ":":
        return None
    parameters = {}
    for pair in parts[1:]:
        key, equals, text = pair.partition("=")
        if not equals:
            return None
        parameters[key.strip().upper()] = text.strip().strip('"')
    return Property(line[at + 1 :].strip(), parameters)
