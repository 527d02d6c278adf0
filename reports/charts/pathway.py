"""The path of a patient in plain words, as boxes in the order in which things happen, made from the path itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from reports.figure import Figure, trace
from reports.findings import Findings
from reports.tables import records
from reports.theme import (
    INK,
    MUTED,
    PAPER,
    PROCESS,
    QUEUE,
    RULE,
    SMALL_SIZE,
    WORDS_SQUEEZE,
    canvas,
    finish,
    legible,
    lighter,
    mark,
    name_of,
    on_a_page,
    outcome_colour,
    plain,
    stacked,
)
from reports.words import capital, counted, listed, scale, shortened, stated, uncapital

PITCH, GAP, ABOVE, BELOW = 23, 46, 40, 14
BOX, INDENT = 0.84, 0.035
"""The part of a row that its box fills, and how much further to the right each step inside others stands."""
MOST = 4
LETTERS = 54
"""Letters that a row holds."""
PATIENT = "patient"
COLOURS = {"stage": PROCESS[1], "queue": lighter(QUEUE, 0.78)}
EDGES = {"queue": QUEUE, "branch": RULE}
BOXES = {"stage": "stage", "queue": "queue", "end": "end", "branch": "branch", "patience": "branch"}
"""How each kind of row is drawn; the others are words alone."""
NAMES = {"stage": "takes time", "queue": "queue for what is limited", "end": "end of the path"}
COURSES = {"later course": "A later course", "lot": "A lot of doses"}


@dataclass(frozen=True)
class Drawn:
    """A row as it is drawn: its words, and what stands at its right end."""

    course: str
    kind: str
    depth: int
    words: str
    aside: str = ""
    outcome: str = ""


Panel = tuple[list[str], list[Drawn]]
"""The scenarios that share a path, and its rows."""


def draw(table: pd.DataFrame, findings: Findings) -> Figure:
    """A panel for each path that differs, a box a step; what fails or leaves stands at the right of its step."""
    picture, panels = canvas(), _panels(table, findings)
    columns = 2 if len(panels) > 1 else 1
    lines = [[PITCH * len(rows) for _, rows in panels[at : at + columns]] for at in range(0, len(panels), columns)]
    panels = panels[: columns * on_a_page([max(line) for line in lines], GAP)]
    heights = [PITCH * len(rows) for _, rows in panels]
    tall = [max(heights[at : at + columns]) for at in range(0, len(panels), columns)]
    wide = stacked(tall, GAP, ABOVE)
    phone = stacked(heights, GAP, ABOVE)
    narrow: dict[str, Any] = {"layout.margin.l": 6, "layout.margin.r": 6}
    told: set[str] = set()
    for place, ((scenarios, rows), height) in enumerate(zip(panels, heights, strict=True)):
        line, column = divmod(place, columns)
        bottom, top = wide[line]
        bottom = top - (top - bottom) * height / tall[line]
        suffix = "" if place == 0 else str(place + 1)
        span = (0.0, 1.0) if columns == 1 else ((0.0, 0.485), (0.515, 1.0))[column]
        hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
        picture.update_layout(
            {
                f"xaxis{suffix}": {"domain": list(span), "anchor": f"y{suffix}", "range": [-0.003, 1.003], **hidden},
                f"yaxis{suffix}": {
                    "domain": [bottom, top], "anchor": f"x{suffix}", "range": [len(rows) - 0.5, -0.5], **hidden
                },
            }
        )  # fmt: skip
        narrow |= {f"layout.xaxis{suffix}.domain": [0.0, 1.0], f"layout.yaxis{suffix}.domain": list(phone[place])}
        colour = legible(mark(findings.place(scenarios[0])).colour)
        heads = f"<b>{name_of(listed(scenarios), 40)}</b>"
        picture.add_annotation(
            xref=f"x{suffix} domain", x=0, yref=f"y{suffix} domain", y=1, yshift=8, showarrow=False, xanchor="left",
            yanchor="bottom", text=heads, font={"size": SMALL_SIZE + 1, "color": colour},
        )  # fmt: skip
        _boxes(picture, rows, suffix, told)
    picture.update_layout(barmode="overlay")
    return finish(
        picture,
        title=_title(panels),
        subtitle=_subtitle(panels, findings),
        alt=describe(table, findings),
        height=ABOVE + sum(tall) + GAP * (len(tall) - 1) + BELOW,
        margin={"l": 10, "r": 10, "b": BELOW},
        legend=[name for kind, name in NAMES.items() if kind in told],
        narrow=narrow,
        squeeze=WORDS_SQUEEZE,
        narrow_height=ABOVE + sum(heights) + GAP * (len(heights) - 1) + BELOW,
    )


def describe(table: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: the stages and queues of each path in turn."""
    parts = []
    for scenarios, rows in _panels(table, findings):
        main = [row.words for row in rows if row.kind in ("stage", "queue") and row.course == PATIENT]
        parts.append(f"{listed(scenarios)}: {', '.join(main)}")
    return f"The path of a patient, step by step. {'; '.join(parts)}."


def _panels(table: pd.DataFrame, findings: Findings) -> list[Panel]:
    """The first paths that differ."""
    found: list[tuple[list[str], pd.DataFrame]] = []
    for scenario in findings.scenarios:
        mine = table[table["scenario"] == scenario].drop(columns="scenario").reset_index(drop=True)
        same = next((names for names, rows in found if rows.equals(mine)), None)
        if same is not None:
            same.append(scenario)
        elif not mine.empty:
            found.append(([scenario], mine))
    return [(names, _drawn(rows)) for names, rows in found[:MOST]]


def _drawn(rows: pd.DataFrame) -> list[Drawn]:
    """The rows in words; a failure, or an end for some, stands beside the step before it."""
    found: list[Drawn] = []
    course = PATIENT
    for row in records(rows):
        if row.course != course:
            course = row.course
            found.append(Drawn(course, "parts", 0, COURSES[course]))
        words, aside = _words(row), ""
        before = found[-1] if found else None
        for_some = row.kind in ("loss", "end") and not math.isnan(row.share)
        if before is not None and for_some and before.kind == "stage" and before.depth == row.depth:
            aside = f"{uncapital(row.label)} {_range(row.share, row.most_share, 'share')}"
            if not before.aside and len(before.words) + len(aside) < LETTERS - 2 * before.depth - 1:
                found[-1] = replace(before, aside=aside)
                continue
        found.append(Drawn(course, row.kind, int(row.depth), words, outcome=row.outcome))
    return found


def _words(row: Any) -> str:
    timed, part = _range(row.days, row.most_days, "days"), _range(row.share, row.most_share, "share")
    if row.kind == "queue":
        return f"Queue: {uncapital(row.label)}"
    if row.kind == "patience":
        return f"After {timed} {row.label}"
    if not math.isnan(row.attempts):
        tries = f"up to {counted(int(row.attempts), 'attempt')}" if row.attempts else "as many attempts as needed"
        return f"{row.label}: {tries}"
    return f"{row.label}: {timed or part}" if timed or part else str(row.label)


def _range(least: float, most: float, unit: str) -> str:
    """A mean with its unit, the least and the most where it differs by place; nothing where there is none."""
    if math.isnan(least):
        return ""
    many = [least] if math.isnan(most) else [least, most]
    told = [stated(one * scale(unit)) for one in many]
    word = "%" if unit == "share" else " day" if told == ["1"] else " days"
    return " to ".join(dict.fromkeys(told)) + word


def _boxes(picture: Figure, rows: list[Drawn], suffix: str, told: set[str]) -> None:
    """The boxes of a panel, a line down the steps, and the words."""
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
    for kind in ("stage", "queue", "end", "branch"):
        mine = [(at, row) for at, row in enumerate(rows) if BOXES.get(row.kind) == kind]
        if not mine:
            continue
        colours = [
            lighter(outcome_colour(row.outcome), 0.72) if kind == "end" else COLOURS.get(kind, PAPER) for _, row in mine
        ]
        picture.add_trace(
            trace(
                "bar", orientation="h", y=[at for at, _ in mine], base=[INDENT * row.depth for _, row in mine],
                x=[1.0 - INDENT * row.depth for _, row in mine], width=BOX,
                marker={"color": colours, "line": {"width": 1, "color": EDGES.get(kind, MUTED)}},
                name=NAMES.get(kind, ""), legendgroup=kind, showlegend=kind in NAMES and kind not in told,
                hoverinfo="text", hovertext=[plain(row.words) for _, row in mine], **axes,
            )
        )  # fmt: skip
        told.add(kind)
    for at, row in enumerate(rows):
        room = LETTERS - 2 * row.depth - (len(row.aside) + 1 if row.aside else 0)
        _text(picture, suffix, at, INDENT * row.depth, 6, "left", shortened(row.words, room), row.kind)
        if row.aside:
            _text(picture, suffix, at, 1.0, -6, "right", row.aside, "aside")


def _text(picture: Figure, suffix: str, at: int, x: float, shift: int, side: str, text: str, kind: str) -> None:
    shown = plain(text)
    look = {"parts": f"<b>{shown}</b>", "above": f"<i>{shown}</i>"}.get(kind, shown)
    colour = legible("#C9651F") if kind in ("aside", "loss") else MUTED if kind == "above" else INK
    picture.add_annotation(
        xref=f"x{suffix}", x=x, xshift=shift, yref=f"y{suffix}", y=at, text=look, showarrow=False, xanchor=side,
        yanchor="middle", align=side, font={"size": SMALL_SIZE, "color": colour},
    )  # fmt: skip


def _title(panels: list[Panel]) -> str:
    """What is shown: for how much that is limited each path has queues; nothing is estimated here."""
    many = []
    for names, rows in panels[:2]:
        # the same queue may stand on several ways
        queues = len({row.words for row in rows if row.kind == "queue" and row.course == PATIENT})
        quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{shortened(names[0], 40)}\N{RIGHT DOUBLE QUOTATION MARK}"
        many.append(f"{counted(queues, 'queue') if queues else 'no queue'} on the path of {quoted}")
    told = listed(many)
    return capital(told)


def _subtitle(panels: list[Panel], findings: Findings) -> str:
    drawn = sum(len(names) for names, _ in panels)
    told = "From top to bottom as it happens, with mean times; steps inside others stand further to the right"
    left = len(findings.scenarios) - drawn
    return told + (f"; {counted(left, 'scenario')} more are not drawn" if left > 0 else "")
