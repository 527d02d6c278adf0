"""Many replications of one or several scenarios on the same patients, reduced as they finish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.choice import SIMPY, engine
from sim.engine.trace import LOT, Trace
from sim.experiment.meanwhile import prepare
from sim.experiment.work import AHEAD, in_processes
from sim.outcomes.after_infusion import follow_on
from sim.outcomes.already_waiting import already_waiting, has_list
from sim.outcomes.bridging import bridging_day
from sim.outcomes.curves import incidence, list_lengths, outcome_counts, stage_days, wait_shares
from sim.outcomes.economics import Ledger, ledger
from sim.outcomes.metrics import measure
from sim.outcomes.pairs import pair_counts, why_not_paired
from sim.outcomes.patients import Patients, resolve, table
from sim.outcomes.resource_use import ResourceUse, resource_use
from sim.outcomes.views import Views, view
from sim.pieces.cohort import SOURCES, Luck, draw_cohort
from sim.pieces.protocol import Protocol
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario

FloatArray = NDArray[np.float64]
LONGEST_CURVE_DAYS = 1_096
LONGEST_FORECAST_DAYS = 7_305
CHUNK = 25


@dataclass(frozen=True)
class Arm:
    """One scenario of an experiment, under the name that its rows carry."""

    name: str
    scenario: Scenario

    @cached_property
    def protocol(self) -> Protocol:
        """The scenario's protocol, built once for all its replications."""
        return build_protocol(self.scenario)

    @property
    def window(self) -> tuple[float, float]:
        """The measuring window, days since the start."""
        run = self.scenario.run
        return run.warm_up, run.warm_up + run.window


@dataclass(frozen=True, eq=False)
class ArmRun:
    """What one replication of one arm comes to. `patients`, `events`, `quantities`: of big tables."""

    metrics: list[float]
    resources: list[ResourceUse]
    stages: FloatArray
    incidence: FloatArray
    waits: FloatArray
    outcomes: FloatArray
    lists: NDArray[np.int32]
    economics: list[float] | None
    patients: dict[str, Any] | None
    events: dict[str, Any] | None
    quantities: dict[str, Any] | None = None
    views: Views | None = None
    listed: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Replication:
    """One replication of every arm; `pairs` of each arm after the first with the first, or why there is none."""

    number: int
    runs: list[ArmRun]
    pairs: list[FloatArray | str]


@dataclass(frozen=True)
class Keep:
    """Which of the big tables to keep; `views`: what pictures are made from, timelines of replication 0 among it."""

    patients: bool = True
    events: bool = False
    views: bool = False


def replicate(
    arms: Sequence[Arm],
    numbers: Sequence[int],
    workers: int,
    keep: Keep,
    done: Callable[[int], None],
    with_engine: str = SIMPY,
) -> Iterator[Replication]:
    """Each replication in order of its number, whatever the number of workers and the engine.

    `done` hears how many each step brings.
    """
    prepare(with_engine, workers)
    if workers == 1:
        for number in numbers:
            yield _replication(arms, number, keep, with_engine)
            done(1)
        return
    from joblib import delayed

    # what a worker is told with each chunk costs it as much as half a replication of a small model
    size = max(1, min(CHUNK, len(numbers) // (4 * workers)))
    chunks = [numbers[k : k + size] for k in range(0, len(numbers), size)]
    calls = (delayed(_replications)(arms, chunk, keep, with_engine) for chunk in chunks)
    for batch in in_processes(calls, workers, AHEAD, in_order=True):
        yield from batch
        done(len(batch))


def _replications(arms: Sequence[Arm], numbers: Sequence[int], keep: Keep, with_engine: str) -> list[Replication]:
    return [_replication(arms, number, keep, with_engine) for number in numbers]


def _replication(arms: Sequence[Arm], number: int, keep: Keep, with_engine: str) -> Replication:
    runs: list[ArmRun] = []
    pairs: list[FloatArray | str] = []
    baseline: Patients | None = None
    for arm in arms:
        ran, patients = run_arm(arm, number, keep, with_engine)
        runs.append(ran)
        if baseline is None:
            baseline = patients
        else:
            why = why_not_paired(baseline, patients)
            pairs.append(pair_counts(baseline, patients) if why is None else why)
    return Replication(number, runs, pairs)


def simulate(arm: Arm, number: int, with_engine: str, traced: bool = False) -> tuple[Patients, Trace]:
    """What happened to the patients of one replication of one arm, and the record it was read from."""
    protocol, follow_up = arm.protocol, arm.scenario.run.follow_up
    cohort, luck = draw_cohort(arm.scenario, protocol.clocks, number)
    trace = engine(with_engine)(protocol, cohort, luck, arm.scenario.runs_until, follow_up, traced)
    patients = resolve(cohort, trace, follow_up, arm.scenario.run.later_courses_end)
    rules = arm.scenario.after_infusion
    if rules is not None:
        patients = replace(patients, after=follow_on(patients, rules, luck))
    return patients, trace


def economics_of(arm: Arm, number: int, patients: Patients, trace: Trace) -> list[float]:
    """The values of the economic quantities in one replication of an arm whose scenario has a section economics."""
    return _ledger(arm, number, patients, trace).quantities()


def _ledger(arm: Arm, number: int, patients: Patients, trace: Trace) -> Ledger:
    return ledger(arm.scenario, arm.protocol, patients, trace, _luck(arm, number, patients))


def _luck(arm: Arm, number: int, patients: Patients) -> Luck:
    return Luck(arm.scenario.run.seed, number, patients.cohort.blocks)


def run_arm(arm: Arm, number: int, keep: Keep, with_engine: str = SIMPY) -> tuple[ArmRun, Patients]:
    """One replication of one arm."""
    scenario, protocol, window = arm.scenario, arm.protocol, arm.window
    patients, trace = simulate(arm, number, with_engine, keep.events)
    days = int(min(scenario.run.follow_up, LONGEST_CURVE_DAYS))
    resources = resource_use(protocol, patients, trace, window)
    money = _ledger(arm, number, patients, trace) if scenario.economics is not None else None
    names = _names(scenario)
    ran = ArmRun(
        metrics=measure(patients, trace, window),
        resources=resources,
        stages=stage_days(patients, trace),
        incidence=incidence(patients, days),
        waits=wait_shares(patients),
        outcomes=outcome_counts(patients),
        lists=list_lengths(trace, int(min(window[1], LONGEST_FORECAST_DAYS))),
        economics=None if money is None else money.quantities(),
        patients=_table(arm, number, patients, trace, names) if keep.patients else None,
        quantities=None if money is None or not keep.patients else _quantities(arm, number, patients, money, names),
        events=_events(arm.name, number, protocol, trace) if keep.events else None,
        views=view(scenario, protocol, patients, trace, resources, number == 0) if keep.views else None,
        listed=already_waiting(patients.cohort, trace, scenario.run.follow_up, window) if has_list(scenario) else None,
    )
    return ran, patients


def _table(
    arm: Arm, number: int, patients: Patients, trace: Trace, names: dict[str, Sequence[str]]
) -> dict[str, object]:
    """The columns of `patients.parquet`."""
    bridging = bridging_day(arm.scenario, patients, _luck(arm, number, patients))
    return table(patients, arm.name, number, names, arm.protocol.product, bridging, trace.stop_day)


def _quantities(
    arm: Arm, number: int, patients: Patients, money: Ledger, names: dict[str, Sequence[str]]
) -> dict[str, object]:
    """The columns of `quantities.parquet`."""
    cohort = patients.cohort
    rows = money.rows[np.concatenate([item.who for item in money.items])]
    count = len(rows)
    items = np.array([item.path for item in money.items], dtype=object)
    return {
        "scenario": np.full(count, arm.name, dtype=object),
        "replication": np.full(count, number, dtype=np.int64),
        "region": np.array(names["region"], dtype=object)[cohort.region[rows]],
        "source": np.array(names["source"], dtype=object)[cohort.source[rows]],
        "number": cohort.number[rows],
        "course": np.ones(count, dtype=np.int64),
        "item": np.repeat(items, [len(item.who) for item in money.items]),
        "units": np.concatenate([item.units for item in money.items]),
        "start_day": np.concatenate([item.start for item in money.items]),
        "end_day": np.concatenate([item.end for item in money.items]),
    }


def _names(scenario: Scenario) -> dict[str, Sequence[str]]:
    return {
        "region": list(scenario.regions),
        "source": SOURCES,
        "centre": list(scenario.centres),
        "risk_group": list(scenario.patients.risk_groups),
    }


def _events(scenario: str, number: int, protocol: Protocol, trace: Trace) -> dict[str, Any]:
    """The columns of `events.parquet`: every stage and every use of a resource."""
    uses, stages = trace.uses, trace.stages
    assert stages is not None
    resources = np.array([resource.name for resource in protocol.resources], dtype=object)
    names = np.array(stages.names, dtype=object)
    kinds = np.concatenate([uses.kind, stages.kind])
    entities = np.concatenate([uses.entity, stages.entity])
    prefix = np.where(kinds == LOT, "lot-", "patient-")
    count = len(kinds)
    return {
        "scenario": np.full(count, scenario, dtype=object),
        "replication": np.full(count, number, dtype=np.int64),
        "entity": np.char.add(prefix, entities.astype(str)).astype(object),
        "step": np.concatenate([resources[uses.resource], names[stages.stage] if len(names) else names]),
        "kind": np.concatenate([np.full(len(uses.kind), "use"), np.full(len(stages.kind), "stage")]).astype(object),
        "asked_day": np.concatenate([uses.asked, stages.asked]),
        "began_day": np.concatenate([uses.began, stages.began]),
        "ended_day": np.concatenate([uses.ended, stages.ended]),
    }
