"""The numbers of `summary.csv` and `differences.csv` by scenario and metric, and the sentences made of them.

Nothing is computed here: every number in a sentence stands in one of the two tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.tables import Tables, records
from reports.words import DOT, Estimate, counted, figure, interval, level, number, size

NOTHING = Estimate(float("nan"))
PHRASES: Mapping[str, tuple[str, str, str]] = {
    "waiting_days_mean": ("the mean wait from referral to infusion", "shorter", "longer"),
    "waiting_days_median": ("the median wait from referral to infusion", "shorter", "longer"),
    "vein_to_vein_days_median": ("the median time from vein to vein", "shorter", "longer"),
    "progressed_before_infusion_share": ("the share progressed before infusion", "lower", "higher"),
    "infused_share": ("the share infused", "lower", "higher"),
    "lost_before_infusion_share": ("the share lost before infusion", "lower", "higher"),
}


@dataclass(frozen=True, eq=False)
class Findings:
    """What the tables say. `scenarios`: the baseline first. A single run has no baseline."""

    scenarios: tuple[str, ...]
    baseline: str | None
    replications: int
    levels: Mapping[tuple[str, str], Estimate]
    changes: Mapping[tuple[str, str], Estimate]

    def level(self, scenario: str, metric: str) -> Estimate:
        """The estimate of a metric under a scenario; without a value where the table has none."""
        return self.levels.get((scenario, metric), NOTHING)

    def change(self, scenario: str, metric: str) -> Estimate:
        """The difference of a metric from the baseline; without a value where the table has none."""
        return self.changes.get((scenario, metric), NOTHING)

    @property
    def others(self) -> tuple[str, ...]:
        """The scenarios that are compared with the baseline."""
        return tuple(name for name in self.scenarios if name != self.baseline) if self.baseline is not None else ()

    def quoted(self, scenario: str) -> str:
        """The scenario's name inside a sentence, in quotation marks where a name has a comma or the like."""
        loose = any(sign in name for name in (*self.scenarios, scenario) for sign in ",;:.()")
        return f"\N{LEFT DOUBLE QUOTATION MARK}{scenario}\N{RIGHT DOUBLE QUOTATION MARK}" if loose else scenario

    def place(self, scenario: str) -> int:
        """The scenario's place in the run, which is its colour."""
        return self.scenarios.index(scenario)

    def population(self, who: str = "Patients") -> str:
        """Who is counted and how often, as the subtitle of a chart."""
        counts = sorted({number(e.value) for s in self.scenarios if (e := self.level(s, "referred")).known}, key=float)
        mean = f" (mean {counts[0] if len(counts) == 1 else f'{counts[0]} to {counts[-1]}'})" if counts else ""
        return f"{who} referred in the measuring window{mean}{DOT}{self.repeated()}"

    def repeated(self) -> str:
        """The number of replications, and what it means for the intervals."""
        text = counted(self.replications, "replication")
        return f"{text}: no intervals" if self.replications == 1 else f"{text}, 95% intervals"


def gather(tables: Tables) -> Findings:
    """The findings of a results folder. The order of scenarios is that of the manifest.

    A folder of a study of many points has neither scenarios side by side nor levels.
    """
    if "summary" not in tables.frames:
        return Findings((), None, 0, {}, {})
    levels = {
        (row.scenario, row.metric): Estimate(row.estimate, row.low, row.high, row.unit, row.label)
        for row in records(tables["summary"])
    }
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
    )


def clause(findings: Findings, scenario: str, metric: str) -> str:
    """What a scenario does to a metric against the baseline, as a main clause without its full stop."""
    noun, less, more = PHRASES[metric]
    change = findings.change(scenario, metric)
    if not change.known:
        return f"{noun} cannot be compared{_reason(findings, scenario)}"
    if change.holds_zero:
        return f"no difference shown in {noun} ({level(change)}, {interval(change)})"
    if change.value == 0.0:
        return f"{noun} is the same ({level(change)}, {interval(change)})"
    sized = size(change)
    if findings.replications == 1:
        sized = sized.replace("(no interval)", "(one replication, no interval)")
    return f"{noun} is {_between(sized, less if change.value < 0.0 else more)}"


def _between(sized: str, word: str) -> str:
    """`31.4 days (95% CI …)` with the comparative put before the interval."""
    amount, bracket, rest = sized.partition(" (")
    return f"{amount} {word}{bracket}{rest}"


def _reason(findings: Findings, scenario: str) -> str:
    nobody = [
        findings.quoted(name)
        for name in (findings.baseline, scenario)
        if name and findings.level(name, "infused_share").value == 0.0
    ]
    return f", as nobody was infused with {' or '.join(nobody)}" if nobody else ""


def sentence(findings: Findings, scenario: str) -> str:
    """The finding in one sentence: of a scenario against the baseline, or of the only scenario."""
    if findings.baseline is None:
        return _of_one(findings, scenario)
    wait = clause(findings, scenario, "waiting_days_mean")
    progressed = clause(findings, scenario, "progressed_before_infusion_share")
    return f"{_instead(findings, scenario)}, {wait}, and {progressed}."


def _instead(findings: Findings, scenario: str) -> str:
    return f"With {findings.quoted(scenario)} instead of {findings.quoted(findings.baseline or '')}"


def _of_one(findings: Findings, scenario: str) -> str:
    wait = findings.level(scenario, "waiting_days_mean")
    progressed = findings.level(scenario, "progressed_before_infusion_share")
    waits = f"patients wait {figure(wait)} on average from referral to infusion" if wait.known else "nobody is infused"
    share = f"{figure(progressed)} of those referred progress before infusion"
    return f"With {findings.quoted(scenario)}, {waits}, and {share}."


def headline(findings: Findings, metric: str) -> str:
    """A chart's title about one metric: its level in a single run, else its difference between scenarios."""
    if findings.baseline is None:
        value = findings.level(findings.scenarios[0], metric)
        noun = PHRASES[metric][0]
        return f"With {findings.quoted(findings.scenarios[0])}, {noun} is {figure(value)}"
    others = findings.others
    if not others:
        return f"{findings.baseline}: nothing to compare it with"
    if len(others) == 1:
        return f"{_instead(findings, others[0])}, {clause(findings, others[0], metric)}"
    shown = [s for s in others if (c := findings.change(s, metric)).known and not c.holds_zero and c.value != 0.0]
    base, noun = findings.quoted(findings.baseline), PHRASES[metric][0]
    if not shown:
        return f"No difference shown from {base} in {noun}, in any of {len(others)} scenarios"
    most = max(shown, key=lambda s: abs(findings.change(s, metric).value))
    return f"Largest difference from {base}: with {findings.quoted(most)}, {clause(findings, most, metric)}"
