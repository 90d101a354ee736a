"""Both groups as columns, as reports like to show them."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.report.plots.columns import monthly_columns
from evalkit.report.plots.style import figure_bytes, whole_figure
from evalkit.study.protocol import Break
from tests.report.plots.layout import covering, overflowing
from tests.report.tables import hand_made, months, satakunta, with_a_masked_month

SMALL = ("2021-01", 2, 4, 250, 500)
LARGE = ("2021-02", 40, 80, 250, 500)
LARGER = ("2021-04", 50, 90, 260, 500)


def texts(ax, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def columns(ax, group: str) -> list[tuple[float, float]]:
    """Return middle and height of each column of a group."""
    return [
        (bar.get_x() + bar.get_width() / 2, bar.get_height())
        for bar in ax.patches
        if bar.get_gid() == group
    ]


@pytest.mark.parametrize("group", ["pilot", "control"])
def test_columns_are_the_shares(group) -> None:
    ax = monthly_columns(hand_made(LARGE, LARGER), language="en")
    found = columns(ax, group)
    shares = {"pilot": [0.5, 50 / 90], "control": [0.5, 0.52]}[group]
    np.testing.assert_allclose([height for _, height in found], shares)
    assert ax.get_ylim()[0] == 0


def test_groups_stand_beside_each_other_and_gaps_stay_gaps() -> None:
    ax = monthly_columns(hand_made(LARGE, LARGER))
    pilot, control = (columns(ax, group) for group in ("pilot", "control"))
    assert len(ax.get_xticks()) == 3
    february = 12 * 2021 + 1
    middles = [(p + c) / 2 for (p, _), (c, _) in zip(pilot, control, strict=True)]
    np.testing.assert_allclose(middles, [february, february + 2])
    assert pilot[0][0] < control[0][0]


def test_whole_percent_with_the_sign_where_there_is_room() -> None:
    few = monthly_columns(hand_made(LARGE, LARGER), language="en")
    assert texts(few, "number") == ["50%", "56%", "50%", "52%"]
    rows = [(month, 50, 90, 260, 500) for month in months("2020-01", 12)]
    many = monthly_columns(hand_made(*rows), language="en")
    assert texts(many, "number") == ["56"] * 12 + ["52"] * 12


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("count", [3, 12, 24])
def test_no_text_runs_into_another_or_leaves_the_figure(count, language) -> None:
    ax = monthly_columns(satakunta(count), language=language, synthetic=True)
    assert covering(whole_figure(ax)) == []
    assert overflowing(whole_figure(ax)) == []


def test_a_masked_month_is_hatched_and_has_no_columns() -> None:
    ax = monthly_columns(with_a_masked_month(SMALL, LARGE, LARGER))
    hidden = [patch for patch in ax.patches if patch.get_hatch()]
    assert len(hidden) >= 1
    assert len(columns(ax, "pilot")) + len(hidden) == 3
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[-1] == "peitetty"


def test_a_month_without_pilots_has_only_controls() -> None:
    ax = monthly_columns(satakunta(6))
    assert len(columns(ax, "control")) > len(columns(ax, "pilot")) > 0


def test_breaks_and_tag() -> None:
    pause = Break(label="keskeytys", first="2021-03", last="2021-03")
    ax = monthly_columns(hand_made(LARGE, LARGER), breaks=[pause], synthetic=True)
    assert texts(ax, "break") == ["keskeytys"]
    assert texts(ax, "tag") == ["Synteettinen aineisto"]


def test_strata_that_are_no_months() -> None:
    ax = monthly_columns(hand_made(("north", 5, 10, 5, 10), ("south", 6, 10, 5, 10)))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["north", "south"]


def test_another_outcome_than_a_share_is_refused() -> None:
    nothing = [np.nan, np.nan]
    table = hand_made(LARGE, pilot_events=nothing, control_events=nothing)
    with pytest.raises(EstimationError, match="shares"):
        monthly_columns(table)


def test_the_same_bytes_again() -> None:
    one, other = (monthly_columns(hand_made(LARGE, LARGER)) for _ in range(2))
    assert figure_bytes(one, "pdf") == figure_bytes(other, "pdf")
