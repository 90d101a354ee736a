"""How a hazard ratio went over the weeks, beside the constant that a model takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from evalkit.errors import EvalkitError
from evalkit.report.language.catalogue import MISSING, read_language
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import FAINT_INK, GRID, PILOT, evalkit_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.estimate.survival.proportional_hazards import ProportionalHazards
    from evalkit.report.language.catalogue import Language

_WIDTH, _HEIGHT, _LEFT, _RIGHT = 780.0, 320.0, 70.0, 24.0
_RATIOS = np.array([1 / 8, 1 / 4, 1 / 2, 2 / 3, 0.8, 1, 1.25, 1.5, 2, 4, 8])
_BAND, _DOT = 0.15, 900.0  # points squared for a week with all exits
_CONSTANT: dict[str, Any] = {
    "color": PILOT.color,
    "linewidth": 1.2,
    "linestyle": (0, (4, 2)),
}
_SMALL_P = 0.001
_OUTER = 0.05  # of the exits: single weeks that may lie outside the axes
_FURTHEST = 2.3


def hazard_ratio_plot(
    check: ProportionalHazards,
    *,
    term: str = "pilot",
    smallest_cell: int = 5,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how a hazard ratio went over the weeks.

    Dots are what single weeks say, scaled Schoenfeld residuals [1]_; their area is the
    number of exits. The line is smooth through them, with its band. If the ratio is
    constant, the band holds the level line all along.

    Parameters
    ----------
    check
        What `evalkit.proportional_hazards` found.
    term
        Which of its terms.
    smallest_cell
        Weeks are joined until a dot holds at least as many exits.
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
        The ratio on a logarithmic scale; its figure is ``ax.figure``.

    Raises
    ------
    EvalkitError
        If there is no such term, or no ratio of it.

    References
    ----------
    .. [1] Grambsch PM, Therneau TM (1994). Proportional hazards tests and diagnostics
       based on weighted residuals. Biometrika 81, 515-526.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.survival.proportional_hazards import proportional_hazards
    >>> people = pd.DataFrame({"treat": [1, 0] * 20, "weeks": range(1, 41), "left": 1})
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> ax = hazard_ratio_plot(proportional_hazards(cohort), language="en")
    >>> ax.get_ylabel()
    'pilot group: rate of leaving, times the control group'
    """
    words = read_language(language)
    with evalkit_style():
        figure = _RatioFigure.of(check, term, smallest_cell, words)
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _RatioFigure:
    """One term: its dots, its line and its constant."""

    check: ProportionalHazards
    term: str
    words: Language
    dots: pd.DataFrame
    trend: pd.DataFrame
    constant: float

    @classmethod
    def of(
        cls, check: ProportionalHazards, term: str, smallest_cell: int, words: Language
    ) -> Self:
        """Choose the term."""
        trend = check.trend[check.trend["term"] == term]
        if trend.empty:
            known = ", ".join(check.trend["term"].unique())
            raise EvalkitError(
                f"There is no ratio of {term!r} to draw.",
                hint=f"There is one of: {known or 'none'}.",
            )
        dots = check.residuals[check.residuals["term"] == term]
        coefficients = check.coefficients.set_index("term")["coef"]
        return cls(
            check=check,
            term=term,
            words=words,
            dots=_joined(dots, smallest_cell),
            trend=trend,
            constant=float(coefficients[term]),
        )

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words, level = self.words, self.check.level
        decimals = 0 if round(100 * level, 6).is_integer() else 1
        return Sheet(
            title=title or words.text("hazards.title"),
            caption=words.text(
                "hazards.caption",
                level=words.percent(level, decimals=decimals),
                p_value=self._p_value(),
            ),
            tag=words.text("data.synthetic") if synthetic else "",
            below=40.0,
            left=_LEFT,
            right=_RIGHT,
        )

    def _p_value(self) -> str:
        table = self.check.table.set_index("term")["p_value"]
        p_value = float(table[self.term])
        if np.isnan(p_value):
            return f"p = {MISSING}"
        if p_value < _SMALL_P:
            return f"p < {self.words.number(_SMALL_P, decimals=3)}"
        return f"p = {self.words.number(p_value, decimals=3)}"

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        words, trend = self.words, self.trend
        weeks = trend["weeks"].to_numpy(dtype=float)
        low, line, high = (
            np.exp(trend[name].to_numpy(dtype=float))
            for name in ("ci_low", "coef", "ci_high")
        )
        self._set_axes(ax, weeks)
        ax.axhline(1, color=FAINT_INK, linewidth=0.8, zorder=1, gid="one")
        ax.axhline(np.exp(self.constant), zorder=2, gid="constant", **_CONSTANT)
        ax.fill_between(
            weeks, low, high, color=PILOT.color, alpha=_BAND, linewidth=0, gid="band"
        )
        ax.plot(weeks, line, color=PILOT.color, linewidth=1.8, zorder=3, gid="line")
        share = self.dots["exits"] / self.dots["exits"].sum()
        ax.scatter(
            self.dots["weeks"],
            np.exp(self.dots["residual"]),
            s=_DOT * share,
            facecolor="none",
            edgecolor=FAINT_INK,
            linewidth=0.9,
            zorder=2.5,
            gid="weeks",
        )
        ax.set_xlabel(words.text(f"survival.{self.check.clock}"))
        ax.set_ylabel(words.text("hazards.axis") if self.term == "pilot" else self.term)

    def _set_axes(self, ax: Axes, weeks: np.ndarray) -> None:
        """Show the band and most of the dots; a single week may lie far away."""
        heavy = self.dots.sort_values("residual")
        share = (heavy["exits"].cumsum() / heavy["exits"].sum()).to_numpy()
        inner = heavy["residual"].to_numpy()[(share >= _OUTER) & (share <= 1 - _OUTER)]
        ends = [inner, self.trend["ci_low"], self.trend["ci_high"], [0, self.constant]]
        values = np.concatenate([np.asarray(end, dtype=float) for end in ends])
        low, high = np.clip([values.min(), values.max()], -_FURTHEST, _FURTHEST)
        ax.set_yscale("log")
        ax.set_ylim(np.exp(low - 0.15), np.exp(high + 0.15))
        ax.set_xlim(0, weeks.max() + 1)
        ax.yaxis.set_major_locator(FixedLocator(_RATIOS.tolist()))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(lambda ratio, _: self._ratio(ratio))
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color=GRID, linewidth=0.8)

    def _ratio(self, ratio: float) -> str:
        decimals = 0 if float(ratio).is_integer() else 2
        return self.words.number(ratio, decimals=decimals)

    def key(self) -> list[Artist]:
        """Return what the key shows."""
        words = self.words
        return [
            Line2D(
                [],
                [],
                color=PILOT.color,
                linewidth=1.8,
                label=words.text("hazards.line"),
            ),
            Line2D([], [], label=self._constant_text(), **_CONSTANT),
            Line2D(
                [],
                [],
                linestyle="none",
                marker="o",
                markerfacecolor="none",
                markeredgecolor=FAINT_INK,
                label=words.text("hazards.dots"),
            ),
        ]

    def _constant_text(self) -> str:
        ratio = self.words.number(float(np.exp(self.constant)), decimals=2)
        return self.words.text("hazards.constant", ratio=ratio)


def _joined(dots: pd.DataFrame, smallest_cell: int) -> pd.DataFrame:
    """Join weeks until each dot holds enough exits; the rest joins the last one."""
    exits = dots["exits"].to_numpy()
    code, number, held = np.zeros(len(dots), dtype=int), 0, 0.0
    for place, own in enumerate(exits):
        code[place] = number
        held += own
        if held >= smallest_cell:
            number, held = number + 1, 0.0
    code = np.minimum(code, max(number - 1, 0))
    weighted = dots[["weeks", "residual"]].mul(exits, axis=0).groupby(code).sum()
    total = dots["exits"].groupby(code).sum()
    return weighted.div(total, axis=0).assign(exits=total)
