"""Reads a CSV file as spreadsheets write it: what stands where, and what cannot be read."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from slotfinder.errors import Finding
from slotfinder.settings.values import BadValueError, quoted, suggestion

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a file: those it must have and those it may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row that says something; ``number`` counts as a spreadsheet does, the header being 1."""

    file: str
    number: int
    cells: dict[str, str]
    findings: list[Finding] = field(repr=False)

    def read(self, column: str, parse: Callable[[str], T], default: D) -> T | D:
        """Return the cell as ``parse`` reads it, ``default`` where it is empty or wrong."""
        text = self.cells.get(column, "")
        if not text:
            return default
        try:
            return parse(text)
        except BadValueError as error:
            self.report(column, error)
            return default

    def require(self, column: str, parse: Callable[[str], T], default: D) -> T | D:
        """Return the cell as ``read`` does; an empty one is a finding too."""
        if self.cells.get(column) == "":
            self.report(column, BadValueError("this cell is empty.", "Fill it in."))
        return self.read(column, parse, default)

    def report(
        self, column: str, error: BadValueError, level: Literal["error", "warning"] = "error"
    ) -> None:
        finding = Finding(
            file=self.file,
            where=f"row {self.number}",
            key=column,
            message=error.message,
            remedy=error.remedy,
            level=level,
        )
        self.findings.append(finding)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The rows of a file. ``is_complete`` is False where some of it could not be read."""

    rows: tuple[Row, ...]
    findings: list[Finding]
    is_complete: bool


def read_sheet(path: Path, columns: Columns) -> Sheet:
    """Read a CSV file; whatever is wrong with it becomes findings, to which its rows add theirs."""
    findings: list[Finding] = []
    rows: list[Row] = []
    header: list[str] = []
    is_complete = True
    try:
        for number, record in _records(_text(path)):
            cells = [cell.strip() for cell in record]
            if not any(cells):
                continue
            if not header:
                header = [_column(cell) for cell in cells]
                findings += _header_findings(path.name, number, header, columns)
                is_complete = set(columns.required) <= set(header)
                continue
            by_column = dict(zip(header, cells + [""] * len(header), strict=False))
            rows.append(Row(file=path.name, number=number, cells=by_column, findings=findings))
            if any(cells[len(header) :]):
                rows[-1].report("", _too_long(len(header)))
    except _UnreadableError as problem:
        findings.append(problem.finding(path.name))
        is_complete = False
    if not header and not findings:
        empty = _UnreadableError("the file is empty.", _header_remedy(columns))
        findings.append(empty.finding(path.name))
        is_complete = False
    return Sheet(rows=tuple(rows), findings=findings, is_complete=is_complete)


class _UnreadableError(Exception):
    def __init__(self, message: str, remedy: str, where: str = "") -> None:
        super().__init__(message)
        self._parts = message, remedy, where

    def finding(self, file: str) -> Finding:
        message, remedy, where = self._parts
        return Finding(file=file, where=where, message=message, remedy=remedy)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise _UnreadableError(
            f"there is no file {path}.",
            "Create it, or name it in [programme] of the settings; 'slotfinder init' writes one.",
        ) from None
    except UnicodeDecodeError:
        raise _UnreadableError(
            "the file is not UTF-8 text.", "In Excel, save it as 'CSV UTF-8 (comma delimited)'."
        ) from None
    except (OSError, ValueError) as problem:
        raise _UnreadableError(
            f"{path} cannot be read ({getattr(problem, 'strerror', None) or problem}).",
            "Let this user read it, or name another file in [programme] of the settings.",
        ) from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield every record with its number in a spreadsheet, blank ones included."""
    first, _, rest = text.partition("\n")
    # Excel's own hint, which it does not show as a row.
    if hint := re.fullmatch(r'"?sep=([;,])"?\s*', first, re.IGNORECASE):
        delimiter, text = hint[1], rest
    else:
        header = re.sub(r'"[^"]*"', "", text.lstrip().partition("\n")[0])
        delimiter = ";" if header.count(";") > header.count(",") else ","
    number = 0
    try:
        for number, record in enumerate(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), start=1
        ):
            yield number, record
    except csv.Error as problem:
        raise _UnreadableError(
            f"this row and all below it cannot be read ({problem}).",
            "Look for a quotation mark that is not closed, or save the file as 'CSV UTF-8' again.",
            f"row {number + 1}",
        ) from None


def _column(cell: str) -> str:
    return re.sub(r"[\s-]+", "_", cell.lower())


def _header_findings(
    file: str, number: int, header: Sequence[str], columns: Columns
) -> Iterator[Finding]:
    where = f"row {number}"
    missing = [column for column in columns.required if column not in header]
    for column in missing:
        yield Finding(
            file=file,
            where=where,
            key=column,
            message="this column is missing.",
            remedy=_header_remedy(columns),
        )
    for index, column in enumerate(header):
        if column and column in header[:index]:
            yield Finding(
                file=file,
                where=where,
                key=quoted(column)[1:-1],
                message="there are two columns of this name.",
                remedy="Take one of them out.",
            )
        elif column and column not in columns.known:
            hint = suggestion(column, [name for name in columns.known if name not in header])
            yield Finding(
                file=file,
                where=where,
                key=quoted(column)[1:-1],
                message="this column is not known and is left aside.",
                remedy=f"{hint}Columns are: {', '.join(columns.known)}.",
                level="warning",
            )


def _header_remedy(columns: Columns) -> str:
    return f"The first row names the columns; needed are: {', '.join(columns.required)}."


def _too_long(width: int) -> BadValueError:
    return BadValueError(
        f"this row has more cells than the {width} columns of the header.",
        "Put a text that has a comma or semicolon in it into quotation marks.",
    )
