"""Forecasts of simulated registers from earlier days, held against what came: how often envelopes hold it.

`python -m tests.records.forecast_trials [REGISTERS] [FIRST]` makes the table of docs/own-records.md again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from sim.experiment.ahead.backtest import SIMULATION, Asked, origins, scored_from
from sim.experiment.own.observe import first_day
from sim.records.reader import read_records
from sim.records.register import read_register
from sim.scenario import write_resolved
from tests.records.round_trip import BEGAN, DAYS, World, world
from tests.records.simulated import Extract, describe, register_of, simulated

ORIGINS, MONTHS, SAMPLES, REPLICATIONS = 5, 6, 60, 3
EXTRACT = Extract(BEGAN, BEGAN + DAYS)


@cache
def _world(patients: int) -> World:
    return world(patients)


def forecasts(
    replication: int, asked: Asked, patients: int = 300, extract: Extract = EXTRACT, coarse: Sequence[str] = ()
) -> pd.DataFrame:
    """The scored forecasts of one register: a row a day from which it was made, quantity, month and method.

    The base is at least 30 % off in every number, and fitted to what was known on each day. `coarse`: columns that the
    register does not have.
    """
    its = _world(patients)
    # luck of its own for every register: with the same for all, what few courses are off by would never even out
    own = its.base.with_overrides([f"run.seed={its.base.scenario.run.seed + 100_000 * replication}"])
    with TemporaryDirectory() as place:
        folder = Path(place)
        base = folder / "base.yaml"
        base.write_text(write_resolved(own), encoding="utf-8")
        table = register_of(simulated(its.truth, replication), extract).drop(columns=list(coarse))
        reading = read_records(read_register(describe(folder, table, extract)))
        first = first_day(reading.records, folder / "register.csv")
        frames = []
        for day in origins(reading.records, first, asked.origins, asked.months):
            scored = scored_from(own, base, "register.csv", reading, day, asked, lambda _: None)
            frames.append(pd.DataFrame(scored.rows).assign(register=replication, origin=day, late=scored.late))
    return pd.concat(frames, ignore_index=True)


def coverage(whole: pd.DataFrame) -> pd.DataFrame:
    """By quantity and method: coverage with its standard error over registers, and CRPS."""
    scores = ["inside_50", "inside_90", "held_50", "held_90", "crps"]
    each = whole.groupby(["quantity", "method", "register"])[scores].mean()
    by = each.groupby(["quantity", "method"], sort=False)
    found = by.mean()
    found["error_of_inside_90"] = by["inside_90"].std() / by["inside_90"].count() ** 0.5
    return found.reset_index()


def trials(registers: Sequence[int], asked: Asked, patients: int = 300) -> Iterator[pd.DataFrame]:
    """The scored forecasts of each of these registers."""
    for replication in registers:
        yield forecasts(replication, asked, patients)


def main(registers: int = 40, first: int = 0) -> None:
    """Print coverage and CRPS over registers, as they come."""
    asked = Asked(ORIGINS, MONTHS, SAMPLES, REPLICATIONS, "auto", 1)
    found: list[pd.DataFrame] = []
    for one in trials(range(first, first + registers), asked):
        found.append(one)
        whole = pd.concat(found)
        print(f"\n{len(found)} registers, {ORIGINS} days each; late in a stage: {_late(whole)}", flush=True)
        print(coverage(whole).to_string(index=False, float_format=lambda value: f"{value:.3f}"), flush=True)
    simulated_ones = pd.concat(found)
    simulated_ones = simulated_ones[simulated_ones["method"] == SIMULATION]
    print(simulated_ones.pivot_table(index="quantity", columns="month", values="inside_90").round(3).to_string())


def _late(whole: pd.DataFrame) -> int:
    return int(whole.drop_duplicates(["register", "origin"])["late"].sum())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
