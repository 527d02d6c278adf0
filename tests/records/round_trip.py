"""The round trip: registers of simulated patients are fitted, and what was fitted is held against what made them.

`python -m tests.records.round_trip` prints the table of coverage and bias by size of register.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from sim.fits.fit import Fitted, fit
from sim.records.reader import read_records
from sim.records.register import read_register
from sim.scenario import Loaded
from sim.scenario.units import DAYS_PER_UNIT
from tests.records.simulated import Extract, describe, register_of, simulated
from tests.records.worlds import BASE, truth
from tests.runs import load_text

BEGAN, DAYS = 300.0, 730.0


@dataclass(frozen=True)
class World:
    """A known scenario, and a base that is wrong in all that is fitted."""

    truth: Loaded
    base: Loaded


def world(patients: int, frailty: float = 0.0) -> World:
    """The world of about so many referrals in the time of the register."""
    text = truth(patients, frailty)
    return World(load_text(text), load_text(text, *[f"{path}={value}" for path, value in BASE.items()]))


def fitted(w: World, replication: int, included_at: str = "referral", bootstrap: int = 0) -> Fitted:
    """The fit of one register of this world."""
    extract = Extract(BEGAN, BEGAN + DAYS, included_at)
    with TemporaryDirectory() as folder:
        path = describe(Path(folder), register_of(simulated(w.truth, replication), extract), extract)
        reading = read_records(read_register(path))
    assert not reading.faults
    return fit(reading, w.base.scenario, bootstrap)


def true_value(w: World, path: str, family: str, parameter: str) -> float:
    """The true value behind a row of fits; NaN where the truth has another family."""
    found: object = w.truth.resolved
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            return math.nan
        found = found[key]
    if isinstance(found, dict) and parameter:
        family = next(iter(found)) if family == "scaled" else family
        found = found.get(family, {}).get(parameter, math.nan)
    if isinstance(found, str):
        number, _, unit = found.partition(" ")
        if unit.startswith("/ "):
            per_day = float(number) / DAYS_PER_UNIT[unit.removeprefix("/ ")]
            return per_day * (DAYS_PER_UNIT["month"] if path.startswith("regions.") else 1.0)
        return float(number) * DAYS_PER_UNIT.get(unit, 1.0)
    return float(found) if isinstance(found, int | float) else math.nan


def against_truth(w: World, found: Fitted) -> pd.DataFrame:
    """A row for each fitted parameter: estimate, interval, truth, whether it is covered, and the base's weight."""
    rows = [asdict(row) for number in found.numbers for row in number.rows if row.status != "base"]
    table = pd.DataFrame(rows)[["path", "family", "parameter", "status", "estimate", "low", "high", "weight_of_base"]]
    table["truth"] = [true_value(w, r.path, r.family, r.parameter) for r in table.itertuples()]
    table["covered"] = (table["low"] <= table["truth"] * (1 + 1e-9)) & (table["truth"] <= table["high"] * (1 + 1e-9))
    # where more than half of an estimate is the base's it has failed
    table.loc[table["weight_of_base"] > 0.5, "covered"] = False
    table["relative"] = table["estimate"] / table["truth"] - 1.0
    return table


def coverage(
    patients: int, registers: Sequence[int], included_at: str = "referral", frailty: float = 0.0
) -> pd.DataFrame:
    """Over several registers, by parameter: how many were fitted with the true family, coverage, bias, shrinkage."""
    w = world(patients, frailty)
    each = pd.concat([against_truth(w, fitted(w, number, included_at)) for number in registers])
    each = each[each["truth"].notna()]
    return (
        each.groupby(["path", "parameter"], sort=False)
        .agg(
            fits=("covered", "size"),
            coverage=("covered", "mean"),
            bias=("relative", "mean"),
            spread=("relative", "std"),
            weight_of_base=("weight_of_base", "mean"),
        )
        .reset_index()
    )


def main(sizes: Sequence[int] = (60, 300, 2000), registers: int = 30) -> None:
    """Print coverage and bias for each size, of all who were referred and of the infused alone."""
    for included_at in ("referral", "infusion"):
        for patients in sizes:
            table = coverage(patients, range(registers), included_at)
            own = table[table["weight_of_base"] < 0.5]
            print(f"\n{registers} registers of about {patients} referrals, included at {included_at}")
            print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
            weights = np.asarray(own["fits"])
            print(f"coverage over all parameters: {np.average(own['coverage'], weights=weights):.3f}")


if __name__ == "__main__":
    main()
