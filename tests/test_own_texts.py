"""A coordinator's own texts: what takes the place of what, and what is found wrong at once."""

import re
from pathlib import Path

import pytest

from slotfinder.errors import ConfigurationError, Finding
from slotfinder.invitations.clocks import locale_for
from slotfinder.invitations.texts import NAMES, SHIPPED, Texts, file_name, shipped_source
from slotfinder.invitations.wording import event_text, facts_for, mail
from slotfinder.settings.proofreading import CAUSES
from slotfinder.settings.texts import read_texts
from tests.invitations.examples import occasion, person

DOCS = Path(__file__).parents[1] / "docs" / "invitations.md"


def write(folder: Path, **files: str | bytes) -> Path:
    """Write templates; two underscores in a name stand for a dash, one for a dot."""
    (folder / "templates").mkdir(exist_ok=True)
    for name, content in files.items():
        file = f"{name.replace('__', '-').replace('_', '.')}.txt"
        data = content.encode() if isinstance(content, str) else content
        (folder / "templates" / file).write_bytes(data)
    return folder


def sound(folder: Path, **files: str | bytes) -> Texts:
    texts, findings = read_texts(write(folder, **files))
    assert findings == []
    return texts


def wrong(folder: Path, **files: str | bytes) -> list[Finding]:
    texts, findings = read_texts(write(folder, **files))
    assert findings
    assert all(each.level == "error" and each.remedy for each in findings)
    assert texts is SHIPPED
    return findings


def test_the_documentation_names_all_that_templates_are_told() -> None:
    text = DOCS.read_text("utf-8")
    told = {
        fact
        for name in NAMES
        for fact in facts_for(SHIPPED, name, occasion(), "en", locale_for("en"))
    }
    named = set(re.findall(r"`([a-z_]+)`", text.partition("### What a text can name")[2]))
    assert told <= named
    assert set(CAUSES) <= set(re.findall(r"`([a-z-]+)`", text))


def test_without_a_folder_or_without_texts_in_it_the_shipped_ones_are_used(tmp_path: Path) -> None:
    assert read_texts(tmp_path) == (SHIPPED, [])
    write(tmp_path)
    (tmp_path / "templates" / "README.md").write_text("{{ nobody }}")
    (tmp_path / "templates" / "._entry.en.txt").write_text("{{ nobody }}")
    assert read_texts(tmp_path) == (SHIPPED, [])


def test_an_own_part_takes_its_place_in_all_that_has_it(tmp_path: Path) -> None:
    texts = sound(tmp_path, closing_en="Bring cake, {{ mentor }}! {# a remark #}\n")
    about = occasion()

    for text in (
        mail(texts, "invitation", about, about.mentee).text,
        event_text(texts, about, *about.people),
    ):
        assert text.endswith("Bring cake, Tom Baker!")
        assert "remark" not in text
    german = mail(texts, "invitation", about, person("Jo", "Europe/Berlin", "de")).text
    assert "Gesendet von slotfinder" in german


def test_what_an_own_text_says_is_text_and_no_markup(tmp_path: Path) -> None:
    own = "A <b>subject</b>\n\n<b>Hello</b> & see https://x.example/{{ partner }}\n"
    about = occasion()

    body = mail(sound(tmp_path, invitation_en=own), "invitation", about, about.mentor)
    assert body.subject == "A <b>subject</b>"
    assert body.text == "<b>Hello</b> & see https://x.example/Priya Sharma"
    assert "&lt;b&gt;Hello&lt;/b&gt; &amp; see" in body.html


def test_a_language_is_added_by_writing_all_of_its_texts(tmp_path: Path) -> None:
    files = {
        file_name(name, "pt-br"): shipped_source(file_name(name, "en")).replace(".en.", ".pt-br.")
        for name in NAMES
    }
    texts = sound(tmp_path, **{name.removesuffix(".txt"): text for name, text in files.items()})

    assert texts.language_for("pt-br") == "pt-br"
    assert texts.language_for("pt") is None
    text = mail(texts, "invitation", occasion(), person("Ana", "America/Recife", "pt-br")).text
    assert "quinta-feira, 7 de janeiro de 2027" in text
    (tmp_path / "templates" / "closing.pt-br.txt").unlink()
    [finding] = read_texts(tmp_path)[1]
    assert finding.message == "texts in 'pt-br' are missing: closing."


@pytest.mark.parametrize(
    ("template", "where", "sentence"),
    [
        ("{{ mentor }}\n{{ mentr }}", "line 2", "nothing here is called 'mentr'"),
        ("{% if mentor == 'x' %}\n{{ mentr }}{% endif %}", "line 2", "called 'mentr'"),
        ("\n\n{% if first %}x", "line 3", "cannot be read as a template (Unexpected end"),
        ("{{ mentor", "line 1", "cannot be read as a template (unexpected"),
        ("{{ mentor | shout }}", "line 1", "No filter named 'shout'"),
        ("{{ mentor | random }}", "line 1", "No filter named 'random'"),
        ("{{ mentor.wishes }}", "line 1", "no attribute 'wishes'"),
        ("\n{{ mentor.__class__.__mro__ }}", "line 2", "'__class__' of 'str' object is unsafe"),
        ("{{ ''.format.__globals__ }}", "line 1", "is unsafe"),
        ("{{ 1 + mentor }}", "line 1", "cannot be filled in: unsupported operand"),
        ("{% include 'closing.en.txt' %}", "line 1", "it includes itself"),
        (
            "x{% include '../slotfinder.toml' %}",
            "line 1",
            "there is no template ../slotfinder.toml",
        ),
        ("{% for x in range(9) %}{% endfor %}", "line 1", "nothing here is called 'range'"),
        ("{{ 'x' * 5000 }}", "", "this becomes longer than 4000 characters"),
        (" \n", "", "nothing would be written"),
        (b"x\n\xff", "line 2", "this is not UTF-8 text"),
    ],
)
def test_a_template_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, template: str | bytes, where: str, sentence: str
) -> None:
    [finding] = wrong(tmp_path, closing_en=template)

    assert (finding.file, finding.where) == ("templates/closing.en.txt", where)
    assert sentence in finding.message


@pytest.mark.parametrize("mail", ["Subject only", "Subject\nHello", "\n", "Subject\n\n"])
def test_a_mail_needs_a_subject_an_empty_line_and_a_text(tmp_path: Path, mail: str) -> None:
    [finding] = wrong(tmp_path, cancelled_de=mail)

    assert "the first line is to be the subject" in finding.message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("invitaton_en", "Did you mean 'invitation.en.txt'?"),
        ("invitation", "Names are: invitation, changed"),
        ("entry_de-AT", ""),
    ],
)
def test_a_file_no_text_is_called_is_no_silent_mistake(
    tmp_path: Path, name: str, hint: str
) -> None:
    [finding] = wrong(tmp_path, **{name: "x"})

    assert finding.message == "no text has this name."
    assert hint in finding.remedy


def test_a_name_that_only_mails_know_is_none_in_the_entry(tmp_path: Path) -> None:
    [finding] = wrong(tmp_path, entry_en="{{ mentor }}\n{{ reader }}")

    assert finding.message == "nothing here is called 'reader'."
    assert "Possible are: programme, mentor, mentee" in finding.remedy
    [finding] = wrong(tmp_path, entry_en="{% include 'reason.en.txt' %}")
    assert finding.message == "this cannot be filled in: 'cause' is undefined."


def test_everything_wrong_is_found_at_once_and_a_bad_part_hides_nothing(tmp_path: Path) -> None:
    found = wrong(
        tmp_path,
        whose__time_fr="{{ nme }}",
        reason_fr="{% if cause == 'agreed' %}{{ 1 + 'a' }}{% endif %}",
        place_de="{{ floor | up }}",
        entry_xx="x",
    )

    assert {each.file for each in found} == {
        "templates/whose-time.fr.txt",
        "templates/reason.fr.txt",
        "templates/place.de.txt",
        "templates/*.xx.txt",
    }
    assert any("no language whose dates are known" in each.message for each in found)


def test_what_no_sample_meets_ends_as_a_finding_too(tmp_path: Path) -> None:
    texts = sound(tmp_path, closing_en="x{% if mentor == 'Tom Baker' %}\n{{ 1 / 0 }}{% endif %}")

    with pytest.raises(ConfigurationError) as caught:
        mail(texts, "invitation", occasion(), occasion().mentor)
    [finding] = caught.value.findings
    assert (finding.file, finding.where) == ("templates/closing.en.txt", "line 2")
    assert "division by zero" in finding.message


def test_a_folder_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "templates").write_text("no folder")

    [finding] = read_texts(tmp_path)[1]
    assert (finding.file, finding.message) == (
        "templates",
        "this cannot be read (Not a directory).",
    )
