"""What may happen in a scenario: what patients are given, what fails, who may progress."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from operator import attrgetter

from sim.pure.distributions import Distribution, Fixed
from sim.pure.survival import Never
from sim.scenario.afterwards import HazardRatios
from sim.scenario.makers import makers
from sim.scenario.mixed import products
from sim.scenario.people import WaitingClocks
from sim.scenario.schema import Scenario
from sim.scenario.supply import NO_TARGET


def is_zero(duration: Distribution) -> bool:
    """Whether a duration takes no time."""
    return isinstance(duration, Fixed) and duration.days == 0.0


def gives(s: Scenario, product: str) -> bool:
    """Whether patients are given this kind of product."""
    return s.strategy in (product, "hybrid")


def treatments(s: Scenario) -> tuple[str, ...]:
    """What patients are given: kinds of product, and the alternative."""
    return (*products(s.strategy), *(() if s.alternative is None else ("alternative",)))


def later_products(s: Scenario) -> tuple[str, ...]:
    """Kinds of product that are given in a later course."""
    if s.later_course is None:
        return ()
    return products(s.strategy if s.later_course.strategy == "same" else s.later_course.strategy)


def target_is_idle(s: Scenario, target: str) -> bool:
    """Whether it makes no difference after infusion that a therapy had this target."""
    if target == NO_TARGET:
        return False
    return s.after_infusion is None or getattr(s.after_infusion.by_earlier_target, target) == HazardRatios.by_default()


def to_product(
    s: Scenario, days: Callable[[Distribution], float], of_several: Callable[[Iterable[float]], float]
) -> float:
    """The time from apheresis to the product at the centre: of each duration so many days, of products and
    manufacturers what `of_several` says."""
    tested = s.release_testing
    early = tested.sterility if tested.conditional is None else tested.conditional.sterility
    tests = max(map(days, (early, tested.potency, tested.identity)))
    made = [
        sum(map(days, (duration, its.shipping.to_factory, its.shipping.to_centre)))
        for its in makers(s).values()
        for duration in (its.manufacturing.duration, *(one.duration for one in its.manufacturing.products.values()))
        if duration is not None
    ]
    return days(s.apheresis.duration) + days(tested.review) + tests + of_several(made)


def least_to_product(s: Scenario) -> float:
    """The shortest time from apheresis to the product at the centre."""
    return to_product(s, attrgetter("least"), min)


def may_lose(s: Scenario, *resources: str) -> bool:
    """Whether work on a resource may be lost in an outage."""
    return any(d.resource in resources and d.work == "lose" for d in s.disruptions.values())


def fails(s: Scenario) -> bool:
    """Whether a manufacture may fail."""
    products = [product.failure for product in s.manufacturing.products.values()] or [None]
    of_all = [its.manufacturing.failure for its in makers(s).values()]
    return any((failure if share is None else share) > 0.0 for share in products for failure in of_all)


def out_of_specification(s: Scenario) -> bool:
    """Whether a product may be out of specification."""
    products = [product.out_of_specification for product in s.manufacturing.products.values()] or [None]
    of_all = [its.release_testing.out_of_specification for its in makers(s).values()]
    return any((found if share is None else share) > 0.0 for share in products for found in of_all)


def is_made_again(s: Scenario) -> bool:
    """Whether an attempt at a product may fail, whatever for."""
    tested = s.release_testing
    refused = out_of_specification(s) and tested.accepted < 1.0
    recalled = tested.conditional is not None and tested.conditional.recall > 0.0
    lost = s.shipping.loss > 0.0 or may_lose(s, "line", "lab")
    return fails(s) or tested.failure > 0.0 or refused or recalled or lost


def collection_fails(s: Scenario) -> bool:
    """Whether a collection may fall short, or its cells be lost."""
    spoilt = not math.isinf(s.shipping.viable) or may_lose(s, "chair")
    return s.apheresis.shortfall > 0.0 or s.shipping.loss > 0.0 or spoilt


def may_be_refused(s: Scenario) -> bool:
    """Whether anybody's path may end because nobody pays."""
    cleared = s.before_apheresis.clearance
    return cleared.refusal > 0.0 and cleared.appeal.success < 1.0


def stays_after_progression(s: Scenario) -> bool:
    sets = (s.clocks.waiting, s.clocks.after_apheresis)
    rows = () if s.in_progress is None else s.in_progress.file.patients
    if any(not math.isnan(one.progressed_days) for one in rows):
        return True
    return any(e is not None and not isinstance(e.progression, Never) and e.ends_eligibility < 1.0 for e in sets)


def never_progresses(clocks: WaitingClocks | None) -> bool:
    return clocks is not None and isinstance(clocks.progression, Never)


def policy_is(s: Scenario, *policies: str) -> bool:
    return s.waiting_list.policy in policies


def is_read_late(s: Scenario) -> bool:
    """Whether a conditional release never comes before the end of the sterility test."""
    tested = s.release_testing
    if tested.conditional is None:
        return False
    return tested.conditional.sterility.least >= tested.sterility.most
