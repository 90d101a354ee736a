"""Presets say what they hold, and refuse what makes no sense."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from evalkit.errors import EvalkitError
from evalkit.examples.preset import read_preset
from evalkit.study.months import parse_month


@pytest.fixture(scope="module")
def text():
    path = files("evalkit.examples") / "presets" / "county.toml"
    return path.read_text(encoding="utf-8")


def test_a_preset_is_read_by_name_or_from_a_file(text, tmp_path, preset) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    assert read_preset(own) == read_preset(str(own)) == preset


def test_unknown_name() -> None:
    with pytest.raises(EvalkitError, match="uusimaa: there is no such preset"):
        read_preset("uusimaa")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("warm_up_months = 72", "warm_up_months = 0", "warm_up_months"),
        ("women = 0.44", "women = 44", "women"),
        ("women = 0.44", "woman = 0.44", "woman"),
        ("weekly = [0.050, ", "weekly = [", "differ in length"),
        ("weeks = [0, 4, 13,", "weeks = [1, 4, 13,", "begin at 0"),
        ("weeks = [0, 4, 13,", "weeks = [0, 14, 13,", "begin at 0"),
        ('"individual", last = "2021-12"', '"individual", last = "2021-01"', "no way"),
        ("hazard_ratio = 1.25", "hazard_ratio = 0", "hazard_ratio"),
        ('since = "start"', 'since = "end"', "since"),
        ("[effect]", "[effect", "not a preset"),
    ],
)
def test_a_preset_that_breaks_a_rule(text, tmp_path, old, new, complaint) -> None:
    assert text.count(old) == 1
    broken = tmp_path / "broken.toml"
    broken.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(EvalkitError, match=complaint) as caught:
        read_preset(broken)
    assert "broken.toml" in str(caught.value)


def test_changes_multiply_the_rhythm_of_the_year(preset) -> None:
    months = range(parse_month("2020-02"), parse_month("2020-05"))
    seasonal = np.array(preset.exits.seasonal[1:4])
    factors = preset.exits.factors(months)
    np.testing.assert_allclose(factors, seasonal * [1, 0.6, 0.6])


def test_another_size_changes_numbers_of_people_and_nothing_else(preset) -> None:
    half = preset.with_size(0.5)
    assert half.inflow.people_a_month == preset.inflow.people_a_month / 2
    assert half.referral.people_a_month == preset.referral.people_a_month / 2
    waves = [wave.people for wave in preset.lay_offs.waves]
    assert [2 * wave.people for wave in half.lay_offs.waves] == waves
    assert half.with_size(2) == preset
