"""A plain text as HTML, for mail programs that show nothing else."""

import re
from html import escape
from typing import Final

_LINK: Final = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_COLONS: Final = (":", "\N{FULLWIDTH COLON}")


def as_html(title: str, text: str, language: str) -> str:
    """Return paragraphs and line ends only: Outlook lays out mails with Word, and knows those.

    Nothing of the text becomes markup. A first line that ends in a colon is a paragraph's heading.
    """
    paragraphs = "\n".join(map(_paragraph, text.split("\n\n")))
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n'
        f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>\n'
        f"<body>\n{paragraphs}\n</body>\n</html>"
    )


def _paragraph(text: str) -> str:
    first, *others = map(_line, text.split("\n"))
    if others and first.endswith(_COLONS):
        first = f"<strong>{first}</strong>"
    return f"<p>{'<br>'.join((first, *others))}</p>"


def _line(line: str) -> str:
    """Return a line with its links; what is not in a link is escaped, and so is what is."""
    parts, end = [], 0
    for found in _LINK.finditer(line):
        link = escape(found[0])
        parts += [escape(line[end : found.start()]), f'<a href="{link}">{link}</a>']
        end = found.end()
    return "".join((*parts, escape(line[end:])))
