"""What a fit makes of a hospital that is unlike the model: bias and coverage, without a mark to pass.

`python -m tests.records.another_hospital_trials [REGISTERS]` makes the table of docs/own-records.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from sim.fits.fit import Fitted, fit
from sim.records.reader import read_records
from sim.records.register import read_register
from tests.records.another_hospital import REFERRED, Hospital, live, register
from tests.records.round_trip import world
from tests.records.simulated import START, Extract, describe

BEGAN, DAYS, PATIENTS = 300, 730, 300
UNLIKE = Hospital()
# Each thing that is unlike the model, alone; first with none of them.
LIKE = replace(UNLIKE, frailty=0.0, rising=1.0, switching=1.0, missing=0.0, slots=(2, 2))
ALONE: Mapping[str, Hospital] = {
    "nothing": LIKE,
    "frailty": replace(LIKE, frailty=UNLIKE.frailty),
    "rising": replace(LIKE, rising=UNLIKE.rising),
    "switching": replace(LIKE, switching=UNLIKE.switching),
    "supply": replace(LIKE, slots=UNLIKE.slots),
    "missing": replace(LIKE, missing=UNLIKE.missing),
    "all": UNLIKE,
}
CLOCKS = {"waiting": "waiting", "after_apheresis": "after"}
WHAT = ("progression", "death", "removal")
# By path, family and parameter; of another family nothing can be said.
STATED: Mapping[tuple[str, str, str], float] = {
    ("work_up.duration", "lognormal", "median"): 14.0,
    ("work_up.duration", "lognormal", "sigma"): 0.5,
    ("shipping.to_factory", "gamma", "mean"): 4.0,
    ("manufacturing.duration", "weibull", "scale"): 16.0,
    ("manufacturing.duration", "weibull", "shape"): 3.0,
    ("release_testing.review", "lognormal", "median"): 9.0,
    ("release_testing.review", "lognormal", "sigma"): 0.7,
    ("shipping.to_centre", "gamma", "mean"): 5.0,
    ("infusion.stay", "lognormal", "median"): 14.0,
    ("bridging.hazard", "hazard ratio", ""): 0.5,
    ("bridging.share", "beta", ""): 0.6,
    ("patients.risk_groups.high.share", "beta", ""): 0.35,
    ("clocks.waiting.ends_eligibility", "beta", ""): 0.25,
    ("clocks.after_progression.death", "hazard ratio", ""): 4.0,
    ("clocks.after_progression.removal", "hazard ratio", ""): 2.0,
}
HAZARDS = ("exponential", "scaled")


def truths(hospital: Hospital, patients: float = 12_000.0) -> dict[tuple[str, str, str], float]:
    """What a complete register of very many such patients would tell of each number; of rates, as they would be if
    nobody left for another therapy because of the progression to come."""
    many = patients / 300.0
    endless = replace(
        hospital,
        a_month=hospital.a_month * many,
        slots=(round(hospital.slots[0] * many), round(hospital.slots[1] * many)),
    )
    net, gross = live(replace(endless, switching=1.0), 1).exposure, live(endless, 1).exposure
    found = dict(STATED)
    for clock, stage in CLOCKS.items():
        for what in WHAT:
            rates = gross if what == "removal" else net
            found |= {(f"clocks.{clock}.{what}", family, "rate"): rates[f"{stage}.{what}"] for family in HAZARDS}
    for region, share in REFERRED.items():
        found[(f"regions.{region}.referrals", "gamma", "")] = share * hospital.a_month
    return found


def fitted(hospital: Hospital, seed: int) -> Fitted:
    """The fit of one register, over the base that is at least 30 % off in every number."""
    extract = Extract(float(BEGAN), float(BEGAN + DAYS))
    with TemporaryDirectory() as folder:
        table = register(hospital, seed, BEGAN, pd.Timestamp(START))
        reading = read_records(read_register(describe(Path(folder), table, extract)))
    return fit(reading, world(PATIENTS).base.scenario, bootstrap=0)


def against(hospital: Hospital, seeds: Sequence[int]) -> pd.DataFrame:
    """A row a fitted number and register: estimate, interval, truth, whether it is covered, and how far it is off."""
    truth, frames = truths(hospital), []
    for seed in seeds:
        found = fitted(hospital, seed)
        rows = pd.DataFrame([asdict(row) for number in found.numbers for row in number.rows if row.status != "base"])
        rows["truth"] = [truth.get((r.path, r.family, r.parameter), np.nan) for r in rows.itertuples()]
        rows["covered"] = (rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"])
        rows["relative"] = rows["estimate"] / rows["truth"] - 1.0
        frames.append(rows[rows["truth"].notna()].assign(seed=seed))
    return pd.concat(frames, ignore_index=True)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """By number: how many registers told it, coverage and bias."""
    by = found.groupby(["path", "parameter"], sort=False)
    return by.agg(fits=("covered", "size"), coverage=("covered", "mean"), bias=("relative", "mean")).reset_index()


def main(registers: int = 20, of_each: int = 8) -> None:
    """Print bias and coverage of every number, with all that is unlike the model and with each alone."""
    frames = []
    for name, hospital in reversed(ALONE.items()):
        its = summary(against(hospital, range(registers if name == "all" else of_each)))
        print(f"\n{name}\n{its.to_string(index=False, float_format='{:.2f}'.format)}", flush=True)
        frames.append(its.assign(unlike=name))
    bias = pd.concat(frames).pivot_table(index=["path", "parameter"], columns="unlike", values="bias", sort=False)
    print(f"\n{bias.round(2).to_string()}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
