"""What has no effect of slots, lines, manufacturers, beds and calendars."""

from __future__ import annotations

import math

from sim.scenario.makers import contracts
from sim.scenario.schema import Scenario
from sim.scenario.unused.binds import (
    all_slots,
    beds_bind,
    books_ahead,
    is_shut,
    lines_bind,
    needs_icu,
    unlimited_at_all,
    waits_for_slots,
)
from sim.scenario.unused.happens import fails, gives, out_of_specification
from sim.scenario.unused.places import BEDS, FAILURE, LINES, OOS, REGIONS, TOXIC
from sim.scenario.unused.rule import Rule


def _each_has_own(s: Scenario, key: str) -> bool:
    centres = s.treating
    return bool(centres) and all(getattr(s.centres[name], key) is not None for name in centres)


def _each_of_lane(s: Scenario, name: str, key: str) -> bool:
    """Whether a manufacturer has a lane of its own to each centre that contracts with it."""
    its = s.manufacturing.manufacturers[name]
    centres = [centre for centre in s.treating if name in contracts(s, centre)]
    return bool(its.lanes) and all(
        centre in its.lanes and getattr(its.lanes[centre], key) is not None for centre in centres
    )


def dated_slots_before_apheresis(s: Scenario) -> bool:
    """Whether patients wait for dated slots before their cells are collected."""
    return gives(s, "autologous") and any(slots.claimed == "before_apheresis" for slots in all_slots(s))


REFUSED: tuple[Rule, ...] = (
    *(
        Rule(
            f"{section}.{key}", lambda s, section=section: getattr(s, section).calendar is None,
            (f"{section}.calendar",), "there is no calendar",
        )
        for section, key in (("work_up", "working_time"), ("release_testing", "working_time"), ("apheresis", "fit"))
    ),
    Rule(
        "shipping.viable", lambda s: s.shipping.calendar is None and not is_shut(s, "courier"),
        ("shipping.calendar", "disruptions"), "the courier is never away; allowed with a calendar or a disruption",
    ),
    Rule(
        "manufacturing.slots.count",
        lambda s: s.manufacturing.slots is not None and s.manufacturing.slots.scope == "centre"
        and _each_has_own(s, "slots"),
        ("centres.*.slots", "manufacturing.slots.scope", *REGIONS), "every centre has `slots` of its own",
    ),
    Rule(
        "manufacturing.slots.weekday",
        lambda s: s.manufacturing.slots is not None and s.manufacturing.slots.every != "week",
        ("manufacturing.slots.every",), "slots are not offered on a day of the week; allowed with every: week",
    ),
    Rule(
        "manufacturing.slots.notice",
        lambda s: s.manufacturing.slots is not None
        and s.manufacturing.slots.lead < s.manufacturing.slots.notice < math.inf,
        ("manufacturing.slots.lead",),
        "a notice of {s.manufacturing.slots.notice:g} d can never be met, as a slot starts "
        "{s.manufacturing.slots.lead:g} d after its offer (manufacturing.slots.lead); "
        "allowed: up to the lead, or never",
    ),
    Rule(
        "manufacturing.slots.after_failed_collection",
        lambda s: s.manufacturing.slots is not None and s.manufacturing.slots.claimed == "at_receipt",
        ("manufacturing.slots.claimed",), "slots are claimed at receipt, after collection",
    ),
    Rule(
        "manufacturing.lines", lambda s: s.manufacturing.site == "centre" and _each_has_own(s, "lines"),
        ("centres.*.lines", "manufacturing.site", *REGIONS), "every centre has `lines` of its own",
    ),
    Rule(
        "manufacturing.line_held", lambda s: not lines_bind(s), LINES,
        "lines are unlimited; allowed where lines are limited",
    ),
    Rule(
        "manufacturing.failure_found", lambda s: not fails(s), FAILURE,
        "no manufacture fails; allowed where failure is above 0",
    ),
    Rule(
        "release_testing.{accepted,exception,not_accepted}", lambda s: not out_of_specification(s), OOS,
        "out_of_specification is 0; allowed where that is above 0",
    ),
    Rule(
        "allogeneic.lots.shared_lines", lambda s: s.strategy == "allogeneic", ("strategy",),
        "there is no autologous manufacture; allowed with hybrid",
    ),
    Rule(
        "allogeneic.lots.lines",
        lambda s: s.strategy == "hybrid" and s.allogeneic.lots.shared_lines != "never",
        ("allogeneic.lots.shared_lines",), "lots use the lines of autologous manufacture (lots.shared_lines)",
    ),
    Rule(
        "before_apheresis.slot_asked_for", lambda s: not dated_slots_before_apheresis(s),
        ("strategy", "manufacturing.slots"), "there are no dated slots that are claimed before apheresis",
    ),
    Rule(
        "hybrid.after_waiting", lambda s: not waits_for_slots(s), ("manufacturing", *LINES),
        "nobody waits for slots, or for lines booked before apheresis",
    ),
    Rule(
        "hybrid.since", lambda s: math.isinf(s.hybrid.after_waiting) or not waits_for_slots(s),
        ("hybrid.after_waiting", "manufacturing", *LINES), "after_waiting is never, or nobody waits",
    ),
    Rule(
        "infusion.{stay,reservation,planned_stay}", lambda s: s.infusion.model == "outpatient", ("infusion.model",),
        "the model is outpatient",
    ),
    Rule(
        "infusion.reservation", lambda s: s.infusion.reservation == "hold" and not beds_bind(s), BEDS,
        "beds are unlimited, so that none need be held; allowed where beds have a number",
    ),
    Rule(
        "infusion.planned_stay", lambda s: not books_ahead(s, "bed"), ("infusion.reservation", *BEDS),
        "no bed is booked ahead; allowed with reservation book_ahead where beds have a number",
    ),
    Rule(
        "infusion.deferral.repeat_after",
        lambda s: s.infusion.deferral is not None and s.infusion.deferral.days.most
        <= s.infusion.deferral.repeat_after,
        ("infusion.deferral.days",), "no infusion is put off for longer",
    ),
    Rule("toxicity.icu", lambda s: not needs_icu(s), TOXIC, "no grade has an icu share above 0"),
    Rule(
        "economics.costs.bed_day",
        lambda s: s.infusion.model == "outpatient" and unlimited_at_all(s, "beds"),
        ("infusion.model", "centres.*.beds", "shared.*.beds"),
        "days in beds of outpatients are counted only where beds have a number",
    ),
    *(
        Rule(
            f"manufacturing.manufacturers.*.{key}", lambda s, name, key=key: _each_of_lane(s, name, key),
            ("manufacturing.manufacturers.*.lanes", "centres.*.manufacturers"), f"every lane has a `{key}` of its own",
        )
        for key in ("to_factory", "to_centre")
    ),
    Rule(
        "manufacturing.manufacturers.*.lanes.*", lambda s, name, centre: name not in contracts(s, centre),
        ("centres.*.manufacturers",), "centre '{1}' does not contract with '{0}'",
    ),
    Rule(
        "manufacturing.assignment", lambda s: len(s.manufacturing.manufacturers) < 2,
        ("manufacturing.manufacturers",), "there is one manufacturer",
    ),
    Rule(
        "manufacturing.assignment.patience", lambda s: s.manufacturing.assignment.rule != "preferred",
        ("manufacturing.assignment.rule",), "allowed with rule: preferred",
    ),
    Rule(
        "manufacturing.assignment.shares", lambda s: s.manufacturing.assignment.rule != "share",
        ("manufacturing.assignment.rule",), "allowed with rule: share",
    ),
    Rule(
        "centres.*.manufacturers", lambda s, name: len(s.manufacturing.manufacturers) < 2,
        ("manufacturing.manufacturers",), "there is one manufacturer",
    ),
    Rule(
        "disruptions.*.manufacturer",
        lambda s, name: name in s.disruptions and s.disruptions[name].resource not in ("line", "courier"),
        ("disruptions.*.resource",), "allowed where the resource is line or courier",
    ),
    Rule(
        "disruptions.*.manufacturer", lambda s, name: len(s.manufacturing.manufacturers) < 2,
        ("manufacturing.manufacturers",), "there is one manufacturer",
    ),
)  # fmt: skip
