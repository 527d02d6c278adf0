"""A study: one or several scenarios, replicated on the same patients, written as the tables of a results folder.

Longer than 400 lines because all that a study writes, and warns of, is put together here.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from sim.engine.choice import SIMPY, pick, workers_for
from sim.experiment.disk.event_log import event_log_files, write_event_log
from sim.experiment.disk.manifest import about_program, about_scenarios, scenario_files, write_manifest, write_scenarios
from sim.experiment.disk.publish import new_results
from sim.experiment.disk.table_files import (
    TableFile,
    Written,
    event_columns,
    patient_columns,
    quantity_columns,
    write_parts,
    write_table,
)
from sim.experiment.runs.limits import require_kept, require_size
from sim.experiment.runs.precision import Precision, batches, reached
from sim.experiment.runs.replicate import Arm, Keep, Replication, replicate
from sim.experiment.runs.work import is_a_worker, release
from sim.experiment.study import tables
from sim.experiment.study.arrangement import network, pathway
from sim.experiment.study.distribution_table import distribution_table
from sim.experiment.study.economics_tables import (
    economic_tables,
    money_warnings,
    no_reference_arm,
    why_not_comparable,
)
from sim.experiment.study.forecast import falls_below, waiting_list, warm_up, warm_up_warnings
from sim.experiment.study.inputs import parameters
from sim.experiment.study.money_tables import budget_table, subgroups_table
from sim.experiment.study.not_modelled import NOT_MODELLED
from sim.experiment.study.picture_tables import Pictures
from sim.experiment.study.robustness import robustness, tried_meanwhile
from sim.outcomes.estimates import FEW
from sim.outcomes.metrics import CENSORED, unresolved_of
from sim.pieces.expectations import expect
from sim.pieces.loads import Load, expected_patients, flag_shares, offered_loads
from sim.pieces.protocol import Protocol
from sim.pieces.strategies import build_protocol
from sim.scenario import Loaded, Scenario, compare_scenarios
from sim.scenario.arms import NETWORK, belongs_to, unlike
from sim.tables import EVENTS_TABLE, PATIENTS, QUANTITIES
from sim.tables.words import counted

# The tables of every study; the other ones belong to comparisons, to what a scenario has, or to what was asked for.
ALWAYS = (
    "summary", "runs", "resources", "stages", "incidence", "waits", "outcomes", "parameters", "changes", "waiting_list",
    "warm_up", "pathway", "network",
)  # fmt: skip
PICTURES = (
    "use_through_time", "stock_through_time", "flow", "stages_middle", "groups", "resources_summary", "timeline_sample",
    "day_by_day",
)  # fmt: skip

# From this offered load on, waits hang on the last per cent of the supply.
CLOSE_TO_FULL = 0.95


@dataclass(frozen=True)
class Plan:
    """What to run: scenarios by name, the baseline first; replications; workers, None to choose by the work.

    `event_log`: whether to write that of replication 0. With a `precision`, `replications` are as many as may be.
    `list_below`: a length of the waiting list to date. `robustness`: whether a comparison tries its assumptions.
    """

    scenarios: dict[str, Loaded]
    replications: int
    workers: int | None
    command: str
    keep_events: bool = False
    event_log: bool = False
    engine: str = "auto"
    precision: Precision | None = None
    list_below: int | None = None
    robustness: bool = False

    @property
    def arms(self) -> list[Arm]:
        """The scenarios as arms."""
        return [Arm(name, loaded.scenario) for name, loaded in self.scenarios.items()]


@dataclass(frozen=True, eq=False)
class Study:
    """The small tables of a finished study, and what to warn of; `written`: every small table as it was written."""

    summary: pd.DataFrame
    differences: pd.DataFrame | None
    changes: pd.DataFrame
    warnings: list[str]
    list_below: pd.DataFrame | None = None
    economics: pd.DataFrame | None = None
    icer: pd.DataFrame | None = None
    already_waiting: pd.DataFrame | None = None
    written: Mapping[str, Written] = field(default_factory=dict)


def load_warnings(scenarios: dict[str, Loaded]) -> list[str]:
    """What to know before a run, what matters most first: who is never infused, loads above 1, arms that compare
    unlikes, loads close to 1, and what has no effect in the simulated time."""
    never, full, close, idle = [], [], [], []
    for name, loaded in scenarios.items():
        protocol = build_protocol(loaded.scenario)
        loads = offered_loads(loaded.scenario, protocol)
        never += [f"{name}: {warning}" for warning in _never_infused(loaded.scenario, protocol)]
        full += [(load.load, f"{name}: {_above_one(load)}") for load in loads if load.load > 1.0]
        close += [f"{name}: {warning}" for warning in _close_to_full(loads)]
        idle += [f"{name}: {warning}" for warning in loaded.warnings]
    full.sort(key=lambda found: -found[0])
    return [*never, *(text for _, text in full), *unlike(scenarios), *close, *idle]


def _above_one(load: Load) -> str:
    where = f" at {load.centre}" if load.centre else ""
    told = (
        "in the measured time there is none of it, or demand without end; patients who need it wait until they leave"
        if math.isinf(load.load)
        else f"offered load {load.load:.2f} is above 1; patients will queue until others leave"
    )
    return f"{load.label}{where} ({load.resource}): {told}"


def _never_infused(scenario: Scenario, protocol: Protocol) -> list[str]:
    """A sentence where nobody can be infused, or on average not in the time for which patients are followed."""
    days = expect(protocol.path, flag_shares(scenario)).noted.get("infusion")
    if days is None:
        return ["nobody can be infused: every path ends before"] if scenario.infuses else []
    if days > scenario.run.follow_up:
        told = f"{counted(f'{days:.0f}', 'day')} on average from referral to infusion without any queue"
        return [f"{told}; patients are followed for {scenario.run.follow_up:g} d (run.follow_up)"]
    return []


def _close_to_full(loads: Sequence[Load]) -> list[str]:
    """A sentence for each resource whose offered load is just below 1: what is assumed of it decides the waits."""
    by_label: dict[str, list[Load]] = {}
    for load in loads:
        if CLOSE_TO_FULL <= load.load <= 1.0:
            by_label.setdefault(load.label, []).append(load)
    told = []
    for label, close in by_label.items():
        ends = sorted({f"{load.load:.3f}" for load in close})
        where = ", ".join(load.centre for load in close if load.centre)
        told.append(
            f"{label} ({close[0].resource}){f' at {where}' if where else ''}: offered load "
            f"{' to '.join(dict.fromkeys((ends[0], ends[-1])))} is close to 1; "
            "the waits hang on this supply, and on its source"
        )
    return told


def study_files(plan: Plan) -> list[str]:
    """The files of tables that a study of this plan may write."""
    loaded = plan.scenarios.values()
    economics = all(one.scenario.economics is not None for one in loaded)
    names = [*ALWAYS, *PICTURES]
    names += ["differences", "same_patients"] if len(loaded) > 1 else []
    names += ["robustness", "not_tried"] if plan.robustness and len(loaded) > 1 else []
    listed = any(region.already_waiting is not None for one in loaded for region in one.scenario.regions.values())
    names += ["already_waiting"] if listed else []
    names += ["list_below"] if plan.list_below is not None else []
    names += ["economics", "nmb", "budget", "subgroups", "distribution"] if economics else []
    names += ["economics_differences", "icer", "price"] if economics and len(loaded) > 1 else []
    names += ["supply"] if any(one.scenario.economics is not None for one in loaded) else []
    big = [PATIENTS, *([QUANTITIES] if economics else []), *([EVENTS_TABLE] if plan.keep_events else [])]
    logs = event_log_files(len(loaded)) if plan.event_log else []
    return [*(f"{name}.csv" for name in names), *(table.file for table in big), *scenario_files(plan.scenarios), *logs]


def run_study(plan: Plan, folder: Path, done: Callable[[int], None], replace: Sequence[str] = ()) -> Study:
    """Run the plan and put its tables into `folder`; `done` hears of finished replications.

    `replace`: names of files in the folder that may be replaced although no earlier results list them. Raises
    FolderError before anything runs where files could not be put there, ScenarioError where the plan comes to more than
    there is room for, and what a run raises.
    """
    require_size(plan.arms, plan.scenarios)
    require_kept(plan.arms, plan.scenarios, plan.replications, plan.keep_events)
    with new_results(folder, study_files(plan), replace) as building:
        return _run(plan, building, done)


def _run(plan: Plan, folder: Path, done: Callable[[int], None]) -> Study:
    started = time.perf_counter()
    arms = plan.arms
    collected = tables.Collected(arms, folder.parent)
    lives = any(arm.scenario.after_infusion is not None for arm in arms)
    columns = patient_columns([arm.protocol for arm in arms], lives=lives)
    with_money = any(arm.scenario.economics is not None for arm in arms)
    keep = Keep(patients=True, events=plan.keep_events, views=True)
    pictures = Pictures(arms)
    patients_expected = plan.replications * sum(expected_patients(arm.scenario) for arm in arms)
    engine, why_engine = pick(plan.engine, patients_expected)
    cores = os.cpu_count() or 1
    workers = plan.workers or workers_for(engine, patients_expected, cores)
    # one process is enough for the replications; another may begin with what they rest on
    helps = plan.robustness and plan.workers is None and workers == 1 < cores and engine != SIMPY
    helpers = int(helps and not is_a_worker())
    with tried_meanwhile(plan.scenarios, plan.replications, engine, helpers) as tried:
        with (
            TableFile(folder, PATIENTS, columns) as patients,
            TableFile(folder, EVENTS_TABLE, event_columns(), wanted=plan.keep_events) as events,
            TableFile(folder, QUANTITIES, quantity_columns(), wanted=with_money) as quantities,
        ):
            whole = (range(plan.replications),)
            for numbers in whole if plan.precision is None else batches(plan.precision, collected.with_economics):
                for replication in replicate(arms, numbers, workers, keep, done, engine):
                    collected.add(replication)
                    pictures.add(replication)
                    for arm_run in replication.runs:
                        patients.append(arm_run.patients)
                        events.append(arm_run.events)
                        quantities.append(arm_run.quantities)
                    if plan.event_log and replication.number == 0:
                        _write_event_logs(plan, replication, folder)

        @cache
        def rests_on() -> dict[str, pd.DataFrame]:
            found = robustness(plan.scenarios, collected.values(), engine, workers, tried=tried)
            return dict(zip(("robustness", "not_tried"), found or (), strict=False))

        if plan.robustness and tried is None:
            rests_on()  # by the workers, as long as they are there
        if workers > 1:  # the tables are made of what is in a file: they need memory when the replications need none
            release()
        # and while these are written, a helper goes on with what the finding rests on
        study = _write_tables(plan, collected, pictures, rests_on if plan.robustness else dict, folder)
    why = tables.same_patients(collected)[1]
    ran = {
        "engine": engine,
        "engine_why": why_engine,
        "workers": workers + (helpers if tried is not None else 0),
        "seconds": round(time.perf_counter() - started, 3),
        "precision": None if plan.precision is None else _reached(plan.precision, collected),
    }
    _write_manifest(plan, folder, study.warnings, why, len(collected.numbers), ran)
    return study


def _reached(rule: Precision, collected: tables.Collected) -> dict[str, object]:
    return reached(rule, tuple(collected.names), collected.with_economics())


def _write_event_logs(plan: Plan, replication: Replication, folder: Path) -> None:
    for number, (arm, arm_run) in enumerate(zip(plan.arms, replication.runs, strict=True), start=1):
        assert arm_run.patients is not None
        write_event_log(folder, number, arm_run.patients, arm.scenario.run.start)


def _write_tables(
    plan: Plan,
    collected: tables.Collected,
    pictures: Pictures,
    rests_on: Callable[[], Mapping[str, pd.DataFrame]],
    folder: Path,
) -> Study:
    """The study, its small tables in the folder; those that `rests_on` gives are asked for last."""
    compared = len(plan.scenarios) > 1
    summary = tables.summary(collected)
    differences = tables.differences(collected) if compared else None
    same = tables.same_patients(collected)[0] if compared else None
    changes = _changes(plan)
    waiting = waiting_list(collected.arms, collected.lengths(), plan.list_below)
    below = None if plan.list_below is None else falls_below(waiting, plan.list_below)
    settling = warm_up(collected.arms, waiting)
    found = {
        "summary": summary,
        "differences": differences,
        "stages": tables.stages(collected),
        "incidence": tables.incidence(collected),
        "waits": tables.waits(collected),
        "outcomes": tables.outcomes(collected),
        "already_waiting": tables.already_waiting(collected),
        "supply": tables.supply(collected),
        "same_patients": same,
        "parameters": parameters(plan.scenarios),
        "changes": changes,
        "waiting_list": waiting,
        "list_below": below,
        "warm_up": settling,
        "pathway": pathway(collected.arms),
        "network": network(collected.arms),
        **pictures.tables(),
    }
    economic, why_not = _economics(plan, collected)
    found |= economic
    written = {name: write_table(folder, name, table) for name, table in found.items() if table is not None}
    write_parts(folder, "runs", tables.runs(collected))
    write_parts(folder, "resources", tables.resources(collected))
    warnings = [*load_warnings(plan.scenarios), *warm_up_warnings(settling)]
    if economic and (missing := no_reference_arm(plan.scenarios)) is not None:
        warnings.append(missing)
    warnings += money_warnings(plan.scenarios) if economic else []
    if why_not is not None:
        warnings.append(why_not)
    if len(collected.numbers) < 2:
        warnings.append("one replication only: no intervals can be given")
    elif len(collected.numbers) < FEW:
        warnings.append(
            f"{counted(len(collected.numbers), 'replication is', 'replications are')} too few to judge: "
            f"intervals of fewer than {FEW} hardly know "
            "the spread they are made of"
        )
    warnings += unresolved_warnings(collected)
    if plan.precision is not None and not _reached(plan.precision, collected)["met"]:
        warnings.append(
            f"after {counted(len(collected.numbers), 'replication')} "
            f"{', '.join(one.metric for one in plan.precision.each)} is not as precise as wanted"
        )
    written |= {name: write_table(folder, name, table) for name, table in rests_on().items()}
    costs, icer, listed = economic.get("economics"), economic.get("icer"), found["already_waiting"]
    return Study(summary, differences, changes, warnings, below, costs, icer, listed, written)


def unresolved_warnings(collected: tables.Collected) -> list[str]:
    """A sentence for each scenario in which more than one in a hundred are unresolved when follow-up ends."""
    values = collected.values()
    shares = {name: unresolved_of(values[:, place]) for place, name in enumerate(collected.names)}
    return [
        f"{name}: {100 * share:.1f}% of the patients measured are still waiting when follow-up ends; means, costs and "
        "proportions leave out what becomes of them: a longer run.follow_up would tell"
        for name, share in shares.items()
        if share > CENSORED
    ]


def _economics(plan: Plan, collected: tables.Collected) -> tuple[dict[str, pd.DataFrame], str | None]:
    """(the economic tables by name, why there are none although some scenario has economics)."""
    having = [name for name, loaded in plan.scenarios.items() if loaded.scenario.economics is not None]
    if len(having) < len(plan.scenarios):
        return {}, f"no economic results: only {', '.join(having)} has a section economics" if having else None
    why = why_not_comparable(plan.scenarios)
    if why is not None:
        return {}, f"no economic results: {why}"
    values = collected.economics()
    assert values is not None
    found = economic_tables(plan.scenarios, values, collected.values())
    spent = budget_table(plan.scenarios, collected.by_replication("budget"))
    found |= {"subgroups": subgroups_table(plan.scenarios, collected.by_replication("subgroups"))}
    found |= {"distribution": distribution_table(plan.scenarios, collected.by_replication("distribution"))}
    return found | ({} if spent is None else {"budget": spent}), None


def _title(names: Sequence[str]) -> str:
    """`A against B`, or `3 strategies compared with A`."""
    others = counted(len(names) - 1, "strategy", "strategies")
    return " against ".join(names) if len(names) < 3 else f"{others} compared with {names[0]}"


def _changes(plan: Plan) -> pd.DataFrame:
    """One row a value in which scenarios differ, one column a scenario."""
    names = list(plan.scenarios)
    baseline = plan.scenarios[names[0]]
    values: dict[str, dict[str, str]] = {}
    belong: dict[str, str] = {}
    for name in names[1:]:
        for difference in compare_scenarios(baseline, plan.scenarios[name]):
            row = values.setdefault(difference.path, dict.fromkeys(names, difference.a_text))
            row[name] = difference.b_text
            if belong.get(difference.path) != NETWORK:
                belong[difference.path] = belongs_to(difference)
    rows = [{"path": path, "belongs_to": belong[path], **row} for path, row in sorted(values.items())]
    return pd.DataFrame(rows, columns=["path", "belongs_to", *names])


def _write_manifest(
    plan: Plan, folder: Path, warnings: Sequence[str], why: str | None, replications: int, ran: dict[str, Any]
) -> None:
    first = next(iter(plan.scenarios.values()))
    content = {
        "title": _title([loaded.scenario.name for loaded in plan.scenarios.values()]),
        "command": plan.command,
        **about_program(),
        "seed": first.scenario.run.seed,
        "replications": replications,
        "asked": {
            "replications": plan.replications,
            "precision": None if plan.precision is None else asdict(plan.precision),
            "list_below": plan.list_below,
            "events": plan.keep_events,
            "event_log": plan.event_log,
            "robustness": plan.robustness,
        },
        **ran,
        "baseline": next(iter(plan.scenarios)) if len(plan.scenarios) > 1 else None,
        "scenarios": about_scenarios(plan.scenarios),
        "warnings": list(warnings),
        "not_modelled": list(NOT_MODELLED),
        "same_patients_note": why,
    }
    write_scenarios(folder, plan.scenarios)
    write_manifest(folder, content)
