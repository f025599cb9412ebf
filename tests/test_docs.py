"""The pages for newcomers: their output is the product's, their links lead somewhere."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.world import call, read_mail, words

ROOT: Final = Path(__file__).parent.parent
PAGES: Final = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]


def _blocks(page: str) -> list[str]:
    return re.findall(
        r"^```\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_story_of_a_run_shows_what_the_demo_prints(tmp_path: Path) -> None:
    folder = tmp_path / "story"
    shown = call("--now", "2027-01-04T06:00Z", "demo", str(folder)).out
    later = ("--config", str(folder / "slotfinder.toml"), "--now", "2027-01-11T06:00Z")
    for command in (["todo"], ["explain", "p12"], ["run"]):
        shown += call(*later, *command).out
    for mail in sorted((folder / "outbox").glob("*.1.request.*.eml")):
        shown += words(read_mail(mail))
    printed = {" ".join(line.split()) for line in shown.splitlines()}
    told = [
        " ".join(line.split()) for block in _blocks("docs/run.md") for line in block.splitlines()
    ]
    assert len(told) > 20
    assert [line for line in told if line not in printed] == []


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text("utf-8")):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in _anchors(file.read_text("utf-8"))):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_code_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`([\w./*-]+/[\w.*-]+\.py)\b", page.read_text("utf-8"))
    places = (ROOT, ROOT / "src/slotfinder")
    assert [each for each in named if not any([*place.glob(each)] for place in places)] == []
