"""Tell whether the people whom a pilot served left unemployment more often.

The data walk through the rooms in this order:

- `evalkit.study`: the plan (`read_protocol`)
- `evalkit.register`: the register and the pilot list, read and checked
  (`open_register`)
- `evalkit.cohort`: the control sample and its certificate (`draw_controls`), the
  follow-up of both groups (`follow_up`, `Cohort`)
- `evalkit.estimate`: differences by month and pooled (`compare`), who was referred
  (`balance`, `weigh`, `decompose`), adjusted differences (`adjusted_difference`),
  how long and where to (`survival_curves`, `exit_routes`), what if (`sensitivity`)
- `evalkit.evaluation`: all of it together, the gate and the verdict (`evaluate`)
- `evalkit.report`: what may leave (`release`, `publish`), in words, figures
  (`evalkit.report.plots`) and as a report (`write_report`)

Names are loaded when first used, so that importing evalkit costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.draw import Draw, draw_controls
    from evalkit.cohort.follow_up import follow_up
    from evalkit.cohort.placebo import with_placebo
    from evalkit.cohort.verification import Verification, verify, verify_published
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.cohort.whole_frame import (
        WholeFrame,
        whole_frame,
        whole_frame_weeks,
    )
    from evalkit.errors import EvalkitError, EvalkitWarning
    from evalkit.estimate.adjustment.adjusted import (
        AdjustedDifference,
        adjusted_difference,
    )
    from evalkit.estimate.adjustment.bootstrap import Bootstrap
    from evalkit.estimate.adjustment.specifications import (
        Specifications,
        all_estimators,
    )
    from evalkit.estimate.adjustment.starters import StartersEffect, effect_on_starters
    from evalkit.estimate.decomposition.decomposition import Decomposition, decompose
    from evalkit.estimate.doubt.bounds import Bounds, worst_case_bounds
    from evalkit.estimate.doubt.e_value import EValues, e_values
    from evalkit.estimate.doubt.hidden_selection import (
        HiddenSelection,
        hidden_selection,
    )
    from evalkit.estimate.doubt.omitted_variables import (
        OmittedVariables,
        omitted_variables,
    )
    from evalkit.estimate.doubt.placebo import (
        ControlAgainstControl,
        control_against_control,
    )
    from evalkit.estimate.doubt.redraws import Redraws, redraw_distribution
    from evalkit.estimate.doubt.sensitivity import Sensitivity, sensitivity
    from evalkit.estimate.groups.balance import Balance, balance
    from evalkit.estimate.groups.support import Support, support
    from evalkit.estimate.groups.weights import Weights, weigh
    from evalkit.estimate.months.comparison import Comparison, compare
    from evalkit.estimate.months.multiplicity import AdjustedPValues, adjusted_p_values
    from evalkit.estimate.months.pooling import PooledDifference, pooled_difference
    from evalkit.estimate.months.power import (
        Power,
        SampleSize,
        minimum_detectable_difference,
        power_of,
        sample_size,
    )
    from evalkit.estimate.months.subgroups import SubgroupComparison, compare_subgroups
    from evalkit.estimate.months.tally import Tally
    from evalkit.estimate.shares.differences import (
        Difference,
        difference_in_means,
        difference_in_shares,
    )
    from evalkit.estimate.shares.exact import ExactTest, exact_test
    from evalkit.estimate.survival.contamination import LaterReferrals, later_referrals
    from evalkit.estimate.survival.cox import HazardRatio, hazard_ratio
    from evalkit.estimate.survival.curves import SurvivalCurves, survival_curves
    from evalkit.estimate.survival.discrete_time import (
        DiscreteTimeHazard,
        discrete_time_hazard,
    )
    from evalkit.estimate.survival.exit_routes import ExitRoutes, exit_routes
    from evalkit.estimate.survival.horizon_difference import (
        HorizonDifference,
        rmst_difference,
        survival_difference,
    )
    from evalkit.estimate.survival.interval_effects import (
        IntervalEffects,
        interval_effects,
    )
    from evalkit.estimate.survival.log_rank import LogRank, log_rank
    from evalkit.estimate.survival.proportional_hazards import (
        ProportionalHazards,
        proportional_hazards,
    )
    from evalkit.evaluation.card import EstimandCard
    from evalkit.evaluation.evaluation import Evaluation, evaluate
    from evalkit.evaluation.gate import Gate
    from evalkit.evaluation.verdict import Verdict
    from evalkit.fees.contract import Contract, read_contract
    from evalkit.fees.costs import (
        CostPerExit,
        CostPerResult,
        cost_per_additional_exit,
        cost_per_result,
    )
    from evalkit.fees.invoice import Invoice, invoice
    from evalkit.register.register import Register, open_register
    from evalkit.report.release.publication import Publication, publish
    from evalkit.report.release.release import release
    from evalkit.report.release.released import Released
    from evalkit.report.report import write_report
    from evalkit.report.show import Shown, show
    from evalkit.report.verdict_text import verdict_text
    from evalkit.service.plan import ServicePlan, read_service_plan
    from evalkit.service.results import ServiceResults, service_results
    from evalkit.statements.claims import read_statements
    from evalkit.statements.statements import Statements, check_statements
    from evalkit.study.plan_file import read_protocol
    from evalkit.study.protocol import Protocol

__version__ = "0.1.0"

__all__ = [
    "AdjustedDifference",
    "AdjustedPValues",
    "Balance",
    "Bootstrap",
    "Bounds",
    "Cohort",
    "Comparison",
    "Contract",
    "ControlAgainstControl",
    "CostPerExit",
    "CostPerResult",
    "Decomposition",
    "Difference",
    "DiscreteTimeHazard",
    "Draw",
    "EValues",
    "EstimandCard",
    "EvalkitError",
    "EvalkitWarning",
    "Evaluation",
    "ExactTest",
    "ExitRoutes",
    "Gate",
    "HazardRatio",
    "HiddenSelection",
    "HorizonDifference",
    "IntervalEffects",
    "Invoice",
    "LaterReferrals",
    "LogRank",
    "OmittedVariables",
    "PooledDifference",
    "Power",
    "ProportionalHazards",
    "Protocol",
    "Publication",
    "Redraws",
    "Register",
    "Released",
    "SampleSize",
    "Sensitivity",
    "ServicePlan",
    "ServiceResults",
    "Shown",
    "Specifications",
    "StartersEffect",
    "Statements",
    "SubgroupComparison",
    "Support",
    "SurvivalCurves",
    "Tally",
    "Verdict",
    "Verification",
    "WeekCounts",
    "Weights",
    "WholeFrame",
    "adjusted_difference",
    "adjusted_p_values",
    "all_estimators",
    "balance",
    "check_statements",
    "compare",
    "compare_subgroups",
    "control_against_control",
    "cost_per_additional_exit",
    "cost_per_result",
    "decompose",
    "difference_in_means",
    "difference_in_shares",
    "discrete_time_hazard",
    "draw_controls",
    "e_values",
    "effect_on_starters",
    "evaluate",
    "exact_test",
    "exit_routes",
    "follow_up",
    "hazard_ratio",
    "hidden_selection",
    "interval_effects",
    "invoice",
    "later_referrals",
    "log_rank",
    "minimum_detectable_difference",
    "omitted_variables",
    "open_register",
    "pooled_difference",
    "power_of",
    "proportional_hazards",
    "publish",
    "read_contract",
    "read_protocol",
    "read_service_plan",
    "read_statements",
    "redraw_distribution",
    "release",
    "rmst_difference",
    "sample_size",
    "sensitivity",
    "service_results",
    "show",
    "support",
    "survival_curves",
    "survival_difference",
    "verdict_text",
    "verify",
    "verify_published",
    "weigh",
    "whole_frame",
    "whole_frame_weeks",
    "with_placebo",
    "worst_case_bounds",
    "write_report",
]

_HOMES = {
    "AdjustedDifference": "evalkit.estimate.adjustment.adjusted",
    "AdjustedPValues": "evalkit.estimate.months.multiplicity",
    "Balance": "evalkit.estimate.groups.balance",
    "Bootstrap": "evalkit.estimate.adjustment.bootstrap",
    "Bounds": "evalkit.estimate.doubt.bounds",
    "Cohort": "evalkit.cohort.cohort",
    "Comparison": "evalkit.estimate.months.comparison",
    "Contract": "evalkit.fees.contract",
    "ControlAgainstControl": "evalkit.estimate.doubt.placebo",
    "CostPerExit": "evalkit.fees.costs",
    "CostPerResult": "evalkit.fees.costs",
    "Decomposition": "evalkit.estimate.decomposition.decomposition",
    "Difference": "evalkit.estimate.shares.differences",
    "DiscreteTimeHazard": "evalkit.estimate.survival.discrete_time",
    "Draw": "evalkit.cohort.draw",
    "EValues": "evalkit.estimate.doubt.e_value",
    "EstimandCard": "evalkit.evaluation.card",
    "EvalkitError": "evalkit.errors",
    "EvalkitWarning": "evalkit.errors",
    "Evaluation": "evalkit.evaluation.evaluation",
    "ExactTest": "evalkit.estimate.shares.exact",
    "ExitRoutes": "evalkit.estimate.survival.exit_routes",
    "Gate": "evalkit.evaluation.gate",
    "HazardRatio": "evalkit.estimate.survival.cox",
    "HiddenSelection": "evalkit.estimate.doubt.hidden_selection",
    "HorizonDifference": "evalkit.estimate.survival.horizon_difference",
    "IntervalEffects": "evalkit.estimate.survival.interval_effects",
    "Invoice": "evalkit.fees.invoice",
    "LaterReferrals": "evalkit.estimate.survival.contamination",
    "LogRank": "evalkit.estimate.survival.log_rank",
    "OmittedVariables": "evalkit.estimate.doubt.omitted_variables",
    "PooledDifference": "evalkit.estimate.months.pooling",
    "Power": "evalkit.estimate.months.power",
    "ProportionalHazards": "evalkit.estimate.survival.proportional_hazards",
    "Protocol": "evalkit.study.protocol",
    "Publication": "evalkit.report.release.publication",
    "Redraws": "evalkit.estimate.doubt.redraws",
    "Register": "evalkit.register.register",
    "Released": "evalkit.report.release.released",
    "SampleSize": "evalkit.estimate.months.power",
    "Sensitivity": "evalkit.estimate.doubt.sensitivity",
    "ServicePlan": "evalkit.service.plan",
    "ServiceResults": "evalkit.service.results",
    "Shown": "evalkit.report.show",
    "Specifications": "evalkit.estimate.adjustment.specifications",
    "StartersEffect": "evalkit.estimate.adjustment.starters",
    "Statements": "evalkit.statements.statements",
    "SubgroupComparison": "evalkit.estimate.months.subgroups",
    "Support": "evalkit.estimate.groups.support",
    "SurvivalCurves": "evalkit.estimate.survival.curves",
    "Tally": "evalkit.estimate.months.tally",
    "Verdict": "evalkit.evaluation.verdict",
    "Verification": "evalkit.cohort.verification",
    "WeekCounts": "evalkit.cohort.week_counts",
    "Weights": "evalkit.estimate.groups.weights",
    "WholeFrame": "evalkit.cohort.whole_frame",
    "adjusted_difference": "evalkit.estimate.adjustment.adjusted",
    "adjusted_p_values": "evalkit.estimate.months.multiplicity",
    "all_estimators": "evalkit.estimate.adjustment.specifications",
    "balance": "evalkit.estimate.groups.balance",
    "check_statements": "evalkit.statements.statements",
    "compare": "evalkit.estimate.months.comparison",
    "compare_subgroups": "evalkit.estimate.months.subgroups",
    "control_against_control": "evalkit.estimate.doubt.placebo",
    "cost_per_additional_exit": "evalkit.fees.costs",
    "cost_per_result": "evalkit.fees.costs",
    "decompose": "evalkit.estimate.decomposition.decomposition",
    "difference_in_means": "evalkit.estimate.shares.differences",
    "difference_in_shares": "evalkit.estimate.shares.differences",
    "discrete_time_hazard": "evalkit.estimate.survival.discrete_time",
    "draw_controls": "evalkit.cohort.draw",
    "e_values": "evalkit.estimate.doubt.e_value",
    "effect_on_starters": "evalkit.estimate.adjustment.starters",
    "evaluate": "evalkit.evaluation.evaluation",
    "exact_test": "evalkit.estimate.shares.exact",
    "exit_routes": "evalkit.estimate.survival.exit_routes",
    "follow_up": "evalkit.cohort.follow_up",
    "hazard_ratio": "evalkit.estimate.survival.cox",
    "hidden_selection": "evalkit.estimate.doubt.hidden_selection",
    "interval_effects": "evalkit.estimate.survival.interval_effects",
    "invoice": "evalkit.fees.invoice",
    "later_referrals": "evalkit.estimate.survival.contamination",
    "log_rank": "evalkit.estimate.survival.log_rank",
    "minimum_detectable_difference": "evalkit.estimate.months.power",
    "omitted_variables": "evalkit.estimate.doubt.omitted_variables",
    "open_register": "evalkit.register.register",
    "pooled_difference": "evalkit.estimate.months.pooling",
    "power_of": "evalkit.estimate.months.power",
    "proportional_hazards": "evalkit.estimate.survival.proportional_hazards",
    "publish": "evalkit.report.release.publication",
    "read_contract": "evalkit.fees.contract",
    "read_protocol": "evalkit.study.plan_file",
    "read_service_plan": "evalkit.service.plan",
    "read_statements": "evalkit.statements.claims",
    "redraw_distribution": "evalkit.estimate.doubt.redraws",
    "release": "evalkit.report.release.release",
    "rmst_difference": "evalkit.estimate.survival.horizon_difference",
    "sample_size": "evalkit.estimate.months.power",
    "sensitivity": "evalkit.estimate.doubt.sensitivity",
    "service_results": "evalkit.service.results",
    "show": "evalkit.report.show",
    "support": "evalkit.estimate.groups.support",
    "survival_curves": "evalkit.estimate.survival.curves",
    "survival_difference": "evalkit.estimate.survival.horizon_difference",
    "verdict_text": "evalkit.report.verdict_text",
    "verify": "evalkit.cohort.verification",
    "verify_published": "evalkit.cohort.verification",
    "weigh": "evalkit.estimate.groups.weights",
    "whole_frame": "evalkit.cohort.whole_frame",
    "whole_frame_weeks": "evalkit.cohort.whole_frame",
    "with_placebo": "evalkit.cohort.placebo",
    "worst_case_bounds": "evalkit.estimate.doubt.bounds",
    "write_report": "evalkit.report.report",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
