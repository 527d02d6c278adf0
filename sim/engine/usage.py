"""From the requests of the reference engine to the columns of the trace."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from sim.engine.requests import ENTITY, NAN, Request
from sim.engine.trace import Uses, only_one


def uses(log: Sequence[Request], stop_day: float) -> Uses:
    """The rows in order of (kind, entity, asked in turn), without what was only foreseen for after the stop."""

    pools = [request.pool for request in log]
    who = np.fromiter(map(attrgetter("who"), log), np.int64, len(log))
    kind, entity = who >> 32, who & ENTITY
    resource = np.array([pool.index for pool in pools], dtype=np.int64)
    asked = np.fromiter(map(attrgetter("asked"), log), float, len(log))
    began = np.fromiter(map(attrgetter("began"), log), float, len(log))
    ended = np.fromiter(map(attrgetter("ended"), log), float, len(log))
    # a stable sort: what one entity asks for at one instant of one resource stays in the order of asking
    order = np.lexsort((resource, asked, who))
    order = order[asked[order] <= stop_day]
    return Uses(
        only_one(order),
        kind[order],
        entity[order],
        resource[order],
        np.array([pool.centre for pool in pools], dtype=np.int64)[order],
        np.fromiter(map(attrgetter("units"), log), np.int64, len(log))[order],
        asked[order],
        np.where(began > stop_day, NAN, began)[order],
        np.where(ended > stop_day, NAN, ended)[order],
    )
