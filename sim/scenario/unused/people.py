"""Details without effect: of cells, clocks and what follows infusion, where nobody is concerned."""

from __future__ import annotations

from sim.pure.survival import Never, Survival
from sim.scenario.afterwards import Durability
from sim.scenario.people import WaitingClocks
from sim.scenario.schema import Scenario
from sim.scenario.unused.binds import waits_for_slots
from sim.scenario.unused.happens import (
    fails,
    gives,
    later_products,
    least_to_product,
    never_progresses,
    out_of_specification,
    policy_is,
    stays_after_progression,
    target_is_idle,
    treatments,
)
from sim.scenario.unused.places import FAILURE, OOS, PROGRESSION
from sim.scenario.unused.rule import Rule

PRODUCTS = ("after_infusion.autologous", "after_infusion.allogeneic", "strategy")
# The kinds of patients that have multipliers after infusion.
KINDS = (
    "by_risk_group.*", "progressed_before_infusion", "not_progressed_before_infusion", "out_of_specification",
    *(f"by_bridging.{kind}" for kind in ("responded", "no_response", "not_bridged")),
    *(f"by_earlier_target.{target}" for target in ("same", "other")),
)  # fmt: skip


def _all_turn_at_progression(s: Scenario) -> bool:
    """Whether everybody who progresses before apheresis, or a dose, is given the alternative."""
    a = s.alternative
    listed = any(region.already_waiting is not None for region in s.regions.values())
    return a is not None and a.offered.at_progression and a.accepts == 1.0 and not a.offered.to and not listed


def _earlier_target(s: Scenario, target: str) -> bool:
    """Whether anybody is given holding or bridging therapy against such a target before infusion."""
    holding = s.before_apheresis.holding
    bridged = gives(s, "autologous") and s.bridging.share > 0.0 and s.bridging.target == target
    return bridged or (holding.share > 0.0 and holding.target == target)


def _bridges_all(s: Scenario) -> bool:
    """Whether nobody is infused without bridging, which begins in all before their product can be at the centre."""
    b = s.bridging
    off_the_shelf = gives(s, "allogeneic") or "allogeneic" in later_products(s)
    return b.share == 1.0 and not off_the_shelf and not b.steps_up and b.start.most < least_to_product(s)


def _runs(s: Scenario, *clocks: str) -> bool:
    """Whether one of these clocks runs before infusion."""
    sets: tuple[WaitingClocks | None, ...] = (s.clocks.waiting, s.clocks.after_apheresis)
    found: list[Survival] = [getattr(each, clock) for each in sets if each is not None for clock in clocks]
    return not all(isinstance(clock, Never) for clock in found)


def _counts_no_deaths(clocks: WaitingClocks | None) -> bool:
    """Whether there is nothing to take out of a clock of progression."""
    return clocks is not None and (isinstance(clocks.progression, Never) or isinstance(clocks.death, Never))


def _durabilities(s: Scenario) -> list[Durability]:
    """What the products do that patients are given."""
    rules = s.after_infusion
    found = [] if rules is None else [rules.of(name) for name in treatments(s)]
    if rules is not None and s.later_course is not None:
        found += [rules.again(name) for name in later_products(s)]
    return [durability for durability in found if durability is not None]


def _after_infusion(s: Scenario, key: str) -> bool:
    """Whether a multiplier after infusion finds something to act on: a response in doubt, or a clock that runs."""
    each = _durabilities(s)
    if key == "response":
        return any(0.0 < durability.response < 1.0 for durability in each)
    clocks = ("progression", "without_response") if key == "progression" else ("death", "death_after_progression")
    return any(not isinstance(getattr(d, clock) or Never(), Never) for d in each for clock in clocks)


def frail_clocks(s: Scenario) -> int:
    """How many clocks of a patient, of all courses, a shared frailty acts on."""
    before = int(_runs(s, "death")) + int(_runs(s, "progression"))
    anew = int(s.clocks.after_apheresis is not None and _runs(s, "progression"))
    after = sum(_after_infusion(s, key) for key in ("response", "progression", "death"))
    return (before + anew) * (1 if s.later_course is None else 2) + after


DETAILS: tuple[Rule, ...] = (
    *(
        Rule(f"cells.{kind}.{key}", lambda s, *names, none=none: none(s), because, why)
        for kind in ("by_risk_group.*", "after_holding")
        for key, none, because, why in (
            ("shortfall", lambda s: s.apheresis.shortfall in (0.0, 1.0), ("apheresis.shortfall",),
             "no collection falls short, or each does"),
            ("failure", lambda s: not fails(s), FAILURE, "no manufacture fails"),
            ("out_of_specification", lambda s: not out_of_specification(s), OOS, "no product is out of specification"),
        )
    ),
    Rule(
        "cells.after_holding", lambda s: s.before_apheresis.holding.share == 0.0,
        ("before_apheresis.holding.share",), "nobody is given holding therapy",
    ),
    Rule(
        "alternative.offered.at_progression",
        lambda s: s.alternative is not None and never_progresses(s.clocks.waiting),
        ("clocks.waiting.progression",), "nobody progresses: clocks.waiting.progression is never",
    ),
    Rule(
        "alternative.{start,step_up}", lambda s: s.alternative is not None and s.alternative.accepts == 0.0,
        ("alternative.accepts",), "alternative.accepts is 0",
    ),
    *(
        Rule(
            f"after_infusion.by_earlier_target.{target}", lambda s, target=target: not _earlier_target(s, target),
            ("before_apheresis.holding", "bridging"),
            f"nobody is given holding or bridging therapy with target: {target}",
        )
        for target in ("same", "other")
    ),
    Rule(
        "bridging.target", lambda s: target_is_idle(s, s.bridging.target),
        ("after_infusion.by_earlier_target",), "no multiplier of after_infusion.by_earlier_target says what it does",
    ),
    Rule(
        "before_apheresis.holding.target", lambda s: target_is_idle(s, s.before_apheresis.holding.target),
        ("after_infusion.by_earlier_target",), "no multiplier of after_infusion.by_earlier_target says what it does",
    ),
    Rule(
        "waiting_list.policy",
        lambda s: not policy_is(s, "first_come") and not waits_for_slots(s) and not gives(s, "allogeneic"),
        ("manufacturing", "strategy", "disruptions", "centres.*.lines"),
        "nobody waits for slots, for lines booked before apheresis, or for doses",
    ),
    Rule(
        "waiting_list.score.progressed", lambda s: policy_is(s, "score") and not stays_after_progression(s),
        PROGRESSION, "nobody waits after progression",
    ),
    Rule(
        "patients.risk_groups.*.hazard", lambda s, name: not _runs(s, "progression", "death"), PROGRESSION,
        "neither a clock of progression nor one of death runs",
    ),
    Rule(
        "patients.frailty.strength", lambda s: frail_clocks(s) == 0, (*PROGRESSION, *PRODUCTS),
        "no clock runs that it could act on",
    ),
    *(
        Rule(
            f"clocks.{there}.progression_counts_deaths",
            lambda s, there=there: _counts_no_deaths(getattr(s.clocks, there)), (f"clocks.{there}",),
            "nobody progresses, or nobody dies, so that there is nothing to take out",
        )
        for there in ("waiting", "after_apheresis")
    ),
    *(
        Rule(
            f"after_infusion.{product}.progression_counts_deaths",
            lambda s, product=product: (d := None if s.after_infusion is None else s.after_infusion.of(product))
            is not None and isinstance(d.death, Never),
            (f"after_infusion.{product}.death",), "nobody dies before progression: nothing to take out",
        )
        for product in ("autologous", "allogeneic", "alternative", "standard_care")
    ),
    *(
        Rule(
            f"after_infusion.later_course.{product}.progression_counts_deaths",
            lambda s, product=product: (d := None if s.after_infusion is None else s.after_infusion.again(product))
            is not None and isinstance(d.death, Never),
            (f"after_infusion.later_course.{product}.death",), "nobody dies before progression: nothing to take out",
        )
        for product in ("autologous", "allogeneic")
    ),
    *(
        Rule(
            f"after_infusion.{kind}.{key}",
            lambda s, *names, key=key: s.after_infusion is not None and not _after_infusion(s, key), PRODUCTS, why,
        )
        for kind in KINDS
        for key, why in (
            ("response", "everybody responds, or nobody does"), ("progression", "nobody progresses after infusion"),
            ("death", "no clock of death runs after infusion"),
        )
    ),
    Rule(
        "{after_infusion,cells}.by_risk_group.* economics.equity.risk_group.*",
        lambda s, name: name in s.patients.risk_groups and s.patients.risk_groups[name].share == 0.0,
        ("patients.risk_groups.*.share",), "the proportion of this risk group is 0",
    ),
    Rule(
        "bridging.{start,step_up,bed_within,response,hazard,target} economics.costs.{bridging,bridging_month} "
        "after_infusion.by_bridging.{responded,no_response}", lambda s: s.bridging.share == 0.0,
        ("bridging.share",), "bridging.share is 0",
    ),
    Rule(
        "after_infusion.by_bridging.not_bridged", _bridges_all, ("bridging", "strategy"),
        "everybody who is infused has been bridged: bridging.share is 1",
    ),
    Rule(
        "after_infusion.by_bridging.responded", lambda s: s.bridging.response == 0.0, ("bridging.response",),
        "bridging.response is 0",
    ),
    Rule(
        "after_infusion.by_bridging.no_response", lambda s: s.bridging.response == 1.0, ("bridging.response",),
        "bridging.response is 1",
    ),
    Rule(
        "clocks.waiting.ends_eligibility", lambda s: never_progresses(s.clocks.waiting),
        ("clocks.waiting.progression",), "nobody progresses: clocks.waiting.progression is never",
    ),
    Rule(
        "clocks.waiting.ends_eligibility",
        lambda s: _all_turn_at_progression(s) and s.clocks.after_apheresis is not None,
        ("alternative.offered.at_progression", "alternative.accepts", "clocks.after_apheresis"),
        "whoever progresses before apheresis is given the alternative",
    ),
    Rule(
        "clocks.after_apheresis.ends_eligibility", lambda s: never_progresses(s.clocks.after_apheresis),
        ("clocks.after_apheresis.progression",), "nobody progresses: clocks.after_apheresis.progression is never",
    ),
    Rule(
        "clocks.after_progression", lambda s: not stays_after_progression(s), PROGRESSION,
        "nobody progresses and stays eligible",
    ),
    Rule(
        "clocks.after_progression.death", lambda s: not _runs(s, "death"), PROGRESSION, "no clock of death runs",
    ),
    Rule(
        "clocks.after_progression.removal", lambda s: not _runs(s, "removal"), PROGRESSION,
        "no clock of withdrawal runs",
    ),
    Rule(
        "clocks.withdrawal", lambda s: not _runs(s, "removal"),
        ("clocks.waiting.removal", "clocks.after_apheresis.removal"), "no clock of withdrawal runs",
    ),
)  # fmt: skip
