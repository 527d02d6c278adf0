"""The numbers of `summary.csv` and `differences.csv` by scenario and metric, and the sentences made of them.

Nothing is computed here: every number in a sentence stands in one of the tables, what may be said of a difference is
the verdict of its interval, and whose mean a number is, is in the registry of metrics.

Longer than 400 lines because the ways in which a difference can be said stand beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from reports.tables import Tables, records
from reports.words import DOT, Estimate, counted, figure, interval, level, listed, number, rounded, size
from sim.outcomes.estimates import FEW
from sim.outcomes.metrics import BY_NAME, CENSORED, INFUSED_AND_FREE, LOSS, REACH, TREATED_AND_FREE
from sim.outcomes.verdicts import NEITHER, Verdict

NOTHING = Estimate(float("nan"))
UNRESOLVED, HALF = "still_waiting_share", "half_infused_days"
HEADLINE = ("waiting_days_mean", "progressed_before_infusion_share")
EVERYBODY = INFUSED_AND_FREE[12]
NOT_TRAVELLED = "not_travelled_share"
TREATED = TREATED_AND_FREE[12]
"""The outcome of everybody referred that stands beside every wait, which is of the infused only."""
PHRASES: Mapping[str, tuple[str, str, str]] = {
    "waiting_days_mean": ("the mean wait from referral to infusion", "shorter", "longer"),
    "waiting_days_median": ("the median wait from referral to infusion", "shorter", "longer"),
    "vein_to_vein_days_median": ("the median time from vein to vein", "shorter", "longer"),
    "progressed_before_infusion_share": ("the proportion progressed before infusion", "lower", "higher"),
    "infused_share": ("the proportion infused", "lower", "higher"),
    "half_infused_days": ("the day by which half of those referred are infused", "earlier", "later"),
    "lost_before_infusion_share": ("the proportion lost before infusion", "lower", "higher"),
    "not_travelled_share": ("the proportion who do not travel to a centre", "lower", "higher"),
    "still_waiting_share": ("the proportion still waiting when follow-up ends", "lower", "higher"),
    EVERYBODY: ("the proportion of all referred who are infused and progression-free at 12 months", "lower", "higher"),
}
SHORT: Mapping[str, str] = {
    "waiting_days_mean": "Mean wait, referral to infusion",
    "progressed_before_infusion_share": "Progressed before infusion",
    EVERYBODY: "Infused and progression-free at one year",
    "infused_share": "Infused",
}
"""What a metric is called where room is short: on a tile, over a panel; another one is called as its table calls it."""
TELLING = tuple(name for name in PHRASES if BY_NAME[name].tells in (REACH, LOSS) and BY_NAME[name].unit == "share")
"""Metrics that say how many come to infusion, or do not, in the order in which they are told."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What the tables say. `scenarios`: the baseline first. A single run has no baseline.

    `reached`: in how many replications a metric has a value. `listed`: as `levels`, of those on the first day's list.
    `thresholds`: the configured amounts of willingness to pay per QALY, in order. `start`: the first simulated day,
    None where scenarios differ in it; `warm_up`: days before the first patient who counts, the most of any scenario.
    `stated`: the values of the first scenario as it stands, by path. `strategies`: every scenario of the manifest, also
    of a probabilistic analysis, in the order of their colours.
    """

    scenarios: tuple[str, ...]
    baseline: str | None
    replications: int
    levels: Mapping[tuple[str, str], Estimate]
    changes: Mapping[tuple[str, str], Estimate]
    reached: Mapping[tuple[str, str], int] = field(default_factory=dict)
    listed: Mapping[tuple[str, str], Estimate] = field(default_factory=dict)
    thresholds: tuple[float, ...] = ()
    start: date | None = None
    warm_up: float = 0.0
    stated: Mapping[str, Any] = field(default_factory=dict)
    strategies: tuple[str, ...] = ()

    @property
    def threshold(self) -> float:
        """The middle one of the thresholds; NaN where there is none."""
        return self.thresholds[len(self.thresholds) // 2] if self.thresholds else float("nan")

    def level(self, scenario: str, metric: str) -> Estimate:
        """The estimate of a metric under a scenario; without a value where the table has none."""
        return self.levels.get((scenario, metric), NOTHING)

    def change(self, scenario: str, metric: str) -> Estimate:
        """The difference of a metric from the baseline; without a value where the table has none."""
        return self.changes.get((scenario, metric), NOTHING)

    def verdict(self, scenario: str, metric: str) -> Verdict:
        """What may be said of the difference of a metric from the baseline."""
        return self.change(scenario, metric).verdict(BY_NAME[metric].better if metric in BY_NAME else NEITHER)

    def apart(self, one: str, other: str, metric: str) -> bool:
        """Whether two scenarios, neither of them the baseline, differ beyond chance.

        Both intervals hold more of it than their difference on the same patients: that of a difference from the
        baseline has the chance of the baseline too, and that of a level has what the patients of both have in common.
        """
        return any(found(one, metric).clearly_apart(found(other, metric)) for found in (self.change, self.level))

    @property
    def others(self) -> tuple[str, ...]:
        """The scenarios that are compared with the baseline."""
        return tuple(name for name in self.scenarios if name != self.baseline) if self.baseline is not None else ()

    @property
    def censored(self) -> tuple[str, ...]:
        """The scenarios in which more than one in a hundred of the measured are unresolved when follow-up ends."""
        return tuple(s for s in self.scenarios if self.level(s, UNRESOLVED).value > CENSORED)

    def quoted(self, scenario: str) -> str:
        """The scenario's name inside a sentence, in quotation marks where a name has a comma or the like."""
        loose = any(sign in name for name in (*self.scenarios, scenario) for sign in ",;:.()")
        return f"\N{LEFT DOUBLE QUOTATION MARK}{scenario}\N{RIGHT DOUBLE QUOTATION MARK}" if loose else scenario

    def place(self, scenario: str) -> int:
        """The scenario's place in the run, which is its colour."""
        return self.scenarios.index(scenario)

    def population(self, who: str = "Patients") -> str:
        """Who is counted and how often, and how many are unresolved, as the subtitle of a chart."""
        counts = sorted(e.value for s in self.scenarios if (e := self.level(s, "referred")).known)
        ends = list(dict.fromkeys(rounded(count) for count in (counts[:1] + counts[-1:])))
        mean = f" (mean {' to '.join(ends)})" if ends else ""
        unresolved = f"{DOT}{self.unresolved()}" if self.censored else ""
        return f"{who} referred in the measuring window{mean}{unresolved}{DOT}{self.repeated()}"

    def unresolved(self) -> str:
        """How many are still waiting when follow-up ends; empty where hardly anybody is."""
        found = [self.level(s, UNRESOLVED) for s in self.censored]
        if not found:
            return ""
        shares = [level(share) for share in found]
        if len(self.scenarios) == 1:
            return f"{shares[0]} still waiting when follow-up ends"
        if len(found) > 2:
            least, most = (pick(found, key=lambda share: share.value) for pick in (min, max))
            return f"still waiting when follow-up ends: {level(least)} to {level(most)}"
        told = [f"{share} with {self.quoted(s)}" for s, share in zip(self.censored, shares, strict=True)]
        return f"still waiting when follow-up ends: {listed(told)}"

    def repeated(self) -> str:
        """The number of replications, and what it means for the intervals."""
        text = counted(self.replications, "replication")
        if self.replications == 1:
            return f"{text}: no intervals"
        few = ", too few to judge" if self.replications < FEW else ""
        return f"{text}{few}, 95% simulation intervals"


def gather(tables: Tables) -> Findings:
    """The findings of a results folder. The order of scenarios is that of the manifest.

    A folder of a study of many points has neither scenarios side by side nor levels; of a probabilistic analysis it has
    the mean differences in costs and QALYs.
    """
    if "summary" not in tables.frames:
        order_of = tuple(str(one.get("name")) for one in tables.manifest.get("scenarios", []) if isinstance(one, dict))
        return Findings(
            (),
            None,
            0,
            _quadrants(tables),
            _planes(tables),
            thresholds=_thresholds(tables),
            stated=_stated(tables),
            strategies=order_of,
        )
    levels = _levels(tables["summary"])
    reached = {(r.scenario, r.metric): int(r.replications) for r in records(tables["summary"])}
    changes: dict[tuple[str, str], Estimate] = {}
    baseline = None
    if "differences" in tables.frames:
        frame = tables["differences"]
        baseline = str(frame["baseline"].iloc[0])
        changes = {
            (row.scenario, row.metric): Estimate(row.estimate, row.low, row.high, row.unit, row.label, change=True)
            for row in records(frame)
        }
    found = dict.fromkeys(tables["summary"]["scenario"])
    named = [str(one.get("name")) for one in tables.manifest.get("scenarios", []) if one.get("name") in found]
    order = dict.fromkeys([*([baseline] if baseline in found else []), *named, *found])
    replications = tables["summary"]["replications"].max()
    return Findings(
        tuple(str(name) for name in order),
        baseline,
        int(replications) if replications > 0 else 0,
        levels,
        changes,
        reached,
        _levels(tables["already_waiting"]) if "already_waiting" in tables.frames else {},
        _thresholds(tables),
        _start(tables),
        float(tables["warm_up"]["used_day"].max()) if "warm_up" in tables else 0.0,
    )


def _levels(frame: pd.DataFrame) -> dict[tuple[str, str], Estimate]:
    return {
        (row.scenario, row.metric): Estimate(row.estimate, row.low, row.high, row.unit, row.label)
        for row in records(frame)
    }


def _stated(tables: Tables) -> dict[str, Any]:
    first = next(iter(tables.manifest.get("scenarios", [])), None)
    return dict(_leaves(first.get("resolved") or {})) if isinstance(first, dict) else {}


def _leaves(part: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in part.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _start(tables: Tables) -> date | None:
    """The date of day 0, as the waiting lists have it."""
    if "waiting_list" not in tables:
        return None
    frame = tables["waiting_list"]
    dates = set(frame.loc[frame["day"] == 0, "date"])
    return date.fromisoformat(str(dates.pop())[:10]) if len(dates) == 1 else None


def _thresholds(tables: Tables) -> tuple[float, ...]:
    """The amounts of the first scenario that states some."""
    for one in tables.manifest.get("scenarios", []):
        economics = (one.get("resolved") or {}).get("economics") if isinstance(one, dict) else None
        worth = economics.get("willingness_to_pay") if isinstance(economics, dict) else None
        if isinstance(worth, list):
            return tuple(sorted(float(value) for value in worth))
    return ()


def _planes(tables: Tables) -> dict[tuple[str, str], Estimate]:
    if "psa_quadrants" not in tables.frames:
        return {}
    return {
        (row.strategy, name): Estimate(
            getattr(row, name), getattr(row, f"{name}_low"), getattr(row, f"{name}_high"), unit, change=True
        )
        for row in records(tables["psa_quadrants"])
        for name, unit in (("incremental_cost", row.unit), ("incremental_qalys", "QALYs"))
    }


def _quadrants(tables: Tables) -> dict[tuple[str, str], Estimate]:
    if "psa_quadrants" not in tables.frames:
        return {}
    return {
        (row.strategy, name): Estimate(getattr(row, name), unit="share")
        for row in records(tables["psa_quadrants"])
        for name in row._fields
        if name.startswith("share_")
    }


def clause(findings: Findings, scenario: str, metric: str) -> str:
    """What a scenario does to a metric against the baseline, as a main clause without its full stop."""
    noun, less, more = PHRASES[metric]
    change = findings.change(scenario, metric)
    found = findings.verdict(scenario, metric)
    if found is Verdict.INCOMPARABLE:
        return f"{noun} cannot be compared{_reason(findings, scenario, metric)}"
    if found is Verdict.UNCLEAR:
        return f"there is no clear difference in {noun} ({level(change)}, {interval(change)})"
    if change.value == 0.0:
        return f"{noun} is the same ({level(change)}, {interval(change)})"
    sized = size(change)
    if found is Verdict.UNJUDGED:
        sized = sized.replace("(no interval)", "(one replication, no interval)")
    return f"{noun} is {_between(sized, less if change.value < 0.0 else more)}"


def _between(sized: str, word: str) -> str:
    """`31.4 days (95% simulation interval …)` with the comparative put before the interval."""
    amount, bracket, rest = sized.partition(" (")
    return f"{amount} {word}{bracket}{rest}"


def _reason(findings: Findings, scenario: str, metric: str) -> str:
    both = [name for name in (findings.baseline, scenario) if name]
    nobody = [findings.quoted(name) for name in both if findings.level(name, "infused_share").value == 0.0]
    if nobody:
        return f", as nobody was infused with {' or '.join(nobody)}"
    if metric == HALF:
        short = [findings.quoted(name) for name in both if not findings.level(name, HALF).known]
        return f", as that is not reached with {' or '.join(short)}"
    return ""


def losses(findings: Findings, scenario: str) -> list[str]:
    """The metrics by which more patients fail to come to infusion than with the baseline, beyond chance.

    Where only one of the two has such patients at all, the metric does not apply to the other: that is a loss, too.
    """
    return [metric for metric in TELLING if _worse(findings, scenario, metric)]


def _worse(findings: Findings, scenario: str, metric: str) -> bool:
    mine, theirs = (findings.level(name, metric) for name in (scenario, findings.baseline or ""))
    only_here = metric == NOT_TRAVELLED and mine.value > CENSORED and not theirs.known
    return only_here or findings.verdict(scenario, metric) is Verdict.WORSE


def _loss(findings: Findings, scenario: str, metric: str) -> str:
    """A loss as a main clause: the difference, or the level where the baseline has no such patients."""
    if findings.change(scenario, metric).known:
        return clause(findings, scenario, metric)
    return f"{figure(findings.level(scenario, metric))} of those referred do not travel to a centre"


def is_flattered(findings: Findings, scenario: str, metrics: Sequence[str] = HEADLINE) -> bool:
    """Whether one of the metrics gets better while more patients fail to come to infusion."""
    better = any(findings.verdict(scenario, metric) is Verdict.BETTER for metric in metrics)
    return better and bool(losses(findings, scenario))


def sentence(findings: Findings, scenario: str) -> str:
    """The finding in one or a few sentences: of a scenario against the baseline, or of the only scenario.

    Where its figures move in opposite directions both are said, and the loss of patients first.
    """
    if findings.baseline is None:
        return _of_one(findings, scenario)
    finding = f"{_instead(findings, scenario)}, {_paired(findings, scenario)}."
    return " ".join([finding, *read_with(findings, (scenario,))])


def _paired(findings: Findings, scenario: str) -> str:
    """What is compared, with the outcome of everybody: first where it goes the other way."""
    said = _compared(findings, scenario)
    if not findings.change(scenario, EVERYBODY).known:
        return said
    everybody = _everybody(findings, scenario)
    found = {findings.verdict(scenario, metric) for metric in HEADLINE}
    opposite = {Verdict.WORSE: Verdict.BETTER, Verdict.BETTER: Verdict.WORSE}.get(findings.verdict(scenario, EVERYBODY))
    if opposite not in found:
        return f"{said}; {everybody}"
    # what begins with a loss of patients goes the same way
    return f"{everybody}; {said}" if is_flattered(findings, scenario) else f"{everybody}, although {said}"


def _everybody(findings: Findings, scenario: str) -> str:
    """The outcome of everybody under both scenarios, as a main clause."""
    change, found = findings.change(scenario, EVERYBODY), findings.verdict(scenario, EVERYBODY)
    mine, theirs = (findings.level(name, EVERYBODY) for name in (scenario, findings.baseline or ""))
    who = "of all referred are infused and progression-free at 12 months"
    if found in (Verdict.UNCLEAR, Verdict.SAME) or change.value == 0.0:
        return f"{level(mine)} {who}, no clear difference from {level(theirs)} ({interval(change)})"
    return f"{level(mine)} instead of {level(theirs)} {who} ({level(change)}, {interval(change)})"


def _compared(findings: Findings, scenario: str) -> str:
    said = [clause(findings, scenario, metric) for metric in HEADLINE]
    verdicts = {findings.verdict(scenario, metric) for metric in HEADLINE}
    if is_flattered(findings, scenario):
        lost = [_loss(findings, scenario, metric) for metric in losses(findings, scenario)]
        return f"{listed(lost)}; {said[0]}, and {said[1]}"
    gains = [m for m in ("infused_share",) if findings.verdict(scenario, m) is Verdict.BETTER]
    if Verdict.WORSE in verdicts and gains:
        return f"{listed([clause(findings, scenario, m) for m in gains])}, but {said[0]}, and {said[1]}"
    joint = "but" if {Verdict.BETTER, Verdict.WORSE} <= verdicts else "and"
    return f"{said[0]}, {joint} {said[1]}"


def read_with(findings: Findings, others: Sequence[str] | None = None) -> list[str]:
    """What the finding on these scenarios (all others than the baseline, unless given) must not be read without.

    A sentence or two each; empty where there is nothing.
    """
    compared = findings.others if others is None else others
    told = [text for tell in (_flattery, _turned) for scenario in compared for text in tell(findings, scenario)]
    shown = {findings.baseline, *compared} if findings.baseline else set(findings.scenarios)
    still = [
        f"{figure(findings.level(s, UNRESOLVED))} with {findings.quoted(s)}" for s in findings.censored if s in shown
    ]
    if still:
        told.append(
            f"When follow-up ends, patients are still waiting: {listed(still)} of those referred. "
            "The means leave them out and would be higher with them."
        )
    return [*told, *_few(findings)]


def _flattery(findings: Findings, scenario: str) -> Iterator[str]:
    """That waits are shorter because patients are lost, where they are."""
    if is_flattered(findings, scenario):
        lost = listed([_loss(findings, scenario, metric) for metric in losses(findings, scenario)])
        early = "patients who are lost early neither wait for long nor progress"
        yield f"With {findings.quoted(scenario)}, {lost}: {early}."


def _turned(findings: Findings, scenario: str) -> Iterator[str]:
    """Who is given the alternative therapy, and what becomes of everybody with them."""
    turned = findings.level(scenario, "alternative_share")
    if not turned.known or turned.value <= 0.0:
        return
    with_them, theirs = (findings.level(s, TREATED) for s in (scenario, findings.baseline or ""))
    also = ""
    if with_them.known and theirs.known:
        also = f"; with them, {figure(with_them)} instead of {figure(theirs)} are progression-free at 12 months"
    yield (
        f"With {findings.quoted(scenario)}, {figure(turned)} of those referred are given the alternative therapy, "
        f"and are not infused{also}."
    )


def _few(findings: Findings) -> Iterator[str]:
    if 1 < findings.replications < FEW:
        yield f"{counted(findings.replications, 'replication')} are too few to judge."


def _instead(findings: Findings, scenario: str) -> str:
    return f"With {findings.quoted(scenario)} instead of {findings.quoted(findings.baseline or '')}"


def not_reached(findings: Findings, scenario: str, metric: str) -> str:
    """That a day is not reached, or in how many replications not; empty where it is, or where none is looked for."""
    there = findings.reached.get((scenario, metric))
    if metric != HALF or findings.level(scenario, metric).known or there is None:
        return ""
    return f"not reached in {findings.replications - there} of {findings.replications}" if there else "not reached"


def half_infused(findings: Findings, scenario: str) -> str:
    """By when half of those referred are infused, as a main clause; what there is where that is not reached."""
    day, there = findings.level(scenario, HALF), findings.reached.get((scenario, HALF))
    if day.known:
        return f"half of those referred are infused within {figure(day)}"
    if there is None:
        return ""
    if there > 0:
        return f"half of those referred are infused in {there} of {counted(findings.replications, 'replication')} only"
    return "fewer than half of those referred are infused"


def _of_one(findings: Findings, scenario: str) -> str:
    wait, infused = findings.level(scenario, "waiting_days_mean"), findings.level(scenario, "infused_share")
    progressed = findings.level(scenario, "progressed_before_infusion_share")
    who = f"With {findings.quoted(scenario)}"
    share = f"{figure(progressed)} of those referred progress before infusion"
    few = "".join(f" {one}" for one in _few(findings))
    if not wait.known:
        unresolved = findings.unresolved()
        return f"{who}, nobody is infused, and {share}{f'; {unresolved}' if unresolved else ''}.{few}"
    if scenario in findings.censored:
        waiting, half = figure(findings.level(scenario, UNRESOLVED)), half_infused(findings, scenario)
        half = f", and {half}" if half else ""
        return (
            f"{who}, {waiting} of those referred are still waiting when follow-up ends{half}. "
            f"The {figure(infused)} who are infused waited {figure(wait)} on average, which leaves out the longest "
            f"waits; {figure(progressed)} of those referred have progressed before infusion so far.{few}"
        )
    half = half_infused(findings, scenario)
    waits = f"infused patients wait {figure(wait)} on average from referral"
    free = findings.level(scenario, EVERYBODY)
    alive = f"; {figure(free)} are infused and progression-free at 12 months" if free.known else ""
    return f"{who}, {waits}, {f'{half}, ' if half else ''}and {share}{alive}.{few}"


def on_the_list(findings: Findings) -> list[str]:
    """A sentence a scenario on those who are on the waiting list on its first day; they are in no other figure."""
    return [_listed(findings, scenario) for scenario in findings.scenarios if (scenario, "referred") in findings.listed]


def _listed(findings: Findings, scenario: str) -> str:
    def of(metric: str) -> Estimate:
        return findings.listed.get((scenario, metric), NOTHING)

    count = number(of("referred").value, 0 if of("referred").value == round(of("referred").value) else 1)
    waits = f"after {figure(of('waiting_days_mean'))} more on average" if of("waiting_days_mean").known else ""
    parts = [
        f"{figure(of('infused_share'))} are infused{f', {waits}' if waits else ''}",
        f"{figure(of('progressed_before_infusion_share'))} progress before infusion",
    ]
    if of(UNRESOLVED).value > CENSORED:
        parts.append(f"{figure(of(UNRESOLVED))} are still waiting when follow-up ends")
    where = f"With {findings.quoted(scenario)}, of" if len(findings.scenarios) > 1 else "Of"
    return f"{where} the {count} on the waiting list on the first day, {'; '.join(parts)}. No other figure has them."


def headline(findings: Findings, metric: str) -> str:
    """A chart's title about one metric: its level in a single run, else its difference between scenarios.

    Where the metric gets better while more patients fail to come to infusion, that is said first.
    """
    if findings.baseline is None:
        value = findings.level(findings.scenarios[0], metric)
        noun = PHRASES[metric][0]
        return f"With {findings.quoted(findings.scenarios[0])}, {noun} is {figure(value)}"
    others = findings.others
    if not others:
        return f"{findings.baseline}: nothing to compare it with"
    if len(others) == 1:
        return f"{_instead(findings, others[0])}, {_with_loss(findings, others[0], metric)}"
    shown = [s for s in others if findings.verdict(s, metric).resolved]
    unjudged = [s for s in others if findings.verdict(s, metric) is Verdict.UNJUDGED]
    base, noun = findings.quoted(findings.baseline), PHRASES[metric][0]
    if not shown and not unjudged:
        return f"No clear difference from {base} in {noun}, in any of {counted(len(others), 'scenario')}"
    ranked = sorted(shown or unjudged, key=lambda s: -abs(findings.change(s, metric).value))
    most = ranked[0]
    told = _with_loss(findings, most, metric)
    if not shown:
        return f"In one replication, the largest difference from {base} is with {findings.quoted(most)}: {told}"
    rivals = [s for s in ranked[1:] if not findings.apart(most, s, metric)]
    if rivals:
        among = f"{findings.quoted(most)} is among the {len(rivals) + 1} that differ most from {base}"
        return f"{among}, with no clear difference between them: {told}"
    return f"Largest difference from {base}: with {findings.quoted(most)}, {told}"


def _with_loss(findings: Findings, scenario: str, metric: str) -> str:
    said = clause(findings, scenario, metric)
    if metric in TELLING or not is_flattered(findings, scenario, (metric,)):
        return said
    return f"{_loss(findings, scenario, losses(findings, scenario)[0])}; {said}"
