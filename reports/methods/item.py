"""An item of a reporting guideline, and a table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AUTHOR = "For the author to fill"


@dataclass(frozen=True)
class Item:
    """One item. `said`: what this run says to it, a point each, plain text; `ask`: what only the author knows."""

    section: str
    number: str
    name: str
    said: tuple[str, ...] = ()
    ask: str = ""

    @property
    def points(self) -> list[str]:
        """All that stands in the table, the open question last."""
        return [*self.said, *([f"{AUTHOR}: {self.ask}"] if self.ask else [])]


@dataclass(frozen=True)
class MethodTable:
    """A guideline with its reference, and its items in their order."""

    name: str
    reference: str
    items: Sequence[Item]

    @property
    def open(self) -> int:
        """How many items have something left to the author."""
        return sum(bool(item.ask) for item in self.items)
