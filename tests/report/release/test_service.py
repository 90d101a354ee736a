"""The service's own results, as they may leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.report.release.release import release
from evalkit.service.results import ServiceResults


def results(*counts: tuple[float, float]) -> ServiceResults:
    rows = pd.DataFrame(
        [
            {
                "table": "all", "group": f"g{place}", "measure": "started",
                "count": count, "base": "referred", "base_n": base, "share": 0.1234567,
                "ci_low": 0.1, "ci_high": 0.2, "note": "3 not yet through the service",
            }
            for place, (count, base) in enumerate(counts)
        ]
    ).astype({"count": "Int64", "base_n": "Int64"})  # fmt: skip
    years = pd.DataFrame(
        {
            "year": ["2020"], "measure": ["started"], "count": [63], "months": [12],
            "active_months": [10], "a_month": [5.25], "an_active_month": [6.3],
        }
    )  # fmt: skip
    return ServiceResults(
        counts=rows,
        targets=rows.assign(target="t", met=True),
        averages=years,
        n_people=103,
        level=0.95,
        note="7 referrals of people referred before",
    )


@pytest.mark.parametrize(
    ("counts", "masked"),
    [((50, 100), False), ((4, 100), True), ((0, 100), True), ((97, 100), True)],
)
def test_small_counts_and_small_rests_are_masked(counts, masked):
    table = release(results(counts)).to_frame()
    assert table["masked"].tolist() == [masked]
    assert pd.isna(table["count"].iloc[0]) == masked


def test_counts_are_multiples_and_shares_are_theirs():
    released = release(results((52, 103), (33, 88)))
    table = released.to_frame()
    assert table["count"].tolist() == [50, 35]
    assert table["base_n"].tolist() == [105, 90]
    np.testing.assert_array_equal(table["share"], [0.48, 0.39])
    assert (table["ci_low"] < table["share"]).all()
    assert released.result.n_people == 105
    assert "3" not in table["note"].iloc[0]
    assert "7" not in released.note


def test_averages_are_of_rounded_counts():
    years = release(results((52, 103))).further["averages"]
    assert years["count"].tolist() == [65]
    assert years["a_month"].tolist() == [5.4]


def test_what_did_not_happen_in_a_pause_is_missing_not_masked():
    table = release(results((np.nan, np.nan))).to_frame()
    assert not table["masked"].any()
    assert table["count"].isna().all()
