"""The groups' shares month by month; beside it, their differences."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MultipleLocator

from evalkit.report.language.catalogue import MASKED, calendar_month, read_language
from evalkit.report.monthly import level_text, monthly_table, wilson_limits
from evalkit.report.plots.breaks import TIER, break_marks, draw_breaks, label_tiers
from evalkit.report.plots.calendar import (
    Calendar,
    calendar_of,
    draw_numbers,
    numbers_height,
)
from evalkit.report.plots.forest import monthly_differences
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import (
    CONTROL,
    GRID,
    HATCH,
    PILOT,
    GroupStyle,
    axes_size,
    evalkit_style,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from evalkit.report.language.catalogue import Language
    from evalkit.report.plots.breaks import BreakMark
    from evalkit.results import Result
    from evalkit.study.protocol import Break

    Array = NDArray[np.float64]

__all__ = ["monthly_differences", "monthly_shares"]

_GROUPS: dict[str, tuple[GroupStyle, int]] = {
    "pilot": (PILOT, -1),
    "control": (CONTROL, 1),
}
_HATCHING: dict[str, Any] = {
    "facecolor": "none",
    "edgecolor": HATCH,
    "hatch": "////",
    "linewidth": 0,
}
_HALO = withStroke(linewidth=4.0, foreground="white")
_NARROWEST, _WIDEST = 620.0, 960.0  # points; the widest fills a slide
_A_MONTH = 40.0
_HEIGHT = 300.0
_LEFT, _RIGHT = 84.0, 24.0
_REACH = 0.3  # of a month's width, beyond the middle of a period's outer months
_APART = 0.16  # of a month's width, between its middle and its groups
_MOST_APART = 14.0  # points
_ROOM_FOR_VALUES = 90.0


def monthly_shares(
    result: Result,
    *,
    breaks: Sequence[Break] = (),
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw both groups' shares not unemployed by start month, with intervals.

    Each group has its own Wilson interval [1]_. Whether the groups differ is not to be
    read from whether these overlap: see `monthly_differences`. A month without a group
    is a gap; a masked one is hatched. The size of each group stands below its month.

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
        Its figure is ``ax.figure``; `save_figure` writes it.

    Raises
    ------
    EstimationError
        If the outcome is not a share.

    References
    ----------
    .. [1] Wilson, E. B. (1927). "Probable inference, the law of succession, and
       statistical inference". Journal of the American Statistical Association, 22.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 1]})
    >>> result = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> ax = monthly_shares(result, language="en", synthetic=True)
    >>> ax.get_title(loc="left").replace(chr(10), " ")
    'Not unemployed at the end of follow-up, by start month'
    """
    words, table = read_language(language), monthly_table(result)
    with evalkit_style():
        figure = _SharesFigure.of(
            table,
            breaks,
            words=words,
            width=_axes_width(table) if ax is None else axes_size(ax)[0],
        )
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=figure.width + _LEFT + _RIGHT, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _SharesFigure:
    """The table, its place on the axis of months, and its breaks."""

    table: pd.DataFrame
    months: pd.DataFrame
    words: Language
    width: float
    calendar: Calendar
    marks: list[BreakMark]
    tiers: list[int]

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        breaks: Sequence[Break],
        *,
        words: Language,
        width: float,
    ) -> Self:
        months = table[table["month"] != "pooled"].reset_index(drop=True)
        calendar = calendar_of(list(months["month"]), words, room=width)
        marks = break_marks(breaks, calendar.ticks) if calendar.years else []
        low, high = calendar.limits
        return cls(
            table=table,
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
        words, level = self.words, level_text(self.table, self.words)
        numbers = [self.numbers(group) for group in _GROUPS]
        return Sheet(
            title=title or words.text("shares.title"),
            caption=words.text("shares.caption", level=level),
            tag=words.text("data.synthetic") if synthetic else "",
            above=(max(self.tiers) + 1) * TIER + 6 if self.tiers else 4,
            below=self.calendar.depth(self.room) + numbers_height(numbers, self.room),
            left=_LEFT,
            right=_RIGHT,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        self.calendar.draw(ax, room=self.room)
        _scale(ax, self.months, self.words)
        draw_breaks(ax, self.marks, self.tiers)
        for (first, last), masked in zip(
            self.calendar.spans, self.months["masked"], strict=True
        ):
            if masked:
                ax.axvspan(first - 0.4, last + 0.4, **_HATCHING)
        for group in _GROUPS:
            self._draw_group(ax, group)
        rows = [
            (
                self.words.text(
                    "group.size", group=self.words.text(f"group.{group}_short")
                ),
                style.color,
                self.numbers(group),
            )
            for group, (style, _) in _GROUPS.items()
        ]
        draw_numbers(
            ax,
            rows,
            self.positions,
            depth=self.calendar.depth(self.room),
            room=self.room,
        )

    @property
    def positions(self) -> Array:
        return np.array(self.calendar.positions, dtype=float)

    def numbers(self, group: str) -> list[str]:
        """Return the group's sizes as they stand below the months."""
        sizes, masked = self.months[f"n_{group}"], self.months["masked"]
        return [
            MASKED if hidden else self.words.number(size)
            for size, hidden in zip(sizes, masked, strict=True)
        ]

    def _draw_group(self, ax: Axes, group: str) -> None:
        """Draw a group's shares, joined where months follow each other."""
        style, side = _GROUPS[group]
        apart = side * min(_APART, _MOST_APART / self.room)
        share = self.months[group].to_numpy(float)
        low, high = wilson_limits(self.months, group)
        x = self.positions + apart
        if self.calendar.years:
            after_gap = self._after_gaps()
            ax.plot(
                np.insert(x, after_gap, np.nan),
                np.insert(share, after_gap, np.nan),
                color=style.color,
                linestyle=style.line,
                linewidth=1.0,
                alpha=0.55,
                zorder=2,
            )
        ax.errorbar(
            x,
            share,
            yerr=[share - low, high - share],
            fmt="none",
            ecolor=style.color,
            elinewidth=1.6,
            zorder=3,
        )
        ax.plot(
            x,
            share,
            linestyle="none",
            markersize=6.5,
            markeredgewidth=1.5,
            zorder=4,
            label=self.words.text(f"group.{group}"),
            gid=group,
            **style.marks,
        )
        self._draw_periods(ax, group, x, share)
        if self.room >= _ROOM_FOR_VALUES:
            self._write_values(ax, group, x, share)

    def _draw_periods(self, ax: Axes, group: str, x: Array, share: Array) -> None:
        """Draw a line over the months that are one row together."""
        spans = np.array(self.calendar.spans, dtype=float)
        half = (spans[:, 1] - spans[:, 0]) / 2
        joint = (half > 0) & np.isfinite(share)
        if joint.any():
            ax.hlines(
                share[joint],
                (x - half - _REACH)[joint],
                (x + half + _REACH)[joint],
                color=_GROUPS[group][0].color,
                linewidth=1.6,
                zorder=3,
                gid=f"{group} period",
            )

    def _after_gaps(self) -> list[int]:
        """Return the rows before which the calendar has months without a row."""
        neighbours = pairwise(self.calendar.spans)
        return [
            row
            for row, (before, after) in enumerate(neighbours, start=1)
            if after[0] - before[1] > 1
        ]

    def _write_values(self, ax: Axes, group: str, x: Array, share: Array) -> None:
        style, side = _GROUPS[group]
        for place, value in zip(x, share, strict=True):
            if np.isfinite(value):
                ax.annotate(
                    self.words.percent(value),
                    (place, value),
                    xytext=(side * 8, 0),
                    textcoords="offset points",
                    ha="left" if side > 0 else "right",
                    va="center",
                    color=style.color,
                    fontweight="bold",
                    path_effects=[_HALO],  # the line of months passes behind it
                    zorder=5,
                )

    def key(self) -> list[Artist]:
        """Return what the key shows: the groups, and masked months where there are."""
        handles: list[Artist] = [
            Line2D(
                [],
                [],
                linestyle=style.line,
                linewidth=1.6,
                markersize=6.5,
                markeredgewidth=1.5,
                label=self.words.text(f"group.{group}"),
                **style.marks,
            )
            for group, (style, _) in _GROUPS.items()
        ]
        if self.months["masked"].any():
            label = self.words.text("data.masked")
            handles.append(Patch(label=label, **_HATCHING))
        return handles


def _axes_width(table: pd.DataFrame) -> float:
    """Return the width of new axes in points: more for more months, up to a slide."""
    names = table["month"][table["month"] != "pooled"]
    numbers = [calendar_month(month) for month in names]
    known = [number for number in numbers if number is not None]
    shown = known[-1] - known[0] + 1 if len(known) == len(numbers) else len(numbers)
    return min(max(_NARROWEST, _A_MONTH * shown), _WIDEST) - _LEFT - _RIGHT


def _scale(ax: Axes, months: pd.DataFrame, words: Language) -> None:
    """Scale the axis of shares to tens of per cent around the intervals."""
    limits = np.concatenate([np.concatenate(wilson_limits(months, g)) for g in _GROUPS])
    limits = limits[np.isfinite(limits)]
    low, high = (limits.min(), limits.max()) if limits.size else (0.0, 1.0)
    ax.set_ylim(
        max(np.floor(10 * low - 0.2) / 10, 0), min(np.ceil(10 * high + 0.2) / 10, 1)
    )
    ax.yaxis.set_major_locator(MultipleLocator(0.1))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: words.percent(share)))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
