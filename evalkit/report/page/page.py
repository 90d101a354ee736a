"""The page: a document as one HTML file."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

from evalkit.report.document import Mark, written

if TYPE_CHECKING:
    from evalkit.report.document import Block, Cell, Column, Document, Figure

_FOLDER = "evalkit.report.page"
_NAME = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(?:href="#|url\(#)([^")]+)')
_IDENTIFIER = re.compile(r'(\bid="|\bhref="#|url\(#)')
_DECLARATION = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def html_page(document: Document) -> bytes:
    """Return a document as an HTML file that needs nothing else.

    Parameters
    ----------
    document
        The report.

    Returns
    -------
    bytes
        UTF-8, the same for the same document. Every text is escaped; only the pictures,
        which evalkit draws itself, are taken as they are. It asks for nothing from the
        network and holds no script.

    Examples
    --------
    >>> from evalkit.report.document import Chapter, Document, Text
    >>> from evalkit.report.language.catalogue import read_language
    >>> chapter = Chapter(name="one", title="One", blocks=(Text("<b>"),))
    >>> document = Document(
    ...     title="A study",
    ...     subtitle="2021",
    ...     language=read_language("en"),
    ...     chapters=(chapter,),
    ... )
    >>> b'<p class="plain">&lt;b&gt;</p>' in html_page(document)
    True
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(_resource("page.html.jinja"))
    words = document.language

    def write(cell: Cell, column: Column) -> str:
        return written(cell, column.kind, words)

    page = template.render(
        document=document,
        style=Markup(_resource("page.css")),  # noqa: S704  (our own file)
        text=words.text,
        write=write,
        count=lambda cell: written(cell, "count", words),
        is_masked=lambda cell: cell is Mark.MASKED,
        kind_of=_kind_of,
        picture=lambda figure: Markup(_inline(figure)),  # noqa: S704  (drawn by us)
    )
    return (page.rstrip() + "\n").encode()


def _resource(name: str) -> str:
    return (resources.files(_FOLDER) / name).read_text(encoding="utf-8")


def _kind_of(block: Block) -> str:
    return type(block).__name__


def _inline(figure: Figure) -> str:
    """Return a picture to stand in a page: its names are its own, as in no other.

    Names that nothing refers to are left out.
    """
    svg = _METADATA.sub("", _DECLARATION.sub("", figure.svg))
    used = set(_REFERENCE.findall(svg))
    svg = _NAME.sub(lambda found: found[0] if found[1] in used else "", svg)
    return _IDENTIFIER.sub(rf"\1{figure.name}-", svg).rstrip()
