"""What a run has exercised: kinds of happenings and kinds of ties, read off its trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from sim.engine.trace import LOT, PATIENT, Trace
from sim.pieces.breakdowns import as_drawn
from sim.pieces.protocol import Cadence, Capacity, Stock
from sim.scenario import Scenario
from tests.engines.both import Case


def happenings(case: Case, trace: Trace) -> Counter[str]:
    """How often each kind of happening took place."""
    uses, resources = trace.uses, case.protocol.resources
    patient = uses.kind == PATIENT
    leaves = np.where(patient, trace.leave_day[np.where(patient, uses.entity, 0)] if patient.any() else np.nan, np.nan)
    began = np.isfinite(uses.began)
    left = (uses.ended == leaves) & np.isfinite(leaves)
    waited = began & (uses.began > uses.asked)
    found: Counter[str] = Counter()
    for index, resource in enumerate(resources):
        here = uses.resource == index
        kind = type(resource).__name__
        found[f"granted after waiting for {kind}"] += int((here & waited).sum())
        found[f"left while holding {kind}"] += int((here & began & left & (uses.began < uses.ended)).sum())
        found[f"left while waiting for {kind}"] += int((here & ~began & left).sum())
        found[f"waited under {resource.policy}"] += int((here & waited).sum())
        if len(np.unique(uses.centre[here])) > 1:
            found[f"{kind} in several centres"] += 1
        if isinstance(resource, Capacity):
            found["lot waited for a line"] += int((here & waited & (uses.kind == LOT)).sum())
            shared = [place for place in set(resource.sites) if resource.sites.count(place) > 1]
            places = [list(dict.fromkeys(resource.sites)).index(place) for place in shared]
            found["granted after waiting at what several centres share"] += int(
                (here & waited & np.isin(uses.centre, places)).sum()
            )
            again = np.diff(uses.entity[here]) == 0
            ready = uses.ended[here & began] + resource.turn_round
            if resource.turn_round > 0.0:
                found["granted once a unit was ready again"] += _common(uses.began[here & waited], ready)
            found["came back to a resource"] += int(again.sum())
    if "bridging_therapy" in trace.milestones:
        first = trace.notes[:, trace.milestones.index("bridging_therapy")]
        found["bridged in a bed"] += int(np.isfinite(first).sum())
        late = first > case.cohort.leave_day
        found["bridged in a bed, and by then left but for that"] += int(late.sum())
    found["waited or left while holding something else"] += _held_elsewhere(trace)
    found["slot perished"] += int(np.isfinite(trace.slots.perished).sum())
    found["slot handed back"] += int(trace.slots.handed_back.sum())
    found["slot handed back, claimed again"] += int(((trace.slots.handed_back > 0) & (trace.slots.holder >= 0)).sum())
    withdrawn, offered = trace.slots.withdrawn, trace.slots.offered
    found["slot not offered"] += int((withdrawn == offered).sum())
    found["slot withdrawn after its offer"] += int((withdrawn > offered).sum())
    found["holder's slot withdrawn"] += _slots_lost(case, trace)
    found["slot lost, as its holder was not ready"] += _not_ready(case, trace)
    found["doses expired"] += int(trace.expiries.doses.sum())
    found["lot delivered"] += int(np.isfinite(trace.lots.ready).sum())
    found["lot failed"] += int(np.isfinite(trace.lots.failed).sum())
    found["lot of a shelf of its own"] += int((trace.lots.centre > 0).sum())
    found["doses expired on a shelf of their own"] += int((trace.expiries.centre > 0).sum())
    later = trace.referral_day[len(trace.referral_day) // case.cohort.courses :] if case.cohort.courses > 1 else []
    found["came back for a later course"] += int(np.isfinite(later).sum())
    listed = patient & (case.cohort.referral_day[np.where(patient, uses.entity, 0)] < 0.0) if patient.any() else waited
    found["on the initial list, granted after waiting"] += int((listed & waited).sum())
    found["attempt after the first"] += int((trace.attempts > 1).sum())
    found["product went on without its patient"] += int(_goes_on(trace))
    found["clocks changed on the path"] += int((trace.leave_day != case.cohort.leave_day).sum())
    for clock, name in enumerate(("death", "progression", "removal")):
        found[f"left by {name}"] += int((trace.leave_clock == clock).sum())
    found["progressed and stayed"] += int(
        ((trace.progression_day < trace.leave_day) & (trace.progression_day <= trace.stop_day)).sum()
    )
    turned = [k for k, name in enumerate(trace.milestones) if name in ("alternative_accepted", "turned")]
    found["turned at progression"] += int((trace.notes[:, turned] == trace.progression_day[:, None]).sum())
    for outcome, name in enumerate(trace.outcomes):
        found[f"ended as {name}"] += int((trace.ended_outcome == outcome).sum())
    return found


def outages(scenario: Scenario, case: Case, trace: Trace) -> Counter[str]:
    """How often an outage by chance began, and how often while something that it disrupts was held, by what becomes of
    that; of outages of a part with the work on it, those with a date as well."""
    names = [resource.name for resource in case.protocol.resources]
    uses, found = trace.uses, Counter[str]()
    for name, one in as_drawn(scenario, int(case.luck.replications[0])).disruptions.items():
        if one.first_day > trace.stop_day:
            continue
        if one.by_number and one.resource in names:
            mine = uses.resource == names.index(one.resource)
            held = mine & (uses.began < one.first_day) & (one.first_day <= uses.ended)
            found[f"held as a part went out: {one.work}"] += int(held.sum())
            found["began on what was left"] += int((mine & (one.first_day < uses.began) & (uses.began < one.end)).sum())
        if name in scenario.disruptions:
            continue
        found["outage by chance"] += 1
        found["outage by chance of a part"] += int(not one.takes_all)
        if one.resource in names and not one.by_number:
            mine = uses.resource == names.index(one.resource)
            held = mine & (uses.began < one.first_day) & (one.first_day <= uses.ended)
            found[f"held when an outage by chance began: {one.work}"] += int(held.sum())
            found["granted at the end of an outage by chance"] += int((mine & (uses.began == one.end)).sum())
    return found


def ties(case: Case, trace: Trace) -> Counter[str]:
    """How often two kinds of happenings fell on one instant at one resource."""
    uses, found = trace.uses, Counter[str]()
    referral = case.cohort.referral_day
    found["two arrivals"] += len(referral) - len(np.unique(referral))
    leaving = set(trace.leave_day[np.isfinite(trace.leave_day)])
    for index, resource in enumerate(case.protocol.resources):
        for centre in np.unique(uses.centre[uses.resource == index]):
            here = (uses.resource == index) & (uses.centre == centre)
            asked, ended = uses.asked[here], uses.ended[here]
            held, queued = np.isfinite(uses.began[here]), ~np.isfinite(uses.began[here])
            given_back, lapsed = set(ended[held]), set(ended[queued])
            granted = set(uses.began[here & (uses.began > uses.asked)])
            found["two ask"] += len(asked) - len(np.unique(asked))
            found["one gives back, another asks"] += _common(given_back, asked)
            found["two give back"] += int(np.isfinite(ended[held]).sum()) - _common(given_back, given_back)
            found["one leaves the queue, another is served"] += _common(lapsed, granted)
            found["one leaves, another gives back"] += _common(leaving & given_back, granted)
            if isinstance(resource, Capacity):
                changes = {day for steps in resource.units for day, _ in steps if day > 0}
                found["a capacity changes, one asks"] += _common(changes, asked)
                found["a capacity changes, one gives back"] += _common(changes, given_back)
            if isinstance(resource, Cadence):
                found["a slot is offered, one asks"] += _common(set(trace.slots.offered), asked)
                perishing = trace.slots.perished[np.isfinite(trace.slots.perished)]
                found["slots perish together"] += len(perishing) - len(np.unique(perishing))
            if isinstance(resource, Stock):
                found["doses expire, one asks"] += _common(set(trace.expiries.day), asked)
                found["a lot is delivered, one asks"] += _common(set(trace.lots.ready), asked)
                found["a lot is delivered, doses expire"] += _common(set(trace.lots.ready), trace.expiries.day)
                found["two lots start"] += len(trace.lots.started) - len(np.unique(trace.lots.started))
    return found


def _not_ready(case: Case, trace: Trace) -> int:
    """Claims of a dated slot followed by another one on the day on which their patient was ready."""
    if "requirements_met" not in trace.milestones:
        return 0
    uses, found = trace.uses, 0
    ready = trace.notes[:, trace.milestones.index("requirements_met")]
    for index, resource in enumerate(case.protocol.resources):
        if isinstance(resource, Cadence):
            mine = (uses.resource == index) & (uses.kind == PATIENT)
            entity, began, asked = uses.entity[mine], uses.began[mine], uses.asked[mine]
            again = (entity[1:] == entity[:-1]) & np.isfinite(began[:-1]) & (asked[1:] == ready[entity[1:]])
            found += int(again.sum())
    return found


def _slots_lost(case: Case, trace: Trace) -> int:
    """Claims that ended on a day on which a slot was withdrawn, and were followed by another one on that day."""
    uses, days = trace.uses, set(trace.slots.withdrawn[np.isfinite(trace.slots.withdrawn)])
    found = 0
    for index, resource in enumerate(case.protocol.resources):
        if isinstance(resource, Cadence):
            mine = uses.resource == index
            entity, began, ended, asked = uses.entity[mine], uses.began[mine], uses.ended[mine], uses.asked[mine]
            again = (entity[1:] == entity[:-1]) & (asked[1:] == ended[:-1]) & np.isfinite(began[:-1])
            found += sum(bool(day in days) for day in ended[:-1][again])
    return found


def _common(a: Iterable[float], b: Iterable[float]) -> int:
    return len({x for x in a if np.isfinite(x)} & {x for x in b if np.isfinite(x)})


def _held_elsewhere(trace: Trace) -> int:
    """Uses asked for while the same entity held another resource."""
    uses, found = trace.uses, 0
    for k in range(1, len(uses.asked)):
        same = uses.entity[k] == uses.entity[k - 1] and uses.kind[k] == uses.kind[k - 1]
        waited = uses.began[k] != uses.asked[k]
        found += bool(same and waited and not uses.ended[k - 1] <= uses.asked[k])
    return found


def _goes_on(trace: Trace) -> int:
    """Stages of patients that end after their patient has left."""
    stages = trace.stages
    assert stages is not None
    return (
        int((stages.ended > trace.leave_day[stages.entity * (stages.kind == PATIENT)]).sum()) if len(stages.kind) else 0
    )
