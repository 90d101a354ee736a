"""The verdict: one of a few fixed answers, on the pre-declared estimate."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.doubt.omitted_variables import robustness_of
from evalkit.estimate.effect import interval_and_p_value
from evalkit.estimate.months.power import sample_size
from evalkit.evaluation.gate import detectable_difference
from evalkit.results import Result
from evalkit.study.protocol import Decision

if TYPE_CHECKING:
    from evalkit.estimate.doubt.hidden_selection import HiddenSelection
    from evalkit.estimate.effect import Effect
    from evalkit.evaluation.evaluation import Evaluation
    from evalkit.evaluation.gate import Check, Gate

Code = Literal[
    "data_unsound",
    "not_comparable",
    "interim",
    "too_small",
    "comparability_unknown",
    "cannot_tell",
    "depends_on_services",
    "better",
    "better_less_than_d",
    "worse",
    "worse_less_than_d",
    "no_difference_larger_than_d",
]
WITHHELD: frozenset[Code] = frozenset(
    {
        "data_unsound",
        "not_comparable",
        "interim",
        "too_small",
        "comparability_unknown",
    }
)
"""Verdicts that read nothing as the pilot's doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Result):
    """What a study says, in one code; the words are the reports'.

    Attributes
    ----------
    code
        ``data_unsound``, ``not_comparable``, ``comparability_unknown``, ``too_small``:
        the door of the gate that is closed. ``interim``: a verdict was promised for
        later. ``better``, ``worse``: the interval leaves zero out;
        ``better_less_than_d``, ``worse_less_than_d``: and the difference is smaller
        than D; ``depends_on_services``: the interval leaves zero out, but the sign
        changes where services and training count as not having left.
        ``no_difference_larger_than_d``: the narrow interval lies between minus and plus
        D. ``cannot_tell``: none of these.
    estimate, ci_low, ci_high, level
        The headline.
    narrow_low, narrow_high
        Its interval at the level 2 `level` - 1 (0.90 for 0.95).
    relevant_difference
        D, the smallest difference that would matter.
    detectable
        Smallest difference that this study could have been relied to show.
    strict
        The headline where services and training count as not having left; NaN where
        this is not known.
    n_more
        So many more of the pilot's people, with as many controls for each as now,
        would decide between "different from zero" and "smaller than D", whichever way
        the result falls; NaN where it cannot be computed.
    robustness
        Hidden selection that overturns the verdict: the share that a hidden
        characteristic explains both of the outcome's and of the weights' remaining
        variation; NaN where there is nothing to overturn, or it is not known.
    benchmark, benchmark_times
        The covariate that would do most if it were the hidden one, and how many times
        as strong as it the hidden one has to be.
    reasons
        Checks of the gate behind a verdict that is withheld.
    next_look
        Cohort month that a verdict was promised for, where the verdict is interim.
    synthetic
        Whether the people are simulated.

    Examples
    --------
    >>> import numpy as np
    >>> from evalkit.cohort.cohort import Cohort
    >>> from evalkit.evaluation.evaluation import evaluate
    >>> random = np.random.default_rng(2)
    >>> weeks = random.integers(1, 105, 6000)
    >>> served = random.random(6000) < 0.4 - 0.003 * weeks
    >>> left = random.random(6000) < 0.6 - 0.005 * weeks + 0.1 * served
    >>> people = pd.DataFrame({"pilot": served, "left": left, "weeks_before": weeks})
    >>> verdict = evaluate(
    ...     Cohort.from_frame(
    ...         people, group="pilot", outcome="left", covariates=["weeks_before"]
    ...     )
    ... ).verdict
    >>> verdict.code, round(verdict.ci_low, 3), round(verdict.ci_high, 3)
    ('better', 0.058, 0.116)
    """

    code: Code
    estimate: float
    ci_low: float
    ci_high: float
    level: float
    narrow_low: float
    narrow_high: float
    relevant_difference: float
    detectable: float
    strict: float
    n_more: float
    robustness: float
    benchmark: str
    benchmark_times: float
    reasons: tuple[Check, ...]
    next_look: str
    synthetic: bool

    @property
    def is_withheld(self) -> bool:
        """Whether nothing may be read as the pilot's doing."""
        return self.code in WITHHELD

    def to_frame(self) -> pd.DataFrame:
        """Return one row; of the reasons, the codes."""
        reasons = ", ".join(check.code for check in self.reasons)
        return pd.DataFrame([asdict(self) | {"reasons": reasons}])


def verdict_of(evaluation: Evaluation) -> Verdict:
    r"""Return the verdict of a study.

    The table of decisions, its reasons and its sources are in the documentation of
    methods, under "The verdict".

    Parameters
    ----------
    evaluation
        The estimates of the study.

    Returns
    -------
    Verdict
        One of the fixed codes, with the numbers that belong to it.

    Notes
    -----
    A difference is shown where the interval at :math:`1 - \alpha` leaves zero out, and
    is smaller than D where the interval at :math:`1 - 2 \alpha` lies between minus and
    plus D: two one-sided tests, each at :math:`\alpha` [1]_. Where neither holds,

    .. math:: (z_{1 - \alpha/2} + z_{1 - \alpha}) \, se > D,

    so that a study whose standard error is smaller always decides: `n_more` is the
    size at which it is, which is that of a power of :math:`1 - \alpha` at D.

    References
    ----------
    .. [1] Schuirmann DJ (1987). A comparison of the two one-sided tests procedure and
       the power approach for assessing the equivalence of average bioavailability.
       Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    plan = evaluation.cohort.protocol
    decision = plan.decision if plan else Decision()
    headline, gate = evaluation.headline, evaluation.gate
    strict = evaluation.headline_strict
    next_look = _next_look(evaluation, decision)
    narrow = _narrow(headline)
    code = _withheld(gate, next_look) or _concluded(
        headline, narrow, strict, decision.relevant_difference
    )
    tipping = _tipping(code, narrow, evaluation.hidden, decision.relevant_difference)
    return Verdict(
        code=code,
        estimate=headline.estimate,
        ci_low=headline.ci_low,
        ci_high=headline.ci_high,
        level=headline.level,
        narrow_low=narrow[0],
        narrow_high=narrow[1],
        relevant_difference=decision.relevant_difference,
        detectable=detectable_difference(
            headline.se, power=decision.power, level=headline.level
        ),
        strict=strict.estimate if strict else math.nan,
        n_more=_more_pilots(headline, decision.relevant_difference),
        **_hidden(tipping, evaluation.hidden),
        reasons=_reasons(gate, code),
        next_look=next_look,
        synthetic=evaluation.synthetic,
    )


def _next_look(evaluation: Evaluation, decision: Decision) -> str:
    """Return the last declared look, where it is still to come; else nothing."""
    last = max(decision.looks, default="")
    return last if evaluation.cohort.months[-1] < last else ""


def _narrow(headline: Effect) -> tuple[float, float]:
    """Return the interval that two one-sided tests at the headline's level make."""
    low, high, _ = interval_and_p_value(
        headline.estimate, headline.se, level=2 * headline.level - 1
    )
    return low, high


def _withheld(gate: Gate, next_look: str) -> Code | None:
    """Return why there is no verdict on the pilot, first reason first."""
    states = gate.states
    reasons: dict[Code, bool] = {
        "data_unsound": states["data"] != "passed",
        "not_comparable": states["comparable"] == "failed",
        "interim": bool(next_look),
        "too_small": states["size"] == "failed",
        "comparability_unknown": states["comparable"] == "undetermined",
    }
    return next((code for code, holds in reasons.items() if holds), None)


def _concluded(
    headline: Effect,
    narrow: tuple[float, float],
    strict: Effect | None,
    relevant: float,
) -> Code:
    """Return what the interval says; an interval that is not known says nothing."""
    is_small = -relevant < narrow[0] and narrow[1] < relevant
    if headline.ci_low > 0 or headline.ci_high < 0:
        if strict is not None and strict.estimate * headline.estimate <= 0:
            return "depends_on_services"
        if headline.estimate > 0:
            return "better_less_than_d" if is_small else "better"
        return "worse_less_than_d" if is_small else "worse"
    return "no_difference_larger_than_d" if is_small else "cannot_tell"


_DOORS_OF: dict[Code, tuple[Literal["data", "comparable", "size"], ...]] = {
    "data_unsound": ("data",),
    "not_comparable": ("comparable",),
    "comparability_unknown": ("comparable",),
    "too_small": ("size",),
}


def _reasons(gate: Gate, code: Code) -> tuple[Check, ...]:
    """Return the checks behind a withheld verdict; failed ones where there are."""
    if code not in _DOORS_OF:
        return ()
    checks = gate.not_passed(*_DOORS_OF[code])
    failed = tuple(check for check in checks if check.state == "failed")
    return failed or checks


def _tipping(
    code: Code,
    narrow: tuple[float, float],
    hidden: HiddenSelection | None,
    relevant: float,
) -> float:
    """Return the product of strengths at which hidden selection overturns a verdict."""
    if hidden is None or not hidden.scale:
        return math.nan
    if code == "no_difference_larger_than_d":
        return (relevant - max(abs(narrow[0]), abs(narrow[1]))) / hidden.scale
    shown = {"better", "better_less_than_d", "worse", "worse_less_than_d"}
    return hidden.tipping_ci if code in shown else math.nan


def _hidden(tipping: float, hidden: HiddenSelection | None) -> dict[str, Any]:
    """Return the tipping point as one share, and beside the strongest covariate."""
    found: dict[str, Any] = {
        "robustness": math.nan,
        "benchmark": "",
        "benchmark_times": math.nan,
    }
    if hidden is None or math.isnan(tipping):
        return found
    found["robustness"] = robustness_of(tipping)
    biases = hidden.benchmarks["bias"]
    if len(biases) and biases.max() > 0:
        strongest = hidden.benchmarks.loc[biases.idxmax()]
        found["benchmark"] = str(strongest["covariate"])
        found["benchmark_times"] = tipping * hidden.scale / float(strongest["bias"])
    return found


def _more_pilots(headline: Effect, relevant: float) -> float:
    """Return how many more of the pilot's people make a study that always decides."""
    p1, p0, n1, n0 = (
        headline.pilot,
        headline.control,
        headline.n_pilot,
        headline.n_control,
    )
    plain = p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0 if n1 and n0 else 0.0
    if not (headline.se > 0 and plain > 0):
        return math.nan
    try:
        size = sample_size(
            difference=relevant if p0 + relevant < 1 else -relevant,
            control_share=p0,
            controls_per_pilot=n0 / n1,
            power=headline.level,
            level=headline.level,
        )
    except EstimationError:  # a share beyond 0 or 1: extrapolated, or D is too large
        return math.nan
    needed = size.n_pilot * headline.se**2 / plain
    return float(max(math.ceil(needed) - n1, 0))
