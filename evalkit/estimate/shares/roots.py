"""Where a falling function crosses zero, for many functions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

_HALVINGS = 64  # the width that is left is below the spacing of floats


def falling_root(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    low: ArrayLike,
    high: ArrayLike,
) -> NDArray[np.float64]:
    """Return the place between low and high where the function stops being positive.

    Halving needs no derivative and cannot leave the bracket, which matters next to
    the ends, where score statistics are infinite. A function that is positive
    throughout gives high, one that is nowhere positive gives low.
    """
    below, above = np.broadcast_arrays(
        np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    )
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        positive = function(middle) > 0
        below, above = (
            np.where(positive, middle, below),
            np.where(positive, above, middle),
        )
    return np.asarray((below + above) / 2)
