"""What a scenario may well state, and what moves nothing where a command sets it to try it out: it is warned of."""

from __future__ import annotations

from sim.scenario.capacity_costs import amounts
from sim.scenario.people import is_unlimited
from sim.scenario.schema import Scenario
from sim.scenario.units import write_days
from sim.scenario.unused.binds import needs_icu
from sim.scenario.unused.happens import gives
from sim.scenario.unused.network import withdraws_late
from sim.scenario.unused.rule import Rule
from sim.scenario.unused.steps import must_be_ready


def _outlasted(s: Scenario, test: str) -> str:
    """The test beside this one that takes at least as long, and how long; empty where there is none."""
    tested = s.release_testing
    early = tested.conditional
    first = ("sterility", tested.sterility) if early is None else ("conditional.sterility", early.sterility)
    tests = dict((first, ("potency", tested.potency), ("identity", tested.identity)))
    if test not in tests or not is_unlimited(tested.lab):
        return ""
    longer = (o for o, days in tests.items() if o != test and days.least >= tests[test].most)
    other = next(longer, "")
    return f"{other.rpartition('.')[2]} takes at least {write_days(tests[other].least)}" if other else ""


def _least_to_centre(s: Scenario) -> float:
    """The shortest time from the begin of the sterility test to the product at the centre, by a conditional release."""
    tested = s.release_testing
    assert tested.conditional is not None
    return sum(each.least for each in (tested.conditional.sterility, tested.review, s.shipping.to_centre))


def _test_is_over(s: Scenario) -> bool:
    """Whether nothing is left of a sterility test when the product is at the centre."""
    stops = any(d.resource == "lab" and d.work != "finish" for d in s.disruptions.values())
    tested = s.release_testing
    return tested.conditional is not None and not stops and tested.sterility.most <= _least_to_centre(s)


def _queues_once(s: Scenario) -> bool:
    """Whether patients queue for a slot or line once, when they are listed, and never lose it and queue again."""
    slots, asks_early = s.manufacturing.slots, s.before_apheresis.slot_asked_for == "at_listing"
    if s.manufacturing.manufacturers or withdraws_late(s) or (asks_early and must_be_ready(s)):
        return False
    return slots is None or (slots.claimed, slots.after_failed_collection) == ("before_apheresis", "keep")


def _draws_again(s: Scenario) -> bool:
    """Whether patients may wait for a dose on a later day than that on which they are listed."""
    return s.strategy == "hybrid" or (gives(s, "allogeneic") and s.allogeneic.shipping.loss > 0.0)


def _paid_by_others(s: Scenario) -> bool:
    return s.economics is not None and s.economics.costs.unused_paid_by == "manufacturer"


def _pays_for_all(s: Scenario) -> bool:
    """Whether the payer pays for whatever counts."""
    costs = None if s.economics is None else s.economics.costs
    if costs is None or s.economics is None or s.economics.perspective == "societal" or _paid_by_others(s):
        return False
    return not any(its.paid_by == "manufacturer" and amounts(its) for its in costs.capacity.kinds.values())


TRIED: tuple[Rule, ...] = (
    *(
        Rule(
            f"release_testing.{test}", lambda s, test=test: bool(_outlasted(s, test)), (),
            lambda s, test=test: f"has no effect: the tests run side by side, and {_outlasted(s, test)}",
        )
        for test in ("sterility", "conditional.sterility", "potency", "identity")
    ),
    Rule(
        "release_testing.sterility", _test_is_over, (),
        lambda s: "has no effect: it is over before the product is at the centre, which takes at least "
        f"{write_days(_least_to_centre(s))} from its start (conditional.sterility, review, shipping.to_centre)",
    ),
    Rule(
        "hybrid.since", lambda s: _queues_once(s) and s.strategy == "hybrid" and s.hybrid.since != "referral", (),
        "joining and listing are the same day here: patients queue once, when they are listed",
    ),
    Rule(
        "alternative.offered.since",
        lambda s: s.alternative is not None and s.alternative.offered.since != "referral" and _queues_once(s)
        and not _draws_again(s), (),
        "joining and listing are the same day here: patients queue once, when they are listed",
    ),
    # prices that stand ready for other runs
    Rule(
        "economics.costs.unused_product",
        lambda s: _paid_by_others(s) and s.economics is not None and s.economics.perspective == "payer", (),
        "has no effect: perspective is payer, and the manufacturer pays",
    ),
    Rule("economics.costs.icu_day", lambda s: not needs_icu(s), (), "has no effect: nobody needs intensive care"),
    Rule(
        "economics.perspective", _pays_for_all, (), "moves no amount: the payer pays for products that are not infused",
    ),
    Rule(
        "later_course.strategy", lambda s: s.later_course is not None and s.strategy != "hybrid", (),
        "same and {s.strategy} are one here: there is no other product",
    ),
)  # fmt: skip
