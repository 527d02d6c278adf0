"""The house: imports point downwards only, and each heavy library has its room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.floors import FILES, FLOORS, ROOT, floor, imports, module_of, picture

# What reports may know of the simulation: what a metric is, and what may be said of a difference.
TO_BE_READ = ("sim.tables", "sim.outcomes.estimates", "sim.outcomes.metrics", "sim.outcomes.verdicts")


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_imports_point_downwards(file: Path) -> None:
    here = floor(module_of(file))
    for imported in imports(file):
        there = floor(imported)
        if here is not None and there is not None:
            assert there <= here, f"{module_of(file)} (floor {here}) imports {imported} (floor {there})"


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_each_library_has_its_room(file: Path) -> None:
    module, found = module_of(file), {name.split(".")[0] for name in imports(file)}
    if not module.startswith("sim.engine"):
        assert not found & {"simpy", "numba"}
    if not module.startswith(("reports", "vein2vein.results")):  # its figures have a type
        assert not found & {"plotly", "kaleido", "pptx", "xlsxwriter", "streamlit"}
    if module.startswith("sim.pure"):
        assert not any(
            name.startswith(("sim.", "reports")) and not name.startswith("sim.pure") for name in imports(file)
        )
    if module.startswith("reports"):
        assert not any(name.startswith("sim.") and not name.startswith(TO_BE_READ) for name in imports(file)), (
            "reports draw from tables only"
        )


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
