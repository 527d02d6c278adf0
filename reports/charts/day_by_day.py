"""Beds and slots day by day: a row a bed, a bar each stay; below, the slots of each offer, claimed or not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import (
    MUTED,
    NEITHER,
    PAPER,
    SMALL_SIZE,
    WORDS_SQUEEZE,
    canvas,
    finish,
    legible,
    mark,
    name_of,
    plain,
    stacked,
)
from reports.words import counted, listed, number

ROW, GAP, ABOVE, BELOW = 13, 42, 50, 52
BED = "bed"
"""The resource whose units stand as rows, with the slots; chairs and lines are in the table."""
SLOTS = ("claimed", "unclaimed")
LEAST_ROWS, MOST = 2, 2
"""Rows of a panel at the least; scenarios at the most."""
COLOURS = {"held": "#9DB0C3", "claimed": "#12355B", "unclaimed": NEITHER}
NAMES = {"held": "bed held by a patient", "claimed": "slot claimed", "unclaimed": "slot not claimed"}
Panel = tuple[str, str, pd.DataFrame]


def has_beds(table: pd.DataFrame) -> bool:
    """Whether there is a bed or a slot to draw."""
    return bool(_drawn(table).any())


def _drawn(table: pd.DataFrame) -> Any:
    return (table["resource"] == BED) | table["kind"].isin(SLOTS)


def draw(table: pd.DataFrame, findings: Findings) -> Figure:
    """A panel a centre with beds and one for the slots, scenario by scenario, on one axis of days."""
    picture = canvas()
    panels = _panels(table, findings)
    heights = [ROW * max(LEAST_ROWS, int(rows["unit"].max())) for _, _, rows in panels]
    domains = stacked(heights, GAP, ABOVE)
    told: set[str] = set()
    narrow: dict[str, Any] = {}
    first, last = _ends(table)
    for place, ((scenario, name, rows), domain) in enumerate(zip(panels, domains, strict=True)):
        suffix = "" if place == 0 else str(place + 1)
        _bars(picture, rows, suffix, findings, told)
        most = max(LEAST_ROWS, int(rows["unit"].max()))
        colour = legible(mark(findings.place(scenario)).colour)
        short = f"<b>{name_of(scenario, 36)}</b><br>{name_of(name, 46)}"
        narrow[f"layout.annotations.{len(picture.annotations)}.text"] = short
        picture.add_annotation(
            xref="x domain", x=0, yref=f"y{suffix} domain", y=1, yshift=2, showarrow=False, xanchor="left",
            yanchor="bottom", text=f"<b>{name_of(scenario, 40)}</b><br>{plain(name)}", align="left",
            font={"size": SMALL_SIZE, "color": colour},
        )  # fmt: skip
        axis = {"domain": list(domain), "range": [most + 0.6, 0.4], "showgrid": False, "zeroline": False, "anchor": "x"}
        ticks = {"tickvals": [1, most], "tickfont": {"size": 10, "color": MUTED}}
        picture.update_layout({f"yaxis{suffix}": {**axis, **ticks}})
    dated = findings.start is not None
    picture.update_layout(
        barmode="overlay",
        xaxis={
            "range": [_at(first, findings), _at(last, findings)],
            "anchor": f"y{'' if len(panels) == 1 else len(panels)}",
            "title": {"text": "date" if dated else "days since the start of the simulation"},
            **({"type": "date", "tickformat": "%-d %b %Y", "nticks": 8} if dated else {}),
        },
    )
    return finish(
        picture,
        title=_title(table, findings),
        subtitle="The first replication, from the start of the measuring window on: an illustration, not an estimate"
        + (f"; the first {MOST} of {len(findings.scenarios)}" if len(findings.scenarios) > MOST else ""),
        alt=describe(table, findings),
        height=ABOVE + sum(heights) + GAP * (len(panels) - 1) + BELOW,
        margin={"l": 40, "r": 20, "b": BELOW},
        legend=[name for kind, name in NAMES.items() if kind in told],
        narrow={"layout.xaxis.nticks": 3, **narrow},
        squeeze=WORDS_SQUEEZE,
    )


def describe(table: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the most beds taken at a time in each centre, and how many slots were claimed."""
    parts = [f"{s}: {listed(said)}" for s in findings.scenarios if (said := _said(table[table["scenario"] == s]))]
    return f"Beds and slots day by day over thirteen weeks of one replication. {'; '.join(parts)}."


def _said(mine: pd.DataFrame) -> list[str]:
    beds, slots = mine[mine["resource"] == BED], mine[mine["kind"].isin(SLOTS)]
    found = [
        f"at most {counted(int(rows['unit'].max()), 'bed')} taken at a time{f' at {centre!s}' if centre else ''}"
        for centre, rows in beds.groupby("centre", sort=False)
    ]
    if len(slots):
        found.append(f"{int((slots['kind'] == 'claimed').sum())} of {counted(len(slots), 'slot')} claimed")
    return found


def _title(table: pd.DataFrame, findings: Findings) -> str:
    """What is shown: over these weeks of one replication nothing is estimated."""
    parts = []
    for scenario in _shown(findings):
        stays = int(((table["scenario"] == scenario) & (table["resource"] == BED)).sum())
        if stays:
            parts.append(f"{counted(stays, 'stay')} in infusion beds with {findings.quoted(scenario)}")
    weeks = "Thirteen weeks of one replication"
    return f"{weeks}: {listed(parts)}" if parts else f"{weeks}: slots offered and claimed"


def _shown(findings: Findings) -> tuple[str, ...]:
    """The first scenarios: of more there would be no room."""
    return findings.scenarios[:MOST]


def _panels(table: pd.DataFrame, findings: Findings) -> list[Panel]:
    """(scenario, name, rows) of each panel: slots first, as they come before beds on the way."""
    found: list[Panel] = []
    shown = table[_drawn(table)]
    for scenario in _shown(findings):
        mine = shown[shown["scenario"] == scenario]
        for of_slots in (True, False):
            some = mine[mine["kind"].isin(SLOTS) == of_slots]
            for (label, centre), rows in some.groupby(["label", "centre"], sort=False):
                found.append((scenario, f"{str(label).lower()}{f' at {centre!s}' if centre else ''}", rows))
    return found


def _ends(table: pd.DataFrame) -> tuple[float, float]:
    return float(table["window_from"].iloc[0]), float(table["window_to"].iloc[0])


def _at(day: float, findings: Findings) -> float | str:
    if findings.start is None:
        return day
    return (findings.start + timedelta(days=int(day))).isoformat()


def _bars(picture: Figure, rows: pd.DataFrame, suffix: str, findings: Findings, told: set[str]) -> None:
    first, last = _ends(rows)
    for kind, name in NAMES.items():
        mine: Sequence[Any] = records(rows[rows["kind"] == kind])
        if not mine:
            continue
        begun = [max(first, row.from_day) for row in mine]
        ended = [min(last, row.to_day) for row in mine]
        # along dates lengths are milliseconds
        unit = 1.0 if findings.start is None else 86_400_000.0
        picture.add_trace(
            trace(
                "bar",
                x=[(b - a) * unit for a, b in zip(begun, ended, strict=True)],
                base=[_exactly(a, findings) for a in begun],
                y=[row.unit for row in mine],
                orientation="h",
                width=0.72,
                marker={"color": COLOURS[kind], "line": {"color": PAPER, "width": 0.8}},
                name=name,
                legendgroup=kind,
                showlegend=kind not in told,
                hoverinfo="text",
                hovertext=[f"{name}: day {number(row.from_day)} to {number(row.to_day)}" for row in mine],
                xaxis="x",
                yaxis=f"y{suffix}",
            )
        )
        told.add(kind)


def _exactly(day: float, findings: Findings) -> float | str:
    if findings.start is None:
        return day
    whole = findings.start + timedelta(days=int(day))
    minutes = int((day - int(day)) * 1440)
    return f"{whole.isoformat()}T{minutes // 60:02d}:{minutes % 60:02d}:00"
