"""Hybrid and sequential therapy, several products, batches, batches: small timelines worked out by hand."""

from __future__ import annotations

import numpy as np

from sim.outcomes.metrics import BY_NAME
from tests.runs import Ran, load_text, run_scenario, small

SHELF = """
allogeneic:
  stock: {opening: 9, order: {every: 4000 d}, doses_per_lot: 1}
  shipping: {duration: 2 d}
"""


def products(ran: Ran) -> list[str]:
    return [str(product) for product in ran.rows("product")]


def hybrid(rule: str, rest: str, days: str, groups: str = "everybody: {share: 1}") -> Ran:
    patients = f"patients: {{risk_groups: {{{groups}}}}}\n"
    more = "" if "apheresis:" in rest else "apheresis: {duration: 0 d}\n"
    return small(f"hybrid: {{{rule}}}\n{patients}{SHELF}{more}{rest}\n", days, "hybrid")


MONTHLY = "manufacturing: {duration: 10 d, slots: {count: 1, every: month}}"


def test_who_waits_too_long_for_a_slot_is_given_a_dose() -> None:
    ran = hybrid("after_waiting: 40 d", MONTHLY, "0 d, 1 d, 2 d, 3 d")
    # slots on 0, 31 and 59: the third has waited 40 days on day 42, the fourth on day 43
    assert products(ran) == ["autologous", "autologous", "allogeneic", "allogeneic"]
    assert ran.days("slot") == [0.0, 31.0, None, None]
    assert ran.days("dose") == [None, None, 42.0, 43.0]
    assert ran.days("infusion") == [10.0, 41.0, 44.0, 45.0]


def test_a_slot_at_the_very_instant_comes_before_the_end_of_patience() -> None:
    ran = hybrid("after_waiting: 31 d", MONTHLY, "0 d, 0 d, 0.5 d")
    assert products(ran) == ["autologous", "autologous", "allogeneic"]
    assert ran.days("slot")[:2] == [0.0, 31.0]
    assert ran.days("dose")[2] == 31.5


def test_patience_may_count_from_referral() -> None:
    rest = "work_up: {duration: 5 d}\n" + MONTHLY
    from_listing = hybrid("after_waiting: 10 d, since: listing", rest, "0 d, 0 d")
    assert from_listing.days("dose") == [15.0, 15.0]
    from_referral = hybrid("after_waiting: 10 d, since: referral", rest, "0 d, 0 d")
    assert from_referral.days("dose") == [10.0, 10.0]


def test_patience_that_is_over_before_the_queue_is_joined_gives_one_chance() -> None:
    rest = "work_up: {duration: 31 d}\n" + MONTHLY
    ran = hybrid("after_waiting: 3 d, since: referral", rest, "0 d, 0 d")
    assert ran.days("slot") == [31.0, None]
    assert ran.days("dose") == [None, 31.0]


def test_a_risk_group_is_given_a_dose_from_the_start() -> None:
    groups = "fit: {share: 0}, frail: {share: 1}"
    ran = hybrid("allogeneic_for: [frail]", MONTHLY, "0 d, 0 d", groups)
    assert products(ran) == ["allogeneic", "allogeneic"]
    assert ran.days("infusion") == [2.0, 2.0]


def test_a_failed_product_is_followed_by_a_dose() -> None:
    rest = "manufacturing: {duration: 10 d, failure: 1, attempts: 2, remake_duration: 7 d}"
    ran = hybrid("after_failure: true", rest, "0 d")
    assert products(ran) == ["allogeneic"]
    assert ran.days("dose") == [17.0]
    assert ran.days("infusion") == [19.0]
    assert np.isnan(ran.patients.between("apheresis", "infusion")).all()
    without = hybrid("after_failure: false", rest, "0 d")
    assert without.outcomes == ["product_failed"]


def test_a_failed_collection_is_followed_by_a_dose() -> None:
    rest = "apheresis: {duration: 1 d, shortfall: 1, attempts: 2, repeat_after: 6 d}\nmanufacturing: {duration: 10 d}"
    assert hybrid("after_failure: true", rest, "0 d").days("dose") == [8.0]


def test_who_cannot_be_given_a_dose_stays_on_the_autologous_path() -> None:
    text = _text("hybrid: {after_waiting: 3 d}\n" + MONTHLY)
    assert products(run_scenario(load_text(text).scenario)) == ["autologous", "allogeneic"]
    unsuitable = run_scenario(load_text(text, "allogeneic.unsuitable=1").scenario)
    assert products(unsuitable) == ["autologous", "autologous"]


def _text(rest: str) -> str:
    return f"""
name: Small
strategy: hybrid
run: {{start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d, replications: 1, seed: 7}}
regions: {{here: {{centre: here, referral_days: [0 d, 0 d]}}}}
centres: {{here: {{}}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 0 d}}
{SHELF}
{rest}
"""


def test_lots_on_the_lines_of_autologous_manufacture() -> None:
    def run(turn: str) -> Ran:
        rest = f"""
manufacturing: {{duration: 10 d, lines: 1}}
apheresis: {{duration: 0 d}}
hybrid: {{allogeneic_for: []}}
patients: {{risk_groups: {{everybody: {{share: 1}}}}}}
allogeneic:
  stock: {{opening: 0, order: {{every: 12 d}}, doses_per_lot: 1}}
  lots: {{shared_lines: {turn}, culture: 4 d, editing: 2 d}}
"""
        return small(rest, "0 d, 4 d, 11 d", "hybrid")

    # lots ask on 12, 24, 36; the line is free on 10 for the second patient, and on 20 for the third or the first lot
    equal, first, last = run("equal"), run("first"), run("last")
    assert equal.days("manufactured") == [10.0, 20.0, 30.0]
    assert last.days("manufactured") == [10.0, 20.0, 30.0]
    assert first.days("manufactured") == [10.0, 20.0, 42.0]
    assert equal.trace.lots.ready[:2].tolist() == [36.0, 42.0]
    assert first.trace.lots.ready[:2].tolist() == [26.0, 32.0]


def test_two_batches_take_two_slots_and_two_lines_and_the_longer_time() -> None:
    rest = """
manufacturing: {duration: {empirical: [8 d, 8 d]}, lines: 2, batches: 2, slots: {count: 3, every: month}}
apheresis: {duration: 0 d}
"""
    ran = small(rest, "0 d, 0 d")
    # three slots on day 0: two for the first, and the one that is left perishes before there are three more on day 31
    assert ran.days("slot") == [0.0, 31.0]
    assert ran.days("manufactured") == [8.0, 39.0]
    assert (ran.trace.slots.holder >= 0).sum() == 4
    assert ran.trace.uses.units[ran.trace.uses.kind == 0].tolist() == [2, 2, 2, 2]


def test_one_of_two_batches_that_fails_fails_both() -> None:
    rest = "manufacturing: {duration: 10 d, batches: 2, failure: 0.5, attempts: unlimited, remake_duration: 10 d}\n"
    ran = small(rest, ", ".join(["0 d"] * 400))
    tried = ran.patients.attempts["manufacture"]
    # both must pass: a quarter of attempts do, so that patients need four on average
    assert abs(tried.mean() - 4.0) < 4.0 * np.sqrt(12.0 / 400)


def test_a_failure_may_be_found_early() -> None:
    rest = "manufacturing: {duration: 10 d, failure: 1, failure_found: 4 d, attempts: 2}\n"
    ran = small(rest, "0 d")
    assert ran.outcomes == ["product_failed"]
    assert ran.patients.end_day.tolist() == [8.0]


def test_a_product_out_of_specification_that_is_not_accepted_may_stop_the_path() -> None:
    rest = """
manufacturing: {duration: 10 d, attempts: 3}
release_testing: {review: 1 d, out_of_specification: 1, accepted: 0, not_accepted: WHAT}
"""
    remade, stopped = (small(rest.replace("WHAT", what), "0 d") for what in ("remake", "stop"))
    assert remade.patients.attempts["manufacture"].tolist() == [3]
    assert remade.patients.end_day.tolist() == [33.0]
    assert stopped.patients.end_day.tolist() == [11.0]
    assert stopped.rows("reason") == ["out_of_specification"]


def test_several_products_have_their_own_times() -> None:
    rest = """
manufacturing:
  duration: 10 d
  products: {quick: {share: 0.5, duration: 4 d}, slow and laborious: {share: 0.5}}
"""
    ran = small(rest, ", ".join(["0 d"] * 300))
    which = np.array(products(ran))
    infusion = ran.patients.day("infusion")
    assert set(infusion[which == "quick"]) == {4.0}
    assert set(infusion[which == "slow and laborious"]) == {10.0}
    assert abs((which == "quick").mean() - 0.5) < 3.0 * 0.5 / np.sqrt(300)


def test_a_failed_collection_forfeits_its_slot_or_keeps_it() -> None:
    rest = """
apheresis: {duration: 0 d, shortfall: 1, attempts: 2, repeat_after: 3 d}
manufacturing: {duration: 10 d, slots: {count: 1, every: month, after_failed_collection: WHAT}}
"""
    kept, forfeited = (small(rest.replace("WHAT", what), "0 d") for what in ("keep", "forfeit"))
    assert kept.patients.end_day.tolist() == [3.0]
    assert (kept.trace.slots.holder >= 0).sum() == 1
    # the second collection needs the slot of day 31
    assert forfeited.patients.end_day.tolist() == [31.0]
    assert (forfeited.trace.slots.holder >= 0).sum() == 2
    assert forfeited.resource("slot").wasted == 2


def test_cells_may_wait_frozen_for_a_slot() -> None:
    slots = "{count: 1, every: month, claimed: at_receipt}"
    rest = f"apheresis: {{duration: 2 d}}\nmanufacturing: {{duration: 10 d, slots: {slots}}}\n"
    ran = small(rest, "0 d, 0 d")
    assert ran.days("apheresis") == [0.0, 0.0]
    # the slot of day 0 has perished when the cells are there on day 2
    assert ran.days("slot") == [31.0, 59.0]
    assert ran.days("manufactured") == [41.0, 69.0]


def test_slots_on_another_day_of_the_week() -> None:
    ran = small("manufacturing: {duration: 1 d, slots: {count: 1, every: week, weekday: sat}}\n", "0 d, 0 d")
    assert ran.days("slot") == [2.0, 9.0]


def test_products_made_at_the_centres_have_the_lines_of_each() -> None:
    text = """
name: Point of care
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 400 d, follow_up: 400 d}
regions:
  here: {centre: here, referral_days: [0 d, 0 d]}
  there: {centre: there, referral_days: [0 d, 0 d]}
centres: {here: {}, there: {lines: 2}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 10 d, lines: 1, site: centre}
"""
    assert run_scenario(load_text(text).scenario).days("manufactured") == [10.0, 20.0, 10.0, 10.0]


RETURNS = """
work_up: {duration: 1 d}
manufacturing: {duration: 10 d, lines: 1}
later_course: {share: 1, relapse: 30 d}
"""


def test_who_relapses_returns_and_competes_for_the_same_line() -> None:
    ran = small(RETURNS, "0 d, 31 d")
    # the first is infused on 11 and returns on 41, when the second's product, begun on 32, is on the line until 42
    days = ran.rows("infusion_day")
    assert ran.rows("course") == [1, 1, 2, 2]
    assert ran.rows("referral_day") == [0.0, 31.0, 41.0, 72.0]
    assert days == [11.0, 42.0, 52.0, 83.0]
    assert ran.rows("measured") == [True, True, False, False]
    returned = BY_NAME["returned"].formula
    assert returned(ran.patients, ran.trace, (0.0, 400.0)) == 2.0
    # the third is infused on 211 and back on 241, later than the window, and in time for all that later courses may do
    window = ("run.warm_up=20 d", "run.window=200 d")
    later = small(RETURNS, "0 d, 31 d, 200 d", "autologous", "", *window)
    assert returned(later.patients, later.trace, (20.0, 220.0)) == 2.0
    ended = small(RETURNS, "0 d, 31 d, 200 d", "autologous", "", *window, "run.later_courses_until=241 d")
    assert returned(ended.patients, ended.trace, (20.0, 220.0)) == 1.0


def test_a_returning_patient_queues_behind_one_who_asked_before() -> None:
    ran = small(RETURNS, "0 d, 31 d, 40.5 d")
    # the third asks on 41.5, before the first, back since 41, asks on 42
    assert ran.rows("infusion_day")[:4] == [11.0, 42.0, 52.0, 62.0]


def test_who_relapses_after_their_follow_up_returns_all_the_same() -> None:
    # the first course is followed for 400 days; the relapse is on 401, the run goes on to 800
    late = RETURNS.replace("relapse: 30 d", "relapse: 390 d")
    ran = small(late, "0 d")
    assert ran.rows("course") == [1, 2]
    assert ran.rows("referral_day") == [0.0, 401.0]
    assert ran.rows("infusion_day") == [11.0, 412.0]
    assert small(late, "0 d", "autologous", "", "run.later_courses_until=401 d").rows("course") == [1]
