"""The line at the foot of a figure that is saved alone: by which rules it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.plots.lettering import wrapped
from evalkit.report.plots.style import (
    FAINT_INK,
    POINTS_AN_INCH,
    evalkit_style,
    whole_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOOT_SIZE = 7.5
_LINE = 11.0
_EDGE = 14.0
_BELOW = 8.0


def with_foot(ax: Axes, text: str) -> Axes:
    """Add a line below everything in a figure, which grows by as much.

    Parameters
    ----------
    ax
        Axes of the finished figure.
    text
        The line; broken where the figure ends. Empty: nothing is added.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes, as large as before.

    Examples
    --------
    >>> from evalkit.report.plots.style import new_axes
    >>> ax = with_foot(new_axes(width=4, height=3), "Follow-up time: 3 months.")
    >>> whole_figure(ax).get_size_inches().round(2).tolist()
    [4.0, 3.26]
    """
    figure = whole_figure(ax)
    width = figure.get_size_inches()[0] * POINTS_AN_INCH
    lines = wrapped(text, FOOT_SIZE, width - 2 * _EDGE) if text else []
    if not lines:
        return ax
    _grow(figure, len(lines) * _LINE + _BELOW)
    height = figure.get_size_inches()[1] * POINTS_AN_INCH
    with evalkit_style():
        figure.text(
            _EDGE / width,
            _BELOW / height,
            "\n".join(lines),
            va="bottom",
            color=FAINT_INK,
            fontsize=FOOT_SIZE,
            linespacing=1.25,
            gid="foot",
        )
    return ax


def _grow(figure: Figure, points: float) -> None:
    """Make a figure higher; everything in it keeps its size and moves up."""
    width, height = figure.get_size_inches()
    higher = height + points / POINTS_AN_INCH
    boxes = [ax.get_position(original=True) for ax in figure.axes]
    figure.set_size_inches(width, higher)
    for ax, box in zip(figure.axes, boxes, strict=True):
        bottom = (box.y0 * height + higher - height) / higher
        ax.set_position((box.x0, bottom, box.width, box.height * height / higher))
