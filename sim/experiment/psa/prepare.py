"""A probabilistic sensitivity analysis from what is asked to what can be run, with what is said before it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.experiment.asked import How, OptionError, option
from sim.experiment.options import PSA_REPLICATIONS, PSA_SAMPLES
from sim.experiment.psa.information import YEARS, Population, Wanted, parse_groups, require_known
from sim.experiment.psa.run import Psa, psa_files, psa_points, require_economics, run_psa, unused_inputs
from sim.experiment.study.economics_tables import money_warnings, no_reference_arm
from sim.experiment.sweep.economics import ECONOMICS
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.points import Base
from sim.experiment.sweep.prepare import warnings_of
from sim.scenario.naming import changed_meaning


@dataclass(frozen=True)
class Asked:
    """What is asked of an analysis.

    `groups`: `NAME=PATH,PATH` each; `studies`: `PATH=PATIENTS` each; `population`: patients a year, for `years`.
    """

    samples: int = PSA_SAMPLES
    replications: int = PSA_REPLICATIONS
    groups: Sequence[str] = ()
    studies: Sequence[str] = ()
    population: float | None = None
    years: int | None = None

    @property
    def wanted(self) -> Wanted:
        """What is asked beside the samples. Raises OptionError."""
        if self.years is not None and self.population is None:
            raise OptionError("years", "belongs to population, which is not given")
        people = None if self.population is None else Population(self.population, self.years or YEARS)
        with option("group"):
            return Wanted(parse_groups(self.groups), people, tuple(self.studies))


@dataclass(frozen=True, eq=False)
class PreparedPsa:
    """An analysis that is ready to run. `notes` and `warnings`: sentences to be said before it does."""

    plan: SweepPlan
    wanted: Wanted
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def files(self) -> list[str]:
        """The files of tables that it writes."""
        return psa_files(self.plan.base, self.wanted)

    def run(self, folder: Path, command: str, done: Callable[[int], None], replace: Sequence[str] = ()) -> Psa:
        """As `run_psa`."""
        return run_psa(self.plan, folder, command, done, replace, self.wanted)


def prepare_psa(base: Base, asked: Asked, how: How) -> PreparedPsa:
    """The analysis of a base.

    Raises ScenarioError where a scenario has no economics or nothing uncertain, OptionError, LibraryMissingError.
    """
    wanted = asked.wanted
    require_economics(base)
    plan = psa_plan(base, asked.samples, asked.replications, how)
    require_known(wanted, base, plan.points)
    notes = [f"the uncertain input {path} is left out: {why}" for path, why in unused_inputs(base).items()]
    notes += [gone.sentence for loaded in base.scenarios.values() for gone in loaded.certain]
    missing = no_reference_arm(base.scenarios)
    warnings = [*warnings_of(base), *([] if missing is None else [missing]), *money_warnings(base.scenarios)]
    return PreparedPsa(plan, wanted, (*changed_meaning(base.scenarios), *notes), tuple(warnings))


def psa_plan(base: Base, samples: int, replications: int, how: How) -> SweepPlan:
    """The samples of an analysis, each with its economic quantities."""
    return SweepPlan(
        base, psa_points(base, samples), replications, how.workers, how.engine, how.cluster, reducer=ECONOMICS
    )
