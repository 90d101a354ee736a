"""Controls who join the pilot later, against R and against what must hold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.survival.contamination import later_referrals
from evalkit.estimate.survival.curves import survival_curves
from evalkit.estimate.survival.horizon_difference import rmst_difference


@pytest.fixture(scope="module")
def table(reference):
    return reference("survival/referrals_people")


def cohort_of(table, *, person="person"):
    return Cohort.from_frame(
        table,
        group="pilot",
        outcome="outcome",
        person=person,
        month="month",
        weeks="weeks",
        exited="exited",
        covariates=["age", "weeks_to_referral", "days_observed"],
    )


def both_readings(table, **options):
    return later_referrals(cohort_of(table), **{"covariates": ["age"], **options})


def of_reading(found, reading):
    table = found.to_frame()
    return table[table["reading"] == reading].reset_index(drop=True)


def test_both_readings_are_those_of_r(table, reference):
    expected = reference("survival/referrals")
    found = both_readings(table, horizon=20).to_frame()
    assert found[["reading", "measure"]].equals(expected[["reading", "measure"]])
    for name in ("estimate", "control"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-9)
    # R's derivatives are numerical, with an error of the square of their step.
    np.testing.assert_allclose(found["se"], expected["se"], rtol=1e-7)


def test_what_is_kept_is_what_the_usual_functions_say(table):
    found = both_readings(table, horizon=20)
    kept = of_reading(found, "kept").set_index("measure")
    usual = rmst_difference(cohort_of(table), horizon=20)
    assert kept.loc["rmst", "estimate"] == pytest.approx(usual.estimate, abs=1e-12)
    assert kept.loc["rmst", "se"] == pytest.approx(usual.se, rel=1e-9)
    curves = survival_curves(cohort_of(table)).to_frame()
    own = found.curves[found.curves["reading"] == "kept"]
    both = own.merge(curves, on=["group", "weeks"], suffixes=("", "_usual"))
    assert len(both) == 40
    np.testing.assert_allclose(both["survival"], both["survival_usual"], atol=1e-12)


def test_the_pilot_group_is_the_same_in_both(table):
    found = both_readings(table, horizon=20)
    kept, censored = (of_reading(found, name) for name in ("kept", "censored"))
    np.testing.assert_array_equal(kept["pilot"], censored["pilot"])
    pilots = found.curves[found.curves["group"] == "pilot"]
    one, other = (pilots[pilots["reading"] == name] for name in ("kept", "censored"))
    np.testing.assert_array_equal(one["survival"], other["survival"])


def test_without_later_referrals_both_readings_are_one(table):
    found = both_readings(table.assign(weeks_to_referral=np.nan), horizon=13)
    kept, censored = (of_reading(found, name) for name in ("kept", "censored"))
    assert kept["estimate"].tolist() == censored["estimate"].tolist()
    assert found.n_referred == 0
    assert found.largest_weight == 1
    assert "no control was referred" in found.note


def test_a_referral_after_the_exit_changes_nothing(table):
    later = table.assign(
        weeks_to_referral=table["weeks"].where(table["pilot"] == 0) + 3.0
    )
    found = both_readings(later, horizon=13)
    assert found.n_referred == 0


def test_referrals_are_counted_and_few_of_them_mentioned(table):
    found = both_readings(table, horizon=13)
    control = table[table["pilot"] == 0]
    while_unemployed = control["weeks_to_referral"] < control["weeks"].clip(upper=13)
    assert found.n_referred == while_unemployed.sum()
    assert found.largest_weight > 1
    assert "referrals for a model of" in found.note


def test_the_order_of_rows_does_not_matter(table):
    one = both_readings(table, horizon=20).to_frame()
    other = both_readings(table.sample(frac=1, random_state=1), horizon=20).to_frame()
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_the_month_alone_may_explain_referrals(table):
    found = both_readings(table, horizon=13, covariates=[])
    assert of_reading(found, "censored")["se"].gt(0).all()


def test_nobody_left_to_tell_is_nothing_known(table):
    """All controls who last beyond week 8 are referred then."""
    control = table["pilot"] == 0
    referred = table.assign(
        weeks_to_referral=np.where(control & (table["weeks"] > 8), 8.0, np.nan)
    )
    found = both_readings(referred, horizon=13)
    row = of_reading(found, "censored").set_index("measure").loc["survival"]
    assert math.isnan(row["estimate"])
    assert row["note"] == "nobody is left to tell"


def test_a_cohort_without_referral_weeks_is_refused(table):
    cohort = Cohort.from_frame(
        table, group="pilot", outcome="outcome", weeks="weeks", exited="exited"
    )
    with pytest.raises(EstimationError, match="no column weeks_to_referral"):
        later_referrals(cohort, horizon=13)


@pytest.mark.parametrize(
    ("horizon", "said"),
    [(400, "beyond the follow-up"), (0, "whole number"), (2.5, "whole number")],
)
def test_an_unlawful_horizon_is_refused(table, horizon, said):
    with pytest.raises(EstimationError, match=said):
        both_readings(table, horizon=horizon)
