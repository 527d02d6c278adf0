"""The method tables as tables of the report page, one fold each."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from reports.grids import Grid
from reports.methods.item import AUTHOR, Item, MethodTable
from reports.words import counted


def folds(tables: Sequence[MethodTable]) -> list[Grid]:
    """The method tables, a grid each; its caption says how much is left to the author."""
    return [
        Grid(
            f"{one.name}: {counted(len(one.items), 'row')}, {one.open} for the author to complete",
            ["Item", "Name", "In this run"],
            [[f"{item.section} {item.number}", item.name, _points(item)] for item in one.items],
            "text stack",
        )
        for one in tables
    ]


def _points(item: Item) -> Markup:
    asked = [Markup('<span class="badge flag">{}</span> {}').format(AUTHOR, item.ask)] if item.ask else []
    return Markup("<br>").join([*item.said, *asked])
