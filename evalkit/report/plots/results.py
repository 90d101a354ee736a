"""A service's own results month by month, with each year's average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.breaks import TIER, break_marks, draw_breaks, label_tiers
from evalkit.report.plots.calendar import Calendar, calendar_of, draw_numbers
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import (
    GRID,
    HATCH,
    INK,
    PILOT,
    axes_size,
    evalkit_style,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.report.language.catalogue import Language
    from evalkit.report.plots.breaks import BreakMark
    from evalkit.service.results import ServiceResults
    from evalkit.study.protocol import Break

_WIDTH, _HEIGHT = 900.0, 280.0
_LEFT, _RIGHT = 112.0, 24.0
_THICK = 0.74
_NUMBER_SIZE = 8.5
_ROW = 14.0
_MASKED: dict[str, Any] = {
    "facecolor": "white",
    "edgecolor": HATCH,
    "hatch": "////",
    "linewidth": 0,
}


def monthly_results(
    service: ServiceResults,
    *,
    measure: str = "positive",
    breaks: Sequence[Break] = (),
    smallest_cell: int = 5,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many results a service had in each month, and the average of each year.

    The average divides by the year's calendar months in which the service was open,
    pauses included. What stands here is not the service's effect: some of these people
    would have left unemployment without it.

    Parameters
    ----------
    service
        What `service_results` returns.
    measure
        What is counted: ``positive``, ``counted``, ``work`` ...
    breaks
        Known breaks in time: a time is shaded, a change is a line.
    smallest_cell
        Smaller counts are masked; 1 shows everything.
    language
        ``fi``, ``sv`` or ``en``.
    synthetic
        Whether the people are simulated; the figure then says so.
    title
        Title; None for the usual one.
    ax
        Axes to draw into, with room around them; None for a figure of the right size.

    Returns
    -------
    matplotlib.axes.Axes
        Its figure is ``ax.figure``.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> from evalkit.service.plan import ServicePlan
    >>> from evalkit.service.results import service_results
    >>> plan = {"first": "2019-09", "last": "2021-12", "closes": "2022-03"}
    >>> words = {"työ": "work", "koulutus": "training", "yrittäjä": "entrepreneur"}
    >>> service = service_results(
    ...     small_register(),
    ...     plan=ServicePlan.model_validate(
    ...         {"service": plan, "words": {"results": words}}
    ...     ),
    ... )
    >>> ax = monthly_results(service, language="en", synthetic=True)
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "year"]
    ['2019', '2020', '2021', '2022']
    """
    words = read_language(language)
    with evalkit_style():
        width = _WIDTH - _LEFT - _RIGHT if ax is None else axes_size(ax)[0]
        figure = _ResultsFigure.of(
            service, measure, breaks, smallest_cell, words, width
        )
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _ResultsFigure:
    """Counts by month, averages by year, and their place on the axis."""

    counts: pd.Series
    averages: pd.Series
    smallest: int
    words: Language
    width: float
    calendar: Calendar
    marks: list[BreakMark]
    tiers: list[int]

    @classmethod
    def of(
        cls,
        service: ServiceResults,
        measure: str,
        breaks: Sequence[Break],
        smallest: int,
        words: Language,
        width: float,
    ) -> Self:
        table, means = service.table("month"), service.averages
        rows = table[table["measure"] == measure]
        counts = rows.set_index("group")["count"].astype("Float64").astype(float)
        averages = means[means["measure"] == measure].set_index("year")["a_month"]
        calendar = calendar_of(list(counts.index), words, room=width)
        marks = break_marks(breaks, calendar.ticks)
        low, high = calendar.limits
        return cls(
            counts=counts,
            averages=averages,
            smallest=smallest,
            words=words,
            width=width,
            calendar=calendar,
            marks=marks,
            tiers=label_tiers(marks, low=low, high=high, width=width),
        )

    @property
    def room(self) -> float:
        """Width of a month in points."""
        return self.width / len(self.calendar.ticks)

    @property
    def masked(self) -> pd.Series[bool]:
        """Months whose count is too small to be shown."""
        return (self.counts > 0) & (self.counts < self.smallest)

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words = self.words
        return Sheet(
            title=title or words.text("results.title"),
            caption=words.text("results.caption"),
            tag=words.text("data.synthetic") if synthetic else "",
            above=(max(self.tiers) + 1) * TIER + 6 if self.tiers else 4,
            below=self.calendar.depth(self.room) + _ROW + 4,
            left=_LEFT,
            right=_RIGHT,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        self.calendar.draw(ax, room=self.room)
        shown = self.counts.mask(self.masked, self.smallest)
        ax.set_ylim(0, 1.12 * max(float(shown.max()), 1.0))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.yaxis.set_major_formatter(lambda count, _: self.words.number(count))
        draw_breaks(ax, self.marks, self.tiers)
        self._draw_columns(ax, shown)
        self._draw_averages(ax)

    def _draw_columns(self, ax: Axes, shown: pd.Series) -> None:
        """Draw a column a month with its number; the highest stands out."""
        peak, known = self.counts.max(), shown.notna().to_numpy()
        places = np.array(self.calendar.positions, dtype=float)[known]
        counts, hidden = shown[known].to_numpy(float), self.masked[known].to_numpy(bool)
        for look, of in (({"color": PILOT.color}, ~hidden), (_MASKED, hidden)):
            ax.bar(places[of], counts[of], width=_THICK, zorder=2, **look)
        for place, count, masked in zip(places, counts, hidden, strict=True):
            number = self.words.number(count)
            ax.annotate(
                f"<{number}" if masked else number,
                (place, count),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=_NUMBER_SIZE,
                fontweight="bold" if count == peak else "normal",
                color=INK,
                zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
                gid="number",
            )

    def _draw_averages(self, ax: Axes) -> None:
        """Draw each year's average across its months, and write it below the year."""
        means = [
            float(self.averages.get(str(year), np.nan))
            for year, _, _ in self.calendar.years
        ]
        for (_, first, last), mean in zip(self.calendar.years, means, strict=True):
            for color, width in (("white", 4.5), (INK, 2.2)):
                ends = (first - 0.42, last + 0.42)
                ax.hlines(mean, *ends, color=color, linewidth=width, zorder=3)
        numbers = [self.words.number(mean) for mean in means]
        centres = [(first + last) / 2 for _, first, last in self.calendar.years]
        name = self.words.text("results.average")
        depth = self.calendar.depth(self.room)
        rows = [(name, INK, numbers)]
        draw_numbers(ax, rows, centres, depth=depth, room=self.room)

    def key(self) -> list[Artist]:
        """Return what the key shows."""
        words = self.words
        handles: list[Artist] = [
            Patch(color=PILOT.color, label=words.text("results.count")),
            Line2D(
                [], [], color=INK, linewidth=2.2,
                label=words.text("results.average"),
            ),
        ]  # fmt: skip
        if self.masked.any():
            handles.append(Patch(label=words.text("data.masked"), **_MASKED))
        return handles
