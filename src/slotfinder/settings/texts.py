"""Reads a coordinator's own texts of invitations: what stands in ``templates`` by the settings."""

import re
from pathlib import Path
from typing import Final

from slotfinder.errors import Finding
from slotfinder.invitations.texts import FOLDER, NAMES, SHIPPED, Texts, file_name
from slotfinder.settings.values import quoted, suggestion

_FILE: Final = re.compile(rf"({'|'.join(NAMES)})\.[a-z]{{2,3}}(-[a-z0-9]{{1,8}})*\.txt")


def read_texts(folder: Path) -> tuple[Texts, list[Finding]]:
    """Return the texts of a programme, and what is wrong with those in its ``folder``.

    Where anything is wrong the texts are those shipped.
    """
    sources: dict[str, str] = {}
    findings: list[Finding] = []
    for path in _files(folder / FOLDER, findings):
        if not _FILE.fullmatch(path.name):
            findings.append(_unknown(path.name))
            continue
        try:
            sources[path.name] = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = problem.object[: problem.start].count(b"\n") + 1
            findings.append(
                Finding(
                    file=f"{FOLDER}/{path.name}",
                    where=f"line {line}",
                    message="this is not UTF-8 text.",
                    remedy="Save the file as UTF-8 in your editor.",
                )
            )
        except OSError as problem:
            findings.append(_unreadable(f"{FOLDER}/{path.name}", problem))
    if not sources:
        return SHIPPED, findings
    # What fills templates in is slow to load, and most programmes have none of their own.
    from slotfinder.settings.proofreading import proofread  # noqa: PLC0415

    texts = Texts(sources)
    findings += proofread(texts)
    return (SHIPPED if findings else texts), findings


def _files(folder: Path, findings: list[Finding]) -> list[Path]:
    """Return the texts in a folder, of which there may be none; hidden files are not meant."""
    try:
        found = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as problem:
        findings.append(_unreadable(FOLDER, problem))
        return []
    return [each for each in found if each.suffix == ".txt" and not each.name.startswith(".")]


def _unreadable(file: str, problem: OSError) -> Finding:
    return Finding(
        file=file,
        message=f"this cannot be read ({problem.strerror}).",
        remedy="Let the account slotfinder runs under read it.",
    )


def _unknown(name: str) -> Finding:
    hint = suggestion(name, [file_name(each, "en") for each in NAMES])
    return Finding(
        file=f"{FOLDER}/{quoted(name)[1:-1]}",
        message="no text has this name.",
        remedy=f"{hint}Write a name and a language, such as 'invitation.de.txt'. "
        f"Names are: {', '.join(NAMES)}.",
    )
