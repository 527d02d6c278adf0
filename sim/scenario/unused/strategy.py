"""What a strategy, an alternative therapy or a later course that is not there has no use for."""

from __future__ import annotations

from sim.scenario.schema import Scenario
from sim.scenario.unused.binds import nobody_waits, waits_for_slots
from sim.scenario.unused.happens import gives, later_products
from sim.scenario.unused.places import LINES
from sim.scenario.unused.rule import Rule

STRATEGY = "strategy '{s.strategy}' has no use for it"


def _all_leave_at_once(s: Scenario) -> bool:
    """Whether everybody who accepts the alternative has been given it before they wait, progress or a product fails."""
    listed = any(region.already_waiting is not None for region in s.regions.values())
    return s.alternative is not None and s.alternative.offered.from_start and not listed


# What only the path to one kind of product has a use for, only the path to infusion, and only who ever waits.
AUTOLOGOUS = (
    "scheduling apheresis shipping manufacturing release_testing bridging cells clocks.after_apheresis "
    "centres.*.{chairs,slots,lines} after_infusion.{autologous,out_of_specification,by_bridging} "
    "economics.costs.{product.autologous,unused_product.autologous,apheresis,bridging,bridging_month,priced_by}"
)
ALLOGENEIC = "allogeneic after_infusion.allogeneic economics.costs.{product,unused_product}.allogeneic"
INFUSION = (
    "work_up before_apheresis waiting_list lymphodepletion toxicity "
    "patients.risk_groups.*.{priority,benefit} centres.*.{places,icu} "
    "infusion.{model,reservation,scheduling,calendar,stay,planned_stay,deferral} "
    "after_infusion.{progressed_before_infusion,not_progressed_before_infusion,by_earlier_target} "
    "economics.costs.{product,unused_product,unused_paid_by,lymphodepletion,infusion,icu_day,adverse_events} "
    "economics.costs.{follow_up_month,holding,holding_month} economics.toxicity"
)
WAITING = (
    "centres.*.beds infusion economics.costs.{bed_day,waiting_month} economics.utilities.hospital_loss "
    "regions.*.travel after_infusion.not_infused.waiting regions.*.{declines,already_waiting} "
    "clocks.{after_progression,withdrawal} clocks.waiting.{removal,death,progression,ends_eligibility} "
    "patients.risk_groups.*.hazard"
)

REFUSED: tuple[Rule, ...] = (
    Rule(AUTOLOGOUS, lambda s, *names: not gives(s, "autologous"), ("strategy",), STRATEGY),
    Rule(ALLOGENEIC, lambda s, *names: not gives(s, "allogeneic"), ("strategy",), STRATEGY),
    Rule(
        INFUSION, lambda s, *names: not s.infuses, ("strategy",), "nobody is infused with strategy '{s.strategy}'",
    ),
    Rule(
        WAITING, lambda s, *names: nobody_waits(s), ("strategy", "alternative"),
        "everybody is given standard care on the day of referral",
    ),
    Rule(
        "{after_infusion,economics.costs,economics.utilities}.standard_care", lambda s: s.infuses, ("strategy",),
        "all are on the path to infusion; allowed in a reference arm",
    ),
    Rule(
        "{after_infusion,economics.costs,economics.utilities}.alternative", lambda s: s.alternative is None,
        ("alternative",), "nobody is given an alternative",
    ),
    Rule(
        "alternative.offered.{after_waiting,since,at_progression,after_failure}", _all_leave_at_once,
        ("alternative.offered.from_start",),
        "whoever accepts the alternative has been given it from the start (from_start)",
    ),
    Rule(
        "alternative.offered.after_waiting",
        lambda s: s.alternative is not None and not waits_for_slots(s) and not gives(s, "allogeneic"),
        ("manufacturing", "strategy", *LINES),
        "nobody waits for slots, for lines booked before apheresis, or for doses",
    ),
    Rule(
        "alternative.offered.since",
        lambda s: s.alternative is not None and not s.alternative.offered.after_some_wait,
        ("alternative.offered.after_waiting",), "after_waiting is never",
    ),
    Rule(
        "alternative.offered.after_failure", lambda s: s.alternative is not None and not gives(s, "autologous"),
        ("strategy",), "no product is made for a patient, so that none fails",
    ),
    Rule("hybrid", lambda s: s.strategy != "hybrid", ("strategy",), STRATEGY),
    Rule(
        "after_infusion.later_course", lambda s: s.later_course is None, ("later_course",),
        "nobody is infused in a later course; allowed with a section later_course",
    ),
    *(
        Rule(
            f"after_infusion.later_course.{product}",
            lambda s, product=product: s.later_course is not None and product not in later_products(s),
            ("later_course.strategy", "strategy"), "nobody is given this product in a later course",
        )
        for product in ("autologous", "allogeneic")
    ),
    Rule(
        "run.later_courses_until", lambda s: s.later_course is None, ("later_course",),
        "nobody returns; allowed with a section later_course",
    ),
)  # fmt: skip
