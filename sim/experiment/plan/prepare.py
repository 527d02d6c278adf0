"""A search for the cheapest capacities from what is asked to what can be run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.experiment.asked import How, option
from sim.experiment.options import PLAN_EVALUATIONS
from sim.experiment.plan.bench import metrics_of
from sim.experiment.plan.floor import FloorMissingError
from sim.experiment.plan.run import PLAN_FILES, Asked, PlanStudy, run_plan, sweep_of
from sim.experiment.plan.search import Rule
from sim.experiment.plan.space import Space, ascending
from sim.experiment.plan.standing import standing_prices
from sim.experiment.plan.targets import parse_costs, parse_target, parse_zones, require_once, require_used
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.factors import Factor
from sim.experiment.sweep.file import places_of, relocate
from sim.experiment.sweep.of_use import require_of_use
from sim.experiment.sweep.points import Base
from sim.experiment.sweep.prepare import warnings_of
from sim.scenario import ScenarioError
from sim.scenario.naming import changed_meaning

RUN = "run"


@dataclass(frozen=True, eq=False)
class PreparedPlan:
    """A search that is ready to run. `notes` and `warnings`: sentences to be said before it does."""

    plan: SweepPlan
    asked: Asked
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files of tables that it writes."""
        return PLAN_FILES

    def run(self, folder: Path, command: str, done: Callable[[int], None], replace: Sequence[str] = ()) -> PlanStudy:
        """As `run_plan`; what is wrong with a value is shown where it was asked for."""
        try:
            return run_plan(self.plan, self.asked, folder, command, done, replace)
        except ScenarioError as error:
            raise relocate(error, places_of(self.asked.space.levers)) from error
        except FloorMissingError as error:
            with option("target"):
                raise error


def prepare_plan(
    base: Base,
    factors: Sequence[Factor],
    targets: Sequence[str],
    costs: Sequence[str],
    zones: Sequence[str],
    rule: Rule,
    how: How,
    evaluations: int = PLAN_EVALUATIONS,
) -> PreparedPlan:
    """The search of a base of one scenario.

    `targets`: `METRIC <= X` or `METRIC >= X` each; `costs`: `PATH=NUMBER`, else what the scenario says that
    capacity costs a month; `zones`: `METRIC=WIDTH`. Raises OptionError
    where one of them cannot be, ScenarioError where a value of the first stage cannot.
    """
    levers = []
    for factor in factors:
        with option(f"vary {factor.path}"):
            if factor.path.split(".")[0] == RUN:
                raise ValueError("says how much is simulated, and is no capacity; allowed: what a planner can choose")
            levers.append(_lever(base, factor))
    with option("cost"):
        known = {} if costs else standing_prices(base, levers)
        space = Space(tuple(levers), known or parse_costs(costs, [lever.path for lever in levers]))
    metric_of = metrics_of(base)
    with option("zone"):
        widths = parse_zones(zones, metric_of)
    with option("target"):
        aims = tuple(parse_target(text, metric_of, widths) for text in targets)
        require_once(aims)
    with option("zone"):
        require_used(widths, aims)
    asked = Asked(space, aims, rule, evaluations)
    try:
        plan = sweep_of(base, asked, how.workers, how.engine, how.cluster)
    except ScenarioError as error:
        raise relocate(error, places_of(levers)) from error
    require_of_use(base, plan.points, places_of(levers))
    told = [f"cost a month of one unit, from economics.costs.capacity: {_listed(known)}"] if known else []
    return PreparedPlan(plan, asked, (*changed_meaning(base.scenarios), *told), tuple(warnings_of(base)))


def _lever(base: Base, factor: Factor) -> Factor:
    """The factor with its values in order; where they have none, what the scenario has against the path comes first."""
    try:
        return ascending(factor)
    except ValueError:
        try:
            for loaded in base.scenarios.values():
                loaded.scenario_with([f"{factor.path}={factor.ends[0]}"])
        except ScenarioError as error:
            raise relocate(error, places_of([factor])) from error
        raise


def _listed(prices: Mapping[str, float]) -> str:
    return ", ".join(f"{path} {price:,.10g}" for path, price in prices.items())
