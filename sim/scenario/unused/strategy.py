"""What a strategy, an alternative therapy or a later course that is not there has no use for."""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.schema import Scenario
from sim.scenario.unused.binds import (
    nobody_waits,
    waits_for_slots,
)
from sim.scenario.unused.happens import (
    gives,
    later_products,
)
from sim.scenario.unused.places import (
    LINES,
)
from sim.scenario.unused.rule import Unused

STRATEGY = "strategy '{s.strategy}' has no use for it"


def _all_leave_at_once(s: Scenario) -> bool:
    """Whether everybody who accepts the alternative has been given it before they wait, progress or a product fails."""
    listed = any(region.already_waiting is not None for region in s.regions.values())
    return s.alternative is not None and s.alternative.offered.from_start and not listed


def _of_strategy(product: str, *keys: str) -> Iterator[Unused]:
    """Keys that only patients with this kind of product have a use for."""
    for key in keys:
        yield Unused(key, lambda s, *names: not gives(s, product), ("strategy",), STRATEGY)


def _of_infusion(*keys: str) -> Iterator[Unused]:
    """Keys that only the path to infusion has a use for, which a reference arm does not have."""
    for key in keys:
        yield Unused(
            key, lambda s, *names: not s.infuses, ("strategy",), "nobody is infused with strategy '{s.strategy}'"
        )


REFUSED: tuple[Unused, ...] = (
    *_of_strategy(
        "autologous",
        "scheduling", "apheresis", "shipping", "manufacturing", "release_testing", "bridging", "cells",
        "clocks.after_apheresis",
        "centres.*.chairs", "centres.*.slots", "centres.*.lines",
        "after_infusion.autologous", "after_infusion.out_of_specification", "after_infusion.by_bridging",
        "economics.costs.product.autologous", "economics.costs.unused_product.autologous",
        "economics.costs.apheresis", "economics.costs.bridging", "economics.costs.bridging_month",
        "economics.costs.priced_by",
    ),
    *_of_strategy(
        "allogeneic",
        "allogeneic", "after_infusion.allogeneic",
        "economics.costs.product.allogeneic", "economics.costs.unused_product.allogeneic",
    ),
    *_of_infusion(
        "work_up", "before_apheresis", "waiting_list", "lymphodepletion", "toxicity", "patients.risk_groups.*.priority",
        "patients.risk_groups.*.benefit", "centres.*.places", "centres.*.icu", "infusion.model", "infusion.reservation",
        "infusion.scheduling", "infusion.calendar", "infusion.stay", "infusion.planned_stay", "infusion.deferral",
        "after_infusion.progressed_before_infusion", "after_infusion.not_progressed_before_infusion",
        "after_infusion.by_earlier_target",
        "economics.costs.product", "economics.costs.unused_product", "economics.costs.unused_paid_by",
        "economics.costs.lymphodepletion", "economics.costs.infusion", "economics.costs.icu_day",
        "economics.costs.adverse_events", "economics.costs.follow_up_month", "economics.costs.holding",
        "economics.costs.holding_month", "economics.toxicity",
    ),
    *(
        Unused(
            key, lambda s, *names: nobody_waits(s), ("strategy", "alternative"),
            "everybody is given standard care on the day of referral",
        )
        for key in (
            "centres.*.beds", "infusion", "economics.costs.bed_day", "economics.costs.waiting_month",
            "economics.utilities.hospital_loss", "regions.*.travel", "after_infusion.not_infused.waiting",
            "regions.*.declines", "regions.*.already_waiting",
            "clocks.after_progression", "clocks.withdrawal", "clocks.waiting.removal", "clocks.waiting.death",
            "clocks.waiting.progression", "clocks.waiting.ends_eligibility", "patients.risk_groups.*.hazard",
        )
    ),
    *(
        Unused(key, lambda s: s.infuses, ("strategy",), "all are on the path to infusion; allowed in a reference arm")
        for key in (
            "after_infusion.standard_care", "economics.costs.standard_care", "economics.utilities.standard_care",
        )
    ),
    *(
        Unused(key, lambda s: s.alternative is None, ("alternative",), "nobody is given an alternative")
        for key in ("after_infusion.alternative", "economics.costs.alternative", "economics.utilities.alternative")
    ),
    *(
        Unused(
            f"alternative.offered.{key}", _all_leave_at_once, ("alternative.offered.from_start",),
            "whoever accepts the alternative has been given it from the start (from_start)",
        )
        for key in ("after_waiting", "since", "at_progression", "after_failure")
    ),
    Unused(
        "alternative.offered.after_waiting",
        lambda s: s.alternative is not None and not waits_for_slots(s) and not gives(s, "allogeneic"),
        ("manufacturing", "strategy", *LINES),
        "nobody waits for slots, for lines booked before apheresis, or for doses",
    ),
    Unused(
        "alternative.offered.since",
        lambda s: s.alternative is not None and not s.alternative.offered.after_some_wait,
        ("alternative.offered.after_waiting",), "after_waiting is never",
    ),
    Unused(
        "alternative.offered.after_failure", lambda s: s.alternative is not None and not gives(s, "autologous"),
        ("strategy",), "no product is made for a patient, so that none fails",
    ),
    Unused("hybrid", lambda s: s.strategy != "hybrid", ("strategy",), STRATEGY),
    Unused(
        "after_infusion.later_course", lambda s: s.later_course is None, ("later_course",),
        "nobody is infused in a later course; allowed with a section later_course",
    ),
    *(
        Unused(
            f"after_infusion.later_course.{product}",
            lambda s, product=product: s.later_course is not None and product not in later_products(s),
            ("later_course.strategy", "strategy"), "nobody is given this product in a later course",
        )
        for product in ("autologous", "allogeneic")
    ),
    Unused(
        "run.later_courses_until", lambda s: s.later_course is None, ("later_course",),
        "nobody returns; allowed with a section later_course",
    ),
)  # fmt: skip
