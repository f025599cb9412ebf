"""No secret is part of the tree; those of tests are made when they run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.emulators.google import GoogleEmulator, service_account_file
from tests.emulators.microsoft import Certificate

ROOT: Final = Path(__file__).parent.parent

_PATTERNS: Final = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\\n|\s)+[A-Za-z0-9+/]{40}",
    "a token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "a token of Google": r"\bya29\.[\w-]{20,}|\bAIza[\w-]{35}|\bGOCSPX-[\w-]{20,}",
    "a secret of Microsoft": r"\b[\w~.-]{3}[0-9]Q~[\w~.-]{31,}",
    "a token of a code host": r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{40}|\bglpat-[\w-]{20}",
    "a token of a cloud": r"\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[\w-]{20,}",
    "a private calendar": r"/calendar/ical/[^/\s]+/private-[0-9a-f]{16,}"
    r"|/owa/calendar/[0-9a-f]{32}(?:@[\w.-]+)?/[0-9a-f]{32}",
    "a secret that is set": r"(?i)(?:secret|password|passwd|token|api_?key)\w*[\"']?\s*[:=]\s*[\"']"
    r"(?=[\w+/=~.-]*[0-9])(?=[\w+/=~.-]*[A-Za-z])[\w+/=~.-]{32,}[\"']",
}
_FILES: Final = re.compile(
    r"\.(pem|key|p12|pfx|jks|keystore)$|(^|/)(\.env|id_(rsa|ed25519|ecdsa))$"
)
_NOT_OURS: Final = re.compile(r"^(\.(?!ci$|github$|pre-commit)\w+.*|__pycache__|dist|build)$")


def secrets_in(folder: Path) -> Iterator[str]:
    """Yield every secret of a tree: what it looks like, and where."""
    for path in sorted(folder.iterdir()):
        name = path.relative_to(ROOT if path.is_relative_to(ROOT) else folder).as_posix()
        if path.is_dir() and not path.is_symlink() and not _NOT_OURS.match(path.name):
            yield from secrets_in(path)
        elif path.is_file():
            if _FILES.search(path.name):
                yield f"{name}: a file as keys have it"
            text = path.read_bytes().decode("latin-1")
            for what, pattern in _PATTERNS.items():
                for found in re.finditer(pattern, text):
                    yield f"{name}, line {text.count(chr(10), 0, found.start()) + 1}: {what}"


def test_no_secret_is_in_the_tree() -> None:
    assert list(secrets_in(ROOT)) == []


def joined(*parts: str) -> str:
    """Return a text that does not stand in this file as it is."""
    return "".join(parts)


@pytest.mark.parametrize(
    "text",
    [
        joined("x = 'ey", "J0eXAiOiJKV1Qi.ey", "JhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl'"),
        joined("ya", "29.", "a0AfH6SMBx-0123456789abcdef"),
        joined("abc8", "Q~", "0123456789abcdefghijklmnopqrstuvwx"),
        joined("ghp", "_", "0123456789abcdefghijklmnopqrstuvwxyz"),
        joined("AKIA", "0123456789ABCDEF"),
        joined("https://calendar.google.com/calendar/ical/a/private", "-0123456789abcdef/x.ics"),
        joined('client_secret = "', "0123456789abcdef" * 2, '"'),
        joined('"password": "', "0123456789abcdef" * 2, '"'),
    ],
)
def test_each_kind_would_be_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "notes.md").write_text(f"\n{text}\n", "utf-8")
    [found] = secrets_in(tmp_path)
    assert "notes.md, line 2: " in found


def test_keys_that_are_made_at_run_time_would_be_found(tmp_path: Path) -> None:
    with GoogleEmulator() as google:
        service_account_file(tmp_path / "google.json", google)
    Certificate.make("app").write(tmp_path / "app.txt")
    (tmp_path / "id_rsa").touch()
    found = list(secrets_in(tmp_path))
    assert [each.rpartition(": ")[2] for each in found] == [
        "a private key",
        "a private key",
        "a file as keys have it",
    ]
