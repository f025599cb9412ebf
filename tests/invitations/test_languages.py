"""Each shipped language says all that the others say, and nothing in another one's words."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from jinja2 import nodes

from slotfinder.domain.preference import parse_wishes
from slotfinder.invitations.texts import (
    MAILS,
    NAMES,
    SHIPPED,
    SHIPPED_LANGUAGES,
    Texts,
    file_name,
    shipped_source,
)
from slotfinder.invitations.wording import Occasion, event_text, mail
from slotfinder.settings.proofreading import CAUSES, proofread
from tests.invitations.examples import LONDON, between, occasion, person, spoken

LINK = "https://meet.example/abc"
ENGLISH_WORDS = re.compile(
    r"\b(the|with|your|you|meeting|please|time|where|when|and|for|nothing|january|thursday)\b",
    re.IGNORECASE,
)
FORMATS: dict[str, dict[str, Any]] = {
    "link": {"join_url": LINK},
    "no link": {"join_url": None},
    "link in the entry": {"join_url": None, "link_in_entry": True},
    "in person": {"place": LONDON, "join_url": None},
}
OCCASIONS: dict[str, list[dict[str, Any]]] = {
    "invitation": [
        {},
        {"is_first": True},
        {"replaced": between("2027-01-08T09:00", "2027-01-08T09:45")},
    ],
    "changed": [
        {"old": between("2027-01-08T09:00", "2027-01-08T09:45"), "cause": "declined"},
        {"old_location": "room-b@acme.example, London", "cause": "room-lost"},
    ],
    "cancelled": [
        {"cause": "pair-ended", "is_cancelled": True},
        {"instead": between("2027-01-08T09:00", "2027-01-08T09:45"), "is_cancelled": True},
    ],
}


def told(language: str, about: Occasion, name: str) -> Iterator[str]:
    """Yield all that somebody reads of an occasion: a mail's subject and text, and the entry."""
    body = mail(SHIPPED, name, about, about.mentor)
    yield body.subject
    yield body.text
    yield event_text(SHIPPED, about, *about.people)
    assert f'<html lang="{language}">' in body.html


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", MAILS)
@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_every_occasion_is_told_in_every_format(language: str, name: str, form: str) -> None:
    for changes in OCCASIONS[name]:
        about = spoken(language, **FORMATS[form], **changes)
        subject, text, entry = told(language, about, name)

        assert "Priya Sharma" in subject
        assert "2027" in subject
        for each in (text, entry):
            assert "Priya Sharma" in each
            assert not re.search(r"[{}%]|\n\n\n| \n|None|True", each)
            if about.is_cancelled:
                assert "https://" not in each
            else:
                assert (LINK in each) is (form == "link")
                assert ("Left of the station.\nFirst door." in each) is (form == "in person")
                assert re.search(r"11:15.*(GMT|UTC)\+00:00", each)
                assert re.search(r"16:45.*(GMT|UTC)\+05:30", each)
        if language != "en":
            plain = f"{subject}\n{text}\n{entry}".replace("Left of the station", "")
            assert not ENGLISH_WORDS.findall(plain)


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_what_changed_is_told_in_mail_and_entry(language: str) -> None:
    for changes in OCCASIONS["changed"]:
        _, text, entry = told(language, spoken(language, place=LONDON, **changes), "changed")
        for each in (text, entry):
            assert ("9:00" in each) is ("old" in changes)
            assert ("room-b@acme.example, London" in each) is ("old_location" in changes)


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_every_cause_has_a_sentence_in_mails_and_none_in_the_entry(language: str) -> None:
    about = spoken(language, cause="")
    silent = mail(SHIPPED, "changed", about, about.mentor).text
    entry = event_text(SHIPPED, about, *about.people)
    sentences = set()

    for cause in CAUSES:
        because = replace(about, cause=cause)
        text = mail(SHIPPED, "changed", because, about.mentor).text
        sentences |= set(text.split("\n")) - set(silent.split("\n"))
        assert len(text) > len(silent) or cause == "found", cause
        assert event_text(SHIPPED, because, *because.people) == entry
    assert len(sentences) >= len(CAUSES) - 4  # those of a pair that does not meet say the same


@pytest.mark.parametrize("language", SHIPPED_LANGUAGES)
def test_only_a_first_meeting_says_what_to_expect_and_says_it_once(language: str) -> None:
    first = SHIPPED.render(
        "first-meeting", language, {"mentor": "Tom Baker", "mentee": "Priya Sharma"}
    ).strip()

    for name in MAILS:
        for is_first in (False, True):
            about = spoken(language, is_first=is_first, is_cancelled=name == "cancelled")
            body = mail(SHIPPED, name, about, about.mentee)
            assert body.text.count(first) == (is_first and name == "invitation")
            entry = event_text(SHIPPED, about, *about.people)
            assert entry.count(first) == (is_first and name != "cancelled")
    assert first.count("Tom Baker") == first.count("Priya Sharma") == 2
    assert len(first.split("\n\n")) == 2


@pytest.mark.parametrize("name", NAMES)
def test_all_languages_use_the_same_facts(name: str) -> None:
    def used(language: str) -> tuple[list[str], list[str]]:
        source = shipped_source(file_name(name, language))
        tree = SHIPPED.environment.parse(source)
        names = sorted(node.name for node in tree.find_all(nodes.Name))
        parts = [part.template for part in tree.find_all(nodes.Include)]
        others = [part.value for part in parts if isinstance(part, nodes.Const)]
        return names, [other.replace(f".{language}.", ".") for other in others]

    # A subject names the partner once; how often a text does is a matter of its language.
    assert {str(sorted(set(used(each)[0]))) for each in SHIPPED_LANGUAGES} == {
        str(sorted(set(used("en")[0])))
    }
    assert all(used(each)[1] == used("en")[1] for each in SHIPPED_LANGUAGES)


def test_the_shipped_texts_pass_the_proofreading_of_a_coordinator_s_own() -> None:
    files = [file_name(name, language) for name in NAMES for language in SHIPPED_LANGUAGES]
    assert proofread(Texts({file: shipped_source(file) for file in files})) == []


def test_nobody_s_wishes_can_be_named() -> None:
    """Nothing that templates are told derives from them, but for which time was chosen."""
    about = occasion()
    wishes = parse_wishes("Mo-Fr 07:30-09:00 = 0.3")
    shy = replace(about, mentor=replace(about.mentor, wishes=wishes, wishes_in_person=wishes))

    for name in MAILS:
        assert mail(SHIPPED, name, shy, shy.mentee) == mail(SHIPPED, name, about, about.mentee)
    assert event_text(SHIPPED, shy, *shy.people) == event_text(SHIPPED, about, *about.people)


def test_a_part_that_has_no_translation_leaves_the_whole_mail_english() -> None:
    about = occasion(mentee=person("Priya Sharma", "Asia/Kolkata", "nl"))

    assert "Donderdag" not in mail(SHIPPED, "invitation", about, about.mentee).text
    assert "———" not in event_text(SHIPPED, about, *about.people)
