"""The hazard ratio of the Pennsylvania experiment, from its public file."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.estimate.survival.cox import hazard_ratio
from evalkit.estimate.survival.discrete_time import discrete_time_hazard
from evalkit.estimate.survival.interval_effects import interval_effects
from evalkit.estimate.survival.proportional_hazards import proportional_hazards
from evalkit.examples.pennsylvania import read_pennsylvania

SOURCE = Path(__file__).parents[4] / "shared" / "data" / "pennsylvania" / "penn_jae.dat"
PILOT, CONTROL = 4, 0
EXHAUSTED = 27  # benefits end; for exits a censoring

pytestmark = pytest.mark.skipif(
    not SOURCE.exists(), reason=f"{SOURCE.name} of Bilias (2000) is not at hand"
)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    table = read_pennsylvania(SOURCE)
    table = table[table["arm"].isin([PILOT, CONTROL])].reset_index(drop=True)
    people = table.assign(
        pilot=table["arm"] == PILOT,
        until=table["weeks"].clip(upper=EXHAUSTED),
        exited=table["weeks"] < EXHAUSTED,
    )
    return Cohort.from_frame(
        people, group="pilot", outcome="exited", weeks="until", exited="exited"
    )


def test_the_reference_coefficient(cohort) -> None:
    found = hazard_ratio(cohort)
    row = found.coefficients.iloc[0]
    assert row["coef"] == pytest.approx(0.0722, abs=5e-5)
    assert row["se"] == pytest.approx(0.0335, abs=5e-5)
    assert found.errors == "model"
    clustered = hazard_ratio(cohort, errors="clustered")
    assert clustered.coefficients["se"].iloc[0] == pytest.approx(row["se"], rel=0.01)


def test_months_say_the_same(cohort) -> None:
    ratio = hazard_ratio(cohort)
    coarse = discrete_time_hazard(cohort, interval=4)
    assert math.log(coarse.estimate) == pytest.approx(
        math.log(ratio.estimate), abs=0.01
    )
    effects = interval_effects(cohort, interval=4).table
    weeks = effects[effects["quantity"] == "mean weeks"].set_index(["weeks", "group"])
    assert weeks.loc[(26, "control"), "exact"] == pytest.approx(12.860, abs=5e-4)
    assert 1 < weeks.loc[(26, "control"), "change"] < 2
    assert abs(weeks.loc[(26, "difference"), "change"]) < 0.2


def test_no_sign_of_a_changing_ratio(cohort) -> None:
    found = proportional_hazards(cohort)
    assert found.table["p_value"].min() > 0.05
    assert found.residuals["exits"].sum() == cohort.people["exited"].sum()
