"""How the monthly effects of the synthetic Satakunta study were found.

The report prints in which months its pilot was above its control group, and two levels,
but no other monthly share. The study is made to agree with what is printed: `tune`
changes the factor on the pilot's effect in a start month as little as it takes to bring
the pilot group to its goal, in the report's own reading of the outcome. The result is
written into the preset, from where it is used; tuning again changes nothing.

What is not printed is an assumption, and so are the factors, which make up for the
chance of one seed as well. Neither is a finding about Satakunta.
"""

from __future__ import annotations

import math
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up, measurable_months
from evalkit.errors import EvalkitError
from evalkit.estimate.months.comparison import compare
from evalkit.estimate.months.tally import whole_percent
from evalkit.examples.satakunta import write_satakunta
from evalkit.register.register import open_register
from evalkit.study.plan_file import read_protocol

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.estimate.months.comparison import Comparison
    from evalkit.examples.preset import Preset

_ROUNDS = 30
_STEP = 0.02  # of the factor's logarithm, for each per cent that a goal is missed by


class Goal(NamedTuple):
    """Where the pilot group of a start month is to come out, in whole per cent.

    Attributes
    ----------
    least, most
        How far from the control group: the least and the most.
    level
        Share not unemployed, if it is printed.
    """

    least: int
    most: int
    level: int | None = None

    def missed_by(self, pilot: int, control: int, best: int) -> int:
        """Return by how much the pilot group is above its goal; 0: it is there.

        `best` is the printed level of the year's best month, which no other reaches.
        """
        if self.level is not None and pilot != self.level:
            return pilot - self.level
        ceiling = best if self.level is not None else best - 1
        if pilot > ceiling:
            return pilot - ceiling
        ahead = pilot - control
        return ahead - min(max(ahead, self.least), self.most)


_ABOVE, _EQUAL, _BELOW = Goal(3, 9), Goal(0, 0), Goal(-6, -2)

GOALS = {
    # Printed: above in these months of 2020, on average below, and 51 % unemployed in
    # September.
    **dict.fromkeys(("2020-03", "2020-08", "2020-10"), Goal(2, 4)),
    "2020-09": Goal(2, 9, level=49),
    **dict.fromkeys(
        ("2020-01", "2020-02", "2020-06", "2020-07", "2020-11", "2020-12"),
        Goal(-9, -3),
    ),
    # Printed: 42 % unemployed in February, and nine months of 2021 above, one equal and
    # two below; not printed: which.
    "2021-02": Goal(2, 12, level=58),
    **dict.fromkeys(
        (f"2021-{month:02d}" for month in (1, 3, 4, 5, 6, 7, 8, 11)), _ABOVE
    ),
    "2021-09": _EQUAL,
    "2021-10": _BELOW,
    "2021-12": _BELOW,
}
"""Start months and where the pilot group is to come out."""


def tune(preset: Preset, *, seed: int | None = None) -> Preset:
    """Return the preset with the monthly effects that reach the goals.

    A person's chances are the same whatever the effect, and who is referred and starts
    does not depend on it; so the share of a start month rises with its own factor.

    Parameters
    ----------
    preset
        The settings to begin with.
    seed
        Seed of the simulation; None: the preset's own.

    Returns
    -------
    Preset
        The same settings, but for the effect's factors of the months in `GOALS`.

    Raises
    ------
    EvalkitError
        If a goal cannot be reached with this seed.
    """
    steps, before = dict.fromkeys(GOALS, _STEP), dict.fromkeys(GOALS, 0)
    for _ in range(_ROUNDS):
        missed = _missed(study_comparison(preset, seed=seed))
        if not missed:
            return preset
        factors = dict(preset.effect.months)
        for month, above in missed.items():
            if above * before[month] < 0:  # it has stepped over the goal
                steps[month] /= 2
            factor = factors.get(month, 1.0) * math.exp(-steps[month] * above)
            factors[month] = round(factor, 3)
        before |= missed
        effect = preset.effect.model_copy(update={"months": factors})
        preset = preset.model_copy(update={"effect": effect})
    raise EvalkitError(
        f"With this seed these months do not reach their goals: {', '.join(missed)}.",
        hint="Try another seed.",
    )


def study_comparison(preset: Preset, *, seed: int | None = None) -> Comparison:
    """Return the comparison of the report's figures in a simulated study."""
    with tempfile.TemporaryDirectory() as folder:
        plan = read_protocol(write_satakunta(folder, seed=seed, preset=preset))
        register = open_register(protocol=plan)
        draws = [draw_controls(register, m) for m in measurable_months(register)]
        cohort = follow_up(register, draws, time_zero="report")
    return compare(cohort, outcome="outcome_report")


def _missed(comparison: Comparison) -> dict[str, int]:
    """Return the months that are not where they should be, and by how much above."""
    months = comparison.months.set_index("month")
    pilot, control = (_percent(months, group) for group in ("pilot", "control"))
    best = {month[:4]: goal.level for month, goal in GOALS.items() if goal.level}
    off = {
        month: goal.missed_by(int(pilot[month]), int(control[month]), best[month[:4]])
        for month, goal in GOALS.items()
    }
    return {month: above for month, above in off.items() if above}


def _percent(months: pd.DataFrame, group: str) -> pd.Series:
    return whole_percent(months[f"{group}_events"], months[f"n_{group}"])
