"""A register held against the simulation of its own time: the same quantities of both, and how far they lie apart.

Longer than 400 lines because what is compared and the sentences that tell of it are of one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.engine.choice import pick
from sim.experiment.disk.manifest import scenario_files
from sim.experiment.disk.publish import require_free
from sim.experiment.disk.table_files import write_table
from sim.experiment.own.fit import scenario_of
from sim.experiment.own.quantities import OUTCOMES_OF, Quantity, Scored, measured, seen_alike
from sim.experiment.own.scores import LEVEL, Score, least_replications, off, score
from sim.experiment.own.tables import FAULTS, faults_table, write_results
from sim.experiment.psa.run import psa_points
from sim.experiment.runs.replicate import Arm, patient_tables
from sim.experiment.study.not_modelled import NOT_MODELLED
from sim.experiment.sweep.points import Base
from sim.fits.fit import fit, require_names
from sim.outcomes.recorded import in_view, in_whole_days, recorded
from sim.pieces.loads import expected_patients
from sim.pieces.protocol import ends
from sim.pieces.strategies import build_protocol
from sim.pure.arrays import BoolArray, FloatArray
from sim.records.faults import RecordsError
from sim.records.reader import Reading, read_records, silent_end
from sim.records.register import Described, read_register
from sim.records.small import LEAST, is_small, suppressed
from sim.records.value import CLOCK_OF_END, Records, date_of, day_number
from sim.scenario import Loaded, Scenario, load
from sim.scenario.kept_dates import keeping_dates
from sim.scenario.sources import RECORDS
from sim.tables import TABLES
from sim.tables.words import counted, spelt

NAMES = (FAULTS, "observed", "observed_scores")
FILES = tuple(TABLES[name].file for name in NAMES)
BATCH = 20
# Of which the counts by month add up.
ADDS_UP = ("referrals", "aphereses", "infusions")
LEAST_DAYS = 60


@dataclass(frozen=True, eq=False)
class Compared:
    """One quantity of the register, and how it scores."""

    quantity: Quantity
    score: Score
    is_off: bool


@dataclass(frozen=True, eq=False)
class Observed:
    """A register that was held against the simulation: what was read, scores, verdict, and what to warn of."""

    reading: Reading
    compared: tuple[Compared, ...]
    verdict: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """How to hold the register against the scenario."""

    replications: int
    fit_until: date | None
    engine: str
    command: str
    replace: Sequence[str] = ()


def observe(scenario: Path, register: Path, folder: Path, asked: Asked, done: Callable[[int], None]) -> Observed:
    """Simulate the time of the register, score it, write the tables; `done` hears of finished replications.

    Raises ScenarioError, RecordsError and FolderError.
    """
    loaded, described = load(scenario), read_register(register)
    require_free(folder, [*FILES, *scenario_files({"": loaded})], asked.replace)
    reading = read_records(described)
    records = reading.records
    require_names(records, loaded.scenario)
    warnings = list(_warnings(reading, loaded, asked))
    first = first_day(records, described.file)
    scored = Scored(first if asked.fit_until is None else day_number(asked.fit_until) + 1.0, records.as_of)
    _require_time(scored, first, asked)
    if asked.fit_until is not None:
        loaded, more = fitted_until(loaded, scenario, described.file.name, reading, asked.fit_until)
        warnings += more
    moved = moved_to(loaded, date_of(first), records.as_of - first + 1.0)
    warnings += filter(None, [keeping_dates(loaded.scenario, moved.scenario.run.start).kept])
    compared = _compared(moved, records, scored, first, asked.replications, asked.engine, done)
    verdict = verdict_of(compared, scored)
    tables = {FAULTS: faults_table(reading.faults), **tables_of(compared)}
    about: dict[str, Any] = {
        "replications": asked.replications,
        "scored": [date_of(scored.first).isoformat(), date_of(scored.last).isoformat()],
        "fit_until": None if asked.fit_until is None else asked.fit_until.isoformat(),
        "said": [verdict],
        "not_modelled": list(NOT_MODELLED),
        "warnings": warnings,
    }
    write_results(
        folder, "observe", reading, described, tables, asked.command, about, asked.replace,
        {moved.scenario.name: moved},
    )  # fmt: skip
    return Observed(reading, tuple(compared), verdict, tuple(warnings))


def observe_again(
    described: Described, moved: Loaded, manifest: Mapping[str, Any], engine: str, again: Path,
    done: Callable[[int], None]
) -> None:  # fmt: skip
    """Leave in `again` the tables of a register that was held against the simulation, as the manifest asks for it.

    `moved`: the scenario as it was run, in the time of the register.
    """
    reading = read_records(described)
    records = reading.records
    first = first_day(records, described.file)
    scored = Scored(day_number(date.fromisoformat(manifest["scored"][0])), records.as_of)
    compared = _compared(moved, records, scored, first, int(manifest["replications"]), engine, done)
    for name, table in {FAULTS: faults_table(reading.faults), **tables_of(compared)}.items():
        write_table(again, name, table)


def _compared(
    moved: Loaded, records: Records, scored: Scored, first: float, replications: int, engine: str,
    done: Callable[[int], None]
) -> list[Compared]:  # fmt: skip
    """Every quantity of the register against as many simulated ones. Raises RecordsError where they are too few."""
    truth = measured(records, scored)
    kept = [k for k, quantity in enumerate(truth) if len(quantity.points)]
    require_enough(replications, sum(may_differ(truth[k], moved.scenario) for k in kept))
    drawn: list[list[Quantity]] = []
    for seen in simulated_registers(moved, records, first, replications, engine):
        drawn.append(measured(seen, scored))
        done(1)
    return compare([truth[k] for k in kept], [[one[k] for k in kept] for one in drawn])


def first_day(records: Records, file: Path) -> float:
    """The first day of a register's time; a RecordsError where nothing in it can be scored."""
    if "infusion" not in records.has:
        raise RecordsError(f"{file}: no milestone infusion is described; without it nothing can be scored")
    return records.since if np.isfinite(records.since) else float(np.nanmin(records.day("referral")))


def may_differ(observed: Quantity, scenario: Scenario) -> bool:
    """Whether the register and the scenario can differ in a quantity: not in an event that neither of them knows."""
    if np.nan_to_num(observed.values).any() or observed.name not in OUTCOMES_OF:
        return True
    protocol = build_protocol(scenario)
    known = {*CLOCK_OF_END, *(end.outcome for end in ends((*protocol.path, *protocol.later_path)))}
    return not known.isdisjoint(OUTCOMES_OF[observed.name])


def require_enough(replications: int, quantities: int) -> None:
    """Nothing, or a RecordsError where no quantity could ever be called off with so few replications."""
    least = least_replications(quantities)
    if replications < least:
        raise RecordsError(
            f"{counted(replications, 'replication')}: allowed: at least {least}, for {quantities} quantities; with "
            "fewer, nothing could be told from chance"
        )


def _require_time(scored: Scored, first: float, asked: Asked) -> None:
    if asked.fit_until is not None and scored.first - 1.0 <= first:
        raise RecordsError(
            f"--fit-until {asked.fit_until}: nothing was known then; the register begins {date_of(first)}"
        )
    require_days(scored)


def require_days(scored: Scored) -> None:
    """Nothing, or a RecordsError where too few days are there to be held against a simulation."""
    days = scored.last - scored.first + 1.0
    if days < LEAST_DAYS:
        raise RecordsError(
            f"only {counted(f'{max(days, 0.0):.0f}', 'day is', 'days are')} there to be scored, up to "
            f"{date_of(scored.last)} (as_of); allowed: at least {LEAST_DAYS}"
        )


def doubts(reading: Reading) -> Iterator[str]:
    """What to warn of where rows are not used, or the register ends in silence."""
    yield from silent_end(reading.records)
    unused = reading.rows - len(reading.records)
    if unused:
        yield (
            f"of {counted(reading.rows, 'row')}, {unused} are not used (records_faults.csv): numbers of patients by "
            "month, and on the way, are observed too low by as many"
        )


def short_warm_up(reading: Reading, loaded: Loaded) -> Iterator[str]:
    """What to warn of where the scenario begins its time in the register emptier than the register did."""
    took = reading.records.day("infusion") - reading.records.day("referral")
    took = took[np.isfinite(took)]
    longest = float(np.quantile(took, 0.95)) if len(took) >= LEAST else 0.0
    if loaded.scenario.run.warm_up < longest:
        yield (
            f"nobody is past the list when the scenario begins, and its warm-up of {loaded.scenario.run.warm_up:.0f} d "
            f"is shorter than the {longest:.0f} d in which 95% of those infused came to it: too little happens in its "
            "first months; give it a longer run.warm_up"
        )


def knows_register(loaded: Loaded, reading: Reading) -> bool:
    """Whether a scenario was fitted to this very register."""
    return any(RECORDS in p.source_ids and reading.digest[:12] in p.note for p in loaded.parameters)


def _warnings(reading: Reading, loaded: Loaded, asked: Asked) -> Iterator[str]:
    yield from doubts(reading)
    yield from short_warm_up(reading, loaded)
    knows = knows_register(loaded, reading)
    if knows and asked.fit_until is not None:
        raise RecordsError(
            f"{loaded.path}: was fitted to all of this register, so it knows what came after {asked.fit_until}; "
            "name its base instead: --fit-until fits that"
        )
    if knows:
        yield (
            "the scenario was fitted to this very register; --fit-until scores what came after a day on what was known "
            "then"
        )
    if any(region.already_waiting is not None for region in loaded.scenario.regions.values()):
        yield "the patients already waiting on day 0 of the scenario are simulated at the beginning of its warm-up"


def known_then(reading: Reading, until: date) -> Reading:
    """What a register held at the end of a day."""
    day = float(day_number(until))
    known = in_view(reading.records, day, reading.records.since, reading.records.included_at)
    at = reading.referred
    early = at.day <= day
    referred = replace(at, day=at.day[early], region=at.region[early], centre=at.centre[early])
    return replace(reading, records=known, referred=referred)


def fitted_until(base: Loaded, path: Path, file: str, reading: Reading, until: date) -> tuple[Loaded, list[str]]:
    """(the base fitted to what was known at the end of a day, warnings)."""
    then = known_then(reading, until)
    fitted = fit(then, base.scenario, bootstrap=0)
    # beside its base, which it may only extend from there; nothing is left
    beside = path.with_name(f"{path.stem} fitted.yaml")
    _, loaded = scenario_of(beside, str(path), fitted, then, file, "fits")
    return loaded, list(fitted.warnings)


def moved_to(loaded: Loaded, first: date, days: float) -> Loaded:
    """The scenario in the time of the register: its own warm-up first, then so many days.

    All of them are warm-up as well, and those who are referred on the day after them are measured: so the run ends
    soon after, and nobody in the register is followed for less than they were. What changes on a day keeps its date.
    """
    run = loaded.scenario.run
    start = first - timedelta(days=int(np.ceil(run.warm_up)))
    total = int(np.ceil(run.warm_up)) + int(days)
    dates = keeping_dates(loaded.scenario, start).changes
    changes = [*dates, f"run.start={start}", f"run.warm_up={total} d", "run.window=1 d", f"run.follow_up={total} d"]
    if run.later_courses_until is not None:
        changes.append(f"run.later_courses_until={2 * total + 1} d")
    return loaded.with_overrides(changes)


def simulated_registers(
    moved: Loaded, register: Records, first: float, replications: int, with_engine: str
) -> Iterator[Records]:
    """What a register of the same kind would hold of the patients of each replication.

    Each has its own draw of what the scenario calls uncertain.
    """
    engine, _ = pick(with_engine, replications * expected_patients(moved.scenario))
    start = moved.scenario.run.start
    for arm, numbers in _arms(moved, replications):
        for table in patient_tables(arm, numbers, engine):
            yield as_register(in_whole_days(recorded(table, start)), register, first)


def as_register(simulated: Records, register: Records, first: float) -> Records:
    """Simulated patients as the register would hold them; `first`: the first day of its time."""
    alike = seen_alike(simulated, register)
    if not np.isfinite(register.since):
        # the register has whoever was referred from its first day on
        alike = alike.of(alike.day("referral") >= first)
    return in_view(alike, register.as_of, register.since, register.included_at)


def _arms(moved: Loaded, replications: int) -> Iterator[tuple[Arm, Sequence[int]]]:
    name = moved.scenario.name
    if not moved.scenario.uncertainty:
        for low in range(0, replications, BATCH):
            yield Arm(name, moved.scenario), range(low, min(low + BATCH, replications))
        return
    for point in psa_points(Base({name: moved}), replications):
        changes = [f"{path}={text}" for path, text in point.own[name].items()]
        yield Arm(name, moved.scenario_with(changes), point.parameter_set), [point.number]


def compare(truth: Sequence[Quantity], drawn: Sequence[Sequence[Quantity]]) -> list[Compared]:
    """The quantities of the register against those of each replication; what never happens in either is left out."""
    found: list[tuple[Quantity, Score]] = []
    for place, quantity in enumerate(truth):
        simulated = np.array([one[place].values for one in drawn])
        # a point that is not there, or hardly ever simulated, cannot be scored
        there = np.isfinite(quantity.values) & (np.isfinite(simulated).mean(axis=0) > 0.5)
        never = (simulated == 0.0).all() and (quantity.values == 0.0).all()
        if there.any() and not never:
            points = tuple(name for name, one in zip(quantity.points, there, strict=True) if one)
            kept = None if quantity.patients is None else quantity.patients[there]
            quantity = replace(quantity, points=points, values=quantity.values[there], patients=kept)
            found.append((quantity, score(quantity.values, simulated[:, there])))
    calls = off([one.p_value for _, one in found])
    return [Compared(*pair, call) for pair, call in zip(found, calls, strict=True)]


def tables_of(compared: Sequence[Compared]) -> dict[str, pd.DataFrame]:
    """The tables of scores by name: a row a point, and a row a quantity."""
    points, scores = [], []
    for one in compared:
        quantity, its = one.quantity, one.score
        hidden = not_told(quantity)
        for k, point in enumerate(quantity.points):
            points.append(
                {
                    "quantity": quantity.name,
                    "label": quantity.label,
                    "point": point,
                    "unit": quantity.unit,
                    "observed": np.nan if hidden[k] else quantity.values[k],
                    "simulated": its.middle[k],
                    "low_50": its.low["50"][k],
                    "high_50": its.high["50"][k],
                    "low_90": its.low["90"][k],
                    "high_90": its.high["90"][k],
                    "inside_50": bool(its.inside["50"][k]),
                    "inside_90": bool(its.inside["90"][k]),
                    "crps": np.nan if hidden[k] else its.crps[k],
                    "pit": np.nan if hidden[k] else its.pit[k],
                }
            )
        scores.append(
            {
                "quantity": quantity.name,
                "label": quantity.label,
                "unit": quantity.unit,
                "points": len(quantity.points),
                "inside_50": float(its.inside["50"].mean()),
                "inside_90": float(its.inside["90"].mean()),
                "crps": float(its.crps.mean()),
                "crps_expected": float(its.crps_expected.mean()),
                "p_value": its.p_value,
                "is_off": one.is_off,
                "where": where(one),
            }
        )
    return {"observed": pd.DataFrame(points), "observed_scores": pd.DataFrame(scores)}


def not_told(quantity: Quantity) -> BoolArray:
    """At which points a quantity is not told: where it is made of 1 to 4 patients, or would tell of these.

    Counts by month add up to all patients of a register, so where one of them is not told, another is not, either.
    """
    if quantity.patients is None:
        return np.zeros(len(quantity.points), dtype=bool)
    if quantity.name in ADDS_UP:
        return np.array([count is None for count in suppressed([int(count) for count in quantity.patients])])
    return np.array([is_small(count) for count in quantity.patients.tolist()], dtype=bool)


def where(one: Compared) -> str:
    """In words, how a quantity that differs does so: at the point that is furthest out; "" where it does not differ."""
    if not one.is_off:
        return ""
    outside = int((~one.score.inside["90"]).sum())
    points = counted(len(one.quantity.points), "point")
    return f"{_at(one, int(np.argmax(_apart(one))))}; outside it at {outside} of {points}"


def _apart(one: Compared) -> FloatArray:
    """How far each point of the register lies from the middle of the simulated ones, in widths of the 90% band."""
    its = one.score
    found: FloatArray = np.abs(one.quantity.values - its.middle) / np.maximum(its.high["90"] - its.low["90"], 1e-12)
    return found


def _at(one: Compared, k: int) -> str:
    """A point in words: what was observed there, and what was simulated."""
    its, quantity = one.score, one.quantity

    def number(value: float) -> str:
        return f"{100 * value:.0f}%" if quantity.unit == "share" else f"{value:.0f}"

    seen = f"of fewer than {LEAST} patients" if not_told(quantity)[k] else number(quantity.values[k])
    low, high = number(its.low["90"][k]), number(its.high["90"][k])
    return f"{quantity.points[k]}: {seen} observed, {number(its.middle[k])} simulated (90% band {low} to {high})"


def verdict_of(compared: Sequence[Compared], scored: Scored) -> str:
    """What a board is told: whether the simulation reproduces the register, else what differs most, and by how much."""
    time = f"{spelt(date_of(scored.first))} to {spelt(date_of(scored.last))}"
    wrong = [one for one in compared if one.is_off]
    if wrong:
        return (
            f"The simulation does not reproduce the register from {time}: {len(wrong)} of {len(compared)} quantities "
            f"differ beyond chance. Most of all {_named(max(wrong, key=lambda one: float(np.max(_apart(one)))))}."
        )
    said = (
        f"The simulation reproduces the register from {time}: none of the {len(compared)} quantities compared "
        "differs beyond chance."
    )
    nearest = min(compared, key=lambda one: one.score.p_value, default=None)
    if nearest is None or nearest.score.p_value >= LEVEL:
        return said
    alone = f"which would differ if it were the only one compared (p {nearest.score.p_value:.2g})"
    return f"{said} Closest to a difference: {_named(nearest)}, {alone}."


def _named(one: Compared) -> str:
    """A quantity in the middle of a sentence: by its median, or where it is furthest out."""
    middle = next((k for k, point in enumerate(one.quantity.points) if point.startswith("50%")), None)
    label = f"{one.quantity.label[:1].lower()}{one.quantity.label[1:]}"
    return f"{label}, {_at(one, int(np.argmax(_apart(one))) if middle is None else middle)}"
