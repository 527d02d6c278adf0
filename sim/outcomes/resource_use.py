"""How resources were used in the calendar window: queue, use and waste, from the log of requests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.trace import PATIENT, Trace, Uses
from sim.outcomes.patients import Patients, slots_wasted
from sim.pieces.loads import unit_days
from sim.pieces.protocol import Cadence, Capacity, CapacitySteps, Protocol, Resource, Stock

FloatArray = NDArray[np.float64]
Window = tuple[float, float]


@dataclass(frozen=True)
class ResourceUse:
    """One resource at one centre (empty for one that serves all) in one replication.

    `requests`: asked inside the window; `delayed_share` of them waited; `queue_days_...` over all of them, whether
    served or not. `queue_mean`, `queue_p95`: patients waiting, over time. `utilisation`: units held by units there,
    those still held after a cut or in a shut-down among both. `wasted`: slots whose holder left. `expired`: slots or
    doses that nobody claimed. `withdrawn`: slots that the manufacturer took back, before or after their offer.
    """

    resource: str
    label: str
    kind: str
    centre: str
    requests: int
    delayed_share: float
    immediate_share: float
    queue_days_mean: float
    queue_days_max: float
    queue_days_total: float
    delayed: int
    left_share: float
    queue_mean: float
    queue_p95: float
    utilisation: float
    in_use_mean: float
    wasted: int
    expired: int
    withdrawn: int


def resource_use(protocol: Protocol, patients: Patients, trace: Trace, window: Window) -> list[ResourceUse]:
    """One row for each resource and centre, in order of declaration."""
    rows = []
    for index, resource in enumerate(protocol.resources):
        for place in range(places(resource)):
            chosen = (trace.uses.resource == index) & (trace.uses.centre == place)
            centre = protocol.centres[place] if resource.per_centre else ""
            rows.append(_one(resource, place, centre, trace, _rows(trace.uses, chosen), patients, window, index))
    return rows


def places(resource: Resource) -> int:
    """How many queues a resource has: one a centre, or one for all."""
    match resource:
        case Capacity():
            return len(resource.units)
        case Cadence():
            return len(resource.counts)
        case _:
            return len(resource.opening)


def _rows(uses: Uses, chosen: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.int64]]:
    return uses.asked[chosen], uses.began[chosen], uses.ended[chosen], uses.units[chosen]


def _one(
    resource: Resource,
    place: int,
    centre: str,
    trace: Trace,
    rows: tuple[FloatArray, FloatArray, FloatArray, NDArray[np.int64]],
    patients: Patients,
    window: Window,
    index: int,
) -> ResourceUse:
    asked, began, ended, units = rows
    served = np.where(np.isnan(began), np.where(np.isnan(ended), trace.stop_day, ended), began)
    waited = served - asked
    inside = (asked >= window[0]) & (asked < window[1])
    delayed = inside & ((waited > 0.0) | np.isnan(began))
    count = int(inside.sum())
    queue_mean, queue_p95 = _queue_length(asked, served, window)
    in_use, utilisation, wasted, expired, withdrawn = float("nan"), float("nan"), 0, 0, 0
    if isinstance(resource, Capacity):
        held = np.isfinite(began)
        until = np.where(np.isnan(ended), trace.stop_day, ended)
        busy = float((_overlap(began[held], until[held], window) * units[held]).sum())
        in_use = busy / (window[1] - window[0])
        steps = resource.units[place]
        there = unit_days(steps, window) + _beyond(steps, began[held], until[held], units[held].astype(float), window)
        # rounding must not make it more than all
        utilisation = min(busy / there, 1.0) if there > 0.0 else float("nan")
    elif isinstance(resource, Cadence):
        wasted, expired, claimed, offered, withdrawn = _slots(trace, patients, index, place, window)
        utilisation = claimed / offered if offered else float("nan")
    else:
        expiries = trace.expiries
        late = (expiries.centre == place) & (expiries.day >= window[0]) & (expiries.day < window[1])
        expired = int(expiries.doses[late].sum())
    return ResourceUse(
        resource=resource.name,
        label=resource.label,
        kind={Capacity: "capacity", Cadence: "cadence", Stock: "stock"}[type(resource)],
        centre=centre,
        requests=count,
        delayed_share=float(delayed.sum() / count) if count else float("nan"),
        immediate_share=1.0 - float(delayed.sum() / count) if count else float("nan"),
        queue_days_mean=float(waited[inside].mean()) if count else float("nan"),
        queue_days_max=float(waited[inside].max()) if count else float("nan"),
        queue_days_total=float(waited[inside].sum()),
        delayed=int(delayed.sum()),
        left_share=float((np.isnan(began) & np.isfinite(ended))[inside].mean()) if count else float("nan"),
        queue_mean=queue_mean,
        queue_p95=queue_p95,
        utilisation=utilisation,
        in_use_mean=in_use,
        wasted=wasted,
        expired=expired,
        withdrawn=withdrawn,
    )


def _slots(trace: Trace, patients: Patients, index: int, place: int, window: Window) -> tuple[int, int, int, int, int]:
    """(wasted, perished, claimed, there, withdrawn) of the slots starting inside the window."""
    slots = trace.slots
    mine = (slots.resource == index) & (slots.centre == place)
    mine &= (slots.start >= window[0]) & (slots.start < window[1])
    wasted, claimed = slots_wasted(patients, trace)[mine], slots.holder[mine] >= 0
    perished = np.isfinite(slots.perished[mine])
    withdrawn = int(np.isfinite(slots.withdrawn[mine]).sum())
    return int(wasted.sum()), int(perished.sum()), int(claimed.sum()), int(mine.sum()) - withdrawn, withdrawn


def _beyond(steps: CapacitySteps, start: FloatArray, end: FloatArray, units: FloatArray, window: Window) -> float:
    """Unit-days held inside the window beyond the units in force: by those granted before a cut or a shut-down."""
    since = np.array([day for day, _ in steps])
    moments = np.unique(np.clip(np.concatenate([np.array(window), since, start, end]), *window))
    there = np.array([units for _, units in steps])[np.searchsorted(since, moments[:-1], side="right") - 1]
    in_use = _begun_by(start, units, moments[:-1]) - _begun_by(end, units, moments[:-1])
    return float((np.maximum(in_use - there, 0.0) * np.diff(moments)).sum())


def _begun_by(days: FloatArray, units: FloatArray, moments: FloatArray) -> FloatArray:
    """The units whose day has come by each moment."""
    order = np.argsort(days, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(units[order])])
    return np.asarray(total[np.searchsorted(days[order], moments, side="right")])


def _overlap(start: FloatArray, end: FloatArray, window: Window) -> FloatArray:
    return np.asarray(np.maximum(np.minimum(end, window[1]) - np.maximum(start, window[0]), 0.0))


def _queue_length(asked: FloatArray, served: FloatArray, window: Window) -> tuple[float, float]:
    """(time mean, 95th percentile over time) of the number waiting inside the window."""
    queued = served > asked
    asked, served = asked[queued], served[queued]
    days = np.concatenate([asked, served])
    change = np.concatenate([np.ones(len(asked)), -np.ones(len(served))])
    clipped = np.clip(days, *window)
    order = np.argsort(clipped, kind="stable")
    moments = np.concatenate([[window[0]], clipped[order], [window[1]]])
    lengths = np.concatenate([[0.0], np.cumsum(change[order])])
    spans = np.diff(moments)
    whole = window[1] - window[0]
    reached = np.cumsum(np.bincount(lengths.astype(np.int64), weights=spans)) >= 0.95 * whole
    return float((lengths * spans).sum() / whole), float(np.argmax(reached))


def queue_days(trace: Trace, patients: Patients) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """(patient, day served, days queued) of every request of a patient that was served after waiting.

    Days on which a patient waits for two things at once (tests side by side) count once, for the one asked first.
    """
    uses = trace.uses
    rows = (uses.kind == PATIENT) & (uses.began > uses.asked)
    entity, asked, served = uses.entity[rows], uses.asked[rows], uses.began[rows]
    waited = served - asked
    overlapping = np.flatnonzero((entity[1:] == entity[:-1]) & (asked[1:] < served[:-1])) + 1
    for patient in np.unique(entity[overlapping]):
        reached = -math.inf
        for row in np.flatnonzero(entity == patient):
            waited[row] = max(0.0, served[row] - max(asked[row], reached))
            reached = max(reached, served[row])
    return entity, served, waited
