"""Controls who join the pilot later: kept, or taken out and stood for by the others."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from evalkit.estimate.adjustment.influence import clustered_se
from evalkit.estimate.effect import Effect, interval_and_p_value, joined
from evalkit.estimate.groups.design_matrix import design_matrix
from evalkit.estimate.survival.durations import GROUPS, Durations
from evalkit.estimate.survival.joiners import REFERRAL, Reading
from evalkit.estimate.survival.kaplan_meier import log_log_interval
from evalkit.estimate.survival.referral_model import ReferralModel
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.survival.weighted_curve import Estimated, WeightedCurve

    Codes = NDArray[np.intp]

_REFERRALS_A_COLUMN = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LaterReferrals(Result):
    """One comparison in two readings of the controls who joined the pilot later.

    Attributes
    ----------
    table
        One row per reading (``kept``, ``censored``) and measure: ``survival`` (the
        share still unemployed at the horizon), ``rmst`` (mean weeks unemployed until
        it), ``outcome`` (its mean, such as the share not unemployed at the lag); then
        the columns of `evalkit.estimate.effect.Effect`.
    curves
        Both groups in both readings: reading, group, weeks, survival, se, ci_low,
        ci_high.
    horizon
        Weeks.
    n_referred
        Control rows referred to the pilot within the horizon while still unemployed.
    largest_weight
        Largest weight of a control who stands for those taken out; 1 if none are.
    level
        Level of the confidence intervals.
    note
        What should be known about this comparison; empty when there is nothing.
    """

    table: pd.DataFrame
    curves: pd.DataFrame
    horizon: int
    n_referred: int
    largest_weight: float
    level: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def later_referrals(
    cohort: Cohort, *, horizon: int, covariates: Sequence[str] | None = None
) -> LaterReferrals:
    r"""Compare the groups with later joiners kept among the controls, and without.

    Some controls are referred to the pilot after their time zero. ``kept`` is the
    primary reading: they stay what they were drawn as, and the comparison is with
    what happens without a referral now, later referrals included. ``censored`` asks
    what would have happened had no control been referred while unemployed: they are
    followed until the referral only, and controls who are like them count for more
    from then on [1]_. That is right if what was known at time zero explains who was
    referred, apart from luck, and if everybody could have remained unreferred. Leaving
    joiners out altogether would be wrong: they had to stay unemployed to be referred.

    Parameters
    ----------
    cohort
        People with ``weeks``, ``exited`` and ``weeks_to_referral`` (whole weeks from
        time zero until a control's referral; NaN for none).
    horizon
        Weeks since time zero, such as 13 or 26; within the follow-up of both groups.
    covariates
        Columns that may explain who was referred. None: the cohort's. The month is
        always one.

    Returns
    -------
    LaterReferrals
        Both readings side by side.

    Raises
    ------
    EstimationError
        If the cohort has no such columns, or the horizon is beyond the follow-up.

    Notes
    -----
    The chance of a referral in the week after week u is a pooled logistic regression on
    periods of weeks, the month (a trend where there are fewer than ten referrals a
    month) and the covariates, among controls still unemployed and not yet referred. A
    control weighs :math:`\prod_{u < t} 1 / (1 - \hat p_{iu})` in
    week t, and in the mean of the outcome as in the last week in which it could still
    be referred. A referral in the week of the exit counts as before it, one in a later
    spell not at all. Standard errors are those of the whole stack of estimating
    equations, the model of the referrals included, clustered on people.

    References
    ----------
    .. [1] Robins JM, Finkelstein DM (2000). Correcting for noncompliance and dependent
       censoring in an AIDS clinical trial with inverse probability of censoring
       weighted (IPCW) log-rank tests. Biometrics 56, 779-788.

    Examples
    --------
    The third control joins the pilot after a week:

    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [1, 2, 3, 1, 2, 3, 3],
    ...         "left": [1, 1, 0, 1, 1, 1, 0],
    ...         "weeks_to_referral": [None, None, None, None, None, 1, None],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people,
    ...     group="treat",
    ...     outcome="left",
    ...     weeks="weeks",
    ...     exited="left",
    ...     covariates=["weeks_to_referral"],
    ... )
    >>> both = later_referrals(cohort, horizon=2)
    >>> both.to_frame()[["reading", "measure", "control"]].round(3)
        reading   measure  control
    0      kept  survival    0.500
    1      kept      rmst    1.750
    2      kept   outcome    0.750
    3  censored  survival    0.375
    4  censored      rmst    1.750
    5  censored   outcome    0.650
    """
    kept = Reading.of(cohort, horizon)
    model, note = _model(cohort, kept, covariates)
    censored = kept if model is None else kept.without_joiners(model)
    estimated = [
        _Estimates.of(name, reading, cohort)
        for name, reading in (("kept", kept), ("censored", censored))
    ]
    return LaterReferrals(
        table=pd.concat([one.table() for one in estimated], ignore_index=True),
        curves=pd.concat([one.curves() for one in estimated], ignore_index=True),
        horizon=kept.horizon,
        n_referred=int((kept.referral < kept.horizon).sum()),
        largest_weight=1.0 if model is None else _largest_weight(censored, model),
        level=cohort.level,
        note=joined(Durations.of(cohort).note, note),
    )


def _model(
    cohort: Cohort, kept: Reading, covariates: Sequence[str] | None
) -> tuple[ReferralModel | None, str]:
    """Return the model of the referrals, or None if there are none."""
    control = kept.group == 1
    referral, joined_later = kept.referral[control], kept.joined[control]
    n_referred = int(joined_later.sum())
    if not n_referred:
        return None, "no control was referred while observed: both readings are one"
    names = cohort.covariates if covariates is None else covariates
    used = [*dict.fromkeys(["month", *(name for name in names if name != REFERRAL)])]
    controls = cohort.people[control]
    if n_referred < _REFERRALS_A_COLUMN * controls["month"].nunique():
        month = pd.factorize(controls["month"], sort=True)[0]
        controls = controls.assign(month=month.astype(float))  # a trend, not classes
    matrix = design_matrix(replace(cohort, people=controls), used, months=False)
    last = np.maximum(kept.horizon, kept.lag)[control]
    stop = np.minimum(np.minimum(kept.weeks[control], last), referral + 1)
    x = matrix.values  # noqa: PD011  (not pandas)
    model = ReferralModel.of(x, stop.astype(np.intp), joined_later)
    few = n_referred < _REFERRALS_A_COLUMN * model.model.x.shape[1]
    warning = (
        f"only {n_referred} referrals for a model of {model.model.x.shape[1]} terms"
    )
    return model, joined(matrix.note, model.note, warning if few else "")


def _largest_weight(censored: Reading, model: ReferralModel) -> float:
    """Return the largest weight of a control in the last week that it is at risk."""
    until = np.minimum(censored.weeks, censored.horizon)[censored.group == 1]
    return float(model.weight(until).max())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Estimates:
    """Both groups' curves and outcomes in one reading."""

    name: str
    groups: tuple[WeightedCurve, WeightedCurve]
    outcomes: tuple[Estimated, Estimated]
    sizes: tuple[int, int]
    cluster: Codes
    level: float

    @classmethod
    def of(cls, name: str, reading: Reading, cohort: Cohort) -> Self:
        people = cohort.people["person"]
        rows = np.arange(len(people))
        at_risk = reading.weeks > 0
        n_pilot, n_control = np.bincount(reading.group[at_risk], minlength=2).tolist()
        return cls(
            name=name,
            groups=(reading.curve(0), reading.curve(1)),
            outcomes=(reading.mean_outcome(0), reading.mean_outcome(1)),
            sizes=(n_pilot, n_control),
            cluster=pd.factorize(people)[0] if cohort.has_persons else rows,
            level=cohort.level,
        )

    def table(self) -> pd.DataFrame:
        """Return a row for each measure."""
        pilot, control = self.groups
        measures = {
            "survival": (pilot.last, control.last),
            "rmst": (pilot.mean, control.mean),
            "outcome": self.outcomes,
        }
        frames = []
        for measure, (one, other) in measures.items():
            sizes = (one.n, other.n) if measure == "outcome" else self.sizes
            frame = self._effect(one, other, sizes).to_frame()
            frame.insert(0, "measure", measure)
            frame.insert(0, "reading", self.name)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def _effect(
        self, pilot: Estimated, control: Estimated, sizes: tuple[int, int]
    ) -> Effect:
        estimate = pilot.value - control.value
        influence = pilot.influence - control.influence
        se = clustered_se(influence, self.cluster)
        ci_low, ci_high, p_value = interval_and_p_value(estimate, se, level=self.level)
        return Effect(
            estimate=estimate,
            se=se,
            ci_low=ci_low,
            ci_high=ci_high,
            p_value=p_value,
            pilot=pilot.value,
            control=control.value,
            n_pilot=sizes[0],
            n_control=sizes[1],
            level=self.level,
            method="censoring weights" if self.name == "censored" else "as drawn",
            note="" if math.isfinite(estimate) else "nobody is left to tell",
        )

    def curves(self) -> pd.DataFrame:
        """Return both groups' curves with their intervals."""
        return pd.concat(
            [
                self._curve(name, curve)
                for name, curve in zip(GROUPS, self.groups, strict=True)
            ],
            ignore_index=True,
        )

    def _curve(self, name: str, curve: WeightedCurve) -> pd.DataFrame:
        weeks = len(curve.survival)
        se = np.array([clustered_se(week, self.cluster) for week in curve.influence.T])
        low, high = log_log_interval(curve.survival, se, self.level)
        return pd.DataFrame(
            {
                "reading": self.name,
                "group": name,
                "weeks": np.arange(1, weeks + 1),
                "survival": curve.survival,
                "se": se,
                "ci_low": low,
                "ci_high": high,
            }
        )
