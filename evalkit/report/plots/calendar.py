"""The axis of months: calendar gaps stay gaps, and each month has its numbers below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.transforms import ScaledTranslation

from evalkit.report.language.catalogue import calendar_span
from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.sheet import shifted, widest
from evalkit.report.plots.style import GRID, INK, POINTS_AN_INCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

    from evalkit.report.language.catalogue import Language

_MONTHS_A_YEAR = 12
_LABEL_SIZE = 9.0
_NUMBER_SIZE = 8.0
_LONGEST_LABEL = 180.0
_LINE = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Strata along an axis: months by the calendar, anything else side by side.

    Attributes
    ----------
    positions
        Where each row of the table stands: its month number (the middle of a period of
        months), or 0, 1, 2 ...
    spans
        First and last position of each row.
    ticks
        Every position from the first to the last, the gaps too.
    labels
        Text of each tick.
    years
        Year and first and last position of each, where the strata are months.
    """

    positions: tuple[float, ...]
    spans: tuple[tuple[int, int], ...]
    ticks: tuple[int, ...]
    labels: tuple[str, ...]
    years: tuple[tuple[int, int, int], ...] = ()

    @property
    def limits(self) -> tuple[float, float]:
        """First and last end of the axis."""
        return self.ticks[0] - 0.5, self.ticks[-1] + 0.5

    def depth(self, room: float) -> float:
        """Return the points that the labels take below the axis.

        `room` is the width of a month in points.
        """
        return self._year_depth(room) + (_LINE if self.years else 0) + 4

    def _year_depth(self, room: float) -> float:
        if not self._upright(room):
            return _LINE + 4
        return widest(self.labels, _LABEL_SIZE) + 10

    def _upright(self, room: float) -> bool:
        return widest(self.labels, _LABEL_SIZE) > room - 2

    def draw(self, ax: Axes, *, room: float) -> None:
        """Set the axis and label its months and years."""
        ax.set_xlim(*self.limits)
        upright = 90 if self._upright(room) else 0
        ax.set_xticks(self.ticks, self.labels, rotation=upright)
        ax.tick_params(axis="x", length=0, pad=4, labelsize=_LABEL_SIZE)
        place = _below(ax, self._year_depth(room))
        for year, first, last in self.years:
            ax.text(
                (first + last) / 2,
                0,
                str(year),
                transform=place,
                ha="center",
                va="top",
                fontsize=_LABEL_SIZE,
                fontweight="bold",
                color=INK,
                gid="year",
            )
            if first > self.ticks[0]:
                ax.axvline(first - 0.5, color=GRID, linewidth=0.8, zorder=0)


def calendar_of(months: Sequence[str], words: Language, *, room: float) -> Calendar:
    """Return the axis for the strata of a table.

    Parameters
    ----------
    months
        Names of the strata in order.
    words
        Language of the labels.
    room
        Width of the axis in points; month names give way to numbers where they are
        too wide for it.

    Examples
    --------
    >>> from evalkit.report.language.catalogue import read_language
    >>> axis = calendar_of(["2020-11", "2021-01"], read_language("en"), room=400)
    >>> axis.labels
    ('Nov', 'Dec', 'Jan')
    """
    spans = [calendar_span(month) for month in months]
    known = tuple(span for span in spans if span is not None)
    if len(known) < len(spans):
        every = tuple(range(len(months)))
        labels = tuple(
            shortened(words.month(month), _LABEL_SIZE, _LONGEST_LABEL)
            for month in months
        )
        alone = tuple((place, place) for place in every)
        return Calendar(positions=every, spans=alone, ticks=every, labels=labels)
    first, last = min(span[0] for span in known), max(span[1] for span in known)
    ticks = tuple(range(first, last + 1))
    names = [words.month_name(number) for number in ticks]
    if widest(names, _LABEL_SIZE) > room / len(ticks) - 3:
        names = [str(number % _MONTHS_A_YEAR + 1) for number in ticks]
    return Calendar(
        positions=tuple(sum(span) / 2 for span in known),
        spans=known,
        ticks=ticks,
        labels=tuple(names),
        years=_years(ticks),
    )


def _years(ticks: Sequence[int]) -> tuple[tuple[int, int, int], ...]:
    years = sorted({tick // _MONTHS_A_YEAR for tick in ticks})
    return tuple(
        (
            year,
            max(ticks[0], year * _MONTHS_A_YEAR),
            min(ticks[-1], year * _MONTHS_A_YEAR + _MONTHS_A_YEAR - 1),
        )
        for year in years
    )


def draw_numbers(
    ax: Axes,
    rows: Sequence[tuple[str, str, Sequence[str]]],
    positions: Iterable[float],
    *,
    depth: float,
    room: float,
) -> None:
    """Write rows of numbers below an axis.

    Parameters
    ----------
    ax
        Axes with the month axis drawn.
    rows
        Name, colour and numbers of each row.
    positions
        Where the numbers stand.
    depth
        Points below the axis at which the first row begins.
    room
        Points that a number has.
    """
    height = numbers_height([texts for _, _, texts in rows], room) / len(rows)
    for row, (name, color, texts) in enumerate(rows):
        place = _below(ax, depth + row * height)
        upright = 90 if height > _LINE else 0
        ax.text(
            0,
            0,
            name,
            transform=shifted(ax, right=-8, up=-depth - row * height),
            ha="right",
            va="top",
            fontsize=_NUMBER_SIZE,
            color=color,
        )
        for position, text in zip(positions, texts, strict=True):
            ax.text(
                position,
                0,
                text,
                transform=place,
                ha="center",
                va="top",
                rotation=upright,
                fontsize=_NUMBER_SIZE,
                color=color,
                gid="n",
            )


def numbers_height(rows: Sequence[Sequence[str]], room: float) -> float:
    """Return the height of all rows in points; numbers stand upright if too wide.

    Examples
    --------
    >>> numbers_height([["500"], ["98"]], room=40)
    28.0
    """
    wide = widest([text for texts in rows for text in texts], _NUMBER_SIZE)
    return len(rows) * (_LINE if wide <= room - 2 else wide + 6)


def _below(ax: Axes, depth: float) -> Transform:
    """Return coordinates with x on the axis and y `depth` points below it."""
    move = ScaledTranslation(0, -depth / POINTS_AN_INCH, ax.figure.dpi_scale_trans)
    return ax.get_xaxis_transform() + move
