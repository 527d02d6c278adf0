"""The results of a study on the screen: a table, or JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from sim.outcomes.metrics import INFUSED_AND_FREE, TREATED_AND_FREE
from sim.shell.screen import print_table

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.study.run import Study

# Only of scenarios that say what becomes of patients.
LATER = (*INFUSED_AND_FREE.values(), "alive_at_24_months_share")
# Only where the alternative is offered.
TURNED = ("alternative_share", TREATED_AND_FREE[12])
ON_SCREEN = (
    "half_infused_days",
    "waiting_days_mean",
    "waiting_days_median",
    "vein_to_vein_days_median",
    "infused",
    "infused_share",
    "progressed_before_infusion",
    "progressed_before_infusion_share",
    *LATER,
    *TURNED,
    "lost_before_infusion",
    "lost_before_infusion_share",
    "still_waiting_share",
)


def show(study: Study, as_json: bool) -> None:
    """Print what a finished study found."""
    if as_json:
        click.echo(_as_json(study))
        return
    from reports.findings import gather, not_reached, on_the_list, sentence
    from reports.tables import Tables
    from reports.words import Estimate, compact

    frames = {"summary": study.summary, "differences": study.differences, "already_waiting": study.already_waiting}
    findings = gather(Tables({name: table for name, table in frames.items() if table is not None}, {}, {}))

    def cell(row: dict[str, Any], change: bool = False) -> str:
        missing = "" if change else not_reached(findings, row["scenario"], row["metric"])
        return missing or compact(Estimate(row["estimate"], row["low"], row["high"], row["unit"], change=change))

    names = list(dict.fromkeys(study.summary["scenario"]))
    if study.differences is not None and len(study.changes):
        click.echo("What differs between the scenarios")
        changes = [[row["path"], *(row[name] for name in names)] for _, row in study.changes.iterrows()]
        print_table(["", *names], changes, numbers_from=len(names) + 1)
        click.echo()
    rows = []
    for metric in ON_SCREEN:
        levels = _rows(study.summary, metric)
        asked = _rows(study.summary, TURNED[0]) if metric in TURNED else levels
        if metric in (*LATER, *TURNED) and all(math.isnan(row["estimate"]) for row in asked):
            continue
        cells = [cell(row) for row in levels]
        if study.differences is not None:
            cells += [cell(row, change=True) for row in _rows(study.differences, metric)]
        rows.append([levels[0]["label"], *cells])
    headers = ["", *names]
    if study.differences is not None:
        headers += [f"difference: {name}" if len(names) > 2 else "difference" for name in names[1:]]
    print_table(headers, rows)
    if study.list_below is not None:
        for _, row in study.list_below.iterrows():
            click.echo(f"{row['scenario']}: {row['label'].lower()}: {_dated(row)}")
    for scenario in findings.others or findings.scenarios:
        click.echo(sentence(findings, scenario))
    for said in on_the_list(findings):
        click.echo(said)
    click.echo(
        "Means over replications with 95 % simulation intervals: these hold the chance of the simulation only,\n"
        "not what is unknown of the inputs. Differences are paired on the same patients."
    )
    if study.economics is not None:
        _show_economics(study.economics, study.icer)
        if findings.censored:
            click.echo(f"{findings.unresolved()}: what becomes of them is an assumption in these figures, too.")


def _show_economics(economics: pd.DataFrame, icer: pd.DataFrame | None) -> None:
    from reports.money import amount, heading, standing

    names = list(dict.fromkeys(economics["scenario"]))
    rows = []
    for quantity in ("cost_per_referred", "qalys_per_referred"):
        found = [dict(row) for _, row in economics[economics["quantity"] == quantity].iterrows()]
        first = found[0]
        cells = [amount(float(row["estimate"]), str(row["unit"])) for row in found]
        rows.append([heading(str(first["label"]), str(first["unit"])), *cells])
    if icer is not None:
        found_of = {str(row["scenario"]): dict(row) for _, row in icer.iterrows()}
        told = [found_of[name] for name in names]
        cells = [
            amount(float(row["icer"]), "")
            if math.isfinite(float(row["icer"]))
            else standing(str(row["status"]), str(row["against"]))
            for row in told
        ]
        rows.append(["ICER, per QALY", *cells])
    click.echo()
    print_table(["", *names], rows)
    count = len({path for text in economics["assumed"] for path in str(text).split("; ") if path})
    click.echo(f"Costs and QALYs stand on {count} inputs that are assumptions: see `assumed` in economics.csv.")


def _dated(row: Any) -> str:
    """When a list falls below its number, in words."""
    import pandas as pd

    if pd.isna(row["day"]):
        return f"never stays below {row['below']} within the window"
    sure = (
        "never in 95 % of replications" if pd.isna(row["sure_day"]) else f"in 95 % of replications {row['sure_date']}"
    )
    return f"below {row['below']} on average from {row['date']} on, {sure}"


def _rows(table: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    return [dict(row) for _, row in table[table["metric"] == metric].iterrows()]


def _as_json(study: Study) -> str:
    found = {
        "summary": study.summary,
        "differences": study.differences,
        "already_waiting": study.already_waiting,
        "economics": study.economics,
        "icer": study.icer,
    }
    return json.dumps(
        {
            name: json.loads(table.to_json(orient="records", double_precision=15))
            for name, table in found.items()
            if table is not None
        },
        indent=2,
    )
