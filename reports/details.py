"""The further findings: what the headline's two metrics leave out, one sentence each.

As in `findings`, every number stands in a table: `summary.csv`, `differences.csv`, `groups.csv` or
`resources_summary.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports.findings import HALF, Findings
from reports.tables import Tables, records
from reports.words import Estimate, figure, level, listed, size, uncapital
from sim.outcomes.metrics import INFUSED_AND_FREE
from sim.outcomes.verdicts import Verdict

NONE_OF = {
    "product_wasted": "no products are made and not infused",
    "slots_wasted": "no slots go unused because a patient left",
}
"""How none of them is said."""
SAYINGS = {
    "half_infused_days": "half of those referred are infused within {}",
    "not_travelled_share": "{} of those referred do not travel to a centre and are lost on the day of referral",
    "infused_share": "{} of those referred are infused",
    "died_before_infusion_share": "{} of those referred die before infusion",
    "vein_to_vein_days_median": "the median time from vein to vein is {}",
    "off_the_shelf_share": "{} of the infused are given a dose from stock",
    "alternative_share": "{} of those referred are given the alternative therapy, and not infused",
    "intensive_care_share": "{} of the infused come to intensive care",
    "returned": "{} come back for a later course",
    "infusion_deferred_for_bed_share": "{} of the infusions are deferred after lymphodepletion for want of a bed",
    "product_wasted": "{} are made and not infused",
    "slots_wasted": "{} go unused because a patient left",
    "progression_free_at_1_year_share": "{} of the infused are free of progression a year after infusion",
    **{
        name: f"{{}} of those referred are infused and progression-free at {months} months"
        for months, name in INFUSED_AND_FREE.items()
        if months != 12  # the headline has that
    },
    "alive_at_12_months_share": "{} of those referred are alive 12 months after referral",
    "alive_at_24_months_share": "{} of those referred are alive 24 months after referral",
}
"""What a metric says, in the order in which it is told."""
GROUPED = "progressed_before_infusion_share"
MOST_GROUPS = 4
TRIVIAL = (0.0, 1.0)
"""None and all of them need no sentence in a single run."""
RARE = 0.0005
"""A share of requests below this is not worth a sentence."""


def details(tables: Tables, findings: Findings, scenario: str) -> list[str]:
    """Sentences about one scenario: in a single run its levels, else what differs from the baseline."""
    compared = scenario in findings.others
    said = [*(_differences(findings, scenario) if compared else _levels(findings, scenario))]
    said += [*_slot(findings, scenario), *_groups(tables, findings, scenario), *_stock(tables, findings, scenario)]
    return [f"{one[0].upper()}{one[1:]}." for one in said]


def _levels(findings: Findings, scenario: str) -> Iterator[str]:
    for metric, text in SAYINGS.items():
        value = findings.level(scenario, metric)
        if metric != HALF and value.known and value.value not in TRIVIAL:  # the headline has that day
            yield text.format(figure(value))


def _differences(findings: Findings, scenario: str) -> Iterator[str]:
    """What differs, and what only this scenario or only the baseline has; last, what shows no difference."""
    base, alike = findings.baseline or "", []
    for metric, text in SAYINGS.items():
        mine, theirs = findings.level(scenario, metric), findings.level(base, metric)
        change = findings.change(scenario, metric)
        if mine.known and theirs.known and change.known:
            found = findings.verdict(scenario, metric)
            if found in (Verdict.UNCLEAR, Verdict.SAME) or change.value == 0.0:
                alike.append(uncapital(mine.label))
                continue
            moved = "down" if change.value < 0.0 else "up"
            said = NONE_OF[metric] if metric in NONE_OF and mine.value == 0.0 else text.format(level(mine))
            yield f"{said}, {moved} from {level(theirs)} by {size(change)}"
        elif mine.known and mine.value not in TRIVIAL:
            yield text.format(figure(mine))
        elif theirs.known and not mine.known:
            yield _only_there(findings, scenario, metric)
    if alike:
        yield f"no clear difference in {listed(alike)}"


def _only_there(findings: Findings, scenario: str, metric: str) -> str:
    """What the baseline alone has: this scenario does not reach it, or has no such thing."""
    theirs, base = findings.level(findings.baseline or "", metric), findings.quoted(findings.baseline or "")
    missing = "that is not reached" if metric == HALF else "not applicable"
    return f"with {base}, {SAYINGS[metric].format(figure(theirs))}; {missing} with {findings.quoted(scenario)}"


def _slot(findings: Findings, scenario: str) -> Iterator[str]:
    """What the wait for a slot is made of: the calendar of offers, and scarcity."""
    calendar, scarcity = (findings.level(scenario, f"slot_{part}_days_mean") for part in ("calendar", "scarcity"))
    if calendar.known and scarcity.known:
        yield (
            f"from asking for a slot to its start {figure(calendar)} are due to the calendar of offers, which supply "
            f"without limit on the same days would cost as well, and {figure(scarcity)} to scarcity"
        )


def _groups(tables: Tables, findings: Findings, scenario: str) -> Iterator[str]:
    """Who bears it: the share progressed by risk group, and the wait of the centres far apart."""
    if "groups" not in tables:
        return
    frame = tables["groups"]
    by_risk = {name: _group(frame, name, "risk_group", GROUPED) for name in (findings.baseline, scenario) if name}
    mine = by_risk[scenario]
    if 1 < len(mine) <= MOST_GROUPS:
        told = []
        for group, value in mine.items():
            before = by_risk[findings.baseline].get(group) if findings.baseline not in (None, scenario) else None
            was = f" instead of {level(before)}" if before is not None else ""
            told.append(f"{group} {figure(value)}{was}")
        yield f"share progressed before infusion by risk group: {'; '.join(told)}"
    waits = _group(frame, scenario, "centre", "waiting_days_mean")
    if len(waits) > 1:
        ranked = sorted(waits, key=lambda centre: waits[centre].value)
        least, most = ranked[0], ranked[-1]
        ends = f"{figure(waits[least])} in {least} to {figure(waits[most])} in {most}"
        if waits[most].clearly_apart(waits[least]):
            yield f"by centre, the mean wait goes from {ends}"
        elif waits[most].bounded:
            yield f"no clear difference between centres in the mean wait: {ends}"


def _group(frame: pd.DataFrame, scenario: str, grouping: str, metric: str) -> dict[str, Estimate]:
    chosen = frame[(frame["scenario"] == scenario) & (frame["grouping"] == grouping) & (frame["metric"] == metric)]
    found = {str(row.group): Estimate(row.estimate, row.low, row.high, row.unit, row.label) for row in records(chosen)}
    return {group: value for group, value in found.items() if value.known}


def _stock(tables: Tables, findings: Findings, scenario: str) -> Iterator[str]:
    """How often a dose was not there when it was asked for."""
    if "resources_summary" not in tables:
        return
    frame = tables["resources_summary"]
    wanted = (frame["kind"] == "stock") & (frame["metric"] == "delayed_share") & (frame["scenario"] == scenario)
    for row in records(frame[wanted]):
        value = Estimate(row.estimate, row.low, row.high, row.unit, row.label)
        if value.known and value.value > RARE:
            where = f" in {row.centre}" if row.centre else ""
            yield f"{figure(value)} of the requests for a dose{where} find the shelf empty"
