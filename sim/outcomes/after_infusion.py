"""What becomes of patients once their path has ended: response, relapse and death, from keyed uniforms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.outcomes.bridging import bridged
from sim.outcomes.patients import Afterwards, Patients
from sim.pieces.luck import Luck
from sim.pieces.persons import persons, population
from sim.pieces.returning import PRODUCTS
from sim.pieces.returning import relapses as would_return
from sim.pure.arrays import BoolArray, FloatArray, IntArray
from sim.pure.discounting import DAYS_PER_YEAR
from sim.pure.frailty import Frailty
from sim.pure.mortality import Background, Meet, met_by, met_together
from sim.pure.odds import share_at_odds
from sim.pure.survival import Survival, known_table
from sim.scenario import Scenario
from sim.scenario.afterwards import UNTREATED, AfterInfusion, ByBridging, ByEarlierTarget, HazardRatios

ALTERNATIVE, STANDARD_CARE = "alternative", "standard_care"


def follow_on(
    scenario: Scenario, patients: Patients, luck: Luck, whose: BoolArray | None = None, meet: Meet = met_together
) -> Afterwards:
    """Every patient's life after the end of their path; the same luck gives the same life under every scenario.

    `whose`: of these alone, with all their courses or none of them; nobody else's is told (False and NaN).
    `meet`: the routine that finds days of death.

    Progression and death are each met with one unit-exponential threshold; multipliers that act from infusion on
    multiply the hazards. Before progression death has the hazard of death without it, behind it that of the clock that
    starts anew at progression, on what is left of the threshold: so nobody dies earlier because they progress later,
    where death is more likely after progression than before it. No hazard of death is below that of the general
    population (`sim.pure.mortality`). Responders progress from their response on; who dies before it has not responded.
    Draws are keyed `after_infusion/...`. In those infused they depend on the frailty that acted before infusion; those
    who are not infused live on by clocks that were measured in patients with their outcome.

    Who returns for a later course relapsed on the day of the return, whatever was drawn for them, and their death is
    that of the later course.
    """
    rules, frailty = scenario.after_infusion, patients.cohort.frailty
    assert rules is not None
    rests = np.where(np.isnan(patients.end_day), patients.followed_to, patients.end_day)
    rests = np.where(np.isfinite(patients.referral_day), rests, np.nan)
    mine = np.ones(len(rests), bool) if whose is None else whose
    rows = np.flatnonzero(mine)
    lives = _lives(scenario, rules, patients, luck, rows, frailty.of(rows), rests[rows], meet)
    relapse, death, response_day = (np.full(len(rests), np.nan) for _ in range(3))
    responded = np.zeros(len(rests), bool)
    responded[rows], response_day[rows], relapse[rows], death[rows] = lives
    died = patients.with_outcome("died") & mine
    death[died] = rests[died]
    back = np.flatnonzero((patients.cohort.course > 1) & np.isfinite(patients.referral_day) & mine)
    before, day = patients.cohort.person[back], patients.referral_day[back]
    # who returns has relapsed by then and lives on, in the later course
    relapse[before], death[before] = day, death[back]
    late = before[~(response_day[before] < day)]
    responded[late], response_day[late] = False, np.nan
    return Afterwards(responded, response_day, relapse, np.where(np.isfinite(death), death, np.nan), rests)


def _lives(
    scenario: Scenario,
    rules: AfterInfusion,
    patients: Patients,
    luck: Luck,
    rows: IntArray,
    frailty: Frailty,
    rests: FloatArray,
    meet: Meet,
) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray]:
    """(responded, day of response, of relapse, of death) of the patients in these rows, as if nobody returned.

    `frailty`, `rests`: theirs.
    """
    clocks = ("progression", "death")
    *drawn, respond = luck.patients(tuple(f"after_infusion/{name}" for name in (*clocks, "response")), rows)
    own = {name: -np.log1p(-u) for name, u in zip(clocks, drawn, strict=True)}
    thresholds = {name: frailty.tie(threshold) for name, threshold in own.items()}
    respond = frailty.tie_chance(respond)
    # of a first course: when they relapse who return then, if they live until it and are back in time
    infused_first = patients.infused & (patients.cohort.course == 1)
    back = np.where(infused_first[rows], would_return(scenario, luck, rows), np.nan)
    ratios = _ratios(scenario, rules, patients, luck, rows)
    groups: list[_Alike] = []
    given = {name: patients.infused & (patients.off_the_shelf == (name == "allogeneic")) for name in PRODUCTS}
    first_course = patients.cohort.course == 1
    treatments = [
        (rules.of(ALTERNATIVE), patients.turned),
        (rules.of(STANDARD_CARE), patients.cared_for),
        *((rules.of(product), treated & first_course) for product, treated in given.items()),
        *((rules.again(product), treated & ~first_course) for product, treated in given.items()),
    ]
    for durability, treated in treatments:
        mine = treated[rows]
        if durability is None or not mine.any():
            continue
        responds = respond < share_at_odds(durability.response, ratios["response"])
        for response in (True, False):
            chosen = np.flatnonzero(mine & (responds == response))
            if not len(chosen):
                continue
            reaches = np.zeros(len(chosen))
            if response:
                (chances,) = luck.patients(("after_infusion/time_to_response",), rows[chosen])
                reaches = durability.time_to_response.quantile(chances)
            shape = durability.progression_alone(response, frailty.strength)
            progresses = reaches + _age(shape, thresholds["progression"][chosen], ratios["progression"][chosen])
            progresses = np.where(np.isfinite(back[chosen]), back[chosen], progresses)
            later = durability.after_progression(response)
            threshold, ratio = thresholds["death"][chosen], ratios["death"][chosen]
            groups.append(_Alike(chosen, durability.death, threshold, ratio, progresses, later, response, reaches))
    for outcome in UNTREATED:
        chosen = np.flatnonzero(patients.with_outcome(outcome)[rows])
        if len(chosen):
            never, once, none = np.full(len(chosen), np.inf), np.ones(len(chosen)), np.zeros(len(chosen))
            death, threshold = rules.not_infused.of(outcome), own["death"][chosen]
            groups.append(_Alike(chosen, death, threshold, once, never, None, False, none))
    return _told(groups, _people(scenario, rules, patients, rows, rests), rests, meet)


@dataclass(frozen=True, eq=False)
class _Alike:
    """Patients who live by the same clocks, by their places: the clock of death, its threshold and hazard ratio.

    `progresses`: days to progression, `later`: the clock of death from then on; None where that of before goes on.
    `responds`: whether they respond, after `reaches` days, if they live that long.
    """

    who: IntArray
    death: Survival
    threshold: FloatArray
    ratio: FloatArray
    progresses: FloatArray
    later: Survival | None
    responds: bool
    reaches: FloatArray


def _told(
    groups: Sequence[_Alike], people: Background | None, rests: FloatArray, meet: Meet
) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray]:
    """What `_lives` gives, of all groups at once; who is in none responds to nothing, and lives."""
    relapse, death, response_day = (np.full(len(rests), np.nan) for _ in range(3))
    responded = np.zeros(len(rests), bool)
    if not groups:
        return responded, response_day, relapse, death
    who, ratio = np.concatenate([g.who for g in groups]), np.concatenate([g.ratio for g in groups])
    threshold, progresses = (np.concatenate([getattr(g, of) for g in groups]) for of in ("threshold", "progresses"))
    number = np.repeat(np.arange(len(groups)), [len(g.who) for g in groups])
    goes_on = np.array([g.later is None for g in groups])[number]
    until = np.where(goes_on, np.inf, progresses)
    clocks = [known_table(g.death) for g in groups]
    first = None if people is None else people.of(who, np.zeros(len(who)))
    dies, left = met_by(clocks, number, ratio, first, threshold, until, meet)
    relapses = progresses < dies
    # days from progression to death of those who progressed, by the clock that starts then and what is left
    then = np.flatnonzero(relapses & ~goes_on)
    if len(then):
        clocks = [known_table(g.death if g.later is None else g.later) for g in groups]
        second = None if people is None else people.of(who[then], progresses[then])
        ends = met_by(clocks, number[then], ratio[then], second, left[then], np.full(len(then), np.inf), meet)[0]
        dies[then] = progresses[then] + ends
    reaches = np.concatenate([g.reaches for g in groups])
    responded[who] = np.array([g.responds for g in groups])[number] & (reaches < np.minimum(dies, progresses))
    response_day[who] = np.where(responded[who], rests[who] + reaches, np.nan)
    relapse[who] = np.where(relapses, rests[who] + progresses, np.nan)
    death[who] = rests[who] + dies
    return responded, response_day, relapse, death


def _people(
    scenario: Scenario, rules: AfterInfusion, patients: Patients, rows: IntArray, rests: FloatArray
) -> Background | None:
    """People as old as each patient in these rows on the day from which their clocks run; None without life tables."""
    if rules.general_population is None:
        return None
    known = persons(scenario.patients, patients.cohort.luck, patients.cohort.person[rows])
    born = patients.referral_day[patients.cohort.person[rows]] - known["age"].astype(np.float64) * DAYS_PER_YEAR
    # who never began a course has no day from which clocks run
    age = np.where(np.isfinite(rests), rests - born, 0.0)
    return population(rules.general_population, known, age)


def _age(shape: Survival, threshold: FloatArray, ratio: FloatArray) -> FloatArray:
    """Days to the event of each patient, infinite where it never comes."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(ratio > 0.0, known_table(shape).age(threshold / ratio), np.inf)


def _ratios(
    scenario: Scenario, rules: AfterInfusion, patients: Patients, luck: Luck, rows: IntArray
) -> dict[str, FloatArray]:
    """The multipliers of the patients in these rows by what they act on: the product of those of each kind."""
    found = {name: np.ones(len(rows)) for name in HazardRatios.model_fields}
    for where, ratios in _kinds(scenario, rules, patients, luck):
        given = {name: ratio for name in found if (ratio := getattr(ratios, name)) != 1.0}
        theirs = where[rows] if given else where
        for name, ratio in given.items():
            found[name][theirs] *= ratio
    return found


def _kinds(
    scenario: Scenario, rules: AfterInfusion, patients: Patients, luck: Luck
) -> Iterator[tuple[BoolArray, HazardRatios]]:
    """(who is of it, their multipliers) of every kind of patient that has multipliers."""
    # only the product that was released last was infused, on the day on which the exception was granted
    infused = patients.infused
    yield infused & (patients.day("out_of_specification") == patients.day("released")), rules.out_of_specification
    yield infused & (patients.cohort.course > 1), rules.later_course
    yield patients.progressed, rules.progressed_before_infusion
    yield ~patients.progressed, rules.not_progressed_before_infusion
    for place, name in enumerate(scenario.patients.risk_groups):
        if name in rules.by_risk_group:
            yield patients.cohort.group == place, rules.by_risk_group[name]
    targets = rules.by_earlier_target
    held = np.isfinite(patients.day("holding_therapy"))
    if rules.by_bridging != ByBridging.by_default() or targets != ByEarlierTarget.by_default():
        given, responded = bridged(scenario, patients, luck)
        for target, ratios in (("same", targets.same), ("other", targets.other)):
            by_holding = held & (scenario.before_apheresis.holding.target == target)
            yield infused & (by_holding | (given & (scenario.bridging.target == target))), ratios
        yield infused & given & responded, rules.by_bridging.responded
        yield infused & given & ~responded, rules.by_bridging.no_response
        yield infused & ~given, rules.by_bridging.not_bridged
