"""The clocks of a patient: `pieces/clocks.py`, row by row."""

from __future__ import annotations

from sim.engine.kernel.machine import compiled
from sim.engine.kernel.names import (
    ANEW_ELIGIBILITY,
    ANEW_THRESHOLD,
    CHANGES,
    CLOCK_SET,
    ELIGIBILITY,
    FACTOR,
    FACTOR_BY,
    FROM_DAY,
    GROUP,
    INFINITY,
    KNOT_DAY,
    KNOT_HAZARD,
    KNOT_RATE,
    OF_CLOCK,
    ORIGIN,
    PROGRESSED,
    PROGRESSED_DAY,
    PROGRESSES,
    PROGRESSION,
    SINCE,
    THRESHOLD,
    TOUCHED,
    USED,
)
from sim.engine.kernel.tables import ClockRows, Hazards, People, Records


@compiled
def hazard_by(hazards: Hazards, table: int, clock: int, age: float) -> float:
    """Cumulative hazard at an age."""
    knots, first, count = hazards.knots, hazards.at[table, clock, 0], hazards.at[table, clock, 1]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if age < knots[first + middle, KNOT_DAY]:
            high = middle
        else:
            low = middle + 1
    # an age below the first knot reads the last one, as an index of -1 does in the reference engine
    k = first + (low - 1 if low > 0 else count - 1)
    return float(knots[k, KNOT_HAZARD] + knots[k, KNOT_RATE] * (age - knots[k, KNOT_DAY]))


@compiled
def age_at(hazards: Hazards, table: int, clock: int, hazard: float) -> float:
    """First age at which the cumulative hazard is reached."""
    if hazard <= 0.0:
        return 0.0
    knots, first, count = hazards.knots, hazards.at[table, clock, 0], hazards.at[table, clock, 1]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if knots[first + middle, KNOT_HAZARD] < hazard:
            low = middle + 1
        else:
            high = middle
    k = first + max(low - 1, 0)
    if knots[k, KNOT_RATE] == 0.0:
        return INFINITY
    return float(knots[k, KNOT_DAY] + (hazard - knots[k, KNOT_HAZARD]) / knots[k, KNOT_RATE])


@compiled
def multiplier_of(hazards: Hazards, clocks: ClockRows, i: int, clock: int) -> float:
    """How many times as fast as its table the clock runs."""
    factor = clocks.rows[i, GROUP + clock] * clocks.rows[i, FACTOR + clock]
    return float(factor * hazards.after_progression[clock]) if clocks.state[i, PROGRESSED] else float(factor)


@compiled
def event_day(hazards: Hazards, clocks: ClockRows, i: int, clock: int) -> float:
    """The day of the clock's event, should nothing change any more."""
    c, table = clocks.rows[i], clocks.state[i, CLOCK_SET]
    if clock == PROGRESSION and not clocks.state[i, PROGRESSES]:
        return INFINITY
    multiplier = multiplier_of(hazards, clocks, i, clock)
    if multiplier == 0.0:
        return INFINITY
    needed = (c[THRESHOLD + clock] - c[USED + clock]) / multiplier
    reached = hazard_by(hazards, table, clock, c[SINCE] - c[ORIGIN]) + needed
    day = c[ORIGIN] + age_at(hazards, table, clock, reached)
    return float(day) if day > c[SINCE] else float(c[SINCE])


@compiled
def move_clocks(hazards: Hazards, clocks: ClockRows, i: int, day: float) -> None:
    """Let the hazards run to `day`, on which nothing else happens."""
    c, table = clocks.rows[i], clocks.state[i, CLOCK_SET]
    for clock in range(3):
        by_then = hazard_by(hazards, table, clock, day - c[ORIGIN])
        grown = by_then - hazard_by(hazards, table, clock, c[SINCE] - c[ORIGIN])
        c[USED + clock] = c[USED + clock] + multiplier_of(hazards, clocks, i, clock) * grown
    c[SINCE] = day


@compiled
def run_clocks(hazards: Hazards, clocks: ClockRows, i: int, until: float) -> tuple[float, int]:
    """(leaving day, clock) if the patient leaves by `until`; else (infinity, -1), with the clocks moved on."""
    c, s, changes = clocks.rows[i], clocks.state[i], clocks.changes[i]
    while True:
        change, first = INFINITY, -1
        for k in range(s[CHANGES]):
            if changes[k, FROM_DAY] < change:
                change, first = changes[k, FROM_DAY], k
        boundary = until if until < change else change
        day, clock = event_day(hazards, clocks, i, 0), 0
        for other in range(1, 3):
            its = event_day(hazards, clocks, i, other)
            if its < day:
                day, clock = its, other
        if day <= boundary and day < INFINITY:
            if clock != PROGRESSION:
                return day, clock
            if day < c[PROGRESSED_DAY]:
                c[PROGRESSED_DAY] = day
            if c[ELIGIBILITY] < hazards.ends_eligibility[s[CLOCK_SET]]:
                return day, clock
            move_clocks(hazards, clocks, i, day)
            s[PROGRESSED], s[PROGRESSES] = 1, 0
            continue
        if boundary == INFINITY:
            return INFINITY, -1
        move_clocks(hazards, clocks, i, boundary)
        if change > until:
            return INFINITY, -1
        c[FACTOR + int(changes[first, OF_CLOCK])] = changes[first, FACTOR_BY]
        s[CHANGES] -= 1
        for k in range(first, s[CHANGES]):
            for column in range(3):
                changes[k, column] = changes[k + 1, column]


@compiled
def touch_clocks(people: People, clocks: ClockRows, records: Records, first_set: int, i: int) -> None:
    """The clocks of a patient as they stood at referral, where nothing has touched them yet."""
    c, s = clocks.rows[i], clocks.state[i]
    if s[TOUCHED]:
        return
    s[TOUCHED], s[CLOCK_SET], s[PROGRESSED], s[PROGRESSES], s[CHANGES] = 1, first_set, 0, 1, 0
    c[ORIGIN] = c[SINCE] = records.referral[i]
    c[ELIGIBILITY], c[PROGRESSED_DAY] = people.eligibility[i], INFINITY
    c[ANEW_THRESHOLD], c[ANEW_ELIGIBILITY] = people.anew_threshold[i], people.anew_eligibility[i]
    for clock in range(3):
        c[USED + clock], c[FACTOR + clock] = 0.0, 1.0
        c[THRESHOLD + clock], c[GROUP + clock] = people.thresholds[clock, i], people.groups[clock, i]


@compiled
def set_multiplier(clocks: ClockRows, i: int, day: float, clock: int, by: float, from_day: float) -> None:
    """Set the path's multiplier of a clock from `from_day` on, in place of any set for later."""
    s, changes = clocks.state[i], clocks.changes[i]
    kept = 0
    for k in range(s[CHANGES]):
        if int(changes[k, OF_CLOCK]) != clock or changes[k, FROM_DAY] < from_day:
            for column in range(3):
                changes[kept, column] = changes[k, column]
            kept += 1
    if from_day <= day:
        clocks.rows[i, FACTOR + clock] = by
    else:
        changes[kept, FROM_DAY], changes[kept, OF_CLOCK], changes[kept, FACTOR_BY] = from_day, float(clock), by
        kept += 1
    s[CHANGES] = kept


@compiled
def switch_set(clocks: ClockRows, i: int, day: float, to: int, anew: int) -> None:
    """Go on under another set of hazards, whose ages count from `day`; progression anew, if asked for."""
    c, s = clocks.rows[i], clocks.state[i]
    s[CLOCK_SET], c[ORIGIN] = to, day
    if anew and not s[PROGRESSES]:
        s[PROGRESSES] = 1
        c[THRESHOLD + PROGRESSION], c[ELIGIBILITY] = c[ANEW_THRESHOLD], c[ANEW_ELIGIBILITY]
        c[USED + PROGRESSION] = 0.0


@compiled
def forecast(hazards: Hazards, clocks: ClockRows, records: Records, i: int) -> None:
    """Record when and by which clock the patient leaves as things stand, worked out in the row beyond the last one."""
    ahead = clocks.state.shape[0] - 1
    for column in range(clocks.rows.shape[1]):
        clocks.rows[ahead, column] = clocks.rows[i, column]
    for column in range(clocks.state.shape[1]):
        clocks.state[ahead, column] = clocks.state[i, column]
    for k in range(clocks.state[i, CHANGES]):
        for column in range(3):
            clocks.changes[ahead, k, column] = clocks.changes[i, k, column]
    records.leave_day[i], records.leave_clock[i] = run_clocks(hazards, clocks, ahead, INFINITY)
    records.progression_day[i] = clocks.rows[ahead, PROGRESSED_DAY]
