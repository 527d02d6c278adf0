"""The table of what has no effect: each of its rules refuses, leaves out and lists as it says.

Longer than 400 lines because each rule has its case.
"""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

from sim.scenario import Loaded, Scenario, ScenarioError, load
from sim.scenario.files import SHIPPED
from sim.scenario.leaves import values
from sim.scenario.unused import RULES, why_unused
from tests.runs import load_text
from tests.test_inert_inputs import ALLOGENEIC, AUTOLOGOUS, BESIDE, BY_SHARE, SEVERAL, WHOLE

_PARTS = (SHIPPED / "parts" / "afterwards.yaml").read_text(encoding="utf-8")
# the life table is a file beside it, and needs ages
_PARTS = "".join(
    line
    for line in _PARTS.splitlines(keepends=True)
    if not line.startswith(("  general_population:", "    female: {table", "    male: {table", "    mortality_ratio:"))
    and ".general_population" not in line
)
_MONEY = _PARTS[_PARTS.index("after_infusion:") : _PARTS.index("uncertainty:")]
_ONCE = WHOLE[: WHOLE.index("later_course:")].replace("  later_courses_until: 400 d\n", "")
_FATES = "{progressed: 1, withdrawn: 1, collection_failed: 1, product_failed: 1, unsuitable: 1, waiting: 1}"
BASES = {
    "whole": WHOLE,
    "autologous": AUTOLOGOUS,
    "allogeneic": ALLOGENEIC,
    "beside": BESIDE,
    "several": SEVERAL,
    "by proportion": BY_SHARE,
    # with every detail that money and the time after infusion know
    "money": (_ONCE + _MONEY)
    .replace("allogeneic:\n  stock: {opening: 4", "allogeneic:\n  unsuitable: 0.1\n  stock: {opening: 4")
    .replace("    bed_day: 5715\n", "    bed_day: 5715\n    icu_day: 9000\n")
    .replace("unused_paid_by: manufacturer", "unused_paid_by: payer")
    .replace("    standard: {resp", "    mild: {resp")
    .replace("    high: {resp", "    severe: {resp")
    + "bridging: {share: 0.5, start: 3 d, response: 0.5, hazard: 0.5}\n",
}
# two manufacturers that share everything
BASES["common"] = (
    AUTOLOGOUS.replace(", slots: 2", "").replace(
        "  on_leave: stop\n", "  on_leave: stop\n  calendar: office\n  manufacturers: {alpha: {}, beta: {}}\n"
    )
    + "calendars: {office: {days: [mon, tue, thu]}}\n"
)
BASES["refused"] = (
    BASES["money"]
    + "before_apheresis: {clearance: {duration: 9 d, refusal: 0.2}, holding: {share: 0.2, duration: 9 d}}\n"
)
_ALTERNATIVE = """
alternative:
  offered: {after_waiting: 40 d, since: listing, at_progression: true, after_failure: true, to: [severe]}
  accepts: 0.7
  start: 3 d
  step_up: 4 d
"""
# of patients who may turn to an alternative, and of cells that differ
BASES["turning"] = (
    BESIDE
    + _ALTERNATIVE
    + "cells: {by_risk_group: {severe: {shortfall: 2, failure: 2, out_of_specification: 2}}, after_holding: {failure: 2}}\n"
)
_MONEY_ONLY = BASES["money"].replace(
    "hybrid: {allogeneic_for: [severe], after_waiting: 20 d, since: listing, after_failure: true}",
    "hybrid: {allogeneic_for: [severe]}",
)
BASES["worth"] = (
    _MONEY_ONLY.replace(
        "after_infusion:\n",
        "after_infusion:\n  alternative: {progression: {exponential: {rate: 0.003 / d}}, death: {exponential: {rate: 0.001 / d}}}\n  by_earlier_target: {same: {death: 2, progression: 2, response: 0.5}, other: {death: 1.5, progression: 2, response: 0.5}}\n",
    ).replace(
        "bridging: {share: 0.5, start: 3 d, response: 0.5, hazard: 0.5}",
        "bridging: {share: 0.5, start: 3 d, response: 0.5, hazard: 0.5, target: same}",
    )
    + "alternative: {offered: {after_waiting: 40 d}}\nbefore_apheresis: {holding: {share: 0.2, duration: 9 d, target: other}}\n"
)
NO_FAILURES = ("manufacturing.failure=0", "release_testing={failure: 0, out_of_specification: 0}", "shipping.loss=0")
NO_ICU = tuple(f"toxicity.{grade}.icu=0" for grade in ("crs.grades.low", "crs.grades.high", "neurotoxicity.grades.any"))
SURE = ("manufacturing.products.one.failure=0", "manufacturing.products.two.failure=0")
IN_SPECIFICATION = tuple(f"manufacturing.products.{name}.out_of_specification=0" for name in ("one", "two"))
CERTAIN = tuple(f"after_infusion.{product}.response=1" for product in ("autologous", "allogeneic"))
STABLE = tuple(
    f"after_infusion.{product}.{clock}=never"
    for product in ("autologous", "allogeneic")
    for clock in ("progression", "without_response")
)
IMMORTAL = tuple(
    f"after_infusion.{product}.{clock}=never"
    for product in ("autologous", "allogeneic")
    for clock in ("death", "death_after_progression")
)
KINDS = (
    "by_risk_group.mild",
    "progressed_before_infusion",
    "not_progressed_before_infusion",
    "out_of_specification",
    "by_bridging.responded",
    "by_bridging.no_response",
    "by_bridging.not_bridged",
)
NEVER = ("clocks.waiting.progression=never", "clocks.after_apheresis.progression=never")


@dataclass(frozen=True)
class Case:
    """A value at `path` that counts in the base, and does not with these changes; `text`: what would be set there."""

    base: str
    path: str
    text: str
    changes: tuple[str, ...]


NOTHING_FAILS = ("apheresis.shortfall=0", *NO_FAILURES)
CASES = [
    *(
        Case("turning", f"alternative.offered.{key}", text, ("alternative.offered.from_start=true",))
        for key, text in (("after_waiting", "9 d"), ("since", "referral"), ("at_progression", "true"), ("after_failure", "true"))
    ),
    Case("turning", "alternative.offered.after_waiting", "9 d", ("manufacturing.slots=unlimited",)),
    Case("turning", "alternative.offered.since", "referral", ("alternative.offered.after_waiting=never",)),
    Case("turning", "alternative.offered.after_failure", "true", NOTHING_FAILS),
    Case("turning", "alternative.offered.after_failure", "true", ("strategy=allogeneic", "allogeneic={stock: {opening: 4, order: {every: 9 d}, doses_per_lot: 2}}")),
    Case("turning", "alternative.offered.at_progression", "true", ("clocks.waiting.progression=never",)),
    *(Case("turning", f"alternative.{key}", "9 d", ("alternative.accepts=0",)) for key in ("start", "step_up")),
    *(
        Case("turning", f"cells.{kind}.{key}", "3", changes)
        for kind in ("by_risk_group.severe", "after_holding")
        for key, changes in (
            ("shortfall", ("apheresis.shortfall=0",)), ("failure", ("manufacturing.failure=0",)),
            ("out_of_specification", ("release_testing.out_of_specification=0",)),
        )
    ),
    Case("turning", "cells.after_holding", "{failure: 3}", ("before_apheresis.holding.share=0",)),
    Case("turning", "cells.by_risk_group.severe", "{failure: 3}", ("patients.risk_groups.severe.share=0", "patients.risk_groups.mild.share=1")),
    Case("turning", "cells", "{after_holding: {failure: 3}}", ("strategy=allogeneic", "allogeneic={stock: {opening: 4, order: {every: 9 d}, doses_per_lot: 2}}")),
    *(
        Case("worth", f"after_infusion.by_earlier_target.{target}", "{death: 3}", changes)
        for target, changes in (("same", ("bridging.target=none",)), ("other", ("before_apheresis.holding.target=none",)))
    ),
    Case("worth", "bridging.target", "same", ("after_infusion.by_earlier_target.same={response: 1, progression: 1, death: 1}",)),
    Case("worth", "bridging.target", "same", ("bridging.share=0",)),
    Case("worth", "before_apheresis.holding.target", "other", ("after_infusion.by_earlier_target.other={response: 1, progression: 1, death: 1}",)),
    Case("worth", "before_apheresis.holding.target", "other", ("before_apheresis.holding.share=0",)),
    Case("worth", "after_infusion.alternative.progression_counts_deaths", "true", ("after_infusion.alternative.death=never",)),
    *(Case("worth", f"after_infusion.by_earlier_target.{target}.{key}", "3", changes) for target in ("same", "other") for key, changes in (("progression", ("alternative.accepts=0.5", *STABLE, "after_infusion.alternative.progression=never", "after_infusion.alternative.without_response=never")), ("death", (*IMMORTAL, "after_infusion.alternative.death=never")), ("response", CERTAIN))),
    Case("refused", "economics.costs.holding_month", "7", ("before_apheresis.holding.share=0",)),
    Case("money", "economics.costs.bridging_month", "7", ("bridging.share=0",)),
    Case("beside", "before_apheresis.clearance.appeal", "{duration: 3 d}", ("before_apheresis.clearance.refusal=0",)),
    *(
        Case("beside", f"before_apheresis.holding.{key}", text, (change,))
        for change in ("before_apheresis.holding.share=0", "clocks.waiting.progression=never")
        for key, text in (("duration", "3 d"), ("response", "0.1"), ("hazard", "0.1"))
        if key != "duration" or "share" in change
    ),
    Case("beside", "before_apheresis.holding.hazard", "0.1", ("before_apheresis.holding.response=0",)),
    Case("beside", "before_apheresis.holding.response", "0.1", ("before_apheresis.holding.hazard=1",)),
    Case("beside", "before_apheresis.slot_asked_for", "at_listing", ("manufacturing.slots=unlimited",)),
    Case(
        "beside", "before_apheresis.slot_asked_for", "at_listing",
        ("before_apheresis.clearance={duration: 0 d, refusal: 0}", "before_apheresis.caregiver=0 d",
         "before_apheresis.washout=0 d", "before_apheresis.holding.share=0"),
    ),
    Case("refused", "economics.costs.holding", "7", ("before_apheresis.holding.share=0",)),
    *(
        Case("refused", f"{section}.funding", text, (change,))
        for change in ("before_apheresis.clearance.refusal=0", "before_apheresis.clearance.appeal.success=1")
        for section, text in (
            ("after_infusion.not_infused", "never"), ("economics.costs.subsequent_care", "7"),
            ("economics.utilities.subsequent_care", "0.1"),
        )
    ),
    *(Case("common", f"{section}.{key}", text, tuple(f"manufacturing.manufacturers.{name}.{key}={own}" for name in ("alpha", "beta")))
      for section, key, text, own in (
          ("manufacturing", "slots", "{count: 4, every: week}", "{count: 3, every: week}"), ("manufacturing", "lines", "9", "8"),
          ("manufacturing", "duration", "9 d", "8 d"), ("manufacturing", "remake_duration", "9 d", "8 d"), ("manufacturing", "failure", "0.1", "0.2"),
          ("manufacturing", "calendar", "office", "office"), ("release_testing", "out_of_specification", "0.1", "0.2"),
          ("shipping", "to_factory", "9 d", "8 d"), ("shipping", "to_centre", "9 d", "8 d"),
      )),
    Case("several", "manufacturing.manufacturers.alpha.slots.weekday", "fri", ("manufacturing.manufacturers.alpha.slots.every=month",)),
    Case("several", "manufacturing.manufacturers.alpha.slots.notice", "9 d", ("manufacturing.manufacturers.alpha.slots.lead=1 d",)),
    Case("several", "manufacturing.assignment.patience", "3 d", ("manufacturing.assignment.rule=first_free",)),
    Case("by proportion", "manufacturing.assignment.shares", "{alpha: 1}", ("manufacturing.assignment.rule=first_free",)),
    Case("several", "disruptions.flood.manufacturer", "beta", ("disruptions.flood.resource=lab",)),
    *(Case("several", f"manufacturing.manufacturers.alpha.{key}", "9 d", (f"manufacturing.manufacturers.alpha.lanes={{big: {{{key}: 3 d}}, small: {{{key}: 3 d}}}}",)) for key in ("to_factory", "to_centre")),
    Case("several", "manufacturing.manufacturers.beta.lanes.small", "{to_factory: 9 d}", ("centres.small.manufacturers=[alpha]",)),
    Case("autologous", "centres.small", "{beds: 2}", ("regions.south.centre=big",)),
    Case("whole", "regions.north.already_waiting.waited", "9 d", ("regions.north.already_waiting.count=0",)),
    Case("whole", "regions.north.already_waiting.risk_groups", "mild", ("regions.north.already_waiting.count=0",)),
    Case("whole", "infusion.turn_round", "6 h", ("centres.big.beds=unlimited", "centres.small.beds=unlimited")),
    Case("whole", "toxicity.icu.turn_round", "6 h", ("centres.big.icu=unlimited", "centres.small.icu=unlimited")),
    Case("autologous", "centres.big.slots", "9", ("manufacturing.slots=unlimited",)),
    Case("autologous", "centres.big.slots", "9", ("manufacturing.slots.scope=pool",)),
    Case("whole", "centres.big.lines", "9", ("manufacturing.site=factory", "disruptions.fire.centre=big", "disruptions.fire.resource=chair")),
    Case("whole", "centres.big.icu", "9", NO_ICU),
    Case("whole", "calendars.courier", "{days: [mon]}", ("shipping.calendar=office", "lymphodepletion.calendar=office")),
    Case("whole", "waiting_list.score", "{waiting_day: 1}", ("waiting_list.policy=lottery",)),
    Case("autologous", "waiting_list.policy", "sickest_first", ("patients.risk_groups.severe.priority=0",)),
    Case("whole", "waiting_list.score.priority", "3", ("patients.risk_groups.severe.priority=0",)),
    Case("whole", "waiting_list.score.benefit", "3", ("patients.risk_groups.severe.benefit=0.9",)),
    Case("whole", "waiting_list.score.progressed", "3", ("clocks.waiting.progression=never",)),
    Case("autologous", "patients.risk_groups.severe.priority", "3", ("waiting_list.policy=lottery",)),
    Case("whole", "patients.risk_groups.severe.priority", "3", ("waiting_list.score.priority=0",)),
    Case("whole", "patients.risk_groups.severe.benefit", "3", ("waiting_list.policy=sickest_first",)),
    Case("whole", "patients.risk_groups.severe.benefit", "3", ("waiting_list.score.benefit=0",)),
    Case("whole", "patients.risk_groups.severe.hazard", "3", ("clocks.waiting={progression: never, death: never}",)),
    Case("whole", "clocks.waiting.ends_eligibility", "0.9", ("clocks.waiting.progression=never",)),
    Case("autologous", "clocks.after_apheresis.ends_eligibility", "0.9", ("clocks.after_apheresis.progression=never",)),
    Case("autologous", "clocks.after_progression", "{death: 3}", NEVER),
    Case("autologous", "clocks.withdrawal", "{hospice: 0.3}", ("clocks.waiting.removal=never", "clocks.after_apheresis.removal=never")),
    Case("autologous", "clocks.after_progression.death", "3", ("clocks.waiting.death=never", "clocks.after_apheresis.death=never")),
    Case("autologous", "clocks.after_progression.removal", "3", ("clocks.waiting.removal=never", "clocks.after_apheresis.removal=never")),
    Case("whole", "work_up.working_time", "true", ("work_up.duration=0 d",)),
    Case("whole", "release_testing.working_time", "true", ("release_testing.review=0 d",)),
    Case("autologous", "apheresis.repeat_after", "3 d", ("apheresis.attempts=1",)),
    Case("autologous", "apheresis.repeat_after", "3 d", ("apheresis.shortfall=0", "shipping.loss=0")),
    Case("autologous", "apheresis.attempts", "3", ("apheresis.shortfall=0", "shipping.loss=0")),
    Case("autologous", "manufacturing.slots.count", "7", ("centres.small.slots=3",)),
    Case("whole", "manufacturing.slots.weekday", "fri", ("manufacturing.slots.every=month",)),
    Case("autologous", "manufacturing.slots.notice", "9 d", ("manufacturing.slots.lead=1 d",)),
    Case("whole", "manufacturing.slots.after_failed_collection", "forfeit", ("manufacturing.slots.claimed=at_receipt",)),
    Case("whole", "manufacturing.slots.after_failed_collection", "forfeit", ("apheresis.shortfall=0", "shipping.viable=frozen")),
    Case("whole", "manufacturing.slots.withdrawn_by", "cuts", ("disruptions.flood.resource=lab", "disruptions.fire.resource=chair")),
    Case("whole", "manufacturing.slots.after_withdrawal", "rebook", ("disruptions.flood.announced=from_start",)),
    Case("whole", "manufacturing.slots.after_withdrawal", "rebook", ("manufacturing.slots.withdrawn_by=nothing",)),
    Case("whole", "disruptions.flood.announced", "9 d", ("manufacturing.slots.withdrawn_by=nothing",)),
    Case("whole", "disruptions.flood.announced", "9 d", ("disruptions.flood.resource=lab",)),
    Case("whole", "disruptions.flood.units", "2", ("disruptions.flood.resource=courier",)),
    Case("whole", "manufacturing.lines", "7", ("centres.small.lines=3",)),
    Case("autologous", "manufacturing.line_held", "{to: release}", ("manufacturing.lines=unlimited",)),
    Case("whole", "manufacturing.failure_found", "3 d", SURE),
    Case("autologous", "manufacturing.duration", "3 d", ("manufacturing.products={one: {share: 1, duration: 4 d}}",)),
    Case("autologous", "manufacturing.failure", "0.3", ("manufacturing.products={one: {share: 1, failure: 0.4}}",)),
    Case("autologous", "release_testing.out_of_specification", "0.3", ("manufacturing.products={one: {share: 1, out_of_specification: 0.4}}",)),
    *(Case("autologous", f"manufacturing.{key}", text, ("manufacturing.attempts=1",)) for key, text in (("remake_duration", "3 d"), ("remake_from", "apheresis"))),
    *(Case("autologous", f"manufacturing.{key}", text, NO_FAILURES) for key, text in (("remake_duration", "3 d"), ("remake_from", "apheresis"), ("attempts", "3"))),
    *(Case("autologous", f"release_testing.{key}", text, ("release_testing.out_of_specification=0",)) for key, text in (("accepted", "0.2"), ("exception", "3 d"))),
    *(Case("whole", f"release_testing.{key}", text, IN_SPECIFICATION) for key, text in (("accepted", "0.2"), ("not_accepted", "stop"))),
    Case("autologous", "release_testing.exception", "3 d", ("release_testing.accepted=0",)),
    Case("whole", "release_testing.not_accepted", "stop", ("release_testing.accepted=1",)),
    *(Case("autologous", f"bridging.{key}", text, (f"bridging.{zero}=0",)) for zero in ("share", "response") for key, text in (("start", "9 d"), ("hazard", "0.1"))),
    Case("autologous", "bridging.response", "0.1", ("bridging.share=0",)),
    *(Case("beside", f"bridging.{key}", text, ("bridging.share=0",)) for key, text in (("step_up", "9 d"), ("bed_within", "9 d"))),
    Case("beside", "bridging.bed_within", "9 d", ("bridging.step_up=0 d",)),
    Case("beside", "before_apheresis.holding.step_up", "9 d", ("before_apheresis.holding.share=0",)),
    *(Case("autologous", f"bridging.{key}", text, ("bridging.hazard=1",)) for key, text in (("start", "9 d"), ("response", "0.1"))),
    *(Case("autologous", f"bridging.{key}", text, NEVER) for key, text in (("start", "9 d"), ("response", "0.1"), ("hazard", "0.1"))),
    Case("whole", "hybrid.after_waiting", "9 d", ("manufacturing.slots=unlimited",)),
    Case("whole", "hybrid.since", "referral", ("hybrid.after_waiting=never",)),
    Case("whole", "disruptions.strike", "{resource: courier, from: 9 d, for: 9 d}", ("strategy=allogeneic",)),
    Case("autologous", "infusion.stay", "9 d", ("infusion.model=outpatient",)),
    Case("autologous", "infusion.reservation", "hold", ("infusion.model=outpatient",)),
    Case("autologous", "infusion.planned_stay", "9 d", ("infusion.model=outpatient",)),
    Case("autologous", "infusion.planned_stay", "9 d", ("infusion.reservation=admit",)),
    Case("autologous", "infusion.planned_stay", "9 d", ("centres.big.beds=unlimited", "centres.small.beds=unlimited")),
    Case("autologous", "infusion.deferral.repeat_after", "9 d", ("infusion.deferral.days=3 d",)),
    *(Case("autologous", f"infusion.deferral.{key}", "9 d", ("infusion.deferral.share=0",)) for key in ("days", "repeat_after")),
    Case("whole", "toxicity.icu", "{stay: 9 d}", NO_ICU),
    *(Case("whole", f"toxicity.{event}.grades.{grade}.{key}", text, (f"toxicity.{event}.grades.{grade}.share=0",)) for event, grade in (("crs", "high"), ("neurotoxicity", "any")) for key, text in (("duration", "9 d"), ("icu", "0.9"))),
    Case("money", "after_infusion.out_of_specification", "{death: 3}", IN_SPECIFICATION),
    Case("money", "after_infusion.progressed_before_infusion", "{death: 3}", NEVER[:1]),
    *(Case("money", f"after_infusion.{kind}.{key}", "3", changes) for kind in KINDS for key, changes in (("response", CERTAIN), ("progression", STABLE), ("death", IMMORTAL))),
    *(Case("money", f"after_infusion.by_bridging.{kind}", "{death: 3}", ("bridging.share=0",)) for kind in ("responded", "no_response")),
    Case("money", "after_infusion.by_bridging.not_bridged", "{death: 3}", ("strategy=autologous", "bridging.share=1", "bridging.start=0 d")),
    Case("money", "after_infusion.by_bridging.responded", "{death: 3}", ("bridging.response=0",)),
    Case("money", "after_infusion.by_bridging.no_response", "{death: 3}", ("bridging.response=1",)),
    Case("money", "after_infusion.by_bridging", "{not_bridged: {death: 3}}", ("strategy=allogeneic",)),
    Case("money", "after_infusion.by_risk_group.severe", "{death: 3}", ("patients.risk_groups.severe.share=0", "patients.risk_groups.mild.share=1")),
    *(Case("money", f"after_infusion.{product}.progression_counts_deaths", "true", (f"after_infusion.{product}.death=never",)) for product in ("autologous", "allogeneic")),
    *(Case("autologous", f"clocks.{there}.progression_counts_deaths", "true", (f"clocks.{there}.death=never",)) for there in ("waiting", "after_apheresis")),
    Case("whole", "patients.frailty.strength", "2", ("clocks.waiting={progression: never, death: never}",)),
    *(Case("money", f"{section}.unsuitable", text, ("allogeneic.unsuitable=0",)) for section, text in (("after_infusion.not_infused", "never"), ("economics.costs.subsequent_care", "9"), ("economics.utilities.subsequent_care", "0.3"))),
    *(Case("money", f"{section}.collection_failed", text, ("apheresis.shortfall=0", "shipping.viable=frozen")) for section, text in (("after_infusion.not_infused", "never"), ("economics.costs.subsequent_care", "9"), ("economics.utilities.subsequent_care", "0.3"))),
    Case("money", "economics.costs.subsequent_care.month", "9", (f"economics.costs.subsequent_care={_FATES}",)),
    Case("money", "economics.costs.bridging", "9", ("bridging.share=0",)),
    Case("money", "economics.costs.unused_paid_by", "payer", ("economics.perspective=payer_and_manufacturer",)),
    Case("money", "economics.costs.bed_day", "9", ("infusion.model=outpatient", "centres.big.beds=unlimited", "centres.small.beds=unlimited")),
    *(Case("money", f"economics.costs.{name}.{product}", "9", (f"strategy={other}",)) for name in ("product", "unused_product") for product, other in (("autologous", "allogeneic"), ("allogeneic", "autologous"))),
    *(Case("money", path, text, ("strategy=allogeneic",)) for path, text in (("economics.costs.apheresis", "9"), ("after_infusion.autologous", "{response: 1}"), ("manufacturing", "{batches: 1}"), ("apheresis", "{attempts: 3}"), ("shipping", "{loss: 0.1}"), ("release_testing", "{potency: 1 d}"), ("hybrid", "{after_failure: true}"))),
    Case("money", "after_infusion.allogeneic", "{response: 1}", ("strategy=autologous",)),
    Case("money", "allogeneic", "{unsuitable: 0.2}", ("strategy=autologous",)),
    Case("autologous", "clocks.after_apheresis", "{ends_eligibility: 1}", ("strategy=allogeneic", "allogeneic={stock: {opening: 4, order: {every: 9 d}, doses_per_lot: 2}}")),
    Case("autologous", "centres.big.chairs", "9", ("strategy=allogeneic", "allogeneic={stock: {opening: 4, order: {every: 9 d}, doses_per_lot: 2}}")),
]  # fmt: skip
IDS = [f"{case.base}-{case.path}-{case.changes[0].partition('=')[0]}" for case in CASES]


@lru_cache
def base(name: str) -> Loaded:
    return load_text(BASES[name])


def used(loaded: Loaded) -> set[str]:
    """Every path that the scenario uses, and the sections around it."""
    paths = [value.path for value in values(loaded.scenario)]
    return {".".join(path[:length]) for path in paths for length in range(1, len(path) + 1)}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_value_made_meaningless_is_left_out_and_said_or_refused(case: Case) -> None:
    loaded, path = base(case.base), tuple(case.path.split("."))
    assert why_unused(path, loaded.scenario) is None
    changed = loaded.with_overrides(case.changes)
    why = why_unused(path, changed.scenario)
    was_written = any(case.path == origin or origin.startswith(f"{case.path}.") for origin in loaded.origins)
    said = {".".join(dropped.path): dropped for dropped in changed.dropped}
    if was_written:
        around = [name for name in said if case.path == name or case.path.startswith(f"{name}.")]
        assert around, f"{case.path} is inherited, does nothing, and nobody says so"
        assert said[around[0]].by.file.startswith("--set ")
        assert said[around[0]].why in said[around[0]].sentence or "; allowed" in said[around[0]].why
    # once left out, it may be a default that counts: a policy without priorities is first_come
    assert why is not None or case.path in said
    details = {rule.key for rule in RULES if rule.is_detail and rule.names(path) is not None}
    assert why is None or details or case.path not in used(changed)
    with pytest.raises(ScenarioError) as refused:
        loaded.with_overrides([*case.changes, f"{case.path}={case.text}"])
    told = [str(problem) for problem in refused.value.problems if "is not used: " in problem.message]
    assert any(case.path.split(".")[0] in text for text in told), told or refused.value


def test_later_courses_have_a_last_day_where_somebody_returns() -> None:
    with pytest.raises(ScenarioError, match=r"run.later_courses_until: is not used: nobody returns"):
        base("money").with_overrides(["run.later_courses_until=500 d"])
    for day in ("299 d", "551 d"):
        with pytest.raises(ScenarioError, match=r"allowed: 300 d .the end of the window. to 550 d .that of the follow"):
            base("whole").with_overrides([f"run.later_courses_until={day}"])


def test_the_order_of_overrides_does_not_matter() -> None:
    for case in CASES[:12]:
        for changes in ([*case.changes, f"{case.path}={case.text}"], [f"{case.path}={case.text}", *case.changes]):
            with pytest.raises(ScenarioError, match="is not used"):
                base(case.base).with_overrides(changes)


def test_every_value_of_the_bases_is_written_where_it_counts() -> None:
    for name in BASES:
        assert [dropped.sentence for dropped in base(name).dropped] == [], name


# Rules about what a scenario file alone can say, tested one by one in `tests/test_cases_in.py`.
BY_HAND = {
    "after_infusion.later_course", "economics.costs.priced_by",
    "scheduling", "bridging", "centres.*.slots", "centres.*.lines", "after_infusion.out_of_specification",
    "economics.costs.bridging", "disruptions.*", "disruptions.*.centre", "disruptions.*.work", "waiting_list.policy",
    "work_up.working_time", "release_testing.working_time", "apheresis.fit", "shipping.viable",
    "run.later_courses_until", "allogeneic.lots.shared_lines", "allogeneic.lots.lines", "hybrid.after_failure",
    "release_testing.conditional", "after_infusion.by_risk_group.*", "cells.by_risk_group.*",
    "after_infusion.alternative", "economics.costs.alternative", "economics.utilities.alternative", "economics.costs.bridging_month",
    "manufacturing.assignment", "centres.*.manufacturers",
    "shared.*", "shared.*.icu", "centres.*.beds", "centres.*.places",
    # tests/test_capacity_costs.py and tests/test_society.py
    *(rule.key for rule in RULES if rule.key.startswith(("economics.costs.capacity.", "economics.costs.society."))),
    # tests/test_distribution.py and tests/test_returning.py
    *(rule.key for rule in RULES if rule.key.startswith(("economics.equity.", "after_infusion.later_course."))),
}  # fmt: skip


# What a reference arm, in which nobody is infused, has no use for; and what only it has.
NOT_OF_A_REFERENCE_ARM = {
    "work_up", "before_apheresis", "waiting_list", "lymphodepletion", "toxicity", "infusion", "infusion.model",
    "infusion.scheduling", "infusion.calendar", "infusion.deferral", "after_infusion.not_progressed_before_infusion",
    "after_infusion.by_earlier_target", "after_infusion.not_infused.waiting", "clocks.waiting.death",
    "clocks.waiting.progression", "clocks.waiting.removal", "economics.costs.product", "economics.costs.unused_product",
    "economics.costs.lymphodepletion", "economics.costs.infusion", "economics.costs.icu_day",
    "economics.costs.adverse_events", "economics.costs.follow_up_month", "economics.costs.waiting_month",
    "economics.toxicity", "economics.utilities.hospital_loss", "regions.*.declines", "regions.*.already_waiting",
    "regions.*.travel",
}  # fmt: skip
OF_A_REFERENCE_ARM = {
    "after_infusion.standard_care", "economics.costs.standard_care", "economics.utilities.standard_care",
}  # fmt: skip
# Told by what another value is: tests/test_inert_economics.py, tests/test_mortality.py.
BY_ANOTHER_VALUE = {
    "economics.costs.future", "economics.costs.supportive_month", "after_infusion.standard_care.progression_counts_deaths",
}  # fmt: skip


def test_what_a_reference_arm_has_no_use_for() -> None:
    arm, path = (
        load(SHIPPED / name).scenario for name in ("library/standard_care_conventional.yaml", "autologous.yaml")
    )

    def why(key: str, scenario: Scenario) -> str | None:
        return why_unused(tuple(key.replace("*", next(iter(scenario.regions))).split(".")), scenario)

    assert {key for key in NOT_OF_A_REFERENCE_ARM if why(key, arm) is None} == set()
    told = {why(key, arm) for key in NOT_OF_A_REFERENCE_ARM}
    assert "nobody is infused with strategy 'standard_care'" in told
    assert {key for key in OF_A_REFERENCE_ARM if why(key, path) is None or why(key, arm) is not None} == set()
    # some of these have no effect in the shipped path either, for other reasons
    assert {key for key in NOT_OF_A_REFERENCE_ARM if (found := why(key, path)) and "standard_care" in found} == set()


def test_every_rule_has_a_case() -> None:
    paths = [tuple(case.path.split(".")) for case in CASES]
    missing = {rule.key for rule in RULES if not any(rule.names(path) == rule.names(path[: len(rule.path)]) and len(path) == len(rule.path) and rule.names(path) is not None for path in paths)}  # fmt: skip
    # what a manufacturer says of its slots is judged as what is said of those of all
    theirs = {key for key in missing if key.startswith("manufacturing.manufacturers.*.slots.")}
    assert {key.replace("manufacturers.*.", "") for key in theirs} <= {rule.key for rule in RULES}
    elsewhere = BY_HAND | NOT_OF_A_REFERENCE_ARM | OF_A_REFERENCE_ARM | BY_ANOTHER_VALUE
    assert missing - theirs - elsewhere == set()


def test_one_manufacturer_is_assigned_to_nobody() -> None:
    alone = AUTOLOGOUS.replace(", slots: 2", "").replace(
        "  on_leave: stop", "  manufacturers: {alpha: {}}\n  on_leave: stop"
    )
    for change in ("manufacturing.assignment.rule=first_free", "centres.small.manufacturers=[alpha]"):
        with pytest.raises(ScenarioError, match="is not used: there is one manufacturer"):
            load_text(alone, change)


def test_a_rule_names_places_in_other_files(tmp_path: Path) -> None:
    from tests.scenario.writing import problems, write

    write(tmp_path, AUTOLOGOUS, "base.yaml")
    text = "extends: base.yaml\nmanufacturing:\n  slots:\n    weekday: fri\n    every: month\n"
    assert problems(tmp_path, text) == [
        "mine.yaml:4: manufacturing.slots.weekday: is not used: slots are not offered on a day of the week; allowed with every: week"
    ]
    write(tmp_path, "extends: base.yaml\nmanufacturing: {lines: unlimited}\n", "middle.yaml")
    assert problems(tmp_path, "extends: middle.yaml\nmanufacturing: {line_held: {to: release}}\n") == [
        "mine.yaml:2: manufacturing.line_held: is not used: lines are unlimited; allowed where lines are limited (middle.yaml:2)"
    ]
