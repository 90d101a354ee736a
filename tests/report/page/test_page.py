"""The page holds what the document holds, needs nothing else, and all can use it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from evalkit.report.language.catalogue import LANGUAGES
from evalkit.report.page.page import html_page
from tests.report.documents import HOSTILE, document
from tests.report.page.chromium import audited, console, needs_chromium


class Page(HTMLParser):
    """Elements and texts of a page, in order."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data) -> None:
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def shape(page: Page) -> list[str]:
    return [tag for tag, _ in page.elements]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text(text) -> None:
    page = Page(html_page(document(text=text)))
    assert shape(page) == shape(Page(html_page(document())))
    assert not page.named("script")
    assert any(text in found for found in page.texts)


def test_every_number_is_written_as_the_language_writes_it() -> None:
    texts = {text.strip() for text in Page(html_page(document("fi"))).texts}
    assert {"1\u00a0234", "42,3\u00a0%", "+3,0", "\u22121,0…7,0", "< 0,001"} <= texts


def test_a_masked_number_says_so() -> None:
    marks = Page(html_page(document())).named("abbr")
    assert marks
    assert all("masked" in mark["title"] for mark in marks)


def test_headings_do_not_skip_a_level() -> None:
    levels = [int(tag[1]) for tag in shape(Page(html_page(document()))) if tag[0] == "h"
              and tag[1:].isdigit()]  # fmt: skip
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_names_within_the_page_are_unique() -> None:
    page = Page(html_page(document()))
    names = [a["id"] for _, a in page.elements if "id" in a]
    assert len(names) == len(set(names))
    text = html_page(document()).decode()
    aims = re.findall(r'href="#([^"]+)"', text) + re.findall(r"url\(#([^)]+)\)", text)
    assert set(aims) <= set(names)


def test_it_asks_for_nothing() -> None:
    page = Page(html_page(document()))
    addresses = [a[k] for _, a in page.elements for k in ("src", "href", "xlink:href")
                 if k in a]  # fmt: skip
    assert all(address.startswith("#") for address in addresses)
    policies = [a for a in page.named("meta") if "http-equiv" in a]
    assert policies[0]["content"].startswith("default-src 'none'")
    assert "@import" not in html_page(document()).decode()


@pytest.mark.parametrize("code", LANGUAGES)
def test_it_says_its_language(code) -> None:
    (html,) = Page(html_page(document(code))).named("html")
    assert html["lang"] == code


def test_the_warning_stands_above_below_on_paper_and_at_every_figure() -> None:
    page = html_page(document(warning="Synthetic data")).decode()
    assert page.count("Synthetic data") == 3 + page.count("<figure>")


def test_only_swedish_says_that_nobody_has_reviewed_it() -> None:
    said = {
        code: "ännu granskat" in html_page(document(code)).decode()
        for code in LANGUAGES
    }
    assert said == {"fi": False, "sv": True, "en": False}


def test_the_same_document_gives_the_same_bytes() -> None:
    assert html_page(document()) == html_page(document())


@needs_chromium
@pytest.mark.parametrize(
    ("width", "dark"), [(1200, False), (360, False), (1200, True), (360, True)]
)
def test_everybody_can_use_it(tmp_path, width, dark) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(html_page(document("fi", warning="Synteettinen aineisto")))
    told = audited(page, width=width, dark=dark)
    assert told["violations"] == []
    assert told["wide"] <= 0


@needs_chromium
def test_the_audit_finds_what_is_wrong(tmp_path) -> None:
    page = tmp_path / "page.html"
    text = html_page(document()).decode().replace(' lang="en"', "")
    page.write_text(text.replace("<main>", '<main><img src="x.png">'), "utf-8")
    told = audited(page)
    assert {v["rule"] for v in told["violations"]} >= {"html-has-lang", "image-alt"}


@needs_chromium
def test_the_console_is_silent(tmp_path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(html_page(document(text=HOSTILE[0])))
    assert console(page) == []
    page.write_bytes(html_page(document()).replace(b"<main>", b'<main><img src="x">'))
    assert console(page) != []
