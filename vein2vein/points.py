"""Studies of many points: sweeps and sensitivity analyses, uncertain costs and QALYs, the cheapest capacities."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from sim.experiment.asked import How, OptionError, require_one_count
from sim.experiment.options import (
    PLAN_CONFIDENCE,
    PLAN_EVALUATIONS,
    PLAN_FIRST,
    PLAN_MOST,
    PSA_REPLICATIONS,
    PSA_SAMPLES,
)
from sim.experiment.plan.prepare import prepare_plan
from sim.experiment.plan.search import Rule
from sim.experiment.psa.prepare import Asked, prepare_psa
from sim.experiment.sweep.points import Base
from sim.experiment.sweep.prepare import parse_factors, prepare_sweep, varied
from vein2vein.drawing import require_room
from vein2vein.limits import checked, texts
from vein2vein.progress import Heard, heard
from vein2vein.results import Plan, Psa, Sweep, place
from vein2vein.scenarios import Given, called, named, overrides, text_of

Varied: TypeAlias = "Mapping[str, str | Sequence[object]]"
"""Values by path: a list of them, or `FROM:TO:STEP` or `FROM:TO` as on the command line."""


@checked
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
    require_one_count(overrides(set), replications)
    arms, notes = named(scenarios, set, seed)
    wanted = replace(varied(_texts(vary)), design=design, samples=samples, metrics=tuple(metrics),
                     replications=replications)  # fmt: skip
    prepared = prepare_sweep(Base(arms), wanted, How(workers, engine))
    asked = {"design": design, "samples": samples, "metrics": list(metrics) or None, "replications": replications,
             "seed": seed, "set": set}  # fmt: skip
    command = called("sweep", scenarios, {"vary": vary, **asked})
    where = place(folder)
    require_room(where.folder, prepared.files)
    count = prepared.plan.replications
    with heard(progress, len(prepared.plan.points) * count, count) as done:
        found = prepared.run(where.folder, command, done)
    return Sweep(where.folder, (*notes, *prepared.notes, *prepared.warnings, *found.warnings), where.kept)


@checked
def psa(
    *scenarios: Given,
    samples: int = PSA_SAMPLES,
    replications: int = PSA_REPLICATIONS,
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
    require_one_count(overrides(set), None, reads_own=False)
    arms, notes = named(scenarios, set, seed)
    together = [f"{name}={','.join(texts('groups', name, paths))}" for name, paths in (groups or {}).items()]
    valued = [f"{path}={size}" for path, size in (studies or {}).items()]
    wanted = Asked(samples, replications, together, valued, population, years)
    prepared = prepare_psa(Base(arms), wanted, How(workers, engine))
    asked = {"samples": samples, "replications": replications, "groups": groups, "studies": studies,
             "population": population, "years": years, "seed": seed, "set": set}  # fmt: skip
    command = called("psa", scenarios, asked)
    where = place(folder)
    require_room(where.folder, prepared.files)
    with heard(progress, samples * replications, replications) as done:
        found = prepared.run(where.folder, command, done)
    return Psa(where.folder, (*notes, *prepared.notes, *prepared.warnings, *found.warnings), where.kept)


@checked
def plan(
    scenario: Given,
    *,
    vary: Varied,
    targets: Sequence[str],
    cost: Mapping[str, float] | None = None,
    zone: Mapping[str, float] | None = None,
    confidence: float = PLAN_CONFIDENCE,
    replications: int = PLAN_FIRST,
    max_replications: int = PLAN_MOST,
    evaluations: int = PLAN_EVALUATIONS,
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
    capacities. `zone`: how far from its target a metric may be taken for either (0.01 of a share, else 5% of the
    target). `confidence`: over all tests. `replications`, `max_replications`: of the first stage, and at most, of a
    combination. `evaluations`: of more combinations than this an optimiser proposes so many. All else as in `run`.

    Returns a `Plan`: `answer` (values by path, None where nothing meets the targets), `said` (sentences) and
    `combinations` (a frame). Raises ValueError for a target, cost or zone that cannot be, ScenarioError, and as `run`
    does.
    """
    factors = parse_factors(_texts(vary))
    prices = [f"{path}={price}" for path, price in (cost or {}).items()]
    zones = [f"{metric}={width}" for metric, width in (zone or {}).items()]
    rule = Rule(confidence, replications, max_replications)
    require_one_count(overrides(set), None, reads_own=False)
    base = Base(named([scenario], set, seed)[0])
    prepared = prepare_plan(base, factors, targets, prices, zones, rule, How(workers, engine), evaluations)
    asked = {"cost": cost, "zone": zone, "confidence": confidence, "replications": replications,
             "max_replications": max_replications, "evaluations": evaluations, "seed": seed, "set": set}  # fmt: skip
    command = called("plan", [scenario], {"vary": vary, "targets": list(targets), **asked})
    where = place(folder)
    require_room(where.folder, prepared.files)
    with heard(progress, prepared.asked.expected, replications) as done:
        found = prepared.run(where.folder, command, done)
    told = (*prepared.notes, *prepared.warnings)
    return Plan(where.folder, told, where.kept, answer=found.value, said=tuple(found.said))


def _texts(vary: Varied) -> list[str]:
    """What is varied, as the command line takes it. Raises OptionError where it is nothing."""
    if not vary:
        raise OptionError("", "nothing is varied: give vary={PATH: VALUES}")
    return [f"{path}={_values(values)}" for path, values in vary.items()]


def _values(values: object) -> str:
    """The values of one path with commas between them; one alone is a list of one, as R has it."""
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        return text_of(values)
    return ",".join(text_of(value) for value in values)
