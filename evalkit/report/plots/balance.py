"""The Love plot: how far apart the groups are, covariate by covariate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evalkit.estimate.groups.design_matrix import MISSING
from evalkit.report.language.catalogue import read_language
from evalkit.report.monthly import level_text
from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import (
    CONTROL,
    FAINT_INK,
    GRID,
    INK,
    PILOT,
    SHADE,
    evalkit_style,
)
from evalkit.study.codes import MUNICIPALITIES

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.estimate.groups.balance import Balance
    from evalkit.report.language.catalogue import Language

_SIZE, _HEAD_SIZE = 9.5, 8.5
_TENTH = 0.099
_ROW = 18.0
_WIDTH, _LONGEST_NAME = 780.0, 220.0
_EDGE, _GAP = 14.0, 14.0
_LEAST = 0.25  # of the axis to either side

_AFTER: dict[str, Any] = PILOT.marks | {"markersize": 6.0}
_BEFORE: dict[str, Any] = CONTROL.marks | {"markersize": 5.5, "markeredgewidth": 1.3}


def love_plot(
    balance: Balance,
    *,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the standardised difference of each covariate, before and after weighting.

    Named after T. E. Love, who drew it first [1]_. The band is where groups count as
    alike; a difference whose whole interval lies outside stands out in bold.

    Parameters
    ----------
    balance
        What `evalkit.balance` returns.
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

    References
    ----------
    .. [1] Ahmed A and others (2006). Heart failure, chronic diuretic use, and increase
       in mortality and hospitalization: an observational study using propensity score
       methods. European Heart Journal 27, 1431-1439.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.groups.balance import balance
    >>> people = pd.DataFrame({"treat": [1, 1, 0, 0], "y": 0, "age": [30, 40, 20, 40]})
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="y", covariates=["age"]
    ... )
    >>> ax = love_plot(balance(cohort), language="en")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['age']
    """
    with evalkit_style():
        figure = _LovePlot(balance=balance, words=read_language(language))
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_ROW * (len(balance.table) + 0.6))
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _LovePlot:
    """The table of balance, and the language that it is shown in."""

    balance: Balance
    words: Language

    @property
    def table(self) -> pd.DataFrame:
        return self.balance.table

    @property
    def weighted(self) -> bool:
        return "smd_before" in self.table

    @property
    def level(self) -> str:
        return level_text(pd.DataFrame({"level": [self.balance.level]}), self.words)

    @property
    def names(self) -> list[str]:
        """Return what each row is called; a covariate of one's own keeps its name."""
        rows = zip(self.table["covariate"], self.table["value"], strict=True)
        texts = [self._name(str(name), str(value)) for name, value in rows]
        return [shortened(text, _SIZE, _LONGEST_NAME) for text in texts]

    def _name(self, covariate: str, value: str) -> str:
        texts = self.words.texts
        name = texts.get(f"covariate.{covariate}", covariate)
        if not value:
            return name
        shown = texts.get(f"{covariate}.{value}", value)
        if value == MISSING:
            shown = self.words.text("balance.unknown")
        elif covariate == "municipality":
            shown = MUNICIPALITIES.get(value, value)
        return f"{name}: {shown}"

    @property
    def differences(self) -> list[str]:
        """Return each difference with its interval, in words."""
        columns = (self.table[name] for name in ("smd", "smd_low", "smd_high"))
        return [self._difference(*row) for row in zip(*columns, strict=True)]

    def _difference(self, smd: float, low: float, high: float) -> str:
        number = self.words.number(smd, decimals=2, signed=True)
        if not np.isfinite([low, high]).all():
            return number
        interval = str(self.words.rules["interval"]).format(
            low=self.words.number(low, decimals=2),
            high=self.words.number(high, decimals=2),
        )
        return f"{number} ({interval})"

    @property
    def head(self) -> str:
        return self.words.text("balance.column", level=self.level)

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words = self.words
        threshold = words.number(self.balance.threshold, decimals=1)
        caption = words.text("balance.caption", level=self.level, threshold=threshold)
        column = widest([self.head, *self.differences], _SIZE, bold=True)
        return Sheet(
            title=title or words.text("balance.title"),
            caption=caption,
            tag=words.text("data.synthetic") if synthetic else "",
            above=_ROW,
            below=44,
            left=widest(self.names, _SIZE, bold=True) + _EDGE + _GAP,
            right=column + _GAP + _EDGE,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        places = np.arange(len(self.table))
        self._frame(ax, places)
        low, high = (
            self.table[name].to_numpy(float) for name in ("smd_low", "smd_high")
        )
        ax.hlines(places, low, high, color=PILOT.color, linewidth=1.6, zorder=2)
        if self.weighted:
            before = self.table["smd_before"]
            ax.plot(before, places, linestyle="none", zorder=3, gid="before", **_BEFORE)
        smd = self.table["smd"]
        ax.plot(smd, places, linestyle="none", zorder=4, gid="after", **_AFTER)
        self._write_differences(ax, places)

    def _frame(self, ax: Axes, places: np.ndarray) -> None:
        """Set both axes, the band and the line at zero."""
        threshold, reach = self.balance.threshold, self._reach()
        ax.set_ylim(len(places) - 0.2, -0.8)
        ax.set_yticks(places, self.names, fontsize=_SIZE)
        ax.tick_params(axis="y", length=0, pad=8)
        ax.set_xlim(-reach, reach)
        locator = MaxNLocator(nbins=12, steps=[1, 2, 5, 10])
        step = np.diff(locator.tick_values(-reach, reach)).min()
        decimals = 1 if step > _TENTH else 2
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(
            lambda smd, _: self.words.number(smd, decimals=decimals, signed=True)
        )
        ax.grid(axis="x", color=GRID, linewidth=0.8)
        ax.axvspan(-threshold, threshold, color=SHADE, linewidth=0, zorder=0)
        ax.axvline(0, color=INK, linewidth=1.0, zorder=1)
        ax.set_xlabel(self.words.text("balance.axis"), labelpad=6, fontsize=_SIZE)

    def _reach(self) -> float:
        """Return where the axis ends to either side: beyond every point and bar."""
        shown = [name for name in self.table if str(name).startswith("smd")]
        ends = np.abs(self.table[shown].to_numpy(float))
        return 1.06 * max(_LEAST, float(np.nanmax(np.append(ends, 0))))

    def _write_differences(self, ax: Axes, places: np.ndarray) -> None:
        """Write the differences beside the axes; those beyond the threshold bold."""
        rows = [(-1.0, self.head, "head")]
        rows += zip(places, self.differences, self.table["verdict"], strict=True)
        right = widest([self.head, *self.differences], _SIZE, bold=True) + _GAP
        for place, text, verdict in rows:
            is_head = verdict == "head"
            ax.annotate(
                text,
                (1, place),
                xytext=(right, 0),
                xycoords=ax.get_yaxis_transform(),
                textcoords="offset points",
                ha="right",
                va="center_baseline",
                annotation_clip=False,
                color=FAINT_INK if is_head else INK,
                fontsize=_HEAD_SIZE if is_head else _SIZE,
                fontweight="bold" if verdict == "beyond" else "normal",
                gid="head" if is_head else "cell",
            )

    def key(self) -> list[Artist]:
        """Return what the key shows: with weights, before and after."""
        if not self.weighted:
            return []
        marks = {
            self.words.text("balance.before"): _BEFORE,
            self.words.text("balance.after"): _AFTER,
        }
        return [
            Line2D([], [], linestyle="none", label=label, **mark)
            for label, mark in marks.items()
        ]
