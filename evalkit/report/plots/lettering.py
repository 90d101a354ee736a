"""How wide a text will be, so that no label runs into another."""

from __future__ import annotations

from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextToPath

_FAMILY = "DejaVu Sans"
_ELLIPSIS = "…"
_NO_LETTER = "\N{WHITE SQUARE}"


@cache
def drawable(text: str) -> str:
    """Return a text with a square for each sign that the figures' font lacks.

    Examples
    --------
    >>> drawable("ä\N{WOMAN}")
    'ä□'
    """
    font = get_font(findfont(FontProperties(family=_FAMILY)))
    known = font.get_charmap()
    return "".join(sign if ord(sign) in known else _NO_LETTER for sign in text)


@cache
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in points.

    Examples
    --------
    >>> text_width("wide", 20) > text_width("wide", 10) > 0
    True
    """
    font = FontProperties(
        family=_FAMILY, size=size, weight="bold" if bold else "normal"
    )
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Return a text as lines that are no wider than `width` points.

    Examples
    --------
    >>> wrapped("one two three", 10, 60)
    ['one two', 'three']
    """
    text, lines = drawable(text), [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip(" ")
        if text_width(longer, size, bold=bold) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [shortened(line, size, width, bold=bold) for line in lines]


def shortened(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Return a text cut, with an ellipsis, to a width in points.

    Examples
    --------
    >>> shortened("a very long label", 10, 60)
    'a very lon…'
    """
    text = drawable(text)
    if len(text) <= width and text_width(text, size, bold=bold) <= width:
        return text
    kept = text[: int(width)]  # no letter is as narrow as a point
    while kept and text_width(kept + _ELLIPSIS, size, bold=bold) > width:
        kept = kept[:-1]
    return kept.rstrip() + _ELLIPSIS
