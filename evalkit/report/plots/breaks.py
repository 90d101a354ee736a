"""Known breaks in time, marked in a figure: a time is shaded, a change is a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.report.language.catalogue import calendar_month
from evalkit.report.plots.lettering import shortened, text_width
from evalkit.report.plots.sheet import shifted
from evalkit.report.plots.style import FAINT_INK, SHADE, axes_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes

    from evalkit.study.protocol import Break

LABEL_SIZE = 8.5
TIER = 14.0
_GAP = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakMark:
    """A break on an axis of months.

    Attributes
    ----------
    label
        What happened.
    start, end
        Positions on the axis; `end` is None for a change.
    """

    label: str
    start: float
    end: float | None = None


def break_marks(breaks: Iterable[Break], positions: Sequence[float]) -> list[BreakMark]:
    """Return the breaks that fall within the months shown, in order.

    Parameters
    ----------
    breaks
        Breaks of a plan.
    positions
        Month numbers shown.

    Examples
    --------
    >>> from evalkit.study.protocol import Break
    >>> pause = Break(label="pause", first="2020-04", last="2020-05")
    >>> (mark,) = break_marks([pause], range(24240, 24252))
    >>> mark.start, mark.end
    (24242.5, 24244.5)
    """
    low, high = min(positions) - 0.5, max(positions) + 0.5
    marks = []
    for known in breaks:
        start = _number(known.first) - 0.5
        end = None if known.last is None else _number(known.last) + 0.5
        if start < high and (start >= low if end is None else end > low):
            shown_end = None if end is None else min(end, high)
            marks.append(
                BreakMark(label=known.label, start=max(start, low), end=shown_end)
            )
    return sorted(marks, key=lambda mark: mark.start)


def label_tiers(
    marks: Sequence[BreakMark], *, low: float, high: float, width: float
) -> list[int]:
    """Return the row above the axes in which each mark's label stands.

    Labels begin at their mark. From right to left each takes the lowest row in which
    it does not run into a label further right; so no leader crosses a label.

    Parameters
    ----------
    marks
        Marks in order.
    low, high, width
        Limits of the axis and its width in points.
    """
    tiers: list[int] = []
    spans: list[tuple[float, float]] = []
    for mark in reversed(marks):
        label = shortened(mark.label, LABEL_SIZE, width)
        start, end = _extent(mark, label, low=low, high=high, width=width)
        below = [
            tier
            for tier, span in zip(tiers, spans, strict=True)
            if start < span[1] + _GAP and span[0] < end + _GAP
        ]
        tiers.append(max(below, default=-1) + 1)
        spans.append((start, end))
    return tiers[::-1]


def draw_breaks(ax: Axes, marks: Sequence[BreakMark], tiers: Sequence[int]) -> None:
    """Shade times, rule changes, and write each label in its row above the axes."""
    (low, high), (width, height) = ax.get_xlim(), axes_size(ax)
    for mark, tier in zip(marks, tiers, strict=True):
        if mark.end is not None:
            ax.axvspan(mark.start, mark.end, color=SHADE, linewidth=0, zorder=0)
        up = tier * TIER + 3
        ax.axvline(
            mark.start,
            ymax=1 + (up + TIER / 2) / height,
            color=FAINT_INK,
            linewidth=0.8,
            linestyle=(0, (1, 2)),
            clip_on=False,
            zorder=1,
        )
        label = shortened(mark.label, LABEL_SIZE, width)
        start, _ = _extent(mark, label, low=low, high=high, width=width)
        ax.text(
            0,
            1,
            label,
            transform=shifted(ax, right=start, up=up),
            va="bottom",
            color=FAINT_INK,
            fontsize=LABEL_SIZE,
            fontstyle="italic",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            gid="break",
        )


def _extent(
    mark: BreakMark, label: str, *, low: float, high: float, width: float
) -> tuple[float, float]:
    """Return where a label begins and ends, in points from the axes' left edge."""
    start = (mark.start - low) / (high - low) * width + 3
    long = text_width(label, LABEL_SIZE)
    start = max(min(start, width - long), 0)
    return start, start + long


def _number(month: str) -> int:
    number = calendar_month(month)
    if number is None:
        raise ValueError(month)
    return number
