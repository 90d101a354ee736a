"""Coverage of the pooled interval when people recur: simulations."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from evalkit.estimate.months.clustering import clustered_difference

MONTHS, STOCK, TAKEN, NEWCOMERS, CONTROLS = 12, 160, 5, 35, 60
TRUE_SHARE, TRUE_DIFFERENCE = 0.4, 0.1


def recurring_people(random: np.random.Generator) -> pd.DataFrame:
    """Draw controls each month from a stock that the pilot slowly empties.

    Each month the pilot takes a few people of the stock, and many newcomers besides.
    Luck decides whether a person leaves unemployment, and a person keeps it: controls
    who are drawn again bring nothing new, and some of them are pilots later. That is
    as dependent as rows can be.
    """
    luck = random.random(STOCK + NEWCOMERS * MONTHS)
    months = []
    for month in range(MONTHS):
        taken = np.arange(TAKEN) + TAKEN * month
        newcomers = np.arange(NEWCOMERS) + STOCK + NEWCOMERS * month
        waiting = np.arange(TAKEN * (month + 1), STOCK)
        drawn = random.choice(waiting, CONTROLS, replace=False)
        person = np.concatenate([taken, newcomers, drawn])
        pilot = np.arange(person.size) < TAKEN + NEWCOMERS
        left = luck[person] < TRUE_SHARE + TRUE_DIFFERENCE * pilot
        columns = {"pilot": pilot, "value": left.astype(float), "cluster": person}
        months.append(pd.DataFrame(columns).assign(stratum=month))
    return pd.concat(months, ignore_index=True)


def covered(effects: list) -> float:
    return float(np.mean([e.ci_low <= TRUE_DIFFERENCE <= e.ci_high for e in effects]))


@pytest.mark.slow
def test_the_clustered_interval_covers_where_people_recur(replicates) -> None:
    random = np.random.default_rng(20210301)
    samples = [recurring_people(random) for _ in range(replicates)]
    effects = [clustered_difference(people, level=0.95) for people in samples]
    chance = math.sqrt(0.95 * 0.05 / replicates)
    assert abs(covered(effects) - 0.95) <= 0.01 + 3 * chance

    estimates = np.array([effect.estimate for effect in effects])
    bias = estimates.mean() - TRUE_DIFFERENCE
    assert abs(bias) <= 3.5 * estimates.std() / math.sqrt(replicates)
    typical = np.mean([effect.se for effect in effects])
    assert typical == pytest.approx(
        estimates.std(), rel=0.05 + 3 / math.sqrt(replicates)
    )

    ignoring = [
        clustered_difference(people.assign(cluster=people.index), level=0.95)
        for people in samples
    ]
    assert covered(ignoring) < covered(effects) - 0.02
