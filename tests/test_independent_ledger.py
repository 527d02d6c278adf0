"""Costs and QALYs once more, from the files of a results folder alone: nothing that counts is imported.

A row of `patients.parquet` says when what happened to a patient, `quantities.parquet` what they were given that its
milestones do not say (days in a bed, collections that were repeated), and the scenario of the folder what it is worth.
Who returns for a later course has a row for each, and days count from the first referral.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import vein2vein as v2v

SCENARIOS = Path(__file__).parents[1] / "scenarios"
ARMS = ("autologous", "allogeneic", "library/standard_care_bispecific", "library/standard_care_conventional",
        "library/bispecific_after_30_days", "library/cilta_cel_late", "library/combined",
        "library/sequential", "made", "stocked", "again")  # fmt: skip
# Arms of this test alone: what capacity and lost doses cost, bridging and holding by the month, care that is unrelated.
OWN = {
    "made": """
extends: PLACE/autologous.yaml
name: Capacity of one kind
before_apheresis: {holding: {share: 0.5, duration: {triangular: [10 d, 20 d, 40 d]}, response: 0.3, hazard: 0.6}}
economics:
  costs:
    unused_paid_by: payer
    unused_product: {autologous: 90000}
    bridging_month: 2500
    holding: 700
    holding_month: 900
    infusion: 1234
    unrelated_month: 321
    future: related_and_unrelated
    capacity:
      slot: {each: 2000, use: 500}
      line: {unit_month: 40000, use: 1000}
      chair: {unit_month: 3000, use: 100}
      bed: {unit_month: 20000, use: 300, paid_by: manufacturer}
""",
    "stocked": """
extends: PLACE/allogeneic.yaml
name: Capacity of another kind
allogeneic: {stock: {shelf_life: 200 d}, lots: {failure: 0.3}}
economics:
  costs:
    unused_paid_by: payer
    capacity:
      stock: {dose_month: 150, lot: 250000}
      bed: {unit_month: 20000, use: 300}
""",
}
# and a second product with curves of its own, of which patients may die before they return
OWN["again"] = """
extends: PLACE/library/sequential.yaml
name: A second product of its own
toxicity: {crs: {onset: 1 d, grades: {severe: {share: 0.3, duration: 7 d, icu: 0.5}}}, icu: {stay: 4 d, bed: freed}}
later_course: {share: 0.9}
after_infusion:
  later_course:
    progression: 1.2
    autologous:
      response: 0.89
      progression: {exponential: {median: 8 months}}
      death: {exponential: {rate: 0.01 / month}}
      death_after_progression: {exponential: {median: 12 months}}
"""
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

    def __init__(
        self, scenario: dict[str, Any], patients: pd.DataFrame, given: pd.DataFrame, supply: pd.DataFrame
    ) -> None:
        self.e, self.p, self.supply = scenario["economics"], patients, supply
        self.discount = dict(self.e["discount"])
        self.horizon = days(self.e["horizon"])
        batches = (scenario.get("manufacturing") or {}).get("batches", 1)
        self.batches = batches if self.e["costs"].get("priced_by", "batch") == "batch" else 1
        person = ["region", "source", "number"]
        key = [*person, "course"]
        self.given = given.merge(patients[key].reset_index(names="place"), on=key, validate="many_to_one")
        self.people = int((patients["course"] == 1).sum())
        # the day of the first referral, and that of the return of who returns
        starts = patients.set_index(key)["referral_day"]
        of = patients[person].apply(tuple, axis=1)
        self.first = np.array([starts[(*who, 1)] for who in of])
        back = np.array(
            [starts.get((*who, course + 1), np.nan) for who, course in zip(of, patients["course"], strict=True)]
        )
        self.begun = patients["referral_day"].to_numpy(float) - self.first
        returns = np.isfinite(back)
        self.dies = np.where(returns, np.nan, self.since("death_day"))
        self.death = np.where(returns, back - self.first, np.nan_to_num(self.dies, nan=np.inf))
        self.left = self.since("followed_from_day")
        self.relapse = self.since("relapse_day")
        assert (self.relapse[returns] == self.death[returns]).all()
        self.end = np.fmin(self.relapse, self.death)
        outcome = patients["outcome"].replace(dict.fromkeys(WITHDRAWN, "withdrawn"))
        self.by = {
            name: np.where(outcome == name, self.left, np.nan) for name in (*UNTREATED, "alternative", "standard_care")
        }

    def undiscounted(self) -> Recount:
        self.discount = {"costs": 0.0, "health": 0.0}
        return self

    def since(self, column: str) -> Array:
        there = column in self.p
        return self.p[column].to_numpy(float) - self.first if there else np.full(len(self.p), np.nan)

    def once(self, day: Array, rate: float) -> Array:
        return np.where(day <= self.horizon, (1 + rate) ** (-np.nan_to_num(day) / YEAR), 0.0)

    def while_(self, start: Array, end: Array, rate: float) -> Array:
        """Discounted days."""
        a = np.clip(np.nan_to_num(start, nan=np.inf), 0.0, self.horizon)
        b = np.maximum(np.clip(np.nan_to_num(end, nan=-np.inf, posinf=np.inf), 0.0, self.horizon), a)
        if rate == 0.0:
            return b - a
        force = np.log1p(rate) / YEAR
        return np.exp(-force * a) * -np.expm1(-force * (b - a)) / force

    def treated(self, month: float, start: Array) -> Array:
        """Line after line, and then supportive care."""
        costs, total, now = self.e["costs"], np.zeros(len(start)), start
        rate = self.discount["costs"]
        for line in costs["lines"].values():
            until = np.minimum(now + days(line["lasts"]), self.death)
            mean = line["share"] * month + (1 - line["share"]) * costs["supportive_month"]
            total, now = total + mean * 12 / YEAR * self.while_(now, until, rate), until
        return total + costs["supportive_month"] * 12 / YEAR * self.while_(now, self.death, rate)

    def items(self, prefix: str) -> pd.DataFrame:
        return self.given[self.given["item"].str.startswith(prefix)]

    def price(self, item: str) -> Any:
        parts, found = item.split("."), self.e
        if parts[1] == "unused_product" and not found["costs"].get("unused_product"):
            parts[1] = "product"
        if parts == ["costs", "icu_day"] and "icu_day" not in found["costs"]:
            parts[1] = "bed_day"
        for part in parts:
            found = found[part]
        return found

    def supplied(self, prefix: str) -> float:
        """The cost of all supply that is listed under prices that begin so, on the day of referral."""
        rows = self.supply[self.supply["item"].str.startswith(prefix)]
        return float(sum(self.price(item) * units for item, units in zip(rows["item"], rows["units"], strict=True)))

    def priced(self, prefix: str) -> float:
        """The cost of all that is listed under prices that begin so."""
        total, rate = 0.0, self.discount["costs"]
        price: Any
        for item, rows in self.items(prefix).groupby("item"):
            price = self.price(str(item))
            begins, ends = (rows[name].to_numpy(float) for name in ("start_day", "end_day"))
            a_day = item in ("costs.bed_day", "costs.icu_day", "costs.holding_month")
            worth = self.while_(begins, ends, rate) if a_day else self.once(begins, rate)
            total += float((rows["units"].to_numpy(float) * worth).sum()) * (
                price["cost"] if isinstance(price, dict) else price
            )
        return total

    def bridged(self, c: dict[str, Any], rate: float) -> Array:
        """Bridging by the month, to lymphodepletion or the end of the path."""
        begun = self.since("bridging_day")
        until = np.fmin(self.since("lymphodepletion_day"), self.left)
        return c.get("bridging_month", 0.0) * 12 / YEAR * self.while_(begun, until, rate)

    def costs(self) -> dict[str, float]:
        c, rate = self.e["costs"], self.discount["costs"]
        day, month = self.since, 12 / YEAR
        price = c.get("product", {})
        product = np.where(
            self.p["off_the_shelf"], price.get("allogeneic", 0.0), self.batches * price.get("autologous", 0.0)
        )
        alternative, care = (
            c.get(name, {"month": 0, "adverse_events": 0}) for name in ("alternative", "standard_care")
        )
        infusion = day("infusion_day")
        found = {
            "waiting": c.get("waiting_month", 0.0) * month * self.while_(self.begun, self.left, rate),
            "apheresis": c.get("apheresis", 0.0) * self.once(day("apheresis_day"), rate),
            "bridging": c.get("bridging", 0.0) * self.once(day("bridging_day"), rate)
            + c.get("holding", 0.0) * self.once(day("holding_therapy_day"), rate)
            + self.bridged(c, rate),
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
            "end_of_life": c["end_of_life"] * self.once(self.dies, rate),
            "unrelated": c.get("unrelated_month", 0.0) * month * self.while_(self.begun, self.death, rate),
        }  # fmt: skip
        wholes = {name: float(np.sum(amounts)) for name, amounts in found.items()}
        wholes["apheresis"] += self.priced("costs.apheresis")
        wholes["toxicity"] += self.priced("toxicity.")
        wholes["bridging"] += self.priced("costs.holding_month")
        wholes["hospital"] = self.priced("costs.bed_day") + self.priced("costs.icu_day")
        wholes["unused_product"] = self.priced("costs.unused_product") + self.supplied("costs.unused_product")
        wholes["capacity"] = self.supplied("costs.capacity")
        return {name: amount / self.people for name, amount in wholes.items()}

    def qalys(self) -> dict[str, float]:
        u, rate = self.e["utilities"], self.discount["health"]
        infusion, progression = self.since("infusion_day"), self.since("progression_day")
        start, a_year = self.begun, 1 / YEAR
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
        return {name: a_year * worth / self.people for name, worth in wholes.items()}

    def life_years(self, rate: float) -> float:
        return float(self.while_(self.begun, self.death, rate).sum()) / YEAR / self.people

    def treatment_free(self) -> float:
        """Months from infusion to progression or death, of all."""
        return float(self.while_(self.since("infusion_day"), self.end, 0.0).sum()) / YEAR * 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ledger") / "out"
    place = tmp_path_factory.mktemp("own")
    for name, text in OWN.items():
        (place / f"{name}.yaml").write_text(text.replace("PLACE", os.path.relpath(SCENARIOS, place)), encoding="utf-8")
    files = [str((place if name in OWN else SCENARIOS) / f"{name}.yaml") for name in ARMS]
    v2v.compare(*files, replications=2, events=True, folder=out)
    return out


@pytest.mark.parametrize("place", range(len(ARMS)))
def test_every_cost_and_state_of_every_arm_comes_out_again(folder: Path, place: int) -> None:
    scenario = YAML(typ="safe").load((folder / "scenarios" / f"{place + 1}.yaml").read_text(encoding="utf-8"))
    name = scenario["name"]
    patients, given = (pd.read_parquet(folder / f"{table}.parquet") for table in ("patients", "quantities"))
    patients = patients[patients["scenario"] == name]
    key = ["replication", "region", "source", "number"]
    mine = pd.MultiIndex.from_frame(patients.loc[patients["measured"], key])
    patients = patients[pd.MultiIndex.from_frame(patients[key]).isin(mine)]
    assert (patients["course"].max() == 2) == ("later_course" in scenario)
    given, supply = given[given["scenario"] == name], pd.read_csv(folder / "supply.csv").query("scenario == @name")
    found: list[dict[str, float]] = []
    for replication, mine in patients.groupby("replication"):
        count = Recount(scenario, mine.reset_index(drop=True), given[given["replication"] == replication],
                        supply[supply["replication"] == replication])  # fmt: skip
        costs, qalys = count.costs(), count.qalys()
        counted = scenario["economics"]["costs"].get("future") == "related_and_unrelated"
        apart = 0.0 if counted else costs["unrelated"]
        wholes = {"cost_per_referred": sum(costs.values()) - apart, "qalys_per_referred": sum(qalys.values())}
        rate = scenario["economics"]["discount"]["health"]
        wholes |= {
            "life_years_per_referred": count.life_years(0.0),
            "discounted_life_years_per_referred": count.life_years(rate),
        }
        infused = int(((mine["outcome"] == "infused") & (mine["course"] == 1)).sum())
        months = count.treatment_free()
        wholes["treatment_free_months_per_referred"] = months / count.people
        wholes["treatment_free_months_per_infused"] = months / infused if infused else np.nan
        plain = count.undiscounted()
        bare = plain.costs()
        wholes["undiscounted_cost_per_referred"] = sum(bare.values()) - (0.0 if counted else bare["unrelated"])
        wholes["undiscounted_qalys_per_referred"] = sum(plain.qalys().values())
        parts = {f"cost_{key}": value for key, value in costs.items()}
        found.append(wholes | parts | {f"qalys_{key}": value for key, value in qalys.items()})
    table = pd.read_csv(folder / "economics.csv")
    product = table[table["scenario"] == name].set_index("quantity")["estimate"]
    # costs to society are of another perspective: test_society.py
    skipped = {"cost_per_infused", "qalys_per_infused", "cost_society"}
    assert set(found[0]) == set(product.index) - skipped
    for quantity in found[0]:
        mean = np.mean([each[quantity] for each in found])
        assert mean == pytest.approx(product[quantity], rel=1e-9, abs=1e-9, nan_ok=True), quantity


MONTH = YEAR / 12
WINDOW = (365.0, 1095.0)


def test_supply_is_counted_as_events_and_the_scenario_have_it(folder: Path) -> None:
    supply = pd.read_csv(folder / "supply.csv")
    resources = pd.read_csv(folder / "resources.csv")
    events = pd.read_parquet(folder / "events.parquet")
    inside = (events["began_day"] >= WINDOW[0]) & (events["began_day"] < WINDOW[1])
    for place in (ARMS.index("made"), ARMS.index("stocked")):
        scenario = YAML(typ="safe").load((folder / "scenarios" / f"{place + 1}.yaml").read_text(encoding="utf-8"))
        assert (days(scenario["run"]["warm_up"]), days(scenario["run"]["window"])) == (WINDOW[0], WINDOW[1] - WINDOW[0])
        months, name = (WINDOW[1] - WINDOW[0]) / MONTH, scenario["name"]
        for replication in (0, 1):
            rows = supply.query("scenario == @name and replication == @replication")
            mine = dict(zip(rows["item"], rows["units"], strict=True))
            used = resources.query("scenario == @name and replication == @replication")
            here = inside & (events["scenario"] == name) & (events["replication"] == replication)
            taken = events[here & (events["kind"] == "use")]["step"].value_counts()
            centres = scenario["centres"].values()
            if place == ARMS.index("made"):
                expected = {
                    "slot.each": float(scenario["manufacturing"]["slots"]["count"] * 104),
                    "line.unit_month": scenario["manufacturing"]["lines"] * months,
                    "line.use": taken["line"],
                    "chair.unit_month": sum(centre["chairs"] for centre in centres) * months,
                    "chair.use": taken["chair"],
                }
                assert mine["costs.capacity.slot.use"] <= 416.0
                slots = used[used["resource"] == "slot"]
                assert mine["costs.capacity.slot.use"] == pytest.approx(416.0 * slots["utilisation"].sum())
                # what the manufacturer pays is not in view
                assert not any("bed" in item for item in mine)
            else:
                expected = {
                    "bed.unit_month": sum(centre["beds"] for centre in centres) * months,
                    "bed.use": taken["bed"],
                }
                lost = mine["costs.unused_product.allogeneic"]
                expired = used[used["resource"] == "stock"]["expired"].sum()
                lot_size = scenario["allogeneic"]["stock"]["doses_per_lot"]
                assert lost >= expired
                assert (lost - expired) % lot_size == 0.0
            for item, units in expected.items():
                assert mine[f"costs.capacity.{item}"] == pytest.approx(units, rel=1e-12), item
