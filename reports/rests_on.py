"""What the finding rests on, in words: the assumptions that move it most, what turns it round, what was not tried."""

from __future__ import annotations

from dataclasses import dataclass

from reports.charts.robustness import instead, moved, strongest
from reports.findings import SHORT
from reports.grids import Grid
from reports.tables import Tables, records
from reports.words import counted, listed, uncapital
from sim.tables.inputs import input_label


@dataclass(frozen=True)
class RestsOn:
    """`most`: a sentence each on the assumptions that move the headline most. `turns`: on those that turn it round."""

    most: list[str]
    turns: list[str]
    tried: str
    untried: Grid


def rests_on(tables: Tables) -> RestsOn | None:
    """What the page says of the assumptions; None where they were not tried."""
    if "robustness" not in tables:
        return None
    mine = strongest(tables["robustness"])
    widest = mine.loc[mine.groupby("path")["shift"].apply(lambda shift: shift.abs().idxmax())].sort_values("rank")
    frame = tables.frames.get("not_tried")
    skipped = [] if frame is None else records(frame)
    rows = [[input_label(str(r.path)), str(r.value), str(r.end), str(r.why), str(r.scenario)] for r in skipped]
    many = int(tables["robustness"]["path"].nunique())
    tried = f"{counted(many, 'assumption')} tried one at a time; {len(rows)} entries not tried, each with its reason"
    heads = ["Input", "Value", "Which value", "Why not tried", "Scenario"]
    turned = turns(tables) or ["None of the assumptions tried reverses the finding."]
    return RestsOn(
        [f"{moved(row)}." for row in records(widest)],
        turned,
        tried,
        Grid(f"Not tried: {len(rows)}", heads, rows, "text stack"),
    )


def turns(tables: Tables) -> list[str]:
    """A sentence each on the values of assumptions that reverse a difference beyond chance, and in which outcomes."""
    if "robustness" not in tables:
        return []
    frame = tables["robustness"]
    turned = frame[frame["turns"].astype(str).str.lower().isin(("true", "1"))]
    told: dict[tuple[str, str], list[str]] = {}
    for row in records(turned):
        what = f"{input_label(str(row.path))}: {instead(row)}"
        told.setdefault((what, str(row.scenario)), []).append(uncapital(SHORT.get(str(row.metric), str(row.label))))
    return [f"{what} reverses {listed(labels)} ({scenario})." for (what, scenario), labels in told.items()]
