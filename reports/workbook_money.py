"""Two sheets of the workbook with live formulas: the samples of `psa`, and what follows from them at any threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from reports.tables import Tables, records

SAMPLES, KEY = "PSA", "Key results"
THRESHOLD_ROW, FIRST_ROW = 1, 4
LINE_HEIGHT, FORMATS = 15, {"costs": "money", "effects": "long"}
HEADS = ("Strategy", "Cost", "QALYs", "More cost", "More QALYs", "ICER", "Net benefit", "More net benefit",
         "Probability of being cost-effective")  # fmt: skip


def key_sheets(book: Any, look: dict[str, Any], tables: Tables, threshold: float) -> None:
    """The sheets `Key results` and `PSA`, where the folder holds samples; nothing otherwise.

    Everything in `Key results` is a formula over the samples and the threshold in its cell B2, which may be changed.
    """
    if "psa_wide" not in tables or "ceac" not in tables:
        return
    wide, ceac = tables["psa_wide"], tables["ceac"]
    strategies = [name.removeprefix("costs_") for name in wide.columns if name.startswith("costs_")]
    key, samples = book.add_worksheet(KEY), book.add_worksheet(SAMPLES)
    for column, name in enumerate(wide.columns):
        samples.write_string(0, column, str(name), look["head"])
        for row, value in enumerate(wide[name].tolist(), start=1):
            samples.write_number(row, column, value, look.get(FORMATS.get(str(name).partition("_")[0], "")))
    samples.set_row(0, 3 * LINE_HEIGHT)
    samples.freeze_panes(1, 1)
    samples.set_column(0, len(wide.columns) - 1, 16)
    at = _columns(wide)
    costs, effects = ([at[f"{kind}_{name}"] for name in strategies] for kind in ("costs", "effects"))
    means = [(float(wide[f"costs_{name}"].mean()), float(wide[f"effects_{name}"].mean())) for name in strategies]
    _key(key, look, ceac, _amount(ceac, threshold), strategies, means, costs, effects)


def _columns(wide: pd.DataFrame) -> dict[str, str]:
    """Where the samples of each column stand, as a range of the sheet."""
    last = len(wide) + 1
    letters = {str(name): xl_col_to_name(column, col_abs=True) for column, name in enumerate(wide.columns)}
    return {name: f"{SAMPLES}!{letter}$2:{letter}${last}" for name, letter in letters.items()}


def _key(
    sheet: Any,
    look: dict[str, Any],
    ceac: pd.DataFrame,
    named: float,
    strategies: Sequence[str],
    means: Sequence[tuple[float, float]],
    costs: Sequence[str],
    effects: Sequence[str],
) -> None:
    """The sheet of formulas, each with its value as well, for readers that do not calculate."""
    sheet.write_string(0, 0, "Means over the samples of the sheet PSA; change B2, and all figures follow", look["text"])
    sheet.write_string(THRESHOLD_ROW, 0, f"Willingness to pay for a QALY, {ceac['unit'].iloc[0]}", look["head"])
    sheet.write_number(THRESHOLD_ROW, 1, named, look["money"])
    threshold = xl_rowcol_to_cell(THRESHOLD_ROW, 1, row_abs=True, col_abs=True)
    for column, head in enumerate(HEADS):
        sheet.write_string(FIRST_ROW - 1, column, head, look["head"])
    first = FIRST_ROW + 1
    told = {(r.strategy, r.willingness_to_pay): r for r in records(ceac)}
    for k, strategy in enumerate(strategies):
        row = FIRST_ROW + k
        n = row + 1
        sheet.write_string(row, 0, strategy, look["quoted"])
        known = told[strategy, named]
        cost, qalys = means[k]
        sheet.write_formula(row, 1, f"=AVERAGE({costs[k]})", look["money"], cost)
        sheet.write_formula(row, 2, f"=AVERAGE({effects[k]})", look["long"], qalys)
        if k:
            more_cost, more_qalys = cost - means[0][0], qalys - means[0][1]
            # dearer and worse, or cheaper and better, is no ratio; of both less it is what a QALY lost saves
            icer = more_cost / more_qalys if more_cost * more_qalys > 0.0 else ""
            more = known.expected_nmb - told[strategies[0], named].expected_nmb
            sheet.write_formula(row, 3, f"=B{n}-B${first}", look["money"], more_cost)
            sheet.write_formula(row, 4, f"=C{n}-C${first}", look["long"], more_qalys)
            sheet.write_formula(row, 5, f'=IF(D{n}*E{n}<=0,"",D{n}/E{n})', look["money"], icer)
            sheet.write_formula(row, 7, f"=G{n}-G${first}", look["money"], more)
        sheet.write_formula(row, 6, f"={threshold}*C{n}-B{n}", look["money"], known.expected_nmb)
        sheet.write_formula(row, 8, f"={best(k, threshold, costs, effects)}", look["percent"], known.probability)
    top = FIRST_ROW + len(strategies) + 2
    sheet.write_string(top - 1, 0, "Willingness to pay", look["head"])
    for k, strategy in enumerate(strategies):
        sheet.write_string(top - 1, k + 1, f"Probability that {strategy} is best", look["head"])
    for row, amount in enumerate(sorted(set(ceac["willingness_to_pay"])), start=top):
        sheet.write_number(row, 0, amount, look["money"])
        cell = xl_rowcol_to_cell(row, 0, col_abs=True)
        for k, strategy in enumerate(strategies):
            known = told[strategy, amount].probability
            sheet.write_formula(row, k + 1, f"={best(k, cell, costs, effects)}", look["percent"], known)
    for row in (FIRST_ROW - 1, top - 1):
        sheet.set_row(row, 3 * LINE_HEIGHT)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, len(HEADS) - 1, 16)


def _amount(ceac: pd.DataFrame, threshold: float) -> float:
    """The amount nearest to the threshold of the report; without one, that in the middle."""
    amounts = sorted(set(ceac["willingness_to_pay"]))
    if math.isfinite(threshold):
        return float(min(amounts, key=lambda amount: abs(amount - threshold)))
    return float(amounts[len(amounts) // 2])


def best(k: int, threshold: str, costs: Sequence[str], effects: Sequence[str]) -> str:
    """The share of samples in which strategy k has a net benefit as high as every other's."""
    mine = f"{threshold}*{effects[k]}-{costs[k]}"
    others = [j for j in range(len(costs)) if j != k]
    wins = "*".join(f"(({mine})>=({threshold}*{effects[j]}-{costs[j]}))" for j in others) or f"(({mine})>=({mine}))"
    return f"SUMPRODUCT(1*{wins})/ROWS({costs[k]})"
