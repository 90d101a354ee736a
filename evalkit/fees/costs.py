"""What a result costs: for each result reported, and for each additional exit."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from evalkit.errors import EvalkitError
from evalkit.estimate.effect import joined, normal_quantile
from evalkit.fees.money import cents
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalkit.estimate.effect import Effect
    from evalkit.fees.invoice import Invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerResult(Result):
    """What was paid for each result that was reported.

    Attributes
    ----------
    cost
        Everything that the invoice pays, fixed fee included.
    results
        Name of a result = how many were reported.
    currency
        Currency of the sums.
    note
        What should be known about these figures.
    """

    cost: Decimal
    results: dict[str, int]
    currency: str
    note: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row a result: result, count, cost, cost_per_result (or None)."""
        rows = [
            (name, count, self.cost, cents(self.cost / count) if count else None)
            for name, count in self.results.items()
        ]
        return pd.DataFrame(
            rows, columns=["result", "count", "cost", "cost_per_result"]
        )


def cost_per_result(
    invoice: Invoice, results: Mapping[str, int], *, with_vat: bool = False
) -> CostPerResult:
    """Divide all that was paid by the results that were reported.

    Not what the pilot's effect cost: people who would have left without it count too.
    See `cost_per_additional_exit`.

    Parameters
    ----------
    invoice
        What `invoice` returns.
    results
        Name of a result = how many were reported.
    with_vat
        Whether the cost includes value added tax.

    Returns
    -------
    CostPerResult
        In the invoice's currency.

    Raises
    ------
    EvalkitError
        If a count is negative.

    Examples
    --------
    >>> from evalkit.fees.invoice import Invoice, Line
    >>> line = Line(
    ...     month="2020-01",
    ...     event_id="",
    ...     kind="fixed",
    ...     paid=True,
    ...     net=Decimal(1000),
    ...     vat=Decimal(240),
    ...     gross=Decimal(1240),
    ...     reason="",
    ... )
    >>> bill = Invoice(title="", currency="EUR", lines=(line,), through="2020-01")
    >>> print(cost_per_result(bill, {"positive": 8, "work": 0}))
      result  count cost cost_per_result
    positive      8 1000          125.00
        work      0 1000            None
    """
    wrong = [name for name, count in results.items() if count < 0]
    if wrong:
        raise EvalkitError(f"`results` may not be negative: {', '.join(wrong)}.")
    return CostPerResult(
        cost=_cost(invoice, with_vat=with_vat),
        results=dict(results),
        currency=invoice.currency,
        note=joined(_vat_note(with_vat=with_vat), invoice.note),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerExit(Result):
    """What was paid for each exit that would not have happened otherwise.

    Attributes
    ----------
    estimate
        Cost of one additional exit; negative where the pilot had fewer exits, which
        is no price: more was paid for less.
    ci_low, ci_high
        Confidence set at `level`: between them if it is bounded; otherwise a price of
        at least `ci_low`, without an upper limit, or none at all.
    bounded
        Whether the set is an interval: whether the interval of the difference leaves
        zero out.
    below
        Where the set is not bounded, it holds the negative values up to this one too,
        with which the pilot had fewer exits.
    cost
        What was paid.
    n
        People whom the difference is about.
    exits
        Additional exits among them: n times the difference.
    level, method, currency
        Level of confidence, name of the method, currency of the sums.
    note
        What should be known about this estimate.
    """

    estimate: Decimal
    ci_low: Decimal
    ci_high: Decimal
    bounded: bool
    below: Decimal
    cost: Decimal
    n: int
    exits: float
    level: float
    method: str
    currency: str
    note: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row with a column for each attribute."""
        return pd.DataFrame(
            [{field.name: getattr(self, field.name) for field in fields(self)}]
        )


def cost_per_additional_exit(
    invoice: Invoice,
    difference: Effect,
    n: int,
    *,
    with_vat: bool = False,
    cost_se: float = 0.0,
) -> CostPerExit:
    r"""Divide all that was paid by the exits that the pilot added.

    What the pilot cost :math:`n` people, over :math:`n` times the difference in the
    shares that left, with the set of Fieller [1]_. It is as causal as the difference
    is. What the control group's ordinary service cost is not taken off.

    Parameters
    ----------
    invoice
        What `invoice` returns.
    difference
        Pooled difference in shares: any effect with an estimate and a standard error.
    n
        People whom the money was spent on and the difference is about: for an
        intention to treat, all referred.
    with_vat
        Whether the cost includes value added tax.
    cost_se
        Standard error of the cost, where this invoice stands for others; 0: the sum
        was paid and is known.

    Returns
    -------
    CostPerExit
        In the invoice's currency, at the level of the difference.

    Raises
    ------
    EvalkitError
        If `n` is not positive, or the difference has no standard error.

    Notes
    -----
    With :math:`c` the cost a person and :math:`d` the difference, the set holds the
    ratios :math:`\rho` with

    .. math:: (c - \rho d)^2 \le z^2 (se_c^2 + \rho^2 se_d^2).

    It is an interval only if :math:`d^2 > z^2 se_d^2`, that is, if the interval of
    the difference leaves zero out. Otherwise it runs to infinity on both sides.

    References
    ----------
    .. [1] Fieller EC (1954). Some problems in interval estimation. Journal of the
       Royal Statistical Society B 16, 175-185.

    Examples
    --------
    >>> from evalkit.estimate.shares.differences import difference_in_shares
    >>> from evalkit.fees.invoice import Invoice, Line
    >>> line = Line(
    ...     month="2020-01",
    ...     event_id="",
    ...     kind="fixed",
    ...     paid=True,
    ...     net=Decimal(50000),
    ...     vat=Decimal(12000),
    ...     gross=Decimal(62000),
    ...     reason="",
    ... )
    >>> bill = Invoice(title="", currency="EUR", lines=(line,), through="2020-01")
    >>> difference = difference_in_shares((560, 1000), (2500, 5000))
    >>> cost = cost_per_additional_exit(bill, difference, 1000)
    >>> cost.estimate, cost.bounded
    (Decimal('833.33'), True)
    """
    if n < 1:
        raise EvalkitError(f"`n` must be a number of people, got {n}.")
    if not difference.se > 0:
        raise EvalkitError(
            "`difference` has no standard error, so that no set can be given.",
            hint="Pool more months, or use an estimator that gives one.",
        )
    cost = _cost(invoice, with_vat=with_vat)
    z = normal_quantile(difference.level)
    found = fieller(float(cost) / n, difference.estimate, cost_se / n, difference.se, z)
    return CostPerExit(
        estimate=_money(found.estimate),
        ci_low=_money(found.low),
        ci_high=_money(found.high),
        bounded=found.bounded,
        below=_money(found.below),
        cost=cost,
        n=n,
        exits=n * difference.estimate,
        level=difference.level,
        method="fieller",
        currency=invoice.currency,
        note=joined(
            _exit_note(found, difference),
            _vat_note(with_vat=with_vat),
            invoice.note,
            difference.note,
        ),
    )


class Ratio(NamedTuple):
    """A ratio and its set: from low to high, or else up to below and from low on."""

    estimate: float
    low: float
    high: float
    bounded: bool
    below: float


def fieller(a: float, b: float, se_a: float, se_b: float, z: float) -> Ratio:
    """Return Fieller's set of a / b, whose errors are independent.

    Examples
    --------
    >>> fieller(1.0, 0.5, 0.0, 0.1, 2.0).low
    1.4285714285714286
    >>> fieller(1.0, 0.1, 0.0, 0.1, 2.0).bounded
    False
    """
    estimate = a / b if b else math.nan
    square = b**2 - (z * se_b) ** 2
    rest = a**2 - (z * se_a) ** 2
    root = (a * b) ** 2 - square * rest
    if square > 0:
        reach = math.sqrt(max(root, 0.0))
        low, high = (a * b - reach) / square, (a * b + reach) / square
        return Ratio(estimate, low, high, bounded=True, below=math.nan)
    if square == 0 and a * b > 0:  # one of the two ends lies at infinity
        low, below = rest / (2 * a * b), -math.inf
    elif square == 0 or root <= 0:  # every ratio is in the set
        low, below = -math.inf, -math.inf
    else:
        low, below = ((a * b + sign * math.sqrt(root)) / square for sign in (-1, 1))
    return Ratio(estimate, low, math.inf, bounded=False, below=below)


def _cost(invoice: Invoice, *, with_vat: bool) -> Decimal:
    return invoice.gross if with_vat else invoice.net


def _money(value: float) -> Decimal:
    """Return a number as a sum in cents; what is infinite or unknown stays so."""
    return cents(Decimal(repr(value))) if math.isfinite(value) else Decimal(value)


def _vat_note(*, with_vat: bool) -> str:
    return "with value added tax" if with_vat else "without value added tax"


def _exit_note(found: Ratio, difference: Effect) -> str:
    """Say what the set means."""
    if not found.bounded:
        return (
            "unbounded: the interval of the difference includes zero, so that the "
            "pilot may have added no exit at all, at whatever cost"
        )
    if difference.estimate < 0:
        return "the pilot had fewer exits than the control group: more paid for less"
    return ""
