"""Several manufacturers with which centres contract: small timelines worked out by hand, on both engines.

The first of the months of 2026 are days 0, 31, 59, 90, 120. Nothing takes time but what is said.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.pieces.loads import offered_loads
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario, ScenarioError
from tests.runs import Ran, load_text, run_scenario

NETWORK = """
name: Several manufacturers
strategy: autologous
run: {{warm_up: 0 d, window: 400 d, follow_up: 400 d}}
regions:
  here: {{centre: here, {here}}}
  there: {{centre: there, {there}}}
centres: {centres}
patients: {{risk_groups: {groups}}}
clocks: {{waiting: {{progression: never}}}}
apheresis: {{duration: 0 d}}
manufacturing:
  duration: 10 d
{made}
"""
ALPHA = "alpha: {slots: {count: 1, every: month, scope: pool}, duration: 20 d}"
BETA = "beta: {slots: {count: 1, every: month, scope: pool, lead: 5 d}}"


def written(made: str, here: str, there: str = "", rest: str = "", **more: str) -> Scenario:
    """`here`, `there`: the days of referral, or a rate; `rest`: what follows in the file."""
    told = {"centres": "{here: {}, there: {}}", "groups": "{everybody: {share: 1}}", **more}
    for place, referred in (("here", here), ("there", there or "0 / d")):
        told[place] = f"{'referrals' if '/' in referred else 'referral_days'}: {referred}"
    lines = "\n".join(f"  {line}" for line in made.strip().splitlines())
    return load_text(NETWORK.format(made=lines, **told) + rest).scenario


def ran(made: str, here: str, there: str = "", rest: str = "", **more: str) -> Ran:
    return run_scenario(written(made, here, there, rest, **more))


def both(rule: str = "", first: str = ALPHA, second: str = BETA) -> str:
    assignment = f"assignment: {rule}\n" if rule else ""
    return f"{assignment}manufacturers:\n  {first}\n  {second}\n"


def test_who_is_first_takes_what_promises_the_earliest_infusion() -> None:
    # of day 0: beta's slot of day 5 means infusion on day 15, alpha's of day 0 on day 20
    found = ran(both(), "[0 d, 0 d, 0 d, 0 d, 61 d]")
    assert found.days("infusion") == [15.0, 20.0, 31.0 + 15.0, 31.0 + 20.0, 90.0 + 15.0]
    assert found.rows("manufacturer") == ["beta", "alpha", "beta", "alpha", "beta"]
    assert found.days("manufacturer/beta") == [0.0, None, 31.0, None, 90.0]


def test_a_slot_that_was_carried_over_may_be_the_earlier_one() -> None:
    early = "alpha: {slots: {count: 1, every: month, scope: pool, carry_over: 1}, duration: 12 d}"
    # on day 1 the slot of day 0 is still open: infusion on day 13, before beta's of day 31 + 5 + 10
    assert ran(both("", early), "[1.5 d]").days("infusion") == [13.5]


def test_the_first_of_the_lists_of_all_centres_is_served_first() -> None:
    found = ran(both(), "[20 d, 22 d]", "[21 d]")
    # day 31: beta to the first (here), alpha to the second (there); day 59: beta to the third
    assert found.days("infusion") == [31.0 + 15.0, 59.0 + 15.0, 31.0 + 20.0]


def test_a_slot_goes_past_those_who_have_no_contract_for_it() -> None:
    centres = "{here: {manufacturers: [alpha]}, there: {manufacturers: [beta]}}"
    found = ran(both(), "[20 d, 22 d]", "[21 d, 23 d]", centres=centres)
    assert found.days("infusion") == [31.0 + 20.0, 59.0 + 20.0, 31.0 + 15.0, 59.0 + 15.0]


def test_a_centre_with_both_gives_way_to_nobody_who_came_later() -> None:
    centres = "{here: {manufacturers: [alpha]}, there: {}}"
    # day 31: there's patient is second, and takes beta; alpha goes to the first, and to the third on day 59
    found = ran(both(), "[20 d, 22 d]", "[21 d]", centres=centres)
    assert found.days("infusion") == [31.0 + 20.0, 59.0 + 20.0, 31.0 + 15.0]


def test_slots_of_each_centres_own_are_offered_to_it_alone() -> None:
    own = [text.replace(", scope: pool", "") for text in (ALPHA, BETA)]
    centres = "{here: {}, there: {manufacturers: [beta]}}"
    found = ran(both("", *own), "[20 d, 20 d, 20 d]", "[20 d, 20 d]", centres=centres)
    assert found.days("infusion") == [46.0, 51.0, 59.0 + 15.0, 46.0, 59.0 + 15.0]
    # what nobody contracts is not offered
    alpha = found.resource("slot/alpha", "there")
    assert alpha.requests == 0
    assert alpha.expired == 0


def test_the_preferred_one_alone_at_first_and_then_any() -> None:
    patient = both("{rule: preferred, patience: 30 d}")
    # waits for alpha until day 40, and takes beta's slot of day 59, as alpha's of that day is the first's
    found = ran(patient, "[10 d, 10 d, 10 d]")
    assert found.days("infusion") == [31.0 + 20.0, 59.0 + 15.0, 59.0 + 20.0]
    assert ran(both("{rule: preferred, patience: 500 d}"), "[10 d, 10 d, 10 d]").days("slot") == [31.0, 59.0, 90.0]
    assert ran(both("{rule: preferred, patience: 0 d}"), "[0 d, 0 d, 0 d, 0 d]").days("infusion") == [
        20.0,
        15.0,
        46.0,
        51.0,
    ]


def test_who_stops_preferring_keeps_their_place() -> None:
    # on day 59 the first has waited for 55 days, the second, for whom alpha is nothing, for 15
    centres = "{here: {}, there: {manufacturers: [beta]}}"
    found = ran(both("{rule: preferred, patience: 30 d}"), "[3 d, 4 d]", "[44 d]", centres=centres)
    assert found.days("slot") == [31.0, 59.0, 90.0]
    assert found.days("infusion") == [31.0 + 20.0, 59.0 + 15.0, 90.0 + 15.0]


def test_manufacturers_by_risk_group() -> None:
    high = ran(both("{risk_groups: {high: [alpha]}}"), "[20 d, 20 d]", groups="{high: {share: 1}, low: {share: 0}}")
    assert high.days("infusion") == [51.0, 79.0]
    low = ran(both("{risk_groups: {high: [alpha]}}"), "[20 d, 20 d]", groups="{high: {share: 0}, low: {share: 1}}")
    assert low.days("infusion") == [46.0, 51.0]


def test_shares_are_of_those_that_the_centre_contracts_with() -> None:
    rule = "{rule: share, shares: {alpha: 0.75, beta: 0.25}}"
    alone = "{here: {manufacturers: [beta]}, there: {}}"
    assert ran(both(rule), "[20 d, 20 d]", centres=alone).days("infusion")[:2] == [46.0, 74.0]
    many = ran(
        both(rule, ALPHA.replace("1,", "999,"), BETA.replace("1,", "999,")),
        str([f"{0.1 * n} d" for n in range(1, 301)]).replace("'", ""),
    )
    by_alpha = sum(day == 51.0 for day in many.days("infusion")[:300])
    assert by_alpha / 300 == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / 300) ** 0.5)


def test_each_lane_has_its_own_transit() -> None:
    beta = "beta: {slots: {count: 1, every: month}, to_factory: 1 d, lanes: {here: {to_centre: 7 d}}, to_centre: 2 d}"
    found = ran(both("", ALPHA, beta), "[20 d]", "[20 d]")
    # alpha promises here day 51, beta 31 + 1 + 10 + 7; there alpha is on slots for all, beta 31 + 1 + 10 + 2
    assert found.days("infusion") == [49.0, 44.0]


def test_a_remake_stays_with_its_manufacturer() -> None:
    failing = both("", ALPHA.replace("20 d", "20 d, failure: 1"), "beta: {slots: {count: 1, every: month, lead: 90 d}}")
    found = ran("attempts: 2\n" + failing, "[20 d]")
    assert found.outcomes == ["product_failed"]
    # from retained cells, with no second slot: two manufactures of alpha's from day 31
    assert found.trace.ended_day.tolist() == [71.0]


def test_a_shut_down_of_one_leaves_the_other() -> None:
    shut = "disruptions: {flood: {resource: line, manufacturer: beta, from: 30 d, for: 40 d, work: finish}}\n"
    # beta's slot of day 31 would mean manufacture on day 36, and that of day 59 on day 64
    assert ran(both(), "[20 d, 20 d]", rest=shut).days("infusion") == [31.0 + 20.0, 59.0 + 20.0]


LINES = """
line_held: {from: booking, to: culture}
manufacturers:
  alpha: {lines: 1, duration: 20 d}
  beta: {lines: 1, duration: 30 d}
"""


def test_a_freed_line_goes_to_the_first_of_the_list() -> None:
    found = ran(LINES, "[0 d, 1 d, 2 d, 3 d]")
    # alpha until 20, beta until 31; alpha again until 40 for the third, beta from 31 for the fourth
    assert found.days("infusion") == [20.0, 31.0, 40.0, 61.0]
    assert found.resource("line/alpha").utilisation == pytest.approx(40.0 / 400.0)


ALTERNATIVE = "alternative: {offered: {after_waiting: 20 d}, start: 1 d}\n"


def test_who_gives_up_waiting_leaves_the_list_for_any() -> None:
    found = ran(both(), "[20 d, 20 d, 20 d]", rest=ALTERNATIVE)
    assert found.days("slot") == [31.0, 31.0, None]
    assert found.days("alternative") == [None, None, 41.0]


def test_nobody_gives_up_waiting_before_the_preferred_one_is_given_up() -> None:
    with pytest.raises(ScenarioError, match=r"alternative\.offered\.after_waiting: found beside rule 'preferred'"):
        ran(both("{rule: preferred, patience: 90 d}"), "[20 d]", rest=ALTERNATIVE)


def test_a_remake_queues_for_a_line_of_the_same_manufacturer_by_the_first_day() -> None:
    made = LINES.replace("20 d", "20 d, failure: 1").replace("30 d", "50 d") + "attempts: 2\n"
    found = ran(made, "[0 d, 1 d, 2 d]")
    # two manufactures of alpha's promise day 40, before beta's 50; the first fails on day 20 and has alpha's line again
    # at once, before the third, who has it from day 40
    assert found.outcomes == ["product_failed", "infused", "product_failed"]
    assert found.trace.ended_day.tolist() == [40.0, 51.0, 80.0]


SIX_SITES = {
    "one": (4, 0.05),
    "two": (31, 0.15),
    "three": (10, 0.05),
    "four": (4, 0.1),
    "five": (31, 0.1),
    "six": (10, 0.15),
}


def test_a_published_network_of_six_sites_can_be_written() -> None:
    # 4, 31 or 10 lines, yields of 0.85 to 0.95; a failure means another collection; who is at high risk goes first
    made = [
        "attempts: unlimited",
        "remake_from: apheresis",
        "line_held: {from: booking, to: culture}",
        "manufacturers:",
    ]
    for number, (name, (lines, failure)) in enumerate(SIX_SITES.items(), 1):
        here = f"here: {{to_factory: {number} d, to_centre: {number} d}}"
        lanes = f"lanes: {{{here}, there: {{to_factory: 1 d, to_centre: 1 d}}}}"
        made.append(f"  {name}: {{lines: {lines}, failure: {failure}, {lanes}}}")
    scenario = written(
        "\n".join(made),
        "7 / d",
        "3 / d",
        "waiting_list: {policy: sickest_first}\n",
        groups="{high: {share: 0.3, priority: 1}, standard: {share: 0.7}}",
    )
    found = run_scenario(scenario)
    days = np.linspace(0.0, 60.0, 601)[:, None]
    for number, resource in enumerate(found.protocol.resources):
        uses = found.trace.uses
        if resource.name.startswith("line/") and not resource.name.endswith("again"):
            mine = (uses.source == number) & np.isfinite(uses.began)
            ended = np.where(np.isnan(uses.ended[mine]), np.inf, uses.ended[mine])
            at_once = ((uses.began[mine] <= days) & (days < ended)).sum(axis=1)
            assert at_once.max() == SIX_SITES[resource.name.removeprefix("line/")][0]
    # collected again for each manufacture after the first
    again = found.trace.passes[:, found.trace.milestones.index("repeat_apheresis")]
    made_for = found.trace.attempts[:, found.trace.attempt_names.index("manufacture")]
    assert again.sum() > 0
    assert again.tolist() == np.maximum(made_for - 1, 0).tolist()


@pytest.mark.parametrize(("captive", "alpha", "beta"), [("0.8", 0.9, 0.9), ("1.2", 1.0, 1.2), ("0", 0.5, 0.5)])
@pytest.mark.parametrize("rule", ["{rule: first_free}", "{rule: preferred, patience: 9 d}"])
def test_loads_are_as_even_as_the_contracts_let_them_be(captive: str, alpha: float, beta: float, rule: str) -> None:
    daily = [text.replace("every: month", "every: day") for text in (ALPHA, BETA)]
    centres = "{here: {manufacturers: [alpha, beta]}, there: {manufacturers: [beta]}}"
    scenario = written(both(rule, *daily), "1 / d", f"{captive} / d", centres=centres)
    loads = {load.resource: load.load for load in offered_loads(scenario, build_protocol(scenario))}
    assert loads == pytest.approx({"slot/alpha": alpha, "slot/beta": beta}, rel=0.015)  # a lead takes five of 400 days


BETA_ALONE = "{here: {manufacturers: [beta]}, there: {manufacturers: [beta]}}"
HALF_A_LANE = "beta: {lanes: {here: {to_factory: 1 d, to_centre: 1 d}}}"
ALPHA_FOR_ALL = "{rule: share, shares: {alpha: 1}}"


@pytest.mark.parametrize(
    ("made", "centres", "told"),
    [
        (both(), "{here: {manufacturers: [alfa]}, there: {}}", "found 'alfa', which is no manufacturer"),
        (both(), BETA_ALONE, "alpha: no centre contracts with it"),
        (both(second=HALF_A_LANE), "", "has no to_factory, though centre 'there'"),
        (both(second="beta: {lines: 4}"), "", "its slots are unlimited, and its lines are not held from booking"),
        (both("{rule: preferred}"), "", "patience: required by rule 'preferred'"),
        (both(ALPHA_FOR_ALL), "{here: {}, there: {manufacturers: [beta]}}", "give no manufacturer to centre 'there'"),
        (both("{patience: 3 d}"), "", "patience: is not used: allowed with rule: preferred"),
        (both() + "products: {one: {share: 1}}", "", "found beside manufacturers"),
        (both("{risk_groups: {hi: [alpha]}}"), "", "found 'hi', which is no risk group"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_told(made: str, centres: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        ran(made, "[0 d]", **({"centres": centres} if centres else {}))
    assert told in str(caught.value)
