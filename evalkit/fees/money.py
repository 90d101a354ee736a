"""Exact numbers: sums of money in cents, and shares of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

_CENT = Decimal("0.01")


def _exact(value: object) -> Decimal:
    """Return a number of a TOML file as it was written, without binary rounding."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    raise ValueError("write a plain number, such as 75 or 0.25")


Money = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, decimal_places=2)]
"""A sum that is paid."""

Share = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1)]
"""A share: 0.25 is a quarter."""

Hours = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0)]
"""Hours a week, halves among them."""


def cents(value: Decimal) -> Decimal:
    """Return a sum rounded to cents, halves up.

    Examples
    --------
    >>> cents(Decimal("0.125"))
    Decimal('0.13')
    """
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)
