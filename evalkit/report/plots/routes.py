"""Exit routes: where each group has left to, and the trap of counting them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from evalkit.report.plots.route_panels import GROUP_STYLES, RoutePanels, capital
from evalkit.report.plots.style import INK, WARNING, evalkit_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from evalkit.estimate.survival.exit_routes import ExitRoutes


def exit_areas(
    result: ExitRoutes,
    *,
    weeks: int | None = None,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw where each group has left to, week by week, as areas that add up to all.

    Parameters
    ----------
    result
        Cumulative incidence of both groups.
    weeks
        Last week to draw. None: the last that both groups reach.
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
        Its two panels are ``ax.child_axes``; its figure is ``ax.figure``.

    Raises
    ------
    EstimationError
        If a group is empty, or the week is beyond the follow-up.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.survival.exit_routes import exit_routes
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 0, 0],
    ...         "weeks": [1, 2, 2, 2],
    ...         "left": [1, 1, 1, 0],
    ...         "to": ["work", "other", "work", ""],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people,
    ...     group="treat",
    ...     outcome="left",
    ...     weeks="weeks",
    ...     exited="left",
    ...     exit_to="to",
    ... )
    >>> ax = exit_areas(exit_routes(cohort), language="en", synthetic=True)
    >>> [panel.get_title(loc="left") for panel in ax.child_axes]
    ['Pilot group', 'Control group']
    """
    figure = RoutePanels.of(result, weeks, language)
    words = figure.words
    with evalkit_style():
        sheet = figure.sheet(
            title or words.text("routes.areas_title"),
            words.text("routes.areas_caption"),
            synthetic=synthetic,
        )
        ax, panels = figure.panels(ax, sheet)
        for panel, (group, style) in zip(panels, GROUP_STYLES.items(), strict=True):
            figure.draw_areas(panel, figure.stacked(result.table, "incidence", group))
            figure.write_head(panel, words.text(f"group.{group}"), style.color)
    return ax


def exit_comparison(
    result: ExitRoutes,
    *,
    routes: Sequence[str] | None = None,
    weeks: int | None = None,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw both groups' shares that have left by two routes, with intervals.

    Parameters
    ----------
    result
        Cumulative incidence of both groups.
    routes
        Two routes. None: work, where there is one, and the most frequent other.
    weeks, language, synthetic, title, ax
        As in `exit_areas`.

    Returns
    -------
    matplotlib.axes.Axes
        Its two panels are ``ax.child_axes``.

    Raises
    ------
    EstimationError
        If a group is empty, or the week is beyond the follow-up.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.survival.exit_routes import exit_routes
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 0, 0],
    ...         "weeks": [1, 2, 2, 2],
    ...         "left": [1, 1, 1, 0],
    ...         "to": ["work", "other", "work", ""],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people,
    ...     group="treat",
    ...     outcome="left",
    ...     weeks="weeks",
    ...     exited="left",
    ...     exit_to="to",
    ... )
    >>> ax = exit_comparison(exit_routes(cohort), language="en", synthetic=True)
    >>> [panel.get_title(loc="left") for panel in ax.child_axes]
    ['Work', 'Other']
    """
    figure = RoutePanels.of(result, weeks, language)
    words, chosen = figure.words, routes or figure.two_routes()
    with evalkit_style():
        sheet = figure.sheet(
            title or words.text("routes.compare_title"),
            words.text(
                "routes.compare_caption",
                level=words.percent(result.level),
                week=words.number(figure.last),
            ),
            synthetic=synthetic,
        )
        ax, panels = figure.panels(ax, sheet)
        top = figure.highest(chosen)
        panels[-1].set_visible(len(chosen) > 1)
        for panel, route in zip(panels, chosen, strict=False):
            figure.draw_lines(panel, route, top)
            figure.write_head(panel, figure.name(route), INK)
    return ax


def exit_trap(
    result: ExitRoutes,
    *,
    group: Literal["pilot", "control"] = "control",
    weeks: int | None = None,
    language: str = "fi",
    synthetic: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one minus Kaplan-Meier of each route beside the cumulative incidence.

    Routes that are taken one at a time, all other exits as censored, add up to more
    people than have left. A figure for those who are about to do so.

    Parameters
    ----------
    result
        Cumulative incidence of both groups.
    group
        The group to draw.
    weeks, language, synthetic, title, ax
        As in `exit_areas`.

    Returns
    -------
    matplotlib.axes.Axes
        Its two panels are ``ax.child_axes``.

    Raises
    ------
    EstimationError
        If a group is empty, or the week is beyond the follow-up.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.estimate.survival.exit_routes import exit_routes
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 0, 0],
    ...         "weeks": [1, 2, 1, 2],
    ...         "left": [1, 1, 1, 1],
    ...         "to": ["work", "other", "work", "other"],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people,
    ...     group="treat",
    ...     outcome="left",
    ...     weeks="weeks",
    ...     exited="left",
    ...     exit_to="to",
    ... )
    >>> ax = exit_trap(exit_routes(cohort), language="en", synthetic=True)
    >>> wrong, right = ax.child_axes
    >>> wrong.get_title(loc="left")
    '1 ... Kaplan...Meier of each route: 150%'
    """
    figure = RoutePanels.of(result, weeks, language)
    words = figure.words
    naive = figure.stacked(result.naive, "naive", group)
    shares = figure.stacked(result.table, "incidence", group)
    wrong, left = (
        words.percent(sum(float(share[-1]) for share in stack.values()))
        for stack in (naive, shares)
    )
    with evalkit_style():
        sheet = figure.sheet(
            title or words.text("routes.trap_title"),
            words.text(
                "routes.trap_caption",
                group=capital(words.text(f"group.{group}")),
                wrong=wrong,
                left=left,
                week=words.number(figure.last),
            ),
            synthetic=synthetic,
        )
        ax, panels = figure.panels(ax, sheet)
        everybody = np.sum(list(shares.values()), axis=0)
        top = max(1.0, float(np.sum([share[-1] for share in naive.values()])))
        heads = (("naive", wrong, WARNING), ("incidence", left, INK))
        for panel, stack, (key, total, color) in zip(
            panels, (naive, shares), heads, strict=True
        ):
            figure.draw_areas(panel, stack, top=top)
            figure.draw_total(panel, everybody)
            head = words.text(f"routes.{key}", total=total)
            figure.write_head(panel, head, color)
    return ax
