"""The house: imports point downwards only, and each heavy library has its room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Set

from tests.floors import FILES, FLOORS, ROOT, floor, imports, module_of, picture

# What reports may know of the simulation: what a metric is, and what may be said of a difference.
TO_BE_READ = ("sim.tables", "sim.outcomes.estimates", "sim.outcomes.metrics", "sim.outcomes.verdicts")


def imported() -> dict[str, frozenset[str]]:
    """What each module imports."""
    return {module_of(file): imports(file) for file in FILES}


def test_imports_point_downwards() -> None:
    assert len(imported()) == len(FILES) > 400
    upwards = [
        f"{module} (floor {here}) imports {name} (floor {there})"
        for module, found in imported().items()
        for name in sorted(found)
        if (here := floor(module)) is not None and (there := floor(name)) is not None and there > here
    ]
    assert upwards == []


def test_each_library_has_its_room() -> None:
    wrong = {module: out for module, found in imported().items() if (out := sorted(out_of_place(module, found)))}
    assert wrong == {}


def out_of_place(module: str, found: Set[str]) -> set[str]:
    """What a module imports that has no place in its room; reports draw from tables only."""
    libraries = {name.split(".")[0] for name in found}
    ours = {name for name in found if name.startswith(("sim.", "reports"))}
    out = set[str]()
    if not module.startswith("sim.engine"):
        out |= libraries & {"simpy", "numba"}
    if not module.startswith(("reports", "vein2vein.results")):  # its figures have a type
        out |= libraries & {"plotly", "kaleido", "pptx", "xlsxwriter", "streamlit"}
    if module.startswith("sim.pure"):
        out |= {name for name in ours if not name.startswith("sim.pure")}
    if module.startswith("reports"):
        out |= {name for name in ours if name.startswith("sim.") and not name.startswith(TO_BE_READ)}
    return out


def test_what_is_out_of_place_is_seen() -> None:
    assert out_of_place("sim.pure.x", {"sim.engine", "simpy.core", "math"}) == {"sim.engine", "simpy"}
    assert out_of_place("reports.x", {"sim.engine", "sim.tables.words", "plotly.io"}) == {"sim.engine"}
    assert out_of_place("sim.outcomes.x", {"plotly"}) == {"plotly"}


def test_the_first_word_needs_no_heavy_library() -> None:
    heavy = "{'pandas', 'plotly', 'scipy', 'numba', 'joblib', 'simpy'}"
    code = f"import sys, run_sim; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
    code = code.replace("run_sim;", "sim.scenario;")
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_picture_of_the_floors_is_that_of_the_imports() -> None:
    drawn = (ROOT / "docs" / "floors.svg").read_text(encoding="utf-8")
    assert drawn == picture() + "\n", "run: python -m tests.floors > docs/floors.svg"
    # the door as a module, and the folder of the shelves, are no boxes
    assert drawn.count("<text") == len(FLOORS) - 2
