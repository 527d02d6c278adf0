"""CSV files named in a scenario, as the values they stand for; each value keeps the file and line it came from."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from sim.scenario.allowance import MOST_PROBLEMS, Allowance
from sim.scenario.files import find_inside, read_text, shown_path
from sim.scenario.in_progress import COLUMNS as OF_PATIENTS
from sim.scenario.in_progress import REQUIRED, SEAL, digest_of, row_of
from sim.scenario.kinds import parse_date, parse_number
from sim.scenario.nodes import Branch, Items, Leaf, Node, plain
from sim.scenario.problems import Place, Problem, show
from sim.scenario.section import first
from sim.scenario.units import MOST_DAYS, comma_hint, write_number
from sim.tables.words import counted

MOST_ROWS = 20_000
# A column for those who read the file.
_NAME = "name"
# The columns that a CSV file may have, by the key that names it.
COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "empirical": (("days",),),
    "referral_days": (("day",), ("date",)),
    "since": (("days",), ("date",)),
    "holidays": (("date",), ("date", _NAME)),
    "table": (("day", "survival"),),
}
# The key of the file of patients in progress, in short and in full.
_PATIENTS = (("in_progress",), ("in_progress", "file"))
# Stands in for a file with problems, so that its faults are not followed by others.
_HARMLESS = {"empirical": "0 d", "referral_days": "0 d", "since": "0 d", "holidays": "2000-01-01"}
# Sections that hold no files, and maps whose keys are names that the planner chose ("*" stands for any of them).
_WITHOUT_FILES = ("sources", "validation")
_NAMED = (
    ("regions",), ("centres",), ("calendars",), ("disruptions",), ("patients", "risk_groups"),
    ("manufacturing", "products"), ("toxicity", "*", "grades"),
)  # fmt: skip


def fill_in_csv(
    tree: Branch, shown_file: str, folder: Path, roots: tuple[Path, ...], problems: list[Problem], allowance: Allowance
) -> Branch:
    """The tree with the content of each CSV file in place of its name; what is wrong is added to `problems`."""

    def fill(node: Node, path: tuple[str, ...], has_tail: bool = False) -> Node:
        if isinstance(node, Branch):
            entries = {key: fill(value, (*path, key), "after" in node.entries) for key, value in node.entries.items()}
            return Branch(node.place, entries, node.keys)
        if isinstance(node, Leaf) and isinstance(node.value, str) and names_csv(path):
            return _read(node.value, node.place, path, _harmless(path[-1], node.place, has_tail))
        return node

    def _read(name: str, place: Place, path: tuple[str, ...], harmless: Items) -> Node:
        if len(problems) > MOST_PROBLEMS or allowance.values_left < 0:
            return harmless
        seal = SEAL.fullmatch(name) if path in _PATIENTS else None
        name = name if seal is None else seal["name"]
        shown = shown_path(shown_file, name)
        try:
            text = read_text(find_inside(name, folder, roots), allowance)
            if seal is not None and digest_of(text) != seal["digest"]:
                raise ValueError("is another one by now; its digest is not as stated")
        except ValueError as error:
            problems.append(Problem(place, ".".join(path), f"file {show(name)}: {error}"))
            return harmless
        if path in _PATIENTS:
            found, faults = _patients(text, shown, name, place)
        else:
            found, faults = _items(text, shown, path[-1], place)
        if not faults and (wrong := allowance.take(values=_count(found))) is not None:
            faults = [(place, f"file {show(name)}: {wrong}")]
        problems.extend(Problem(where, ".".join(path), message) for where, message in faults)
        return harmless if faults else found

    filled = fill(tree, ())
    assert isinstance(filled, Branch)
    return filled


def names_csv(path: tuple[str, ...]) -> bool:
    """Whether text at this path names a file."""
    if path in _PATIENTS:
        return True
    if path[-1] in ("referral_days", "since"):
        return path[0] == "regions" and len(path) == (3 if path[-1] == "referral_days" else 4)
    if path[-1] == "holidays":
        return len(path) == 3 and path[0] == "calendars"
    if path[-1] not in ("empirical", "table") or len(path) < 2 or path[0] in _WITHOUT_FILES:
        return False
    return not any(_alike(path[:-1], named) for named in _NAMED)


def _count(items: Items) -> int:
    """How many values the content of a CSV file would be, written out."""
    return sum(1 + len(item.items) if isinstance(item, Items) else 1 for item in items.items)


def _alike(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(p in ("*", key) for key, p in zip(path, pattern, strict=True))


def _harmless(key: str, place: Place, has_tail: bool) -> Items:
    """What stands in for a file; `has_tail`: whether something beside it says what follows a survival table."""
    if key in ("in_progress", "file"):
        return Items(place, (Leaf(place, ""), Leaf(place, "")))
    if key in _HARMLESS:
        return Items(place, (Leaf(place, _HARMLESS[key]),))
    ends = (("0 d", 1), ("1 d", 1 if has_tail else 0))
    return Items(place, tuple(Items(place, (Leaf(place, day), Leaf(place, survival))) for day, survival in ends))


def _rows(text: str, shown: str) -> tuple[list[tuple[int, list[str]]], list[tuple[Place, str]]]:
    """((line, cells) of each row but empty ones at the top, what cannot be read)."""
    reader = csv.reader(text.rstrip("\r\n").splitlines(keepends=True), strict=True, delimiter=_delimiter(text))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        return [], [(Place(shown, reader.line_num), f"not readable as CSV: {error}")]
    while rows and not any(rows[0][1]):
        rows.pop(0)
    return rows, []


def _patients(text: str, shown: str, name: str, place: Place) -> tuple[Items, list[tuple[Place, str]]]:
    """(name and digest of a file of patients in progress, and a list of cells for each; its faults)."""
    rows, faults = _rows(text, shown)
    allowed = f"the columns {', '.join(REQUIRED)}, and any of {', '.join(c for c in OF_PATIENTS if c not in REQUIRED)}"
    if not rows:
        return Items(place, ()), faults or [(Place(shown, 1), f"found an empty file; allowed: {allowed}")]
    (line, header), body = rows[0], rows[1:]
    columns = [column.casefold() for column in header]
    wrong = [c for c in columns if c not in OF_PATIENTS or columns.count(c) > 1]
    wrong += [f"no {c}" for c in REQUIRED if c not in columns]
    if wrong:
        return Items(place, ()), [(Place(shown, line), f"header: found {show(wrong[0])}; allowed: {allowed}")]
    if len(body) > MOST_ROWS:
        return Items(place, ()), [(Place(shown, body[MOST_ROWS][0]), f"more than {MOST_ROWS} rows")]
    found: list[Node] = [Leaf(place, name), Leaf(place, digest_of(text))]
    for line, cells in body:
        where = Place(shown, line)
        if len(cells) != len(columns):
            there = counted(len(cells), "value")
            faults.append((where, f"found {there}; allowed: {len(columns)}{_comma(cells, len(columns))}"))
            continue
        by_column = dict(zip(columns, cells, strict=True))
        try:
            row_of(by_column)
        except ValueError as error:
            faults.append((where, str(error)))
        found.append(Items(where, tuple(Leaf(where, by_column.get(c, "")) for c in OF_PATIENTS)))
    return Items(place, tuple(found)), first(faults, "problems like these")


def _items(text: str, shown: str, key: str, place: Place) -> tuple[Items, list[tuple[Place, str]]]:
    """(the list that the CSV stands for, its faults)."""
    faults: list[tuple[Place, str]] = []
    allowed = " or ".join(f"the columns {', '.join(c)}" if len(c) > 1 else f"one column '{c[0]}'" for c in COLUMNS[key])
    rows, unreadable = _rows(text, shown)
    if not rows:
        return Items(place, ()), unreadable or [
            (Place(shown, 1), f"found an empty file; allowed: {allowed}, and rows below")
        ]
    (header_line, header), body = rows[0], rows[1:]
    while header and not header[-1]:
        header.pop()
    columns = tuple(name.casefold() for name in header)
    if columns not in COLUMNS[key]:
        found = ", ".join(f"{show(c)}" for c in header[:10])
        return Items(place, ()), [(Place(shown, header_line), f"found the header {found}; allowed: {allowed}")]
    if not body:
        return Items(place, ()), [(Place(shown, header_line), "found no rows below the header; allowed: one or more")]
    if len(body) > MOST_ROWS:
        return Items(place, ()), [(Place(shown, body[MOST_ROWS][0]), f"more than {MOST_ROWS} rows")]
    items: list[Node] = []
    for line, cells in body:
        where = Place(shown, line)
        while len(cells) > len(columns) and not cells[-1]:
            cells.pop()
        if not any(cells):
            faults.append((where, f"found an empty row; allowed: a row with {' and '.join(columns)}, or none"))
            continue
        if len(cells) != len(columns):
            there = counted(len(cells), "value")
            faults.append((where, f"found {there}; allowed: {len(columns)}{_comma(cells, len(columns))}"))
            continue
        leaves: list[Node] = []
        for column, cell in zip(columns, cells, strict=True):
            if column == _NAME:
                continue
            try:
                leaves.append(Leaf(where, _CELLS[column](cell)))
            except ValueError as error:
                faults.append((where, f"column '{column}': {error}"))
        if len(leaves) == len(columns) - columns.count(_NAME):
            items.append(leaves[0] if len(leaves) == 1 else Items(where, tuple(leaves)))
    dated = _each_date_once(items) if key == "holidays" else items
    return Items(place, tuple(dated)), first(faults, "problems like these")


def _each_date_once(items: Iterable[Node]) -> Iterable[Node]:
    """The dates of a list of holidays, one of which may have two names."""
    return {plain(item): item for item in items}.values()


def _delimiter(text: str) -> str:
    """What parts the columns: the comma, or what spreadsheets of other countries write, as the header has it."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return next((mark for mark in (",", ";", "\t") if mark in header), ",")


def _comma(cells: list[str], columns: int) -> str:
    """The end of a message about a row whose decimal commas look like those between columns."""
    if len(cells) <= columns or not all(re.fullmatch(r"-?[0-9]+", cell) for cell in cells):
        return ""
    return comma_hint(",".join(cells)) if columns == 1 else "; decimal commas: write decimals with a point"


def _number(cell: str, allowed: str, high: float) -> float:
    number = parse_number(cell)
    if number is None or not math.isfinite(number) or not 0.0 <= number <= high:
        limit = f", at most {write_number(high)}" if number is not None and number > high > 1.0 else ""
        raise ValueError(f"found {show(cell)}; allowed: {allowed}{limit}{comma_hint(cell)}")
    return number


def _days(cell: str) -> str:
    return f"{write_number(_number(cell, 'a number of days, without a unit', MOST_DAYS))} d"


def _date(cell: str) -> str:
    return parse_date(cell).isoformat()


def _survival(cell: str) -> float:
    return _number(cell, "a survival from 0 to 1", 1.0)


_CELLS: dict[str, Callable[[str], str | float]] = {
    "days": _days,
    "day": _days,
    "date": _date,
    "survival": _survival,
}
