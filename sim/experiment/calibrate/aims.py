"""What a scenario is calibrated to: a register, or targets. What was observed, and how a simulation is seen alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np

from sim.engine.trace import Trace
from sim.experiment.calibrate.target_file import is_target_file, read_targets
from sim.experiment.own.observe import as_register, doubts, first_day, moved_to, require_days, short_warm_up
from sim.experiment.own.quantities import Quantity, Scored, measured
from sim.experiment.own.tables import about_inputs
from sim.experiment.runs.replicate import Arm, tables_of_patients
from sim.experiment.sweep.evaluate import Column, Reducer
from sim.fits.fit import require_names
from sim.outcomes.figures import figures_of
from sim.outcomes.metrics import Metric
from sim.outcomes.patients import Patients
from sim.outcomes.recorded import in_whole_days, recorded
from sim.pure.arrays import FloatArray
from sim.pure.checksum import checksum
from sim.records.reader import Reading, read_records
from sim.records.register import read_register
from sim.records.value import Records, date_of
from sim.scenario import Loaded
from sim.scenario.kept_dates import keeping_dates
from sim.tables.words import counted

TARGET = "target"


@dataclass(frozen=True, eq=False)
class Aim:
    """What a scenario is calibrated to.

    `loaded`: the scenario as it is simulated, of a register in that one's time. `truth`: what was observed. `reducer`:
    gives the same of each replication, one column a point. `errors`: the standard error of each target, none of a
    register. `replications`: of each particle; a particle is held against a register as one replication of luck of its
    own, against targets as the mean over replications that are the same for all. `digest`, `basis`, `as_of`: of the
    file, as sources name it. `inputs`: as manifests name what was read. `reading`: the register.
    """

    loaded: Loaded
    truth: tuple[Quantity, ...]
    reducer: Reducer
    errors: FloatArray | None
    replications: int
    file: Path
    digest: str
    basis: str
    as_of: str
    inputs: Mapping[str, Mapping[str, str]]
    reading: Reading | None = None
    warnings: tuple[str, ...] = ()

    @property
    def observed(self) -> FloatArray:
        """Every observed number, quantity after quantity."""
        return np.concatenate([quantity.values for quantity in self.truth])

    def luck_of(self, particle: int) -> int:
        """The parameter set of a particle, counted from 0: whose luck it has."""
        return particle + 1 if self.errors is None else 0

    def seen(self, values: FloatArray, particle: int) -> FloatArray:
        """What would have been observed of a particle, from the columns of the reducer (replications, columns).

        Of targets that is the mean, with an error of the size of theirs; that of a mean over a finite number of
        replications is among it.
        """
        if self.errors is None:
            return np.asarray(values[0])
        with np.errstate(invalid="ignore"):
            there = np.isfinite(values)
            n = np.maximum(there.sum(axis=0), 1)
            mean = np.where(there, values, 0.0).sum(axis=0) / n
            variance = np.where(there, np.square(values - mean), 0.0).sum(axis=0) / np.maximum(n - 1, 1) / n
        error = np.sqrt(np.square(self.errors) + variance)
        luck = np.random.default_rng([self.loaded.scenario.run.seed, particle])
        seen = mean + error * luck.standard_normal(len(mean))
        return np.where(there.mean(axis=0) > 0.5, seen, np.nan)

    def quantities(self, seen: FloatArray) -> list[Quantity]:
        """Observed numbers of a particle as the quantities that they are, as far as they can be."""
        ends = np.cumsum([len(quantity.values) for quantity in self.truth])[:-1]
        return [
            replace(quantity, values=np.clip(part, 0.0, 1.0 if quantity.unit == "share" else np.inf))
            for quantity, part in zip(self.truth, np.split(seen, ends), strict=True)
        ]


def read_aim(path: Path, loaded: Loaded, replications: int | None, is_moved: bool = False) -> Aim:
    """What a file asks of the scenario. Raises ScenarioError and RecordsError.

    `replications`: of each particle, where the file states targets; 20 unless given. `is_moved`: the scenario is in the
    time of the register already.
    """
    if is_target_file(path):
        return _of_targets(path, loaded, replications or 20)
    return _of_register(path, loaded, is_moved)


def _of_register(path: Path, loaded: Loaded, is_moved: bool) -> Aim:
    described = read_register(path)
    reading = read_records(described)
    records = reading.records
    require_names(records, loaded.scenario)
    first = first_day(records, described.file)
    scored = Scored(first, records.as_of)
    require_days(scored)
    moved = loaded if is_moved else moved_to(loaded, date_of(first), records.as_of - first + 1.0)
    kept = keeping_dates(loaded.scenario, moved.scenario.run.start).kept
    truth = tuple(measured(records, scored))
    columns = tuple(Column(f"{q.name} {point}", q.label, q.unit) for q in truth for point in q.points)
    nobody = records.of(np.zeros(len(records), dtype=bool))
    seen = partial(_seen, nobody, scored, moved.scenario.run.start)
    as_of = date_of(records.as_of).isoformat()
    return Aim(
        loaded=moved,
        truth=truth,
        reducer=Reducer("calibrate", columns, seen),
        errors=None,
        replications=1,
        file=described.file,
        digest=reading.digest,
        basis=counted(len(records), "patient"),
        as_of=as_of,
        reading=reading,
        inputs=about_inputs(description=described.path, register=described.file),
        warnings=(*doubts(reading), *short_warm_up(reading, loaded), *([kept] if kept else [])),
    )


def _seen(register: Records, scored: Scored, start: date, arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    """What a register like this one would show of each replication, shape (replications, points)."""
    found = []
    for table in tables_of_patients(arm, patients, trace):
        alike = as_register(in_whole_days(recorded(table, start)), register, scored.first)
        found.append(np.concatenate([quantity.values for quantity in measured(alike, scored)]))
    return np.array(found)


def _of_targets(path: Path, loaded: Loaded, replications: int) -> Aim:
    targets, metrics = read_targets(path, loaded.scenario, Arm("", loaded.scenario).protocol)
    truth = tuple(
        Quantity(metric.name, metric.label, metric.unit, (TARGET,), np.array([target.value]))
        for metric, target in zip(metrics, targets.targets.values(), strict=True)
    )
    columns = tuple(Column(f"{metric.name} {TARGET}", metric.label, metric.unit) for metric in metrics)
    return Aim(
        loaded=loaded,
        truth=truth,
        reducer=Reducer("calibrate", columns, partial(_figures, _names(metrics)), lives_of_all=False),
        errors=np.array([target.standard_error for target in targets.targets.values()]),
        replications=replications,
        file=path,
        digest=checksum(path),
        basis=f"{len(metrics)} target{'s' if len(metrics) > 1 else ''}"
        + (f" ({targets.source})" if targets.source else ""),
        as_of="" if targets.as_of is None else targets.as_of.isoformat(),
        inputs=about_inputs(targets=path),
    )


def _names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    return tuple(metric.name for metric in metrics)


def _figures(names: tuple[str, ...], arm: Arm, patients: Patients, trace: Trace) -> FloatArray:
    return figures_of(names, arm.scenario, arm.protocol, patients, trace, arm.window)
