"""Random scenarios in which much happens: those of the engines' comparison, over a year, with lives and costs."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from sim.scenario import Loaded
from sim.scenario.units import parse_days
from tests.engines.random_scenarios import scenario_text, without_refused

Block = dict[str, Any]
FATES = ("progressed", "withdrawn", "funding", "collection_failed", "product_failed", "unsuitable", "waiting")
PER_GRADE = {"cost": 900, "utility_loss": 0.1, "lasts": "4 d"}


def busy_scenario(number: int) -> Loaded:
    """Random scenario `number`, calm enough that patients get everywhere, and with patients enough for rare events."""
    r = Random(number)
    scenario: Block = json.loads(scenario_text(number))
    scenario["run"] |= {"warm_up": "20 d", "window": "365 d", "follow_up": "150 d"}
    for region in scenario["regions"].values():
        region["referrals"] = f"{r.choice([0.2, 0.3])} / d"
        if "declines" in region:
            region["declines"] = 0.3
    scenario["clocks"] = {name: _calm(r, part) for name, part in scenario["clocks"].items()}
    for place in (*scenario["centres"].values(), *scenario.get("shared", {}).values()):
        for name in ("chairs", "beds", "lines"):
            _widen(place, name, 3)
    _widen(scenario.get("manufacturing", {}), "lines", 4)
    _widen(scenario.get("release_testing", {}), "lab", 6)
    if isinstance(slots := scenario.get("manufacturing", {}).get("slots"), dict):
        slots |= {"every": "week", "count": slots["count"] + scenario["manufacturing"].get("batches", 1)}
    for disruption in scenario.get("disruptions", {}).values():
        if "from" in disruption:
            disruption |= {"from": f"{r.choice([100, 150, 200])} d", "for": f"{r.choice([20, 40])} d"}
    if scenario.get("apheresis", {}).get("duration") == "1 d":
        # a whole day fits into no opening of the calendars
        scenario["apheresis"]["duration"] = "6 h"
    if "after_waiting" in scenario.get("hybrid", {}):
        # else hardly anybody would have a product made
        scenario["hybrid"]["after_waiting"] = r.choice(["25 d", "40 d"])
    if r.random() < 0.7:
        scenario["after_infusion"] = _afterwards(r, scenario) | _kinds(scenario)
        if "later_course" not in scenario:
            scenario["economics"] = _economics(r, scenario)
    return without_refused(scenario)


def _widen(section: Block, name: str, times: int) -> None:
    """More units of a capacity, as many times as there are more patients than in the comparison of the engines."""
    units = section.get(name, "unlimited")
    if isinstance(units, dict):
        # days of the two months of that comparison, over a year
        days = [f"{5 * parse_days(day):g} d" for day in units]
        section[name] = {day: u if u == "unlimited" else times * u for day, u in zip(days, units.values(), strict=True)}
    elif units != "unlimited":
        section[name] = times * units


def _calm(r: Random, clocks: Block) -> Block:
    """Clocks under which most patients reach infusion, and each reason to leave happens."""
    if "progression" not in clocks:
        return {"death": 3, "removal": 4}
    shapes: list[Any] = [
        {"exponential": {"rate": "0.006 / d"}},
        {"weibull": {"shape": 1.3, "median": "120 d"}},
        {"loglogistic": {"shape": 1.5, "median": "120 d"}},
        {"piecewise": {"0 d": "0.004 / d", "20 d": "0.008 / d"}},
        {"cure": {"share": 0.4, "of": {"exponential": {"mean": "70 d"}}}},
        {"table": [["0 d", 1.0], ["8 d", 0.97], ["20 d", 0.9]], "after": "last_rate"},
    ]
    calm = {
        "progression": r.choice(shapes),
        "ends_eligibility": r.choice([0.3, 0.5]),
        "death": r.choice(shapes),
        "removal": r.choice(shapes),
    }
    if clocks.get("progression_counts_deaths"):
        slower = {"exponential": {"rate": "0.003 / d"}}
        calm |= {"progression": shapes[0], "death": slower, "progression_counts_deaths": True}
    return calm


def _clock(r: Random) -> Block:
    return {"exponential": {"mean": f"{r.choice([100, 200, 400])} d"}}


def _afterwards(r: Random, scenario: Block) -> Block:
    strategy = scenario["strategy"]
    given = ("autologous", "allogeneic") if strategy == "hybrid" else (strategy,)
    found: Block = {
        product: {
            "response": r.choice([0.5, 0.8]),
            "progression": _clock(r),
            "without_response": _clock(r),
            "death": _clock(r),
            "death_after_progression": _clock(r),
        }
        for product in given
    }
    found["not_infused"] = {"death": _clock(r)} | {fate: _clock(r) for fate in FATES if r.random() < 0.2}
    found["progressed_before_infusion"] = {"progression": 1.5, "death": 2}
    return found


def _kinds(scenario: Block) -> Block:
    """Multipliers by kind of patient."""
    worse = {"response": 0.6, "progression": 1.5, "death": 1.3}
    found: Block = {"by_risk_group": {"rare": worse}, "not_progressed_before_infusion": {"progression": 0.9}}
    if scenario["strategy"] != "allogeneic":
        found["by_bridging"] = {"responded": {"progression": 0.6}, "no_response": worse}
    return found


def _economics(r: Random, scenario: Block) -> Block:
    strategy = scenario["strategy"]
    price = {p: r.choice([200_000, 400_000]) for p in ("autologous", "allogeneic") if strategy in (p, "hybrid")}
    names = ("waiting_month", "lymphodepletion", "infusion", "adverse_events", "follow_up_month", "progressed_month")
    costs: Block = {name: r.choice([1_000, 8_000]) for name in names}
    costs |= {"product": price, "end_of_life": 20_000, "subsequent_care": {"month": 15_000}}
    if r.random() < 0.5:
        costs |= {"unused_product": price, "unused_paid_by": "payer"}
    if strategy != "allogeneic":
        costs["apheresis"] = 5_000
    if scenario.get("infusion", {}).get("model") != "outpatient":
        costs["bed_day"] = 3_000
    utilities = {"waiting": 0.6, "progressed": 0.5, "progression_free": 0.7, "subsequent_care": {"utility": 0.55}}
    found: Block = {
        "perspective": r.choice(["payer", "payer_and_manufacturer"]),
        "currency": "EUR",
        "price_year": 2025,
        "horizon": r.choice(["2 y", "40 y"]),
        "costs": costs,
        "utilities": utilities | {"hospital_loss": 0.1},
    }
    if "toxicity" in scenario:
        found["toxicity"] = {"crs": dict.fromkeys(scenario["toxicity"]["crs"]["grades"], PER_GRADE)}
    return found
