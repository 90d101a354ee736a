"""p-values that allow for the number of months."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.multiplicity import (
    adjusted_p_values,
    benjamini_hochberg,
    holm,
)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_agrees_with_r(reference, adjust) -> None:
    table = reference("multiplicity")
    np.testing.assert_allclose(
        adjust(table["p_value"]), table[adjust.__name__], rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_neither_few_nor_the_order_matters(adjust) -> None:
    p_values = np.array([0.04, 0.01, 0.03, 0.5])
    order = [2, 0, 3, 1]
    np.testing.assert_array_equal(adjust(p_values)[order], adjust(p_values[order]))
    np.testing.assert_array_equal(adjust([0.2]), [0.2])
    assert adjust([]).size == 0
    assert np.isnan(adjust([np.nan])).all()


def test_a_row_for_each_month(people, make_cohort) -> None:
    comparison = compare(make_cohort(people))
    adjusted = adjusted_p_values(comparison)
    table = adjusted.to_frame()
    assert list(table["month"]) == list(comparison.months["month"])
    assert adjusted.n_tests == len(table) == 6
    assert (table["holm"] >= table["benjamini_hochberg"]).all()
    assert (table["benjamini_hochberg"] >= table["p_value"]).all()


def test_a_month_without_a_test_is_not_counted(people, make_cohort) -> None:
    alone = people[(people["month"] != "2021-06") | (people["pilot"] == 0)]
    adjusted = adjusted_p_values(compare(make_cohort(alone)))
    assert adjusted.n_tests == 5
    assert adjusted.to_frame()["holm"].isna().tolist() == [False] * 5 + [True]
