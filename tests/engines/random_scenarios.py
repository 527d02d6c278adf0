"""Random scenario files over the whole vocabulary, small and congested, for the comparison of the engines.

`random_scenario(number)` is scenario `number`, and the same one every time. A third of them live on whole days only
(durations, referrals, even deaths), so that everything that can tie does.

Longer than 400 lines because the whole vocabulary of files is written here.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from random import Random
from typing import Any

import pytest

from sim.pure.survival import Never
from sim.scenario import Loaded, Scenario, ScenarioError, inherit
from sim.scenario.in_progress import COLLECTED, INFUSED, STATES, TESTS, InProgress, UnderWay, sealed
from sim.scenario.nodes import Branch, Items, Leaf, Mark, Node, parse_yaml
from sim.scenario.problems import Place, Problem
from tests.engines.random_world import add_world
from tests.runs import load_text

Block = dict[str, Any]

# The highest hazard of a file. `both.prepare` makes it so high that its clock strikes on the day itself.
AT_ONCE = "1000000 / d"


# Several tests go through the first of them.
@lru_cache(maxsize=64)
def random_scenario(number: int) -> Loaded:
    """One scenario, without what is refused in it: the draws of its values do not look at each other."""
    return without_refused(json.loads(scenario_text(number)))


def without_refused(scenario: Block) -> Loaded:
    """The scenario without the values that are refused because others make them meaningless, or impossible."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inherit, "parse_yaml", parse_json)
        while True:
            try:
                return load_text(json.dumps(scenario, indent=1))
            except ScenarioError as error:
                for problem in error.problems:
                    _leave_out(scenario, problem.path.split("."))


def parse_json(text: str, file: str, *_: object) -> tuple[Node | None, list[Problem]]:
    """As `parse_yaml`, in less time where the text is JSON; lines are those of keys and values in turn."""
    if not text.startswith("{"):
        return parse_yaml(text, file)
    line = 0

    def node(value: Any) -> Node:
        nonlocal line
        line += 1
        place = Place(file, line)
        if isinstance(value, dict):
            found = Branch(place, {}, {})
            for key, one in value.items():
                found.keys[key] = Place(file, line + 1)
                found.entries[key] = Mark(found.keys[key], None) if one is None else node(one)
            return found
        return Items(place, tuple(node(one) for one in value)) if isinstance(value, list) else Leaf(place, value)

    return node(json.loads(text)), []


def _leave_out(section: Block, path: list[str]) -> None:
    """Take out a key and the section around it where that holds nothing more, or where the key was what it lacked."""
    key, *rest = path
    if rest and key in section:
        _leave_out(section[key], rest)
    elif key not in section:
        section.clear()
        return
    if not rest or not section[key]:
        del section[key]


def scenario_text(number: int) -> str:
    """The text of one scenario file (JSON, which is YAML)."""
    r = Random(number)
    whole_days = number % 3 == 0
    strategy = ("autologous", "hybrid", "autologous", "allogeneic")[number % 4]
    scenario: Block = {"name": f"Random {number}", "strategy": strategy}
    scenario["run"] = {
        "start": f"2026-0{r.randint(1, 9)}-0{r.randint(1, 9)}",
        "warm_up": f"{r.choice([0, 0, 20])} d",
        "window": f"{r.choice([60, 90, 120])} d",
        "follow_up": f"{r.choice([60, 120, 200])} d",
        "seed": number,
    }
    places = ["east", "west", "south"][: r.randint(1, 3)]
    policy = r.choice(["first_come", "first_come", "sickest_first", "lottery"])
    scenario["regions"] = {f"{name} land": _region(r, name, whole_days) for name in places}
    scenario["centres"] = {name: _centre(r, strategy) for name in places}
    scenario["patients"] = {"risk_groups": _groups(r, policy)}
    scenario["waiting_list"] = {"policy": policy}
    scenario["clocks"] = _clocks(r, strategy, whole_days)
    if r.random() < 0.4:
        scenario["work_up"] = {"duration": _days(r, whole_days)}
    if strategy != "allogeneic":
        scenario |= _autologous(r, whole_days, scenario)
    if strategy != "autologous":
        scenario |= _allogeneic(r, whole_days)
    if r.random() < 0.5:
        scenario["lymphodepletion"] = {"duration": _days(r, whole_days)}
    scenario["infusion"] = {
        "scheduling": _days(r, whole_days),
        "stay": _days(r, whole_days),
        "reservation": r.choice(["book_ahead", "admit"]),
    }
    if strategy == "hybrid" or number % 8 >= 3:
        add_world(r, scenario, whole_days, _days)
    _beside(Random(f"beside {number}"), scenario, whole_days)
    _reserve(Random(f"reservation {number}"), scenario, whole_days)
    _dependence(Random(f"dependence {number}"), scenario)
    _manufacturers(Random(f"manufacturers {number}"), scenario, whole_days)
    _turning(Random(f"turning {number}"), scenario, whole_days)
    _book_up(Random(f"booked up {number}"), scenario)
    _wards(Random(f"shared {number}"), scenario)
    _step_up(Random(f"step up {number}"), scenario, whole_days)
    return json.dumps(scenario, indent=1)


def _beside(r: Random, scenario: Block, whole: bool) -> None:
    """What must be done beside the work-up, in half of the scenarios; none of it is asked for in the others."""
    # on whole days a wait beside the work-up would spread those who ask for a dose on the day on which doses expire
    if r.random() > 0.5 or (whole and scenario["strategy"] != "autologous"):
        return
    appeal = {"duration": _days(r, whole), "success": r.choice([0, 0.5, 1])}
    scenario["before_apheresis"] = {
        "clearance": {"duration": _days(r, whole), "refusal": _share(r), "appeal": appeal},
        "caregiver": _days(r, whole),
        "washout": r.choice([_days(r, whole), "14 d", "25 d"]),
        "holding": {
            "share": _share(r, 1), "duration": _days(r, whole), "response": r.choice([0.6, 1]),
            "hazard": r.choice([0, 0.4, 3]),
        },
        "slot_asked_for": r.choice(["at_listing", "at_listing", "at_listing", "when_ready"]),
    }  # fmt: skip


def _step_up(r: Random, scenario: Block, whole: bool) -> None:
    """Step-up doses in a bed, of holding therapy and of bridging, where that may be."""
    if "before_apheresis" in scenario and r.random() < 0.6:
        scenario["before_apheresis"]["holding"] |= {"step_up": r.choice(["4 d", "9 d"]), "duration": "12 d"}
    made = scenario.get("manufacturing", {})
    booked = made.get("line_held", {}).get("from") == "booking" or "at_receipt" in json.dumps(made)
    if made and r.random() < 0.7 and not booked:
        made["on_leave"] = "stop"
        if "after_progression" in scenario["clocks"]:
            scenario["clocks"]["after_progression"] = {"death": 2.5, "removal": 4}
        scenario["bridging"] = {
            "share": 1, "start": r.choice(["0 d", _days(r, whole)]), "response": r.choice([0.6, 1]),
            "step_up": r.choice([_days(r, whole), "4 d", "30 d"]),
            "bed_within": r.choice(["0 d", "4 d", "30 d", "90 d"]), "hazard": r.choice([0, 0, 0.3, 1]),
        }  # fmt: skip


def _manufacturers(r: Random, scenario: Block, whole: bool) -> None:
    """Two or three manufacturers, in a third of the scenarios that may have them."""
    if scenario["strategy"] == "allogeneic" or r.random() > 0.3:
        return
    made, centres = scenario["manufacturing"], scenario["centres"]
    for section, key in [
        (made, "products"),
        (made, "site"),
        (made, "slots"),
        *((c, "slots") for c in centres.values()),
    ]:
        section.pop(key, None)
    for centre in centres.values():
        centre.pop("lines", None)
    if scenario["strategy"] == "hybrid":
        scenario["allogeneic"].get("lots", {}).pop("shared_lines", None)
    names, by_line = ["alpha", "beta", "gamma"][: r.randint(2, 3)], r.random() < 0.3
    if by_line:
        made["line_held"] = {"from": "booking", "to": r.choice(["culture", "release", "last_attempt"])}

    def one() -> Block:
        held: Block = {"lines": r.randint(1, 2)} if by_line else {"slots": _slots(r, {"": {}})}
        more = {"duration": _days(r, whole), "failure": _share(r, 0.6), "to_factory": _days(r, whole),
                "out_of_specification": 0.3}  # fmt: skip
        lanes = {name: {"to_factory": _days(r, whole), "to_centre": _days(r, whole)} for name in centres}
        told = {key: value for key, value in more.items() if r.random() < 0.4}
        return {**held, **told, **({"lanes": lanes} if r.random() < 0.3 else {})}

    made["manufacturers"] = {name: one() for name in names}
    for centre in list(centres.values())[1:]:  # the first contracts with all
        centre["manufacturers"] = r.sample(names, r.randint(1, len(names)))
    rule = r.choice(["first_free", "first_free", "preferred", "share"])
    if rule == "preferred" and scenario["strategy"] == "hybrid":
        rule = "first_free"
    chances = dict.fromkeys(names, 1.0 / len(names))
    made["assignment"] = {
        "first_free": {"rule": rule},
        "preferred": {"rule": rule, "patience": f"{r.choice([0, 5, 20])} d"},
        "share": {"rule": rule, "shares": chances},
    }[rule]
    if r.random() < 0.3 and all(len(c.get("manufacturers", names)) == len(names) for c in centres.values()):
        group = r.choice(list(scenario["patients"]["risk_groups"]))
        made["assignment"]["risk_groups"] = {group: r.sample(names, r.randint(1, len(names)))}


def _reserve(r: Random, scenario: Block, whole: bool) -> None:
    """Beds or treatment places for infusion: booked ahead for some time, or held; and infusions put off."""
    infusion = scenario["infusion"]
    if r.random() < 0.6:
        scenario.setdefault("lymphodepletion", {})["duration"] = r.choice(["3 d", "5 d", _days(r, whole)])
    if infusion.get("model") == "outpatient":
        for centre in scenario["centres"].values():
            centre["places"] = _capacity(r, most=2)
    else:
        if r.random() < 0.4:
            infusion["reservation"] = r.choice(["hold", "admit"])
        if r.random() < 0.4:
            for centre in scenario["centres"].values():
                centre["places"] = _capacity(r, most=2)
        if r.random() < 0.5:
            infusion["planned_stay"] = f"{r.choice([1, 3, 5, 10])} d"
        # the rest of this would hardly be found out by beds that are seldom full
        for centre in scenario["centres"].values():
            if r.random() < 0.5:
                centre["beds"] = r.choice([1, 1, 2])
    if r.random() < 0.4:
        infusion["turn_round"] = r.choice(["1 d", "2 d", "12 h"])
    put_off = _days(r, whole)
    if put_off != "0 d" and r.random() < 0.6:
        infusion["deferral"] = {
            "share": r.choice([0.3, 0.6]),
            "days": put_off,
            "repeat_after": r.choice(["never", "2 d", "5 d"]),
        }
    if r.random() < 0.4:
        closed = {"resource": r.choice(["bed", "bed", "place"]), "from": "30 d", "for": f"{r.choice([3, 10, 20])} d"}
        scenario.setdefault("disruptions", {})["storm"] = closed | {"announced": r.choice(["from_start", "0 d", "6 d"])}


def _book_up(r: Random, scenario: Block) -> None:
    """One bed that is booked for long, in two thirds of the scenarios that book ahead: some leave before their turn."""
    infusion = scenario["infusion"]
    if infusion.get("reservation") == "book_ahead" and r.random() < 0.65:
        infusion["planned_stay"] = f"{r.choice([20, 40])} d"
        scenario.setdefault("lymphodepletion", {}).setdefault("duration", "5 d")
        for centre in scenario["centres"].values():
            centre["beds"] = 1


def _wards(r: Random, scenario: Block) -> None:
    """Beds, intensive care and places that two or three centres share, in half of the scenarios with several."""
    centres = scenario["centres"]
    if len(centres) < 2 or r.random() < 0.5:
        return
    named = r.sample(list(centres), r.randint(2, len(centres)))
    ward: Block = {"centres": named, "beds": r.choice([1, 1, 2, _capacity(r)])}
    if r.random() < 0.6:
        ward["icu"] = r.choice([1, 2])
    if r.random() < 0.4:
        ward["places"] = _capacity(r, most=2)
    for name in named:
        for key in ward:
            centres[name].pop(key, None)
    scenario["shared"] = {"ward": ward}
    for disruption in scenario.get("disruptions", {}).values():
        if disruption["resource"] in ("bed", "icu") and disruption.get("centre") in named:
            disruption["centre"] = "ward"


def _dependence(r: Random, scenario: Block) -> None:
    """How a patient's clocks hang together: by a frailty, and where progression counts deaths."""
    scenario["patients"]["frailty"] = {"strength": r.choice([0, 0.5, 3])}
    for clocks in (scenario["clocks"]["waiting"], scenario["clocks"].get("after_apheresis")):
        if clocks is not None and r.random() < 0.2:
            # the same shape, twice as fast as the deaths alone
            rate = r.choice([0.01, 0.03])
            clocks |= {
                "progression": {"exponential": {"rate": f"{2 * rate} / d"}},
                "death": {"exponential": {"rate": f"{rate} / d"}},
                "progression_counts_deaths": True,
            }


def _turning(r: Random, scenario: Block, whole: bool) -> None:
    """A therapy instead, offered on some of all occasions, in four of ten scenarios; and cells that differ."""
    if r.random() < 0.4:
        occasion = r.choice(
            ["from_start", "after_waiting", "after_waiting", "at_progression", "at_progression", "mixed"]
        )
        offered: Block = {occasion: True}
        if occasion in ("after_waiting", "mixed"):
            offered = {
                "after_waiting": f"{r.choice([0, 5, 15])} d",
                "since": r.choice(["joining", "listing", "referral"]),
            }
        if occasion == "mixed":
            offered |= {"at_progression": True, "after_failure": True}
        if r.random() < 0.3:
            offered["to"] = ["rare"]
        step_up = r.choice(["0 d", "4 d", _days(r, whole)])
        scenario["alternative"] = {
            "offered": offered, "accepts": r.choice([0.5, 1]), "start": _days(r, whole), "step_up": step_up,
        }  # fmt: skip
    if r.random() < 0.3:
        kinds = [{key: r.choice([0, 0.3, 4]) for key in ("shortfall", "failure", "out_of_specification")} for _ in "ab"]
        scenario["cells"] = {"by_risk_group": {"rare": kinds[0]}, "after_holding": kinds[1]}


def _days(r: Random, whole: bool) -> Any:
    """A duration, often none at all."""
    if r.random() < 0.2:
        return "0 d"
    if whole or r.random() < 0.2:
        return f"{r.choice([1, 2, 3, 5, 5, 10])} d"
    return r.choice(
        [
            {"uniform": ["1 d", f"{r.randint(2, 12)} d"]},
            {"triangular": ["0 d", "2 d", f"{r.randint(3, 15)} d"]},
            {"exponential": {"mean": f"{r.randint(1, 9)} d"}},
            {"lognormal": {"median": f"{r.randint(2, 9)} d", "sigma": 0.5}},
            {"gamma": {"mean": f"{r.randint(2, 12)} d", "shape": 4}},
            {"weibull": {"shape": 1.5, "scale": f"{r.randint(2, 12)} d", "shift": "1 d"}},
            {"truncated_normal": {"mean": f"{r.randint(1, 12)} d", "sd": "3 d", "high": "15 d"}},
            {"empirical": ["1 d", "2 d", "2 d", f"{r.randint(3, 20)} d"]},
        ]
    )


def _share(r: Random, *others: float) -> float:
    return r.choice([0, 0, 0.1, 0.3, *others])


def _capacity(r: Random, *, most: int = 3, unlimited: float = 0.25) -> Any:
    """Few units, without limit, or changing by date."""
    if r.random() < unlimited:
        return "unlimited"
    if r.random() < 0.3:
        return {
            "0 d": r.randint(1, most),
            f"{r.choice([10, 20, 31])} d": r.choice([0, 1, most]),
            f"{r.choice([40, 50, 59])} d": r.choice([1, most, "unlimited"]),
        }
    return r.randint(1, most)


def _region(r: Random, centre: str, whole: bool) -> Block:
    region: Block = {"centre": centre}
    if whole:
        return {**region, "referral_days": [f"{5 * r.randint(0, 15)} d" for _ in range(r.randint(3, 20))]}
    listed = [f"{r.choice([0, 0, r.randint(0, 100)])} d" for _ in range(r.randint(3, 15))]
    if r.random() < 0.8:
        rate = f"{r.choice([0.1, 0.2, 0.4])} / d"
        region["referrals"] = {"0 d": rate, "40 d": "0 / d", "60 d": "0.3 / d"} if r.random() < 0.2 else rate
    if "referrals" not in region or r.random() < 0.3:
        region["referral_days"] = listed
    return region


def _centre(r: Random, strategy: str) -> Block:
    centre: Block = {"beds": _capacity(r)}
    if strategy != "allogeneic":
        centre["chairs"] = _capacity(r)
    return centre


def _groups(r: Random, policy: str) -> Block:
    groups: Block = {"common": {"share": 0.7}, "rare": {"share": 0.3, "hazard": r.choice([0, 1.5, 3])}}
    if policy == "sickest_first":
        groups["rare"]["priority"] = r.choice([-1, 1, 2])
    return groups


def _clock(r: Random, whole: bool, early: int) -> Any:
    if r.random() < 0.2:
        return "never"
    if whole:
        return {"piecewise": {"0 d": "0 / d", f"{early + r.choice([0, 5, 10, 20, 40])} d": AT_ONCE}}
    return r.choice(
        [
            {"exponential": {"rate": f"{r.choice([0.005, 0.02, 0.05])} / d"}},
            {"piecewise": {"0 d": "0.01 / d", "20 d": "0 / d", "45 d": "0.05 / d"}},
            {"weibull": {"shape": 1.5, "median": f"{r.randint(20, 90)} d"}},
            {"cure": {"share": 0.4, "of": {"exponential": {"mean": "30 d"}}}},
            {"table": [["0 d", 1.0], ["15 d", 0.9], ["40 d", 0.5], ["80 d", 0.2]], "after": "last_rate"},
        ]
    )


def _clock_set(r: Random, whole: bool, early: int) -> Block:
    return {
        "progression": _clock(r, whole, early),
        "ends_eligibility": r.choice([0, 0.3, 0.3, 1]),
        "death": _clock(r, whole, early + 10),
        "removal": _clock(r, whole, early + 5),
    }


def _clocks(r: Random, strategy: str, whole: bool) -> Block:
    clocks: Block = {"waiting": _clock_set(r, whole, 10)}
    if strategy != "allogeneic" and r.random() < 0.6:
        clocks["after_apheresis"] = _clock_set(r, whole, 5)
    if r.random() < 0.5:
        clocks["after_progression"] = {"death": r.choice([0, 2.5]), "removal": r.choice([0.5, 4])}
    return clocks


def _autologous(r: Random, whole: bool, scenario: Block) -> Block:
    """Everything from booking to release."""
    made: Block = {
        "duration": _days(r, whole),
        "failure": _share(r, 0.6),
        "attempts": r.choice([1, 2, 3, "unlimited"]),
        "remake_from": r.choice(["retained_cells", "apheresis"]),
        "on_leave": r.choice(["stop", "finish_stage", "finish"]),
    }
    if r.random() < 0.3:
        made["remake_duration"] = _days(r, whole)
    if r.random() < 0.75:
        made["lines"] = _capacity(r, most=4, unlimited=0)
        made["line_held"] = {
            "from": r.choice(["receipt", "booking"]),
            "to": r.choice(["culture", "release", "last_attempt"]),
        }
    if r.random() < 0.5:
        made["slots"] = _slots(r, scenario["centres"])
    testing: Block = {name: _days(r, whole) for name in ("sterility", "potency", "identity", "review")}
    testing |= {"lab": _capacity(r), "failure": _share(r)}
    if r.random() < 0.5:
        testing |= {"out_of_specification": 0.3, "accepted": r.choice([0, 0.5, 1]), "exception": _days(r, whole)}
    parts: Block = {
        "scheduling": {"duration": _days(r, whole)},
        "apheresis": {
            "duration": _days(r, whole),
            "shortfall": _share(r),
            "repeat_after": _days(r, whole),
            "attempts": r.choice([1, 2, "unlimited"]),
        },
        "shipping": {"to_factory": _days(r, whole), "to_centre": _days(r, whole), "loss": _share(r)},
        "manufacturing": made,
        "release_testing": testing,
    }
    if r.random() < 0.5:
        parts["bridging"] = {
            "share": r.choice([0.5, 1]),
            "start": _days(r, whole),
            "response": r.choice([0.6, 1]),
            "hazard": r.choice([0, 0.4, 3]),
        }
    return parts


def _slots_by_date(r: Random) -> Any:
    """A count, or, now and then, one that changes by date, to none in between."""
    if r.random() < 0.8:
        return r.randint(1, 3)
    return {"0 d": r.randint(0, 2), "30 d": r.choice([0, 2]), "61.5 d": r.randint(1, 4)}


def _slots(r: Random, centres: Block) -> Block:
    slots: Block = {
        "count": _slots_by_date(Random(f"slots {r.random()}")),
        "every": r.choice(["month", "week", "week"]),
        "scope": r.choice(["centre", "pool"]),
        "lead": f"{r.choice([0, 7, 14, 21])} d",
        "carry_over": r.choice([0, 0, 1, 3]),
        "notice": r.choice(["never", "0 d", "3 d", "10 d"]),
    }
    if slots["scope"] == "centre" and r.random() < 0.4:
        next(iter(centres.values()))["slots"] = r.randint(0, 2)
    return slots


def _allogeneic(r: Random, whole: bool) -> Block:
    """A small stock that runs out, and the lots that fill it."""
    # on whole days the opening doses expire on whole days, too
    opening = r.choice([0, 2, 5, 10]) if whole else r.choice([0, 2, 5, 12])
    # one for one, the order in which two things move the inventory position decides whether a lot is started
    one_for_one = r.random() < (0.6 if whole else 0.2)
    at = r.choice([0, 2, 4])
    order: Block = {"at": at, "up_to": at + (1 if one_for_one else r.choice([4, 8]))}
    if not one_for_one and r.random() < 0.5:
        order = {"every": f"{r.choice([5, 12])} d"}
    return {
        "allogeneic": {
            "unsuitable": _share(r),
            "shipping": {"duration": _days(r, whole), "loss": _share(r)},
            "stock": {
                "opening": opening,
                "shelf_life": r.choice(["10 d", "20 d", "30 d"] if whole else ["unlimited", "10 d", "30 d", "45 d"]),
                "order": order,
                "doses_per_lot": 1 if one_for_one else r.choice([1, 2, 5]),
            },
            "lots": {
                "donor": {"duration": _days(r, whole), "rejection": _share(r)},
                "lines": _capacity(r, most=2),
                "culture": f"{r.randint(1, 9)} d" if whole else {"uniform": ["2 d", "9 d"]},
                "release": _days(r, whole),
                "failure": _share(r),
            },
        }
    }


# What patients in progress cannot go together with.
_NOT_BESIDE = (
    ("alternative",), ("before_apheresis",), ("disruptions",), ("manufacturing", "manufacturers"),
    ("manufacturing", "products"), ("manufacturing", "assignment"), ("manufacturing", "batches"),
    ("manufacturing", "failure_found"), ("release_testing", "conditional"), ("bridging", "step_up"),
    ("bridging", "bed_within"),
)  # fmt: skip


def random_in_progress(number: int) -> Scenario:
    """A random autologous scenario that begins with patients anywhere on the path."""
    r = Random(f"in progress {number}")
    text = json.loads(scenario_text(4 * number + 2 * r.randint(0, 1) * (number % 2)))
    text["strategy"] = "autologous"
    for section in ("allogeneic", "hybrid", "economics", "after_infusion"):
        text.pop(section, None)
    for path in _NOT_BESIDE:
        holder = text
        for key in path[:-1]:
            holder = holder.get(key, {})
        holder.pop(path[-1], None)
    for region in text["regions"].values():
        region.pop("already_waiting", None)
    scenario = without_refused(text).scenario
    rows = tuple(_under_way(r, row, scenario) for row in range(1, r.randint(2, 25)))
    today = InProgress.by_default(file=sealed(rows), overdue="finish_today")
    return scenario.model_copy(update={"in_progress": today})


def _under_way(r: Random, row: int, s: Scenario) -> UnderWay:
    slots = s.manufacturing.slots
    early = slots is None or slots.claimed != "at_receipt"
    in_bed = s.infusion.model == "inpatient" and not s.toxicity.events
    refused = [*([] if early else ["slot"]), *([] if in_bed else [INFUSED])]
    state = r.choice([state for state in STATES if state not in refused])
    days = r.choice([0.0, float(r.randint(0, 9)), r.random() * 30.0])
    collected = math.nan if state not in COLLECTED else days if state == "apheresis" else days + r.randint(0, 20)
    before = max(days, 0.0 if math.isnan(collected) else collected)
    referral = days if state == "referral" else before + r.randint(0, 30)
    progresses = not isinstance(s.clocks.waiting.progression, Never) and r.random() < 0.3
    attempts = s.manufacturing.attempts
    return UnderWay(
        row=row,
        region=r.choice(list(s.regions)),
        state=state,
        days=days,
        referral_days=referral,
        centre=r.choice(["", *s.treating]),
        risk_group=r.choice(["", *s.patients.risk_groups]),
        apheresis_days=collected,
        progressed_days=r.random() * referral if progresses else math.nan,
        booked_in_days=float(r.randint(0, 20)) if state == "slot" and slots is not None else math.nan,
        attempt=r.randint(1, attempts or 3) if state in COLLECTED[3:] else 1,
        results_known=tuple(r.sample(TESTS, r.randint(0, 3))) if state == "manufactured" else (),
        queue_days=days,
    )
