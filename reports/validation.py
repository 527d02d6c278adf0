"""The validation table as a page of Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reports.markdown import plain, table

KINDS = {
    "test": (
        "Validation: published figures held out",
        "No default was set to these: they show whether the model, set by other figures, comes near them. A miss stays "
        "here, with its likely reason.",
    ),
    "calibration": (
        "Calibration: published figures that a default was set to",
        "That these come out shows that the setting was done right, and nothing about the model.",
    ),
    "exact": (
        "Verification: closed forms and cases by hand",
        "Worked out by hand or by formula, so what comes out shows whether the program does what it says.",
    ),
}
INTERVALS = {"sampling": "95% interval", "range": "range", "ours": "margin of ours"}


def validation_page(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], summary: str) -> str:
    """Markdown of the rows of the validation table, by kind; `names`: what each case is called."""
    parts = [
        "# Validation",
        "Made by `python run_sim.py validate --page docs/validation.md`; not edited by hand. Each case is a scenario "
        "file in `scenarios/validation/`, which says where its values come from. Shares are from 0 to 1, the interval "
        "of what was simulated is the 95% one of its mean over replications. A target is met when the simulated mean "
        "is inside the expected range, or off it by no more than three standard errors, or by what its file allows.",
        f"**{summary}.**",
        "The three say different things, and one number over all of them would say nothing. A published figure has an "
        "error (simulated minus published) and, where the source allows one, a sampling interval of its own.",
    ]
    for kind, (title, told) in KINDS.items():
        chosen = [row for row in rows if row["kind"] == kind]
        if chosen:
            parts += [f"## {title}", told, _table(chosen, names, kind != "exact")]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], is_published: bool) -> str:
    cells, case = [], ""
    for row in rows:
        told = " ".join(sentence(str(row[key])) for key in ("source", "why", "note") if row[key])
        first = names.get(str(row["case"]), "") if row["case"] != case else ""
        case = str(row["case"])
        verdict = str(row["verdict"])
        cells.append(
            [
                f"{plain(first)} (`{case}`)" if first else "",
                plain(row["quantity"]).replace("_", " "),
                plain(published_words(row) if is_published else row["expected"]),
                _simulated(row),
                *([_error(row)] if is_published else []),
                verdict if verdict == "met" else f"**{verdict}**",
                plain(told),
            ]
        )
    expected = ["published", "simulated (95%)", "error"] if is_published else ["expected", "simulated (95%)"]
    return table(["case", "quantity", *expected, "verdict", "source and remarks"], cells)


def published_words(row: Mapping[str, Any]) -> str:
    """The published estimate with its interval, and what that is."""
    if not row["interval"]:
        return str(row["expected"])
    within = f"{row['expected']}, {INTERVALS[str(row['interval'])]}"
    return within if math.isnan(row["published"]) else f"{row['published']:.5g} ({within})"


def _error(row: Mapping[str, Any]) -> str:
    """What was simulated minus what was published, in the unit of a reader: days, or percentage points."""
    error = row["error"]
    if math.isnan(error):
        return "no estimate published"
    if row["unit"] == "share":
        return f"{100 * error:+z.1f} points"
    return f"{error:+z.1f} {row['unit']}".rstrip()


def _simulated(row: Mapping[str, Any]) -> str:
    value = f"{row['simulated']:.5g}"
    if math.isnan(row["low"]):
        return value
    return f"{value} ({row['low']:.5g} to {row['high']:.5g})"


def sentence(text: str) -> str:
    """The text with a capital letter, unless it begins with a formula or a name, and a full stop."""
    text = " ".join(text.split())
    if re.match(r"[a-z]+[ ,]", text):  # a word, and no formula or name
        text = text[0].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
