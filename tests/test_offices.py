"""Offices that exchange whole numbers only give the answer of all joined."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.errors import DrawError
from evalkit.examples.small import small_study

SCRIPT = Path(__file__).parents[1] / "docs" / "scale_simulation.py"
MONTHS = ["2020-07", "2020-10", "2021-01", "2021-02", "2021-06"]
SIZE = 100


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("scale_simulation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "scale_simulation", module)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return small_study(tmp_path_factory.mktemp("joined"))


@pytest.fixture(scope="module")
def draws(plan):
    register = ek.open_register(protocol=ek.read_protocol(plan))
    yield register, [ek.draw_controls(register, month) for month in MONTHS]
    register.engine.close()


@pytest.fixture(scope="module")
def joined(draws):
    register, drawn = draws
    return ek.compare(ek.follow_up(register, drawn, time_zero="report"))


@pytest.fixture(scope="module")
def offices(script, plan, tmp_path_factory):
    made = script.offices_of(plan, tmp_path_factory.mktemp("offices"))
    yield made
    for office in made:
        office.register.engine.close()


class Listener:
    """An office of which nothing can be had but answers, and which keeps them."""

    def __init__(self, office) -> None:
        self.answers = []
        for question in ("below", "cells", "pairs"):
            setattr(self, question, self._kept(getattr(office, question)))

    def _kept(self, question):
        def answer(*asked):
            self.answers.append(question(*asked))
            return self.answers[-1]

        return answer


@pytest.fixture(scope="module")
def listeners(offices):
    return [Listener(office) for office in offices]


@pytest.fixture(scope="module")
def apart(script, listeners):
    return script.federated(listeners, MONTHS, SIZE)


def test_everybody_has_one_office(draws, offices) -> None:
    register, _ = draws
    count = "SELECT count(DISTINCT person_id) FROM snapshots"
    parts = [office.register.engine.value(count) for office in offices]
    assert len(parts) == 10
    assert min(parts) > 0
    assert sum(parts) == register.engine.value(count)


def test_the_threshold_draws_the_people_of_the_joined_draw(
    script, draws, offices, apart
) -> None:
    for draw in draws[1]:
        threshold = apart.thresholds[draw.month]
        people = {
            person
            for office in offices
            for person in office.drawn(draw.month, threshold).person_ids
        }
        assert people == set(draw.person_ids)
        seed = draw.certificate.seed
        hashes = [script.hash_of(seed, draw.month, i) for i in draw.person_ids]
        assert hashes == sorted(hashes)
        assert hashes[-1] < threshold


def test_the_counts_are_those_of_the_joined_registers(joined, apart) -> None:
    known = joined.months.rename(columns={"month": "stratum"})
    pd.testing.assert_frame_equal(
        apart.counts, known[apart.counts.columns], check_dtype=False, check_exact=True
    )


def test_the_pooled_answer_is_the_same_to_the_last_digit(joined, apart) -> None:
    known = joined.months.rename(columns={"month": "stratum"})
    pd.testing.assert_frame_equal(
        apart.pooled.to_frame(),
        ek.pooled_difference(known).to_frame(),
        check_exact=True,
    )


def test_the_clustered_standard_error_comes_from_counts_of_pairs(joined, apart) -> None:
    assert apart.clustered_se == pytest.approx(joined.pooled.se, rel=1e-12)
    assert apart.clustered_se != pytest.approx(apart.pooled.se, rel=1e-6)


def test_only_whole_numbers_leave_an_office(listeners, apart) -> None:
    assert len(apart.counts) == len(MONTHS)
    for listener in listeners:
        assert len(listener.answers) > len(MONTHS)
        for answer in listener.answers:
            assert np.issubdtype(np.asarray(answer).dtype, np.integer)


def office_with(*hashes):
    return SimpleNamespace(
        below=lambda _, threshold: sum(h < threshold for h in hashes)
    )


def test_a_frame_that_is_too_small_is_drawn_whole(script) -> None:
    offices = [office_with(1, script.HASHES - 1), office_with(2)]
    assert script.common_threshold(offices, "2021-02", 3) == script.HASHES
    assert 2 < script.common_threshold(offices, "2021-02", 2) < script.HASHES


def test_a_person_in_two_frames_is_noticed_where_the_draw_ends(script) -> None:
    offices = [office_with(1, 5), office_with(5, 9)]
    with pytest.raises(DrawError, match="stands in two frames"):
        script.common_threshold(offices, "2021-02", 2)
