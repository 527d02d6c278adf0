"""Bookings: whether a unit will be there on the day for which it is asked for, and when to look again."""

from __future__ import annotations

import numpy as np

from sim.engine.kernel.heaps import push
from sim.engine.kernel.hours import start_in
from sim.engine.kernel.machine import compiled
from sim.engine.kernel.names import DELIVERY, INFINITY, LOOKING
from sim.engine.kernel.rows import Pool, Request
from sim.engine.kernel.tables import HourTables, Pools, Run, Supplies, Table


@compiled
def opens_on(hours: HourTables, pool: Pool, day: float) -> float:
    """The first day from `day` on, on which what comes before a booked unit may begin."""
    if pool.hours < 0:
        return day
    return float(start_in(hours.openings[pool.hours], hours.intervals, day, 0.0))


@compiled
def needed_on(hours: HourTables, run: Run, pool: Pool, asked: Request) -> float:
    """The day on which a unit is needed if a booking is granted today."""
    return opens_on(hours, pool, run.now.today) + asked.ahead


@compiled
def units_there(supplies: Supplies, pool: Pool, day: float) -> float:
    """Units that will be there on a day, as far as is known."""
    last = pool.known
    while last + 1 < pool.known + pool.known_count and supplies.known[last + 1].day <= day:
        last += 1
    return float(supplies.known[last].units)


@compiled
def begins_on(supplies: Supplies, pool: Pool, booking: Request, today: float) -> float:
    """The day from which a booking counts: its own, or today where that is past, or when units are there again."""
    day = max(booking.day, today)
    if units_there(supplies, pool, day) > 0.0:
        return day
    for k in range(pool.known, pool.known + pool.known_count):
        if supplies.known[k].day > day and supplies.known[k].units > 0.0:
            return float(supplies.known[k].day)
    return day


@compiled
def taken_at(supplies: Supplies, run: Run, requests: Table[Request], pools: Pools, pool: Pool, moment: float) -> int:
    """Units that are booked, or expected in use, at a moment from now on."""
    today, count, row = run.now.today, 0, pool.chain
    while row >= 0:
        begins = begins_on(supplies, pool, requests[row], today)
        if begins <= moment and moment < begins + requests[row].planned:
            count += 1
        row = requests[row].following
    row = pools.rows[pool.other].chain
    while row >= 0:
        if moment == today or moment < requests[row].day:
            count += requests[row].units
        row = requests[row].following
    return count


@compiled
def one_is_left(
    supplies: Supplies, run: Run, requests: Table[Request], pools: Pools, pool: Pool, moment: float
) -> bool:
    """Whether one unit more than are taken will be there at a moment, as far as is known."""
    return taken_at(supplies, run, requests, pools, pool, moment) < units_there(supplies, pool, moment)


@compiled
def fits(
    supplies: Supplies, run: Run, requests: Table[Request], pools: Pools, pool: Pool, asked: Request, first: float
) -> bool:
    """Whether a unit will be there from a day on for as long as planned: each time that one more is taken, or one less
    is there."""
    fewest = supplies.known[pool.known].units
    for k in range(pool.known + 1, pool.known + pool.known_count):
        fewest = min(fewest, supplies.known[k].units)
    if pool.chained + pools.rows[pool.other].chained < fewest:
        return True  # were all taken at once, and as few there as ever will be
    if not one_is_left(supplies, run, requests, pools, pool, first):
        return False
    end = first + asked.planned
    for k in range(pool.known, pool.known + pool.known_count):
        day = supplies.known[k].day
        if first < day and day < end and not one_is_left(supplies, run, requests, pools, pool, day):
            return False
    row = pool.chain
    while row >= 0:
        day = begins_on(supplies, pool, requests[row], run.now.today)
        if first < day and day < end and not one_is_left(supplies, run, requests, pools, pool, day):
            return False
        row = requests[row].following
    return True


@compiled
def granted_for(hours: HourTables, pool: Pool, asked: Request, end: float) -> float:
    """The first day on which a unit needed from `end` on may be asked for, and what comes before begin."""
    day = end - asked.ahead
    while day + asked.ahead < end:
        day = np.nextafter(day, INFINITY)
    return float(opens_on(hours, pool, day))


@compiled
def come_again(
    supplies: Supplies, hours: HourTables, run: Run, requests: Table[Request], pools: Pools, pool: Pool, asked: Request
) -> None:
    """Look again as soon as the time asked for begins after something that is in its way now.

    A booking that counts from now on is in the way until it is taken up; then it is looked at anyway.
    """
    today, needed, next_look = run.now.today, needed_on(hours, run, pool, asked), INFINITY
    row = pool.chain
    while row >= 0:
        begins = begins_on(supplies, pool, requests[row], today)
        end = begins + requests[row].planned
        if begins > today and end > needed:
            next_look = min(next_look, granted_for(hours, pool, asked, end))
        row = requests[row].following
    row = pools.rows[pool.other].chain
    while row >= 0:
        if requests[row].day > needed:
            next_look = min(next_look, granted_for(hours, pool, asked, requests[row].day))
        row = requests[row].following
    for k in range(pool.known, pool.known + pool.known_count):
        if supplies.known[k].day > needed:
            next_look = min(next_look, granted_for(hours, pool, asked, supplies.known[k].day))
    if next_look < INFINITY and not (today < pool.looks and pool.looks <= next_look):
        pool.looks = next_look
        push(run, next_look, DELIVERY + pool.resource, LOOKING, pool.row)
