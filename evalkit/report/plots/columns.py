"""Both groups' shares as columns side by side, as reports like to show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MultipleLocator

from evalkit.report.language.catalogue import read_language
from evalkit.report.monthly import monthly_table
from evalkit.report.plots.breaks import TIER, break_marks, draw_breaks, label_tiers
from evalkit.report.plots.calendar import Calendar, calendar_of
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import (
    CONTROL,
    GRID,
    HATCH,
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
    from evalkit.results import Result
    from evalkit.study.protocol import Break

_WIDTH, _HEIGHT = 780.0, 280.0
_LEFT, _RIGHT = 60.0, 24.0
_THICK, _APART = 0.36, 0.19  # of a month
_NUMBER_SIZE = 9.0
_LOOKS: dict[str, dict[str, Any]] = {
    "pilot": {"color": PILOT.color},
    "control": {"facecolor": "#f6d3ae", "edgecolor": CONTROL.color, "linewidth": 1.2},
}
_INKS = {"pilot": PILOT.color, "control": "#8f4605"}
_HATCHING: dict[str, Any] = {
    "facecolor": "none",
    "edgecolor": HATCH,
    "hatch": "////",
    "linewidth": 0,
}


def monthly_columns(
    result: Result,
    *,
    breaks: Sequence[Break] = (),
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw both groups' shares not unemployed by start month as columns.

    The way in which such results are often published: without intervals, in whole
    percent. It hides how much of it chance would do; `monthly_shares` shows the same
    with intervals, `monthly_differences` what matters. A month without a comparison is
    a gap, a masked one is hatched.

    Parameters
    ----------
    result
        A `Comparison` of shares, or what `release` lets through of it.
    breaks
        Known breaks in time: a time is shaded, a change is a line.
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

    Raises
    ------
    EstimationError
        If the outcome is not a share.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 1]})
    >>> result = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> ax = monthly_columns(result, language="en")
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "number"]
    ['50%', '50%']
    """
    words, table = read_language(language), monthly_table(result)
    with evalkit_style():
        width = _WIDTH - _LEFT - _RIGHT if ax is None else axes_size(ax)[0]
        figure = _ColumnsFigure.of(table, breaks, words, width)
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _ColumnsFigure:
    """The months of a comparison and their place on the axis."""

    months: pd.DataFrame
    words: Language
    width: float
    calendar: Calendar
    marks: list[BreakMark]
    tiers: list[int]

    @classmethod
    def of(
        cls, table: pd.DataFrame, breaks: Sequence[Break], words: Language, width: float
    ) -> Self:
        months = table[table["month"] != "pooled"].reset_index(drop=True)
        calendar = calendar_of(list(months["month"]), words, room=width)
        marks = break_marks(breaks, calendar.ticks) if calendar.years else []
        low, high = calendar.limits
        return cls(
            months=months,
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

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words = self.words
        return Sheet(
            title=title or words.text("columns.title"),
            caption=words.text("columns.caption"),
            tag=words.text("data.synthetic") if synthetic else "",
            above=(max(self.tiers) + 1) * TIER + 6 if self.tiers else 4,
            below=self.calendar.depth(self.room),
            left=_LEFT,
            right=_RIGHT,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        self.calendar.draw(ax, room=self.room)
        highest = np.nanmax(
            np.append(self.months[["pilot", "control"]].to_numpy(float), 0)
        )
        ax.set_ylim(0, min(np.ceil(10 * highest + 0.4) / 10, 1.08))
        ax.yaxis.set_major_locator(MultipleLocator(0.1))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: self.words.percent(y)))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        draw_breaks(ax, self.marks, self.tiers)
        places = np.array(self.calendar.positions, dtype=float)
        for (first, last), masked in zip(
            self.calendar.spans, self.months["masked"], strict=True
        ):
            if masked:
                ax.axvspan(first - 0.4, last + 0.4, **_HATCHING)
        for group, side in (("pilot", -1), ("control", 1)):
            self._draw_group(ax, group, places + side * _APART)

    def _draw_group(self, ax: Axes, group: str, places: np.ndarray) -> None:
        shares = self.months[group].to_numpy(float)
        known = np.isfinite(shares)
        ax.bar(
            places[known], shares[known], width=_THICK, zorder=2, gid=group,
            **_LOOKS[group],
        )  # fmt: skip
        numbers = self._numbers(shares[known])
        size = self._number_size(numbers)
        for place, text, share in zip(
            places[known], numbers, shares[known], strict=True
        ):
            ax.annotate(
                text,
                (place, share),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=size,
                fontweight="bold" if group == "pilot" else "normal",
                color=_INKS[group],
                gid="number",
            )

    def _numbers(self, shares: np.ndarray) -> list[str]:
        """Return shares in whole per cent, without the sign where room is scarce."""
        texts = [self.words.percent(share) for share in shares]
        if widest(texts, _NUMBER_SIZE, bold=True) < 2 * _APART * self.room - 2:
            return texts
        return [self.words.number(100 * share) for share in shares]

    def _number_size(self, numbers: list[str]) -> float:
        """Return the size at which no number runs into its neighbour's."""
        room = 2 * _APART * self.room - 2
        wide = widest(numbers, _NUMBER_SIZE, bold=True)
        return _NUMBER_SIZE * min(1.0, room / wide) if wide else _NUMBER_SIZE

    def key(self) -> list[Artist]:
        """Return what the key shows."""
        handles: list[Artist] = [
            Patch(label=self.words.text(f"group.{group}"), **look)
            for group, look in _LOOKS.items()
        ]
        if self.months["masked"].any():
            handles.append(Patch(label=self.words.text("data.masked"), **_HATCHING))
        return handles
