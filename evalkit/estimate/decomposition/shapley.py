"""A fair share for each player of a game that all of them play together."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def coalitions(players: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Give every set of players, from nobody to all.

    Examples
    --------
    >>> list(coalitions(["age", "place"]))
    [(), ('age',), ('place',), ('age', 'place')]
    """
    for size in range(len(players) + 1):
        yield from combinations(players, size)


def shapley_weights(
    coalition: tuple[str, ...], players: Sequence[str]
) -> dict[str, float]:
    r"""Return what the value of a coalition counts in each player's share.

    A player's share is the mean, over all orders in which the players may come in, of
    what the value gains when that player does [1]_: with n players a coalition of s
    counts :math:`(s - 1)! (n - s)! / n!` for its members and
    :math:`-s! (n - s - 1)! / n!` for the others.

    References
    ----------
    .. [1] Shapley LS (1953). A value for n-person games. In: Contributions to the
       theory of games II, 307-317. Princeton University Press.

    Examples
    --------
    >>> shapley_weights(("age",), ["age", "place"])
    {'age': 0.5, 'place': -0.5}
    """
    n, size = len(players), len(coalition)
    member = factorial(size - 1) * factorial(n - size) / factorial(n) if size else 0.0
    other = -factorial(size) * factorial(n - size - 1) / factorial(n) if size < n else 0
    return {player: member if player in coalition else other for player in players}
