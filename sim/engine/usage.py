"""From the requests of the reference engine to the columns of the trace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.pools import ENTITY, NAN, Request
from sim.engine.trace import Uses


def uses(log: Sequence[Request], stop_day: float) -> Uses:
    """The rows in order of (kind, entity, asked in turn), without what was only foreseen for after the stop."""

    pools = [request.pool for request in log]
    who = np.array([request.who for request in log], dtype=np.int64)
    kind, entity = who >> 32, who & ENTITY
    resource = np.array([pool.index for pool in pools], dtype=np.int64)
    asked = np.array([request.asked for request in log], dtype=float)
    began = np.array([request.began for request in log], dtype=float)
    ended = np.array([request.ended for request in log], dtype=float)
    order = np.lexsort((np.arange(len(kind)), resource, asked, entity, kind))
    order = order[asked[order] <= stop_day]
    return Uses(
        kind[order],
        entity[order],
        resource[order],
        np.array([pool.centre for pool in pools], dtype=np.int64)[order],
        np.array([request.units for request in log], dtype=np.int64)[order],
        asked[order],
        np.where(began > stop_day, NAN, began)[order],
        np.where(ended > stop_day, NAN, ended)[order],
    )
