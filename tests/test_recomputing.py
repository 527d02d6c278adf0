"""Costs and QALYs recomputed from the files of a results folder alone, as `docs/tables.md` says."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import vein2vein as v2v

MONTH, YEAR = 365.25 / 12, 365.25
WHO = ["scenario", "replication", "region", "source", "number", "course"]


class Present:
    """Present values at one rate, up to the horizon."""

    def __init__(self, rate: float, horizon: float) -> None:
        self.force, self.horizon = math.log1p(rate) / YEAR, horizon

    def once(self, day: pd.Series[float]) -> pd.Series[float]:
        return np.exp(-self.force * day.clip(lower=0.0)).where(day <= self.horizon, 0.0).fillna(0.0)

    def over(self, start: pd.Series[float], end: pd.Series[float]) -> pd.Series[float]:
        """Of 1 a day; nothing where it does not begin."""
        a = start.clip(0.0, self.horizon)
        b = end.clip(0.0, self.horizon).clip(lower=a)
        if self.force == 0.0:
            return (b - a).fillna(0.0)
        return ((np.exp(-self.force * a) - np.exp(-self.force * b)) / self.force).fillna(0.0)


def days(text: Any) -> float:
    """The days of `40 y` or `14610 d`, as the manifest writes a horizon."""
    number, unit = str(text).split()
    return float(number) * {"d": 1.0, "wk": 7.0, "months": MONTH, "y": YEAR, "years": YEAR, "year": YEAR}[unit]


def recomputed(patients: pd.DataFrame, quantities: pd.DataFrame, economics: dict[str, Any]) -> pd.DataFrame:
    """Discounted cost and QALYs of each measured patient."""
    p = patients[patients["measured"] & (patients["course"] == 1)].reset_index(drop=True)
    day = {c.removesuffix("_day"): p[c] - p["referral_day"] for c in p.columns if c.endswith("_day")}
    zero, never = p["referral_day"] * 0.0, p["referral_day"] * np.nan
    end, infusion = day["followed_from"], day["infusion"]
    death = day["death"].fillna(np.inf)
    relapse = day["relapse"]
    free = pd.concat([relapse.fillna(np.inf), death], axis=1).min(axis=1)
    horizon = days(economics["horizon"])
    money, health = (Present(economics["discount"][name], horizon) for name in ("costs", "health"))
    price, worth = economics["costs"], economics["utilities"]
    shelf = p["off_the_shelf"]
    product = price["product"].get("allogeneic", 0) * shelf + price["product"].get("autologous", 0) * ~shelf
    # the manifest leaves out what the scenario has no use for
    cost = price["waiting_month"] / MONTH * money.over(zero, end)
    for item, on in (("apheresis", "apheresis"), ("bridging", "bridging"), ("lymphodepletion", "lymphodepletion")):
        cost += price.get(item, 0) * money.once(day.get(on, never))
    cost += (product + price["infusion"] + price["adverse_events"]) * money.once(infusion)
    cost += price["follow_up_month"] / MONTH * money.over(infusion, free)

    def treated(month: float, start: pd.Series[float]) -> pd.Series[float]:
        """Line after line of treatment, and then supportive care."""
        total, supportive = zero, price["supportive_month"]
        for line in price["lines"].values():
            until = pd.concat([start + days(line["lasts"]), death], axis=1).min(axis=1).where(start.notna())
            total = total + (line["share"] * month + (1 - line["share"]) * supportive) / MONTH * money.over(
                start, until
            )
            start = until
        return total + supportive / MONTH * money.over(start, death)

    cost += treated(price["progressed_month"], relapse)
    cost += price["end_of_life"] * money.once(day["death"])
    qalys = (
        worth["waiting"]
        / YEAR
        * health.over(zero, pd.concat([day["progression"].fillna(np.inf), end], axis=1).min(axis=1))
    )
    qalys += worth["progressed"] / YEAR * (health.over(day["progression"], end) + health.over(relapse, death))
    qalys += worth["progression_free"] / YEAR * health.over(infusion, free)
    for outcome in set(p["outcome"]) - {"infused", "died"}:
        start = end.where(p["outcome"] == outcome)
        care, life = price["subsequent_care"], worth["subsequent_care"]
        of_outcome = care["month"] if care.get(outcome) is None else care[outcome]
        a_year = life["utility"] if life.get(outcome) is None else life[outcome]
        cost += treated(of_outcome, start)
        qalys += a_year / YEAR * health.over(start, death)
    found = p[WHO].assign(cost=cost, qalys=qalys)

    q = quantities
    extra_cost, extra_qalys = q["start_day"] * 0.0, q["start_day"] * 0.0
    for item in q["item"].unique():
        section, *keys = item.split(".")
        of = economics[section]
        if keys[0] == "unused_product" and "unused_product" not in price:  # it follows the price of the product
            keys = ["product", *keys[1:]]
        for key in keys:
            of = of[key]
        here = q["item"] == item
        start, until, units = q["start_day"], q["end_day"], q["units"]
        if keys[0] in ("bed_day", "icu_day"):
            each = of * money.over(start, until)
            lost = worth["hospital_loss"] / YEAR * health.over(start, until)
        elif section == "toxicity":
            each = of["cost"] * money.once(start)
            lost = of["utility_loss"] / YEAR * health.over(start, until)
        else:
            each, lost = of * money.once(start), 0.0
        extra_cost = extra_cost.where(~here, units * each)
        extra_qalys = extra_qalys.where(~here, -units * lost)
    more = q[WHO].assign(cost=extra_cost, qalys=extra_qalys).groupby(WHO, as_index=False).sum()
    assert len(more.merge(p[WHO], on=WHO)) == len(more), "a quantity of nobody"
    return pd.concat([found, more]).groupby(WHO, as_index=False).sum()


CASES = {
    "the shipped pair": ({}, ("autologous", "allogeneic")),
    "beds kept, unused products paid, no discounting": (
        {
            "economics.costs.unused_paid_by": "payer",
            "economics.discount.costs": 0,
            "economics.utilities.hospital_loss": 0.2,
            "economics.costs.bridging": 4000,
        },
        ("autologous",),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_costs_and_qalys_follow_from_the_files(tmp_path: Path, case: str) -> None:
    more, names = CASES[case]
    out = tmp_path / "out"
    short = {"run.window": "200 d", "run.warm_up": "100 d", "run.follow_up": "300 d"}
    command = v2v.compare if len(names) > 1 else v2v.run
    command(*names, set={**short, **more}, replications=3, workers=1, folder=out)
    patients, quantities = (pd.read_parquet(out / f"{name}.parquet") for name in ("patients", "quantities"))
    stated = pd.read_csv(out / "economics.csv").set_index(["scenario", "quantity"])["estimate"]
    for scenario in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["scenarios"]:
        name, economics = scenario["name"], scenario["resolved"]["economics"]
        mine, theirs = patients[patients["scenario"] == name], quantities[quantities["scenario"] == name]
        assert len(theirs) > 0
        found = recomputed(mine, theirs.reset_index(drop=True), economics)
        by_run = found.groupby("replication")[["cost", "qalys"]].mean()
        assert len(by_run) == 3
        assert by_run["cost"].mean() == pytest.approx(stated[name, "cost_per_referred"], rel=1e-9)
        assert by_run["qalys"].mean() == pytest.approx(stated[name, "qalys_per_referred"], rel=1e-9)
        infused = mine.loc[mine["outcome"] == "infused", WHO].merge(found, on=WHO)
        of_infused = infused.groupby("replication")[["cost", "qalys"]].mean().mean()
        assert of_infused["cost"] == pytest.approx(stated[name, "cost_per_infused"], rel=1e-9)
        assert of_infused["qalys"] == pytest.approx(stated[name, "qalys_per_infused"], rel=1e-9)
