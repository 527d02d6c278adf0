"""The validation table as a page of Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from reports.markdown import plain, table

KINDS = {
    "exact": (
        "Exact and closed-form cases",
        "Worked out by hand or by formula, so what comes out shows whether the program does what it says.",
    ),
    "test": (
        "Published figures that no default was set to",
        "Whether the model, set by other figures, comes near these. A miss stays here, with its likely reason.",
    ),
    "calibration": (
        "Published figures that a default was set to",
        "That these come out shows that the setting was done right, and nothing about the model.",
    ),
}


def validation_page(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], summary: str) -> str:
    """Markdown of the rows of the validation table, by kind; `names`: what each case is called."""
    parts = [
        "# Validation",
        "Made by `python run_sim.py validate --page docs/validation.md`; not edited by hand. Each case is a scenario "
        "file in `scenarios/validation/`, which says where its values come from. Shares are from 0 to 1, the interval "
        "of what was simulated is the 95 % one of its mean over replications. A target is met when the simulated mean "
        "is inside the expected range, or off it by no more than three standard errors, or by what its file allows.",
        f"**{summary}.**",
    ]
    for kind, (title, told) in KINDS.items():
        chosen = [row for row in rows if row["kind"] == kind]
        if chosen:
            parts += [f"## {title}", told, _table(chosen, names)]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    cells, case = [], ""
    for row in rows:
        told = " ".join(_sentence(str(row[key])) for key in ("source", "why", "note") if row[key])
        first = names.get(str(row["case"]), "") if row["case"] != case else ""
        case = str(row["case"])
        verdict = str(row["verdict"])
        cells.append(
            [
                f"{plain(first)} (`{case}`)" if first else "",
                plain(row["quantity"]).replace("_", " "),
                plain(row["expected"]),
                _simulated(row),
                verdict if verdict == "met" else f"**{verdict}**",
                plain(told),
            ]
        )
    return table(["case", "quantity", "expected", "simulated (95 %)", "verdict", "source and remarks"], cells)


def _simulated(row: Mapping[str, Any]) -> str:
    value = f"{row['simulated']:.5g}"
    if math.isnan(row["low"]):
        return value
    return f"{value} ({row['low']:.5g} to {row['high']:.5g})"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith(".") else f"{text}."
