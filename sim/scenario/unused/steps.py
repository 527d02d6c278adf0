"""Details without effect: of the steps of the path, where a share is 0 or nothing fails."""

from __future__ import annotations

from sim.scenario.afterwards import ByBridging
from sim.scenario.makers import contracts
from sim.scenario.schema import Scenario
from sim.scenario.supply import NO_TARGET
from sim.scenario.unused.binds import beds_bind, lines_bind
from sim.scenario.unused.happens import (
    collection_fails,
    gives,
    is_made_again,
    is_read_late,
    is_zero,
    may_be_refused,
    never_progresses,
    out_of_specification,
    stays_after_progression,
    target_is_idle,
)
from sim.scenario.unused.places import BEDS, COLLECTED_AGAIN, LINES, MADE_AGAIN, NOT_INFUSED, OOS, PROGRESSION
from sim.scenario.unused.rule import Rule


def _each_maker_has_own(s: Scenario, key: str, kind: str) -> bool:
    """Whether each of several products, or manufacturers, has a value of its own."""
    several = getattr(s.manufacturing, kind)
    return bool(several) and all(getattr(one, key, None) is not None for one in several.values())


def _each_lane_has_own(s: Scenario, key: str) -> bool:
    """Whether no transit is the one for all manufacturers and centres."""
    several = s.manufacturing.manufacturers
    return bool(several) and all(
        getattr(its, key) is not None
        or all(
            centre in its.lanes and getattr(its.lanes[centre], key) is not None
            for centre in s.treating
            if name in contracts(s, centre)
        )
        for name, its in several.items()
    )


def must_be_ready(s: Scenario) -> bool:
    """Whether anything beside the work-up must be done before apheresis."""
    b = s.before_apheresis
    each = (b.clearance.duration, b.caregiver, b.washout)
    return b.clearance.refusal > 0.0 or b.holding.share > 0.0 or not all(map(is_zero, each))


def _bridging_counts(s: Scenario) -> bool:
    """Whether bridging counts though it slows nothing: it has a cost, or patients fare by it after infusion."""
    paid = s.economics is not None and (s.economics.costs.bridging > 0.0 or s.economics.costs.bridging_month > 0.0)
    fares = s.after_infusion is not None and s.after_infusion.by_bridging != ByBridging.by_default()
    return (
        paid
        or fares
        or s.bridging.steps_up
        or not (s.bridging.target == NO_TARGET or target_is_idle(s, s.bridging.target))
    )


def _may_be_left_out(s: Scenario, key: str) -> bool:
    """Whether a key of bridging may be left out: a response of 0 or 1 may have made multipliers after infusion so."""
    return key != "response" or 0.0 < s.bridging.response < 1.0


def _tests_longer(s: Scenario) -> bool:
    """Whether leaving out a conditional release changes nothing."""
    early = s.release_testing.conditional
    return early is not None and early.recall == 0.0 and is_read_late(s)


DETAILS: tuple[Rule, ...] = (
    Rule(
        "work_up.working_time", lambda s: is_zero(s.work_up.duration), ("work_up.duration",),
        "work_up.duration is 0 d",
    ),
    Rule(
        "release_testing.working_time", lambda s: is_zero(s.release_testing.review), ("release_testing.review",),
        "release_testing.review is 0 d",
    ),
    Rule(
        "apheresis.repeat_after", lambda s: s.apheresis.attempts == 1, ("apheresis.attempts",),
        "apheresis.attempts is 1, so that no collection is repeated",
    ),
    Rule(
        "apheresis.{repeat_after,attempts}", lambda s: not collection_fails(s), COLLECTED_AGAIN,
        "no collection falls short and no cells are lost",
    ),
    Rule(
        "manufacturing.slots.after_failed_collection",
        # a line that is booked before apheresis is booked before the slot where the slot may be forfeited
        lambda s: s.manufacturing.slots is not None and not collection_fails(s)
        and (s.manufacturing.line_held.start == "receipt" or not lines_bind(s)),
        (*COLLECTED_AGAIN, *LINES), "no collection falls short and no cells are lost",
    ),
    *(
        Rule(
            f"{section}.{key}", lambda s, key=key, kind=kind: _each_maker_has_own(s, key, kind),
            (f"manufacturing.{kind}", f"manufacturing.{kind}.*.{key}"), f"every {kind[:-1]} has a `{key}` of its own",
        )
        for kind in ("products", "manufacturers")
        for section, key in (
            ("manufacturing", "duration"), ("manufacturing", "failure"), ("release_testing", "out_of_specification"),
            *((("manufacturing", "slots"), ("manufacturing", "lines"), ("manufacturing", "remake_duration"),
               ("manufacturing", "calendar")) if kind == "manufacturers" else ()),
        )
    ),
    *(
        Rule(
            f"shipping.{key}", lambda s, key=key: _each_lane_has_own(s, key),
            ("manufacturing.manufacturers", "manufacturing.manufacturers.*.lanes", "centres.*.manufacturers"),
            f"every manufacturer has a `{key}` of its own",
        )
        for key in ("to_factory", "to_centre")
    ),
    Rule(
        "manufacturing.{remake_duration,remake_from}", lambda s: s.manufacturing.attempts == 1,
        ("manufacturing.attempts",), "manufacturing.attempts is 1, so that nothing is made again",
    ),
    Rule(
        "manufacturing.{remake_duration,remake_from,attempts}", lambda s: not is_made_again(s), MADE_AGAIN,
        "no attempt at a product fails",
    ),
    Rule(
        "release_testing.exception", lambda s: s.release_testing.accepted == 0.0, ("release_testing.accepted",),
        "release_testing.accepted is 0",
    ),
    Rule(
        "release_testing.not_accepted", lambda s: s.release_testing.accepted == 1.0, ("release_testing.accepted",),
        "release_testing.accepted is 1",
    ),
    Rule(
        "release_testing.conditional", _tests_longer, ("release_testing.sterility",),
        "it comes no earlier than the end of the sterility test (release_testing.sterility)",
    ),
    Rule(
        "infusion.deferral.{days,repeat_after}",
        lambda s: s.infusion.deferral is not None and s.infusion.deferral.share == 0.0,
        ("infusion.deferral.share",), "infusion.deferral.share is 0",
    ),
    Rule(
        "bridging.bed_within", lambda s: not s.bridging.steps_up or not beds_bind(s), ("bridging.step_up", *BEDS),
        "nobody waits for a bed: there are no step-up doses, or beds are unlimited",
    ),
    Rule(
        "bridging.{start,hazard}", lambda s: s.bridging.response == 0.0 and not _bridging_counts(s),
        ("bridging.response",), "bridging.response is 0",
    ),
    *(
        Rule(
            f"bridging.{key}",
            lambda s, key=key: s.bridging.hazard == 1.0 and not _bridging_counts(s) and _may_be_left_out(s, key),
            ("bridging.hazard",), "bridging.hazard is 1, so that it slows nothing",
        )
        for key in ("start", "response")
    ),
    *(
        Rule(
            f"bridging.{key}",
            lambda s, key=key: never_progresses(s.clocks.after_apheresis or s.clocks.waiting)
            and not _bridging_counts(s) and _may_be_left_out(s, key),
            PROGRESSION, "nobody progresses after apheresis, so that there is nothing to slow",
        )
        for key in ("start", "response", "hazard")
    ),
    Rule(
        "before_apheresis.clearance.appeal", lambda s: s.before_apheresis.clearance.refusal == 0.0,
        ("before_apheresis.clearance.refusal",), "nobody is refused",
    ),
    Rule(
        "before_apheresis.holding.{duration,step_up,response,hazard,target}",
        lambda s: s.before_apheresis.holding.share == 0.0,
        ("before_apheresis.holding.share",), "holding.share is 0",
    ),
    Rule(
        "before_apheresis.holding.hazard", lambda s: s.before_apheresis.holding.response == 0.0,
        ("before_apheresis.holding.response",), "holding.response is 0",
    ),
    Rule(
        "before_apheresis.holding.response", lambda s: s.before_apheresis.holding.hazard == 1.0,
        ("before_apheresis.holding.hazard",), "holding.hazard is 1, so that it slows nothing",
    ),
    Rule(
        "before_apheresis.holding.{response,hazard}", lambda s: never_progresses(s.clocks.waiting),
        ("clocks.waiting.progression",), "nobody progresses while waiting, so that there is nothing to slow",
    ),
    Rule(
        "before_apheresis.slot_asked_for", lambda s: not must_be_ready(s),
        tuple(f"before_apheresis.{key}" for key in ("clearance", "caregiver", "washout", "holding")),
        "there is nothing to be ready for",
    ),
    Rule(
        f"{NOT_INFUSED}.funding", lambda s: not may_be_refused(s),
        ("before_apheresis.clearance.refusal", "before_apheresis.clearance.appeal.success"), "somebody always pays",
    ),
    Rule(
        "{hybrid,alternative.offered}.after_failure", lambda s: not is_made_again(s) and not collection_fails(s),
        (*MADE_AGAIN, *COLLECTED_AGAIN), "neither a collection nor a manufacture fails",
    ),
    *(
        Rule(
            f"toxicity.{event}.grades.*.{key}",
            lambda s, grade, event=event: event in s.toxicity.events and grade in s.toxicity.events[event].grades
            and s.toxicity.events[event].grades[grade].share == 0.0,
            (f"toxicity.{event}.grades.*.share",), "the proportion of this grade is 0",
        )
        for event in ("crs", "neurotoxicity") for key in ("duration", "icu")
    ),
    Rule(
        "after_infusion.out_of_specification",
        lambda s: not out_of_specification(s) or s.release_testing.accepted == 0.0,
        (*OOS, "release_testing.accepted"), "no product out of specification is infused",
    ),
    Rule(
        "after_infusion.progressed_before_infusion", lambda s: not stays_after_progression(s), PROGRESSION,
        "nobody is infused after progression",
    ),
    Rule(
        f"{NOT_INFUSED}.unsuitable",
        lambda s: not gives(s, "allogeneic") or s.allogeneic.unsuitable == 0.0,
        ("strategy", "allogeneic.unsuitable"), "nobody is unsuitable",
    ),
    Rule(
        f"{NOT_INFUSED}.collection_failed", lambda s: not gives(s, "autologous") or not collection_fails(s),
        ("strategy", *COLLECTED_AGAIN), "no collection fails",
    ),
)  # fmt: skip
