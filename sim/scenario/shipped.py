"""The scenarios that come with the program, and new ones that start from them."""

from __future__ import annotations

from pathlib import Path

from sim.scenario.files import LIBRARY, SHIPPED
from sim.scenario.load import Loaded, load
from sim.scenario.problems import nearest


class ShippedError(Exception):
    """A shipped scenario that there is not, or that cannot be extended from there, in words for the user."""


def shipped() -> list[tuple[Path, Loaded]]:
    """(file, scenario) of each shipped scenario, by file name: the two of the main job, then the library."""
    return [(file, load(file)) for file in (*_files(SHIPPED), *_files(SHIPPED / LIBRARY))]


def validation_files() -> list[Path]:
    """The files of the shipped validation cases; their common base, which says nothing of what comes out, is none."""
    return [file for file in _files(SHIPPED / "validation") if _validates(file)]


def _files(folder: Path) -> list[Path]:
    """The scenario files of a folder by name, as one would type them from here."""
    here = Path.cwd()
    files = sorted(folder.glob("*.yaml"))
    return [file.relative_to(here) if file.is_relative_to(here) else file for file in files]


def _validates(file: Path) -> bool:
    # these files are ours, and reading them all as scenarios takes half a second
    return "\nvalidation:" in file.read_text(encoding="utf-8")


def template(file: Path, base: str) -> str:
    """The text of a new scenario at `file` that extends the shipped scenario `base`."""
    there = {path.stem: path for folder in (SHIPPED, SHIPPED / LIBRARY) for path in sorted(folder.glob("*.yaml"))}
    names = list(there)
    if base not in names:
        close = nearest(base, names)
        hint = f"; did you mean '{close}'?" if close else ""
        raise ShippedError(f"there is no shipped scenario '{base}'; allowed: {', '.join(names)}{hint}")
    name = file.stem.replace("_", " ").replace("-", " ").strip().capitalize() or "My scenario"
    return _TEMPLATE.format(base=base, name=_quoted(name))


def _quoted(text: str) -> str:
    return "'" + "".join(c for c in text if c.isprintable()).replace("'", "''") + "'"


_TEMPLATE = """\
# A scenario of your own. It has everything of the one that it extends, which comes with the program: the file works
# wherever it is sent. Write here only what is different.
# Durations and rates have units: 21 d, 36 h, 2 wk, 3 months, 4 / month. Shares are numbers from 0 to 1.
# Check it with `check`, run it with `run`, and compare it with another one with `compare`.
extends: {base}
name: {name}
description: What is different here, in one line

# Uncomment what you want to change, without the '#' and the one space after it.
#
# run:
#   replications: 200        # more of them make the intervals narrower
#
# centres:
#   capital:
#     beds: 4                # or unlimited, or by date: {{2026-01-01: 4, 2027-01-01: 6}}
#
# waiting_list:
#   policy: first_come       # first_come | sickest_first | likely_benefit | lottery | score

# Where your numbers come from: the path of a number, and an evidence id or the word assumption, with a note.
# A number without an entry here is reported as an assumption for which no source is given.
#
# sources:
#   centres.capital.beds: "assumption: as planned for next year"
"""
