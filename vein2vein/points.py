"""Studies of many points: sweeps and sensitivity analyses, uncertain costs and QALYs, the cheapest capacities."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sim.experiment.plan.bench import metrics_of
from sim.experiment.plan.run import PLAN_FILES, run_plan, sweep_of
from sim.experiment.plan.run import Asked as Search
from sim.experiment.plan.search import EVALUATIONS, Rule
from sim.experiment.plan.space import Space, ascending
from sim.experiment.plan.targets import parse_costs, parse_target, parse_zones, require_once, require_used
from sim.experiment.psa.information import YEARS, Population, parse_groups, require_known
from sim.experiment.psa.information import Wanted as Information
from sim.experiment.psa.run import psa_files, psa_points, require_economics, run_psa, unused_inputs
from sim.experiment.study.economics_tables import dear_states, no_reference_arm
from sim.experiment.sweep.designs import DESIGNS, build_design
from sim.experiment.sweep.economics import ECONOMICS, economic_outcomes, require_outcomes
from sim.experiment.sweep.evaluate import SweepPlan
from sim.experiment.sweep.factors import Factor, parse_factor
from sim.experiment.sweep.file import places_of, relocate
from sim.experiment.sweep.points import Base, paths_of
from sim.experiment.sweep.run import run_sweep, sweep_files
from sim.scenario import ScenarioError
from sim.scenario.naming import seed_notes
from vein2vein.drawing import require_room
from vein2vein.limits import ENGINES, require, require_within, require_word
from vein2vein.progress import Heard, heard
from vein2vein.results import Plan, Psa, Sweep, place
from vein2vein.scenarios import Given, called, named, text_of

Varied: TypeAlias = "Mapping[str, str | Sequence[object]]"
"""Values by path: a list of them, or `FROM:TO:STEP` or `FROM:TO` as on the command line."""


def sweep(
    *scenarios: Given,
    vary: Varied,
    design: str = "grid",
    samples: int | None = None,
    metrics: Sequence[str] = (),
    set: Mapping[str, object] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Sweep:
    """Simulate many points, all on the same patients.

    `scenarios`: as `load` takes them. `vary`: values by path: `{"manufacturing.lines": [4, 8, 12]}`, or `"4:20:2"`
    (from, to, step). `design`: grid, one_at_a_time (tornado), latin_hypercube (rank correlations), sobol or morris;
    `samples`: the size of the last three. `metrics`: only these in the tables, `net_benefit@100000` among them. With a
    `folder` it goes on where it was stopped there. All else as in `run`.

    Returns a `Sweep`: `points`, `outcomes` and `sensitivity` as frames. Raises ScenarioError where a value cannot be,
    ValueError where the design or a range cannot, and as `run` does.
    """
    require(replications=(replications, 1), samples=(samples, 2), seed=(seed, 0), workers=(workers, 1))
    require_word("engine", engine, ENGINES)
    require_word("design", design, DESIGNS)
    arms, notes = named(scenarios, set, seed)
    base = Base(arms)
    factors = _factors(vary)
    first = next(iter(base.scenarios.values())).scenario.run
    points = build_design(design, factors, {}, samples, first.seed)
    require_outcomes(base, paths_of(points.points), tuple(metrics))
    reducer, money = economic_outcomes(base)
    plan = SweepPlan(base, points.points, replications or first.replications, workers, engine, None, reducer,
                     metrics=tuple(metrics), money=money)  # fmt: skip
    asked = {"design": design, "samples": samples, "metrics": list(metrics) or None, "replications": replications,
             "seed": seed, "set": set}  # fmt: skip
    command = called("sweep", scenarios, {"vary": vary, **asked})
    where = place(folder)
    require_room(where.folder, sweep_files(plan, points))
    try:
        with heard(progress, len(points.points) * plan.replications, plan.replications) as done:
            run_sweep(plan, points, where.folder, command, done)
    except ScenarioError as error:
        raise relocate(error, places_of(factors)) from error
    return Sweep(where.folder, (*notes, *seed_notes(base.scenarios)), where.kept)


def psa(
    *scenarios: Given,
    samples: int = 1000,
    replications: int = 20,
    groups: Mapping[str, Sequence[str]] | None = None,
    studies: Mapping[str, int | str] | None = None,
    population: float | None = None,
    years: int | None = None,
    set: Mapping[str, object] | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Psa:
    """Probabilistic sensitivity analysis of costs and QALYs, per patient referred.

    `scenarios`: as `load` takes them. `samples`: sets of the inputs under `uncertainty:`; `replications`: of each set.
    `groups`: of inputs valued together, paths or their beginnings by name. `studies`: patients of a study of one input,
    by path (`"200,follow_up=2y"` for times). `population`: patients a year for whom the decision stands, for `years`
    (10). With a `folder` it goes on where it was stopped there. All else as in `run`.

    Returns a `Psa`: `samples`, `inputs`, `acceptability`, `evpi` and `icer` as frames. Raises ScenarioError where a
    scenario has no economics or nothing uncertain, and as `run` does.
    """
    require(
        replications=(replications, 1), samples=(samples, 2), years=(years, 1), seed=(seed, 0), workers=(workers, 1)
    )
    require_word("engine", engine, ENGINES)
    if years is not None and population is None:
        raise ValueError("years: belongs to population, which is not given")
    arms, notes = named(scenarios, set, seed)
    base = Base(arms)
    require_economics(base)
    points = psa_points(base, samples)
    together = parse_groups([f"{name}={','.join(paths)}" for name, paths in (groups or {}).items()])
    people = None if population is None else Population(population, years or YEARS)
    information = Information(together, people, tuple(f"{path}={size}" for path, size in (studies or {}).items()))
    require_known(information, base, points)
    plan = SweepPlan(base, points, replications, workers, engine, None, ECONOMICS)
    left_out = [f"the uncertain input {path} is left out: {why}" for path, why in unused_inputs(base).items()]
    certain = [gone.sentence for loaded in base.scenarios.values() for gone in loaded.certain]
    asked = {"samples": samples, "replications": replications, "groups": groups, "studies": studies,
             "population": population, "years": years, "seed": seed, "set": set}  # fmt: skip
    command = called("psa", scenarios, asked)
    where = place(folder)
    require_room(where.folder, psa_files(base, information))
    with heard(progress, samples * replications, replications) as done:
        found = run_psa(plan, where.folder, command, done, wanted=information)
    missing = [told for told in (no_reference_arm(base.scenarios),) if told is not None]
    warnings = (*notes, *left_out, *certain, *missing, *dear_states(base.scenarios), *found.warnings)
    return Psa(where.folder, warnings, where.kept)


def plan(
    scenario: Given,
    *,
    vary: Varied,
    targets: Sequence[str],
    cost: Mapping[str, float] | None = None,
    zone: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    replications: int = 20,
    max_replications: int = 2000,
    evaluations: int = EVALUATIONS,
    set: Mapping[str, object] | None = None,
    seed: int | None = None,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Plan:
    """The cheapest combination of capacities that meets every target, with this confidence over all tests together.

    `scenario`: as `load` takes it. `vary`: values of each capacity by path: `{"centres.city.slots": "2:6"}`. `targets`:
    `["infused_share >= 0.75", "waiting_list_length@2027-01-01 <= 10"]`. `cost`: of one unit by path; needed for several
    capacities. `zone`: how far from its target a metric may be taken for either (0.01 of a share, else 5 % of the
    target). `confidence`: over all tests. `replications`, `max_replications`: of the first stage, and at most, of a
    combination. `evaluations`: of more combinations than this an optimiser proposes so many. All else as in `run`.

    Returns a `Plan`: `answer` (values by path, None where nothing meets the targets), `said` (sentences) and
    `combinations` (a frame). Raises ValueError for a target, cost or zone that cannot be, ScenarioError, and as `run`
    does.
    """
    require(replications=(replications, 5), max_replications=(max_replications, 5), evaluations=(evaluations, 2),
            seed=(seed, 0), workers=(workers, 1))  # fmt: skip
    require_within("confidence", confidence, 0.5, 0.9999)
    require_word("engine", engine, ENGINES)
    base = Base(named([scenario], set, seed)[0])
    levers = tuple(ascending(factor) for factor in _factors(vary))
    prices = parse_costs([f"{path}={price}" for path, price in (cost or {}).items()], [lever.path for lever in levers])
    metric_of = metrics_of(base)
    zones = parse_zones([f"{metric}={width}" for metric, width in (zone or {}).items()], metric_of)
    aims = tuple(parse_target(text, metric_of, zones) for text in targets)
    require_once(aims)
    require_used(zones, aims)
    search = Search(Space(levers, prices), aims, Rule(confidence, replications, max_replications), evaluations)
    asked = {"cost": cost, "zone": zone, "confidence": confidence, "replications": replications,
             "max_replications": max_replications, "evaluations": evaluations, "seed": seed, "set": set}  # fmt: skip
    command = called("plan", [scenario], {"vary": vary, "targets": list(targets), **asked})
    where = place(folder)
    require_room(where.folder, PLAN_FILES)
    try:
        made = sweep_of(base, search, workers, engine)
        with heard(progress, search.expected, replications) as done:
            found = run_plan(made, search, where.folder, command, done)
    except ScenarioError as error:
        raise relocate(error, places_of(levers)) from error
    return Plan(where.folder, (), where.kept, answer=found.value, said=tuple(found.said))


def _factors(vary: Varied) -> list[Factor]:
    """What is varied. Raises ValueError where it is nothing, or values cannot be."""
    if not vary:
        raise ValueError("nothing is varied: give vary={PATH: VALUES}")
    found = []
    for path, values in vary.items():
        text = values if isinstance(values, str) else ",".join(text_of(value) for value in values)
        try:
            found.append(parse_factor(f"{path}={text}"))
        except ValueError as error:
            raise ValueError(f"vary {path}: {error}") from error
    return found
