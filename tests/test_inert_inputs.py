"""Every field of a scenario, changed in turn, changes a record: nothing is accepted and ignored."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from sim.engine.trace import Trace
from sim.scenario import Loaded
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
infusion: {scheduling: 3 d, stay: 30 d, bed_from: infusion}
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
infusion: {scheduling: 3 d, stay: 30 d, bed_from: infusion}
"""
)

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
    "centres.big.beds": "2",
    "centres.small.beds": "2",
    "clocks.waiting.progression": "{exponential: {rate: 0.02 / d}}",
    "clocks.waiting.ends_eligibility": "0.6",
    "clocks.waiting.death": "{exponential: {rate: 0.005 / d}}",
    "clocks.waiting.removal": "{exponential: {rate: 0.005 / d}}",
    "clocks.after_progression.death": "5",
    "clocks.after_progression.removal": "5",
    "infusion.scheduling": "4 d",
    "infusion.stay": "20 d",
    "infusion.bed_from": "lymphodepletion",
}
CHANGES: dict[str, dict[str, str | None]] = {
    AUTOLOGOUS: BOTH
    | {
        "centres.big.chairs": "2",
        "centres.big.slots": "1",
        "centres.small.chairs": "2",
        "clocks.after_apheresis.progression": "{exponential: {rate: 0.02 / d}}",
        "clocks.after_apheresis.ends_eligibility": "0.9",
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
    ALLOGENEIC: BOTH
    | {
        "run.start": None,
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
    "run.replications": "the number of records",
    "patients.risk_groups.mild.share": "the shares sum to 1",
    "patients.risk_groups.severe.share": "the shares sum to 1",
    "waiting_list.policy": "priorities go with one policy only",
    "manufacturing.slots.scope": "centres have slots of their own in one scope only",
    "run.start": "an allogeneic scenario without dates does not depend on its first day",
}
TEXT = ("name", "description", "strategy")


@lru_cache
def unchanged(text: str) -> tuple[Loaded, tuple[np.ndarray, ...]]:
    loaded = load_text(text)
    return loaded, records(run_scenario(loaded.scenario))


def records(ran: Ran) -> tuple[np.ndarray, ...]:
    """Everything that is recorded of patients, requests, slots and lots."""
    trace: Trace = ran.trace
    patients = ran.patients
    return (
        patients.fate,
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
        trace.lots.ready,
        trace.lots.failed,
        trace.expiries.day,
    )


def same(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> bool:
    return all(np.array_equal(x, y, equal_nan=x.dtype == float) for x, y in zip(a, b, strict=True))


def leaves(value: object, path: str = "") -> list[str]:
    """Paths of a resolved scenario down to the values that a file would give."""
    if isinstance(value, dict) and not any(key in value for key in ("exponential", "triangular", "0 d")):
        return [p for key, inner in value.items() for p in leaves(inner, f"{path}.{key}" if path else str(key))]
    return [path]


@pytest.mark.parametrize("text", [AUTOLOGOUS, ALLOGENEIC], ids=["autologous", "allogeneic"])
def test_every_field_is_listed_here(text: str) -> None:
    resolved = unchanged(text)[0].resolved
    fields = {path for path in leaves(resolved) if not path.startswith(TEXT) and path not in ("sources",)}
    assert fields - set(CHANGES[text]) - set(APART) == set()


CASES = [
    pytest.param(text, path, value, id=f"{kind}-{path}")
    for text, kind in ((AUTOLOGOUS, "autologous"), (ALLOGENEIC, "allogeneic"))
    for path, value in CHANGES[text].items()
    if value is not None
]


@pytest.mark.parametrize(("text", "path", "value"), CASES)
def test_a_changed_field_changes_a_record(text: str, path: str, value: str) -> None:
    loaded, before = unchanged(text)
    after = records(run_scenario(loaded.with_overrides([f"{path}={value}"]).scenario))
    assert not same(before, after), f"{path} is accepted and ignored"


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


def test_a_fixed_cadence_of_lots_is_not_ignored() -> None:
    loaded = load_text(ALLOGENEIC.replace("order: {at: 2, up_to: 5}", "order: {every: 20 d}"))
    other = loaded.with_overrides(["allogeneic.stock.order.every=25 d"])
    assert not same(records(run_scenario(loaded.scenario)), records(run_scenario(other.scenario)))


def test_another_replication_is_another_record() -> None:
    loaded, before = unchanged(AUTOLOGOUS)
    assert not same(before, records(run_scenario(loaded.scenario, replication=1)))
