"""The floors of the house, and their picture, made from the imports: `python -m tests.floors > docs/floors.svg`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOORS = {
    "sim.pure": 0,
    "sim.tables": 0,
    "sim.scenario": 1,
    "sim.pieces": 2,
    "sim.records": 2.1,
    "sim.fits": 2.2,
    "sim.engine": 3,
    "sim.outcomes": 4,
    "sim.experiment.disk": 5.0,
    "sim.experiment.runs": 5.1,
    "sim.experiment.validate": 5.2,
    "sim.experiment.study": 5.2,
    "sim.experiment.sweep": 5.3,
    "sim.experiment.psa": 5.4,
    "sim.experiment.own": 5.4,
    "sim.experiment.plan": 5.4,
    "sim.experiment.ahead": 5.45,
    "sim.experiment.calibrate": 5.5,
    "sim.experiment.verify": 5.6,
    "sim.experiment": 5,
    "reports": 6,
    "vein2vein.__main__": 7,
    "vein2vein": 6.5,
    "sim.shell": 7,
    "run_sim": 7,
}
# The shelves of `sim.experiment` stand in an order, too.
FILES = sorted(
    [*ROOT.glob("sim/**/*.py"), *ROOT.glob("reports/**/*.py"), *ROOT.glob("vein2vein/*.py"), ROOT / "run_sim.py"]
)


def module_of(file: Path) -> str:
    """The module that a file is."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    """The room of the house that a module is in; None for what is not ours."""
    return next((room for room in FLOORS if module == room or module.startswith(room + ".")), None)


def floor(module: str) -> float | None:
    """The floor of that room."""
    room = room_of(module)
    return None if room is None else FLOORS[room]


@cache
def imports(file: Path) -> frozenset[str]:
    """Modules that a file imports, anywhere in it; what is imported for type checking only counts too."""
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


# ---- the picture

# What one box of the picture holds; the shelves of `sim.experiment` are boxes of their own.
DRAWN = {"vein2vein.__main__": "run_sim", "sim.experiment": None}
WORDS = {"run_sim": "run_sim.py", "sim.tables": "sim/tables: every table", "sim.pure": "sim/pure: numbers"}
WIDTH, BOX, HEIGHT, GAP = 960, 30, 64, 14


def uses() -> dict[str, set[str]]:
    """Which boxes each box imports from."""
    found: dict[str, set[str]] = {}
    for file in FILES:
        here = _box(module_of(file))
        if here is not None:
            mine = {_box(module) for module in imports(file)} - {None, here}
            found.setdefault(here, set()).update(one for one in mine if one is not None)
    return found


def _box(module: str) -> str | None:
    room = room_of(module)
    return None if room is None else DRAWN.get(room, room)


def nearest(used: Mapping[str, set[str]]) -> list[tuple[str, str]]:
    """The imports that are not also made by way of another box."""

    def below(box: str) -> set[str]:
        return used[box].union(*(below(one) for one in used[box])) if used[box] else set()

    return [
        (box, one)
        for box, mine in sorted(used.items())
        for one in sorted(mine)
        if not any(one in below(other) for other in mine - {one})
    ]


def picture() -> str:
    """The floors as SVG: a box a room, a line to each room that it imports from and not also by way of another."""
    used = uses()
    levels = sorted({FLOORS[box] for box in used}, reverse=True)
    places: dict[str, tuple[float, float]] = {}
    for row, level in enumerate(levels):
        boxes = sorted(box for box in used if FLOORS[box] == level)
        for place, box in enumerate(boxes):
            places[box] = (WIDTH * (place + 1) / (len(boxes) + 1), 40 + row * HEIGHT)
    size = 40 + len(levels) * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {size}" font-family="sans-serif" font-size="14" '
        'role="img" aria-label="The rooms of the program, floor above floor; each imports only from below">',
        f'<rect width="{WIDTH}" height="{size}" fill="#ffffff"/>',
    ]
    for above, below in nearest(used):
        (x, y), (u, v) = places[above], places[below]
        bend = (y + v) / 2
        parts.append(
            f'<path d="M{x:.0f} {y + BOX / 2:.0f} C{x:.0f} {bend:.0f} {u:.0f} {bend:.0f} {u:.0f} {v - BOX / 2:.0f}" '
            'fill="none" stroke="#8a94a6"/>'
        )
    for box, (x, y) in places.items():
        text = WORDS.get(box, box.replace(".", "/"))
        wide = 8.2 * len(text) + 2 * GAP
        parts.append(
            f'<rect x="{x - wide / 2:.0f}" y="{y - BOX / 2:.0f}" width="{wide:.0f}" height="{BOX}" rx="4" '
            'fill="#eef2f8" stroke="#4c6a92"/>'
        )
        parts.append(f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" fill="#1b2a41">{escape(text)}</text>')
    return "\n".join([*parts, "</svg>"])


if __name__ == "__main__":
    print(picture())
