from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from slotfinder.invitations.layout import as_html

JAPANESE_COLON = "\N{FULLWIDTH COLON}"
TAGS = {"html", "head", "meta", "title", "body", "p", "strong", "br", "a"}


class Reader(HTMLParser):
    """Collects what a reader of the HTML sees, and which tags made it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["title"]:
            self.words += data.split()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert all(name in ("lang", "href", "charset") for name, _ in attrs)
        self.links += [value for name, value in attrs if name == "href"]


def test_paragraphs_lines_and_headings() -> None:
    html = as_html("Tea", f"Hello,\nTom.\n\nWhen:\nnow\n\nまで{JAPANESE_COLON}\nだ", "ja")

    assert '<html lang="ja">' in html
    assert "<title>Tea</title>" in html
    assert "<p>Hello,<br>Tom.</p>\n<p><strong>When:</strong><br>now</p>" in html
    assert f"<strong>まで{JAPANESE_COLON}</strong>" in html


def test_addresses_become_links_without_what_ends_the_sentence() -> None:
    html = Reader(as_html("", "See https://a.example/b?c=d&e=1, or (http://f.example/g).", "en"))

    assert html.links == ["https://a.example/b?c=d&e=1", "http://f.example/g"]


def test_markup_is_escaped() -> None:
    html = as_html("</title><b>", 'https://x.example/"><script>& <b>&', "en")

    assert "<script" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "<title>&lt;/title&gt;&lt;b&gt;</title>" in html


@given(text=st.text(st.sampled_from("<>&\"'a:/ \n") | st.characters(codec="utf-8")))
def test_no_text_becomes_markup(text: str) -> None:
    html = Reader(as_html("", text, "en"))

    assert set(html.tags) <= TAGS
    assert html.tags.count("p") == text.count("\n\n") + 1
