"""Rows of estimates: their names to the left, their numbers to the right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.report.language.catalogue import MISSING
from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import FAINT_INK, GRID, INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from evalkit.report.language.catalogue import Language

WIDTH = 780.0
SIZE, ROW = 9.5, 20.0
_HEAD_SIZE = 8.5
_LONGEST_NAME = 230.0
_EDGE, _GAP = 14.0, 14.0
_DIGITS = 3  # of the largest number that is not a share


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRows:
    """Estimates of one kind, and how they are written.

    Attributes
    ----------
    table
        Columns estimate, ci_low, ci_high; a row each, from above.
    names
        What each row is called.
    shares
        Whether the estimates are shares; they are then shown in percentage points.
    level
        Level of the intervals.
    bold
        Which rows stand out.
    words
        The language.
    """

    table: pd.DataFrame
    names: Sequence[str]
    shares: bool
    level: float
    bold: Sequence[bool]
    words: Language

    @property
    def scale(self) -> float:
        """Factor from estimates to what the axis shows."""
        return 100.0 if self.shares else 1.0

    @property
    def height(self) -> float:
        """Height of the axes in points."""
        return ROW * (len(self.table) + 0.8)

    @property
    def places(self) -> np.ndarray:
        """Place of each row on the axis that runs downwards."""
        return np.arange(len(self.table), dtype=float)

    @property
    def level_text(self) -> str:
        """Level as per cent."""
        whole = round(100 * self.level, 6).is_integer()
        return self.words.percent(self.level, decimals=0 if whole else 1)

    def of(self, name: str) -> np.ndarray:
        """Return a column in the unit of the axis."""
        return np.asarray(self.scale * self.table[name].to_numpy(float))

    def sheet(self, *, title: str, caption: str, synthetic: bool) -> Sheet:
        """Return the texts around the axes, and the room they take."""
        return Sheet(
            title=title,
            caption=caption,
            tag=self.words.text("data.synthetic") if synthetic else "",
            above=ROW,
            below=44,
            left=widest(self._shown_names, SIZE, bold=True) + _EDGE + _GAP,
            right=self._column + _EDGE,
        )

    def frame(self, ax: Axes, ends: np.ndarray) -> None:
        """Set both axes so that all `ends` and zero are in sight."""
        ends = np.append(ends[np.isfinite(ends)], 0.0)
        air = 0.05 * (np.ptp(ends) or 1.0)
        ax.set_xlim(ends.min() - air, ends.max() + air)
        ax.set_ylim(len(self.table) - 0.2, -0.8)
        ax.set_yticks(self.places, self._shown_names, fontsize=SIZE)
        for label, bold in zip(ax.get_yticklabels(), self.bold, strict=True):
            label.set_fontweight("bold" if bold else "normal")
        ax.tick_params(axis="y", length=0, pad=8)
        ax.xaxis.set_major_formatter(lambda value, _: self._tick(value))
        ax.grid(axis="x", color=GRID, linewidth=0.8)
        ax.axvline(0, color=INK, linewidth=1.0, zorder=1)
        ax.set_xlabel(self._unit, labelpad=6, fontsize=SIZE)

    def write_numbers(self, ax: Axes) -> None:
        """Write each estimate and its interval beside the axes."""
        rows = [(-1.0, self._head, False, True)]
        rows += [
            (place, text, bold, False)
            for place, text, bold in zip(
                self.places.tolist(), self._numbers, self.bold, strict=True
            )
        ]
        for place, text, bold, is_head in rows:
            ax.annotate(
                text,
                (1, place),
                xytext=(self._column, 0),
                xycoords=ax.get_yaxis_transform(),
                textcoords="offset points",
                ha="right",
                va="center_baseline",
                annotation_clip=False,
                color=FAINT_INK if is_head else INK,
                fontsize=_HEAD_SIZE if is_head else SIZE,
                fontweight="bold" if bold else "normal",
                gid="head" if is_head else "cell",
            )

    @property
    def _shown_names(self) -> list[str]:
        return [shortened(name, SIZE, _LONGEST_NAME) for name in self.names]

    @property
    def _unit(self) -> str:
        if self.shares:
            return self.words.text("estimates.points")
        return self.words.text("estimates.unit")

    @property
    def _head(self) -> str:
        return self.words.text("estimates.column", level=self.level_text)

    @property
    def _column(self) -> float:
        return widest([self._head, *self._numbers], SIZE, bold=True) + _GAP

    @property
    def _numbers(self) -> list[str]:
        columns = (self.of(name) for name in ("estimate", "ci_low", "ci_high"))
        return [self._number(*row) for row in zip(*columns, strict=True)]

    def _number(self, estimate: float, low: float, high: float) -> str:
        if not math.isfinite(estimate):
            return MISSING
        text = self.words.number(estimate, decimals=self._decimals, signed=True)
        if not (math.isfinite(low) and math.isfinite(high)):
            return text
        interval = str(self.words.rules["interval"]).format(
            low=self.words.number(low, decimals=self._decimals),
            high=self.words.number(high, decimals=self._decimals),
        )
        return f"{text} ({interval})"

    @property
    def _decimals(self) -> int:
        if self.shares:
            return 1
        found = np.abs(self.of("estimate"))
        largest = float(np.nanmax(np.append(found, 0.0))) or 1.0
        return max(0, _DIGITS - 1 - math.floor(math.log10(largest)))

    def _tick(self, value: float) -> str:
        decimals = next(
            (d for d in range(4) if math.isclose(round(value, d), value, abs_tol=1e-9)),
            4,
        )
        return self.words.number(value, decimals=decimals, signed=True)
