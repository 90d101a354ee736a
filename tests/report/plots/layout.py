"""Where the texts of a figure are, to see whether they fit in."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from matplotlib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

_TOLERANCE = 0.5  # of a dot


def shown_texts(figure: Figure) -> list[Text]:
    """Return the texts of a figure that are drawn: no tick beyond its axis."""
    figure.draw_without_rendering()
    beyond = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if not (ax.axison and axis.get_visible() and ax.get_visible()):
                beyond |= {id(text) for text in axis.findobj(Text)}
            low, high = sorted(axis.get_view_interval())
            margin = 1e-9 * (high - low)
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not low - margin <= tick.get_loc() <= high + margin:
                    beyond |= {id(tick.label1), id(tick.label2)}
    texts = [artist for artist in figure.findobj(Text) if artist.get_visible()]
    return [
        text for text in texts if text.get_text().strip() and id(text) not in beyond
    ]


def place(text: Text) -> Bbox:
    """Return where a text is, without its arrow."""
    return Text.get_window_extent(text)


def overflowing(figure: Figure) -> list[str]:
    """Return the texts that reach beyond the figure's canvas."""
    width, height = figure.bbox.width, figure.bbox.height
    out = []
    for text in shown_texts(figure):
        box = place(text)
        low, high = min(box.x0, box.y0), max(box.x1 - width, box.y1 - height)
        if low < -_TOLERANCE or high > _TOLERANCE:
            out.append(text.get_text())
    return out


def covering(figure: Figure) -> list[tuple[str, str]]:
    """Return the pairs of texts that run into each other."""
    boxes = [(text.get_text(), place(text).padded(-1)) for text in shown_texts(figure)]
    return [
        (one, other)
        for (one, box), (other, another) in combinations(boxes, 2)
        if box.overlaps(another)
    ]
