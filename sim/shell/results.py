"""The results of a study on the screen: the finding, at most ten lines a scenario; or JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sim.outcomes.metrics import CENSORED, INFUSED_AND_FREE, TREATED_AND_FREE
from sim.shell.screen import heading_line, paragraph, print_json, print_table, screen_width, table_fits
from sim.tables.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from reports.findings import Findings
    from reports.words import Estimate
    from sim.experiment.study.run import Study

EVERYBODY, ALIVE, WAITING = INFUSED_AND_FREE[12], "alive_at_24_months_share", "still_waiting_share"
# Where the alternative is offered, these two stand instead of the other two.
TURNED, REPLACED = ("alternative_share", TREATED_AND_FREE[12]), ("half_infused_days", "vein_to_vein_days_median")
# What the screen shows, and calls it; days are said in the name, so that a line has room for two intervals.
ON_SCREEN: Mapping[str, str] = {
    "half_infused_days": "Half infused, days",
    "waiting_days_mean": "Waiting days, mean",
    "vein_to_vein_days_median": "Vein-to-vein days, median",
    "infused_share": "Proportion infused",
    "progressed_before_infusion_share": "Progressed before infusion",
    TURNED[0]: "Given the alternative",
    EVERYBODY: "Infused, progression-free, 1 y",
    TURNED[1]: "Or on the alternative, 1 y",
    ALIVE: "Alive at 2 years",
    "lost_before_infusion_share": "Lost before infusion",
    WAITING: "Still waiting at the end",
}
# Of these two lines each, on a screen with room for one interval in a line.
KEY = ("waiting_days_mean", "infused_share", "progressed_before_infusion_share", EVERYBODY)
COSTS = "Cost; QALYs per patient"
# Columns of a block: name, level, difference; and the least screen for them.
BLOCK, BLOCK_WIDTH = (30, 22, 25), 80


@dataclass(frozen=True)
class Line:
    """A figure of one scenario: its level, and its difference from the baseline ("" where there is none)."""

    metric: str
    name: str
    level: str
    short: str
    change: str


def show(study: Study, as_json: bool, inputs: bool = False) -> None:
    """Print what a finished study found; `inputs`: also every input in which its scenarios differ."""
    if as_json:
        found = {
            "summary": study.summary,
            "differences": study.differences,
            "already_waiting": study.already_waiting,
            "economics": study.economics,
            "icer": study.icer,
        }
        print_json({name: table for name, table in found.items() if table is not None})
        return
    from reports.details import OTHER_SUPPLY, slot_supply, supply_is_assumed
    from reports.findings import gather, on_the_list, read_with
    from reports.first_screen import lead
    from reports.tables import Tables

    frames = {"summary": study.summary, "differences": study.differences, "already_waiting": study.already_waiting}
    if "parameters" in study.written:
        frames["parameters"] = study.written["parameters"][0]
    tables = Tables({name: table for name, table in frames.items() if table is not None}, {}, {})
    findings = gather(tables)
    paragraph(lead(findings))
    click.echo()
    _print_figures(findings, {name: _lines(study, findings, name) for name in findings.scenarios})
    if study.list_below is not None:
        for _, row in study.list_below.iterrows():
            paragraph(f"{row['scenario']}: {row['label'].lower()}: {_dated(row)}")
    slots = slot_supply(tables, findings)
    if supply_is_assumed(tables, findings):
        slots = [" ".join((*slots, OTHER_SUPPLY))]
    for said in (*read_with(findings), *on_the_list(findings), *slots):
        paragraph(said)
    paired = " Differences are paired on the same patients." if findings.others else ""
    paragraph(
        "In brackets: 95% simulation intervals of means over replications. They show simulation error only, not "
        f"uncertainty in the inputs.{paired}"
    )
    if study.economics is not None:
        _tell_economics(study.economics, study.icer)
        if findings.censored:
            paragraph(f"{findings.unresolved()}: their further course is an assumption in these figures.")
    _tell_inputs(study, findings, inputs)


def _lines(study: Study, findings: Findings, scenario: str) -> list[Line]:
    """The figures of one scenario, at most ten."""
    from reports.findings import not_reached

    found = []
    offered = any(findings.level(one, TURNED[0]).known for one in findings.scenarios)
    for metric, name in ON_SCREEN.items():
        if metric in (REPLACED if offered else TURNED):
            continue
        everywhere = [findings.level(one, metric) for one in findings.scenarios]
        if metric == WAITING and all(one.value <= CENSORED for one in everywhere):
            continue
        if metric in (EVERYBODY, ALIVE) and not any(one.known for one in everywhere):
            continue
        if metric == ALIVE and findings.censored:
            continue  # in its line stands who is still waiting
        level, change = findings.level(scenario, metric), findings.change(scenario, metric)
        told = not_reached(findings, scenario, metric)
        found.append(
            Line(
                metric, name, told or _figure(level), told or _figure(level, within=False),
                _figure(change) if scenario != findings.baseline and findings.others else "",
            )
        )  # fmt: skip
    if study.economics is not None:
        told = _cost_and_qalys(study.economics, scenario)
        found.append(Line(COSTS, COSTS, told, told, ""))
    return found


def _figure(estimate: Estimate, within: bool = True) -> str:
    """A number without the days that its name says, with its interval where that is wanted."""
    from reports.words import bare, bounds, unit_of

    if not estimate.known:
        return "no estimate"
    unit = unit_of(estimate, short=True) if estimate.unit == "share" else ""
    there = bounds(estimate) if within else ""
    return f"{bare(estimate)}{unit}{f' ({there})' if there else ''}"


def _print_figures(findings: Findings, figures: Mapping[str, Sequence[Line]]) -> None:
    """One table where the screen has room for it, else one scenario below the other."""
    names, others = list(figures), findings.others
    headers = ["", *names, *(f"difference: {name}" if len(others) > 1 else "difference" for name in others)]
    rows = [
        [lines[0].name, *(line.level for line in lines), *(line.change for line in lines[1:])]
        for lines in zip(*figures.values(), strict=True)
    ]
    if table_fits(headers, rows):
        print_table(headers, rows)
        return
    if screen_width() >= BLOCK_WIDTH:
        for name, lines in figures.items():
            heading_line(name, "difference" if name in others else "", BLOCK_WIDTH)
            for line in lines:
                click.echo(_in_columns(line))
        return
    for name, lines in figures.items():
        heading_line(name, "", screen_width())
        for line in lines:
            if line.metric in KEY:
                click.echo(f" {line.name}")
                paragraph(f"  {f'{line.short}, {line.change}' if name in others else line.level}", hanging=2)
    if others:
        paragraph("After a comma stands the difference from the first scenario.")


def _in_columns(line: Line) -> str:
    name, level, change = BLOCK
    return f" {line.name:<{name}} {line.level:>{level}} {line.change:>{change}}".rstrip()


def _cost_and_qalys(economics: pd.DataFrame, scenario: str) -> str:
    from reports.money import amount

    mine = economics[economics["scenario"] == scenario].set_index("quantity")
    found = [dict(mine.loc[name]) for name in ("cost_per_referred", "qalys_per_referred")]
    return "; ".join(amount(float(row["estimate"]), str(row["unit"])) for row in found)


def _tell_economics(economics: pd.DataFrame, icer: pd.DataFrame | None) -> None:
    unit = next(iter(economics[economics["quantity"] == "cost_per_referred"]["unit"]))
    count = len({path for text in economics["assumed"] for path in str(text).split("; ") if path})
    told = "; ".join(_standing(icer)) if icer is not None else ""
    paragraph(
        f"Costs and QALYs are per patient referred, in {unit}{f'. ICER, per QALY: {told}' if told else ''}. They stand "
        f"on {counted(count, 'assumption')}: see `assumed` in economics.csv."
    )


def _standing(icer: pd.DataFrame) -> Iterator[str]:
    """Each scenario with its ratio, or how it stands without one."""
    from reports.money import amount, standing

    for _, row in icer.iterrows():
        ratio = float(row["icer"])
        told = amount(ratio, "") if math.isfinite(ratio) else standing(str(row["status"]), str(row["against"]))
        yield f"{row['scenario']}: {told}"


def _tell_inputs(study: Study, findings: Findings, inputs: bool) -> None:
    """How many inputs differ, or which."""
    count = len(study.changes)
    if not findings.others or not count:
        return
    if not inputs:
        paragraph(f"The scenarios differ in {counted(count, 'input')}; --inputs lists them, and so does the report.")
        return
    names = list(findings.scenarios)
    click.echo("What differs between the scenarios")
    changes = [[row["path"], *(row[name] for name in names)] for _, row in study.changes.iterrows()]
    print_table(["", *names], changes, numbers_from=len(names) + 1)


def _dated(row: Any) -> str:
    """When a list falls below its number, in words."""
    import pandas as pd

    if pd.isna(row["day"]):
        return f"never stays below {row['below']} within the window"
    sure = "never in 95% of replications" if pd.isna(row["sure_day"]) else f"in 95% of replications {row['sure_date']}"
    return f"below {row['below']} on average from {row['date']} on, {sure}"
