"""What a search found: its table, a row for each combination and target, and sentences on it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.plan.bench import Bench
from sim.experiment.plan.ceiling import Ceiling, Lift
from sim.experiment.plan.search import Found, Rule
from sim.experiment.plan.targets import Target, together
from sim.experiment.study.tables import reached
from sim.outcomes.estimates import SHARE, interval
from sim.outcomes.metrics import CENSORED, METRIC_NAMES, unresolved_of
from sim.tables.words import counted

MET, MISSED, UNDECIDED, NOT_NEEDED = "met", "missed", "not decided", "not needed"
# So many others, or capacities, are named in a sentence.
NAMED = 3


@dataclass(frozen=True)
class Answer:
    """A finished search. `fronts`: of each target, what nothing cheaper beats. `ceiling` where nothing was chosen.

    `proposed`: whether an optimiser said what was tried.
    """

    found: Found
    rule: Rule
    fronts: list[set[int]]
    ceiling: Ceiling | None
    proposed: bool


def plan_table(bench: Bench, answer: Answer) -> pd.DataFrame:
    """`plan.csv`: in order of cost, target by target."""
    space, found = bench.space, answer.found
    order = sorted(found.tested, key=lambda number: (space.cost(number), number))
    frames = []
    for place in range(len(bench.targets)):
        rows = [_row(bench, answer, number, place) for number in order]
        frames.append(pd.DataFrame(rows).assign(order=range(len(rows))))
    table = pd.concat(frames, ignore_index=True).sort_values("order", kind="stable").reset_index(drop=True)
    return table[[*(name for name in table.columns if name != "order")]]


def _row(bench: Bench, answer: Answer, number: int, place: int) -> dict[str, Any]:
    found, target, point = answer.found, bench.targets[place], bench.space.point(number)
    tested, values = found.tested[number], bench.values(number)
    decision, metric = tested.decisions[place], target.metric
    mine = values[:, bench.column(metric.name)]
    mean, low, high = interval(mine, within=metric.possible)
    infused = interval(values[:, METRIC_NAMES.index("infused_share")], within=SHARE)
    return {
        "combination": number,
        **point.values,
        "cost": bench.space.cost(number),
        "scenario": bench.sweep.plan.base.names[0],
        "metric": metric.name,
        "label": metric.label,
        "unit": metric.unit,
        "estimate": float(reached(mean)),
        "low": float(low),
        "high": float(high),
        "target": str(target),
        "zone": target.zone,
        "decision": _told(decision.keeps, number in found.undecided),
        "decided_after": None if decision.keeps is None else decision.after,
        "met": decision.keeps,
        "all_met": tested.met,
        "answer": number == found.chosen,
        "near": number in found.near,
        "front": number in answer.fronts[place],
        "replications": int(np.isfinite(mine).sum()),
        "patients": float(bench.sweep.plan.patients_of(values)[bench.column(metric.name)]),
        "unresolved_share": unresolved_of(values),
        **dict(zip(("infused_share", "infused_share_low", "infused_share_high"), map(float, infused), strict=True)),
    }


def _told(keeps: bool | None, undecided: bool) -> str:
    """What was decided; what is still open is not needed where the combination is out or dearer than the answer."""
    return {True: MET, False: MISSED, None: UNDECIDED if undecided else NOT_NEEDED}[keeps]


def said_of(bench: Bench, answer: Answer) -> list[str]:
    """Sentences: the answer or the ceiling, what comes near, how many are infused, and what is promised."""
    found = answer.found
    said = [_answer(bench, answer)]
    if answer.ceiling is not None:
        said += _ceiling(bench, answer.ceiling)
    shown = found.chosen if answer.ceiling is None else answer.ceiling.number
    if shown is not None:
        said.append(_infused(bench, shown))
    if found.chosen is not None:
        said.append(_near(bench, answer))
    if found.undecided:
        said.append(_undecided(bench, answer))
    return [*said, _promise(bench, answer)]


def costs(bench: Bench, number: int) -> str:
    """The combination and, where prices were given, what it costs."""
    cost = f", at a cost of {bench.space.cost(number):,.10g}," if bench.space.prices else ""
    return f"{bench.space.told(number)}{cost}"


def _answer(bench: Bench, answer: Answer) -> str:
    sure, wanted = f"with {100 * answer.rule.confidence:g}% confidence", together(bench.targets)
    tried, space = len(answer.found.tested), bench.space
    kind = "values" if len(space.levers) == 1 else "combinations"
    among = f"{tried} {kind} evaluated (of {space.size})" if answer.proposed else f"{tried} {kind}"
    if answer.found.chosen is None:
        levers = " and ".join(f"{one.path} from {one.levels[0]} to {one.levels[-1]}" for one in space.levers)
        what = f"No value of {levers}" if len(space.levers) == 1 else f"No combination of {levers} ({among})"
        return f"{what} meets {wanted} {sure}" if not answer.found.undecided else f"{what} was found to meet {wanted}"
    if not space.prices and not answer.proposed:
        return f"{costs(bench, answer.found.chosen)} is the smallest that meets {wanted} {sure}"
    rank = "cheapest" if space.prices else "smallest"
    return f"{costs(bench, answer.found.chosen)} is the {rank} of {among} that meets {wanted} {sure}"


def _near(bench: Bench, answer: Answer) -> str:
    near, part = answer.found.near, f"{100 * answer.rule.near:g}%"
    of = "of that cost" if bench.space.prices else "of that value"
    if not near:
        return f"Nothing else within {part} {of} meets it"
    told = "; ".join(costs(bench, number).rstrip(",") for number in near[:NAMED])
    more = f"; and {len(near) - NAMED} more (plan.csv)" if len(near) > NAMED else ""
    return f"Within {part} {of}, this meets it too: {told}{more}"


def _undecided(bench: Bench, answer: Answer) -> str:
    told = "; ".join(bench.space.told(number) for number in answer.found.undecided[:NAMED])
    count = len(answer.found.undecided)
    more = f"; and {count - NAMED} more" if count > NAMED else ""
    start = "Cheaper, and not" if answer.found.chosen is not None and bench.space.prices else "Not"
    return (
        f"{start} decided within {counted(answer.rule.limit, 'replication')}: {told}{more}. That nothing cheaper would "
        "do is not promised; a wider --zone or more --max-replications settles it"
    )


def _promise(bench: Bench, answer: Answer) -> str:
    zones = ", ".join(f"{target.metric.name} to within {target.zone:g}" for target in bench.targets)
    tests = len(answer.found.tested) * len(bench.targets)
    said = (
        f"{100 * answer.rule.confidence:g}% is the confidence that all of {tests} tests together are right, each "
        f"target up to its indifference zone ({zones}; --zone)"
    )
    if answer.proposed:
        said += "; nothing is promised of combinations that were not evaluated"
    (loaded,) = bench.sweep.plan.base.scenarios.values()
    if loaded.scenario.economics is not None:
        said += (
            "; the cheapest is so by --cost alone: simulated costs, QALYs and net benefit are random, and can be "
            "targets, but not what is made small"
        )
    return said


def _infused(bench: Bench, number: int) -> str:
    values = bench.values(number)
    infused = interval(values[:, METRIC_NAMES.index("infused_share")], within=SHARE)
    share, low, high = (100.0 * float(x) for x in infused)
    waiting = unresolved_of(values)
    within = "" if f"{low:.1f}" == f"{high:.1f}" else f" ({low:.1f} to {high:.1f})"
    text = f"With it, {f'{share:.1f}'.removesuffix('.0')}%{within} of the referred are infused"
    still = f"{100 * waiting:.1f}% still wait" if waiting else "nobody still waits"
    text = f"{text}, and {still} when follow-up ends"
    return f"{text}: the figures leave them out" if waiting > CENSORED else text


def _ceiling(bench: Bench, ceiling: Ceiling) -> Iterator[str]:
    target, there = ceiling.target, bench.space.told(ceiling.number)
    if ceiling.alone:
        yield f"{target.metric.name} ends at {_figure(target, ceiling.outcome)}, at {there}: {target} is not reached"
    else:
        yield (
            f"Each target is met by some of them, none meets all; nearest is {there}, where {target.metric.name} is "
            f"{_figure(target, ceiling.outcome)} instead of {target}"
        )
    helps = [lift for lift in ceiling.lifts if lift.helps]
    if helps:
        yield f"{_names(helps[:1])} binds there: {'; '.join(_lifted(target, lift) for lift in helps[:NAMED])}"
        if not any(lift.meets for lift in helps):
            yield f"None of them, doubled alone, reaches {target}"
    else:
        named = f" ({', '.join(lift.path for lift in ceiling.lifts)})" if ceiling.lifts else ""
        yield (
            f"No capacity binds there: twice as much of any one{named} would not move it beyond chance; what is left "
            "are durations, failures and the disease, or several capacities at once"
        )
    idle = [lift.path for lift in ceiling.lifts if lift.varied and not lift.helps]
    if idle and helps:
        yield f"Twice as much of {' or '.join(idle)} alone would not move it beyond chance"
    if ceiling.queue is not None:
        in_use = f", {100 * ceiling.queue.in_use:.0f}% in use" if math.isfinite(ceiling.queue.in_use) else ""
        yield f"The longest queue there: {ceiling.queue.label}, {ceiling.queue.waiting:.3g} waiting on average{in_use}"


def _names(lifts: list[Lift]) -> str:
    return " and ".join(lift.path for lift in lifts)


def _lifted(target: Target, lift: Lift) -> str:
    mean, low, high = (abs(x) if target.metric.unit != "share" else 100.0 * abs(x) for x in lift.change)
    unit = " percentage points" if target.metric.unit == "share" else f" {target.metric.unit}"
    reach = ", which meets it" if lift.meets else ""
    return (
        f"with {lift.path} = {lift.after} instead of {lift.before} it would be {_number(target, lift.outcome)}{reach} "
        f"({mean:.3g}{unit} better, {low:.3g} to {high:.3g})"
    )


def _figure(target: Target, outcome: tuple[float, float, float]) -> str:
    mean, low, high = (_number(target, value) for value in outcome)
    return f"{mean} ({low} to {high})"


def _number(target: Target, value: float) -> str:
    return f"{value:.3f}" if target.metric.unit == "share" else f"{value:.4g}"
