"""The network without a map: regions, the centres that treat their patients, and who makes the products for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
    SMALL_SIZE,
    WORDS_SQUEEZE,
    canvas,
    finish,
    legible,
    lighter,
    mark,
    name_of,
    on_a_page,
    plain,
    stacked,
)
from reports.words import counted, folded, listed, shortened, stated, uncapital

LINE, INSIDE, LEAST_ROWS, GAP, ABOVE, BELOW = 16, 20, 2, 64, 52, 10
"""Pixels of a line of words, what a box and the space below it need beside them, rows of a panel at the least."""
BOX = 0.9
COLUMNS = {"region": (0.0, 0.24), "centre": (0.33, 0.64), "maker": (0.73, 1.0)}
LETTERS = {"region": (27, 12), "centre": (36, 16), "maker": (30, 13)}
"""Where the boxes of a column begin and end, and the letters of a line in them on a wide page and on a phone."""
HEADS = {
    "region": ("Where patients come from", "From"),
    "centre": ("Centres that treat them", "Centres"),
    "maker": ("Who makes the product", "Makers"),
}
COLOURS = {"region": PAPER, "centre": PROCESS[1], "maker": lighter("#E07A1F", 0.8)}
FLOW, THINNEST, THICKEST = "#8FA3B5", 1.5, 8.0
STOCK, MAKER, ON_SITE = "the stock", "the factory", "the centres themselves"
MOST, MOST_PANELS, NARROW_LINES, WIDE_LINES = 20, 3, 9, 5
NAME_WIDER = {True: 6, False: 4}
"""By how many letters a line of a name, which is bold, is shorter, on a wide page and on a phone."""
MANY = 10
"""Boxes above each other from which on each has one line fewer."""


@dataclass
class Net:
    """What a panel shows: the lines of each box by column and name, and what is tied to what, with its weight."""

    scenarios: list[str]
    boxes: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {column: {} for column in COLUMNS})
    referred: dict[tuple[str, str], float] = field(default_factory=dict)
    contracts: dict[tuple[str, str], int] = field(default_factory=dict)
    left_out: int = 0
    size: dict[str, int] = field(default_factory=dict)
    """How many regions and centres there are, those that are not drawn among them."""
    on_days: bool = False
    """Whether patients are referred on given days as well."""

    @property
    def patients(self) -> float:
        """Patients referred a month."""
        return sum(self.referred.values())


def draw(table: pd.DataFrame, findings: Findings) -> Figure:
    """A panel for each network that differs: boxes in three columns, and lines between them."""
    picture, every = canvas(), _nets(table, findings)
    nets = every[: on_a_page([_rows(net) * _pitch(net, wide=True) for net in every], GAP)]
    pitches = [_pitch(net, wide=True) for net in nets]
    phone_pitches = [_pitch(net, wide=False) for net in nets]
    rows = [_rows(net) for net in nets]
    heights = [row * pitch for row, pitch in zip(rows, pitches, strict=True)]
    phone = [row * pitch for row, pitch in zip(rows, phone_pitches, strict=True)]
    narrow: dict[str, Any] = {"layout.margin.l": 4, "layout.margin.r": 4}
    domains, phone_domains = stacked(heights, GAP, ABOVE), stacked(phone, GAP, ABOVE)
    told: set[str] = set()
    for place, net in enumerate(nets):
        suffix = "" if place == 0 else str(place + 1)
        hidden = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
        y_axis = {"domain": list(domains[place]), "anchor": f"x{suffix}", "range": [rows[place], 0], **hidden}
        x_axis = {"domain": [0.0, 1.0], "anchor": f"y{suffix}", "range": [-0.003, 1.003], **hidden}
        picture.update_layout({f"xaxis{suffix}": x_axis, f"yaxis{suffix}": y_axis})
        narrow[f"layout.yaxis{suffix}.domain"] = list(phone_domains[place])
        at = {column: _places(boxes, rows[place]) for column, boxes in net.boxes.items()}
        _lines(picture, net, at, suffix, told)
        _boxes(picture, net, at, suffix, narrow)
        colour = legible(mark(findings.place(net.scenarios[0])).colour)
        _above(picture, suffix, 0.0, 26, f"<b>{name_of(listed(net.scenarios), 60)}</b>", colour)
        narrow[f"layout.annotations.{len(picture.annotations) - 1}.text"] = (
            f"<b>{name_of(listed(net.scenarios), 42)}</b>"
        )
        for column, (words, short) in HEADS.items():
            if net.boxes[column]:
                _above(picture, suffix, COLUMNS[column][0], 6, words, MUTED)
                narrow[f"layout.annotations.{len(picture.annotations) - 1}.text"] = short
    picture.update_layout(barmode="overlay")
    left = sum(net.left_out for net in nets)
    drawn = sum(len(net.scenarios) for net in nets)
    others = len(findings.scenarios) - drawn
    return finish(
        picture,
        title=_title(nets),
        subtitle="As on the first day of the measuring window; transport days are means"
        + (f"; {left} with fewer patients are not drawn" if left else "")
        + (f"; {counted(others, 'scenario')} more are not drawn" if others > 0 else ""),
        alt=_described(every),
        height=ABOVE + sum(heights) + GAP * (len(nets) - 1) + BELOW,
        margin={"l": 10, "r": 10, "b": BELOW},
        legend=sorted(told),
        narrow=narrow,
        squeeze=WORDS_SQUEEZE,
        narrow_height=ABOVE + sum(phone) + GAP * (len(nets) - 1) + BELOW,
    )


def describe(table: pd.DataFrame, findings: Findings) -> str:
    """The alternative text: what each box says, column by column."""
    return _described(_nets(table, findings))


def _described(nets: list[Net]) -> str:
    parts = []
    for net in nets:
        said = [
            f"{name or MAKER}: {', '.join(lines)}" if lines else name or MAKER
            for boxes in net.boxes.values()
            for name, lines in list(boxes.items())[:5]
        ]
        parts.append(f"{listed(net.scenarios)}: {'; '.join(said)}")
    return f"Regions, centres and manufacturers. {'. '.join(parts)}."


def _title(nets: list[Net]) -> str:
    """What is shown: the size of the network of the first scenario, and of the second where it is another."""
    first = nets[0]
    regions, centres = (counted(first.size[column], column) for column in ("region", "centre"))
    patients = f"{counted(stated(first.patients), 'patient')} a month" if first.patients else "Patients"
    if first.patients and first.on_days:
        patients += ", plus others on given days,"
    makers = list(dict.fromkeys(_makers_told(net) for net in nets))
    products = f"; products from {' or '.join(makers)}" if all(makers) else ""
    products = products if len(makers) < 3 else f"; {len(makers)} arrangements of manufacture"
    same = (
        len({(net.patients, net.on_days, tuple(net.boxes["region"]), tuple(net.boxes["centre"])) for net in nets}) == 1
    )
    whose = (
        ""
        if same
        else f" with \N{LEFT DOUBLE QUOTATION MARK}{shortened(first.scenarios[0], 40)}\N{RIGHT DOUBLE QUOTATION MARK}"
    )
    return f"{patients} from {regions} to {centres}{whose}{products}"


def _makers_told(net: Net) -> str:
    """Who makes the products of a panel, counted."""
    makers = [name for name in net.boxes["maker"] if name not in (STOCK, ON_SITE)]
    told = [counted(len(makers), "manufacturer")] if makers else []
    told += [ON_SITE] if ON_SITE in net.boxes["maker"] else []
    return listed([*told, *(["a stock of doses"] if STOCK in net.boxes["maker"] else [])])


def _nets(table: pd.DataFrame, findings: Findings) -> list[Net]:
    """The first networks that differ."""
    found: list[tuple[Net, pd.DataFrame]] = []
    for scenario in findings.scenarios:
        mine = table[table["scenario"] == scenario].drop(columns="scenario").reset_index(drop=True)
        same = next((net for net, rows in found if rows.equals(mine)), None)
        if same is not None:
            same.scenarios.append(scenario)
        elif not mine.empty:
            found.append((_net(scenario, mine), mine))
    return [net for net, _ in found[:MOST_PANELS]]


def _net(scenario: str, rows: pd.DataFrame) -> Net:
    net = Net([scenario])
    regions, ways = rows[rows["part"] == "region"], rows[rows["part"] == "referral"]
    monthly = regions[regions["quantity"] == "referrals"].set_index("name")["estimate"]
    for row in records(ways):
        net.referred[row.name, row.other] = row.estimate * float(monthly.get(row.name, 0.0))
    weights: dict[str, float] = {}
    for (_, centre), many in net.referred.items():
        weights[centre] = weights.get(centre, 0.0) + many
    contracts = rows[rows["part"] == "contract"]
    centres = list(dict.fromkeys([*contracts["name"], *rows.loc[rows["part"] == "centre", "name"], *ways["other"]]))
    kept = sorted(sorted(centres, key=lambda name: -weights.get(name, 0.0))[:MOST], key=centres.index)
    net.left_out = len(centres) - len(kept)
    shown = [n for n in dict.fromkeys([*regions["name"], *ways["name"]]) if any((n, c) in net.referred for c in kept)]
    for name in shown[:MOST]:
        net.boxes["region"][name] = [_fact(row) for row in records(regions[regions["name"] == name])]
    net.size = {"region": len({*regions["name"], *ways["name"]}), "centre": len(centres)}
    net.left_out += net.size["region"] - len(net.boxes["region"])
    net.on_days = bool((regions["quantity"] == "referral_days").any())
    alike, lanes = _lanes(contracts)
    for name in kept:
        of_it = rows[(rows["part"] == "centre") & (rows["name"] == name)]
        units = [_fact(row) for row in records(of_it)]
        net.boxes["centre"][name] = [", ".join(units), *lanes.get(name, [])] if units else lanes.get(name, [])
    for maker, words in _makers(rows, contracts, alike):
        net.boxes["maker"][maker] = words
    for row in records(contracts[contracts["quantity"].isin(["rank", "dose_to_centre"])]):
        maker = STOCK if row.quantity == "dose_to_centre" else row.other
        maker = ON_SITE if maker not in net.boxes["maker"] and ON_SITE in net.boxes["maker"] else maker
        if row.name in kept and maker in net.boxes["maker"]:
            net.contracts[row.name, maker] = int(row.estimate) if row.quantity == "rank" else 1
    return net


def _lanes(contracts: pd.DataFrame) -> tuple[dict[str, str], dict[str, list[str]]]:
    """(days on the way by maker, where they are the same for all its centres; by centre what is its own)."""
    alike: dict[str, str] = {}
    own: dict[str, list[str]] = {}
    for maker in dict.fromkeys(contracts["other"]):
        of_it = contracts[contracts["other"] == maker]
        days = {
            name: [float(v) for v in lane.loc[lane["quantity"].isin(["to_factory", "to_centre"]), "estimate"]]
            for name, lane in of_it.groupby("name", sort=False)
        }
        told = {name: f"{_days(both[0])} there, {stated(both[1])} back" for name, both in days.items() if both}
        if told and len(set(told.values())) == 1:
            alike[maker] = next(iter(told.values()))
        else:
            for name, words in told.items():
                own.setdefault(str(name), []).append(f"{maker}: {words}")
        for row in records(of_it[of_it["quantity"] == "slots"]):
            whose = f" of {maker}" if maker else ""
            own.setdefault(row.name, []).append(f"{_fact(row)}{whose}")
    return alike, own


def _makers(rows: pd.DataFrame, contracts: pd.DataFrame, alike: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """(name, what is told of it) of manufacturers, of the centres where they make it themselves, and of the stock."""
    of_makers = rows[rows["part"] == "maker"]
    shipped = dict.fromkeys(contracts.loc[contracts["quantity"] == "to_factory", "other"])
    for name in shipped or dict.fromkeys(of_makers["name"]):
        its = records(of_makers[of_makers["name"] == name])
        words = [", ".join(_fact(row) for row in its if row.quantity in ("slots", "lines"))]
        words += [f"manufacture {_days(row.estimate)}" for row in its if row.quantity == "duration"]
        yield name if shipped else ON_SITE, [word for word in [*words, alike.get(name, "")] if word]
    stock = {row.quantity: row for row in records(rows[rows["part"] == "stock"])}
    if stock:
        each = " of each centre" if stock["opening"].label.endswith("at each centre") else ""
        words = [
            f"{counted(stated(stock['opening'].estimate), 'dose')} at the start{each}",
            f"lots of {stated(stock['lot'].estimate)}",
        ]
        lines = [f"{_fact(stock['lines'])} for lots"] if "lines" in stock else []
        days = contracts.loc[contracts["quantity"] == "dose_to_centre", "estimate"]
        yield STOCK, [", ".join([*words, *lines]), f"{_days(float(days.max()))} to a centre"]


def _days(value: float) -> str:
    return f"{stated(value)} day{'' if value == 1.0 else 's'}"


def _fact(row: Any) -> str:
    """A quantity in words: `5 patients a month`, `2 beds`, `beds without limit`; what changes by date is marked."""
    shared = f", shared in {row.other}" if row.part == "centre" and row.other else ""
    later = " (changes by date)" if str(row.changes).lower() == "true" else ""
    if row.unit == "share":
        return f"{stated(100.0 * row.estimate)}% {uncapital(row.label)}"
    if row.unit == "days":
        return f"{uncapital(row.label)} {_days(row.estimate)}"
    if row.quantity == "already_waiting":
        return f"{stated(row.estimate)} {uncapital(row.label)}"
    if math.isnan(row.estimate):
        return f"{row.unit} without limit"
    unit = row.unit[:-1] if row.estimate == 1.0 and row.unit.endswith("s") else row.unit
    unit = unit.replace("patients ", "patient ").replace("slots ", "slot ") if row.estimate == 1.0 else unit
    return f"{stated(row.estimate)} {unit}{shared}{later}"


def _shown(name: str, facts: list[str], width: int, most: int, heads: int, wide: bool) -> list[str]:
    """The words of a box in lines: its name, set off, and as much of the rest as there is room for."""
    called = {"": "Factory", STOCK: "Stock of doses", ON_SITE: "Made on site"}.get(name, name)
    head = folded(called, width - NAME_WIDER[wide], heads)
    rest = [line for fact in facts for line in folded(fact, width, most)]
    room = most - len(head)
    if len(rest) > room:
        rest = [*rest[: room - 1], shortened("; ".join(rest[room - 1 :]), width)]
    return [*(f"<b>{plain(line)}</b>" for line in head), *map(plain, rest)]


def _all_shown(net: Net, wide: bool) -> dict[str, dict[str, list[str]]]:
    many = _rows(net) > MANY
    most, heads = (WIDE_LINES - many, 1 if many else 2) if wide else (NARROW_LINES, 4)
    return {
        column: {
            name: _shown(name, facts, LETTERS[column][0 if wide else 1], most, heads, wide)
            for name, facts in boxes.items()
        }
        for column, boxes in net.boxes.items()
    }


def _rows(net: Net) -> int:
    return max(LEAST_ROWS, *(len(boxes) for boxes in net.boxes.values()))


def _pitch(net: Net, wide: bool) -> int:
    """Pixels between two boxes of a column: what the one with the most lines needs."""
    shown = _all_shown(net, wide)
    return INSIDE + LINE * max((len(lines) for boxes in shown.values() for lines in boxes.values()), default=1)


def _places(boxes: Mapping[str, Any], rows: int) -> dict[str, float]:
    """Where the middle of each box of a column stands, in rows from above."""
    return {name: (place + 0.5) * rows / len(boxes) for place, name in enumerate(boxes)}


def _lines(picture: Figure, net: Net, at: Mapping[str, Mapping[str, float]], suffix: str, told: set[str]) -> None:
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "mode": "lines"}
    most = max(net.referred.values(), default=0.0) or 1.0
    for (region, centre), many in net.referred.items():
        if region in at["region"] and centre in at["centre"]:
            monthly = f": {counted(stated(many), 'patient')} a month" if many or not net.on_days else ""
            picture.add_trace(
                trace(
                    "scatter", x=[COLUMNS["region"][1], COLUMNS["centre"][0]],
                    y=[at["region"][region], at["centre"][centre]], showlegend=False, hoverinfo="text",
                    line={"color": FLOW, "width": THINNEST + (THICKEST - THINNEST) * many / most},
                    text=f"{plain(region)} to {plain(centre)}{monthly}", **axes,
                )
            )  # fmt: skip
    several = len({maker for _, maker in net.contracts if maker != STOCK}) > 1
    for preferred in (True, False):
        mine = [pair for pair, rank in net.contracts.items() if (rank == 1) == preferred]
        if not mine:
            continue
        name = "preferred manufacturer" if preferred else "another manufacturer"
        ends = (COLUMNS["centre"][1], COLUMNS["maker"][0])
        picture.add_trace(
            trace(
                "scatter", x=[x for _ in mine for x in (*ends, None)], hoverinfo="skip",
                y=[y for centre, maker in mine for y in (at["centre"][centre], at["maker"][maker], None)],
                line={"color": "#803E03", "width": 2 if preferred else 1.3, "dash": "solid" if preferred else "dash"},
                name=name, legendgroup=name, showlegend=several and name not in told, **axes,
            )
        )  # fmt: skip
        if several:
            told.add(name)


def _boxes(
    picture: Figure, net: Net, at: Mapping[str, Mapping[str, float]], suffix: str, narrow: dict[str, Any]
) -> None:
    wide, phone = _all_shown(net, wide=True), _all_shown(net, wide=False)
    for column, (left, right) in COLUMNS.items():
        if not at[column]:
            continue
        rows = _rows(net)
        picture.add_trace(
            trace(
                "bar", orientation="h", y=list(at[column].values()), base=[left] * len(at[column]),
                x=[right - left] * len(at[column]), width=BOX * min(1.0, rows / len(at[column])),
                marker={"color": COLOURS[column], "line": {"width": 1, "color": MUTED}}, showlegend=False,
                hoverinfo="text", hovertext=[plain(", ".join([n, *more])) for n, more in net.boxes[column].items()],
                xaxis=f"x{suffix}", yaxis=f"y{suffix}",
            )
        )  # fmt: skip
        for name, y in at[column].items():
            narrow[f"layout.annotations.{len(picture.annotations)}.text"] = "<br>".join(phone[column][name])
            narrow[f"layout.annotations.{len(picture.annotations)}.xshift"] = 3
            picture.add_annotation(
                xref=f"x{suffix}", x=left, xshift=7, yref=f"y{suffix}", y=y, text="<br>".join(wide[column][name]),
                showarrow=False, xanchor="left", yanchor="middle", align="left",
                font={"size": SMALL_SIZE, "color": INK},
            )  # fmt: skip


def _above(picture: Figure, suffix: str, x: float, shift: int, text: str, colour: str) -> None:
    picture.add_annotation(
        xref=f"x{suffix} domain", x=x, yref=f"y{suffix} domain", y=1, yshift=shift, showarrow=False, xanchor="left",
        yanchor="bottom", text=text, align="left", font={"size": SMALL_SIZE, "color": colour},
    )  # fmt: skip
