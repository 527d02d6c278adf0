"""The commands of the documents, as they stand there, only on fewer patients."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sim.experiment.designs import build_design
from sim.experiment.sweep_file import read_sweep_file
from tests.test_command_line import ROOT, call

DOCUMENTS = ("docs/sweeps.md",)
SHORT = ["--set", "run.window=40 d", "--set", "run.warm_up=0 d", "--set", "run.follow_up=120 d", "--workers", "1"]


def commands(document: str) -> list[list[str]]:
    """The arguments of every command in the shell blocks of a document."""
    blocks = (ROOT / document).read_text(encoding="utf-8").split("```sh\n")[1:]
    lines = [line for block in blocks for line in block.partition("```")[0].splitlines()]
    return [shlex.split(line)[2:] for line in lines if line.startswith("python run_sim.py ")]


@pytest.mark.parametrize(
    "arguments", [c for d in DOCUMENTS for c in commands(d)], ids=lambda arguments: " ".join(arguments)[:60]
)
def test_a_command_of_a_document_runs(arguments: list[str], tmp_path: Path) -> None:
    fewer = ["--max-replications", "20"] if "--precision" in arguments else ["-n", "2"]
    if "latin_hypercube" in arguments:
        fewer += ["--samples", "8"]
    done = call(*arguments, *fewer, *SHORT, "--out", str(tmp_path / "out"), cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "manifest.json").is_file()


def test_the_sweep_file_of_the_document_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8").split("```yaml\n")[1].partition("```")[0]
    for name in ("autologous", "allogeneic"):
        (tmp_path / f"{name}.yaml").touch()
    file = tmp_path / "my_sweep.yaml"
    file.write_text(text, encoding="utf-8")
    found = read_sweep_file(file)
    assert found.replications == 50
    assert len(build_design(found.design, found.factors, found.variants).points) == 12
