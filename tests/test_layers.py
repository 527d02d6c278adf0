"""The house: imports point downwards only, and each heavy library has its room."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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
# What reports may know of the simulation: what a metric is, and what may be said of a difference.
TO_BE_READ = ("sim.tables", "sim.outcomes.estimates", "sim.outcomes.metrics", "sim.outcomes.verdicts")
FILES = sorted(
    [*ROOT.glob("sim/**/*.py"), *ROOT.glob("reports/**/*.py"), *ROOT.glob("vein2vein/*.py"), ROOT / "run_sim.py"]
)


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> float | None:
    return next((level for room, level in FLOORS.items() if module == room or module.startswith(room + ".")), None)


def imports(file: Path) -> set[str]:
    """Modules that a file imports, anywhere in it; what is imported for type checking only counts too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


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
