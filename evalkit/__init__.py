"""Tell whether the people whom a pilot served left unemployment more often.

The data walk through the rooms in this order:

- `evalkit.study`: the plan (`read_protocol`)
- `evalkit.register`: the register and the pilot list, read and checked
  (`open_register`)
- `evalkit.cohort`: the control sample and its certificate (`draw_controls`), the
  follow-up of both groups (`follow_up`, `Cohort`)
- `evalkit.estimate`: differences with intervals (`compare`, `difference_in_shares`,
  `pooled_difference`)
- `evalkit.report`: figures (`evalkit.report.plots`) and what may be published

Names are loaded when first used, so that importing evalkit costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.draw import Draw, draw_controls
    from evalkit.cohort.follow_up import follow_up
    from evalkit.errors import EvalkitError, EvalkitWarning
    from evalkit.estimate.comparison import Comparison, compare
    from evalkit.estimate.differences import Difference, difference_in_shares
    from evalkit.estimate.pooling import PooledDifference, pooled_difference
    from evalkit.register.register import Register, open_register
    from evalkit.study.plan_file import read_protocol
    from evalkit.study.protocol import Protocol

__version__ = "0.1.0"

__all__ = [
    "Cohort",
    "Comparison",
    "Difference",
    "Draw",
    "EvalkitError",
    "EvalkitWarning",
    "PooledDifference",
    "Protocol",
    "Register",
    "compare",
    "difference_in_shares",
    "draw_controls",
    "follow_up",
    "open_register",
    "pooled_difference",
    "read_protocol",
]

_HOMES = {
    "Cohort": "evalkit.cohort.cohort",
    "Comparison": "evalkit.estimate.comparison",
    "Difference": "evalkit.estimate.differences",
    "Draw": "evalkit.cohort.draw",
    "EvalkitError": "evalkit.errors",
    "EvalkitWarning": "evalkit.errors",
    "PooledDifference": "evalkit.estimate.pooling",
    "Protocol": "evalkit.study.protocol",
    "Register": "evalkit.register.register",
    "compare": "evalkit.estimate.comparison",
    "difference_in_shares": "evalkit.estimate.differences",
    "draw_controls": "evalkit.cohort.draw",
    "follow_up": "evalkit.cohort.follow_up",
    "open_register": "evalkit.register.register",
    "pooled_difference": "evalkit.estimate.pooling",
    "read_protocol": "evalkit.study.plan_file",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
