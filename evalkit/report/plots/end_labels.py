"""Names beside the right ends of lines and areas, none on top of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.sheet import shifted
from evalkit.report.plots.style import FAINT_INK, axes_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

LABEL_SIZE = 9.0
_LINE = 14.0  # points from one label to the next
_LEAD = 14.0  # points of the line that leads to a label


def write_end_labels(
    ax: Axes, labels: Sequence[tuple[float, str, str]], room: float
) -> None:
    """Write labels to the right of axes, each led to by a line from its height.

    Parameters
    ----------
    ax
        Axes whose limits are set.
    labels
        Height, text and colour of each, from the lowest to the highest.
    room
        Points beside the axes.

    Examples
    --------
    >>> from evalkit.report.plots.style import new_axes
    >>> ax = new_axes(width=6, height=3, margins=(20, 120, 20, 20))
    >>> write_end_labels(ax, [(0.5, "half", "black"), (0.5, "again", "black")], 120)
    >>> low, high = (text.xyann[1] for text in ax.texts)
    >>> bool(low < high)
    True
    """
    _, height = axes_size(ax)
    bottom, top = ax.get_ylim()
    wanted = [(y - bottom) / (top - bottom) * height for y, *_ in labels]
    for place, (y, text, color) in zip(_spread(wanted, height), labels, strict=True):
        ax.annotate(
            shortened(text, LABEL_SIZE, room - _LEAD),
            (ax.get_xlim()[1], y),
            xytext=(1, place / height),
            textcoords=shifted(ax, right=_LEAD),
            va="center",
            fontsize=LABEL_SIZE,
            color=color,
            arrowprops={
                "relpos": (0, 0.5),
                "arrowstyle": "-",
                "color": FAINT_INK,
                "linewidth": 0.5,
                "shrinkA": 1,
                "shrinkB": 1,
            },
            gid="label",
        )


def _spread(places: list[float], height: float) -> list[float]:
    """Move places, in ascending order, so far apart that no text runs into another."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + _LINE if found else _LINE / 2))
    limit = height - _LINE / 2
    for number in range(len(found) - 1, -1, -1):
        found[number] = min(found[number], limit)
        limit = found[number] - _LINE
    return found
