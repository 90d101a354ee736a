"""Tables of exit routes: shares by group, their differences, and the naive shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from evalkit.estimate.effect import normal_quantile
from evalkit.estimate.survival.durations import GROUPS, UNKNOWN_ROUTE
from evalkit.estimate.survival.kaplan_meier import log_log_interval
from evalkit.study.codes import Route

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.durations import Durations
    from evalkit.estimate.survival.incidence import Incidence
    from evalkit.estimate.survival.incidence_errors import IncidenceErrors

    Array = NDArray[np.float64]

_ORDER = get_args(Route)
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RouteTables:
    """What was estimated, to be put into tables."""

    durations: Durations
    found: Incidence
    errors: IncidenceErrors
    level: float

    def table(self) -> pd.DataFrame:
        """Return the shares of each group by route and week."""
        low, high = self._limits()
        columns = {
            "incidence": self.found.incidence,
            "se": self.errors.groups,
            "ci_low": low,
            "ci_high": high,
        }
        return self._by_group(columns)

    def naive(self) -> pd.DataFrame:
        """Return one minus Kaplan-Meier of each group by route and week."""
        return self._by_group({"naive": self.found.naive})

    def counts(self) -> pd.DataFrame:
        """Return people at risk and exits of each group by route and week."""
        exits = self.found.exits
        at_risk = np.broadcast_to(self.found.at_risk[:, None, :], exits.shape)
        return self._by_group({"at_risk": at_risk, "exits": exits})

    def differences(self) -> pd.DataFrame:
        """Return pilot minus control by route and week."""
        weeks = slice(self.durations.start, min(self._last_weeks()))
        order = self._routes()
        pilot, control = self.found.incidence[:, order, weeks]
        estimate, se = pilot - control, self.errors.difference[order, weeks]
        low, high, p_value = _intervals(estimate, se, self.level)
        n_weeks = estimate.shape[1]
        columns = {
            "pilot": pilot,
            "control": control,
            "estimate": estimate,
            "se": se,
            "ci_low": low,
            "ci_high": high,
            "p_value": p_value,
        }
        return pd.DataFrame(
            {
                "exit_to": np.repeat(self._names(), n_weeks),
                "weeks": np.tile(np.arange(n_weeks) + weeks.start + 1, len(order)),
                **{name: values.ravel() for name, values in columns.items()},
            }
        )

    def _limits(self) -> tuple[Array, Array]:
        stayed = 1 - self.found.incidence
        stayed[stayed < _ROUNDING] = 0.0
        low, high = log_log_interval(stayed, self.errors.groups, self.level)
        return 1 - high, 1 - low

    def _by_group(self, columns: dict[str, Array]) -> pd.DataFrame:
        """Return tables of group x route x week as rows, of weeks with people."""
        order, shape = self._routes(), self.found.incidence.shape
        weeks = np.arange(1, shape[2] + 1)
        last = np.array(self._last_weeks())[:, None, None]
        shown = np.broadcast_to((weeks > self.durations.start) & (weeks <= last), shape)
        group, route, week = (
            np.broadcast_to(axis, shape)[shown]
            for axis in (
                np.array(GROUPS, dtype=object)[:, None, None],
                self._names()[:, None],
                weeks,
            )
        )
        return pd.DataFrame(
            {
                "group": group,
                "exit_to": route,
                "weeks": week,
                **{name: values[:, order][shown] for name, values in columns.items()},
            }
        )

    def _routes(self) -> list[int]:
        names = self.durations.routes
        return sorted(range(len(names)), key=lambda number: _place(names[number]))

    def _names(self) -> NDArray[np.object_]:
        routes = np.array(self.durations.routes, dtype=object)
        return np.asarray(routes[self._routes()])

    def _last_weeks(self) -> list[int]:
        """Return the last week of each group with somebody at risk."""
        present = self.found.at_risk > _ROUNDING
        return [int(np.flatnonzero(row).max(initial=-1)) + 1 for row in present]


def _intervals(estimate: Array, se: Array, level: float) -> tuple[Array, Array, Array]:
    """Return ci_low, ci_high and p_value; NaN where no variation was seen."""
    from scipy.special import erfc

    known = np.where(se > 0, se, np.nan)
    reach = normal_quantile(level) * known
    p_value = erfc(np.abs(estimate / known) / math.sqrt(2))
    return estimate - reach, estimate + reach, p_value


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its routes in their order."""
    ordered = table.sort_values("exit_to", key=lambda names: names.map(_place))
    return ordered.reset_index(drop=True)


def _place(route: str) -> tuple[bool, int, str]:
    """Return a route's place: as in the code list, own names next, unknown last."""
    known = _ORDER.index(route) if route in _ORDER else len(_ORDER)
    return route == UNKNOWN_ROUTE, known, route
