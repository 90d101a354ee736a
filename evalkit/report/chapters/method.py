"""How it was done, and what the words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.document import Chapter, Facts

if TYPE_CHECKING:
    from evalkit.report.language.catalogue import Language
    from evalkit.report.release.publication import Publication

_METHODS = {
    "method.draw": "method.draw_text",
    "method.single": "method.months_text",
    "method.pooled": "method.pooled_text",
    "method.adjusted": "method.adjusted_text",
    "method.time": "method.time_text",
    "method.hidden": "method.hidden_text",
}
_WORDS = ("pilot", "control", "outcome", "time_zero", "points", "interval", "smd")


def method(publication: Publication, words: Language) -> Chapter:
    """Return the chapter of formulae and their sources."""
    pairs = tuple(
        (words.text(name), words.text(text, min_cell=publication.min_cell))
        for name, text in _METHODS.items()
    )
    return Chapter(
        name="method", title=words.text("chapter.method"), blocks=(Facts(pairs),)
    )


def glossary(publication: Publication, words: Language) -> Chapter:  # noqa: ARG001
    """Return the chapter of what the words mean."""
    pairs = tuple(
        (words.text(f"word.{name}"), words.text(f"word.{name}_means"))
        for name in _WORDS
    )
    return Chapter(
        name="words", title=words.text("chapter.words"), blocks=(Facts(pairs),)
    )
