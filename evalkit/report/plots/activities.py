"""What a service led to, and what was done for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.report.language.catalogue import MASKED, read_language
from evalkit.report.plots.lettering import shortened
from evalkit.report.plots.route_panels import capital
from evalkit.report.plots.sheet import Sheet, widest
from evalkit.report.plots.style import FAINT_INK, INK, PILOT, axes_size, evalkit_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from evalkit.report.language.catalogue import Language
    from evalkit.service.results import ServiceResults
    from evalkit.statements.claims import Activity

_WIDTH = 860.0
_ROW, _THICK = 27.0, 0.62
_SIZE, _HEAD_SIZE = 9.5, 10.5
_EDGE, _GAP, _HEAD = 14.0, 40.0, 26.0
_LONGEST = 250.0
_OUTCOMES = 0.4  # of the width that the panels share
_ROUTES = ("work", "training", "entrepreneur")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Rows of numbers: what each is called, its bar, and what is written beside it."""

    head: str
    color: str
    names: Sequence[str]
    values: Sequence[float]
    numbers: Sequence[str]

    @property
    def name_width(self) -> float:
        """Width of the widest name in points."""
        return min(widest(self.names, _SIZE), _LONGEST)

    def draw(self, ax: Axes, left: float, right: float) -> None:
        """Draw the rows between two places of the axes, in points from their left."""
        width, _ = axes_size(ax)
        names, numbers = self.name_width + 8, widest(self.numbers, _SIZE, bold=True) + 8
        start = left + names
        box = (start / width, 0, (right - start) / width, 1)
        panel = ax.inset_axes(box)
        places = np.arange(len(self.values), dtype=float)
        longest = max(*self.values, 1.0)
        bars = right - start - numbers
        panel.set_xlim(0, longest * (right - start) / bars)
        panel.set_ylim(len(places) - 0.4, -0.6)
        panel.barh(places, self.values, height=_THICK, color=self.color, gid="bar")
        shown = [shortened(name, _SIZE, _LONGEST) for name in self.names]
        panel.set_yticks(places, shown, fontsize=_SIZE)
        panel.set_xticks([])
        panel.tick_params(axis="y", length=0, pad=6)
        panel.spines[:].set_visible(False)
        panel.set_title(
            self.head,
            loc="left",
            x=-names / (right - start),
            fontsize=_HEAD_SIZE,
            color=self.color,
            pad=6,
        )
        for place, value, number in zip(places, self.values, self.numbers, strict=True):
            panel.annotate(
                number,
                (value, place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=_SIZE,
                fontweight="bold",
                color=INK,
                gid="number",
            )


def results_and_activities(
    service: ServiceResults,
    activities: Sequence[Activity],
    *,
    smallest_cell: int = 5,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what the results were, beside what was done to bring them about.

    The results are counted from the service's data. What was done is what a report
    says: no register holds it, and it stays the same whatever the data are.

    Parameters
    ----------
    service
        What `service_results` returns.
    activities
        What was done: `Published.activities` of a file of statements.
    smallest_cell
        Smaller counts are masked, with their shares; 1 shows everything.
    language
        ``fi``, ``sv`` or ``en``. Activities without a text in it are in English.
    synthetic
        Whether the people are simulated; the figure then says so.
    title
        Title; None for the usual one.
    ax
        Axes to draw into, with room around them; None for a figure of the right size.

    Returns
    -------
    matplotlib.axes.Axes
        The axes around both panels; its figure is ``ax.figure``.

    Examples
    --------
    >>> from evalkit.examples.small import small_register
    >>> from evalkit.service.plan import ServicePlan
    >>> from evalkit.service.results import service_results
    >>> from evalkit.statements.claims import Activity
    >>> plan = {"first": "2019-09", "last": "2021-12", "closes": "2022-03"}
    >>> words = {"työ": "work", "koulutus": "training", "yrittäjä": "entrepreneur"}
    >>> service = service_results(
    ...     small_register(),
    ...     plan=ServicePlan.model_validate(
    ...         {"service": plan, "words": {"results": words}}
    ...     ),
    ... )
    >>> calls = Activity(en="calls", count=900, more=True)
    >>> ax = results_and_activities(service, [calls], language="en", synthetic=True)
    >>> [text.get_text() for text in ax.child_axes[1].texts]
    ['more than 900']
    """
    words = read_language(language)
    with evalkit_style():
        left = _outcomes(service, smallest_cell, words)
        right = _activities(activities, words)
        sheet = Sheet(
            title=title or words.text("activities.title"),
            caption=words.text("activities.caption"),
            tag=words.text("data.synthetic") if synthetic else "",
            above=_HEAD,
            below=10,
            left=_EDGE,
            right=_EDGE,
        )
        if ax is None:
            rows = max(len(left.values), len(right.values))
            ax = sheet.axes(width=_WIDTH, height=_ROW * rows)
        sheet.draw(ax, [])
        ax.set_axis_off()
        width, _ = axes_size(ax)
        middle = left.name_width + _OUTCOMES * (
            width - left.name_width - right.name_width - _GAP
        )
        left.draw(ax, 0, middle)
        right.draw(ax, middle + _GAP, width)
    return ax


def _outcomes(service: ServiceResults, smallest: int, words: Language) -> _Panel:
    """Return the results by where they led."""
    table = service.table("route")
    rows = table[table["base"] == "positive"].set_index("group").reindex(_ROUTES)
    counts = rows["count"].astype("Float64").astype(float)
    masked = (counts > 0) & (counts < smallest)
    if masked.sum() == 1:  # one alone could be worked out from the rest
        masked |= counts == counts[~masked].min()
    numbers = [
        MASKED if hidden else f"{words.percent(float(share))} ({words.number(count)})"
        for hidden, count, share in zip(masked, counts, rows["share"], strict=True)
    ]
    total = words.number(float(counts.sum()))
    return _Panel(
        head=words.text("activities.results", number=total),
        color=PILOT.color,
        names=[capital(words.text(f"routes.{route}")) for route in _ROUTES],
        values=counts.mask(masked, 0.0).tolist(),
        numbers=numbers,
    )


def _activities(activities: Sequence[Activity], words: Language) -> _Panel:
    """Return what was done, as it was printed."""
    ordered = sorted(activities, key=lambda activity: -activity.count)
    return _Panel(
        head=words.text("activities.done"),
        color=FAINT_INK,
        names=[capital(activity.text(words.code)) for activity in ordered],
        values=[float(activity.count) for activity in ordered],
        numbers=[
            words.text("activities.more", number=words.number(activity.count))
            if activity.more
            else words.number(activity.count)
            for activity in ordered
        ],
    )
