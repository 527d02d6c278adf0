"""Where the numbers of the scenarios come from, and in which the scenarios differ: tables of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from reports.findings import Findings
from reports.grids import Grid
from reports.tables import Tables
from reports.words import counted

NOT_USED = Markup('<span class="muted">not used</span>')


def changes(tables: Tables, findings: Findings) -> Grid | None:
    """The values that differ, a column a scenario; None where there is no such table."""
    if "changes" not in tables:
        return None
    frame = tables["changes"]
    columns = [scenario for scenario in findings.scenarios if scenario in frame.columns]
    rows = [
        [_code(record["path"]), str(record["belongs_to"]), *(str(record[c]) or NOT_USED for c in columns)]
        for record in sorted(frame.to_dict("records"), key=lambda record: str(record["belongs_to"]))
    ]
    return Grid("Values that differ", ["Parameter", "Belongs to", *columns], rows, "text stack")


@dataclass(frozen=True)
class Parameters:
    """The parameters of one scenario behind a fold with this summary."""

    summary: str
    table: Grid


def parameters(tables: Tables, findings: Findings) -> list[Parameters]:
    """The parameters of each scenario with their sources."""
    if "parameters" not in tables:
        return []
    frame, out = tables["parameters"], []
    for scenario in findings.scenarios or dict.fromkeys(frame["scenario"]):
        mine = frame[frame["scenario"] == scenario].to_dict("records")
        if not mine:
            continue
        rows = [[_code(r["path"]), str(r["value"]), _source(r), str(r["note"])] for r in mine]
        assumed = sum(str(r["source"]).strip() == "assumption" for r in mine)
        unstated = sum(not _stated(r) for r in mine)
        text = f"{scenario}: {counted(len(mine), 'parameter')}, {counted(assumed, 'assumption')}"
        text += f", {unstated} without a source given" if unstated else ""
        table = Grid(f"Parameters of {scenario}", ["Parameter", "Value", "Source", "Note"], rows, "text stack")
        out.append(Parameters(text, table))
    return out + _uncertain(tables)


def _uncertain(tables: Tables) -> list[Parameters]:
    """The distributions of the uncertain inputs of each scenario with their sources."""
    if "uncertain_inputs" not in tables:
        return []
    out = []
    for scenario, mine in tables["uncertain_inputs"].groupby("scenario", sort=False):
        records = [{**record, "stated": "true"} for record in mine.to_dict("records")]
        rows = [[_code(r["path"]), str(r["distribution"]), _source(r), str(r["note"])] for r in records]
        heads = ["Input", "Distribution", "Source", "Note"]
        table = Grid(f"Uncertain inputs of {scenario}", heads, rows, "text stack")
        out.append(Parameters(f"{scenario}: {counted(len(rows), 'uncertain input')}", table))
    return out


def _code(path: object) -> Markup:
    return Markup("<code>{}</code>").format(str(path))


def _stated(record: Mapping[object, object]) -> bool:
    return str(record["stated"]).strip().lower() in ("true", "1", "yes")


def _source(record: Mapping[object, object]) -> Markup:
    """Where a value comes from: a flag, the word assumption, or the evidence ids with the full reference."""
    if not _stated(record):
        return Markup('<span class="badge flag">no source given: assumption</span>')
    source = str(record["source"]).strip()
    if source == "assumption":
        return Markup('<span class="badge">assumption</span>')
    reference = str(record["reference"]).strip()
    text = Markup("<b>{}</b>").format(source)
    return text + Markup("<br>") + escape(reference) if reference else text
