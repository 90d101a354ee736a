"""Tables of exit routes: shares by group, their differences, and the naive shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from evalkit.estimate.effect import interval_and_p_value
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

    def differences(self) -> pd.DataFrame:
        """Return pilot minus control by route and week."""
        pilot, control = self.found.incidence
        weeks = np.arange(self.durations.start, min(self._last_weeks()))
        parts = []
        for route in self._routes():
            rows = pd.DataFrame(
                {
                    "exit_to": self.durations.routes[route],
                    "weeks": weeks + 1,
                    "pilot": pilot[route, weeks],
                    "control": control[route, weeks],
                    "estimate": (pilot - control)[route, weeks],
                    "se": self.errors.difference[route, weeks],
                }
            )
            parts.append(rows.join(self._intervals(rows)))
        return pd.concat(parts, ignore_index=True)

    def _intervals(self, rows: pd.DataFrame) -> pd.DataFrame:
        found = [
            interval_and_p_value(estimate, se, level=self.level)
            for estimate, se in zip(rows["estimate"], rows["se"], strict=True)
        ]
        return pd.DataFrame(found, columns=["ci_low", "ci_high", "p_value"])

    def _limits(self) -> tuple[Array, Array]:
        stayed = 1 - self.found.incidence
        stayed[stayed < _ROUNDING] = 0.0
        low, high = log_log_interval(stayed, self.errors.groups, self.level)
        return 1 - high, 1 - low

    def _by_group(self, columns: dict[str, Array]) -> pd.DataFrame:
        parts = [
            pd.DataFrame(
                {
                    "group": name,
                    "exit_to": self.durations.routes[route],
                    "weeks": np.arange(self.durations.start, last) + 1,
                    **{
                        column: values[group, route, self.durations.start : last]
                        for column, values in columns.items()
                    },
                }
            )
            for group, (name, last) in enumerate(
                zip(GROUPS, self._last_weeks(), strict=True)
            )
            for route in self._routes()
        ]
        return pd.concat(parts, ignore_index=True)

    def _routes(self) -> list[int]:
        names = self.durations.routes
        return sorted(range(len(names)), key=lambda number: _place(names[number]))

    def _last_weeks(self) -> list[int]:
        """Return the last week of each group with somebody at risk."""
        present = self.found.at_risk > _ROUNDING
        return [int(np.flatnonzero(row).max(initial=-1)) + 1 for row in present]


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its routes in their order."""
    ordered = table.sort_values("exit_to", key=lambda names: names.map(_place))
    return ordered.reset_index(drop=True)


def _place(route: str) -> tuple[bool, int, str]:
    """Return a route's place: as in the code list, own names next, unknown last."""
    known = _ORDER.index(route) if route in _ORDER else len(_ORDER)
    return route == UNKNOWN_ROUTE, known, route
