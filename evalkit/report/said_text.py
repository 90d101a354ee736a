"""What the register's and the draws' rooms say in English, in the plan's language.

The English catalogue holds the same sentences with names in braces for what varies, so
it is the pattern by which they are known again.
"""

from __future__ import annotations

import re
import string
from functools import cache
from typing import TYPE_CHECKING

from evalkit.report.language.catalogue import read_language

if TYPE_CHECKING:
    from evalkit.report.language.catalogue import Language


def line_text(line: str, section: str, words: Language) -> str:
    """Return a line in a language; one that the section does not know as it is.

    Parameters
    ----------
    line
        A line in English; how far it is indented is kept.
    section
        Section of the catalogue that holds such lines.
    words
        The language.

    Examples
    --------
    >>> fi = read_language("fi")
    >>> line_text("  not recognised, and not read: väri, koko", "guess", fi)
    '  ei tunnistettu, ei lueta: väri, koko'
    """
    said = line.lstrip()
    for key, pattern in _patterns(section).items():
        if found := pattern.fullmatch(said):
            indent = line[: len(line) - len(said)]
            return indent + words.text(key, **found.groupdict())
    return line


def sentences_text(text: str, section: str, words: Language) -> str:
    """Return sentences in a language; from the first one not known on as they are.

    Examples
    --------
    >>> text = "The commitment was changed. The list of persons is missing."
    >>> sentences_text(text, "finding", read_language("fi"))
    'Sitoumusta on muutettu. Henkilölista puuttuu.'
    """
    said = []
    while text:
        key, found = _first_sentence(text, section)
        if found is None:
            said.append(text)
            break
        said.append(words.text(key, **found.groupdict()))
        text = text[found.end() :].lstrip()
    return " ".join(said)


def _first_sentence(text: str, section: str) -> tuple[str, re.Match[str] | None]:
    for key, pattern in _patterns(section).items():
        if found := pattern.match(text):
            return key, found
    return "", None


@cache
def _patterns(section: str) -> dict[str, re.Pattern[str]]:
    """Return what the section's English texts look like, by their keys."""
    texts = read_language("en").texts.items()
    return {
        key: re.compile(_pattern(text))
        for key, text in texts
        if key.startswith(f"{section}.")
    }


def _pattern(text: str) -> str:
    """Return a text as a pattern; a name that ends it takes all that follows."""
    parts = list(string.Formatter().parse(text))
    last = parts[-1][1]
    pattern = "".join(
        re.escape(plain)
        + ("" if name is None else f"(?P<{name}>.+{'' if name == last else '?'})")
        for plain, name, _, _ in parts
    )
    return rf"(?:{pattern})(?= |$)"  # where the sentence ends
