"""The clocks of a patient: `pieces/clocks.py`, row by row."""

from __future__ import annotations

from sim.engine.kernel.machine import compiled, inlined
from sim.engine.kernel.names import INFINITY, LEAVES, NAN, PROGRESSION, STAYS
from sim.engine.kernel.rows import Clocks, FactorChange, OneClock
from sim.engine.kernel.tables import ClockRows, Hazards, People, Records


@compiled
def hazard_by(hazards: Hazards, table: int, clock: int, age: float) -> float:
    """Cumulative hazard at an age."""
    curve = hazards.curves[table, clock]
    low, high = 0, curve.count
    while low < high:
        middle = (low + high) // 2
        if age < hazards.knots[curve.first + middle].day:
            high = middle
        else:
            low = middle + 1
    # an age below the first knot reads the last one, as an index of -1 does in the reference engine
    knot = hazards.knots[curve.first + (low - 1 if low > 0 else curve.count - 1)]
    return knot.hazard + knot.rate * (age - knot.day)


@compiled
def age_at(hazards: Hazards, table: int, clock: int, hazard: float) -> float:
    """First age at which the cumulative hazard is reached."""
    if hazard <= 0.0:
        return 0.0
    curve = hazards.curves[table, clock]
    low, high = 0, curve.count
    while low < high:
        middle = (low + high) // 2
        if hazards.knots[curve.first + middle].hazard < hazard:
            low = middle + 1
        else:
            high = middle
    knot = hazards.knots[curve.first + max(low - 1, 0)]
    if knot.rate == 0.0:
        return INFINITY
    return knot.day + (hazard - knot.hazard) / knot.rate


@inlined
def multiplier_of(hazards: Hazards, its: Clocks, one: OneClock, clock: int) -> float:
    """How many times as fast as its table the clock runs."""
    factor = one.group * one.factor
    return float(factor * hazards.after_progression[clock]) if its.progressed else float(factor)


@inlined
def copy_change(old: FactorChange, new: FactorChange) -> None:
    """Write a change into another row."""
    new.day, new.clock, new.factor = old.day, old.clock, old.factor


@compiled
def event_day(hazards: Hazards, its: Clocks, one: OneClock, clock: int) -> float:
    """The day of the clock's event, should nothing change any more."""
    if one.threshold == INFINITY or (clock == PROGRESSION and not its.progresses):
        return INFINITY
    multiplier = multiplier_of(hazards, its, one, clock)
    if multiplier == 0.0:
        return INFINITY
    reached = one.lived + (one.threshold - one.used) / multiplier
    day = its.origin + age_at(hazards, its.hazards, clock, reached)
    return day if day > its.since else its.since


@compiled
def move_clocks(hazards: Hazards, clocks: ClockRows, i: int, day: float) -> None:
    """Let the hazards run to `day`, on which nothing else happens."""
    its = clocks.rows[i]
    for clock in range(3):
        one, by_then = clocks.each[i, clock], hazard_by(hazards, its.hazards, clock, day - its.origin)
        one.used = one.used + multiplier_of(hazards, its, one, clock) * (by_then - one.lived)
        one.lived = by_then
    its.since = day


@compiled
def run_clocks(hazards: Hazards, clocks: ClockRows, i: int, until: float) -> tuple[float, int]:
    """(leaving day, clock) if the patient leaves by `until`; else (infinity, -1), with the clocks moved on."""
    its = clocks.rows[i]
    while True:
        change, first = INFINITY, -1
        for k in range(its.changes):
            if clocks.changes[i, k].day < change:
                change, first = clocks.changes[i, k].day, k
        boundary = until if until < change else change
        day, clock = event_day(hazards, its, clocks.each[i, 0], 0), 0
        for other in range(1, 3):
            its_day = event_day(hazards, its, clocks.each[i, other], other)
            if its_day < day:
                day, clock = its_day, other
        if day <= boundary and day < INFINITY:
            if clock != PROGRESSION:
                return day, clock
            if day < its.progressed_day:
                its.progressed_day = day
            if its.eligibility < hazards.ends_eligibility[its.hazards]:
                return day, clock
            move_clocks(hazards, clocks, i, day)
            its.progressed, its.progresses = 1, 0
            continue
        if boundary == INFINITY:
            return INFINITY, -1
        move_clocks(hazards, clocks, i, boundary)
        if change > until:
            return INFINITY, -1
        due = clocks.changes[i, first]
        clocks.each[i, due.clock].factor = due.factor
        its.changes -= 1
        for k in range(first, its.changes):
            copy_change(clocks.changes[i, k + 1], clocks.changes[i, k])


@compiled
def touch_clocks(hazards: Hazards, people: People, clocks: ClockRows, records: Records, first_set: int, i: int) -> None:
    """The clocks of a patient as they stood at referral, where nothing has touched them yet."""
    its = clocks.rows[i]
    if clocks.touched[i]:
        return
    clocks.touched[i], its.hazards, its.progressed, its.progresses, its.changes = 1, first_set, 0, 1, 0
    its.origin = its.since = records.referral[i]
    its.eligibility, its.progressed_day = people.eligibility[i], INFINITY
    its.anew_threshold, its.anew_eligibility = people.anew_threshold[i], people.anew_eligibility[i]
    for clock in range(3):
        one = clocks.each[i, clock]
        one.used, one.factor, one.lived = 0.0, 1.0, hazard_by(hazards, first_set, clock, 0.0)
        one.threshold, one.group = people.thresholds[clock, i], people.groups[clock, i]


@compiled
def set_multiplier(clocks: ClockRows, i: int, day: float, clock: int, by: float, from_day: float) -> None:
    """Set the path's multiplier of a clock from `from_day` on, in place of any set for later."""
    its, changes, kept = clocks.rows[i], clocks.changes, 0
    for k in range(its.changes):
        if changes[i, k].clock != clock or changes[i, k].day < from_day:
            copy_change(changes[i, k], changes[i, kept])
            kept += 1
    if from_day <= day:
        clocks.each[i, clock].factor = by
    else:
        new = changes[i, kept]
        new.day, new.clock, new.factor = from_day, clock, by
        kept += 1
    its.changes = kept


@compiled
def switch_set(hazards: Hazards, clocks: ClockRows, i: int, day: float, to: int, anew: int) -> None:
    """Go on under another set of hazards, whose ages count from `day`; progression anew, if asked for."""
    its, progression = clocks.rows[i], clocks.each[i, PROGRESSION]
    its.hazards, its.origin = to, day
    for clock in range(3):
        clocks.each[i, clock].lived = hazard_by(hazards, to, clock, its.since - day)
    if anew and not its.progresses:
        its.progresses = 1
        progression.threshold, its.eligibility = its.anew_threshold, its.anew_eligibility
        progression.used = 0.0


@compiled
def copy_clocks(clocks: ClockRows, i: int, to: int) -> None:
    """Write the clocks of a patient as they stand into another row."""
    old, new = clocks.rows[i], clocks.rows[to]
    new.hazards, new.progressed, new.progresses, new.changes = old.hazards, old.progressed, old.progresses, old.changes
    new.origin, new.since, new.eligibility = old.origin, old.since, old.eligibility
    new.progressed_day = old.progressed_day
    for clock in range(3):
        mine, its = clocks.each[i, clock], clocks.each[to, clock]
        its.used, its.factor, its.group, its.threshold = mine.used, mine.factor, mine.group, mine.threshold
        its.lived = mine.lived
    for k in range(old.changes):
        copy_change(clocks.changes[i, k], clocks.changes[to, k])


@compiled
def forecast(hazards: Hazards, clocks: ClockRows, records: Records, i: int) -> None:
    """Record when and by which clock the patient leaves as things stand, worked out in the row beyond the last one."""
    ahead = len(clocks.rows) - 1
    copy_clocks(clocks, i, ahead)
    records.leave_day[i], records.leave_clock[i] = run_clocks(hazards, clocks, ahead, INFINITY)
    records.progression_day[i] = clocks.rows[ahead].progressed_day
    end_before(records, i)


@inlined
def end_before(records: Records, i: int) -> None:
    """An end of the path that is known ahead comes before a clock that would have struck later."""
    if records.ended_day[i] < records.leave_day[i]:
        records.leave_day[i], records.leave_clock[i] = records.ended_day[i], -1


@compiled
def at_progression(
    hazards: Hazards, clocks: ClockRows, records: Records, i: int, day: float, eligibility: float
) -> None:
    """From `day` on the patient's progressions are held against this uniform; the leaving day is foreseen anew."""
    its = clocks.rows[i]
    if eligibility == STAYS:
        its.eligibility = eligibility
        if records.ended_day[i] > day:
            records.ended_outcome[i], records.ended_day[i] = -1, NAN
    run_clocks(hazards, clocks, i, day)
    its.eligibility = eligibility
    forecast(hazards, clocks, records, i)


@inlined
def may_turn(clocks: ClockRows, i: int) -> bool:
    """Whether each progression of a patient takes them off the path."""
    return bool(clocks.touched[i] and clocks.rows[i].eligibility == LEAVES)
