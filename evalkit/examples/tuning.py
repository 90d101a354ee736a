"""How the monthly effects of the synthetic Satakunta study were found.

The report prints in which months its pilot was above its control group, and two levels,
but no other monthly share. The study is made to agree with what is printed: `tune`
looks for the factor on the pilot's effect in each start month that brings the pilot
group to its goal, in the report's own reading of the outcome. The result is written
into the preset, from where it is used; tuning again changes nothing.

The goals that are not printed are assumptions, chosen to be small, as the report's own
words suggest. So are the factors, which make up for the chance of one seed as well.
Neither is a finding about Satakunta.
"""

from __future__ import annotations

import math
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from evalkit.cohort.draw import draw_controls
from evalkit.cohort.follow_up import follow_up, measurable_months
from evalkit.errors import EvalkitError
from evalkit.estimate.comparison import compare
from evalkit.estimate.tally import whole_percent
from evalkit.examples.satakunta import write_satakunta
from evalkit.register.register import open_register
from evalkit.study.plan_file import read_protocol

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.estimate.comparison import Comparison
    from evalkit.examples.preset import Preset

_ROUNDS = 20
_FAR = 2.0  # times what a factor is at first: where it is looked for
_CLOSED, _WIDER = 1.02, 1.25
_NEAR = 2  # per cent by which a goal that is not printed may be missed


class Goal(NamedTuple):
    """Where the pilot group of a start month is to come out, in whole per cent.

    Attributes
    ----------
    ahead
        Of the control group, unless a level is given.
    level
        Share not unemployed.
    """

    ahead: int = 0
    level: int | None = None

    def missed_by(self, pilot: int, control: int, best: int) -> int:
        """Return by how much the pilot group is above its goal; 0: it is there.

        Levels are printed, and kept to the per cent. So is who is ahead, if anybody,
        and which month has the best level of its year.
        """
        if self.level is not None:
            return pilot - self.level
        goal = min(control + self.ahead, best - 1)
        as_printed = _sign(pilot - control) == _sign(self.ahead) and pilot < best
        near = as_printed and abs(pilot - goal) <= _NEAR
        return 0 if near else pilot - goal


GOALS = {
    "2020-01": Goal(-4),
    "2020-02": Goal(-3),
    "2020-03": Goal(+4),  # above: printed
    "2020-06": Goal(-3),
    "2020-07": Goal(-4),
    "2020-08": Goal(+2),  # above: printed
    "2020-09": Goal(level=49),  # 51 % unemployed: printed
    "2020-10": Goal(+5),  # above: printed
    "2020-11": Goal(-3),
    "2020-12": Goal(-3),
    "2021-01": Goal(+5),
    "2021-02": Goal(level=58),  # 42 % unemployed: printed
    "2021-03": Goal(+3),
    "2021-04": Goal(+7),
    "2021-05": Goal(+7),
    "2021-06": Goal(+6),
    "2021-07": Goal(+4),
    "2021-08": Goal(+3),
    "2021-09": Goal(0),  # one month of 2021 equal: printed, but not which
    "2021-10": Goal(-3),  # two months below: printed, but not which
    "2021-11": Goal(+5),
    "2021-12": Goal(-3),
}
"""Start months and where the pilot group is to come out."""


def tune(preset: Preset, *, seed: int | None = None) -> Preset:
    """Return the preset with the monthly effects that reach the goals.

    A person's chances are the same whatever the effect, and who is referred and starts
    does not depend on it; so the share of a start month rises with its own factor, and
    each factor is found by halving, all months at once.

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
    factors = dict.fromkeys(GOALS, 1.0) | preset.effect.months
    brackets = {m: (factors[m] / _FAR, factors[m] * _FAR) for m in GOALS}
    for _ in range(_ROUNDS):
        missed = _missed(study_comparison(preset, seed=seed))
        if not missed:
            return preset
        factors = dict(factors)
        for month, above in missed.items():
            brackets[month] = _narrowed(brackets[month], factors[month], above)
            factors[month] = round(math.sqrt(math.prod(brackets[month])), 2)
        effect = preset.effect.model_copy(update={"months": factors})
        preset = preset.model_copy(update={"effect": effect})
    raise EvalkitError(
        f"With this seed these months do not reach their goals: {', '.join(missed)}.",
        hint="Try another seed.",
    )


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _narrowed(
    bracket: tuple[float, float], factor: float, above: int
) -> tuple[float, float]:
    """Return the part of a bracket that a factor leaves.

    Controls who join the pilot move their own month's goal a little; a bracket that has
    closed is opened again.
    """
    low, high = (bracket[0], factor) if above > 0 else (factor, bracket[1])
    if high / low > _CLOSED:
        return low, high
    return (factor / _WIDER, factor) if above > 0 else (factor, factor * _WIDER)


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
