"""Text of others inside Markdown: tables whose cells stay cells, and names that stay names."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What would start an emphasis, a link, code or HTML; single signs between blanks, as in a formula, are no emphasis.
_SIGNS = re.compile(r"(?<!\w)_|_(?!\w)|(?<! )\*|\*(?! )|[\\`\[\]|~]")


def plain(text: object) -> str:
    """One line of text as Markdown that shows it as it is."""
    line = " ".join(str(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SIGNS.sub(lambda found: "\\" + found[0], line)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; heads and cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def fenced(text: str, kind: str = "") -> str:
    """A block of code that no line of its text can end."""
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text.rstrip()}\n{fence}"
