"""What becomes of patients once their path has ended: closed forms, common luck, and every outcome."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, economics_of, simulate
from sim.outcomes.metrics import BY_NAME, INFUSED_AND_FREE, measure
from sim.outcomes.patients import OUTCOME_NAMES, Afterwards, Patients
from sim.pure.survival import Cured, Exponential, Never, Piecewise, Survival, Weibull, known_table
from sim.scenario import ScenarioError, load
from tests.runs import QUICKEST, SHIPPED, load_text, small
from tests.test_inert_inputs import AUTOLOGOUS

MONTH = 365.25 / 12

PLAIN = """
name: Plain
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 2000 d, follow_up: 300 d, replications: 1, seed: 3}
regions: {here: {centre: here, referrals: 10 / d}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
manufacturing: {duration: 20 d}
after_infusion:
  autologous:
    response: 0.7
    progression: {exponential: {rate: 0.002 / d}}
    without_response: {exponential: {rate: 0.02 / d}}
    death: {exponential: {rate: 0.001 / d}}
    death_after_progression: {exponential: {rate: 0.005 / d}}
  not_infused: {death: {exponential: {rate: 0.004 / d}}}
"""


def lived(text: str, *overrides: str, replication: int = 0) -> tuple[Patients, Afterwards]:
    patients, _ = simulate(Arm("one", load_text(text, *overrides).scenario), [replication], QUICKEST)
    assert patients.after is not None
    return patients, patients.after


def test_shares_and_means_follow_their_closed_forms() -> None:
    patients, after = lived(PLAIN)
    chosen = patients.infused
    n = int(chosen.sum())
    assert n > 15_000
    responded = after.responded[chosen]
    assert responded.mean() == pytest.approx(0.7, abs=4 * math.sqrt(0.21 / n))
    since = patients.day("infusion")[chosen]
    event = np.fmin(after.relapse_day, after.death_day)[chosen] - since
    # the first of two exponentials is exponential; a share of its events is the share of its hazard
    for mine, rate in ((responded, 0.002), (~responded, 0.02)):
        assert event[mine].mean() == pytest.approx(1 / (rate + 0.001), rel=4 / math.sqrt(mine.sum()))
        relapsed = ~np.isnan(after.relapse_day[chosen][mine])
        assert relapsed.mean() == pytest.approx(rate / (rate + 0.001), abs=4 * 0.5 / math.sqrt(mine.sum()))
    relapsed = ~np.isnan(after.relapse_day)
    later = (after.death_day - after.relapse_day)[relapsed]
    assert later.mean() == pytest.approx(200.0, rel=4 / math.sqrt(len(later)))


def test_without_a_clock_after_progression_death_runs_on_as_it_was() -> None:
    text = PLAIN.replace("    death_after_progression: {exponential: {rate: 0.005 / d}}\n", "")
    patients, after = lived(text)
    chosen = patients.infused
    survival = (after.death_day - patients.day("infusion"))[chosen]
    assert survival.mean() == pytest.approx(1000.0, rel=4 / math.sqrt(chosen.sum()))
    _, never_relapsed = lived(text, "after_infusion.autologous.progression=never")
    assert np.array_equal(after.death_day, never_relapsed.death_day, equal_nan=True)


def illness_death(progression: float, t: float) -> float:
    """Share alive at t: death 0.001 a day before progression, 0.005 after it."""
    leave = progression + 0.001
    return math.exp(-leave * t) + progression * (math.exp(-0.005 * t) - math.exp(-leave * t)) / (leave - 0.005)


def test_metrics_speak_of_the_same_patients() -> None:
    arm = Arm("one", load_text(PLAIN, "run.follow_up=730 d").scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    values = {name: metric.formula(patients, trace, arm.window)[0] for name, metric in BY_NAME.items()}
    after = 0.7 * math.exp(-0.003 * 365.25) + 0.3 * math.exp(-0.021 * 365.25)
    assert values["progression_free_at_1_year_share"] == pytest.approx(after, abs=0.015)
    assert values["responded_share"] == pytest.approx(0.7, abs=0.015)
    for months, name in INFUSED_AND_FREE.items():
        t = months * 365.25 / 12 - 20
        free = 0.7 * math.exp(-0.003 * t) + 0.3 * math.exp(-0.021 * t)
        assert values[name] == pytest.approx(free, abs=0.015)
    for years, name in ((1, "alive_at_12_months_share"), (2, "alive_at_24_months_share")):
        t = years * 365.25 - 20
        alive = 0.7 * illness_death(0.002, t) + 0.3 * illness_death(0.02, t)
        assert values[name] == pytest.approx(alive, abs=0.015)
    without, trace = simulate(Arm("none", load_text(PLAIN[: PLAIN.index("after_infusion")]).scenario), [0], QUICKEST)
    assert math.isnan(BY_NAME["responded_share"].formula(without, trace, arm.window)[0])


LIVING = (
    "after_infusion.autologous.progression=never",
    "after_infusion.autologous.without_response=never",
    "after_infusion.autologous.death=never",
)


def test_everybody_counts_and_who_waits_is_not_free() -> None:
    """Half are never infused; who is infused later than the month asked about does not count by then."""
    given = (
        "manufacturing.duration=300 d",
        "apheresis.shortfall=0.5",
        "apheresis.attempts=1",
        "run.follow_up=730 d",
        *LIVING,
    )
    arm = Arm("one", load_text(PLAIN, *given).scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    shares = [BY_NAME[name].formula(patients, trace, arm.window)[0] for name in INFUSED_AND_FREE.values()]
    assert shares == pytest.approx([0.0, 0.5, 0.5], abs=0.02)


def test_what_follow_up_does_not_reach_is_not_known() -> None:
    for days, known in ((730, [True, True, True]), (364, [True, False, False]), (365, [True, True, False])):
        arm = Arm("one", load_text(PLAIN, f"run.follow_up={days} d").scenario)
        patients, trace = simulate(arm, [0], QUICKEST)
        found = [BY_NAME[name].formula(patients, trace, arm.window)[0] for name in INFUSED_AND_FREE.values()]
        assert [not math.isnan(share) for share in found] == known


def test_the_same_luck_gives_the_same_life_when_only_the_wait_changes() -> None:
    before, first = lived(PLAIN)
    after, second = lived(PLAIN, "manufacturing.duration=50 d")
    both = before.infused & after.infused
    assert (first.responded == second.responded)[both].all()
    a, b = (first.death_day - before.day("infusion"))[both], (second.death_day - after.day("infusion"))[both]
    assert np.allclose(a, b, rtol=0, atol=1e-6)


LIVES = """
after_infusion:
  autologous: {response: 0.5, progression: {exponential: {rate: 0.01 / d}}}
  not_infused:
    death: {exponential: {rate: 0.01 / d}}
    withdrawn: {exponential: {rate: 1e-9 / d}}
"""


# so many products out of specification that some are given to patients who have progressed
OFTEN = "release_testing.out_of_specification=0.7"


def test_every_outcome_lives_on_until_death() -> None:
    patients, after = lived(AUTOLOGOUS + LIVES)
    dead_before = patients.outcome == OUTCOME_NAMES.index("died")
    assert dead_before.any()
    assert np.array_equal(after.death_day[dead_before], patients.end_day[dead_before])
    for name in ("progressed", "withdrawn", "product_failed", "waiting"):
        mine = patients.outcome == OUTCOME_NAMES.index(name)
        assert mine.any(), name
        assert (after.death_day[mine] > after.rests_day[mine]).all()
        assert np.isnan(after.relapse_day[mine]).all()
    withdrawn = patients.outcome == OUTCOME_NAMES.index("withdrawn")
    others = patients.outcome == OUTCOME_NAMES.index("progressed")
    assert (after.death_day - after.rests_day)[withdrawn].min() > (after.death_day - after.rests_day)[others].max()
    # nobody said when the infused die
    assert np.isnan(after.death_day[patients.infused]).all()
    waiting = patients.outcome == OUTCOME_NAMES.index("waiting")
    assert (after.rests_day[waiting] <= patients.cohort.referral_day[waiting] + 200.0).all()


def test_progressed_patients_and_products_out_of_specification_have_their_multipliers() -> None:
    patients, plain = lived(AUTOLOGOUS + LIVES, OFTEN)
    excepted = (patients.day("out_of_specification") == patients.day("released")) & patients.infused
    early = patients.progressed & patients.infused
    for some in (excepted & early, excepted & ~early, early & ~excepted, patients.infused & ~excepted & ~early):
        assert some.any()
    _, changed = lived(
        AUTOLOGOUS + LIVES,
        OFTEN,
        "after_infusion.progressed_before_infusion.progression=2",
        "after_infusion.out_of_specification.progression=4",
    )
    with np.errstate(invalid="ignore"):
        ratio = (plain.relapse_day - plain.rests_day) / (changed.relapse_day - changed.rests_day)
    expected = np.where(early, 2.0, 1.0) * np.where(excepted, 4.0, 1.0)
    assert np.allclose(ratio[patients.infused], expected[patients.infused], rtol=1e-6)


@pytest.mark.parametrize("after_progression", [False, True])
def test_the_multipliers_of_death_act_before_and_after_progression(after_progression: bool) -> None:
    course = "progression: never, death: {exponential: {rate: 0.002 / d}}"
    if after_progression:
        course = (
            "progression: {exponential: {rate: 0.01 / d}}, death_after_progression: {exponential: {rate: 0.002 / d}}"
        )
    lives = f"after_infusion.autologous={{response: 1, {course}}}"
    ratios = "after_infusion.progressed_before_infusion.death=2", "after_infusion.out_of_specification.death=4"
    patients, plain = lived(AUTOLOGOUS + LIVES, OFTEN, lives)
    _, changed = lived(AUTOLOGOUS + LIVES, OFTEN, lives, *ratios)
    begins = plain.relapse_day if after_progression else plain.rests_day
    ratio = (plain.death_day - begins)[patients.infused] / (changed.death_day - begins)[patients.infused]
    excepted = patients.day("out_of_specification") == patients.day("released")
    expected = (np.where(patients.progressed, 2.0, 1.0) * np.where(excepted, 4.0, 1.0))[patients.infused]
    assert set(expected) == {1.0, 2.0, 4.0, 8.0}
    assert ratio == pytest.approx(expected, rel=1e-6)


def kinds_of(patients: Patients) -> dict[str, np.ndarray]:
    """Who is of each kind that has multipliers, from the draws of the path itself."""
    luck, cohort = patients.cohort.luck, patients.cohort
    begins = patients.day("apheresis") + 3.0
    given = (luck.of("bridging.share") < 0.8) & (begins < patients.day("lymphodepletion"))
    responds = luck.of("bridging.response") < 0.6
    return {
        "by_risk_group.severe": cohort.group == 1,
        "progressed_before_infusion": patients.progressed,
        "not_progressed_before_infusion": ~patients.progressed,
        "out_of_specification": patients.day("out_of_specification") == patients.day("released"),
        "by_bridging.responded": given & responds,
        "by_bridging.no_response": given & ~responds,
        "by_bridging.not_bridged": ~given,
    }


def several(changes: list[str], text: str = AUTOLOGOUS) -> tuple[Patients, Afterwards, np.ndarray]:
    """(patients, lives, who of them is infused) of three replications one after the other."""
    patients, _ = simulate(Arm("one", load_text(text + LIVES, OFTEN, *changes).scenario), [0, 1, 2, 3], QUICKEST)
    assert patients.after is not None
    return patients, patients.after, patients.infused


@pytest.mark.parametrize("theta", [0.0, 1.0])
def test_every_kind_of_patient_has_its_own_multipliers(theta: float) -> None:
    base = [f"patients.frailty.strength={theta}"]
    base.append("after_infusion.autologous.progression={exponential: {rate: 0.01 / d}}")
    patients, plain, infused = several(base)
    changed = {name: 1.5 + k / 4 for k, name in enumerate(kinds_of(patients))}
    _, found, _ = several([*base, *(f"after_infusion.{name}.progression={m}" for name, m in changed.items())])
    expected = np.ones(len(infused))
    for name, mine in kinds_of(patients).items():
        assert 5 < (mine & infused).sum() < infused.sum(), name
        expected[mine] *= changed[name]
    with np.errstate(invalid="ignore"):
        ratio = (plain.relapse_day - plain.rests_day) / (found.relapse_day - found.rests_day)
    assert ratio[infused] == pytest.approx(expected[infused], rel=1e-6)


def test_response_has_an_odds_ratio_of_each_kind_and_the_same_luck() -> None:
    patients, _, infused = several([])
    ratios = {name: 0.4 + k / 3 for k, name in enumerate(kinds_of(patients))}
    _, found, _ = several([f"after_infusion.{name}.response={ratio}" for name, ratio in ratios.items()])
    odds = np.ones(len(infused))  # a response of 0.5
    for name, mine in kinds_of(patients).items():
        odds[mine] *= ratios[name]
    expected = patients.cohort.luck.of("after_infusion/response") < odds / (1.0 + odds)
    assert np.array_equal(found.responded[infused], expected[infused])
    for certain in (0, 1):
        share = f"after_infusion.autologous.response={certain}"
        _, sure, _ = several([share, "after_infusion.autologous.death=never"])
        assert sure.responded[infused].all() == bool(certain)


def test_an_odds_ratio_gives_the_share_of_its_formula() -> None:
    text = PLAIN.replace("not_infused:", "by_risk_group: {everybody: {response: 0.5}}\n  not_infused:")
    patients, after = lived(text)
    n = int(patients.infused.sum())
    share = 0.5 * 0.7 / (0.3 + 0.5 * 0.7)
    assert after.responded[patients.infused].mean() == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / n))


def test_multipliers_of_a_risk_group_that_there_is_not_are_refused() -> None:
    with pytest.raises(ScenarioError) as refused:
        load_text(AUTOLOGOUS + LIVES, "after_infusion.by_risk_group={severd: {death: 2}}")
    assert "by_risk_group.severd: is not used: 'severd' is no risk group; did you mean 'severe'?" in str(refused.value)


@pytest.mark.parametrize("shape", ["{exponential: {rate: 0.01 / d}}", "{table: [[0 d, 1], [40 d, 0.5], [60 d, 0]]}"])
def test_a_multiplier_of_zero_keeps_the_event_away(shape: str) -> None:
    course = f"after_infusion.autologous={{response: 0.5, progression: {shape}}}"
    patients, after = lived(AUTOLOGOUS + LIVES, course, "after_infusion.progressed_before_infusion.progression=0")
    assert np.array_equal(np.isnan(after.relapse_day[patients.infused]), patients.progressed[patients.infused])


BOTH = """
name: Both
strategy: hybrid
run: {start: 2026-01-01, warm_up: 0 d, window: 100 d, follow_up: 300 d, replications: 1, seed: 3}
regions: {here: {centre: here, referral_days: [0 d, 1 d]}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks: {waiting: {progression: never}}
hybrid: {after_waiting: 5 d}
manufacturing: {duration: 10 d, slots: {count: 1, every: month}}
allogeneic:
  stock: {opening: 9, order: {every: 4000 d}, doses_per_lot: 1}
  shipping: {duration: 2 d}
after_infusion:
  autologous: {response: 1, progression: {table: [[0 d, 1], [99.999999 d, 1], [100 d, 0]]}}
  allogeneic: {response: 1, progression: {table: [[0 d, 1], [29.999999 d, 1], [30 d, 0]]}}
  not_infused: {death: never}
"""


def test_each_product_has_its_own_durability() -> None:
    # the slot of day 0 goes to the first, infused on day 10; the second is given a dose on day 6, infused on day 8
    patients, after = lived(BOTH)
    assert patients.day("infusion").tolist() == [10.0, 8.0]
    assert after.responded.tolist() == [True, True]
    assert after.relapse_day == pytest.approx([110.0, 38.0], abs=1e-5)


def test_nobody_referred_leaves_every_share_open() -> None:
    arm = Arm("none", load_text(PLAIN.replace("referrals: 10 / d", "referrals: 0 / month")).scenario)
    patients, trace = simulate(arm, [0], QUICKEST)
    assert patients.after is not None
    after = patients.after
    assert [len(x) for x in (after.responded, after.relapse_day, after.death_day, after.rests_day)] == [0, 0, 0, 0]
    assert after.responded.dtype == bool
    for name, metric in BY_NAME.items():
        value = metric.formula(patients, trace, arm.window)[0]
        assert math.isnan(value) if metric.unit in {"share", "days"} or name == "returned" else value == 0.0, name


def test_shares_a_year_after_infusion_and_referral_by_hand() -> None:
    ran = small(
        "manufacturing: {duration: 10 d}\n",
        "0 d, 0 d, 0 d, 0 d, 60 d",
        "autologous",
        "",
        "run.window=50 d",
        "run.follow_up=730 d",
    )
    year, never = 365.25, math.nan
    after = Afterwards(
        responded=np.array([True, False, False, False, True]),
        response_day=np.full(5, never),
        relapse_day=np.array([never, 10.0 + year, never, never, 100.0]),
        death_day=np.array([year, 700.0, 300.0, never, 200.0]),
        rests_day=ran.patients.day("infusion"),
    )
    patients = replace(ran.patients, after=after)
    found = {
        name: BY_NAME[name].formula(patients, ran.trace, (0.0, 50.0))[0]
        for name in BY_NAME
        if ("_at_" in name and not name.startswith("treated")) or name == "responded_share"
    }
    # the first dies on the very day, the second relapses on it; the last is not measured
    assert found == {
        "responded_share": 0.25,
        "progression_free_at_1_year_share": 0.25,
        "infused_and_progression_free_at_6_months_share": 1.0,
        "infused_and_progression_free_at_12_months_share": 0.5,
        "infused_and_progression_free_at_24_months_share": 0.25,
        "alive_at_6_months_share": 1.0,
        "alive_at_12_months_share": 0.5,
        "alive_at_24_months_share": 0.25,
    }


@pytest.mark.parametrize(
    "shape",
    [
        Exponential(0.01), Weibull(1.5, 60.0), Piecewise((0.0, 10.0), (0.1, 0.05)), Piecewise((0.0, 10.0), (0.1, 0.0)),
        Never(), Cured(0.2, Exponential(0.01)),
    ],
)  # fmt: skip
def test_the_day_of_an_event_has_the_survival_that_it_was_drawn_from(shape: Survival) -> None:
    u = np.array([0.0, 0.1, 0.5, 0.799])
    days = known_table(shape).age(-np.log1p(-u))
    reached = np.isfinite(days)
    survival = np.exp(-shape.hazard(days[reached]))
    assert survival == pytest.approx(1 - u[reached], rel=1e-5)
    if isinstance(shape, Cured):
        assert np.isinf(known_table(shape).age(-np.log1p(-np.array([0.81])))).all()


@pytest.mark.parametrize("stem", ["autologous", "allogeneic", "library/sequential"])
def test_lives_of_the_measured_alone_are_those_among_all(stem: str) -> None:
    """What a sweep leaves out is nobody's whose number it tells: metrics and economics stay to the bit."""
    arm = Arm("one", load(SHIPPED / f"{stem}.yaml", ["run.warm_up=200 d", "run.window=200 d"]).scenario)
    (every, trace), (few, again) = (simulate(arm, [0, 1], QUICKEST, lives_of_all=of_all) for of_all in (True, False))
    assert every.after is not None
    assert few.after is not None
    measured = every.cohort.measured[every.cohort.person]
    for name in ("responded", "response_day", "relapse_day", "death_day"):
        mine, all_of_them = getattr(few.after, name), getattr(every.after, name)
        assert np.array_equal(mine[measured], all_of_them[measured], equal_nan=name != "responded"), name
        assert not np.any(np.isfinite(mine[~measured]) if name != "responded" else mine[~measured]), name
    assert np.isfinite(every.after.death_day[~measured]).any()
    assert np.array_equal(measure(few, again, arm.window), measure(every, trace, arm.window), equal_nan=True)
    assert np.array_equal(economics_of(arm, few, again), economics_of(arm, every, trace), equal_nan=True)
