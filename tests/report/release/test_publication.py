"""A whole evaluation that leaves: same people, same number, and nobody to be seen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import EstimationError
from evalkit.estimate.groups.weights import weigh
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.survival.curves import survival_curves
from evalkit.evaluation.evaluation import evaluate
from evalkit.evaluation.quality import follow_up_quality
from evalkit.report.plots.balance import love_plot
from evalkit.report.plots.survival import survival_plot
from evalkit.report.release.curves import release_curves
from evalkit.report.release.estimates import coarse_table
from evalkit.report.release.people import People, few
from evalkit.report.release.publication import MASKED, publish
from evalkit.report.release.quality import release_quality
from evalkit.report.release.release import release
from tests.report.release.people import cohort, table


@pytest.fixture(scope="module")
def evaluation():
    people = table()
    people.loc[people.index[people["treat"] == 1][:3], "y"] = np.nan
    return evaluate(cohort(people))


@pytest.fixture(scope="module")
def publication(evaluation):
    return release(evaluation)


def test_every_table_says_what_is_masked(publication):
    for name, frame in publication.frames().items():
        assert frame["masked"].dtype == bool, name
        masked = frame[frame["masked"]].drop(
            columns=["masked", "level"], errors="ignore"
        )
        numbers = masked.select_dtypes("number")
        if not name.startswith(("quality", "support")):
            assert numbers.isna().all(axis=None), name


def test_the_same_people_are_told_with_the_same_number(publication):
    pooled = publication["months"].to_frame().iloc[-1]
    curves = publication["curves"].to_frame()
    for group in ("pilot", "control"):
        told = {
            publication["headline"].to_frame()[f"n_{group}"].iloc[0],
            publication["estimators"].to_frame()[f"n_{group}"].iloc[0],
            publication["rmst"].to_frame()[f"n_{group}"].iloc[0],
            publication["hazard_ratio"].to_frame()[f"n_{group}"].iloc[0],
            curves[curves["group"] == group]["at_risk"].iloc[0],
            getattr(publication.card, f"n_{group}"),
        }
        assert told == {pooled[f"n_{group}"]}


def test_few_unknown_outcomes_are_told_nowhere(publication):
    assert np.isnan(publication["months"].to_frame()["n_unknown"].iloc[-1])
    quality = publication["quality"].to_frame().set_index("group")
    assert np.isnan(quality.loc["pilot", "unknown"])
    assert "bounds" not in publication
    readings = publication["sensitivity"].to_frame().set_index("reading")
    assert readings.loc[["unknown_worst", "unknown_best"], "masked"].all()
    unknown = {c.code: c.measured for c in publication.gate.checks}
    assert np.isnan([unknown["unknown"], unknown["unknown_apart"]]).all()


@pytest.mark.parametrize("n_more", [1, 2, 4])
def test_how_many_are_unknown_changes_no_number_of_people(publication, n_more):
    """Whoever has the report cannot tell one unknown outcome from four."""
    people = table()
    pilots = people[people["treat"] == 1]
    known = people.drop(pilots.index[:3])
    unknown = pilots[:n_more].assign(y=np.nan)
    found = cohort(pd.concat([known, unknown], ignore_index=True))
    months = release(compare(found))
    assert People.of(months) == People.of(publication["months"])
    quality = release_quality(follow_up_quality(found), People.of(months)).to_frame()
    told = publication["quality"].to_frame()
    names = ["group", "n", "n_people", "known"]
    pd.testing.assert_frame_equal(quality[names], told[names])
    curves = release_curves(survival_curves(found), People.of(months)).to_frame()
    before = publication["curves"].to_frame()
    first = curves["weeks"] == 1
    assert curves["at_risk"][first].tolist() == before["at_risk"][first].tolist()


def test_no_number_of_persons_is_exact_but_those_of_the_months(publication):
    pooled = publication["months"].to_frame().iloc[-1]
    exact = set(pooled[["n_pilot", "n_control"]])
    for name, frame in publication.frames().items():
        if name in {"months", "routes.gray", "decomposition.linear"}:
            continue
        for column in frame.columns.intersection(["n", "n_pilot", "n_control", "rows"]):
            counts = set(frame[column].dropna()) - exact
            if name == "quality":
                counts = {
                    count - min(exact, key=lambda n, c=count: abs(c - n))
                    for count in counts
                }
            assert all(count % 5 == 0 for count in counts), (name, column)


def test_a_town_of_few_is_not_named(publication):
    everything = "".join(frame.to_csv() for frame in publication.frames().values())
    assert "Pori" in everything
    assert "Jämijärvi" not in everything
    assert "entrepreneur" not in everything


def test_weights_and_people_are_not_in_it(publication):
    for value in vars(type(publication))["__slots__"]:
        assert value not in {"cohort", "weights"}
    longest = max(len(frame) for frame in publication.frames().values())
    assert longest < 100


def test_figures_are_drawn_from_the_released_shapes(publication):
    for ax in (
        survival_plot(publication.shape("curves"), language="en"),
        love_plot(publication.shape("balance"), language="en"),
    ):
        ax.figure.draw_without_rendering()
    assert publication.shape("redraws") is None


def test_a_study_of_hardly_anybody_publishes_nothing():
    few_people = table(n=14, months=1)
    publication = publish(evaluate(cohort(few_people)))
    assert publication["months"].to_frame()["masked"].all()
    assert list(publication.tables) == ["months"]
    assert publication.skipped["headline"] == MASKED
    assert publication.gate is None
    assert np.isnan(publication.card.n_pilot)


def test_the_plan_s_smallest_cell_holds_unless_told_otherwise(evaluation):
    assert publish(evaluation).min_cell == 5
    assert publish(evaluation, min_cell=10).min_cell == 10
    with pytest.raises(EstimationError, match="min_cell"):
        publish(evaluation, min_cell=0)


def test_its_own_table_lists_the_tables(publication):
    listed = publication.to_frame().set_index("table")
    assert listed.loc["sensitivity", "masked"] == 2
    assert set(listed.index) == set(publication.frames())


def test_what_nothing_is_decided_about_stays(evaluation):
    with pytest.raises(EstimationError, match="Weights"):
        release(weigh(evaluation.cohort))
    with pytest.raises(EstimationError, match="Cohort"):
        release(evaluation.cohort)


def test_unknown_outcomes_are_told_nowhere_where_a_month_withholds_its_own():
    """Two in a month and six in another: the total less the six would be the two."""
    people = table()
    pilots = people[people["treat"] == 1]
    for month, count in (("2021-01", 2), ("2021-02", 6)):
        people.loc[pilots.index[pilots["month"] == month][:count], "y"] = np.nan
    found = publish(evaluate(cohort(people)))
    months = found["months"].to_frame()
    assert months["n_unknown"].tolist()[1] == 6
    assert np.isnan(months["n_unknown"].tolist()[0])
    assert found["quality"].to_frame()["unknown"].isna().all()
    assert "bounds" not in found
    assert found.skipped["bounds"] == MASKED
    readings = found["sensitivity"].to_frame().set_index("reading")
    assert readings.loc[["unknown_worst", "unknown_best"], "masked"].all()


def test_strict_shares_are_told_nowhere_where_a_month_withholds_its_own():
    plain = cohort(table())
    strict = plain.people["outcome"].copy()
    for month in plain.months:
        for group in ("pilot", "control"):
            own = (plain.people["month"] == month) & (plain.people["group"] == group)
            left = plain.people.index[own & (strict == 1)]
            strict[left[: 2 if month == "2021-01" else 8]] = 0.0
    people = plain.people.assign(outcome_strict=strict)
    found = publish(evaluate(dataclasses.replace(plain, people=people)))
    assert found["months"].to_frame()["strict"].isna().tolist()[:2] == [True, False]
    shares = found["headline_strict"].to_frame()[["pilot", "control"]]
    assert shares.isna().all(axis=None)
    assert np.isnan(found.shape("headline_strict").pilot)
    readings = found["sensitivity"].to_frame().set_index("reading")
    assert readings.loc["services_fail", ["pilot", "control"]].isna().all()
    assert np.isfinite(readings.loc["services_fail", "estimate"])


def test_people_who_recur_are_told_by_the_months_only(publication):
    for name in ("headline", "estimators"):
        frame = publication[name].to_frame()
        for column in frame.columns.intersection(["n_people", "n_clusters"]):
            assert frame[column].isna().all()


def test_shares_of_other_people_than_the_months_are_in_steps():
    people = People(min_cell=5, pilot=100, control=400)
    effect = pd.DataFrame(
        {
            "n_pilot": [100, 103, 250],
            "n_control": [400, 400, 400],
            "pilot": [0.4321, 0.4321, 0.4321],
            "control": [0.5, 0.5, 0.5],
        }
    )
    told = coarse_table(effect, people)
    assert told["n_pilot"].tolist() == [100, 100, 250]
    np.testing.assert_allclose(told["pilot"], [0.432, 0.429, 0.44])


def test_few_of_whom_a_reading_differs_hide_it():
    people = table()
    plain = cohort(people)
    strict = plain.people["outcome"].copy()
    changed = plain.people.index[(strict == 1) & (plain.people["group"] == "pilot")][:2]
    strict[changed] = 0.0
    frame = plain.people.assign(outcome_strict=strict)
    found = publish(evaluate(dataclasses.replace(plain, people=frame)))
    assert "headline_strict" not in found
    assert found.skipped["headline_strict"] == MASKED
    assert np.isnan(found.verdict.strict)
    readings = found["sensitivity"].to_frame().set_index("reading")
    assert readings.loc["services_fail", "masked"]
    assert few([2], 5).all()


HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "quotes \" ' ` and ; , | \n lines",
    "\N{GRINNING FACE}" * 3,
    "x" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].strip())
def test_hostile_texts_change_nothing_but_themselves(publication, text):
    people = table()
    people.loc[people.index[people["treat"] == 1][:3], "y"] = np.nan
    # Z keeps their place among the levels, which are in alphabetical order.
    named = people.assign(
        town=people["town"].replace({"Ulvila": f"Z{text}"}),
        to=people["to"].replace({"unknown": f"z{text}"}),
    )
    found = publish(evaluate(cohort(named)))
    for name in ("months", "headline", "curves", "balance", "quality", "estimators"):
        mine = publication[name].to_frame().replace({"Ulvila": "Z"})
        theirs = found[name].to_frame().replace({f"Z{text}": "Z"})
        pd.testing.assert_frame_equal(mine, theirs, check_exact=False, atol=0.02)
