"""Both groups' distributions in classes, none so small that it shows a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evalkit.report.plots.style import CONTROL, GRID, PILOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_FILL = 0.22


class Classes(NamedTuple):
    """Class edges, and the share of each group per unit of width in each class."""

    edges: Array
    pilot: Array
    control: Array


def merged_edges(edges: Array, groups: list[Array], smallest: int) -> Array:
    """Return the edges between classes that hold nobody of a group, or enough.

    From the left each class takes in the next ones until it has nobody or at least
    `smallest` people of each group; what is left over at the right joins the last
    class. A class without anybody of a group stays: there the groups do not meet.

    Examples
    --------
    >>> weeks = np.array([1.0, 2, 3, 14, 15, 16, 40])
    >>> merged_edges(np.array([0.0, 13, 26, 39, 52]), [weeks], 3).tolist()
    [0.0, 13.0, 52.0]
    """
    counts = np.array([np.histogram(group, edges)[0] for group in groups])
    classes: list[tuple[float, NDArray[np.int_]]] = []  # right edge, people
    held = np.zeros(len(groups), dtype=int)
    for edge, more in zip(edges[1:], counts.T, strict=True):
        held = held + more
        if _shown(held, smallest):
            classes.append((edge, held))
            held = np.zeros_like(held)
    while classes and not _shown(held, smallest):
        held = held + classes.pop()[1]
    ends = [edge for edge, _ in classes if edge < edges[-1]]
    return np.array([edges[0], *ends, edges[-1]])


def _shown(people: NDArray[np.int_], smallest: int) -> bool:
    """Tell whether a class may be shown: nobody or enough of each group."""
    return bool(((people == 0) | (people >= smallest)).all())


def density(values: Array, edges: Array, weights: Array | None = None) -> Array:
    """Return the share of the weight in each class, per unit of its width."""
    counts, _ = np.histogram(values, edges, weights=weights)
    total = counts.sum()
    return np.asarray(counts / total / np.diff(edges)) if total else counts * np.nan


def draw_classes(ax: Axes, classes: Classes) -> None:
    """Draw the pilots' classes filled, the controls' as a line."""
    ax.stairs(
        classes.pilot,
        classes.edges,
        fill=True,
        color=PILOT.color,
        alpha=_FILL,
        zorder=2,
    )
    for shares, style, name in (
        (classes.pilot, PILOT, "pilot"),
        (classes.control, CONTROL, "control"),
    ):
        ax.stairs(
            shares,
            classes.edges,
            baseline=0,
            color=style.color,
            linestyle=style.line,
            linewidth=1.6,
            zorder=3,
            gid=name,
        )
    ax.set_xlim(classes.edges[0], classes.edges[-1])
    ax.set_ylim(0, 1.08 * float(np.nanmax([classes.pilot, classes.control])))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color=GRID, linewidth=0.8)
