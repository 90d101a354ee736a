"""What data say of one reading of a statement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evalkit.estimate.effect import joined

Support = Literal["clear", "within chance", "counted", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What data say of one reading.

    Attributes
    ----------
    holds
        Whether it is so in these data; None where they cannot tell.
    published, found
        What was published and what the data have, in a few words.
    by
        By how much it holds; negative: by how much it fails.
    unit
        Of what: ``share`` (0.05 is five points), ``months``, ``people``, ``smd``.
    estimate, ci_low, ci_high, p_value
        The effect or share on which it hangs.
    detectable
        Smallest difference that groups of this size can be relied to show.
    support
        ``clear``: more than chance would do; ``within chance``: chance alone may do as
        much; ``counted``: everybody was counted, so that there is no chance.
    note
        What else should be known.
    """

    holds: bool | None
    published: str
    found: str
    by: float = math.nan
    unit: str = ""
    estimate: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    detectable: float = math.nan
    support: Support = ""
    note: str = ""


def unknown(published: str, *notes: str) -> Finding:
    """Return the finding of data that cannot tell."""
    return Finding(holds=None, published=published, found="", note=joined(*notes))


def whole(share: float) -> int:
    """Return a share in whole percent, halves rounded up.

    Examples
    --------
    >>> whole(0.585), whole(0.415)
    (59, 42)
    """
    return math.floor(100 * share + 0.5 + 1e-9)


def percent(share: float) -> str:
    """Return a share as text in whole percent.

    Examples
    --------
    >>> percent(0.372)
    '37 %'
    """
    return "" if math.isnan(share) else f"{whole(share)} %"


def beyond_chance(p_value: float, level: float) -> Support:
    """Return how well a test supports a reading."""
    if math.isnan(p_value):
        return ""
    return "clear" if p_value < 1 - level else "within chance"
