"""Which referrals can matter: those up to the stop, which is known once a replication has been run.

A replication stops when the last measured patient's path has closed, mostly long before the last day on which one could
still be followed. Nobody who is referred after the stop is in any metric, and each draw is a function of its key: so
patients are drawn up to when most batches have stopped of late, and the replications that go on are run again.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence

import numpy as np

from sim.engine.trace import CHECK_EVERY_DAYS
from sim.pure.arrays import FloatArray
from sim.scenario.people import Run

# Of how many batches the last stop is remembered, and what share of them shall stop in time: the rest are run twice.
REMEMBERED, IN_TIME = 64, 0.95
# By what says when patients are referred and measured: arms that are compared draw the same patients, at once.
last_stops: defaultdict[Run, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))


def up_to_stop(
    run: Run, numbers: Sequence[int], rows: Callable[[Sequence[int], float], tuple[FloatArray, FloatArray]]
) -> FloatArray:
    """The rows of replications, which are the same whether patients are drawn who are referred after the stop, or not.

    `rows`: (a row for each replication, the day on which each stopped), of the numbers of some of them and of the day
    from which on nobody is referred.
    """
    stops = last_stops[run]
    last = np.quantile(stops, IN_TIME, method="higher") + CHECK_EVERY_DAYS if stops else run.days
    until = min(float(last), run.days)
    found, stop = rows(numbers, until)
    late = stop >= until
    if until < run.days and late.any():
        found[late], stop[late] = rows([number for number, so in zip(numbers, late, strict=True) if so], run.days)
    stops.append(float(stop.max()))
    return found
