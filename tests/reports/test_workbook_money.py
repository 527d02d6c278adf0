"""The formulas of the workbook over the samples, worked out by numpy: what they give is what the tables say."""

from __future__ import annotations

import io
import math
import re
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from reports.tables import Tables
from reports.workbook_money import KEY, SAMPLES, key_sheets
from sim.outcomes.decisions import acceptability

NAMES = ("own", "=shelf", "care")
AMOUNTS = np.array([0.0, 50_000.0, 100_000.0])


@pytest.fixture(scope="module")
def made() -> tuple[Tables, bytes]:
    luck = np.random.default_rng(3)
    costs = luck.normal([300e3, 280e3, 200e3], 40e3, (40, 3))
    effects = luck.normal([2.4, 2.2, 1.4], 0.4, (40, 3))
    found = acceptability(costs, effects, AMOUNTS)
    wide = pd.DataFrame({"sample": np.arange(1, 41)})
    for k, name in enumerate(NAMES):
        wide[f"costs_{name}"] = costs[:, k]
    for k, name in enumerate(NAMES):
        wide[f"effects_{name}"] = effects[:, k]
    ceac = pd.concat(
        pd.DataFrame(
            {
                "willingness_to_pay": AMOUNTS,
                "unit": "EUR 2025",
                "strategy": name,
                "probability": found.probability[:, k],
                "expected_nmb": found.expected[:, k],
            }
        )
        for k, name in enumerate(NAMES)
    )
    tables = Tables({"psa_wide": wide, "ceac": ceac}, {}, {})
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        look = {name: book.add_format({}) for name in ("head", "percent", "text", "quoted", "money", "long")}
        key_sheets(book, look, tables, math.nan)
    return tables, out.getvalue()


class Sheets:
    """Formulas of the kind that the sheet has, in numpy."""

    def __init__(self, content: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(content))
        self.kept = openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    def cells(self, first: str, last: str) -> Any:
        rows = self.book[SAMPLES][f"{first}:{last}"]
        return np.array([row[0].value for row in rows], dtype=float)

    def value(self, cell: str) -> Any:
        text = self.book[KEY][cell].value
        if not (isinstance(text, str) and text.startswith("=")) or self.book[KEY][cell].data_type != "f":
            return text
        words = text[1:].replace("$", "")
        words = re.sub(rf"{SAMPLES}!([A-Z]+[0-9]+):([A-Z]+[0-9]+)", r"cells('\1','\2')", words)
        words = re.sub(r"(?<![A-Z'!])([A-Z]+[0-9]+)(?!['0-9])", r"value('\1')", words)
        words = re.sub(r'IF\((.*?)=0,"",(.*)\)$', r"(\2)", words)
        known = {"cells": self.cells, "value": self.value, "AVERAGE": np.mean, "SUMPRODUCT": np.sum, "ROWS": len}
        return float(eval(words, {"__builtins__": {}}, known))

    def told(self, cell: str) -> Any:
        return self.kept[KEY][cell].value


def test_formulas_give_what_the_tables_say(made: tuple[Tables, bytes]) -> None:
    tables, content = made
    sheets, wide, ceac = Sheets(content), tables["psa_wide"], tables["ceac"]
    assert sheets.value("B2") == 50_000.0
    told = ceac.set_index(["strategy", "willingness_to_pay"])
    cost, qalys = ([wide[f"{kind}_{name}"].mean() for name in NAMES] for kind in ("costs", "effects"))
    for k, name in enumerate(NAMES):
        row = 5 + k
        assert sheets.value(f"A{row}") == name
        assert sheets.value(f"B{row}") == pytest.approx(cost[k], rel=1e-12)
        assert sheets.value(f"C{row}") == pytest.approx(qalys[k], rel=1e-12)
        assert sheets.value(f"G{row}") == pytest.approx(told.loc[(name, 50_000.0), "expected_nmb"], rel=1e-9)
        assert sheets.value(f"I{row}") == pytest.approx(told.loc[(name, 50_000.0), "probability"], rel=1e-12)
        if k:
            icer = (cost[k] - cost[0]) / (qalys[k] - qalys[0])
            assert sheets.value(f"F{row}") == pytest.approx(icer, rel=1e-9)
        for step, amount in enumerate(AMOUNTS):
            cell = f"{'BCD'[k]}{10 + step}"
            assert sheets.value(cell) == pytest.approx(told.loc[(name, amount), "probability"], rel=1e-12)


def test_a_reader_that_does_not_calculate_sees_the_same(made: tuple[Tables, bytes]) -> None:
    sheets = Sheets(made[1])
    cells = [f"{letter}{row}" for row in (5, 6, 7) for letter in "BCDEFGHI"]
    cells += [f"{letter}{row}" for row in (10, 11, 12) for letter in "BCD"]
    there = [cell for cell in cells if sheets.value(cell) is not None]
    assert len(there) == 29
    for cell in there:
        assert sheets.told(cell) == pytest.approx(sheets.value(cell), rel=1e-9), cell


def test_another_threshold_moves_them(made: tuple[Tables, bytes]) -> None:
    sheets, told = Sheets(made[1]), made[0]["ceac"].set_index(["strategy", "willingness_to_pay"])
    sheets.book[KEY]["B2"].value = 100_000.0
    for k, name in enumerate(NAMES):
        assert sheets.value(f"I{5 + k}") == pytest.approx(told.loc[(name, 100_000.0), "probability"], rel=1e-12)
