"""Both groups' survival curves, the gap between them, and who is still at risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MultipleLocator

from evalkit.report.language.catalogue import MASKED, MISSING, read_language
from evalkit.report.plots.calendar import draw_numbers, numbers_height
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import (
    CONTROL,
    GRID,
    PILOT,
    GroupStyle,
    axes_size,
    evalkit_style,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from evalkit.estimate.survival.curves import SurvivalCurves
    from evalkit.estimate.survival.horizon_difference import HorizonDifference
    from evalkit.report.language.catalogue import Language

    Array = NDArray[np.float64]

_STYLES: dict[str, GroupStyle] = {"pilot": PILOT, "control": CONTROL}
_GAP: dict[str, Any] = {
    "facecolor": "#6f6f6f",
    "edgecolor": "none",
    "linewidth": 0,
    "alpha": 0.38,
}
_WIDTH, _HEIGHT = 780.0, 300.0
_RIGHT, _EDGE, _NUMBER_SIZE = 24.0, 14.0, 8.0
_BAND = 0.15
_SIDE = 17.0  # points beside the first and the last week, for their numbers
_LABELS, _TO_TABLE = 40.0, 48.0
_TICKS = ((20, 2), (60, 4), (160, 13), (400, 26))
_YEAR = 52


def survival_plot(
    curves: SurvivalCurves,
    *,
    rmst: HorizonDifference | None = None,
    smallest_cell: int = 5,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which share of each group is still unemployed, week by week.

    The area between the curves is shaded: up to a horizon it is the difference in
    mean weeks of unemployment. How many are at risk stands below the weeks, since a
    curve is only as good as the number of people that it rests on [1]_. Whether the
    groups differ is not to be read from whether their bands overlap.

    Parameters
    ----------
    curves
        Curves of both groups.
    rmst
        The difference in mean weeks, of the same clock; its horizon then ends the
        shaded area, and it stands in the key.
    smallest_cell
        A step of a curve is drawn when it holds at least as many exits, and a number at
        risk is written when as many people are behind it and behind its change. 1 shows
        everything, to be looked at by those who may see the data.
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
    .. [1] Pocock SJ, Clayton TC, Altman DG (2002). Survival plots of time-to-event
       outcomes in clinical trials: good practice and pitfalls. The Lancet 359,
       1686-1689.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.survival.curves import survival_curves
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "weeks": range(1, 41), "left": 1})
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> ax = survival_plot(survival_curves(cohort), language="en")
    >>> ax.get_xlabel()
    'weeks since the start of follow-up'
    """
    words = read_language(language)
    with evalkit_style():
        figure = _SurvivalFigure.of(curves, rmst, smallest_cell, words)
        width = _WIDTH if ax is None else axes_size(ax)[0] + figure.left + _RIGHT
        sheet = figure.sheet(width, title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=width, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _SurvivalFigure:
    """The rows of each group that are shown, and the weeks of the axis."""

    curves: SurvivalCurves
    rmst: HorizonDifference | None
    smallest_cell: int
    words: Language
    shown: dict[str, pd.DataFrame]
    last: int

    @classmethod
    def of(
        cls,
        curves: SurvivalCurves,
        rmst: HorizonDifference | None,
        smallest_cell: int,
        words: Language,
    ) -> Self:
        """Choose the weeks that can be shown."""
        table = curves.to_frame()
        shown = {
            group: _shown(table[table["group"] == group], smallest_cell)
            for group in _STYLES
        }
        ends = [int(rows["weeks"].iloc[-1]) for rows in shown.values() if len(rows)]
        return cls(
            curves=curves,
            rmst=rmst,
            smallest_cell=smallest_cell,
            words=words,
            shown=shown,
            last=max([*ends, curves.start + 1]),
        )

    @property
    def ticks(self) -> list[int]:
        """Weeks with a label."""
        step = next((step for most, step in _TICKS if self.last <= most), _YEAR)
        first = -(-self.curves.start // step) * step
        return list(range(first, self.last + 1, step))

    @property
    def numbers(self) -> dict[str, list[str]]:
        """Numbers at risk of each group as they stand below the ticks."""
        table = self.curves.to_frame()
        return {
            group: self._at_risk(table[table["group"] == group]) for group in _STYLES
        }

    def _at_risk(self, rows: pd.DataFrame) -> list[str]:
        """Write numbers that show nobody, and mask the others."""
        at_risk = rows.set_index("weeks")["at_risk"]
        weeks = [max(tick, self.curves.start + 1) for tick in self.ticks]
        texts, before = [], np.inf
        shown = at_risk.reindex(weeks).where(np.array(weeks) <= rows["weeks"].max(), 0)
        for number in shown:
            small = 0 < number < self.smallest_cell or np.isnan(number)
            if small or 0 < abs(before - number) < self.smallest_cell:
                texts.append(MASKED)
            else:
                texts.append(self.words.number(number))
                before = number
        return texts if len(rows) else [MISSING] * len(weeks)

    @property
    def left(self) -> float:
        """Room for the names of the rows below the axis."""
        return widest([*self.names.values()], _NUMBER_SIZE) + _EDGE + 10

    @property
    def names(self) -> dict[str, str]:
        """Names of the rows below the axis."""
        words = self.words
        return {
            group: words.text(
                "survival.at_risk", group=words.text(f"group.{group}_short")
            )
            for group in _STYLES
        }

    def sheet(self, width: float, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words, start = self.words, self.curves.start
        level = 100 * self.curves.level
        decimals = 0 if round(level, 6).is_integer() else 1
        caption = words.text(
            "survival.caption",
            level=words.percent(self.curves.level, decimals=decimals),
        )
        if start:
            caption += " " + words.text("survival.conditional", weeks=start)
        room = self._room(width - self.left - _RIGHT)
        return Sheet(
            title=title or words.text("survival.title"),
            caption=caption,
            tag=words.text("data.synthetic") if synthetic else "",
            below=_TO_TABLE + numbers_height([*self.numbers.values()], room),
            left=self.left,
            right=_RIGHT,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        self._set_axes(ax)
        self._draw_gap(ax)
        for group in _STYLES:
            self._draw_group(ax, group)
        rows = [
            (self.names[group], style.color, self.numbers[group])
            for group, style in _STYLES.items()
        ]
        draw_numbers(
            ax,
            rows,
            self.ticks,
            depth=_LABELS,
            room=self._room(axes_size(ax)[0]),
        )

    def _room(self, width: float) -> float:
        """Return the points between two ticks."""
        apart = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else self._weeks
        return (width - 2 * _SIDE) * apart / self._weeks

    @property
    def _weeks(self) -> int:
        return self.last - self.curves.start

    def _set_axes(self, ax: Axes) -> None:
        words, clock = self.words, self.curves.clock
        side = _SIDE * self._weeks / (axes_size(ax)[0] - 2 * _SIDE)
        ax.set_xlim(self.curves.start - side, self.last + side)
        ax.set_ylim(0, 1)
        ax.set_xticks(self.ticks, [words.number(tick) for tick in self.ticks])
        ax.yaxis.set_major_locator(MultipleLocator(0.2))
        ax.yaxis.set_major_formatter(lambda share, _: words.percent(share))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.set_xlabel(
            words.text("survival.registration")
            if clock == "registration"
            else words.text("survival.entry")
        )
        ax.set_ylabel(words.text("survival.axis"))

    def _draw_gap(self, ax: Axes) -> None:
        """Shade what lies between the curves, up to the horizon or the shorter one."""
        ends = [rows["weeks"].max() for rows in self.shown.values() if len(rows)]
        if len(ends) < len(_STYLES):
            return
        end = self.rmst.horizon if self.rmst else min(ends)
        weeks = np.arange(self.curves.start, int(min(end, self.last)) + 1)
        pilot, control = (self._survival(group, weeks) for group in _STYLES)
        ax.fill_between(
            weeks, pilot, control, step="post", zorder=2.5, gid="gap", **_GAP
        )

    def _survival(self, group: str, weeks: NDArray[np.signedinteger]) -> Array:
        rows = self.shown[group]
        steps = np.searchsorted(rows["weeks"].to_numpy(), weeks, side="right")
        return np.asarray(np.append(1.0, rows["survival"].to_numpy())[steps])

    def _draw_group(self, ax: Axes, group: str) -> None:
        rows, style = self.shown[group], _STYLES[group]
        weeks = np.append(self.curves.start, rows["weeks"])
        ax.step(
            weeks,
            np.append(1.0, rows["survival"]),
            where="post",
            color=style.color,
            linestyle=style.line,
            linewidth=1.8,
            zorder=3,
            gid=group,
        )
        ax.fill_between(
            rows["weeks"].to_numpy(float),
            rows["ci_low"].to_numpy(float),
            rows["ci_high"].to_numpy(float),
            step="post",
            color=style.color,
            alpha=_BAND,
            linewidth=0,
            zorder=2,
            gid=f"{group} interval",
        )

    def key(self) -> list[Artist]:
        """Return what the key shows: the groups and the gap."""
        handles: list[Artist] = [
            Line2D(
                [],
                [],
                color=style.color,
                linestyle=style.line,
                linewidth=1.8,
                label=self.words.text(f"group.{group}"),
            )
            for group, style in _STYLES.items()
            if len(self.shown[group])
        ]
        if len(handles) == len(_STYLES):
            handles.append(Patch(label=self._gap_text(), **_GAP))
        return handles

    def _gap_text(self) -> str:
        words, rmst = self.words, self.rmst
        if rmst is None:
            return words.text("survival.gap")
        if np.isnan(rmst.ci_low):
            interval = MISSING
        else:
            interval = str(words.rules["interval"]).format(
                low=words.number(rmst.ci_low, decimals=1),
                high=words.number(rmst.ci_high, decimals=1),
            )
        return words.text(
            "survival.weeks",
            horizon=words.number(rmst.horizon),
            weeks=words.number(rmst.estimate, decimals=1, signed=True),
            interval=interval,
        )


def _shown(rows: pd.DataFrame, smallest_cell: int) -> pd.DataFrame:
    """Return the weeks at which as many have left since the one shown before."""
    kept, held = [], 0.0
    for place, events in enumerate(rows["events"]):
        held += events
        if held >= smallest_cell or held == 0:
            kept.append(place)
            held = 0.0
    return rows.iloc[kept]
