"""The rest of the world for random scenarios: calendars, shut-downs, access, mixed strategies, toxicity, returns."""

from __future__ import annotations

from random import Random
from typing import Any

Block = dict[str, Any]
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def add_world(r: Random, scenario: Block, whole: bool, days: Any) -> None:
    """Add a random part of the world to a scenario; `days(r, whole)` makes a random duration."""
    _access(r, scenario, whole, days)
    _policy(r, scenario)
    if scenario["strategy"] != "allogeneic":
        _making(r, scenario, whole, days)
    if scenario["strategy"] != "autologous":
        lots, stock = scenario["allogeneic"]["lots"], scenario["allogeneic"]["stock"]
        stock["kept"] = r.choice(["centrally", "at_centres"])
        lots["editing"] = days(r, whole)
        if scenario["strategy"] == "hybrid" and r.random() < 0.5:
            lots["shared_lines"] = r.choice(["first", "equal", "last"])
            lots.pop("lines", None)
            if scenario["manufacturing"].get("site") == "centre":
                stock["kept"] = "at_centres"
    _toxicity(r, scenario, whole, days)
    _calendars(r, scenario)
    _disruptions(r, scenario)
    if r.random() < 0.4:
        scenario["later_course"] = {"share": r.choice([0.5, 1]), "relapse": days(r, whole)}
        if scenario["strategy"] == "hybrid":
            scenario["later_course"]["strategy"] = r.choice(["same", "autologous", "allogeneic"])


def _access(r: Random, scenario: Block, whole: bool, days: Any) -> None:
    centres = list(scenario["centres"])
    for region in scenario["regions"].values():
        if r.random() < 0.3:
            region["travel"] = days(r, whole)
        if r.random() < 0.2:
            region["declines"] = r.choice([0.2, 1])
        if r.random() < 0.4:
            waited = [f"{r.choice([0, 5, 5, 10, 20])} d" for _ in range(r.randint(1, 5))]
            region["already_waiting"] = r.choice(
                [{"since": waited}, {"count": r.randint(1, 5), "waited": days(r, whole)}]
            )
            if r.random() < 0.5:
                groups = scenario["patients"]["risk_groups"]
                region["already_waiting"]["risk_groups"] = {name: 1 / len(groups) for name in groups}
        if len(centres) > 1 and r.random() < 0.3:
            region["centre"] = {centres[0]: 0.5, centres[1]: 0.5}


def _policy(r: Random, scenario: Block) -> None:
    if r.random() < 0.6:
        return
    policy = r.choice(["likely_benefit", "score", "score", "score"])
    scenario["waiting_list"] = {"policy": policy}
    groups = scenario["patients"]["risk_groups"]
    groups["rare"].pop("priority", None)
    groups["rare"]["benefit"] = r.choice([-1, 0.5, 2])
    if policy == "score":
        groups["rare"]["priority"] = r.choice([0, 1])
        scenario["waiting_list"]["score"] = {
            "waiting_day": r.choice([0, 1, 1]), "priority": r.choice([0, 10]), "benefit": r.choice([0, 5]),
            "progressed": r.choice([0, -5, 20, 20]),
        }  # fmt: skip


def _making(r: Random, scenario: Block, whole: bool, days: Any) -> None:
    made, tested = scenario["manufacturing"], scenario["release_testing"]
    made["batches"] = r.choice([1, 1, 1, 2, 3])
    if r.random() < 0.3:
        made["site"] = "centre"
        if r.random() < 0.5:
            next(iter(scenario["centres"].values()))["lines"] = r.randint(1, 4)
    if made.get("failure", 0) > 0 and r.random() < 0.4:
        made["failure_found"] = days(r, whole)
    if r.random() < 0.3:
        made["products"] = {"one": {"share": 0.5, "duration": days(r, whole), "failure": 0.2}, "two": {"share": 0.5}}
    slots = made.get("slots")
    if isinstance(slots, dict):
        if slots["every"] == "week":
            slots["weekday"] = r.choice(WEEK)
        if r.random() < 0.3:
            slots["claimed"] = "at_receipt"
        elif r.random() < 0.4:
            slots["after_failed_collection"] = "forfeit"
        if isinstance(made.get("lines"), dict):
            slots["withdrawn_by"] = r.choice(["closures", "cuts", "cuts", "nothing"])
    if tested.get("out_of_specification", 0) > 0:
        tested["not_accepted"] = r.choice(["remake", "stop"])
    if r.random() < 0.3:
        tested["conditional"] = {"sterility": days(r, whole), "recall": r.choice([0, 0.3])}
    if scenario["strategy"] == "hybrid":
        booked = isinstance(slots, dict) or ("lines" in made and made["line_held"]["from"] == "booking")
        rule: Block = {"after_failure": r.random() < 0.5}
        if r.random() < 0.3:
            rule["allogeneic_for"] = ["rare"]
        if booked and r.random() < 0.8:
            rule |= {
                "after_waiting": f"{r.choice([0, 5, 10, 20])} d",
                "since": r.choice(["joining", "listing", "referral"]),
            }
        scenario["hybrid"] = rule


def _toxicity(r: Random, scenario: Block, whole: bool, days: Any) -> None:
    if r.random() < 0.5:
        return
    grades = {
        "low": {"share": 0.4, "duration": days(r, whole)},
        "high": {"share": 0.3, "duration": days(r, whole), "icu": 0.6},
    }
    scenario["toxicity"] = {
        "crs": {"onset": days(r, whole), "grades": grades},
        "icu": {"stay": days(r, whole), "bed": r.choice(["kept", "freed"])},
    }
    if r.random() < 0.5:
        scenario["toxicity"]["neurotoxicity"] = {"grades": {"any": {"share": 0.5, "icu": r.choice([0, 1])}}}
    if r.random() < 0.5:
        scenario["toxicity"]["icu"]["turn_round"] = r.choice(["1 d", "12 h"])
    for centre in scenario["centres"].values():
        centre["icu"] = r.choice([1, 2, "unlimited"])
    if r.random() < 0.3:
        scenario["infusion"] = {"scheduling": scenario["infusion"]["scheduling"], "model": "outpatient"}


def _calendars(r: Random, scenario: Block) -> None:
    if r.random() < 0.4:
        return
    calendars = {
        "office": {"days": sorted(r.sample(WEEK, r.randint(2, 6)), key=WEEK.index), "hours": ["6 h", "18 h"]},
        "courier": {"days": ["mon", "wed", "fri"]},
    }
    used = set()
    for section in ("work_up", "apheresis", "shipping", "manufacturing", "release_testing", "lymphodepletion"):
        if section in scenario and r.random() < 0.5:
            name = r.choice(list(calendars))
            used.add(name)
            scenario[section]["calendar"] = name
            if section in ("work_up", "release_testing"):
                scenario[section]["working_time"] = r.random() < 0.6
            if section == "apheresis":
                scenario[section] |= {"fit": r.random() < 0.5, "duration": r.choice(["4 h", "6 h", "12 h", "1 d"])}
            if section == "shipping":
                scenario[section]["viable"] = r.choice(["frozen", "1 d", "2 d"])
    if used:
        scenario["calendars"] = {name: calendars[name] for name in calendars if name in used}


def _disruptions(r: Random, scenario: Block) -> None:
    strategy, centres = scenario["strategy"], list(scenario["centres"])
    resources = ["bed"]
    if strategy != "allogeneic":
        resources += ["line", "line", "chair", "chair", "lab", "courier"]
        if isinstance(scenario["manufacturing"].get("slots"), dict):
            resources += ["line"] * 6  # so that slots are withdrawn often enough
    if strategy != "autologous" and "shared_lines" not in scenario["allogeneic"]["lots"]:
        resources += ["lot_line", "lot_line"]
    crs = scenario.get("toxicity", {}).get("crs", {}).get("grades", {})
    if any(grade.get("icu") for grade in crs.values()):
        resources.append("icu")
    found: Block = {}
    for number in range(r.choice([0, 0, 1, 2, 3])):
        resource = r.choice(resources)
        entry: Block = {
            "resource": resource,
            "from": f"{r.choice([5, 10, 20, 30, 45])} d",
            "for": f"{r.choice([1, 5, 10, 15])} d",
        }
        if r.random() < 0.4:
            del entry["from"]
            entry["between"] = r.choice([{"exponential": {"mean": "15 d"}}, {"uniform": ["5 d", "20 d"]}, "10 d"])
            entry["for"] = r.choice([{"exponential": {"mean": "4 d"}}, {"empirical": ["1 d", "5 d"]}, "3 d"])
        if resource not in ("courier", "bed", "icu"):
            entry["work"] = r.choice(["finish", "pause", "pause", "lose", "lose"])
        at_centres = resource in ("chair", "bed", "icu") or (
            resource == "line" and scenario["manufacturing"].get("site") == "centre"
        )
        if at_centres and r.random() < 0.5:
            entry["centre"] = r.choice(centres)
        found[f"d{number}"] = entry
    slots = scenario.get("manufacturing", {}).get("slots")
    if isinstance(slots, dict) and r.random() < 0.8:
        flood = {"resource": "line", "from": f"{r.choice([20, 30, 45])} d", "for": f"{r.choice([10, 30])} d"}
        found["flood"] = flood | {"announced": f"{r.choice([0, 1, 3, 7, 14])} d"}
        slots["after_withdrawal"] = r.choice(["keep_place", "rebook"])
    luck = Random(f"units out in {scenario['name']}")
    for entry in found.values():
        if entry["resource"] == "courier" or luck.random() < 0.5:
            continue
        if "between" in entry and entry.get("work") == "pause":
            entry["work"] = "finish"
        if entry.get("work", "finish") == "finish":
            entry["units"] = luck.choice([1, 1, 2])
    numbered = Random(f"units out with their work in {scenario['name']}")
    for entry in found.values():
        batches = entry["resource"] == "line" and scenario["manufacturing"].get("batches", 1) > 1
        if entry.get("work", "finish") != "finish" and not batches and numbered.random() < 0.6:
            entry["units"] = numbered.choice([1, 1, 2])
    lines = scenario.get("manufacturing", {}).get("lines", "unlimited")
    if numbered.random() < 0.4 and isinstance(lines, int) and scenario["manufacturing"].get("batches", 1) == 1:
        part: Block = {"resource": "line", "units": 1, "work": numbered.choice(["pause", "lose", "lose"])}
        found["part"] = part | {"between": {"exponential": {"mean": "12 d"}}, "for": {"uniform": ["1 d", "6 d"]}}
    if found:
        scenario["disruptions"] = found
