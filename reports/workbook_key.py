"""Two sheets of the workbook: the key figures side by side, and charts of them that Excel draws itself."""

from __future__ import annotations

import math
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from reports.findings import EVERYBODY, Findings
from reports.grids import KEY
from reports.theme import OFFICE_HATCHES, Mark, lighter, mark
from reports.words import Estimate

FIGURES, CHARTS = "Key figures", "Charts"
DRAWN = ("waiting_days_mean", "progressed_before_infusion_share", "infused_share", EVERYBODY)
PARTS = ("estimate", "low", "high")
HEAD_ROWS = 2


def figure_sheets(book: Any, look: dict[str, Any], findings: Findings) -> None:
    """The sheets `Key figures` and `Charts`; nothing without scenarios.

    A row a figure; three columns (estimate, low, high) a scenario, then three a difference from the baseline.
    """
    metrics = [m for m in KEY if any(findings.level(s, m).known for s in findings.scenarios)]
    if not metrics:
        return
    sheet = book.add_worksheet(FIGURES)
    groups = [*findings.scenarios, *(f"{s}, difference from {findings.baseline}" for s in findings.others)]
    sheet.write_string(0, 0, findings.population(), look["wrapped"])
    sheet.write_string(1, 0, "Figure", look["head"])
    for k, name in enumerate(groups):
        first = 1 + len(PARTS) * k
        sheet.merge_range(0, first, 0, first + len(PARTS) - 1, name, look["head"])
        for offset, part in enumerate(PARTS):
            sheet.write_string(1, first + offset, part, look["head"])
    for row, metric in enumerate(metrics, start=HEAD_ROWS):
        told = [findings.level(s, metric) for s in findings.scenarios]
        told += [findings.change(s, metric) for s in findings.others]
        named = next(e for e in told if e.label)
        sheet.write_string(row, 0, f"{named.label}{_unit(named.unit)}", look["text"])
        for k, one in enumerate(told):
            _numbers(sheet, look, row, 1 + len(PARTS) * k, one, named.unit)
    sheet.set_column(0, 0, 52)
    sheet.set_row(0, 48)
    sheet.set_column(1, len(PARTS) * len(groups), 11)
    sheet.freeze_panes(HEAD_ROWS, 1)
    _charts(book, findings, {metric: row for row, metric in enumerate(metrics, start=HEAD_ROWS)})


def _unit(unit: str) -> str:
    return f", {unit}" if unit and unit not in ("share", "days") else ""


def _numbers(sheet: Any, look: dict[str, Any], row: int, first: int, one: Estimate, unit: str) -> None:
    from reports.workbook import unit_look

    for column, value in enumerate((one.value, one.low, one.high), start=first):
        if math.isfinite(value):
            sheet.write_number(row, column, value, unit_look(look, unit, one.change))


def _charts(book: Any, findings: Findings, rows: dict[str, int]) -> None:
    """A bar a scenario for each headline figure, with its interval, drawn from the cells of the other sheet."""
    sheet = book.add_worksheet(CHARTS)
    shown = [metric for metric in DRAWN if metric in rows]
    for place, metric in enumerate(shown):
        one = next(e for s in findings.scenarios if (e := findings.level(s, metric)).known)
        chart = book.add_chart({"type": "bar"})
        for k, scenario in enumerate(findings.scenarios):
            estimate = findings.level(scenario, metric)
            at = 1 + len(PARTS) * k
            series = {
                "name": [FIGURES, 0, at],
                "values": [FIGURES, rows[metric], at, rows[metric], at],
                **_fill(mark(k)),
                "gap": 60,
            }
            if estimate.bounded:
                series["y_error_bars"] = {
                    "type": "custom",
                    "plus_values": [estimate.high - estimate.value],
                    "minus_values": [estimate.value - estimate.low],
                }
            chart.add_series(series)
        shares = one.unit == "share"
        chart.set_title({"name": one.label, "name_font": {"size": 12}, "overlay": False})
        chart.set_y_axis({"visible": False, "reverse": True})
        chart.set_x_axis({"min": 0, "num_format": "0%" if shares else "0", "name": "" if shares else one.unit})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 560, "height": 300})
        where = xl_rowcol_to_cell(16 * (place // 2), 9 * (place % 2))
        description = "; ".join(
            f"{s}: {findings.level(s, metric).value:.4g}" for s in findings.scenarios if findings.level(s, metric).known
        )
        sheet.insert_chart(where, chart, {"description": f"{one.label}. {description}"})


def _fill(look: Mark) -> dict[str, Any]:
    """How the bars of a scenario are filled: with its hatch, where it has one."""
    if not look.hatch:
        return {"fill": {"color": look.colour}}
    hatch = {"pattern": OFFICE_HATCHES[look.hatch], "fg_color": look.colour, "bg_color": lighter(look.colour)}
    return {"pattern": hatch}
