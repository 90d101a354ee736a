"""Two panels side by side that show exit routes: areas, or lines with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.end_labels import LABEL_SIZE, write_end_labels
from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import (
    CONTROL,
    GRID,
    INK,
    PILOT,
    SHADE,
    GroupStyle,
    axes_size,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from evalkit.estimate.survival.exit_routes import ExitRoutes
    from evalkit.report.language.catalogue import Language

    Array = NDArray[np.float64]

_COLORS = {
    "work": "#0b5345",
    "training": "#45a08c",
    "entrepreneur": "#a6d8c9",
    "service": "#6c4f9e",
    "other": "#b8a6d9",
    "unknown": "#9a9a9a",
}
_OWN_COLORS = ("#8a5a1f", "#c99a4e", "#ead3a4")
GROUP_STYLES: dict[str, GroupStyle] = {"pilot": PILOT, "control": CONTROL}
_WIDTH, _HEIGHT = 860.0, 290.0
_LEFT, _RIGHT, _ABOVE, _BELOW = 62.0, 20.0, 24.0, 44.0
_ROOM, _GAP = 150.0, 46.0  # points beside a panel: its labels, the next one's axis
_HEAD = 1.04


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePanels:
    """Two panels of exit routes, from week `first` to week `last`."""

    result: ExitRoutes
    first: int
    last: int
    words: Language

    @classmethod
    def of(cls, result: ExitRoutes, weeks: int | None, language: str) -> Self:
        """Return the panels of a result, up to a week that both groups reach."""
        last = result.horizon if weeks is None else weeks
        result.at(last)  # or says why not
        return cls(
            result=result,
            first=result.start,
            last=last,
            words=read_language(language),
        )

    @property
    def weeks(self) -> Array:
        """Weeks from the first, in which nobody has left yet, to the last."""
        return np.arange(self.first, self.last + 1, dtype=float)

    def name(self, route: str) -> str:
        """Return a route in words; one's own name stays as it is."""
        name = self.words.text(f"routes.{route}") if route in _COLORS else route
        return capital(name)

    def color(self, route: str) -> str:
        """Return a route's colour."""
        own = [name for name in self.result.routes if name not in _COLORS]
        if route in _COLORS:
            return _COLORS[route]
        return _OWN_COLORS[own.index(route) % len(_OWN_COLORS)]

    def two_routes(self) -> tuple[str, ...]:
        """Return work and the most frequent other route, or the two most frequent."""
        at_end = self.result.at(self.last).groupby("exit_to")["incidence"].sum()
        found = at_end.sort_values(ascending=False, kind="stable").index.tolist()
        return tuple(sorted(found, key=lambda route: route != "work")[:2])

    def series(self, table: pd.DataFrame, column: str, where: dict[str, str]) -> Array:
        """Return a column for each week, from the first on, which has none yet.

        Where only some weeks are told, a straight line joins them.
        """
        own = table
        for name, value in where.items():
            own = own[own[name] == value]
        told = own["weeks"].to_numpy(dtype=float)
        values = own[column].to_numpy(dtype=float)
        return np.asarray(
            np.interp(self.weeks, [self.first, *told], [0.0, *values]), dtype=float
        )

    def stacked(self, table: pd.DataFrame, column: str, group: str) -> dict[str, Array]:
        """Return the weekly shares of the routes that somebody of the group took."""
        shares = {
            route: self.series(table, column, {"group": group, "exit_to": route})
            for route in self.result.routes
        }
        return {route: share for route, share in shares.items() if share[-1] > 0}

    def sheet(self, title: str, caption: str, *, synthetic: bool) -> Sheet:
        """Return the texts around the panels."""
        words = self.words
        if self.first:
            caption += " " + words.text("routes.start", week=words.number(self.first))
        return Sheet(
            title=title,
            caption=caption,
            tag=words.text("data.synthetic") if synthetic else "",
            above=_ABOVE,
            below=_BELOW,
            left=_LEFT,
            right=_RIGHT,
        )

    def panels(self, ax: Axes | None, sheet: Sheet) -> tuple[Axes, list[Axes]]:
        """Return the axes, with their texts, and two panels in them."""
        ax = sheet.axes(width=_WIDTH, height=_HEIGHT) if ax is None else ax
        sheet.draw(ax, [])
        ax.set_axis_off()
        width, _ = axes_size(ax)
        panel = (width - 2 * _ROOM - _GAP) / 2
        second = panel + _ROOM + _GAP
        places = [(0, 0, panel / width, 1), (second / width, 0, panel / width, 1)]
        panels = [ax.inset_axes(place) for place in places]
        for one in panels:
            self._scale(one)
        return ax, panels

    def _scale(self, panel: Axes) -> None:
        words = self.words
        panel.set_xlim(self.first, self.last)
        panel.set_ylim(0, 1)
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: words.percent(y)))
        panel.set_xlabel(words.text(f"routes.{self.result.clock}"))
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="y", color=GRID, linewidth=0.8)

    def write_head(self, panel: Axes, text: str, color: str) -> None:
        """Write what a panel shows above it."""
        width = axes_size(panel)[0] + _ROOM
        panel.set_title(
            shortened(capital(text), 10.5, width, bold=True),
            loc="left",
            fontsize=10.5,
            color=color,
            pad=6,
        )

    def draw_areas(
        self, panel: Axes, stack: dict[str, Array], *, top: float | None = None
    ) -> None:
        """Draw shares on top of each other; `top` is the limit where not all is 100 %.

        Without one the rest of the panel is the share that is still unemployed.
        """
        panel.set_ylim(0, (top or 1.0) * (_HEAD if top else 1.0))
        below = np.zeros(len(self.weeks))
        labels = []
        for route, share in stack.items():
            self._fill(panel, below, below + share, self.color(route), route)
            middle = below[-1] + share[-1] / 2
            text = f"{self.name(route)} {self._percent(share[-1])}"
            labels.append((middle, text, INK))
            below = below + share
        if top is None:
            self._fill(panel, below, np.ones_like(below), SHADE, "unemployed")
            rest = self.words.text("routes.unemployed")
            text = f"{rest} {self._percent(1 - below[-1])}"
            labels.append(((1 + below[-1]) / 2, text, INK))
        write_end_labels(panel, labels, _ROOM)

    def _fill(
        self, panel: Axes, low: Array, high: Array, color: str, name: str
    ) -> None:
        panel.fill_between(
            self.weeks,
            low,
            high,
            step="post",
            facecolor=color,
            edgecolor="white",
            linewidth=0.6,
            gid=f"area {name}",
        )

    def _percent(self, share: float) -> str:
        return self.words.percent(float(share))

    def draw_total(self, panel: Axes, share: Array) -> None:
        """Draw the share that has left in all as a line."""
        panel.step(
            self.weeks, share, where="post", color=INK, linewidth=1.6, gid="total"
        )
        panel.annotate(
            self.words.text("routes.total"),
            (self.weeks[len(share) // 2], share[len(share) // 2]),
            xytext=(-6, 6),
            textcoords="offset points",
            ha="right",
            fontsize=LABEL_SIZE,
            fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.8},
            gid="total name",
        )

    def highest(self, routes: Sequence[str]) -> float:
        """Return the limit of panels that share a scale."""
        table = self.result.table
        shown = table[(table["weeks"] <= self.last) & table["exit_to"].isin(routes)]
        highest = float(shown[["incidence", "ci_high"]].max().max())
        return min(max(1.1 * highest, 0.05), 1.0)

    def draw_lines(self, panel: Axes, route: str, top: float) -> None:
        """Draw both groups' shares of a route, and the difference in the last week."""
        panel.set_ylim(0, top)
        labels = []
        for group, style in GROUP_STYLES.items():
            where = {"group": group, "exit_to": route}
            share, low, high = (
                self.series(self.result.table, column, where)
                for column in ("incidence", "ci_low", "ci_high")
            )
            panel.fill_between(
                self.weeks, low, high, step="post", color=style.color, alpha=0.15,
                linewidth=0, gid=f"band {group}",
            )  # fmt: skip
            panel.step(
                self.weeks, share, where="post", color=style.color, linewidth=1.8,
                linestyle=style.line, gid=f"line {group}",
            )  # fmt: skip
            name = f"{self.words.text(f'group.{group}')} {self._percent(share[-1])}"
            labels.append((float(share[-1]), name, style.color))
        write_end_labels(panel, sorted(labels), _ROOM)
        self._write_difference(panel, route)

    def _write_difference(self, panel: Axes, route: str) -> None:
        rows, words = self.result.difference(self.last), self.words
        row = rows[rows["exit_to"] == route]
        gap, low, high = row[["estimate", "ci_low", "ci_high"]].to_numpy(float)[0]
        text = f"{words.points(gap, unit=False)} ({words.points_interval(low, high)})"
        panel.annotate(
            words.text("routes.gap", difference=text),
            (0, 1),
            xytext=(6, -4),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            fontsize=LABEL_SIZE,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
            gid="gap",
        )


def capital(text: str) -> str:
    """Return a text with a capital letter."""
    return text[:1].upper() + text[1:]
