import dataclasses
import hashlib
import json
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.draw import draw_controls, snapshot_hash
from evalkit.cohort.frame import drawable_months
from evalkit.errors import DrawError, EvalkitWarning
from evalkit.register.register import open_register
from evalkit.study.months import parse_month
from tests.cohort.conftest import COLUMNS, plan, referral, spell

EVERYBODY = [spell(f"P{i:03d}", "2020-12-01") for i in range(40)]


def ranked_by_hand(month, ids, seed="seed"):
    return sorted(
        ids, key=lambda i: hashlib.sha256(f"{seed}|{month}|{i}".encode()).hexdigest()
    )


def test_the_sample_is_the_first_of_the_ranking(register_of):
    register = register_of(EVERYBODY, protocol=plan(draw={"size": 7}))
    draw = draw_controls(register, "2021-02")
    ids = [f"P{i:03d}" for i in range(40)]
    assert list(draw.person_ids) == ranked_by_hand("2021-02", ids)[:7]
    assert draw.to_frame()["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="needs sha256sum")
def test_the_ranking_can_be_made_again_with_sha256sum(register_of):
    register = register_of(EVERYBODY[:5])
    hashes = {
        f"P{i:03d}": subprocess.run(
            ["sha256sum"],  # noqa: S607
            input=f"seed|2021-02|P{i:03d}".encode(),
            capture_output=True,
            check=True,
        ).stdout
        for i in range(5)
    }
    draw = draw_controls(register, "2021-02")
    assert list(draw.person_ids) == sorted(hashes, key=hashes.__getitem__)


def test_months_are_drawn_independently(register_of):
    register = register_of(EVERYBODY, protocol=plan(draw={"size": 7}))
    first, second = (draw_controls(register, m) for m in ("2021-02", "2021-03"))
    assert set(first.person_ids) != set(second.person_ids)


def test_attrition_counts_each_criterion_in_order(register_of):
    spells = [
        spell("stays", "2020-12-01"),
        spell("young", "2021-01-28"),  # less than a week on the counting day
        spell("long", "2018-12-01"),  # more than 104 weeks
        spell("works", "2020-12-01", codes={"2021-01": "01"}),
        spell("serves", "2020-12-01", codes={"2021-01": "07"}),
        spell("gone", "2020-12-01", "2021-01-20"),
        spell("abroad", "2020-12-01", office="elsewhere"),
        spell("client", "2020-12-01"),
        spell("later", "2020-12-01"),
    ]
    referrals = [referral("client", "2021-02-01"), referral("later", "2021-02-02")]
    protocol = plan(frame={"offices": [{"names": ["TE"]}]})
    draw = draw_controls(register_of(spells, referrals, protocol), "2021-02")
    assert sorted(draw.person_ids) == ["later", "stays"]
    assert draw.attrition.to_numpy().tolist() == [
        ["unemployed", 10, 4, 6],
        ["duration known", 6, 0, 6],
        ["unemployed for 1-104 weeks", 6, 2, 4],
        ["office counts", 4, 1, 3],
        ["not in_service", 3, 0, 3],
        ["not referred to the pilot by then", 3, 1, 2],
    ]


def test_an_office_counts_from_its_month_on(register_of):
    spells = [spell("te", "2020-12-01"), spell("town", "2020-12-01", office="Town")]
    offices = [{"names": ["TE"]}, {"names": ["Town"], "first": "2021-03"}]
    register = register_of(spells, protocol=plan(frame={"offices": offices}))
    assert draw_controls(register, "2021-02").person_ids == ("te",)
    assert sorted(draw_controls(register, "2021-03").person_ids) == ["te", "town"]


def test_the_closing_stock_and_the_inflow(register_of):
    spells = [
        spell("before", "2020-12-01"),
        spell("within", "2021-02-10"),
        spell("left", "2021-02-10", "2021-02-20"),
        spell("client", "2021-02-15"),
    ]
    referrals = [referral("client", "2021-02-15")]
    report = {"time_zero": "report"}
    closing = plan(frame={"kind": "closing"}, follow_up=report)
    register = register_of(spells, referrals, closing)
    assert sorted(draw_controls(register, "2021-02").person_ids) == ["before", "within"]
    inflow = plan(frame={"kind": "inflow", "weeks": [0, 104]})
    register = register_of(spells, referrals, inflow)
    assert sorted(draw_controls(register, "2021-02").person_ids) == ["left", "within"]


def test_as_many_as_the_pilot(register_of):
    referrals = [
        referral("P000", "2021-02-03"),
        referral("P001", "2021-02-28"),
        referral("P001", "2021-03-20"),
        referral("P002", "2021-03-01"),
    ]
    register = register_of(EVERYBODY, referrals, plan(draw={"size": "pilot"}))
    assert len(draw_controls(register, "2021-02").person_ids) == 2
    assert len(draw_controls(register, "2021-03").person_ids) == 1


def test_a_frame_smaller_than_the_sample_is_drawn_whole_and_said(register_of):
    register = register_of(EVERYBODY, protocol=plan(draw={"size": 500}))
    with pytest.warns(
        EvalkitWarning, match="40 people, fewer than the sample size 500"
    ):
        draw = draw_controls(register, "2021-02")
    assert len(draw.person_ids) == draw.certificate.drawn == 40
    assert draw.certificate.size == 500


def test_months_that_can_be_drawn(register_of):
    register = register_of(EVERYBODY)
    months = drawable_months(register)
    assert (months[0], months[-1]) == ("2020-12", "2022-01")
    protocol = plan(
        draw={"first": "2021-01", "last": "2021-06", "skip": ["2021-04", "2021-05"]}
    )
    register = register_of(EVERYBODY, protocol=protocol)
    assert drawable_months(register) == ["2021-01", "2021-02", "2021-03", "2021-06"]
    with pytest.raises(DrawError, match=r"draw\.skip"):
        draw_controls(register, "2021-04")


def test_a_month_without_its_snapshot_says_which_is_needed(register_of):
    with pytest.raises(DrawError, match="snapshot of 2022-06"):
        draw_controls(register_of(EVERYBODY), "2022-07")


def test_the_certificate_names_the_draw_before(register_of):
    register = register_of(EVERYBODY, protocol=plan(draw={"size": 7}))
    first = draw_controls(register, "2021-02").certificate
    second = draw_controls(register, "2021-03", after=first).certificate
    assert (first.sequence, first.previous) == (1, None)
    assert (second.sequence, second.previous) == (2, first.sha256)
    again = draw_controls(register, "2021-02", after=second, replaces=first)
    assert again.certificate.replaces == first.sha256
    assert again.certificate.persons_sha256 == first.persons_sha256


def test_no_clock_and_no_person_stands_in_a_certificate(register_of):
    certificate = draw_controls(register_of(EVERYBODY), "2021-02").certificate
    assert "P000" not in certificate.text
    assert set(json.loads(certificate.text)) == {
        "month", "sequence", "previous", "replaces", "plan_sha256", "seed",
        "seed_source", "algorithm", "snapshot_month", "snapshot_rows",
        "snapshot_sha256", "frame", "size", "drawn", "persons_sha256", "evalkit",
        "rules_sha256", "commitment", "salt", "attrition_sha256", "checksum",
    }  # fmt: skip


def table():
    rows = pd.DataFrame([row for rows in EVERYBODY for row in rows])
    pilot = pd.DataFrame([referral("P000", "2021-01-15", None)])
    return rows[list(COLUMNS)], pilot


def opened_hash(rows, pilot):
    register = open_register(rows, pilot, protocol=plan())
    try:
        return snapshot_hash(register, parse_month("2021-02"))
    finally:
        register.engine.close()


def test_the_snapshot_hash_ignores_the_order_of_rows():
    rows, pilot = table()
    shuffled = rows.sample(frac=1, random_state=1)
    assert opened_hash(shuffled, pilot) == opened_hash(rows, pilot)


@pytest.mark.parametrize("column", ["registration_date", "employment_code", "age"])
def test_the_snapshot_hash_notices_a_change(column):
    rows, pilot = table()
    changed = rows.copy()
    at = changed.index[changed["month"] == "2021-01"][3]
    changed.loc[at, column] = {"registration_date": "2020-12-02", "age": 41}.get(
        column, "03"
    )
    assert opened_hash(changed, pilot) != opened_hash(rows, pilot)


def test_the_snapshot_hash_notices_rows_and_referrals():
    rows, pilot = table()
    known = opened_hash(rows, pilot)
    kept = rows.drop(index=rows.index[rows["month"] == "2021-01"][0])
    assert opened_hash(kept, pilot) != known
    assert opened_hash(rows, pilot.assign(person_id="P001")) != known
    later = pilot.assign(referral_date="2021-03-01")
    assert opened_hash(rows, later) != known
    other = rows.copy()
    other.loc[other["month"] == "2021-03", "age"] = 41
    assert opened_hash(other, pilot) == known


@pytest.mark.slow
def test_everybody_is_drawn_equally_often(register_of):
    """Chi-square of inclusion over 400 seeds, against its 99.9 % quantile."""
    register = register_of(EVERYBODY, protocol=plan(draw={"size": 10}))
    times = dict.fromkeys((f"P{i:03d}" for i in range(40)), 0)
    seeds = 400
    for seed in range(seeds):
        seeded = plan(draw={"size": 10, "seed": str(seed)})
        other = dataclasses.replace(register, protocol=seeded)
        for person in draw_controls(other, "2021-02").person_ids:
            times[person] += 1
    expected = seeds * 10 / 40
    # Without replacement an inclusion has variance f (1 - f), and one degree is lost.
    deviations = np.array(list(times.values())) - expected
    chi_square = (deviations**2).sum() / (expected * 0.75) * 39 / 40
    assert chi_square < 72.1
