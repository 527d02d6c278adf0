"""Costs and QALYs once more, from the files of a results folder alone: nothing of the program is imported.

A row of `patients.parquet` says when what happened to a patient, `quantities.parquet` what they were given that its
milestones do not say (days in a bed, collections that were repeated), and the scenario of the folder what it is worth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from tests.program import call

SCENARIOS = Path(__file__).parents[1] / "scenarios"
ARMS = ("autologous", "allogeneic", "library/standard_care_bispecific", "library/standard_care_conventional",
        "library/bispecific_after_30_days", "library/cilta_cel_late")  # fmt: skip
UNTREATED = ("progressed", "withdrawn", "funding", "collection_failed", "product_failed", "unsuitable", "waiting")
WITHDRAWN = ("hospice", "other_therapy", "own_choice", "infection_or_organ_function")
YEAR = 365.25
UNITS = {"y": YEAR, "month": YEAR / 12, "months": YEAR / 12, "week": 7.0, "weeks": 7.0, "d": 1.0}
Array = np.ndarray[Any, np.dtype[np.float64]]


def days(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]


class Recount:
    """The ledger of one arm in one replication, as means a patient."""

    def __init__(self, scenario: dict[str, Any], patients: pd.DataFrame, given: pd.DataFrame) -> None:
        self.e, self.p = scenario["economics"], patients
        self.horizon = days(self.e["horizon"])
        key = ["region", "source", "number"]
        self.given = given.merge(patients[key].reset_index(names="place"), on=key, validate="many_to_one")
        self.referral = patients["referral_day"].to_numpy(float)
        self.death = np.nan_to_num(self.since("death_day"), nan=np.inf)
        self.left = self.since("followed_from_day")
        self.relapse = self.since("relapse_day")
        self.end = np.fmin(self.relapse, self.death)
        outcome = patients["outcome"].replace(dict.fromkeys(WITHDRAWN, "withdrawn"))
        self.by = {
            name: np.where(outcome == name, self.left, np.nan) for name in (*UNTREATED, "alternative", "standard_care")
        }

    def since(self, column: str) -> Array:
        there = column in self.p
        return self.p[column].to_numpy(float) - self.referral if there else np.full(len(self.p), np.nan)

    def once(self, day: Array, rate: float) -> Array:
        return np.where(day <= self.horizon, (1 + rate) ** (-np.nan_to_num(day) / YEAR), 0.0)

    def while_(self, start: Array, end: Array, rate: float) -> Array:
        """Discounted days."""
        a = np.clip(np.nan_to_num(start, nan=np.inf), 0.0, self.horizon)
        b = np.maximum(np.clip(np.nan_to_num(end, nan=-np.inf, posinf=np.inf), 0.0, self.horizon), a)
        force = np.log1p(rate) / YEAR
        return np.exp(-force * a) * -np.expm1(-force * (b - a)) / force

    def treated(self, month: float, start: Array) -> Array:
        """Line after line, and then supportive care."""
        costs, total, now = self.e["costs"], np.zeros(len(start)), start
        rate = self.e["discount"]["costs"]
        for line in costs["lines"].values():
            until = np.minimum(now + days(line["lasts"]), self.death)
            mean = line["share"] * month + (1 - line["share"]) * costs["supportive_month"]
            total, now = total + mean * 12 / YEAR * self.while_(now, until, rate), until
        return total + costs["supportive_month"] * 12 / YEAR * self.while_(now, self.death, rate)

    def items(self, prefix: str) -> pd.DataFrame:
        return self.given[self.given["item"].str.startswith(prefix)]

    def priced(self, prefix: str) -> float:
        """The cost of all that is listed under prices that begin so."""
        total, rate = 0.0, self.e["discount"]["costs"]
        for item, rows in self.items(prefix).groupby("item"):
            price: Any = self.e
            for part in str(item).split("."):
                price = price[part]
            begins, ends = (rows[name].to_numpy(float) for name in ("start_day", "end_day"))
            a_day = item in ("costs.bed_day", "costs.icu_day")
            worth = self.while_(begins, ends, rate) if a_day else self.once(begins, rate)
            total += float((rows["units"].to_numpy(float) * worth).sum()) * (
                price["cost"] if isinstance(price, dict) else price
            )
        return total

    def costs(self) -> dict[str, float]:
        c, rate = self.e["costs"], self.e["discount"]["costs"]
        day, month = self.since, 12 / YEAR
        price = c.get("product", {})
        product = np.where(self.p["off_the_shelf"], price.get("allogeneic", 0.0), price.get("autologous", 0.0))
        alternative, care = (
            c.get(name, {"month": 0, "adverse_events": 0}) for name in ("alternative", "standard_care")
        )
        infusion = day("infusion_day")
        found = {
            "waiting": c.get("waiting_month", 0.0) * month * self.while_(np.zeros(len(self.p)), self.left, rate),
            "apheresis": c.get("apheresis", 0.0) * self.once(day("apheresis_day"), rate),
            "bridging": c.get("bridging", 0.0) * self.once(day("bridging_day"), rate),
            "alternative": alternative["adverse_events"] * self.once(self.by["alternative"], rate)
            + alternative["month"] * month * self.while_(self.by["alternative"], self.end, rate),
            "standard_care": care["adverse_events"] * self.once(self.by["standard_care"], rate)
            + care["month"] * month * self.while_(self.by["standard_care"], self.end, rate),
            "product": product * self.once(infusion, rate),
            "lymphodepletion": c.get("lymphodepletion", 0.0) * self.once(day("lymphodepletion_day"), rate),
            "infusion": c.get("infusion", 0.0) * self.once(infusion, rate),
            "toxicity": c.get("adverse_events", 0.0) * self.once(infusion, rate),
            "follow_up": c.get("follow_up_month", 0.0) * month * self.while_(infusion, self.end, rate),
            "progressed": self.treated(c["progressed_month"], self.relapse),
            "subsequent_care": sum(
                self.treated(c["subsequent_care"].get(name, c["subsequent_care"]["month"]), self.by[name])
                for name in UNTREATED
            ) if c.get("subsequent_care") else np.zeros(len(self.p)),
            "end_of_life": c["end_of_life"] * self.once(np.where(np.isfinite(self.death), self.death, np.nan), rate),
        }  # fmt: skip
        wholes = {name: float(np.sum(amounts)) for name, amounts in found.items()}
        wholes["apheresis"] += self.priced("costs.apheresis")
        wholes["toxicity"] += self.priced("toxicity.")
        wholes["hospital"] = self.priced("costs.bed_day") + self.priced("costs.icu_day")
        wholes["unused_product"] = self.priced("costs.unused_product")
        return {name: amount / len(self.p) for name, amount in wholes.items()}

    def qalys(self) -> dict[str, float]:
        u, rate = self.e["utilities"], self.e["discount"]["health"]
        infusion, progression = self.since("infusion_day"), self.since("progression_day")
        start, a_year = np.zeros(len(self.p)), 1 / YEAR
        subsequent = u["subsequent_care"]
        found = {
            "waiting": u["waiting"] * self.while_(start, np.fmin(progression, self.left), rate),
            "progression_free": u.get("progression_free", 0.0) * self.while_(infusion, self.end, rate),
            "alternative": u.get("alternative", u.get("progression_free", 0.0))
            * self.while_(self.by["alternative"], self.end, rate),
            "standard_care": u.get("standard_care", u["waiting"])
            * self.while_(self.by["standard_care"], self.end, rate),
            "progressed": u["progressed"]
            * (self.while_(progression, self.left, rate) + self.while_(self.relapse, self.death, rate)),
            "subsequent_care": sum(
                subsequent.get(name, subsequent["utility"]) * self.while_(self.by[name], self.death, rate)
                for name in UNTREATED
            ),
        }  # fmt: skip
        beds = pd.concat([self.items("costs.bed_day"), self.items("costs.icu_day")])
        begins, ends, units = (beds[name].to_numpy(float) for name in ("start_day", "end_day", "units"))
        lost = -u.get("hospital_loss", 0.0) * float((units * self.while_(begins, ends, rate)).sum())
        for item, rows in self.items("toxicity.").groupby("item"):
            _, event, grade = str(item).split(".")
            loss = self.e["toxicity"][event][grade]["utility_loss"]
            lost -= loss * float(
                self.while_(rows["start_day"].to_numpy(float), rows["end_day"].to_numpy(float), rate).sum()
            )
        wholes = {name: float(np.sum(worth)) for name, worth in found.items()} | {"hospital": lost}
        return {name: a_year * worth / len(self.p) for name, worth in wholes.items()}

    def life_years(self) -> float:
        return float(np.minimum(self.death, self.horizon).mean()) / YEAR


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ledger") / "out"
    files = [str(SCENARIOS / f"{name}.yaml") for name in ARMS]
    done = call("compare", *files, "--replications", "2", "--out", str(out), "--quiet")
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.parametrize("place", range(len(ARMS)))
def test_every_cost_and_state_of_every_arm_comes_out_again(folder: Path, place: int) -> None:
    scenario = YAML(typ="safe").load((folder / "scenarios" / f"{place + 1}.yaml").read_text(encoding="utf-8"))
    name = scenario["name"]
    patients, given = (pd.read_parquet(folder / f"{table}.parquet") for table in ("patients", "quantities"))
    patients = patients[(patients["scenario"] == name) & patients["measured"]]
    given = given[given["scenario"] == name]
    found: list[dict[str, float]] = []
    for replication, mine in patients.groupby("replication"):
        count = Recount(scenario, mine.reset_index(drop=True), given[given["replication"] == replication])
        costs, qalys = count.costs(), count.qalys()
        wholes = {"cost_per_referred": sum(costs.values()), "qalys_per_referred": sum(qalys.values())}
        wholes["life_years_per_referred"] = count.life_years()
        parts = {f"cost_{key}": value for key, value in costs.items()}
        found.append(wholes | parts | {f"qalys_{key}": value for key, value in qalys.items()})
    table = pd.read_csv(folder / "economics.csv")
    product = table[table["scenario"] == name].set_index("quantity")["estimate"]
    skipped = {"cost_per_infused", "qalys_per_infused", "cost_unrelated"}
    assert set(found[0]) == set(product.index) - skipped
    for quantity in found[0]:
        mean = np.mean([each[quantity] for each in found])
        assert mean == pytest.approx(product[quantity], rel=1e-9, abs=1e-9), quantity
