"""The scenarios that come with the program, and new ones that start from them."""

from __future__ import annotations

from pathlib import Path

from sim.scenario.files import SHIPPED, shipped_names
from sim.scenario.load import Loaded, load
from sim.scenario.problems import did_you_mean, show, suggestion

_VALIDATION = SHIPPED / "validation"


class ShippedError(Exception):
    """A shipped scenario that there is not, or that cannot be extended from there, in words for the user."""


def shipped() -> list[tuple[Path, Loaded]]:
    """(file, scenario) of each shipped scenario, by file name: the two of the main job, then the library."""
    return [(file, load(file)) for file in map(_from_here, shipped_names().values())]


def validation_files() -> list[Path]:
    """The files of the shipped validation cases; their common base, which says nothing of what comes out, is none."""
    return [_from_here(file) for file in sorted(_VALIDATION.glob("*.yaml")) if _validates(file)]


def validation_file(path: Path) -> Path:
    """The shipped validation case that a path given by the user is the name of; the path itself where it is no name."""
    if len(path.parts) != 1 or path.suffix or path.is_file():
        return path
    cases = {file.stem: file for file in validation_files()}
    if path.name not in cases:
        what = f"{path}: no such file, and no validation case of that name"
        raise ShippedError(f"{what}{did_you_mean(path.name, list(cases), 'cases')}")
    return cases[path.name]


def _from_here(file: Path) -> Path:
    """A file as one would type it from here."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _validates(file: Path) -> bool:
    # these files are ours, and reading them all as scenarios takes half a second
    return "\nvalidation:" in file.read_text(encoding="utf-8")


def template(file: Path, base: str) -> str:
    """The text of a new scenario at `file` that extends the shipped scenario `base`."""
    if base not in shipped_names():
        hint = suggestion(base, shipped_names())
        raise ShippedError(f"found {show(base)}, which is no shipped scenario; `list` names those there are{hint}")
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
