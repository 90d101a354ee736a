"""How strong a hidden characteristic must be to overturn a linear adjustment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.influence import few_clusters_note
from evalkit.estimate.adjustment.sample import sample_of
from evalkit.estimate.effect import checked_level, joined
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.adjustment.sample import Sample

    Array = NDArray[np.float64]

_HAIR = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class OmittedVariables(Result):
    """What hidden characteristics of a given strength would do to the estimate.

    Attributes
    ----------
    estimate, se
        Coefficient of the pilot in the linear model of the outcome on the pilot, the
        covariates and the months; its standard error, clustered.
    df
        Degrees of freedom of the residuals.
    partial_r2
        Share of the outcome's unexplained variation that the pilot explains. A hidden
        characteristic that explained all the rest would have to explain this share of
        who was served to bring the estimate to zero.
    robustness
        Robustness value: a hidden characteristic that explains this share of the
        unexplained variation of both the outcome and who was served brings the
        estimate to zero.
    robustness_ci
        The same for an interval that just includes zero.
    benchmarks
        For each covariate and number of times: ``covariate``, ``times``, ``r2_pilot``
        and ``r2_outcome`` (what a hidden characteristic explains that is so many times
        as strong as the covariate), ``estimate``, ``ci_low``, ``ci_high`` (adjusted
        for it, if it worked towards zero), ``tipping`` (how many times as strong it
        has to be to bring the estimate to zero). NaN: no such characteristic can
        exist.
    level
        Level of the intervals.
    n_pilot, n_control
        Rows behind the estimate.
    note
        What should be known; empty when there is nothing.
    """

    estimate: float
    se: float
    df: int
    partial_r2: float
    robustness: float
    robustness_ci: float
    benchmarks: pd.DataFrame
    level: float
    n_pilot: int
    n_control: int
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the benchmarks (a copy)."""
        return self.benchmarks.copy()

    def __str__(self) -> str:
        return (
            f"estimate {self.estimate:.4f} (se {self.se:.4f}), robustness value "
            f"{self.robustness:.4f}, at the interval {self.robustness_ci:.4f}\n"
            f"{Result.__str__(self)}"
        )


def omitted_variables(
    cohort: Cohort,
    *,
    covariates: Sequence[str] | None = None,
    times: Sequence[float] = (1, 2, 3),
    cluster: str = "person",
    level: float | None = None,
    outcome: str = "outcome",
) -> OmittedVariables:
    r"""Ask what hidden characteristics could do to a linear adjustment.

    Adjustment balances what the register shows. What it does not show (motivation,
    a job already in sight) may differ still; this says how much it would take, in
    units of characteristics that are seen [1]_. Not a test that nothing is hidden, and
    not for the effect on the served by weighting: see
    `evalkit.estimate.doubt.hidden_selection.hidden_selection`.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes; unknown ones are left out.
    covariates
        Characteristics to adjust for, which are the benchmarks too. None: the
        cohort's.
    times
        How many times as strong as a benchmark the hidden one is.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the intervals. None: the cohort's.
    outcome
        Column of the outcome: any number.

    Returns
    -------
    OmittedVariables
        In the unit of the outcome.

    Raises
    ------
    EstimationError
        If columns are missing or unlawful, or no month has both groups.

    Notes
    -----
    With :math:`R_D` the share of who was served, and :math:`R_Y` that of the outcome,
    that the hidden one explains beyond what is seen, the estimate is off by at most

    .. math::
        \text{se} \sqrt{\text{df}\, \frac{R_Y R_D}{1 - R_D}},

    where se is the classical one (here a mere measure of spread). The robustness value
    is :math:`\frac12 (\sqrt{f^4 + 4 f^2} - f^2)` with :math:`f = |t| / \sqrt{df}`. A
    hidden one that explains k times what covariate j does, given all others, has

    .. math::
        R_D = \frac{k R_{D,j}}{1 - R_{D,j}}, \quad
        R_Y \le \Big(\frac{\sqrt{k} + \sqrt{\rho}}{\sqrt{1 - \rho}}\Big)^2
        \frac{R_{Y,j}}{1 - R_{Y,j}}, \quad
        \rho = \frac{k R_{D,j}^2}{(1 - k R_{D,j})(1 - R_{D,j})}.

    Intervals keep the ratio of the clustered to the classical standard error.

    References
    ----------
    .. [1] Cinelli C, Hazlett C (2020). Making sense of sensitivity: extending omitted
       variable bias. Journal of the Royal Statistical Society B 82, 39-67.

    Examples
    --------
    >>> import numpy as np
    >>> from evalkit.cohort.cohort import Cohort
    >>> random = np.random.default_rng(1)
    >>> age = random.integers(20, 60, 400)
    >>> served = random.random(400) < 0.5 - 0.005 * (age - 40)
    >>> left = random.random(400) < 0.5 - 0.01 * (age - 40) + 0.2 * served
    >>> people = pd.DataFrame({"pilot": served, "left": left, "age": age})
    >>> cohort = Cohort.from_frame(
    ...     people, group="pilot", outcome="left", covariates=["age"]
    ... )
    >>> hidden = omitted_variables(cohort, times=[1])
    >>> round(hidden.estimate, 3), round(hidden.robustness, 3)
    (0.127, 0.123)
    """
    level = checked_level(cohort.level if level is None else level)
    sample = sample_of(cohort, covariates=covariates, outcome=outcome, cluster=cluster)
    line = _line(sample)
    rows = [
        {"covariate": name, "times": k, **_benchmark(sample, line, name, k, level)}
        for name in sample.covariates
        for k in times
    ]
    return OmittedVariables(
        estimate=line.estimate,
        se=line.se * line.design_effect,
        df=line.df,
        partial_r2=line.t**2 / (line.t**2 + line.df),
        robustness=robustness_value(line.t, line.df),
        robustness_ci=robustness_value(line.t, line.df, critical=line.critical(level)),
        benchmarks=pd.DataFrame(rows),
        level=level,
        n_pilot=sample.n_pilot,
        n_control=sample.n_control,
        note=joined(
            sample.note,
            few_clusters_note(sample.cluster),
            "" if line.se else "the covariates leave nothing of the outcome",
        ),
    )


class _Line(NamedTuple):
    """The pilot's coefficient in a linear model."""

    estimate: float
    se: float
    df: int
    design_effect: float

    @property
    def t(self) -> float:
        return self.estimate / self.se if self.se else math.nan

    def critical(self, level: float) -> float:
        """Return the t that the adjusted estimate has to reach, clustering included."""
        from scipy.special import stdtrit

        return self.design_effect * float(stdtrit(self.df - 1, (1 + level) / 2))


def robustness_value(t: float, df: float, *, critical: float = 0.0) -> float:
    """Return the share of both variations that brings |t| down to a critical value."""
    f, f_critical = abs(t) / math.sqrt(df), critical / math.sqrt(df - 1)
    if f <= f_critical:
        return 0.0
    beyond = f - f_critical
    if f_critical and f > 1 / f_critical:  # then nothing but the pilot need be hidden
        return (f**2 - f_critical**2) / (1 + f**2)
    return robustness_of(beyond)


def robustness_of(f: float) -> float:
    r"""Return the R that solves :math:`R / \sqrt{1 - R} = f`."""
    return (math.sqrt(f**4 + 4 * f**2) - f**2) / 2


def bias(se: float, df: float, r2_pilot: float, r2_outcome: float) -> float:
    """Return the most that a hidden characteristic of this strength can do."""
    return se * math.sqrt(df * r2_outcome * r2_pilot / (1 - r2_pilot))


def se_beside(se: float, df: float, r2_pilot: float, r2_outcome: float) -> float:
    """Return the standard error of an estimate adjusted for the hidden one too."""
    return se * math.sqrt((1 - r2_outcome) / (1 - r2_pilot) * df / (df - 1))


def benchmark_strength(
    r2_pilot: float, r2_outcome: float, times: float
) -> tuple[float, float]:
    """Return what a characteristic explains that is `times` as strong as a seen one.

    NaN if it would have to explain more than there is of who was served.
    """
    of_pilot = times * r2_pilot / (1 - r2_pilot)
    if of_pilot >= 1:
        return math.nan, math.nan
    shared = times * r2_pilot**2 / ((1 - times * r2_pilot) * (1 - r2_pilot))
    factor = (math.sqrt(times) + math.sqrt(shared)) / math.sqrt(1 - shared)
    return of_pilot, min(1.0, factor**2 * r2_outcome / (1 - r2_outcome))


def _line(sample: Sample) -> _Line:
    """Fit by the theorem of Frisch, Waugh and Lovell."""
    served = _beyond(sample.x, sample.pilot.astype(float))
    if served @ served <= _HAIR * sample.n_pilot:
        raise EstimationError(
            "The covariates tell who was served without error: nobody is comparable.",
            hint="Use fewer covariates, or coarser classes.",
        )
    value = _beyond(sample.x, sample.outcome)
    estimate = float(served @ value / (served @ served))
    residual = value - estimate * served
    df = len(value) - int(np.linalg.matrix_rank(sample.x)) - 1
    se = math.sqrt(residual @ residual / df / (served @ served))
    influence = served * residual / (served @ served)
    clustered = sample.se(influence)
    if not clustered:
        return _Line(estimate, 0.0, df, 1.0)
    return _Line(estimate, se, df, clustered / se)


def _benchmark(
    sample: Sample, line: _Line, name: str, times: float, level: float
) -> dict[str, float]:
    """Return strength and consequence of a hidden one, by a covariate's own."""
    strengths = _strengths(sample, name)
    r2_pilot, r2_outcome = benchmark_strength(*strengths, times)
    found = {"r2_pilot": r2_pilot, "r2_outcome": r2_outcome}
    tipping = _tipping(line, *strengths)
    if math.isnan(r2_pilot):
        gone = dict.fromkeys(("estimate", "ci_low", "ci_high"), math.nan)
        return found | gone | {"tipping": tipping}
    off = bias(line.se, line.df, r2_pilot, r2_outcome)
    estimate = line.estimate - math.copysign(off, line.estimate)
    margin = line.critical(level) * se_beside(line.se, line.df, r2_pilot, r2_outcome)
    return found | {
        "estimate": estimate,
        "ci_low": estimate - margin,
        "ci_high": estimate + margin,
        "tipping": tipping,
    }


def _strengths(sample: Sample, name: str) -> tuple[float, float]:
    """Return what a covariate explains of pilot and outcome, given all others."""
    own = np.array([term == name for term in sample.terms])
    others = sample.x[:, ~own]
    with_pilot = np.column_stack([others, sample.pilot])
    return (
        _partial_r2(others, sample.x[:, own], sample.pilot.astype(float)),
        _partial_r2(with_pilot, sample.x[:, own], sample.outcome),
    )


def _partial_r2(others: Array, own: Array, value: Array) -> float:
    before = _beyond(others, value)
    after = _beyond(np.column_stack([others, own]), value)
    if before @ before <= _HAIR * (value @ value):
        return 0.0  # nothing is left to be explained
    return float(1 - (after @ after) / (before @ before))


def _beyond(x: Array, value: Array) -> Array:
    """Return what least squares on x leaves of a variable."""
    return np.asarray(value - x @ np.linalg.lstsq(x, value, rcond=None)[0])


def _tipping(line: _Line, r2_pilot: float, r2_outcome: float) -> float:
    """Return the times at which the bias reaches the estimate; inf if it never does."""
    from scipy.optimize import brentq

    def left(times: float) -> float:
        of_pilot, of_outcome = benchmark_strength(r2_pilot, r2_outcome, times)
        return bias(line.se, line.df, of_pilot, of_outcome) - abs(line.estimate)

    if not r2_pilot > 0 or not r2_outcome > 0:
        return math.inf
    most = (1 - _HAIR) * (1 - r2_pilot) / r2_pilot  # beyond it none can exist
    return float(brentq(left, 0.0, most, xtol=_HAIR)) if left(most) > 0 else math.inf
