"""Many replications of one or several scenarios on the same patients, reduced as they finish.

Longer than 400 lines because what one replication comes to, and what is kept of it, stands here whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.choice import SIMPY, awaits_kernel, engine, generator, meeting
from sim.engine.trace import LOT, Trace
from sim.experiment.runs.meanwhile import prepare
from sim.experiment.runs.work import AHEAD, in_processes
from sim.outcomes.after_infusion import follow_on
from sim.outcomes.already_waiting import already_waiting, has_list
from sim.outcomes.bridging import bridging_day
from sim.outcomes.budget import budget
from sim.outcomes.curves import incidence, list_lengths, outcome_counts, stage_days, wait_shares
from sim.outcomes.distribution import distribution
from sim.outcomes.economic_quantities import QUANTITIES
from sim.outcomes.economics import Ledger, ledger
from sim.outcomes.metrics import measure
from sim.outcomes.pairs import pair_counts, why_not_paired
from sim.outcomes.patients import Patients, resolve, table, tell_withdrawals
from sim.outcomes.resource_use import ResourceUse, resource_use
from sim.outcomes.slot_wait import slot_wait
from sim.outcomes.subgroups import by_subgroup
from sim.outcomes.views import Views, view
from sim.pieces.breakdowns import as_drawn, breaks_down
from sim.pieces.cohort import Cohort, draw_cohort
from sim.pieces.loads import expected_patients
from sim.pieces.luck import IN_PROGRESS, SOURCES
from sim.pieces.persons import persons
from sim.pieces.protocol import Cadence, Protocol
from sim.pieces.strategies import build_protocol
from sim.pure.arrays import FloatArray
from sim.scenario import Scenario

LONGEST_CURVE_DAYS = 1_096
LONGEST_FORECAST_DAYS = 7_305
# So many patients of an arm are simulated at once at the most: their columns take some 5 MB.
BATCH_PATIENTS = 20_000
MOST_AT_ONCE = 25
# And so many dated slots, which patients do not bound: the rows and the record of them take some 100 MB.
BATCH_SLOTS = 1_000_000


@dataclass(frozen=True)
class Arm:
    """One scenario of an experiment, under the name that its rows carry.

    `parameter_set`: part of the key of every draw. Arms of one set have the same patients with the same luck.
    """

    name: str
    scenario: Scenario
    parameter_set: int = 0

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
    """What one replication of one arm comes to. `patients`, `events`, `quantities`: of big tables.

    `supply`: units of what supply costs, by the path of its price.
    """

    metrics: list[float]
    resources: tuple[ResourceUse, ...]
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
    budget: FloatArray | None = None
    subgroups: FloatArray | None = None
    distribution: FloatArray | None = None
    supply: dict[str, float] | None = None


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
    """Each replication in order of its number, whatever the number of workers, the engine and the size of batches.

    `done` hears how many each step brings.
    """
    prepare(with_engine, workers)
    # of copies: the protocols that arms keep would be sent to the workers with them
    size = batch_size([replace(arm) for arm in arms])
    if workers == 1:
        for batch in as_kernel_comes(with_engine, numbers, size):
            yield from _replications(arms, batch, keep, with_engine)
            done(len(batch))
        return
    from joblib import delayed

    # a worker has several batches to do, so that none waits long for the last
    size = max(1, min(size, len(numbers) // (4 * workers)))
    parts = as_kernel_comes(with_engine, numbers, size)
    calls = (delayed(_replications)(arms, batch, keep, with_engine) for batch in parts)
    for found in in_processes(calls, workers, AHEAD, in_order=True):
        yield from found
        done(len(found))


def batch_size(arms: Sequence[Arm]) -> int:
    """How many replications are done at once: of about so many patients and slots as memory and patience allow."""
    patients = max(1.0, *(expected_patients(arm.scenario) for arm in arms))
    return max(1, min(MOST_AT_ONCE, int(BATCH_PATIENTS / patients), slots_bound(arms)))


def slots_bound(arms: Sequence[Arm]) -> int:
    """Of how many replications the dated slots may be kept at once, at least one."""
    dated = ([one for one in arm.protocol.resources if isinstance(one, Cadence)] for arm in arms)
    slots = max(sum(sum(map(sum, cadence.counts)) for cadence in cadences) for cadences in dated)
    return max(1, BATCH_SLOTS // max(1, slots))


def batches(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    """The numbers in their order, at most `size` at a time."""
    return [numbers[k : k + size] for k in range(0, len(numbers), size)]


def as_kernel_comes(with_engine: str, numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """As `batches`, and one by one until the kernel is there, so that it is not kept waiting."""
    first = 0
    while first < len(numbers):
        last = first + (1 if awaits_kernel(with_engine) else size)
        yield numbers[first:last]
        first = last


def as_run(arms: Sequence[Arm], numbers: Sequence[int]) -> Iterator[tuple[Sequence[Arm], Sequence[int]]]:
    """(arms, numbers) of the parts of a batch that can be run at once: all of it, or one replication after the other
    where outages by chance make each another scenario."""
    if not any(breaks_down(arm.scenario) for arm in arms):
        yield arms, numbers
        return
    for number in numbers:
        yield [replace(arm, scenario=as_drawn(arm.scenario, number, arm.parameter_set)) for arm in arms], [number]


def _replications(arms: Sequence[Arm], numbers: Sequence[int], keep: Keep, with_engine: str) -> list[Replication]:
    """A batch of replications of every arm."""
    parts = as_run(arms, numbers)
    return [one for its_arms, part in parts for one in _at_once(its_arms, part, keep, with_engine)]


def _at_once(arms: Sequence[Arm], numbers: Sequence[int], keep: Keep, with_engine: str) -> list[Replication]:
    """Replications of every arm that are run together."""
    runs: list[list[ArmRun]] = []
    pairs: list[list[FloatArray | str]] = []
    baseline: Patients | None = None
    for arm in arms:
        ran, patients = run_arm(arm, numbers, keep, with_engine)
        runs.append(ran)
        if baseline is None:
            baseline = patients
        else:
            counts, why = pair_counts(baseline, patients), why_not_paired(baseline, patients)
            pairs.append([counts[k] if reason is None else reason for k, reason in enumerate(why)])
    return [
        Replication(number, [of_arm[k] for of_arm in runs], [of_pair[k] for of_pair in pairs])
        for k, number in enumerate(numbers)
    ]


def simulate(
    arm: Arm,
    numbers: Sequence[int],
    with_engine: str,
    traced: bool = False,
    lives_of_all: bool = True,
    referred_until: float = math.inf,
) -> tuple[Patients, Trace]:
    """What happened to the patients of a batch of replications of one arm (see `as_run`), and the record of it.

    `lives_of_all`: whether what comes after infusion is wanted of all patients, or of the measured alone.
    `referred_until`: whom chance refers from that day on is left out.
    """
    assert not breaks_down(arm.scenario), "outages by chance are drawn for each replication first (as_run)"
    protocol, follow_up = arm.protocol, arm.scenario.run.follow_up
    draw = generator(with_engine)
    cohort, luck = draw_cohort(arm.scenario, protocol.clocks, numbers, arm.parameter_set, draw, referred_until)
    trace = engine(with_engine)(protocol, cohort, luck, arm.scenario.runs_until, follow_up, traced)
    patients = resolved(arm.scenario, protocol, cohort, trace)
    if arm.scenario.after_infusion is not None:
        whose = None if lives_of_all else cohort.measured[cohort.person]
        patients = replace(patients, after=follow_on(arm.scenario, patients, luck, whose, meeting(with_engine)))
    return patients, trace


def resolved(scenario: Scenario, protocol: Protocol, cohort: Cohort, trace: Trace) -> Patients:
    """Every patient's outcome, with the reason of those who withdrew, and the parts of their wait for a slot."""
    patients = resolve(cohort, trace, scenario.run.follow_up, scenario.run.later_courses_end)
    patients = tell_withdrawals(patients, scenario.clocks.withdrawal.shares)
    gone = np.where(np.isnan(patients.end_day), patients.followed_to, patients.end_day)
    gone = np.fmin(gone, patients.day("alternative_accepted"))
    return replace(patients, slot_wait=slot_wait(protocol, trace, gone))


def economics_of(arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    """The values of the economic quantities, shape (replications, quantities).

    NaN of an arm whose scenario has no section economics.
    """
    if arm.scenario.economics is None:
        return np.full((patients.by.groups, len(QUANTITIES)), np.nan)
    return _ledger(arm, patients, trace).quantities()


def _ledger(arm: Arm, patients: Patients, trace: Trace) -> Ledger:
    return ledger(arm.scenario, arm.protocol, patients, trace, patients.cohort.luck)


def run_arm(arm: Arm, numbers: Sequence[int], keep: Keep, with_engine: str = SIMPY) -> tuple[list[ArmRun], Patients]:
    """Each of a batch of replications of one arm, and the patients of all."""
    scenario, protocol, window = arm.scenario, arm.protocol, arm.window
    patients, trace = simulate(arm, numbers, with_engine, keep.events)
    days = int(min(scenario.run.follow_up, LONGEST_CURVE_DAYS))
    resources = resource_use(protocol, patients, trace, window)
    money = _ledger(arm, patients, trace) if scenario.economics is not None else None
    names = _names(scenario)
    metrics = measure(patients, trace, window).tolist()
    stages, reached = stage_days(patients, trace), incidence(patients, days)
    waits, outcomes = wait_shares(patients), outcome_counts(patients)
    lists = list_lengths(patients.cohort, trace, int(min(window[1], LONGEST_FORECAST_DAYS)))
    worth = None if money is None else money.quantities().tolist()
    spent = None if money is None else budget(scenario, protocol, patients, trace)
    of_groups = None if money is None else by_subgroup(scenario, patients, money)
    gains = None if money is None else distribution(scenario, patients, money)
    rows = _by_replication(numbers, _table(arm, patients, trace, names)) if keep.patients else None
    items = (
        _by_replication(numbers, _quantities(arm, patients, money, names))
        if keep.patients and money is not None
        else None
    )
    events = _by_replication(numbers, _events(arm.name, patients.cohort, protocol, trace)) if keep.events else None
    views = view(scenario, protocol, patients, trace, resources, 0 in numbers[:1]) if keep.views else None
    listed = already_waiting(patients.cohort, trace, scenario.run.follow_up, window) if has_list(scenario) else None
    ran = [
        ArmRun(
            metrics=metrics[k],
            resources=resources[k],
            stages=stages[k],
            incidence=reached[k],
            waits=waits[k],
            outcomes=outcomes[k],
            lists=lists[k],
            economics=None if worth is None else worth[k],
            patients=None if rows is None else rows[k],
            events=None if events is None else events[k],
            quantities=None if items is None else items[k],
            views=None if views is None else views[k],
            listed=None if listed is None else listed[k],
            budget=None if spent is None else spent[k],
            subgroups=None if of_groups is None else of_groups[k],
            distribution=None if gains is None else gains[k],
            supply=None if money is None else {one.path: float(one.units[k]) for one in money.supply},
        )
        for k in range(len(numbers))
    ]
    return ran, patients


def patient_tables(arm: Arm, numbers: Sequence[int], with_engine: str) -> list[dict[str, Any]]:
    """The columns of `patients.parquet` of each of these replications of an arm, and nothing else."""
    found = []
    for (one,), part in as_run([arm], numbers):
        found += tables_of_patients(one, *simulate(one, part, with_engine))
    return found


def tables_of_patients(arm: Arm, patients: Patients, trace: Trace) -> list[dict[str, Any]]:
    """The columns of `patients.parquet` of each replication of a batch."""
    numbers = patients.cohort.luck.replications.tolist()
    return _by_replication(numbers, _table(arm, patients, trace, _names(arm.scenario)))


def _by_replication(numbers: Sequence[int], table: dict[str, Any]) -> list[dict[str, Any]]:
    """A table of a batch, which has the replications in their order, cut into those of each."""
    counts = [np.count_nonzero(table["replication"] == number) for number in numbers]
    first = np.cumsum([0, *counts])
    return [{name: column[start:end] for name, column in table.items()} for start, end in pairwise(first)]


def _table(arm: Arm, patients: Patients, trace: Trace, names: dict[str, Sequence[str]]) -> dict[str, object]:
    """The columns of `patients.parquet`."""
    bridging = bridging_day(arm.scenario, patients, patients.cohort.luck)
    known = persons(arm.scenario.patients, patients.cohort.luck, patients.cohort.person)
    columns = table(patients, arm.name, names, arm.protocol.product, bridging, trace.stop_day, known)
    if patients.cohort.lived is None:
        return columns
    # who is in progress is a real patient, whose row goes into no table
    theirs = np.array(columns["source"]) == SOURCES[IN_PROGRESS]
    return {name: np.asarray(column)[~theirs] for name, column in columns.items()}


def _quantities(arm: Arm, patients: Patients, money: Ledger, names: dict[str, Sequence[str]]) -> dict[str, object]:
    """The columns of `quantities.parquet`."""
    cohort = patients.cohort
    rows = money.rows[np.concatenate([item.who for item in money.items])]
    # the items of a replication follow each other
    order = np.argsort(cohort.replication[rows], kind="stable")
    rows = rows[order]
    items = np.array([item.path for item in money.items], dtype=object)
    of_items = {
        "item": np.repeat(items, [len(item.who) for item in money.items]),
        "units": np.concatenate([item.units for item in money.items]),
        "start_day": np.concatenate([item.start for item in money.items]),
        "end_day": np.concatenate([item.end for item in money.items]),
    }
    return {
        "scenario": np.full(len(rows), arm.name, dtype=object),
        "replication": cohort.luck.replications[cohort.replication[rows]],
        "region": np.array(names["region"], dtype=object)[cohort.region[rows]],
        "source": np.array(names["source"], dtype=object)[cohort.source[rows]],
        "number": cohort.number[rows],
        "course": cohort.course[rows],
        **{name: column[order] for name, column in of_items.items()},
    }


def _names(scenario: Scenario) -> dict[str, Sequence[str]]:
    return {
        "region": list(scenario.regions),
        "source": SOURCES,
        "centre": list(scenario.centres),
        "risk_group": list(scenario.patients.risk_groups),
    }


def _events(scenario: str, cohort: Cohort, protocol: Protocol, trace: Trace) -> dict[str, Any]:
    """The columns of `events.parquet`: every use of a resource and every stage, replication by replication."""
    uses, stages = trace.uses, trace.stages
    assert stages is not None
    resources = np.array([resource.name for resource in protocol.resources], dtype=object)
    names = np.array(stages.names, dtype=object)
    replication = np.concatenate([uses.replication, stages.replication])
    kinds = np.concatenate([uses.kind, stages.kind])
    entities = np.concatenate([uses.entity, stages.entity])
    numbers = entities - np.where(kinds == LOT, 0, cohort.first[replication])
    columns = {
        "entity": np.char.add(np.where(kinds == LOT, "lot-", "patient-"), numbers.astype(str)).astype(object),
        "step": np.concatenate([resources[uses.resource], names[stages.stage] if len(names) else names]),
        "kind": np.concatenate([np.full(len(uses.kind), "use"), np.full(len(stages.kind), "stage")]).astype(object),
        "asked_day": np.concatenate([uses.asked, stages.asked]),
        "began_day": np.concatenate([uses.began, stages.began]),
        "ended_day": np.concatenate([uses.ended, stages.ended]),
    }
    order = np.argsort(replication, kind="stable")
    if cohort.lived is not None:  # nothing of real patients
        theirs = (kinds != LOT) & cohort.lived[np.where(kinds == LOT, 0, entities)]
        order = order[~theirs[order]]
    return {
        "scenario": np.full(len(order), scenario, dtype=object),
        "replication": cohort.luck.replications[replication[order]],
        **{name: column[order] for name, column in columns.items()},
    }
