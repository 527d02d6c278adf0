"""How resources were used in the calendar window: queue, use and waste, from the log of requests."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.engine.trace import PATIENT, Trace, Uses
from sim.outcomes.by_group import ByGroup, ratio
from sim.outcomes.patients import Patients, slots_wasted
from sim.pieces.loads import unit_days
from sim.pieces.protocol import (
    KINDS,
    Cadence,
    Capacity,
    CapacitySteps,
    Protocol,
    Resource,
    Stock,
    place_names,
    places,
    unlimited,
)
from sim.pure.arrays import BoolArray, FloatArray, IntArray

Window = tuple[float, float]


@dataclass(frozen=True)
class ResourceUse:
    """One resource at one centre, or at what several share (empty for one that serves all), in one replication.

    `requests`: asked inside the window; `delayed_share` of them waited; `queue_days_...` over all of them, whether
    served or not. `queue_mean`, `queue_p95`: patients waiting, over time. `utilisation`: units held by units there,
    those still held after a cut or in a shut-down among both. Of these, `reserved_share` and `reserved_mean` stand idle
    for a patient who is still to come, and `turn_round_share` and `turn_round_mean` are made ready for the next;
    `occupied_share` are neither. `wasted`: slots whose holder left. `expired`: slots or
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
    occupied_share: float
    reserved_share: float
    turn_round_share: float
    in_use_mean: float
    reserved_mean: float
    turn_round_mean: float
    wasted: int
    expired: int
    withdrawn: int


def resource_use(protocol: Protocol, patients: Patients, trace: Trace, window: Window) -> list[tuple[ResourceUse, ...]]:
    """One row for each resource and centre, in order of declaration; by replication."""
    queues, replications = queues_of(protocol), len(trace.stop_day)
    # whole numbers stay whole: counts of people and things
    columns: dict[str, list[list[Any]]] = {
        name: values.reshape(replications, len(queues)).astype(_WHOLE.get(name, float)).tolist()
        for name, values in _figures(protocol, patients, trace, window).items()
    }

    def row(replication: int, queue: int) -> ResourceUse:
        resource, place = queues[queue]
        centre = place_names(resource, protocol.centres)[place]
        its = {name: values[replication][queue] for name, values in columns.items()}
        return ResourceUse(resource.name, resource.label, KINDS[type(resource)], centre, **its)

    return [tuple(row(k, queue) for queue in range(len(queues))) for k in range(replications)]


def use_in(
    protocol: Protocol, patients: Patients, trace: Trace, window: Window
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(used, there, mean number waiting) inside a window, each of shape (replications, queues).

    Of a capacity, unit-days held (turn-round among them) and unit-days there; of dated slots, those claimed and those
    there; else NaN. Used by there is what `ResourceUse.utilisation` is.
    """
    its = _in_window(protocol, patients, trace, window)
    shape = len(trace.stop_day), len(queues_of(protocol))
    return its.used.reshape(shape), its.there.reshape(shape), its.queue_mean.reshape(shape)


def queues_of(protocol: Protocol) -> list[tuple[Resource, int]]:
    """Each queue, as a resource and a place of it, in order of declaration."""
    return [(resource, place) for resource in protocol.resources for place in range(places(resource))]


def queue_of(protocol: Protocol, resource: IntArray, place: IntArray) -> IntArray:
    """The number, in the order of `queues_of`, of the queue of a resource at each place."""
    counts = np.array([places(resource) for resource in protocol.resources], dtype=np.int64)
    return np.asarray((np.cumsum(counts) - counts)[resource] + place)


def serving_queue_of(protocol: Protocol, uses: Uses) -> IntArray:
    """The queue whose units each use is of, in the order of `queues_of`: another one for who was on a list for any."""
    counts = np.array([places(resource) for resource in protocol.resources], dtype=np.int64)
    place = np.where(uses.source == uses.resource, uses.centre, np.minimum(uses.centre, counts[uses.source] - 1))
    return queue_of(protocol, uses.source, place)


_WHOLE: dict[str, type] = dict.fromkeys(("requests", "delayed", "wasted", "expired", "withdrawn"), int)


@dataclass(frozen=True, eq=False)
class _InWindow:
    """What happened inside a window.

    `by`, `serving`: the uses by the queue that was asked, and by that which served; `until`, `free`: of each use, its
    end, and when its units could be had again; `served`: the end of its wait. The others have an entry for each
    replication and queue: `used`, `there` as in `use_in`, and what kind of resource it is.
    """

    by: ByGroup
    serving: ByGroup
    until: FloatArray
    free: FloatArray
    served: FloatArray
    slots: _Slots
    used: FloatArray
    there: FloatArray
    queue_mean: FloatArray
    queue_p95: FloatArray
    capacity: BoolArray
    cadence: BoolArray


def _in_window(protocol: Protocol, patients: Patients, trace: Trace, window: Window) -> _InWindow:
    uses, queues = trace.uses, queues_of(protocol)
    by = _by_queue(protocol, trace, uses.replication, uses.resource, uses.centre)
    serving = ByGroup(uses.replication, len(trace.stop_day)).within(serving_queue_of(protocol, uses), len(queues))
    until = np.where(np.isnan(uses.ended), trace.stop_day[uses.replication], uses.ended)
    served = np.where(np.isnan(uses.began), until, uses.began)
    free, slots = free_again(protocol, trace), _slots(protocol, trace, patients, window)
    busy, there = _held(protocol, serving, trace, free, window)
    kind = np.array([type(resource).__name__ for resource, _ in queues] * len(trace.stop_day), dtype=object)
    capacity, cadence = kind == Capacity.__name__, kind == Cadence.__name__
    queue_mean, queue_p95 = _queue_length(by, uses.asked, served, window)
    return _InWindow(
        by=by,
        serving=serving,
        until=until,
        free=free,
        served=served,
        slots=slots,
        used=np.select([capacity, cadence], [busy, slots.claimed], np.nan),
        there=np.select([capacity, cadence], [there, slots.there], np.nan),
        queue_mean=queue_mean,
        queue_p95=queue_p95,
        capacity=capacity,
        cadence=cadence,
    )


def _figures(protocol: Protocol, patients: Patients, trace: Trace, window: Window) -> dict[str, FloatArray]:
    """The numbers of each `ResourceUse`, an entry for each replication and queue."""
    its, uses = _in_window(protocol, patients, trace, window), trace.uses
    by, capacity, slots, whole = its.by, its.capacity, its.slots, window[1] - window[0]
    waited = its.served - uses.asked
    inside = (uses.asked >= window[0]) & (uses.asked < window[1])
    delayed = inside & ((waited > 0.0) | np.isnan(uses.began))
    gone = np.isnan(uses.began) & np.isfinite(uses.ended)
    began = np.isfinite(uses.began)
    turned = its.serving.total(_overlap(its.until, its.free, window) * uses.units, began)
    idle = its.serving.total(idle_days(protocol, trace, window) * uses.units, began)
    # rounding must not make it more than all
    used_share = ratio(its.used, its.there)
    used_share = np.where(capacity, np.minimum(used_share, 1.0), used_share)
    idle_share = np.where(capacity, np.minimum(ratio(idle, its.there), used_share), np.nan)
    turned_share = np.where(capacity, np.minimum(ratio(turned, its.there), used_share - idle_share), np.nan)
    longest = np.full(by.groups, -np.inf)
    np.maximum.at(longest, by.of[inside], waited[inside])
    return {
        "requests": by.count(inside),
        "delayed_share": by.share(delayed, inside),
        "immediate_share": 1.0 - by.share(delayed, inside),
        "queue_days_mean": by.mean(waited, inside),
        "queue_days_max": np.where(np.isfinite(longest), longest, np.nan),
        "queue_days_total": by.total(waited, inside),
        "delayed": by.count(delayed),
        "left_share": by.share(gone, inside),
        "queue_mean": its.queue_mean,
        "queue_p95": its.queue_p95,
        "utilisation": used_share,
        "occupied_share": used_share - idle_share - turned_share,
        "reserved_share": idle_share,
        "turn_round_share": turned_share,
        "in_use_mean": np.where(capacity, its.used / whole, np.nan),
        "reserved_mean": np.where(capacity, idle / whole, np.nan),
        "turn_round_mean": np.where(capacity, turned / whole, np.nan),
        "wasted": slots.wasted,
        "expired": np.where(its.cadence, slots.perished, _expired(protocol, trace, window)),
        "withdrawn": slots.withdrawn,
    }


def _by_queue(protocol: Protocol, trace: Trace, replication: IntArray, resource: IntArray, place: IntArray) -> ByGroup:
    """By replication and queue."""
    return ByGroup(replication, len(trace.stop_day)).within(
        queue_of(protocol, resource, place), len(queues_of(protocol))
    )


@dataclass(frozen=True, eq=False)
class _Slots:
    """Of the slots starting inside the window, an entry for each replication and queue; `there` without `withdrawn`."""

    wasted: FloatArray
    perished: FloatArray
    claimed: FloatArray
    there: FloatArray
    withdrawn: FloatArray


def _slots(protocol: Protocol, trace: Trace, patients: Patients, window: Window) -> _Slots:
    slots = trace.slots
    by = _by_queue(protocol, trace, slots.replication, slots.resource, slots.centre)
    mine = (slots.start >= window[0]) & (slots.start < window[1])
    withdrawn = np.isfinite(slots.withdrawn)
    return _Slots(
        wasted=by.count(mine & slots_wasted(patients, trace)),
        perished=by.count(mine & np.isfinite(slots.perished)),
        claimed=by.count(mine & (slots.holder >= 0)),
        there=by.count(mine & ~withdrawn),
        withdrawn=by.count(mine & withdrawn),
    )


def _expired(protocol: Protocol, trace: Trace, window: Window) -> FloatArray:
    """Doses that expired inside the window, an entry for each replication and queue."""
    expiries = trace.expiries
    stock = [index for index, resource in enumerate(protocol.resources) if isinstance(resource, Stock)]
    resource = np.full(len(expiries.day), stock[0] if stock else 0)
    by = _by_queue(protocol, trace, expiries.replication, resource, expiries.centre)
    return by.total(expiries.doses, (expiries.day >= window[0]) & (expiries.day < window[1]))


def _held(
    protocol: Protocol, by: ByGroup, trace: Trace, until: FloatArray, window: Window
) -> tuple[FloatArray, FloatArray]:
    """(unit-days held inside the window, unit-days that were there), an entry for each replication and queue.

    Units held by those granted before a cut or a shut-down count among those there.
    """
    uses, queues = trace.uses, queues_of(protocol)
    held = np.isfinite(uses.began)
    busy = by.total(_overlap(uses.began, until, window) * uses.units, held)
    there = np.full(by.groups, np.nan)
    for queue, (resource, place) in enumerate(queues):
        if isinstance(resource, Capacity):
            mine = held & (by.of % len(queues) == queue)
            steps, replication = resource.units[place], ByGroup(uses.replication[mine], len(trace.stop_day))
            beyond = _beyond(steps, replication, uses.began[mine], until[mine], uses.units[mine], window)
            there[queue :: len(queues)] = unit_days(steps, window) + beyond
    return busy, there


def free_again(protocol: Protocol, trace: Trace) -> FloatArray:
    """The day on which the units of each use could be had again, or the stop: its end, and their turn-round."""
    uses = trace.uses
    stop = trace.stop_day[uses.replication]
    # what is without limit need not be made ready
    turns = np.array(
        [
            resource.turn_round if isinstance(resource, Capacity) and not unlimited(resource.units[place]) else 0.0
            for resource, place in queues_of(protocol)
        ]
    )
    if not turns.any():
        return np.where(np.isnan(uses.ended), stop, uses.ended)
    ready = uses.ended + turns[serving_queue_of(protocol, uses)]
    return np.where(np.isnan(ready), stop, np.minimum(ready, stop))


def idle_days(protocol: Protocol, trace: Trace, window: Window) -> FloatArray:
    """Days inside the window on which the unit of each use stood idle for its holder (`Capacity.idle_until`)."""
    uses = trace.uses
    found = np.zeros(len(uses.began))
    for index, resource in enumerate(protocol.resources):
        if isinstance(resource, Capacity) and resource.idle_until:
            mine = np.flatnonzero((uses.resource == index) & (uses.kind == PATIENT) & np.isfinite(uses.began))
            until = idle_until(resource, trace, mine)
            found[mine] = _overlap(uses.began[mine], until, window)
    return found


def idle_until(resource: Capacity, trace: Trace, rows: IntArray) -> FloatArray:
    """The day until which the unit of each of these uses stood idle for its holder: that of its grant where it did not.

    Until the holder passed one of the milestones, or to the end of the use where they never came; never where it was
    taken for what begins at once.
    """
    uses = trace.uses
    began = uses.began[rows]
    ended = np.where(np.isnan(uses.ended[rows]), trace.stop_day[uses.replication[rows]], uses.ended[rows])

    def days(names: tuple[str, ...]) -> FloatArray:
        there = [trace.milestones.index(name) for name in names if name in trace.milestones]
        return trace.notes[np.ix_(uses.entity[rows], np.array(there, dtype=np.int64))]

    came = np.fmin.reduce(days(resource.idle_until), axis=1, initial=np.inf)
    came = np.where((days(resource.at_once_on) == began[:, None]).any(axis=1), began, came)
    came = np.where(np.isinf(came), np.nan, came)
    return np.maximum(began, np.where(np.isnan(came), ended, np.minimum(came, ended)))


def _beyond(
    steps: CapacitySteps, by: ByGroup, start: FloatArray, end: FloatArray, units: IntArray, window: Window
) -> FloatArray:
    """Unit-days held inside the window beyond the units in force: by those granted before a cut or a shut-down."""
    if len(steps) == 1:
        return np.zeros(by.groups)  # nobody is granted what is not there
    since, there = np.array([day for day, _ in steps]), np.array([units for _, units in steps])
    groups = np.arange(by.groups)
    moments = np.concatenate([start, end, np.tile(since, by.groups)])
    of = np.concatenate([by.of, by.of, np.repeat(groups, len(since))])
    change = np.concatenate([units, -units, np.zeros(by.groups * len(since), dtype=np.int64)])
    of, moments, spans, in_use = _levels(by.groups, of, moments, change, window)
    in_force = there[np.searchsorted(since, moments, side="right") - 1]
    every = np.ones(len(of), bool)
    return ByGroup(of, by.groups).total(np.maximum(in_use - in_force, 0.0) * spans, every)


def _levels(
    groups: int, of: IntArray, days: FloatArray, change: IntArray, window: Window
) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
    """(group, day, days until the next change or the end of the window, level from then on) of each change.

    The changes of a group sum to 0. Those before the window count on its first day, those after it on its last.
    """
    every = np.arange(groups)
    of = np.concatenate([every, of, every])
    moments = np.concatenate([np.full(groups, window[0]), np.clip(days, *window), np.full(groups, window[1])])
    change = np.concatenate([np.zeros(groups, np.int64), change, np.zeros(groups, np.int64)])
    order = np.lexsort((moments, of))
    of, moments = of[order], moments[order]
    spans = np.zeros(len(of))
    spans[:-1] = np.where(of[1:] == of[:-1], np.diff(moments), 0.0)
    return of, moments, spans, np.cumsum(change[order])


def _overlap(start: FloatArray, end: FloatArray, window: Window) -> FloatArray:
    return np.asarray(np.maximum(np.minimum(end, window[1]) - np.maximum(start, window[0]), 0.0))


def _queue_length(by: ByGroup, asked: FloatArray, served: FloatArray, window: Window) -> tuple[FloatArray, FloatArray]:
    """(time mean, 95th percentile over time) of the number waiting inside the window, an entry a group."""
    queued = served > asked
    of, change = np.tile(by.of[queued], 2), np.repeat([1, -1], queued.sum())
    days = np.concatenate([asked[queued], served[queued]])
    of, _, spans, lengths = _levels(by.groups, of, days, change, window)
    whole = window[1] - window[0]
    mean = np.bincount(of, lengths * spans, minlength=by.groups) / whole
    most = int(lengths.max(initial=0)) + 1
    time = np.bincount(of * most + lengths, spans, minlength=by.groups * most).reshape(by.groups, most)
    return mean, np.argmax(np.cumsum(time, axis=1) >= 0.95 * whole, axis=1).astype(np.float64)


def queue_days(trace: Trace, patients: Patients) -> tuple[IntArray, FloatArray, FloatArray]:
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
        for row in range(*np.searchsorted(entity, (patient, patient + 1))):
            waited[row] = max(0.0, served[row] - max(asked[row], reached))
            reached = max(reached, served[row])
    return entity, served, waited
