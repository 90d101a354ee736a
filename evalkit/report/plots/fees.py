"""What a contract paid, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from matplotlib.patches import Patch

from evalkit.report.language.catalogue import read_language
from evalkit.report.plots.calendar import Calendar, calendar_of
from evalkit.report.plots.sheet import Sheet
from evalkit.report.plots.style import GRID, axes_size, evalkit_style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from evalkit.fees.invoice import Invoice
    from evalkit.report.language.catalogue import Language

_WIDTH, _HEIGHT = 780.0, 260.0
_LEFT, _RIGHT = 60.0, 24.0
_THICK = 0.76  # of a month
_PART_OF = {
    "fixed": "fixed",
    "mapping": "mapping",
    "training_start": "training",
    "labour_training_start": "training",
    "training_assembled": "training",
    "job": "employment",
    "apprenticeship": "employment",
    "entrepreneurship": "employment",
}
_COLORS = {
    "fixed": "#9a9a9a",
    "mapping": "#f0b95b",
    "training": "#5b9bd5",
    "employment": "#08457e",
}
"""Parts of the sum, from the bottom up; lighter and darker by turns."""


def monthly_fees(
    invoice: Invoice,
    *,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a contract paid in each month, and for what, without tax.

    Parameters
    ----------
    invoice
        What `evalkit.fees.invoice.invoice` returns.
    language
        ``fi``, ``sv`` or ``en``.
    synthetic
        Whether the events are simulated; the figure then says so.
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
    >>> from decimal import Decimal
    >>> from evalkit.fees.invoice import Invoice, Line
    >>> sums = {"net": Decimal(75), "vat": Decimal(18), "gross": Decimal(93)}
    >>> line = Line(
    ...     month="2020-01", event_id="m", kind="mapping", paid=True, reason="", **sums
    ... )
    >>> bill = Invoice(title="", currency="EUR", lines=(line,), through="2020-01")
    >>> monthly_fees(bill, language="en").get_ylabel()
    'EUR'
    """
    words = read_language(language)
    with evalkit_style():
        width = _WIDTH - _LEFT - _RIGHT if ax is None else axes_size(ax)[0]
        figure = _FeesFigure.of(invoice, words, width)
        sheet = figure.sheet(title=title, synthetic=synthetic)
        if ax is None:
            ax = sheet.axes(width=_WIDTH, height=_HEIGHT)
        figure.draw(ax)
        sheet.draw(ax, figure.key())
    return ax


@dataclass(frozen=True, slots=True, kw_only=True)
class _FeesFigure:
    """Sums by month and part, and their place on the axis."""

    sums: pd.DataFrame
    currency: str
    words: Language
    width: float
    calendar: Calendar

    @classmethod
    def of(cls, invoice: Invoice, words: Language, width: float) -> Self:
        rows = invoice.by_month_and_kind()
        rows = rows.assign(part=rows["kind"].map(_PART_OF), net=rows["net"].map(float))
        rows = rows[rows["month"] <= invoice.through]
        sums = rows.pivot_table(
            index="month", columns="part", values="net", aggfunc="sum", fill_value=0.0
        ).reindex(columns=list(_COLORS), fill_value=0.0)
        return cls(
            sums=sums,
            currency=invoice.currency,
            words=words,
            width=width,
            calendar=calendar_of(list(sums.index), words, room=width),
        )

    @property
    def room(self) -> float:
        """Width of a month in points."""
        return self.width / len(self.calendar.ticks)

    def sheet(self, *, title: str | None, synthetic: bool) -> Sheet:
        """Return the texts around the axes."""
        words = self.words
        total = words.number(float(self.sums.to_numpy().sum()))
        return Sheet(
            title=title or words.text("fees.title"),
            caption=words.text("fees.caption", total=total, currency=self.currency),
            tag=words.text("data.synthetic") if synthetic else "",
            above=4,
            below=self.calendar.depth(self.room) + 4,
            left=_LEFT,
            right=_RIGHT,
        )

    def draw(self, ax: Axes) -> None:
        """Draw everything between the texts."""
        self.calendar.draw(ax, room=self.room)
        ax.set_ylabel(self.currency)
        ax.tick_params(axis="y", length=0)
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.yaxis.set_major_formatter(lambda total, _: self.words.number(total))
        places = np.array(self.calendar.positions, dtype=float)
        below = np.zeros(len(places))
        for part, color in _COLORS.items():
            sums = self.sums[part].to_numpy(float)
            ax.bar(places, sums, bottom=below, width=_THICK, color=color, gid=part)
            below += sums
        ax.set_ylim(0, 1.08 * max(float(below.max(initial=0.0)), 1.0))

    def key(self) -> list[Artist]:
        """Return what the key shows."""
        words = self.words
        names = {
            "fixed": words.text("fees.fixed"),
            "mapping": words.text("fees.mapping"),
            "training": words.text("fees.training"),
            "employment": words.text("fees.employment"),
        }
        return [Patch(color=_COLORS[part], label=name) for part, name in names.items()]
