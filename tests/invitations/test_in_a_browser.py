"""What a browser makes of the HTML: run where Chromium is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from slotfinder.invitations.texts import SHIPPED
from slotfinder.invitations.wording import Body, Occasion, mail
from tests.invitations.examples import occasion, spoken
from tests.invitations.test_layout import Reader

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def shown(body: Body, folder: Path) -> str:
    """Return the page as the browser understood it, written out again."""
    page = folder / "mail.html"
    page.write_text(body.html, "utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [str(CHROMIUM), *OPTIONS, profile, "--dump-dom", page.as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout.decode()


HOSTILE = '<script>document.write("x")</script><img src=x> &amp;'


@pytest.mark.parametrize(
    "about",
    [
        spoken("ja", is_first=True),
        occasion(programme=HOSTILE, join_url=f"https://x.example/{HOSTILE}"),
    ],
    ids=["japanese", "hostile"],
)
def test_a_browser_shows_what_the_text_says(tmp_path: Path, about: Occasion) -> None:
    body = mail(SHIPPED, "invitation", about, about.mentor)
    page = shown(body, tmp_path)
    read = Reader(page)

    assert "".join(read.words) == "".join(body.text.split())
    assert f'<html lang="{about.mentor.language}">' in page
    assert not {"script", "img"} & set(read.tags)
    assert len(read.links) == 1
