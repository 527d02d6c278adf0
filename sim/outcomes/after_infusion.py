"""What becomes of patients once their path has ended: response, relapse and death, from keyed uniforms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.outcomes.bridging import bridged
from sim.outcomes.patients import Afterwards, Patients
from sim.pieces.luck import Luck
from sim.pieces.persons import persons, population
from sim.pieces.returning import PRODUCTS
from sim.pieces.returning import relapses as would_return
from sim.pure.discounting import DAYS_PER_YEAR
from sim.pure.frailty import Frailty
from sim.pure.mortality import Background, met
from sim.pure.odds import share_at_odds
from sim.pure.survival import Survival, known_table
from sim.scenario import Scenario
from sim.scenario.afterwards import UNTREATED, AfterInfusion, ByBridging, ByEarlierTarget, HazardRatios

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
ALTERNATIVE, STANDARD_CARE = "alternative", "standard_care"


def follow_on(scenario: Scenario, patients: Patients, luck: Luck, whose: BoolArray | None = None) -> Afterwards:
    """Every patient's life after the end of their path; the same luck gives the same life under every scenario.

    `whose`: of these alone, with all their courses or none of them; nobody else's is told (False and NaN).

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
    lives = _lives(scenario, rules, patients, luck, rows, frailty.of(rows), rests[rows])
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
) -> tuple[BoolArray, FloatArray, FloatArray, FloatArray]:
    """(responded, day of response, of relapse, of death) of the patients in these rows, as if nobody returned.

    `frailty`, `rests`: theirs.
    """
    clocks = ("progression", "death")
    *drawn, respond = luck.patients(tuple(f"after_infusion/{name}" for name in (*clocks, "response")), rows)
    own = {name: -np.log1p(-u) for name, u in zip(clocks, drawn, strict=True)}
    thresholds = {name: frailty.tie(threshold) for name, threshold in own.items()}
    respond = frailty.tie_chance(respond)
    relapse, death, response_day = (np.full(len(rests), np.nan) for _ in range(3))
    responded = np.zeros(len(rests), bool)
    # of a first course: when they relapse who return then, if they live until it and are back in time
    infused_first = patients.infused & (patients.cohort.course == 1)
    back = np.where(infused_first[rows], would_return(scenario, luck, rows), np.nan)
    people = _people(scenario, rules, patients, rows, rests)
    ratios = _ratios(scenario, rules, patients, luck, rows)
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
            ratio = ratios["death"][chosen]
            progresses = reaches + _age(shape, thresholds["progression"][chosen], ratios["progression"][chosen])
            progresses = np.where(np.isfinite(back[chosen]), back[chosen], progresses)
            later = durability.after_progression(response)
            # without a clock that starts at progression, that of death goes on
            until = progresses if later is not None else np.full(len(progresses), np.inf)
            first = None if people is None else people.of(chosen, np.zeros(len(ratio)))
            dies, left = met(known_table(durability.death), ratio, first, thresholds["death"][chosen], until)
            relapses = progresses < dies
            if later is not None:
                dies[relapses] = progresses[relapses] + _then(later, ratio, first, left, progresses, relapses)
            responded[chosen] = response & (reaches < np.minimum(dies, progresses))
            response_day[chosen] = np.where(responded[chosen], rests[chosen] + reaches, np.nan)
            relapse[chosen] = np.where(relapses, rests[chosen] + progresses, np.nan)
            death[chosen] = rests[chosen] + dies
    for outcome in UNTREATED:
        chosen = np.flatnonzero(patients.with_outcome(outcome)[rows])
        if len(chosen):
            nothing = np.zeros(len(chosen))
            first = None if people is None else people.of(chosen, nothing)
            table, never = known_table(rules.not_infused.of(outcome)), np.full(len(chosen), np.inf)
            death[chosen] = rests[chosen] + met(table, nothing + 1.0, first, own["death"][chosen], never)[0]
    return responded, response_day, relapse, death


def _then(
    later: Survival,
    ratio: FloatArray,
    people: Background | None,
    left: FloatArray,
    progresses: FloatArray,
    who: BoolArray,
) -> FloatArray:
    """Days from progression to death of those who progressed, by the clock that starts then and what is left."""
    theirs = None if people is None else people.of(who, progresses[who])
    return met(known_table(later), ratio[who], theirs, left[who], np.full(int(who.sum()), np.inf))[0]


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
