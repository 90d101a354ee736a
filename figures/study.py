"""The study that the figures are drawn from, and the files that they become."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cohort.draw import Draw, draw_controls
from evalkit.cohort.follow_up import follow_up, measurable_months
from evalkit.estimate.months.comparison import Comparison, compare
from evalkit.examples.satakunta import write_satakunta
from evalkit.register.register import Register, open_register
from evalkit.report.card_text import rules_line
from evalkit.report.plots.foot import with_foot
from evalkit.report.plots.style import save_figure
from evalkit.report.release.release import release
from evalkit.service.plan import read_service_plan
from evalkit.service.results import ServiceResults, service_results
from evalkit.statements.claims import Published, read_statements
from evalkit.study.plan_file import read_protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from matplotlib.axes import Axes

    from evalkit.cohort.cohort import Cohort
    from evalkit.report.card_text import Reading
    from evalkit.report.release.released import Released
    from evalkit.study.protocol import Protocol

HERE = Path(__file__).parent
BUILD = HERE.parent / "build" / "figures"
SERVICE_PLAN = HERE.parent / "sampling" / "service_satakunta.toml"
PLAN = "satakunta.toml"


@dataclass(frozen=True)
class Study:
    """A study's folder, and what the figures need of it; each thing is made once."""

    folder: Path
    language: str = "fi"

    @cached_property
    def plan(self) -> Protocol:
        """What is evaluated, and how."""
        return read_protocol(self.folder / PLAN)

    @cached_property
    def register(self) -> Register:
        """Register and pilot list."""
        return open_register(protocol=self.plan)

    @cached_property
    def draws(self) -> list[Draw]:
        """Control samples of all months that can be measured."""
        months = measurable_months(self.register)
        return [draw_controls(self.register, month) for month in months]

    @cached_property
    def cohort(self) -> Cohort:
        """Both groups from the same time zero: the people of every estimate."""
        return follow_up(self.register, self.draws, time_zero="aligned")

    @cached_property
    def report_cohort(self) -> Cohort:
        """Both groups as the report followed them: the people of figures 2 and 3."""
        return follow_up(self.register, self.draws, time_zero="report")

    def comparison(self, year: str = "") -> Comparison:
        """Return the report's comparison, of one start year or of all."""
        people = self.report_cohort.people
        of_year = people[people["month"].str.startswith(year)].reset_index(drop=True)
        cohort = replace(self.report_cohort, people=of_year)
        return compare(cohort, outcome="outcome_report")

    def released(self, year: str = "") -> Released:
        """Return what of the comparison may be published."""
        return release(self.comparison(year), min_cell=self.smallest_cell)

    @cached_property
    def service(self) -> ServiceResults:
        """What the service itself counts."""
        return service_results(self.register, plan=read_service_plan(SERVICE_PLAN))

    @cached_property
    def published(self) -> Published:
        """What the report says."""
        return read_statements(HERE / "published.toml")

    def ruled(
        self, ax: Axes, *, time_zero: str = "aligned", outcome: Reading | None
    ) -> Axes:
        """Write below a figure by which rules it was made."""
        foot = rules_line(
            self.plan, time_zero=time_zero, outcome=outcome, language=self.language
        )
        return with_foot(ax, foot)

    @property
    def smallest_cell(self) -> int:
        """Smaller counts are masked."""
        return self.plan.publish.smallest_cell

    @property
    def look(self) -> dict[str, Any]:
        """Language, and whether the people are simulated: for every figure."""
        return {"language": self.language, "synthetic": self.plan.study.synthetic}


def main(figures: Mapping[str, Callable[[Study], Axes]]) -> None:
    """Draw figures of the study that the command line names, each into its files."""
    parser = argparse.ArgumentParser(description="Draw figures of a study.")
    parser.add_argument(
        "study", nargs="?", type=Path, default=BUILD / "study",
        help=f"folder with {PLAN}; left out, or empty: the synthetic Satakunta",
    )  # fmt: skip
    parser.add_argument("--language", choices=("fi", "sv", "en"), default="fi")
    parser.add_argument("--to", type=Path, default=BUILD, help="folder of the figures")
    asked = parser.parse_args()
    if not (asked.study / PLAN).exists():
        print(f"Writing the synthetic Satakunta to {asked.study}", flush=True)
        write_satakunta(asked.study)
    study = Study(asked.study, asked.language)
    for name, draw in figures.items():
        files = save_figure(draw(study), asked.to / name, formats=("svg", "pdf", "png"))
        print(*files, sep="\n", flush=True)
