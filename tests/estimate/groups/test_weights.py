"""Weights of a cohort, by each method."""

# ruff: noqa: PD011  (the values of weights are those of people)
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.cohort import Cohort
from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh

METHODS = [
    ("entropy", {}),
    ("entropy", {"moments": 2}),
    ("ipw", {}),
    ("ipw", {"cap": 0.9}),
    ("ipw", {"trim": 0.7}),
    ("matching", {}),
    ("matching", {"ratio": 2, "caliper": 0.05, "exact": ["sex"]}),
    ("matching", {"ratio": 3, "replace": True}),
    ("stratification", {}),
    ("stratification", {"subclasses": 40}),
]


def without_pilots(cohort: Cohort, month: str) -> Cohort:
    people = cohort.people
    kept = (people["month"] != month) | ~cohort.is_pilot
    return replace(cohort, people=people[kept])


def month_sums(cohort: Cohort, values: pd.Series) -> pd.DataFrame:
    keys = [cohort.people["month"], cohort.people["group"]]
    return values.groupby(keys).sum().unstack("group")  # noqa: PD010


@pytest.mark.parametrize(
    ("column", "method", "options"),
    [
        ("ipw", "ipw", {}),
        ("capped", "ipw", {"cap": 0.9}),
        ("entropy", "entropy", {}),
        ("entropy_2", "entropy", {"moments": 2}),
    ],
)
def test_weights_agree_with_r(
    reference, weighted_cohort, column, method, options
) -> None:
    weights = weigh(weighted_cohort, method=method, **options)
    np.testing.assert_allclose(weights.values, reference("weights")[column], atol=1e-7)
    if column != "entropy_2":  # its Hessian multiplies what rounding leaves
        np.testing.assert_allclose(
            weights.values, reference("weights")[column], atol=1e-8
        )


@pytest.mark.parametrize(("method", "options"), METHODS, ids=str)
def test_what_holds_of_all_weights(weighted_cohort, method, options) -> None:
    cohort = without_pilots(weighted_cohort, "2021-03")
    weights = weigh(cohort, method=method, **options)
    values, pilot = weights.values, cohort.is_pilot
    assert values.index.equals(cohort.people.index)
    assert (values >= 0).all()
    assert set(values[pilot]) <= {0.0, 1.0}
    sums = month_sums(cohort, values).fillna(0)
    np.testing.assert_allclose(sums["pilot"], sums["control"], rtol=1e-7)
    assert sums.loc["2021-03"].tolist() == [0, 0]
    assert not weights.rows[cohort.people["month"] == "2021-03"].any()
    assert "not used, because one group is empty: 2021-03" in weights.note
    assert list(weights.dropped) == np.flatnonzero(pilot & (values == 0)).tolist()
    assert (weights.estimand == "ATT") == (len(weights.dropped) == 0)
    for group, rows in (("pilot", pilot), ("control", ~pilot)):
        own = values[rows]
        assert weights.ess[group] == pytest.approx(own.sum() ** 2 / (own**2).sum())
    table = weights.to_frame()
    assert table["weight"].tolist() == pytest.approx([values[pilot].sum()] * 2)
    assert table["used"].tolist() == [
        (values[rows] > 0).sum() for rows in (pilot, ~pilot)
    ]


@pytest.mark.parametrize(("method", "options"), METHODS, ids=str)
def test_outcomes_play_no_part(weighted_cohort, method, options) -> None:
    unknown = replace(
        weighted_cohort, people=weighted_cohort.people.assign(outcome=np.nan)
    )
    one, other = (
        weigh(cohort, method=method, **options) for cohort in (weighted_cohort, unknown)
    )
    pd.testing.assert_series_equal(one.values, other.values)


@pytest.mark.parametrize(("method", "options"), METHODS, ids=str)
def test_the_order_of_rows_moves_the_weights_along(
    weighted_cohort, method, options
) -> None:
    """Matching breaks ties by the order of rows, so here nobody is tied."""
    rng = np.random.default_rng(3)
    people = weighted_cohort.people
    people = people.assign(age=people["age"].fillna(40) + rng.normal(size=len(people)))
    cohort = replace(weighted_cohort, people=people)
    mixed = replace(cohort, people=people.sample(frac=1, random_state=1))
    one, other = (weigh(each, method=method, **options) for each in (cohort, mixed))
    np.testing.assert_allclose(
        one.values, other.values.reindex(one.values.index), atol=1e-6
    )


def test_entropy_gives_the_pilots_means_and_variances(weighted_cohort) -> None:
    weights = weigh(weighted_cohort, moments=2)
    pilot = weighted_cohort.is_pilot.to_numpy()
    x, w = weights.matrix.values, weights.values.to_numpy()
    control = np.average(x[~pilot], axis=0, weights=w[~pilot])
    np.testing.assert_allclose(control, x[pilot].mean(axis=0), rtol=1e-6)
    assert "age squared" in weights.matrix.names
    form = np.exp(x[~pilot] @ weights.parameters)
    np.testing.assert_allclose(
        w[~pilot] / w[~pilot].sum(), form / form.sum(), rtol=1e-5
    )


def test_what_entropy_cannot_balance_is_named(weighted_cohort) -> None:
    people = weighted_cohort.people
    far = people.assign(age=np.where(weighted_cohort.is_pilot, 200.0, people["age"]))
    with pytest.raises(EstimationError, match=r"(?s)No weights.*Farthest apart: age"):
        weigh(replace(weighted_cohort, people=far))


def test_a_place_without_pilots_gets_no_weight(weighted_cohort) -> None:
    people = weighted_cohort.people
    pilot = weighted_cohort.is_pilot
    kept = people[~(pilot & (people["place"] == "rauma"))]
    cohort = replace(weighted_cohort, people=kept)
    weights = weigh(cohort)
    assert (weights.values[cohort.people["place"] == "rauma"] == 0).all()
    assert weigh(cohort, method="ipw").note.endswith("(separation)")


def test_matching_keeps_its_pairs(weighted_cohort) -> None:
    weights = weigh(weighted_cohort, method="matching", ratio=2, exact=["sex"])
    people, pairs = weighted_cohort.people, weights.pairs
    for column in ("month", "sex"):
        values = people[column].to_numpy()
        assert (values[pairs[:, 0]] == values[pairs[:, 1]]).all()
    assert len(set(pairs[:, 1])) == len(pairs)
    matched = set(pairs[:, 0])
    assert matched.isdisjoint(weights.dropped)
    assert len(matched) + len(weights.dropped) == weighted_cohort.is_pilot.sum()
    shares = pd.Series(pairs[:, 0]).map(pd.Series(pairs[:, 0]).value_counts())
    np.testing.assert_allclose(weights.values.to_numpy()[pairs[:, 1]], 1 / shares)


def test_pilots_beyond_the_caliper_are_left_out_and_named(weighted_cohort) -> None:
    line = np.where(weighted_cohort.is_pilot, 5.0, 0.0) + np.arange(900) / 1000
    line[np.flatnonzero(weighted_cohort.is_pilot)[:3]] = 0.5
    weights = weigh(weighted_cohort, method="matching", score=line, caliper=0.5)
    assert weights.estimand == "ATT of matched pilots"
    assert weights.values[weighted_cohort.is_pilot].sum() == 3
    assert f"{len(weights.dropped)} pilot row(s) left out" in weights.note


def test_given_scores(reference, weighted_cohort) -> None:
    score = reference("weights")["score"]
    given = weigh(weighted_cohort, method="ipw", score=score)
    fitted = weigh(weighted_cohort, method="ipw")
    np.testing.assert_allclose(given.values, fitted.values, atol=1e-7)
    np.testing.assert_allclose(given.score, score)
    assert given.matrix is None
    logit = np.log(score / (1 - score))
    pairs = weigh(weighted_cohort, method="matching", score=logit).pairs
    assert pairs.tolist() == weigh(weighted_cohort, method="matching").pairs.tolist()


def test_strata_have_pilots_over_controls(weighted_cohort) -> None:
    weights = weigh(weighted_cohort, method="stratification", subclasses=2)
    people = weighted_cohort.people
    middle = people["weeks_before"][weighted_cohort.is_pilot].median()
    low = (people["weeks_before"] <= middle) & (people["month"] == "2021-01")
    counts = people["group"][low].value_counts()
    own = weights.values[low & ~weighted_cohort.is_pilot]
    np.testing.assert_allclose(own, counts["pilot"] / counts["control"])


def test_people_of_unknown_duration_are_a_stratum(weighted_cohort) -> None:
    people = weighted_cohort.people
    weeks = people["weeks_before"].where(people.index >= 100)
    cohort = replace(weighted_cohort, people=people.assign(weeks_before=weeks))
    values = weigh(cohort, method="stratification").values
    unknown = cohort.people["weeks_before"].isna()
    sums = values[unknown].groupby(cohort.people["group"]).sum()
    assert sums["pilot"] == pytest.approx(sums["control"])


@pytest.mark.parametrize(("method", "options"), METHODS, ids=str)
def test_again_weighs_some_rows_in_the_same_way(
    weighted_cohort, method, options
) -> None:
    names = ["age", "sex"]
    weights = weigh(weighted_cohort, method=method, covariates=names, **options)
    rows = np.flatnonzero(np.random.default_rng(5).random(900) < 0.8)
    some = replace(weighted_cohort, people=weighted_cohort.people.iloc[rows])
    expected = weigh(some, method=method, covariates=names, **options)
    found = weights.again(weighted_cohort, rows)
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.values.index.tolist() == list(range(len(rows)))
    assert (found.method, found.covariates) == (method, ("age", "sex"))
    assert found.options == weights.options == options


@pytest.mark.parametrize("method", ["entropy", "ipw", "stratification"])
def test_again_takes_a_row_as_often_as_it_is_named(weighted_cohort, method) -> None:
    weights = weigh(weighted_cohort, method=method)
    found = weights.again(weighted_cohort, np.repeat(np.arange(900), 2))
    np.testing.assert_allclose(found.values, np.repeat(weights.values, 2), atol=1e-6)


def test_again_moves_a_given_score_along(reference, weighted_cohort) -> None:
    score = reference("weights")["score"]
    weights = weigh(weighted_cohort, method="ipw", score=score)
    backwards = np.arange(900)[::-1]
    found = weights.again(weighted_cohort, backwards)
    np.testing.assert_allclose(found.values, weights.values[::-1])
    np.testing.assert_array_equal(found.score, score[::-1])


def test_no_month_with_both_groups_gives_no_weights() -> None:
    people = pd.DataFrame({"t": [1, 0], "y": 0, "m": ["a", "b"], "age": [30, 40]})
    cohort = Cohort.from_frame(
        people, group="t", outcome="y", month="m", covariates=["age"]
    )
    weights = weigh(cohort)
    assert weights.values.tolist() == [0, 0]
    assert weights.ess == {"pilot": 0, "control": 0}
    assert weights.dropped == (0,)
    assert weights.score is weights.matrix is weights.pairs is None
    assert "a, b" in weights.note


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("magic", {}, "(?s)unknown: 'magic'.*stratification"),
        ("entropy", {"ratio": 2}, "(?s)no option ratio.*It has: moments"),
        ("entropy", {"moments": 3}, "`moments` must be 1"),
        ("ipw", {"trim": 1.5}, "`trim` must be between 0 and 1"),
        ("matching", {"ratio": 0}, "`ratio` must be a whole number"),
        ("matching", {"caliper": 0}, "`caliper` must be above 0"),
        ("matching", {"exact": ["shoe"]}, "no column shoe"),
        ("matching", {"score": [1.0]}, "one finite number for each row"),
        ("ipw", {"score": np.full(900, 2.0)}, "probabilities"),
        ("ipw", {"covariates": []}, "no covariates"),
    ],
)
def test_unlawful_calls(weighted_cohort, method, options, message) -> None:
    with pytest.raises(EstimationError, match=message):
        weigh(weighted_cohort, method=method, **options)


def test_stratification_needs_weeks(people, make_cohort) -> None:
    with pytest.raises(EstimationError, match="weeks of unemployment"):
        weigh(make_cohort(people), method="stratification")
