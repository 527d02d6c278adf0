"""One frailty behind a patient's clocks: every law as it was, and the dependence that was asked for."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from sim.experiment.sweep.file import read_sweep_file
from sim.pieces.clocks import Clock
from sim.pieces.cohort import Cohort, draw_cohort
from sim.pieces.luck import WAITING
from sim.pieces.strategies import build_protocol
from sim.pure.frailty import INDEPENDENT, draw_frailty
from sim.scenario import ScenarioError, load
from tests.runs import SHIPPED, load_text, run_scenario
from tests.test_after_infusion import PLAIN, lived
from tests.test_inert_inputs import AUTOLOGOUS, WHOLE

STRENGTHS = (0.0, 0.1, 0.5, 2.0, 8.0)
# One in a thousand right programs would fail a test of this level; the seeds are fixed, so that it stays passed.
LEVEL = 1e-3

CLOCKS = """
name: Clocks
strategy: autologous
run: {start: 2026-01-01, warm_up: 0 d, window: 600 d, follow_up: 400 d, replications: 1, seed: 11}
regions: {here: {centre: here, referrals: 20 / d}}
centres: {here: {}}
patients: {risk_groups: {everybody: {share: 1}}}
clocks:
  waiting:
    progression: {exponential: {rate: 0.01 / d}}
    death: {weibull: {shape: 1.5, median: 80 d}}
    removal: {exponential: {rate: 0.002 / d}}
  after_apheresis: {progression: {exponential: {rate: 0.01 / d}}}
manufacturing: {duration: 20 d}
"""


def strength(theta: float) -> str:
    return f"patients.frailty.strength={theta}"


@lru_cache(maxsize=16)
def cohort(theta: float, *overrides: str, text: str = CLOCKS, replication: int = 0) -> Cohort:
    scenario = load_text(text, strength(theta), *overrides).scenario
    return draw_cohort(scenario, build_protocol(scenario).clocks, [replication])[0]


@lru_cache(maxsize=4)
def clocks_of(theta: float) -> dict[str, np.ndarray]:
    """Thresholds before infusion and times after it of the same patients, by clock."""
    drawn = cohort(theta)
    found = {
        "death": drawn.thresholds[Clock.DEATH],
        "progression": drawn.thresholds[Clock.PROGRESSION],
        "progression anew": drawn.anew_threshold,
    }
    lives = (
        ("progression after infusion", "death", "relapse_day"),
        ("death after infusion", "progression", "death_day"),
        ("death after progression", "", "death_day"),
    )
    for name, never, day in lives:
        changes = [f"after_infusion.autologous.{clock}=never" for clock in ("death", "progression") if clock == never]
        if not never:  # relapse on the day of infusion itself, all but a second
            changes = ["after_infusion.autologous.progression.exponential.rate=1000000 / d"]
            changes += ["after_infusion.autologous.death=never"]
        patients, after = lived(ALL_INFUSED, strength(theta), *changes)
        counts = patients.cohort.measured  # nobody waits for those who are referred later
        assert patients.infused[counts].all()
        found[name] = (getattr(after, day) - after.rests_day)[counts]
    return {
        name: times[drawn.measured] if len(times) == len(drawn.measured) else times for name, times in found.items()
    }


ALL_INFUSED = PLAIN.replace("response: 0.7", "response: 1").replace(
    PLAIN[PLAIN.index("run:") : PLAIN.index("clocks:")], CLOCKS[CLOCKS.index("run:") : CLOCKS.index("clocks:")]
)


# -- every law as it was ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theta", STRENGTHS)
def test_every_threshold_is_a_unit_exponential_whatever_the_strength(theta: float) -> None:
    drawn = cohort(theta)
    assert len(drawn.number) > 15_000
    for threshold in (*drawn.thresholds, drawn.anew_threshold):
        assert stats.kstest(threshold, "expon").pvalue > LEVEL


@pytest.mark.parametrize("theta", STRENGTHS)
def test_every_clock_after_infusion_keeps_its_law(theta: float) -> None:
    found = clocks_of(theta)
    for name, rate in (("progression", 0.002), ("death", 0.001)):
        assert stats.kstest(found[f"{name} after infusion"] * rate, "expon").pvalue > LEVEL
    assert stats.kstest(found["death after progression"] * 0.005, "expon").pvalue > LEVEL


@pytest.mark.parametrize("theta", STRENGTHS)
def test_the_share_that_responds_stays_and_the_frail_respond_less(theta: float) -> None:
    patients, after = lived(ALL_INFUSED, strength(theta), "after_infusion.autologous.response=0.7")
    counts = patients.cohort.measured
    responded = after.responded[counts]
    assert responded.mean() == pytest.approx(0.7, abs=3.3 * np.sqrt(0.21 / len(responded)))
    if theta > 0.0:
        level = patients.cohort.frailty.level[counts]
        assert level[responded].mean() < 1.0 < level[~responded].mean()


@pytest.mark.parametrize("theta", [0.1, 0.5, 2.0, 8.0])
def test_any_two_clocks_have_the_tau_of_clayton(theta: float) -> None:
    found = clocks_of(theta)
    assert len(found) == 6
    for one, other in combinations(found, 2):
        few = min(len(found[one]), len(found[other]), 6_000)
        tau = stats.kendalltau(found[one][:few], found[other][:few]).statistic
        if {one, other} == {"death after infusion", "death after progression"}:
            assert tau == pytest.approx(1.0)  # one threshold, lived at two hazards
            continue
        # of n independent pairs tau has a standard error of 2 / (3 sqrt n); dependent ones scatter less
        assert tau == pytest.approx(theta / (theta + 2.0), abs=4 * 2 / (3 * np.sqrt(few))), (one, other)


@pytest.mark.parametrize("theta", [0.5, 2.0])
def test_the_joint_survival_of_two_clocks_has_its_closed_form(theta: float) -> None:
    drawn = cohort(theta)
    death, progression = drawn.thresholds[Clock.DEATH], drawn.thresholds[Clock.PROGRESSION]
    for s, t in ((0.2, 0.2), (0.5, 1.0), (1.5, 0.3), (2.0, 2.0)):
        expected = (np.exp(theta * s) + np.exp(theta * t) - 1.0) ** (-1.0 / theta)
        error = np.sqrt(expected * (1.0 - expected) / len(death))
        assert ((death > s) & (progression > t)).mean() == pytest.approx(expected, abs=3.3 * error)


def test_leaving_for_other_reasons_has_nothing_to_do_with_it() -> None:
    independent, tied = cohort(0.0), cohort(2.0)
    assert np.array_equal(independent.thresholds[Clock.REMOVAL], tied.thresholds[Clock.REMOVAL])
    for clock in (Clock.DEATH, Clock.PROGRESSION):
        tau = stats.kendalltau(tied.thresholds[Clock.REMOVAL][:6_000], tied.thresholds[clock][:6_000]).statistic
        assert abs(tau) < 0.035


@pytest.mark.parametrize("text", [CLOCKS, AUTOLOGOUS, WHOLE], ids=["clocks", "autologous", "whole"])
def test_strength_0_gives_the_thresholds_of_independent_clocks_to_the_bit(text: str) -> None:
    drawn = cohort(0.0, text=text)
    assert drawn.frailty is INDEPENDENT
    waited = drawn.source == WAITING
    for clock in Clock:
        if np.isfinite(drawn.thresholds[clock]).any():
            own = -np.log1p(-drawn.luck.of(f"clock/{clock.name.lower()}"))
            assert np.array_equal(drawn.thresholds[clock][~waited], own[~waited])


def test_who_is_not_infused_lives_on_as_before() -> None:
    text = AUTOLOGOUS + (
        "after_infusion: {autologous: {progression: never}, not_infused: {death: {exponential: {rate: 0.01 / d}}}}\n"
    )
    (before, first), (after, second) = (lived(text, strength(theta)) for theta in (0.0, 1.0))
    same = (before.outcome == after.outcome) & (first.rests_day == second.rests_day) & ~before.infused
    assert same.sum() > 40
    assert np.array_equal(first.death_day[same], second.death_day[same])


# -- whose it is -----------------------------------------------------------------------------------------------------


def test_a_patient_is_as_frail_in_every_arm_and_with_every_strength_in_the_same_order() -> None:
    arms = []
    for stem in ("autologous", "allogeneic"):
        scenario = load(SHIPPED / f"{stem}.yaml").scenario
        assert scenario.patients.frailty.strength == 0.5
        arms.append(draw_cohort(scenario, build_protocol(scenario).clocks, [0, 1])[0])
    auto, allo = arms
    assert np.array_equal(auto.frailty.level, allo.frailty.level)
    assert np.array_equal(auto.thresholds, allo.thresholds)
    weak, strong = cohort(0.5), cohort(2.0)
    assert stats.spearmanr(weak.frailty.level, strong.frailty.level).statistic == pytest.approx(1.0)


def test_a_patient_is_as_frail_when_they_return() -> None:
    drawn = cohort(1.0, text=WHOLE)
    assert drawn.courses == 2
    later = drawn.course == 2
    assert np.array_equal(drawn.frailty.level[later], drawn.frailty.level[drawn.person[later]])
    assert not np.array_equal(drawn.thresholds[0][later], drawn.thresholds[0][drawn.person[later]])


def test_a_replication_is_the_same_alone_and_in_a_batch() -> None:
    scenario = load_text(WHOLE, strength(1.0)).scenario
    book = build_protocol(scenario).clocks
    batch, _ = draw_cohort(scenario, book, [0, 1, 2])
    alone, _ = draw_cohort(scenario, book, [1])
    assert np.array_equal(batch.alone(1).frailty.level, alone.frailty.level)
    assert np.array_equal(batch.alone(1).thresholds, alone.thresholds)


def test_more_patients_leave_the_frailty_of_the_others() -> None:
    more = cohort(0.5, "regions.there={centre: here, referrals: 3 / d}")
    assert np.array_equal(cohort(0.5).frailty.level, more.frailty.level[more.region == 0])


# -- those who have waited -------------------------------------------------------------------------------------------

SINCE = 60.0


def listed_and_referred(theta: float) -> tuple[Cohort, np.ndarray, Cohort, np.ndarray]:
    """An initial list of patients who have waited for 60 days; and patients referred, and who of them waits so long."""
    group = "patients.risk_groups={everybody: {share: 1, hazard: 1.4}}"
    listed = cohort(theta, group, f"regions.here.already_waiting={{count: 8000, waited: {SINCE} d}}")
    who = listed.source == WAITING
    referred = cohort(theta, group, replication=1)
    still = (referred.leave_day - referred.referral_day > SINCE) & (
        referred.progression_day - referred.referral_day > SINCE
    )
    return listed, who, referred, still


@pytest.mark.parametrize("theta", [0.0, 0.5, 3.0])
def test_an_initial_list_is_like_patients_referred_long_ago_who_still_wait(theta: float) -> None:
    listed, who, referred, still = listed_and_referred(theta)
    assert who.sum() == 8_000
    assert still.sum() > 1_000
    for name in ("leave_day", "progression_day"):
        there = getattr(listed, name)[who] - listed.referral_day[who]
        here = getattr(referred, name)[still] - referred.referral_day[still]
        assert min(there.min(), here.min()) > SINCE
        finite = [np.where(np.isfinite(days), days, 1e9) for days in (there, here)]
        assert stats.ks_2samp(*finite).pvalue > LEVEL
    # what is yet to come knows what they have survived
    assert stats.ks_2samp(listed.anew_threshold[who], referred.anew_threshold[still]).pvalue > LEVEL
    if theta > 0.0:
        assert stats.ks_2samp(listed.frailty.level[who], referred.frailty.level[still]).pvalue > LEVEL
        assert listed.frailty.level[who].mean() < 0.9


@pytest.mark.parametrize("theta", [0.5, 3.0])
def test_the_joint_survival_of_an_initial_list_has_its_closed_form(theta: float) -> None:
    listed = cohort(theta, f"regions.here.already_waiting={{count: 8000, waited: {SINCE} d}}")
    who = listed.source == WAITING
    lived_through = (np.log(2.0) * (SINCE / 80.0) ** 1.5, 0.01 * SINCE)
    death, progression = listed.thresholds[Clock.DEATH][who], listed.thresholds[Clock.PROGRESSION][who]

    def joint(s: float, t: float) -> float:
        return float((np.exp(theta * s) + np.exp(theta * t) - 1.0) ** (-1.0 / theta))

    for s, t in ((0.1, 0.1), (0.5, 0.0), (0.0, 0.5), (1.0, 2.0)):
        s, t = lived_through[0] + s, lived_through[1] + t
        expected = joint(s, t) / joint(*lived_through)
        error = np.sqrt(expected * (1.0 - expected) / len(death))
        assert ((death > s) & (progression > t)).mean() == pytest.approx(expected, abs=3.3 * error)


def test_frailty_given_what_was_survived_is_a_gamma() -> None:
    u = (np.arange(20_000) + 0.5) / 20_000
    hazards = np.array([[0.4] * 20_000, [1.1] * 20_000])
    theta = 0.7
    exposure = sum((np.exp(theta * h) - 1.0) / theta for h in (0.4, 1.1))
    level = draw_frailty(theta, u, hazards).level
    law = stats.gamma(1.0 / theta, scale=1.0 / (1.0 / theta + exposure))
    assert level.mean() == pytest.approx(law.mean(), rel=1e-3)
    assert level.var() == pytest.approx(law.var(), rel=5e-3)


def test_what_can_be_drawn_gives_no_impossible_threshold() -> None:
    ends = np.array([0.0, 2.0**-53, 0.5, 1.0 - 2.0**-53])
    for theta in (1e-9, 0.5, 10.0):
        for lived_through in (None, np.array([[0.0, 1.0, 60.0, 300.0]])):
            frailty = draw_frailty(theta, ends, lived_through)
            for u in ends:
                there = 0.0 if lived_through is None else lived_through[0]
                threshold = frailty.tie(np.full(4, -np.log1p(-u)), there)
                assert not np.isnan(threshold).any()
                assert (threshold >= there).all()
                assert ((frailty.tie_chance(np.full(4, u)) >= 0) & (frailty.tie_chance(np.full(4, u)) <= 1)).all()


def test_a_weak_frailty_comes_close_to_none() -> None:
    found = [cohort(theta).thresholds for theta in (0.0, 1e-6)]
    assert np.allclose(found[0], found[1], rtol=2e-2, atol=1e-6)


# -- progression that counts deaths ----------------------------------------------------------------------------------

FREE = {
    "exponential": ("{exponential: {rate: 0.01 / d}}", lambda t: 0.01 * t),
    "weibull": ("{weibull: {shape: 1.2, scale: 90 d}}", lambda t: (t / 90.0) ** 1.2),
    "piecewise": ("{piecewise: {0 d: 0.01 / d, 30 d: 0.006 / d}}", lambda t: 0.006 * t + 0.004 * np.minimum(t, 30.0)),
}
DEATHS = "{piecewise: {0 d: 0.002 / d, 50 d: 0.005 / d}}"


@pytest.mark.parametrize("theta", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("shape", FREE)
def test_progression_free_survival_comes_out_again(shape: str, theta: float) -> None:
    text, hazard = FREE[shape]
    deaths = "{weibull: {shape: 1.2, scale: 200 d}}" if shape == "weibull" else DEATHS
    progression = f"progression: {text}, progression_counts_deaths: true, ends_eligibility: 1"
    waiting = f"{{{progression}, death: {deaths}, removal: never}}"
    drawn = cohort(theta, f"clocks={{waiting: {waiting}}}")
    free = drawn.leave_day - drawn.referral_day
    assert stats.kstest(hazard(free), "expon").pvalue > LEVEL
    # and without taking the deaths out it does not
    twice = cohort(theta, f"clocks={{waiting: {waiting.replace('true', 'false')}}}")
    assert stats.kstest(hazard(twice.leave_day - twice.referral_day), "expon").pvalue < 1e-9


@pytest.mark.parametrize("theta", [0.0, 1.0])
def test_progression_free_survival_comes_out_again_after_infusion(theta: float) -> None:
    sets = ("after_infusion.autologous.progression_counts_deaths=true", strength(theta))
    patients, after = lived(ALL_INFUSED, *sets)
    free = (np.fmin(after.relapse_day, after.death_day) - after.rests_day)[patients.cohort.measured]
    assert stats.kstest(0.002 * free, "expon").pvalue > LEVEL


def test_more_deaths_than_progression_counts_are_refused() -> None:
    flag = "clocks.waiting.progression_counts_deaths=true"
    load_text(CLOCKS, flag, "clocks.waiting.death={exponential: {rate: 0.01 / d}}")
    for death in ("{exponential: {rate: 0.011 / d}}", "{piecewise: {0 d: 0.001 / d, 100 d: 0.02 / d}}"):
        with pytest.raises(ScenarioError, match=r"waiting.progression: counts deaths .* allowed: deaths with a lower"):
            load_text(CLOCKS, flag, f"clocks.waiting.death={death}")
    with pytest.raises(ScenarioError, match=r"after_infusion.autologous.without_response: counts deaths"):
        load_text(
            PLAIN,
            "after_infusion.autologous.progression_counts_deaths=true",
            "after_infusion.autologous.without_response={table: [[0 d, 1], [500 d, 0.9]], after: never}",
        )


def test_a_single_clock_has_nothing_to_be_tied_to() -> None:
    text = CLOCKS.replace("  after_apheresis: {progression: {exponential: {rate: 0.01 / d}}}\n", "")
    said = load_text(text, strength(0.5), "clocks.waiting.death=never").warnings
    assert any("patients.frailty: one clock only runs" in sentence for sentence in said)
    with pytest.raises(ScenarioError, match=r"patients.frailty.strength: is not used: no clock runs"):
        load_text(text, strength(0.5), "clocks={waiting: {death: never, progression: never}}")


def test_both_engines_agree_under_frailty_and_net_progression() -> None:
    sets = (strength(1.5), "clocks.waiting.progression_counts_deaths=true")
    for text in (AUTOLOGOUS, WHOLE):
        run_scenario(load_text(text, *sets).scenario)  # fails where they do not


def test_the_structural_analysis_that_is_shipped_has_all_three() -> None:
    found = read_sweep_file(SHIPPED / "parts" / "dependence.yaml")
    assert [file.stem for file in found.files] == ["autologous", "allogeneic"]
    strengths = [float(values["patients.frailty.strength"]) for values in found.variants.values()]
    assert (list(found.variants), strengths) == (["independent", "moderate", "strong"], [0.0, 0.5, 2.0])
