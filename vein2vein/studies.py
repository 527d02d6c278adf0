"""One scenario run, or several compared on the same patients."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from sim.experiment.asked import option, require_one_count
from sim.experiment.runs.precision import Precision, parse_precisions, require_possible
from sim.experiment.study.run import Plan, load_warnings, run_study, study_files
from sim.scenario import Loaded
from sim.scenario.naming import changed_meaning, seed_notes
from vein2vein.drawing import require_room
from vein2vein.limits import checked
from vein2vein.progress import Heard, heard
from vein2vein.results import Study, place
from vein2vein.scenarios import Given, called, named, overrides


@checked
def run(
    scenario: Given,
    *,
    set: Mapping[str, object] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    precision: Mapping[str, float] | None = None,
    list_below: int | None = None,
    events: bool = False,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Study:
    """Simulate one scenario.

    `scenario`: as `load` takes it. `set`: values by path on top of it, such as `{"manufacturing.lines": 12}`.
    `replications`, `seed`: instead of the scenario's own. `precision`: half widths of 95% intervals by metric; it is
    replicated until each is so narrow, at most `replications` times (1000). `list_below`: also date when fewer patients
    than this wait. `events`: also keep every event (table `events`). `workers`: processes, chosen by the work unless
    given; results are the same for any number of them, and for either `engine` (auto, simpy, compiled). `progress`:
    True for a bar, or a function that hears of finished replications. `folder`: keep the tables there instead of in a
    temporary folder.

    Returns a `Study`: `summary`, `patients`, `incidence` and others as frames, `figure(name)`, `report(path)`,
    `save(folder)`. `..._days` are durations and `..._day` days since the start of the scenario (curves count from
    referral), shares are 0 to 1, costs in the scenario's currency. Raises ScenarioError with everything that is wrong,
    ValueError for an option that cannot be, FolderError, EngineError.
    """
    asked = {"replications": replications, "seed": seed, "set": set, "precision": precision, "list_below": list_below,
             "events": events}  # fmt: skip
    command = called("run", [scenario], asked)
    return _study([scenario], set, replications, seed, precision, list_below, events, workers, engine, progress, folder,
                  command)  # fmt: skip


@checked
def compare(
    *scenarios: Given,
    set: Mapping[str, object] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    precision: Mapping[str, float] | None = None,
    list_below: int | None = None,
    events: bool = False,
    robustness: bool = True,
    workers: int | None = None,
    engine: str = "auto",
    progress: Heard = False,
    folder: str | os.PathLike[str] | None = None,
) -> Study:
    """Simulate several scenarios on the same patients; the first one is the baseline.

    `scenarios`: as `load` takes them. All else as in `run`, and the paired differences from the baseline are in
    `differences`. `set` goes to every scenario that has a use for the value; to change one alone give
    `load(scenario, set=...)`. `robustness`: also try every input that is an assumption, one at a time (table
    `robustness`; some seconds). Raises ValueError for fewer than two scenarios.
    """
    if len(scenarios) < 2:
        raise ValueError("compare takes two scenarios or more; to simulate one alone, use run")
    asked = {"replications": replications, "seed": seed, "set": set, "precision": precision, "list_below": list_below,
             "events": events, "robustness": robustness}  # fmt: skip
    command = called("compare", scenarios, asked)
    return _study(scenarios, set, replications, seed, precision, list_below, events, workers, engine, progress, folder,
                  command, robustness)  # fmt: skip


def _study(
    given: Sequence[Given],
    values: Mapping[str, object] | None,
    replications: int | None,
    seed: int | None,
    precision: Mapping[str, float] | None,
    list_below: int | None,
    events: bool,
    workers: int | None,
    engine: str,
    progress: Heard,
    folder: str | os.PathLike[str] | None,
    command: str,
    robustness: bool = False,
) -> Study:
    require_one_count(overrides(values), replications, reads_own=not precision)
    scenarios, notes = named(given, values, seed)
    rule = None
    if precision:
        with option("precision"):
            rule = parse_precisions([f"{metric}={width}" for metric, width in precision.items()], None, replications)
        replications = None
    plan = planned(scenarios, replications, rule, command, list_below, events, False, workers, engine, robustness)
    where = place(folder)
    require_room(where.folder, study_files(plan))
    with heard(progress, plan.replications) as done:
        found = run_study(plan, where.folder, done)
    before = (*notes, *changed_meaning(scenarios), *seed_notes(scenarios), *load_warnings(scenarios))
    return Study(where.folder, tuple(dict.fromkeys((*before, *found.warnings))), where.kept)


def planned(
    scenarios: dict[str, Loaded],
    replications: int | None,
    rule: Precision | None,
    command: str,
    list_below: int | None = None,
    events: bool = False,
    event_log: bool = False,
    workers: int | None = None,
    engine: str = "auto",
    robustness: bool = False,
) -> Plan:
    """What to run: as many replications as asked, as the rule allows, or as the first scenario says.

    Raises ValueError where the rule asks for what no scenario can give.
    """
    first = next(iter(scenarios.values())).scenario.run
    if rule is not None:
        require_possible(rule, {name: one.scenario for name, one in scenarios.items()})
    count = rule.most if rule is not None else replications or first.replications
    return Plan(scenarios, count, workers, command, events, event_log, engine, rule, list_below, robustness)
