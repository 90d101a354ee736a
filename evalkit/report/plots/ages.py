"""Who a service reached and who had a result, by age or by any other group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from matplotlib.patches import Patch

from evalkit.report.language.catalogue import MASKED, MISSING, read_language
from evalkit.report.plots.calendar import draw_numbers
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import GRID, INK, PILOT, evalkit_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.report.language.catalogue import Language
    from evalkit.service.results import ServiceResults

_WIDTH, _HEIGHT = 780.0, 270.0
_RIGHT, _EDGE = 24.0, 14.0
_LABELS, _ROW = 24.0, 14.0
_NUMBER_SIZE, _NAME_SIZE = 9.0, 8.0
_THICK = 0.25
_LOOKS: dict[str, dict[str, Any]] = {
    "referred": {"facecolor": "#dbe7f3", "edgecolor": PILOT.color, "linewidth": 1.0},
    "completed": {"facecolor": "#7fa8d1", "edgecolor": PILOT.color, "linewidth": 1.0},
    "positive": {"facecolor": PILOT.color, "edgecolor": PILOT.color, "linewidth": 1.0},
}
_BASES = ("referred", "completed")


def results_by_age(
    service: ServiceResults,
    *,
    smallest_cell: int = 5,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the referred, the completed and the results of each age.

    Below stand the shares with a result, on both bases: of those referred and of those
    who completed. One share without its base can be read in two ways.

    Parameters
    ----------
    service
        What `service_results` returns.
    smallest_cell
        Smaller counts, and shares that would reveal them, are masked; 1 shows
        everything.
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

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> from evalkit.service.plan import ServicePlan
    >>> from evalkit.service.results import service_results
    >>> plan = {"first": "2019-09", "last": "2021-12", "closes": "2022-03"}
    >>> words = {"työ": "work", "koulutus": "training", "yrittäjä": "entrepreneur"}
    >>> service = service_results(
    ...     small_register(),
    ...     plan=ServicePlan.model_validate(
    ...         {"service": plan, "words": {"results": words}}
    ...     ),
    ... )
    >>> ax = results_by_age(service, language="en", synthetic=True)
    >>> [label.get_text() for label in ax.get_xticklabels()][::4]
    ['under 30', '60 or over']
    """
    with evalkit_style():
        figure = _AgesFigure.of(service, smallest_cell, read_language(language))
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _AgesFigure:
    """Counts of each measure by age; NaN where one is too small to be shown."""

    counts: pd.DataFrame
    words: Language

    @classmethod
    def of(cls, service: ServiceResults, smallest: int, words: Language) -> Self:
        table = service.table("age").drop_duplicates(["group", "measure"])
        counts = table.pivot_table("count", "group", "measure", sort=False)
        counts = counts[list(_LOOKS)].astype(float)
        # Who did not go on to the next step is a count that must not show either.
        parts = counts.assign(
            left=counts["referred"] - counts["completed"],
            without=counts["completed"] - counts["positive"],
        )
        small = ((parts > 0) & (parts < smallest)).any(axis=1)
        return cls(counts=counts.mask(small), words=words)

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words = self.words
        return Sheet(
            title=title or words.text("ages.title"),
            caption=words.text("ages.caption"),
            tag=words.text("data.synthetic") if synthetic else "",
            above=6,
            below=_LABELS + len(_BASES) * _ROW + 6,
            left=widest(self._row_names, _NAME_SIZE) + _EDGE + 10,
            right=_RIGHT,
        )

    @property
    def _row_names(self) -> list[str]:
        return [self.words.text(f"ages.of_{base}") for base in _BASES]

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        places = np.arange(len(self.counts), dtype=float)
        ax.set_xlim(-0.55, len(places) - 0.45)
        highest = float(np.nanmax(np.append(self.counts.to_numpy(), 1)))
        ax.set_ylim(0, 1.1 * highest)
        ax.set_xticks(places, [self._name(group) for group in self.counts.index])
        ax.tick_params(axis="both", length=0)
        ax.tick_params(axis="x", pad=5)
        ax.yaxis.set_major_formatter(lambda count, _: self.words.number(count))
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        for step, (measure, look) in enumerate(_LOOKS.items()):
            at = places + (step - 1) * (_THICK + 0.02)
            self._draw_measure(ax, measure, look, at)
        rows = [
            (name, INK, self._shares(base))
            for name, base in zip(self._row_names, _BASES, strict=True)
        ]
        draw_numbers(ax, rows, places, depth=_LABELS, room=100)

    def _draw_measure(
        self, ax: Axes, measure: str, look: dict[str, Any], places: np.ndarray
    ) -> None:
        counts = self.counts[measure].to_numpy()
        known = np.isfinite(counts)
        ax.bar(
            places[known], counts[known], width=_THICK, zorder=2, gid=measure, **look
        )
        for place, count in zip(places, counts, strict=True):
            ax.annotate(
                self.words.number(count) if np.isfinite(count) else MASKED,
                (place, count if np.isfinite(count) else 0),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=_NUMBER_SIZE,
                fontweight="bold" if measure == "positive" else "normal",
                gid="number",
            )

    def _shares(self, base: str) -> list[str]:
        """Return the shares with a result, of those who got as far as the base."""
        shares = self.counts["positive"] / self.counts[base]
        texts = []
        for share, of_whom in zip(shares, self.counts[base], strict=True):
            masked = np.isnan(of_whom)
            text = MISSING if np.isnan(share) else self.words.percent(share)
            texts.append(MASKED if masked else text)
        return texts

    def _name(self, group: str) -> str:
        """Return an age class in words; any other group keeps its name."""
        words = self.words
        if group.startswith("<"):
            return words.text("ages.under", age=group[1:])
        if group.endswith("+"):
            return words.text("ages.over", age=group[:-1])
        return group.replace("-", "\N{EN DASH}")

    def key(self) -> list[Artist]:
        """Return what the key shows."""
        return [
            Patch(label=self.words.text(f"ages.{measure}"), **look)
            for measure, look in _LOOKS.items()
        ]
