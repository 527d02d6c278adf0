"""The days on which thresholds are met (`mortality.met_together`), one patient after the other: the same bits."""

from __future__ import annotations

from sim.engine.kernel.machine import entry
from sim.engine.kernel.tables import opened
from sim.pure.mortality import Ahead


@entry
def fill(ahead: Ahead) -> int:
    """How many there are; `day` and `left` then say when each meets the threshold, and what is left of it."""
    rates, following, their_rates, their_following, ratio, until, age, own, theirs, day, left = opened(Ahead, ahead)
    for each in range(len(until)):
        mine, its, rest, now, last = own[each], theirs[each], left[each], 0.0, until[each]
        while now < last:
            rate = max(rates[mine] * ratio[each], their_rates[its])
            end_own, end_its = following[mine], their_following[its] - age[each]
            end = min(min(end_own, end_its), last)
            gained = rate * (end - now) if rate > 0.0 else 0.0
            if rate > 0.0 and rest <= gained:
                day[each], rest = now + rest / rate, 0.0
                break
            rest -= gained
            mine += int(end == end_own)
            its += int(end == end_its)
            now = end
        left[each] = rest
    return len(until)
