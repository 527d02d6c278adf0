"""Every field of a scenario, changed in turn, changes a record: nothing is accepted and ignored.

Longer than 400 lines because every field stands in it, with the scenario in which it counts.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from sim.engine.trace import Trace
from sim.pieces.persons import persons
from sim.scenario import Loaded, Scenario
from tests.runs import Ran, load_text, run_scenario

COMMON = """
description: Congested, so that everything binds
run: {start: 2026-01-01, warm_up: 60 d, window: 240 d, follow_up: 200 d, replications: 2, seed: 5}
regions:
  north: {centre: big, referrals: 14 / month, referral_days: [3 d, 70 d]}
  south: {centre: small, referrals: {0 d: 9 / month, 150 d: 5 / month}}
waiting_list: {policy: sickest_first}
patients:
  risk_groups:
    mild: {share: 0.6, hazard: 0.8, priority: 0}
    severe: {share: 0.4, hazard: 1.7, priority: 1}
  age: {mean: 66 y, sd: 7 y, youngest: 40 y, oldest: 85 y}
  sex: {female: 0.4}
work_up: {duration: {triangular: [2 d, 5 d, 9 d]}}
lymphodepletion: {duration: 5 d}
"""

AUTOLOGOUS = (
    COMMON
    + """
name: Autologous
strategy: autologous
centres:
  big: {chairs: 1, beds: 1, slots: 2}
  small: {chairs: 1, beds: 1}
clocks:
  waiting:
    progression: {exponential: {rate: 0.01 / d}}
    ends_eligibility: 0.4
    death: {exponential: {rate: 0.004 / d}}
    removal: {exponential: {rate: 0.004 / d}}
  after_apheresis:
    progression: {exponential: {rate: 0.01 / d}}
    ends_eligibility: 0.5
    death: {exponential: {rate: 0.003 / d}}
    removal: {exponential: {rate: 0.003 / d}}
  after_progression: {death: 2, removal: 1.5}
scheduling: {duration: 4 d}
apheresis: {duration: 5 d, shortfall: 0.3, repeat_after: 8 d, attempts: 2}
shipping: {to_factory: 1 d, to_centre: 2 d, loss: 0.1}
manufacturing:
  slots: {count: 1, every: week, scope: centre, lead: 14 d, carry_over: 1, notice: 3 d}
  lines: 2
  line_held: {from: receipt, to: culture}
  duration: 9 d
  remake_duration: 7 d
  failure: 0.2
  attempts: 2
  remake_from: retained_cells
  on_leave: stop
release_testing:
  sterility: {triangular: [7 d, 10 d, 14 d]}
  potency: {triangular: [6 d, 11 d, 12 d]}
  identity: {triangular: [3 d, 9 d, 13 d]}
  review: 2 d
  lab: 4
  failure: 0.1
  out_of_specification: 0.3
  accepted: 0.6
  exception: 4 d
bridging: {share: 0.8, start: 3 d, response: 0.6, hazard: 0.3}
infusion:
  scheduling: 3 d
  stay: 30 d
  planned_stay: 28 d
  deferral: {share: 0.3, days: {uniform: [1 d, 20 d]}, repeat_after: 10 d}
"""
)

SEVERAL = (
    AUTOLOGOUS.replace("beds: 1, slots: 2}", "beds: 1, manufacturers: [beta, alpha]}")
    .replace("small: {chairs: 1, beds: 1}", "small: {chairs: 1, beds: 1, manufacturers: [alpha, beta]}")
    .replace(
        "  slots: {count: 1, every: week, scope: centre, lead: 14 d, carry_over: 1, notice: 3 d}\n  lines: 2\n",
        """  assignment: {rule: preferred, patience: 9 d, risk_groups: {severe: [beta, alpha]}}
  manufacturers:
    alpha:
      slots: {count: 1, every: week, weekday: tue, scope: pool, lead: 14 d, carry_over: 1, notice: 3 d,
              withdrawn_by: cuts}
      lines: 2
      duration: 9 d
      remake_duration: 7 d
      failure: 0.2
      out_of_specification: 0.3
      calendar: office
      to_factory: 1 d
      to_centre: 2 d
    beta:
      slots: {count: 1, every: week, scope: centre, lead: 7 d, carry_over: 0, notice: never}
      lines: 4
      duration: 20 d
      failure: 0.1
      out_of_specification: 0.1
      lanes: {big: {to_factory: 1 d, to_centre: 3 d}, small: {to_factory: 3 d, to_centre: 1 d}}
""",
    )
    .replace("  duration: 9 d\n  remake_duration: 7 d\n  failure: 0.2\n", "", 1)
    .replace("shipping: {to_factory: 1 d, to_centre: 2 d, loss: 0.1}", "shipping: {loss: 0.1}")
    .replace("  out_of_specification: 0.3\n  accepted", "  accepted")
    + """calendars: {office: {days: [mon, tue, thu], hours: [8 h, 18 h]}}
disruptions: {flood: {resource: line, manufacturer: alpha, from: 160 d, for: 14 d, announced: 3 d}}
"""
)
# The same with shares, where nobody chooses.
BY_SHARE = SEVERAL.replace(
    "{rule: preferred, patience: 9 d, risk_groups: {severe: [beta, alpha]}}",
    "{rule: share, shares: {alpha: 0.6, beta: 0.4}}",
)
WARD = (
    AUTOLOGOUS.replace("beds: 1, slots: 2", "slots: 2").replace("{chairs: 1, beds: 1}", "{chairs: 1}")
    + """
toxicity: {crs: {grades: {any: {share: 0.8, duration: 2 d, icu: 0.7}}}, icu: {stay: 9 d, bed: kept}}
shared: {ward: {centres: [big, small], beds: 3, places: 1, icu: 1}}
"""
)
BESIDE = (
    AUTOLOGOUS.replace("share: 0.8, start: 3 d,", "share: 0.8, start: 3 d, step_up: 6 d, bed_within: 4 d,")
    + """
before_apheresis:
  clearance: {duration: 14 d, refusal: 0.3, appeal: {duration: 9 d, success: 0.4}}
  caregiver: {triangular: [4 d, 12 d, 25 d]}
  washout: 16 d
  holding: {share: 0.4, duration: 10 d, step_up: 4 d, response: 0.6, hazard: 0.2}
  slot_asked_for: at_listing
"""
)

TURNING = (
    BESIDE
    + """
alternative:
  offered: {after_waiting: 10 d, since: listing, at_progression: true, after_failure: true, to: [severe]}
  accepts: 0.7
  start: 3 d
  step_up: 9 d
cells: {by_risk_group: {severe: {failure: 2}}, after_holding: {failure: 2}}
"""
)

ALLOGENEIC = (
    COMMON
    + """
name: Allogeneic
strategy: allogeneic
centres:
  big: {beds: 1}
  small: {beds: 1}
clocks:
  waiting:
    progression: {exponential: {rate: 0.01 / d}}
    ends_eligibility: 0.4
    death: {exponential: {rate: 0.004 / d}}
    removal: {exponential: {rate: 0.004 / d}}
  after_progression: {death: 2, removal: 1.5}
allogeneic:
  unsuitable: 0.1
  shipping: {duration: 2 d, loss: 0.1}
  stock: {opening: 4, shelf_life: 40 d, order: {at: 2, up_to: 5}, doses_per_lot: 2}
  lots:
    donor: {duration: 6 d, rejection: 0.3}
    lines: 1
    culture: {triangular: [8 d, 10 d, 14 d]}
    release: 7 d
    failure: 0.3
infusion:
  scheduling: 3 d
  stay: 30 d
  planned_stay: 28 d
  deferral: {share: 0.3, days: {uniform: [1 d, 20 d]}, repeat_after: 10 d}
"""
)

WHOLE = """
name: Whole
strategy: hybrid
run:
  start: 2026-01-01
  warm_up: 60 d
  window: 240 d
  follow_up: 250 d
  later_courses_until: 400 d
  replications: 2
  seed: 5
regions:
  north:
    centre: {big: 0.6, small: 0.4}
    referrals: 14 / month
    already_waiting: {count: 5, waited: {uniform: [3 d, 40 d]}}
    travel: 2 d
    declines: 0.2
  south:
    centre: small
    referrals: 9 / month
    already_waiting: {since: [10 d, 20 d], risk_groups: {mild: 0.5, severe: 0.5}}
centres:
  big: {chairs: 2, beds: 4, icu: 1, lines: 5}
  small: {chairs: 2, beds: 4, icu: 1}
calendars:
  office: {days: [mon, tue, thu], hours: [8 h, 18 h], holidays: [2026-04-14]}
  courier: {days: [mon, wed, fri]}
disruptions:
  fire: {resource: line, centre: big, from: 90 d, for: 20 d, work: pause}
  strike: {resource: courier, from: 120 d, for: 10 d}
  flood: {resource: line, from: 160 d, for: 14 d, announced: 3 d}
  fault: {resource: lab, between: {exponential: {mean: 40 d}}, for: {uniform: [2 d, 9 d]}, work: pause}
patients:
  risk_groups:
    mild: {share: 0.6, hazard: 0.8, priority: 0, benefit: 0.9}
    severe: {share: 0.4, hazard: 1.7, priority: 1, benefit: 0.3}
waiting_list: {policy: score, score: {waiting_day: 1, priority: 20, benefit: 10, progressed: 30}}
clocks:
  waiting:
    progression: {exponential: {rate: 0.01 / d}}
    ends_eligibility: 0.2
    death: {exponential: {rate: 0.004 / d}}
work_up: {duration: 5 d, calendar: office, working_time: true}
apheresis: {duration: 6 h, calendar: office, fit: true, attempts: 2, repeat_after: 6 d, shortfall: 0.1}
shipping: {to_factory: 1 d, to_centre: 2 d, calendar: courier, viable: 40 h}
manufacturing:
  slots:
    count: 3
    every: week
    weekday: tue
    scope: pool
    lead: 10 d
    after_failed_collection: keep
    withdrawn_by: closures
    after_withdrawal: keep_place
  lines: 1
  site: centre
  batches: 1
  calendar: office
  failure_found: 4 d
  attempts: 2
  products:
    one: {share: 0.5, duration: 8 d, failure: 0.1, out_of_specification: 0.2}
    two: {share: 0.5, duration: 25 d, failure: 0.3, out_of_specification: 0.4}
release_testing:
  sterility: 14 d
  potency: 3 d
  review: 2 d
  calendar: office
  working_time: true
  accepted: 0.5
  not_accepted: remake
  conditional: {sterility: 5 d, recall: 0.1}
allogeneic:
  stock: {opening: 4, order: {at: 2, up_to: 5}, doses_per_lot: 2, kept: at_centres}
  lots: {shared_lines: equal, donor: {duration: 3 d}, culture: 6 d, editing: 2 d, failure: 0.1}
hybrid: {allogeneic_for: [severe], after_waiting: 20 d, since: listing, after_failure: true}
lymphodepletion: {duration: 5 d, calendar: courier}
infusion: {scheduling: 3 d, stay: 6 d, model: inpatient}
toxicity:
  crs: {onset: 1 d, grades: {low: {share: 0.5, duration: 2 d}, high: {share: 0.3, duration: 5 d, icu: 0.5}}}
  neurotoxicity: {onset: 2 d, grades: {any: {share: 0.2, duration: 3 d, icu: 0.4}}}
  icu: {stay: 4 d, bed: kept}
later_course: {share: 0.5, relapse: 40 d, strategy: same}
"""

BOTH = {
    "run.start": "2026-01-03",
    "run.warm_up": "61 d",
    "run.window": "250 d",
    "run.follow_up": "60 d",
    "run.seed": "6",
    "regions.north.centre": "small",
    "regions.north.referrals": "15 / month",
    "regions.north.referral_days": "[3 d, 71 d]",
    "regions.south.centre": "big",
    "regions.south.referrals": "8 / month",
    "waiting_list.policy": None,
    "patients.risk_groups.mild.hazard": "0.9",
    "patients.risk_groups.mild.priority": "2",
    "patients.risk_groups.severe.hazard": "1.6",
    "patients.risk_groups.severe.priority": "-1",
    "work_up.duration": "{triangular: [2 d, 5 d, 10 d]}",
    "lymphodepletion.duration": "6 d",
    "centres.big.places": "0",
    "centres.small.places": "1",
    "centres.big.beds": "2",
    "centres.small.beds": "2",
    "clocks.waiting.progression": "{exponential: {rate: 0.02 / d}}",
    "clocks.waiting.ends_eligibility": "0.6",
    "clocks.waiting.death": "{exponential: {rate: 0.005 / d}}",
    "clocks.waiting.removal": "{exponential: {rate: 0.005 / d}}",
    "clocks.after_progression.death": "5",
    "clocks.after_progression.removal": "5",
    "clocks.withdrawal.hospice": "0.5",
    "clocks.withdrawal.other_therapy": "0.5",
    "clocks.withdrawal.own_choice": "0.5",
    "clocks.withdrawal.infection_or_organ_function": "0.5",
    "infusion.scheduling": "4 d",
    "infusion.stay": "20 d",
    "infusion.reservation": "hold",
    "infusion.planned_stay": "35 d",
    "infusion.turn_round": "2 d",
    "infusion.deferral.share": "0.6",
    "infusion.deferral.days": "{uniform: [1 d, 30 d]}",
    "infusion.deferral.repeat_after": "6 d",
}
NEW_IN_BOTH = {
    "patients.frailty.strength": "1",
    "clocks.waiting.progression_counts_deaths": "true",
    "patients.age.mean": "67 y",
    "patients.age.sd": "8 y",
    "patients.age.youngest": "50 y",
    "patients.age.oldest": "80 y",
    "patients.sex.female": "0.6",
    "regions.north.travel": "1 d",
    "regions.north.declines": "0.5",
    "regions.south.travel": "1 d",
    "regions.south.declines": "0.5",
    "infusion.model": "outpatient",
}
BY_GRADE = {
    f"toxicity.{grade}.{key}": value
    for grade in ("crs.grades.low", "crs.grades.high", "neurotoxicity.grades.any")
    for key, value in (("share", "0.1"), ("duration", "1 d"), ("icu", "0.8"))
}
OF_WHOLE: dict[str, str | None] = {
    "regions.north.centre": "big",
    "regions.north.already_waiting.count": "7",
    "regions.north.already_waiting.waited": "{uniform: [3 d, 60 d]}",
    "regions.north.travel": "3 d",
    "regions.north.declines": "0.4",
    "regions.south.already_waiting.since": "[10 d, 30 d]",
    "regions.south.already_waiting.risk_groups": "{mild: 0.05, severe: 0.95}",
    "regions.south.travel": "1 d",
    "regions.south.declines": "0.3",
    "centres.big.icu": "0",
    "centres.small.icu": "0",
    "centres.big.lines": "1",
    "centres.small.lines": "4",
    "calendars.office.days": "[mon, tue]",
    "calendars.office.hours": "[9 h, 18 h]",
    "calendars.office.holidays": "[2026-04-14, 2026-04-16]",
    "calendars.courier.days": "[mon, fri]",
    "calendars.courier.hours": "[8 h, 18 h]",
    "calendars.courier.holidays": "[2026-04-13, 2026-04-15, 2026-04-17, 2026-04-20, 2026-04-22]",
    "disruptions.fire.resource": "chair",
    "disruptions.fire.centre": "small",
    "disruptions.fire.from": "95 d",
    "disruptions.fire.for": "30 d",
    "disruptions.fire.work": "lose",
    "disruptions.strike.resource": "chair",
    "disruptions.strike.from": "121 d",
    "disruptions.strike.for": "20 d",
    "disruptions.fault.resource": "chair",
    "disruptions.fault.between": "{exponential: {mean: 20 d}}",
    "disruptions.fault.for": "{uniform: [2 d, 5 d]}",
    "disruptions.fault.work": "lose",
    "disruptions.flood.resource": "chair",
    "disruptions.flood.units": "2",
    "disruptions.flood.from": "150 d",
    "disruptions.flood.for": "40 d",
    "disruptions.flood.announced": "0 d",
    "disruptions.flood.work": "lose",
    "patients.risk_groups.mild.benefit": "5",
    "patients.risk_groups.severe.benefit": "5",
    "waiting_list.score.waiting_day": "0",
    "waiting_list.score.priority": "-200",
    "waiting_list.score.benefit": "200",
    "waiting_list.score.progressed": "-300",
    "work_up.calendar": "courier",
    "work_up.working_time": "false",
    "apheresis.calendar": "courier",
    "apheresis.fit": "false",
    "shipping.calendar": "office",
    "shipping.viable": "20 h",
    "manufacturing.slots.weekday": "thu",
    "manufacturing.slots.claimed": None,
    "manufacturing.slots.after_failed_collection": "forfeit",
    "manufacturing.slots.withdrawn_by": "nothing",
    "manufacturing.slots.after_withdrawal": "rebook",
    "manufacturing.site": None,
    "manufacturing.batches": None,
    "manufacturing.calendar": "courier",
    "manufacturing.failure_found": "6 d",
    "manufacturing.products.one.duration": "7 d",
    "manufacturing.products.one.failure": "0.4",
    "manufacturing.products.one.out_of_specification": "0.6",
    "manufacturing.products.two.duration": "7 d",
    "manufacturing.products.two.failure": "0.4",
    "manufacturing.products.two.out_of_specification": "0.6",
    "release_testing.calendar": "courier",
    "release_testing.working_time": "false",
    "release_testing.not_accepted": "stop",
    "release_testing.conditional.sterility": "6 d",
    "release_testing.conditional.recall": "0.5",
    "allogeneic.stock.kept": None,
    "allogeneic.lots.shared_lines": "last",
    "allogeneic.lots.editing": "5 d",
    "hybrid.allogeneic_for": "[mild]",
    "hybrid.after_waiting": "30 d",
    "hybrid.since": "referral",
    "hybrid.after_failure": "false",
    "lymphodepletion.calendar": "office",
    "infusion.model": None,
    **BY_GRADE,
    "toxicity.crs.onset": "2 d",
    "toxicity.neurotoxicity.onset": "1 d",
    "toxicity.icu.stay": "9 d",
    "toxicity.icu.turn_round": "2 d",
    "infusion.turn_round": "2 d",
    "toxicity.icu.bed": "freed",
    "later_course.share": "0.9",
    "later_course.relapse": "60 d",
    "later_course.strategy": "allogeneic",
    "run.later_courses_until": "310 d",
}
OF_SEVERAL: dict[str, str | None] = {
    "centres.big.manufacturers": "[alpha]",
    "centres.small.manufacturers": "[beta]",
    "disruptions.flood.resource": "courier",
    "disruptions.flood.units": "1",
    "disruptions.flood.manufacturer": "beta",
    "disruptions.flood.from": "150 d",
    "disruptions.flood.for": "40 d",
    "disruptions.flood.announced": "0 d",
    "disruptions.flood.work": "lose",
    "manufacturing.assignment.rule": None,
    "manufacturing.assignment.patience": "30 d",
    "manufacturing.assignment.risk_groups.severe": None,
    **{
        f"manufacturing.manufacturers.{name}.slots.{key}": value
        for name, values in (
            ("alpha", {"count": "2", "scope": "centre", "lead": "20 d", "carry_over": "0", "notice": "9 d",
                       "weekday": "fri", "withdrawn_by": None, "after_withdrawal": "rebook"}),
            ("beta", {"count": "2", "scope": "pool", "lead": "20 d", "carry_over": "3", "notice": "2 d",
                      "weekday": "fri"}),
        )
        for key, value in {"every": "month", "claimed": None, "after_failed_collection": None, **values}.items()
    },
    "manufacturing.manufacturers.alpha.lines": "0",
    "manufacturing.manufacturers.alpha.duration": "3 d",
    "manufacturing.manufacturers.alpha.remake_duration": "20 d",
    "manufacturing.manufacturers.alpha.failure": "0.7",
    "manufacturing.manufacturers.alpha.out_of_specification": "0.9",
    "manufacturing.manufacturers.alpha.calendar": None,
    "manufacturing.manufacturers.alpha.to_factory": "5 d",
    "manufacturing.manufacturers.alpha.to_centre": "5 d",
    "manufacturing.manufacturers.beta.lines": "0",
    "manufacturing.manufacturers.beta.duration": "3 d",
    "manufacturing.manufacturers.beta.failure": "0.7",
    "manufacturing.manufacturers.beta.out_of_specification": "0.9",
    **{
        f"manufacturing.manufacturers.beta.lanes.{centre}.{way}": "6 d"
        for centre in ("big", "small")
        for way in ("to_factory", "to_centre")
    },
}  # fmt: skip
CHANGES: dict[str, dict[str, str | None]] = {
    WHOLE: OF_WHOLE,
    SEVERAL: OF_SEVERAL,
    BY_SHARE: {"manufacturing.assignment.shares.alpha": None, "manufacturing.assignment.shares.beta": None},
    AUTOLOGOUS: BOTH
    | NEW_IN_BOTH
    | {
        "manufacturing.slots.weekday": "fri",
        "manufacturing.slots.claimed": "at_receipt",
        "manufacturing.slots.after_failed_collection": "forfeit",
        "manufacturing.site": "centre",
        "manufacturing.batches": "2",
        "shipping.viable": None,
        "release_testing.not_accepted": "stop",
        "centres.big.chairs": "2",
        "centres.big.slots": "1",
        "centres.small.chairs": "2",
        "clocks.after_apheresis.progression": "{exponential: {rate: 0.02 / d}}",
        "clocks.after_apheresis.ends_eligibility": "0.9",
        "clocks.after_apheresis.progression_counts_deaths": "true",
        "clocks.after_apheresis.death": "{exponential: {rate: 0.006 / d}}",
        "clocks.after_apheresis.removal": "{exponential: {rate: 0.006 / d}}",
        "scheduling.duration": "20 d",
        "apheresis.duration": "6 d",
        "apheresis.shortfall": "0.5",
        "apheresis.repeat_after": "9 d",
        "apheresis.attempts": "3",
        "shipping.to_factory": "2 d",
        "shipping.to_centre": "3 d",
        "shipping.loss": "0.3",
        "manufacturing.slots.count": "2",
        "manufacturing.slots.every": "month",
        "manufacturing.slots.scope": None,
        "manufacturing.slots.lead": "20 d",
        "manufacturing.slots.carry_over": "0",
        "manufacturing.slots.notice": "never",
        "manufacturing.lines": "1",
        "manufacturing.line_held.from": "booking",
        "manufacturing.line_held.to": "release",
        "manufacturing.duration": "10 d",
        "manufacturing.remake_duration": "8 d",
        "manufacturing.failure": "0.4",
        "manufacturing.attempts": "3",
        "manufacturing.remake_from": "apheresis",
        "manufacturing.on_leave": "finish",
        "release_testing.sterility": "{triangular: [7 d, 10 d, 20 d]}",
        "release_testing.potency": "{triangular: [6 d, 11 d, 20 d]}",
        "release_testing.identity": "{triangular: [3 d, 9 d, 20 d]}",
        "release_testing.review": "3 d",
        "release_testing.lab": "3",
        "release_testing.failure": "0.3",
        "release_testing.out_of_specification": "0.6",
        "release_testing.accepted": "0.2",
        "release_testing.exception": "5 d",
        "bridging.share": "0.3",
        "bridging.start": "10 d",
        "bridging.response": "0.2",
        "bridging.hazard": "0.9",
    },
    BESIDE: {
        "before_apheresis.clearance.duration": "20 d",
        "before_apheresis.clearance.refusal": "0.6",
        "before_apheresis.clearance.appeal.duration": "15 d",
        "before_apheresis.clearance.appeal.success": "0.8",
        "before_apheresis.caregiver": "{triangular: [4 d, 12 d, 40 d]}",
        "before_apheresis.washout": "21 d",
        "before_apheresis.holding.share": "0.8",
        "before_apheresis.holding.duration": "18 d",
        "before_apheresis.holding.step_up": "9 d",
        "bridging.step_up": "14 d",
        "bridging.bed_within": "15 d",
        "before_apheresis.holding.response": "0.9",
        "before_apheresis.holding.hazard": "0.7",
        "before_apheresis.slot_asked_for": "when_ready",
    },
    TURNING: {
        "alternative.offered.from_start": "true",
        "alternative.offered.after_waiting": "20 d",
        "alternative.offered.since": "referral",
        "alternative.offered.at_progression": "false",
        "alternative.offered.after_failure": "false",
        "alternative.offered.to": "[mild]",
        "alternative.accepts": "0.2",
        "alternative.start": "9 d",
        "alternative.step_up": "20 d",
        **{
            f"cells.{kind}.{key}": ratio
            for kind in ("by_risk_group.severe", "after_holding")
            for key, ratio in (("shortfall", "9"), ("failure", "9"), ("out_of_specification", "9"))
        },
    },
    WARD: {"shared.ward.beds": "4", "shared.ward.places": "2", "shared.ward.icu": "2"},
    ALLOGENEIC: BOTH
    | NEW_IN_BOTH
    | {
        "run.start": None,
        "allogeneic.stock.kept": "at_centres",
        "allogeneic.lots.editing": "1 d",
        "allogeneic.unsuitable": "0.4",
        "allogeneic.shipping.duration": "3 d",
        "allogeneic.shipping.loss": "0.4",
        "allogeneic.stock.opening": "2",
        "allogeneic.stock.shelf_life": "20 d",
        "allogeneic.stock.order.at": "1",
        "allogeneic.stock.order.up_to": "9",
        "allogeneic.stock.doses_per_lot": "3",
        "allogeneic.lots.donor.duration": "9 d",
        "allogeneic.lots.donor.rejection": "0.6",
        "allogeneic.lots.lines": "2",
        "allogeneic.lots.culture": "12 d",
        "allogeneic.lots.release": "9 d",
        "allogeneic.lots.failure": "0.6",
    },
}
# Tested apart, because a change of them alone makes no valid scenario, or makes more replications and not other ones.
APART = {
    "in_progress.file": "names a file of patients; tests/test_timelines_in_progress.py moves its rows",
    "in_progress.overdue": "tests/test_timelines_in_progress.py has somebody who is overdue",
    "run.replications": "the number of records",
    "patients.risk_groups.mild.share": "the proportions sum to 1",
    "patients.risk_groups.severe.share": "the proportions sum to 1",
    "waiting_list.policy": "priorities go with one policy only",
    "manufacturing.slots.scope": "centres have slots of their own in one scope only",
    "run.start": "an allogeneic scenario without dates does not depend on its first day",
    "allogeneic.stock.kept": "lots on the lines of a centre need a stock there",
    "shipping.viable": "cells wait for no courier who has no calendar",
    "manufacturing.slots.claimed": "at_receipt excludes after_failed_collection",
    "manufacturing.site": "centres have lines of their own in one of two cases only",
    "disruptions.fire.units": "goes with work: finish only; the same key as that of the flood",
    "disruptions.fault.units": "goes with work: finish only; tests/test_breakdowns.py has outages by chance of a part",
    "disruptions.fire.announced": "the same key as that of the flood, which is withdrawn late",
    "manufacturing.batches": "two products side by side need two lines at each centre; the autologous case has them",
    "infusion.model": "an outpatient has no stay",
    "bridging.target": "acts on life after infusion only; tested there",
    "before_apheresis.holding.target": "acts on life after infusion only; tested there",
}
TEXT = ("name", "description", "strategy")


# A field that changes something does so in one of so many.
REPLICATIONS = 6


# So many days are enough to see that both engines do the same; outages come later.
FEW_DAYS = {"warm_up": 20.0, "window": 60.0, "follow_up": 120.0}


@lru_cache
def loaded_once(text: str) -> Loaded:
    return load_text(text)


@lru_cache
def unchanged(text: str, replication: int = 0) -> tuple[Loaded, tuple[np.ndarray, ...]]:
    loaded = loaded_once(text)
    return loaded, records(run_scenario(loaded.scenario, replication, quick=True))


def on_both(scenario: Scenario, whole: bool) -> None:
    """Both engines must come to the same, on the first days or on the whole of it."""
    few = scenario.run.model_copy(update=FEW_DAYS)
    ran = run_scenario(scenario if whole else scenario.model_copy(update={"run": few}))
    assert (ran.patients.outcome >= 0).any()


def records(ran: Ran) -> tuple[np.ndarray, ...]:
    """Everything that is recorded of patients, requests, slots and lots; age and sex are that and nothing more."""
    trace: Trace = ran.trace
    patients = ran.patients
    return (
        patients.outcome,
        patients.referral_day,
        patients.cohort.measured,
        patients.end_day,
        patients.progression_day,
        trace.notes,
        trace.attempts,
        trace.uses.asked,
        trace.uses.began,
        trace.uses.ended,
        trace.slots.start,
        trace.slots.perished,
        trace.slots.handed_back,
        trace.slots.withdrawn,
        trace.lots.ready,
        trace.lots.failed,
        trace.expiries.day,
        *persons(ran.scenario.patients, patients.cohort.luck, patients.cohort.person).values(),
    )


def same(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> bool:
    return all(np.array_equal(x, y, equal_nan=x.dtype == float) for x, y in zip(a, b, strict=True))


def leaves(value: object, path: str = "") -> list[str]:
    """Paths of a resolved scenario down to the values that a file would give."""
    if (
        isinstance(value, dict)
        and not path.endswith((".centre", "already_waiting.risk_groups"))
        and not any(key in value for key in ("exponential", "triangular", "uniform", "0 d"))
    ):
        return [p for key, inner in value.items() for p in leaves(inner, f"{path}.{key}" if path else str(key))]
    return [path]


@pytest.mark.parametrize("text", [AUTOLOGOUS, ALLOGENEIC], ids=["autologous", "allogeneic"])
def test_every_field_is_listed_here(text: str) -> None:
    assert fields(text) - set(CHANGES[text]) - set(CHANGES[BESIDE]) - set(CHANGES[TURNING]) - set(APART) == set()


def test_every_field_is_listed_in_one_place() -> None:
    listed = {path for changes in CHANGES.values() for path in changes}
    # names of centres, regions and groups are those of all three
    assert {path for path in fields(WHOLE) if not path.endswith(".share")} - listed - set(APART) == set()


def test_every_field_of_the_alternative_and_of_cells_is_listed() -> None:
    turning = {path for path in fields(TURNING) if path.startswith(("alternative.", "cells."))}
    assert turning - set(CHANGES[TURNING]) == set()


def test_every_field_of_what_runs_beside_the_work_up_is_listed() -> None:
    beside = {
        path for path in fields(BESIDE) if path.startswith(("before_apheresis.", "bridging.step_up", "bridging.bed"))
    }
    assert beside - set(APART) == set(CHANGES[BESIDE])


def test_every_field_of_several_manufacturers_is_listed() -> None:
    theirs = ("manufacturing.assignment", "manufacturing.manufacturers", "disruptions")
    several = {path for path in fields(SEVERAL) if path.startswith(theirs) or path.endswith(".manufacturers")}
    assert several == set(CHANGES[SEVERAL])
    assert fields(BY_SHARE) - fields(SEVERAL) == set(CHANGES[BY_SHARE])


def test_every_field_of_what_centres_share_is_listed() -> None:
    shared = {path for path in fields(WARD) if path.startswith("shared.")}
    # who shares is tested by timelines
    assert shared - {"shared.ward.centres"} == set(CHANGES[WARD])


def fields(text: str) -> set[str]:
    """The paths of everything that a scenario says of its world."""
    resolved = unchanged(text)[0].resolved
    return {path for path in leaves(resolved) if not path.startswith(TEXT) and path not in ("sources",)}


KINDS = {
    AUTOLOGOUS: "autologous",
    BESIDE: "beside",
    TURNING: "turning",
    WARD: "ward",
    SEVERAL: "several",
    BY_SHARE: "by proportion",
    ALLOGENEIC: "allogeneic",
    WHOLE: "whole",
}
CASES = [
    pytest.param(text, path, value, id=f"{kind}-{path}")
    for text, kind in KINDS.items()
    for path, value in CHANGES[text].items()
    if value is not None
]


@pytest.mark.parametrize(("text", "path", "value"), CASES)
def test_a_changed_field_changes_a_record(text: str, path: str, value: str) -> None:
    changed = unchanged(text)[0].scenario_with([f"{path}={value}"])
    # what is rare need not happen in the first replication
    moved = (
        not same(unchanged(text, r)[1], records(run_scenario(changed, r, quick=True))) for r in range(REPLICATIONS)
    )
    assert any(moved), f"{path} is accepted and ignored"


# Random scenarios over the whole vocabulary run on both engines, too: one field in three has to every day.
ON_BOTH = [
    pytest.param(*case.values, id=str(case.id), marks=() if k % 3 == 0 else pytest.mark.slow)
    for k, case in enumerate(CASES)
]


@pytest.mark.parametrize(("text", "path", "value"), ON_BOTH)
def test_both_engines_do_the_same_with_a_changed_field(text: str, path: str, value: str) -> None:
    on_both(loaded_once(text).scenario_with([f"{path}={value}"]), whole=path.startswith("disruptions"))


@pytest.mark.parametrize("text", KINDS, ids=KINDS.values())
def test_both_engines_do_the_same_with_every_field_as_it_is(text: str) -> None:
    on_both(loaded_once(text).scenario, whole=True)


def test_the_fields_that_change_only_with_others_change_records_too() -> None:
    loaded, before = unchanged(AUTOLOGOUS)
    shares = ["patients.risk_groups.mild.share=0.5", "patients.risk_groups.severe.share=0.5"]
    assert not same(before, records(run_scenario(loaded.with_overrides(shares).scenario)))
    plain = load_text(
        AUTOLOGOUS.replace(", priority: 0", "").replace(", priority: 1", "").replace("sickest_first", "lottery")
    )
    came = load_text(
        AUTOLOGOUS.replace(", priority: 0", "").replace(", priority: 1", "").replace("sickest_first", "first_come")
    )
    assert not same(records(run_scenario(plain.scenario)), records(run_scenario(came.scenario)))
    assert not same(before, records(run_scenario(came.scenario)))
    own = load_text(AUTOLOGOUS.replace(", slots: 2", ""))
    pooled = load_text(AUTOLOGOUS.replace(", slots: 2", "").replace("scope: centre", "scope: pool"))
    assert not same(records(run_scenario(own.scenario)), records(run_scenario(pooled.scenario)))


def test_shares_and_risk_groups_of_manufacturers_are_not_ignored() -> None:
    for text, change in (
        (BY_SHARE, "manufacturing.assignment.shares={alpha: 0.1, beta: 0.9}"),
        (SEVERAL, "manufacturing.assignment.risk_groups={severe: [alpha]}"),
    ):
        loaded, before = unchanged(text)
        assert not same(before, records(run_scenario(loaded.with_overrides([change]).scenario)))


@pytest.mark.parametrize(
    "change", ["centres.small.places=2", "disruptions.storm.announced=2 d", "disruptions.storm.for=30 d"]
)
def test_treatment_places_and_what_is_known_of_them_are_not_ignored(change: str) -> None:
    text = ALLOGENEIC.replace("small: {beds: 1}", "small: {places: 1}")
    text = text[: text.index("infusion:")] + "infusion: {scheduling: 3 d, model: outpatient}\n"
    text += "disruptions: {storm: {resource: place, from: 150 d, for: 20 d}}\n"
    changed = unchanged(text)[0].scenario_with([change])
    assert any(not same(unchanged(text, r)[1], records(run_scenario(changed, r))) for r in range(REPLICATIONS))


def test_a_fixed_cadence_of_lots_is_not_ignored() -> None:
    loaded = load_text(ALLOGENEIC.replace("order: {at: 2, up_to: 5}", "order: {every: 20 d}"))
    for change in ("every=25 d", "first=5 d"):
        other = loaded.with_overrides([f"allogeneic.stock.order.{change}"])
        assert not same(records(run_scenario(loaded.scenario)), records(run_scenario(other.scenario)))


def test_another_replication_is_another_record() -> None:
    loaded, before = unchanged(AUTOLOGOUS)
    assert not same(before, records(run_scenario(loaded.scenario, replication=1)))
