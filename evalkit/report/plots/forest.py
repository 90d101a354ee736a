"""The differences between the groups: one row per month, pooled at the bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from matplotlib.patches import Polygon
from matplotlib.transforms import ScaledTranslation

from evalkit.report.language.catalogue import MASKED, read_language
from evalkit.report.monthly import level_text, monthly_table
from evalkit.report.plots.breaks import LABEL_SIZE, break_marks
from evalkit.report.plots.calendar import calendar_of
from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import (
    FAINT_INK,
    GRID,
    INK,
    PILOT,
    POINTS_AN_INCH,
    SHADE,
    axes_size,
    evalkit_style,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

    from evalkit.report.language.catalogue import Language
    from evalkit.report.plots.breaks import BreakMark
    from evalkit.results import Result
    from evalkit.study.protocol import Break

_SIZE = 9.5
_TALL, _SHORT, _MANY = 20.0, 15.5, 24  # points a row, for few and for many rows
_BREAK_ROW = 0.8
_WIDTH, _LONGEST_NAME = 780.0, 200.0
_EDGE, _GAP = 14.0, 14.0


def monthly_differences(
    result: Result,
    *,
    breaks: Sequence[Break] = (),
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the difference of each month with its interval, and pooled at the bottom.

    A table without a pooled row, such as that of one month, is drawn without it.

    Parameters
    ----------
    result
        A `Comparison` of shares, or what `release` lets through of it.
    breaks
        Known breaks in time: each has a row of its own before its first month; the
        months of a time are shaded.
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
        In percentage points; its figure is ``ax.figure``.

    Raises
    ------
    EstimationError
        If the outcome is not a share.

    References
    ----------
    .. [1] Lewis, S. and Clarke, M. (2001). "Forest plots: trying to see the wood and
       the trees". BMJ, 322, 1479-1480.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.months.comparison import compare
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": [1, 0, 0, 1]})
    >>> result = compare(Cohort.from_frame(people, group="treat", outcome="y"))
    >>> monthly_differences(result, language="en").get_xlabel()
    'difference, percentage points'
    """
    words, table = read_language(language), monthly_table(result)
    with evalkit_style():
        forest = _Forest.of(table, breaks, words)
        sheet = forest.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=forest.height)
        forest.draw(ax)
        sheet.draw(ax, [])
    return ax


class _Column(NamedTuple):
    """A column of texts beside the axes: its head, and a text for each row."""

    head: str
    texts: list[str]

    @property
    def width(self) -> float:
        return widest([self.head, *self.texts], _SIZE, bold=True) + _GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forest:
    """Rows of the table, and where each stands."""

    table: pd.DataFrame
    words: Language
    places: list[float]
    pooled_place: float | None
    break_rows: list[tuple[float, str]]
    shaded: list[tuple[float, float]]
    columns: list[_Column]

    @classmethod
    def of(cls, table: pd.DataFrame, breaks: Sequence[Break], words: Language) -> Self:
        """Give each month a place, from above, and each break one before its month."""
        months = list(table["month"][table["month"] != "pooled"])
        calendar = calendar_of(months, words, room=0)
        marks = break_marks(breaks, calendar.ticks) if calendar.years else []
        places: list[float] = []
        break_rows: list[tuple[float, str]] = []
        place = 0.0
        for position in calendar.positions:
            due = [m for m in marks[len(break_rows) :] if m.start < position]
            for mark in due:
                break_rows.append((place, mark.label))
                place += _BREAK_ROW
            places.append(place)
            place += 1
        return cls(
            table=table,
            words=words,
            places=places,
            pooled_place=None if len(months) == len(table) else place + 0.5,
            break_rows=break_rows,
            shaded=_shaded(marks, calendar.positions, places),
            columns=_columns(table, words),
        )

    @property
    def height(self) -> float:
        """Height of the axes in points."""
        row = _TALL if len(self.places) <= _MANY else _SHORT
        return row * (self.every_place[-1] + 1.6)

    @property
    def every_place(self) -> list[float]:
        """Places of all rows, the pooled one included."""
        pooled = [] if self.pooled_place is None else [self.pooled_place]
        return [*self.places, *pooled]

    @property
    def left(self) -> float:
        """Room for the months' names."""
        return widest(self.names, _SIZE, bold=True) + _EDGE + _GAP

    @property
    def names(self) -> list[str]:
        return [
            shortened(self.words.month(month), _SIZE, _LONGEST_NAME)
            for month in self.table["month"]
        ]

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words = self.words
        level = level_text(self.table, words)
        return Sheet(
            title=title or words.text("differences.title"),
            caption=words.text("differences.caption", level=level),
            tag=words.text("data.synthetic") if synthetic else "",
            above=_TALL,
            below=54,
            left=self.left,
            right=sum(column.width for column in self.columns) + _EDGE,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        self._frame(ax)
        for first, last in self.shaded:
            ax.axhspan(first - 0.5, last + 0.5, color=SHADE, linewidth=0, zorder=0)
        self._draw_breaks(ax)
        self._draw_months(ax)
        if self.pooled_place is not None:
            self._draw_pooled(ax, self.pooled_place)
        self._write_columns(ax)

    def _frame(self, ax: Axes) -> None:
        """Set both axes: months downwards, points to the right, and the line at 0."""
        words = self.words
        ax.set_ylim(self.every_place[-1] + 0.8, -0.8)
        ax.set_yticks(self.every_place, self.names, fontsize=_SIZE)
        if self.pooled_place is not None:
            ax.get_yticklabels()[-1].set_fontweight("bold")
        ax.tick_params(axis="y", length=0, pad=8)
        ax.set_xlim(*_limits(self.table))
        ax.xaxis.set_major_formatter(
            lambda points, _: words.number(points, signed=True)
        )
        ax.grid(axis="x", color=GRID, linewidth=0.8)
        ax.axvline(0, color=INK, linewidth=1.0, zorder=1)
        ax.set_xlabel(words.text("differences.axis"), labelpad=14, fontsize=_SIZE)
        for key, side, ha in (("lower", -6, "right"), ("higher", 6, "left")):
            ax.annotate(
                words.text(f"differences.{key}"),
                (0, 0),
                xytext=(side, -18),
                xycoords=ax.get_xaxis_transform(),
                textcoords="offset points",
                ha=ha,
                va="top",
                fontsize=LABEL_SIZE,
                color=FAINT_INK,
            )

    def _draw_breaks(self, ax: Axes) -> None:
        width, _ = axes_size(ax)
        room = self.left + width - _EDGE
        for place, label in self.break_rows:
            ax.axhline(
                place,
                color=FAINT_INK,
                linewidth=0.8,
                linestyle=(0, (1, 2)),
                zorder=1,
            )
            ax.text(
                0,
                place,
                shortened(label, LABEL_SIZE, room),
                transform=_beside(ax, _EDGE - self.left),
                va="center_baseline",
                fontsize=LABEL_SIZE,
                fontstyle="italic",
                color=FAINT_INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
                gid="break",
            )

    def _draw_months(self, ax: Axes) -> None:
        months = self.table[: len(self.places)]
        points, low, high = (
            100 * months[name].to_numpy(float)
            for name in ("estimate", "ci_low", "ci_high")
        )
        ax.hlines(self.places, low, high, color=PILOT.color, linewidth=1.6, zorder=2)
        ax.plot(
            points,
            self.places,
            linestyle="none",
            marker="o",
            markersize=5.5,
            color=PILOT.color,
            zorder=3,
            gid="months",
        )

    def _draw_pooled(self, ax: Axes, place: float) -> None:
        """Draw the pooled interval as a diamond, below a line."""
        pooled = self.table.iloc[-1]
        ax.axhline(place - 0.75, color=FAINT_INK, linewidth=0.8, zorder=1)
        low, middle, high = (
            100 * float(pooled[name]) for name in ("ci_low", "estimate", "ci_high")
        )
        if np.isfinite([low, middle, high]).all():
            corners = [(low, place), (middle, place - 0.36), (high, place)]
            corners.append((middle, place + 0.36))
            ax.add_patch(
                Polygon(corners, color=INK, linewidth=0, zorder=3, gid="pooled")
            )

    def _write_columns(self, ax: Axes) -> None:
        """Write sizes and differences to the right of the axes."""
        right = 0.0
        for column in self.columns:
            right += column.width
            for place, text in zip(
                [-1.2, *self.every_place], [column.head, *column.texts], strict=True
            ):
                is_head, is_pooled = place < 0, place == self.pooled_place
                ax.text(
                    1,
                    place,
                    text,
                    transform=_beside(ax, right),
                    ha="right",
                    va="center_baseline",
                    fontsize=LABEL_SIZE if is_head else _SIZE,
                    fontweight="bold" if is_pooled else "normal",
                    color=FAINT_INK if is_head else INK,
                    gid="head" if is_head else "cell",
                )


def _columns(table: pd.DataFrame, words: Language) -> list[_Column]:
    """Return the differences in words, and the sizes of the groups."""
    level = level_text(table, words)
    rows = [_difference(row, words) for _, row in table.iterrows()]
    columns = [_Column(words.text("differences.column", level=level), rows)]
    for group in ("pilot", "control"):
        texts = [
            MASKED if hidden else words.number(size)
            for size, hidden in zip(table[f"n_{group}"], table["masked"], strict=True)
        ]
        head = words.text("group.size", group=words.text(f"group.{group}_short"))
        columns.append(_Column(head, texts))
    return columns


def _difference(row: pd.Series, words: Language) -> str:
    """Return ``+4.1 (-5.6 to 13.3)``, or why there is none."""
    if row["masked"]:
        return words.text("data.masked")
    if not np.isfinite(row["estimate"]):
        return words.text("data.missing")
    interval = words.points_interval(row["ci_low"], row["ci_high"])
    return f"{words.points(row['estimate'], unit=False)} ({interval})"


def _limits(table: pd.DataFrame) -> tuple[float, float]:
    """Return limits in points around all intervals and zero, with some air."""
    ends = 100 * table[["ci_low", "ci_high", "estimate"]].to_numpy(float)
    low = np.nanmin(np.append(ends, -5))
    high = np.nanmax(np.append(ends, 5))
    air = 0.04 * (high - low)
    return low - air, high + air


def _shaded(
    marks: Sequence[BreakMark], positions: Sequence[float], places: Sequence[float]
) -> list[tuple[float, float]]:
    """Return the first and last place of the months within each time."""
    shaded = []
    for mark in marks:
        within = [
            place
            for position, place in zip(positions, places, strict=True)
            if mark.end is not None and mark.start < position < mark.end
        ]
        if within:
            shaded.append((within[0], within[-1]))
    return shaded


def _beside(ax: Axes, points: float) -> Transform:
    """Return coordinates with y on the axis and x moved by points to the right."""
    move = ScaledTranslation(points / POINTS_AN_INCH, 0, ax.figure.dpi_scale_trans)
    return ax.get_yaxis_transform() + move
