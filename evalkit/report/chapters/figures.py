"""Figures of the document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.document import Figure
from evalkit.report.plots.style import figure_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from evalkit.report.document import Table


def figure_of(ax: Axes, *, name: str, alternative: str, table: Table) -> Figure:
    """Return drawn axes as a figure of the document."""
    svg = figure_bytes(ax, "svg").decode()
    return Figure(name=name, alternative=alternative, svg=svg, table=table)
