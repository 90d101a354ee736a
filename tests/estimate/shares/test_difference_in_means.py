"""Welch's difference in means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.shares.differences import difference_in_means


def numbers(text: str) -> list[float]:
    return [float(number) for number in text.split()]


def test_agrees_with_r(reference) -> None:
    table = reference("means")
    assert len(table) == 3
    for row in table.itertuples():
        difference = difference_in_means(
            numbers(row.pilot), numbers(row.control), level=row.level
        )
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
            expected = getattr(row, name)
            assert getattr(difference, name) == pytest.approx(expected, abs=1e-8)


def test_missing_values_are_left_out_and_counted() -> None:
    difference = difference_in_means([1, 2, np.nan, 6], [np.nan, 3, 5])
    assert difference.n_pilot == 3
    assert difference.n_control == 2
    assert difference.note == "2 missing value(s) left out"
    assert difference.ci_low == difference_in_means([1, 2, 6], [3, 5]).ci_low


@pytest.mark.parametrize(
    ("pilot", "control", "estimate", "note"),
    [
        ([4.0], [1.0, 2.0], 2.5, "one value in a group"),
        ([4.0, 4.0], [1.0, 1.0], 3.0, "no variation"),
        ([], [1.0, 2.0], math.nan, "nobody in the pilot group"),
    ],
)
def test_undefined_is_nan_with_a_note(pilot, control, estimate, note) -> None:
    difference = difference_in_means(pilot, control)
    assert difference.estimate == pytest.approx(estimate, nan_ok=True)
    assert math.isnan(difference.ci_low)
    assert math.isnan(difference.p_value)
    assert note in difference.note


def test_infinite_values_are_refused() -> None:
    with pytest.raises(EstimationError, match="`control` holds values"):
        difference_in_means([1, 2], [1, math.inf])
