"""A sweep from what is asked to what can be run: read, checked, and with what is to be said before it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.experiment.asked import How, OptionError, option
from sim.experiment.sweep.designs import SAMPLED, Design, build_design
from sim.experiment.sweep.economics import economic_outcomes, idle_inputs, wrong_metrics
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.factors import Factor, parse_factor
from sim.experiment.sweep.file import SweepFile, places_of, relocate
from sim.experiment.sweep.of_use import require_of_use
from sim.experiment.sweep.points import Base, Point, paths_of
from sim.experiment.sweep.run import SweepStudy, run_sweep, sweep_files
from sim.scenario import Place, Problem, ScenarioError
from sim.scenario.naming import changed_meaning, seed_notes


@dataclass(frozen=True, eq=False)
class PreparedSweep:
    """A sweep that is ready to run. `notes` and `warnings`: sentences to be said before it does."""

    plan: SweepPlan
    design: Design
    places: Mapping[str, tuple[Place, str]]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def files(self) -> list[str]:
        """The files of tables that it writes."""
        return sweep_files(self.plan, self.design)

    def run(self, folder: Path, command: str, done: Callable[[int], None], replace: Sequence[str] = ()) -> SweepStudy:
        """As `run_sweep`; what is wrong with a value is shown where the sweep has it."""
        try:
            return run_sweep(self.plan, self.design, folder, command, done, replace)
        except ScenarioError as error:
            raise relocate(error, self.places) from error


def prepare_sweep(base: Base, asked: SweepFile, how: How) -> PreparedSweep:
    """The sweep over a base, as a file asks for it; what it does not say is as in the first scenario.

    Raises OptionError where the design or a metric cannot be, ScenarioError where a sweep file has it, or a path cannot
    be varied, LibraryMissingError.
    """
    first = next(iter(base.scenarios.values())).scenario.run
    seed = first.seed if asked.seed is None else asked.seed
    try:
        if asked.seed is not None and asked.design not in SAMPLED:
            raise OptionError("seed", f"takes no seed, as nothing of it is drawn; allowed with {', '.join(SAMPLED)}")
        design = build_design(asked.design, asked.factors, asked.variants, asked.samples, seed)
    except OptionError as error:
        raise _refused(asked, error.option, {error.option: f"{asked.design}: {error.message}"}) from error
    except ValueError as error:
        raise _refused(asked, "design", {"design": f"{asked.design}: {error}"}) from error
    _require_base_of_use(asked)
    require_of_use(base, design.points, asked.places)
    if idle := [Problem(*asked.places[path], said) for path, said in idle_inputs(base, paths_of(design.points))]:
        raise ScenarioError(idle)
    if wrong := {f"metrics.{name}": message for name, message in wrong_metrics(base, asked.metrics)}:
        raise _refused(asked, "metrics", wrong)
    plan = sweep_plan(base, design.points, asked.replications or first.replications, asked.metrics, how)
    warnings = (*warnings_of(base), *seed_notes(base.scenarios))
    return PreparedSweep(plan, design, asked.places, tuple(changed_meaning(base.scenarios)), warnings)


def _require_base_of_use(asked: SweepFile) -> None:
    """Raise where a value has a base, and the design no point at which it stands."""
    if asked.design != "one_at_a_time" and (idle := [factor for factor in asked.factors if factor.base is not None]):
        told = f"has no effect with design {asked.design}; allowed with one_at_a_time; leave it out, or list the values"
        raise ScenarioError([Problem(asked.places[f.path][0], f"{asked.places[f.path][1]}.base", told) for f in idle])


def _refused(asked: SweepFile, path: str, faults: Mapping[str, str]) -> ScenarioError | OptionError:
    """The error of what is asked for (key: what is wrong), with the places where it stands in a file."""
    if found := [Problem(asked.stated[key], path, message) for key, message in faults.items() if key in asked.stated]:
        return ScenarioError(found)
    return OptionError("", next(iter(faults.values())))


def sweep_plan(base: Base, points: Sequence[Point], replications: int, metrics: Sequence[str], how: How) -> SweepPlan:
    """The points of a sweep, with economic results where the scenarios have them together."""
    reducer, money = economic_outcomes(base)
    return SweepPlan(
        base, tuple(points), replications, how.workers, how.engine, how.cluster, reducer, metrics=tuple(metrics),
        money=money,
    )  # fmt: skip


def varied(texts: Iterable[str]) -> SweepFile:
    """What `PATH=VALUES` ask for, as a sweep file would, of no scenarios yet; grid unless replaced.

    Raises OptionError where values cannot be, or a path is given twice.
    """
    factors = parse_factors(texts)
    return SweepFile((), "grid", factors, places=places_of(factors))


def parse_factors(texts: Iterable[str]) -> tuple[Factor, ...]:
    """The factors of `PATH=VALUES` each. Raises OptionError where values cannot be, or a path is given twice."""
    found: dict[str, Factor] = {}
    for text in texts:
        path = text.partition("=")[0].strip()
        with option(f"vary {path}"):
            factor = parse_factor(text)
            if factor.path in found:
                raise ValueError("given twice; put all its values into one")
        found[factor.path] = factor
    return tuple(found.values())


def warnings_of(base: Base) -> list[str]:
    """What was noticed in reading the scenarios, each with the name of its own."""
    return [f"{name}: {told}" for name, loaded in base.scenarios.items() for told in loaded.warnings]
