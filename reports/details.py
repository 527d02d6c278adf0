"""The further findings: what the first sentence and its tiles leave out, a line each, and nothing that says nothing.

As in `findings`, every number stands in a table: `summary.csv`, `differences.csv`, `groups.csv` or
`resources_summary.csv`. Of a comparison only what differs beyond chance is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from reports.findings import Findings
from reports.tables import Tables, records
from reports.words import Estimate, capital, counted, glance, of_hundred, rounded, told_apart
from sim.outcomes.metrics import INFUSED_AND_FREE, TREATED_AND_FREE

HUNDRED, DAYS, COUNT = "of 100", "days", "count"
SAYINGS: Mapping[str, tuple[str, str]] = {
    "alternative_share": (HUNDRED, "{} patients are given the alternative therapy and not infused"),
    TREATED_AND_FREE[12]: (HUNDRED, "{} patients are progression-free at one year after infusion or the alternative"),
    "not_travelled_share": (HUNDRED, "{} patients do not travel to a centre and are lost on the day of referral"),
    "infused_share": (HUNDRED, "{} patients are infused"),
    "returned": (COUNT, "{} patients return for a later course"),
    "off_the_shelf_share": (HUNDRED, "{} infused patients are given a dose from stock"),
    "intensive_care_share": (HUNDRED, "{} infused patients need intensive care"),
    "alive_at_24_months_share": (HUNDRED, "{} patients are alive two years after referral"),
    "progression_free_at_1_year_share": (
        HUNDRED,
        "{} infused patients are alive and progression-free a year after infusion",
    ),
    "product_wasted": (COUNT, "{} products go unused"),
    "slots_wasted": (COUNT, "{} slots go unused because a patient left"),
    "vein_to_vein_days_median": (DAYS, "The median vein-to-vein time is {}"),
    "infusion_deferred_for_bed_share": (HUNDRED, "{} infusions are postponed for lack of a bed"),
    "died_before_infusion_share": (HUNDRED, "{} patients die before infusion"),
    INFUSED_AND_FREE[24]: (HUNDRED, "{} patients are infused and progression-free at two years"),
}
"""What a metric says and how its number is told, in the order in which they are told."""
OTHER_SUPPLY = (
    "The number of slots is an assumption on which these waits depend: also run fewer slots, and no limit (for the "
    "shipped network: compare slot_starved autologous unconstrained allogeneic)."
)
"""What is to be done about an assumed number of slots."""
CALENDAR, SCARCITY = "calendar", "scarcity"
OFFERED = "alternative_share"
"""The metrics of the alternative belong to scenarios in which somebody is given it."""
GROUPED = "progressed_before_infusion_share"
MOST_GROUPS = 4
TRIVIAL = (0.0, 1.0)
"""None and all of them need no sentence in a single run."""
WORTH_TELLING = 1.1
"""Centres are told apart where the longest wait is so many times the shortest."""
SLOTS = r"manufacturing\.(manufacturers\..+\.)?slots\.count|centres\..+\.slots"
"""Where a scenario says how many slots there are."""
RARE = 0.005
"""A share of requests below this is not worth a sentence."""


def details(tables: Tables, findings: Findings, scenario: str) -> list[str]:
    """One line each about one scenario: in a single run its levels, else what differs from the baseline."""
    compared = scenario in findings.others
    who = f"{findings.quoted(scenario)}: " if len(findings.others) > 1 else ""
    said = [*_groups(tables, findings, scenario)]
    said += [*(_differences(findings, scenario) if compared else _levels(findings, scenario))]
    said += _stock(tables, findings, scenario)
    return [f"{who}{_begun(one, bool(who))}." for one in said]


def _begun(text: str, after_a_name: bool) -> str:
    return text if after_a_name else capital(text)


def _told(findings: Findings, scenario: str) -> Iterator[tuple[str, str, str]]:
    """(metric, how its number is told, the sentence) of what may be said of a scenario."""
    offered = any(findings.level(s, OFFERED).value > 0.0 for s in (scenario, findings.baseline or scenario))
    for metric, (kind, text) in SAYINGS.items():
        if offered or metric not in (OFFERED, TREATED_AND_FREE[12]):
            yield metric, kind, text


def _levels(findings: Findings, scenario: str) -> Iterator[str]:
    for metric, kind, text in _told(findings, scenario):
        value = findings.level(scenario, metric)
        if value.known and value.value not in TRIVIAL:
            yield text.format(_number(value.value, kind))


def _number(value: float, kind: str) -> str:
    if kind == HUNDRED:
        return of_hundred(value)
    if kind == DAYS:
        return glance(value, "days")
    return "no" if value == 0.0 else _few(value)


def _few(value: float) -> str:
    """A mean count as people say it: whole from one on, `fewer than one` below."""
    return "fewer than one of the" if value < 0.5 else rounded(value) if value >= 10.0 else rounded(round(value), 1)


def _differences(findings: Findings, scenario: str) -> Iterator[str]:
    """What differs beyond chance, as `14 products go unused, up from 6`; and what only this scenario has."""
    baseline = findings.baseline or ""
    for metric, kind, text in _told(findings, scenario):
        mine, theirs = findings.level(scenario, metric), findings.level(baseline, metric)
        if mine.known and theirs.known and findings.verdict(scenario, metric).resolved:
            now, before = _pair(mine.value, theirs.value, kind)
            yield f"{text.format(now)}, {'up' if mine.value > theirs.value else 'down'} from {before}"
        elif mine.known and not theirs.known and mine.value not in TRIVIAL:
            yield text.format(_number(mine.value, kind))


def _pair(mine: float, theirs: float, kind: str) -> tuple[str, str]:
    """Both numbers, told apart."""
    now, before = _number(mine, kind), _number(theirs, kind)
    if now == before:
        factor = 100.0 if kind == HUNDRED else 1.0
        now, before = told_apart(mine * factor, theirs * factor, rounded)
        now = f"{now}{' of 100' if kind == HUNDRED else ' days' if kind == DAYS else ''}"
    return now, before.removesuffix(" of 100").removesuffix(" days").replace("no", "none", 1)


def slot_supply(tables: Tables, findings: Findings) -> list[str]:
    """How much of the mean wait is due to scarce slots, most of all in which scenario; one short line, or none.

    A comparison with a product that needs no slots depends on their number as well, so it stands before all other
    findings.
    """
    waits = {s: findings.level(s, f"slot_{SCARCITY}_days_mean") for s in findings.scenarios}
    known = {scenario: wait for scenario, wait in waits.items() if wait.known}
    if not known:
        return []
    worst = max(known, key=lambda scenario: known[scenario].value)
    days = glance(known[worst].value, "days")
    assumed = " (supply assumed)" if supply_is_assumed(tables, findings) else ""
    if len(findings.scenarios) == 1:
        calendar = glance(findings.level(worst, f"slot_{CALENDAR}_days_mean").value, "days")
        return [f"Scarce slots account for {days} of the mean wait, their release dates for {calendar}{assumed}."]
    up_to = "up to " if len(known) > 1 else ""
    return [f"Scarce slots account for {up_to}{days} of the mean wait with {findings.quoted(worst)}{assumed}."]


def supply_is_assumed(tables: Tables, findings: Findings) -> bool:
    """Whether patients wait for slots the number of which is an assumption, in any scenario."""
    waiting = (s for s in findings.scenarios if findings.level(s, f"slot_{SCARCITY}_days_mean").known)
    return any(_supply_is_assumed(tables, scenario) for scenario in waiting)


def _supply_is_assumed(tables: Tables, scenario: str) -> bool:
    """Whether no evidence stands behind the number of slots of a scenario."""
    if "parameters" not in tables:
        return False
    mine = tables["parameters"]
    mine = mine[(mine["scenario"] == scenario) & mine["path"].str.fullmatch(SLOTS)]
    return bool((mine["source"] == "assumption").any())


def _groups(tables: Tables, findings: Findings, scenario: str) -> Iterator[str]:
    """Who bears it: progression by risk group and the wait by centre, each only where groups differ beyond chance."""
    if "groups" not in tables:
        return
    frame = tables["groups"]
    mine = _group(frame, scenario, "risk_group", GROUPED)
    if 1 < len(mine) <= MOST_GROUPS and _differ(mine):
        before = _group(frame, findings.baseline or "", "risk_group", GROUPED) if scenario in findings.others else {}
        told = []
        for group, value in mine.items():
            theirs = before.get(group)
            was = ""
            if theirs is not None and value.clearly_apart(theirs):
                was = f" (from {_bare(theirs)})"
            told.append(f"{group} {_bare(value)}{was}")
        yield f"progressed by risk group, of 100: {', '.join(told)}"
    waits = _group(frame, scenario, "centre", "waiting_days_mean")
    ranked = sorted(waits, key=lambda centre: waits[centre].value)
    least, most = (ranked[0], ranked[-1]) if ranked else ("", "")
    if ranked and waits[most].clearly_apart(waits[least]) and waits[most].value > WORTH_TELLING * waits[least].value:
        low, high = told_apart(waits[least].value, waits[most].value, rounded)
        where = f" with {findings.quoted(scenario)}" if len(findings.others) == 1 else ""
        yield f"the mean wait{where} ranges from {counted(low, 'day')} in {least} to {high} in {most}"


def _bare(share: Estimate) -> str:
    return of_hundred(share.value).removesuffix(" of 100")


def _differ(groups: Mapping[str, Estimate]) -> bool:
    """Whether the two groups that are furthest apart differ beyond chance."""
    ranked = sorted(groups.values(), key=lambda value: value.value)
    return ranked[-1].clearly_apart(ranked[0])


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
        if row.estimate > RARE:
            where = f" in {row.centre}" if row.centre else ""
            yield f"{of_hundred(row.estimate)} requests for a dose{where} find the shelf empty"
