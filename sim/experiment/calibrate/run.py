"""A calibration from what is asked to the calibrated scenario and the results folder that tells how it came about."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.experiment.calibrate.aims import Aim, read_aim
from sim.experiment.calibrate.posterior import Known, known_of
from sim.experiment.calibrate.priors import Prior, beside, parse_ranges, priors_of
from sim.experiment.calibrate.smc import Particles, first_shares, population
from sim.experiment.calibrate.tables import FILES, tables_of_calibration
from sim.experiment.calibrate.written import calibrated_scenario
from sim.experiment.disk.folder import write_text
from sim.experiment.disk.table_files import write_table
from sim.experiment.own.fit import require_out
from sim.experiment.own.observe import Compared, compare, tables_of, where
from sim.experiment.own.scores import least_replications
from sim.experiment.own.tables import FAULTS, about_register, faults_table
from sim.experiment.psa import draws
from sim.experiment.psa.run import uncertain_inputs
from sim.experiment.sweep.evaluate import Sweep, SweepPlan, evaluate
from sim.experiment.sweep.point_folder import finish_folder, sweep_results
from sim.experiment.sweep.points import Base, Point
from sim.outcomes.metrics import METRICS
from sim.pure.arrays import FloatArray
from sim.records.faults import RecordsError
from sim.scenario import Loaded, Place, Problem, ScenarioError, load
from sim.tables import TABLES

# Fewer particles that count as much as so many equal ones make intervals of chance.
LEAST_EFFECTIVE = 50.0


@dataclass(frozen=True)
class Asked:
    """How to calibrate. `vary`: `PATH=LOW:HIGH` each; `replications`: of each particle, for targets."""

    vary: Sequence[str]
    particles: int
    generations: int
    replications: int | None
    workers: int | None
    engine: str
    cluster: str | None
    command: str
    replace: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """What is calibrated, to what, and what is drawn beside: everything that is known before anything runs."""

    base: Base
    aim: Aim
    priors: tuple[Prior, ...]
    nuisance: Mapping[str, Sequence[str]]
    asked: Asked
    warnings: tuple[str, ...]

    @property
    def checks(self) -> int:
        """How many simulations the check of what is predicted takes: enough to call a quantity off."""
        return least_replications(max(1, sum(bool(np.isfinite(q.values).any()) for q in self.aim.truth)))

    @property
    def runs(self) -> int:
        """Replications of all."""
        points = 2 * len(self.priors) + self.asked.generations * self.asked.particles + self.checks
        return points * self.aim.replications

    def ends(self) -> list[Point]:
        """Each value at both ends of its range, the others in the middle of theirs, all with the same luck."""
        middle = np.full(len(self.priors), 0.5)
        found: list[Point] = []
        for place in range(len(self.priors)):
            for share in (1e-12, 1.0 - 1e-12):
                shares = middle.copy()
                shares[place] = share
                found.append(Point(len(found), f"end {len(found) + 1}", self.values(shares)))
        return found

    def generation(self, number: int, shares: FloatArray) -> list[Point]:
        """The particles of a generation, counted from 0."""
        before = 2 * len(self.priors) + number * self.asked.particles
        return [self._point(before + k, k, f"generation {number + 1}", row) for k, row in enumerate(shares)]

    def predicted(self, shares: FloatArray) -> list[Point]:
        """Draws of the posterior, with luck that no particle had."""
        before = 2 * len(self.priors) + self.asked.generations * self.asked.particles
        return [self._point(before + k, self.asked.particles + k, "prediction", row) for k, row in enumerate(shares)]

    def values(self, shares: FloatArray) -> dict[str, str]:
        """The values of a particle by path, as a scenario file has them."""
        return {
            prior.path: prior.text(float(prior.numbers(np.array([share]))[0]))
            for prior, share in zip(self.priors, shares.tolist(), strict=True)
        }

    def _point(self, number: int, particle: int, name: str, shares: FloatArray) -> Point:
        own = {path: texts[particle] for path, texts in self.nuisance.items()}
        (scenario,) = self.base.names
        return Point(
            number, name, self.values(shares), own={scenario: own} if own else {},
            parameter_set=self.aim.luck_of(particle),
        )  # fmt: skip

    @property
    def identity(self) -> str:
        """What the numbers of the points stand for."""
        asked = self.asked
        content = [
            [[p.path, p.low.text(), p.high.text(), p.family, p.chances] for p in self.priors],
            [asked.particles, asked.generations, list(self.nuisance), self.aim.digest],
            hashlib.sha256(self.aim.observed.tobytes()).hexdigest(),
            [] if self.aim.errors is None else self.aim.errors.tolist(),
        ]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Calibration:
    """A finished calibration: each value, what is predicted with them, and what to say and to warn of."""

    known: tuple[Known, ...]
    compared: tuple[Compared, ...]
    said: tuple[str, ...]
    warnings: tuple[str, ...]
    scenario: Loaded


def prepare_study(scenario: Path, to: Path, asked: Asked, is_moved: bool = False) -> Study:
    """Everything read and checked that needs no run. Raises ScenarioError and RecordsError.

    `is_moved`: the scenario is in the time of the register already.
    """
    factors = parse_ranges(asked.vary)
    loaded = load(scenario)
    aim = read_aim(to, loaded, asked.replications, is_moved)
    counted_twice: list[str] = []

    def is_known(source: str) -> bool:
        return aim.digest[:12] in source

    priors = priors_of(factors, loaded, lambda known: is_known(known.source))
    for prior in priors:
        known = loaded.scenario.uncertainty.get(prior.path)
        if known is not None and prior.known is None and not prior.is_whole:
            counted_twice.append(
                f"{prior.path}: its distribution in `uncertainty` was fitted to this very file and would count twice; "
                "its prior is the range alone"
            )
        elif prior.known is not None:
            counted_twice.append(f"{prior.path}: its prior is its distribution in `uncertainty`, within the range")
    base = Base({aim.loaded.scenario.name: aim.loaded})
    study = Study(base, aim, tuple(priors), {}, asked, (*aim.warnings, *counted_twice))
    return _with_nuisance(study)


def _with_nuisance(study: Study) -> Study:
    """The study with a draw of every other uncertain input for each particle and each prediction."""
    (loaded,) = study.base.scenarios.values()
    count = study.asked.particles + study.checks
    used = uncertain_inputs(study.base, loaded.scenario.name)
    try:
        drawn = draws.texts(loaded.scenario.uncertainty, loaded.scenario.run.seed, count)
    except draws.DrawError as error:
        raise ScenarioError([Problem(Place(loaded.shown, 1), "uncertainty", str(error))]) from None
    texts = {path: drawn[path] for path in beside(used, study.priors)}
    return replace(study, nuisance=texts)


def calibrate(study: Study, scenario: Path, out: Path, folder: Path, done: Callable[[int], None]) -> Calibration:
    """Run what the folder does not hold yet, write its tables and, last, the calibrated scenario to `out`.

    `done` hears of finished replications. Raises as `run_sweep` does, and RecordsError where nothing that is observed
    moves with a value, or no value moves a target.
    """
    started = time.perf_counter()
    asked, aim = study.asked, study.aim
    require_out(out, asked.replace)
    ends = study.ends()
    first = study.generation(0, first_shares(asked.particles, len(study.priors), aim.loaded.scenario.run.seed))
    plan = SweepPlan(
        study.base, (*ends, *first), aim.replications, asked.workers, asked.engine, asked.cluster, aim.reducer,
        study.identity,
    )  # fmt: skip
    names = [*FILES, *([FAULTS] if aim.reading is not None else [])]
    with sweep_results(plan, folder, [TABLES[name].file for name in names], asked.replace) as (sweep, building):
        evaluate(sweep, ends, done)
        _require_moves(study, sweep, ends)

        def simulate(number: int, shares: FloatArray) -> FloatArray:
            points = study.generation(number, shares)
            if number:  # the first ones are of the plan
                sweep.add(points)
            evaluate(sweep, points, done)
            return _seen(study, sweep, points)

        levels = np.array([prior.levels for prior in study.priors])
        generations, shares, weights = population(
            simulate, aim.observed, levels, asked.particles, asked.generations, aim.loaded.scenario.run.seed
        )
        checked = _check(study, sweep, shares, weights, done)
        what = "the register" if aim.reading is not None else "the targets"
        known, correlations = known_of(study.priors, shares, weights, what)
        said = tuple(_said(known, checked))
        effective = Particles(shares, weights).effective
        warnings = (*study.warnings, *_warnings(known, correlations, effective, study))
        text, found = calibrated_scenario(out, scenario, aim, known, correlations, shares, weights, folder)
        tables = tables_of_calibration(study.priors, generations, shares, weights, known, correlations)
        tables |= tables_of(checked)
        if aim.reading is not None:
            tables[FAULTS] = faults_table(aim.reading.faults)
        for name, table in tables.items():
            write_table(building, name, table)
        finish_folder(
            sweep, building, "calibrate", f"Calibrated to {aim.file.name}: {study.base.names[0]}", asked.command,
            time.perf_counter() - started, **_about(study, out, said, warnings, effective),
        )  # fmt: skip
    write_text(out, text)
    return Calibration(tuple(known), tuple(checked), said, warnings, found)


def calibrate_again(
    moved: Loaded, to: Path, manifest: Mapping[str, Any], engine: str, workers: int | None, out: Path, again: Path,
    done: Callable[[int], None]
) -> None:  # fmt: skip
    """Leave in `again` a calibration as its manifest asks for it, and at `out` its scenario.

    `moved`: the scenario as it was simulated, read from a file.
    """
    vary = [f"{path}={low}:{high}" for path, (low, high, _) in manifest["ranges"].items()]
    asked = Asked(
        vary, int(manifest["particles"]), int(manifest["generations"]), int(manifest["replications"]), workers, engine,
        None, "",
    )  # fmt: skip
    calibrate(prepare_study(moved.path, to, asked, is_moved=True), moved.path, out, again, done)


def _seen(study: Study, sweep: Sweep, points: Sequence[Point]) -> FloatArray:
    """What would have been observed of each of these points, shape (points, numbers)."""
    return np.array(
        [study.aim.seen(sweep.values(point.number)[:, 0, len(METRICS) :], point.number) for point in points]
    )


def _require_moves(study: Study, sweep: Sweep, ends: Sequence[Point]) -> None:
    """Nothing, or a RecordsError: with the same luck, what has no effect leaves every number exactly as it is."""
    columns = [sweep.values(point.number)[:, 0, len(METRICS) :] for point in ends]
    told = np.isfinite(study.aim.observed)
    for place, prior in enumerate(study.priors):
        low, high = columns[2 * place][:, told], columns[2 * place + 1][:, told]
        if np.array_equal(low, high, equal_nan=True):
            raise RecordsError(
                f"--vary {prior.path}: nothing that {study.aim.file.name} holds moves with it from {prior.low.text()} "
                f"to {prior.high.text()}; allowed: values that something observed depends on"
            )
    if study.aim.errors is None:
        return
    for place, quantity in enumerate(study.aim.truth):
        if all(np.array_equal(columns[0][:, place], one[:, place], equal_nan=True) for one in columns):
            paths = ", ".join(prior.path for prior in study.priors)
            raise RecordsError(
                f"{study.aim.file}: targets.{quantity.name}: no --vary moves it ({paths}); vary what it depends on, or "
                "leave it out"
            )


def _check(
    study: Study, sweep: Sweep, shares: FloatArray, weights: FloatArray, done: Callable[[int], None]
) -> list[Compared]:
    """What was observed against what draws of the posterior predict."""
    count = study.checks
    # systematic resampling: each particle as often as its weight says, but for less than one
    places = np.searchsorted(np.cumsum(weights), (np.arange(count) + 0.5) / count)
    points = study.predicted(shares[np.minimum(places, len(weights) - 1)])
    sweep.add(points)
    evaluate(sweep, points, done)
    drawn = [study.aim.quantities(seen) for seen in _seen(study, sweep, points)]
    kept = [k for k, quantity in enumerate(study.aim.truth) if len(quantity.points)]
    return compare([study.aim.truth[k] for k in kept], [[one[k] for k in kept] for one in drawn])


def _said(known: Sequence[Known], checked: Sequence[Compared]) -> list[str]:
    """What was found, in sentences: the first one is the finding."""
    sure = [one for one in known if one.determined]
    told = "; ".join(f"{one.prior.path} {value_of(one)}" for one in sure)
    found = [f"{len(sure)} of {len(known)} calibrated values are determined" + (f": {told}" if told else "")]
    found += [f"Not determined: {one.prior.path}: {one.why_not}" for one in known if not one.determined]
    inside = sum(int(one.score.inside["90"].sum()) for one in checked)
    points = sum(len(one.quantity.points) for one in checked)
    envelope = f"{inside} of {points} observed numbers lie in the 90% band of what the posterior predicts"
    off = [one for one in checked if one.is_off]
    found.append(f"{envelope}; none of them differs beyond chance" if not off else envelope)
    found += [f"Differs: {one.quantity.label}: {where(one)}" for one in off]
    return found


def value_of(one: Known) -> str:
    """Median and interval in words."""
    unit = f" {one.prior.unit}" if one.prior.unit else ""
    return f"{one.median:.4g}{unit} (90% interval {one.low:.4g} to {one.high:.4g})"


def _warnings(known: Sequence[Known], correlations: FloatArray, effective: float, study: Study) -> list[str]:
    found = [f"not determined: {one.prior.path}: {one.why_not}" for one in known if not one.determined]
    for one in known:
        if one.edge and one.determined:
            end = one.prior.low if one.edge == "low" else one.prior.high
            found.append(
                f"{one.prior.path}: the posterior piles up at {end.text()}, the end of its range; a wider range may fit"
            )
        if one.prior.is_whole and one.low < one.high:
            found.append(
                f"{one.prior.path}: `uncertainty` cannot hold whole numbers, so a PSA keeps to {one.median:g}; "
                f"{one.low:g} to {one.high:g} are possible (calibration_sample.csv)"
            )
    for i, one in enumerate(known):
        for j in range(i + 1, len(known)):
            if abs(correlations[i, j]) >= 0.5 and (one.prior.is_whole or known[j].prior.is_whole):
                found.append(
                    f"{one.prior.path} and {known[j].prior.path} have a posterior correlation of "
                    f"{correlations[i, j]:.2f}, of which a PSA knows nothing: `uncertainty` cannot hold whole numbers"
                )
    if effective < LEAST_EFFECTIVE:
        found.append(
            f"the posterior rests on as much as {effective:.0f} equally weighted particles; --particles "
            f"{2 * study.asked.particles} makes intervals steadier"
        )
    return found


def _about(study: Study, out: Path, said: Sequence[str], warnings: Sequence[str], effective: float) -> dict[str, Any]:
    """What the manifest says of a calibration alone."""
    aim, asked = study.aim, study.asked
    about: dict[str, Any] = {
        "said": list(said),
        "warnings": list(warnings),
        "scenario": out.name,
        "inputs": aim.inputs,
        "to": {"file": aim.file.name, "sha256": aim.digest, "basis": aim.basis, "as_of": aim.as_of},
        "ranges": {p.path: [p.low.text(), p.high.text(), p.family] for p in study.priors},
        "drawn_besides": list(study.nuisance),
        "particles": asked.particles,
        "generations": asked.generations,
        "effective_particles": round(effective, 1),
        "method": "population Monte Carlo ABC (Toni et al. 2009; Beaumont et al. 2009) with regression summaries and "
        "adjustment (Fearnhead and Prangle 2012; Beaumont et al. 2002), common random numbers",
    }
    if aim.reading is not None:
        about["register"] = about_register(aim.file, aim.reading)
    return about
