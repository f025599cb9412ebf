"""The texts people are written to with, as templates: those shipped, and a coordinator's own.

A template is the file ``NAME.LANGUAGE.txt``. Where a coordinator has one of the same name, it
takes the place of the shipped one. Jinja2 is loaded when the first text is written.
"""

import traceback
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from slotfinder.errors import ConfigurationError, Finding
from slotfinder.invitations.vevent import one_line

if TYPE_CHECKING:
    from jinja2 import Environment

MAILS: Final = ("invitation", "changed", "cancelled")
ENTRY: Final = "entry"
REASON: Final = "reason"
WHOSE_TIME: Final = "whose-time"
NAMES: Final = (*MAILS, ENTRY, "place", "first-meeting", REASON, "closing", WHOSE_TIME)
"""What every language needs: three mails, the calendar entry, and the parts they share."""

SHIPPED_LANGUAGES: Final = ("en", "de", "fr", "es", "ja")
FALLBACK: Final = SHIPPED_LANGUAGES[0]
FOLDER: Final = "templates"
"""Where a coordinator's own templates stand, in the programme's folder."""

REMEDY: Final = "What a template may use is in docs/invitations.md."


def file_name(name: str, language: str) -> str:
    """Return what the template of a name is called in a language."""
    return f"{name}.{language}.txt"


def shipped_source(file: str) -> str:
    """Return a template as it is shipped."""
    return files(__package__).joinpath("shipped", file).read_text(encoding="utf-8")


class Texts:
    """All templates there are; ``own`` are the sources of a coordinator's, by file name."""

    def __init__(self, own: Mapping[str, str] = MappingProxyType({})) -> None:
        self.own = own

    @cached_property
    def languages(self) -> frozenset[str]:
        """Return the languages people can be written to in: those that lack no template."""
        named = {file.split(".")[1] for file in self.own}
        whole = (
            language
            for language in named
            if all(file_name(name, language) in self.own for name in NAMES)
        )
        return frozenset((*SHIPPED_LANGUAGES, *whole))

    def language_for(self, tag: str) -> str | None:
        """Return the language of the texts for a tag like "de-at": "de"; None where there is none.

        Parts are left off the end of a tag until something fits (RFC 4647 §3.4).
        """
        while tag and tag not in self.languages:
            tag = tag.rpartition("-")[0]
        return tag or None

    def render(self, name: str, language: str, facts: Mapping[str, object]) -> str:
        """Return a template filled in.

        Raises:
            ConfigurationError: a coordinator's template cannot be filled in.
        """
        try:
            return self.environment.get_template(file_name(name, language)).render(facts)
        except Exception as problem:
            # An expression can raise anything. What no template of a coordinator had a part in is
            # a fault of ours.
            if finding := _finding(problem):
                raise ConfigurationError([finding]) from None
            raise

    @cached_property
    def environment(self) -> "Environment":
        """Return what reads templates: nothing but the facts is in their reach.

        The text is plain; what makes HTML of it escapes it (``layout``).
        """
        from jinja2 import (  # noqa: PLC0415 - slow to load, and many runs write to nobody
            ChoiceLoader,
            FunctionLoader,
            PackageLoader,
            StrictUndefined,
        )
        from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - likewise

        environment = SandboxedEnvironment(
            loader=ChoiceLoader(
                [FunctionLoader(self._own), PackageLoader("slotfinder.invitations", "shipped")]
            ),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        # A text needs none of Jinja2's own functions: range() could make it endless, and chance
        # would make it another one each time.
        environment.globals.clear()
        del environment.filters["random"]
        return environment

    def _own(self, file: str) -> tuple[str, str, None] | None:
        source = self.own.get(file)
        return None if source is None else (source, f"{FOLDER}/{file}", None)


SHIPPED: Final = Texts()


def _finding(problem: Exception) -> Finding | None:
    """Say in which line of which own template a text failed; None if in none of them."""
    lines = [
        each
        for each in traceback.extract_tb(problem.__traceback__)
        if each.filename.startswith(f"{FOLDER}/")
    ]
    if not lines:
        return None
    return Finding(
        file=lines[-1].filename,
        where=f"line {lines[-1].lineno}",
        message=f"this cannot be filled in: {_why(problem)}.",
        remedy=REMEDY,
    )


def _why(problem: Exception) -> str:
    from jinja2 import TemplateNotFound  # noqa: PLC0415 - loaded already

    if isinstance(problem, TemplateNotFound):
        return f"there is no template {one_line(str(problem))}"
    if isinstance(problem, RecursionError):
        return "it includes itself"
    return one_line(str(problem)).removesuffix(".")
