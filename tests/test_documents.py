"""The documents against the program: every command in them runs as it stands there, only on fewer patients.

A command is a line of a shell block or of a block without a language, or a span of code, that begins with `python`.
What is not run here stands in `NOT_RUN`, with the reason.
"""

from __future__ import annotations

import re
import shlex
import shutil
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from run_sim import cli
from sim.experiment.sweep.designs import build_design
from sim.experiment.sweep.file import read_sweep_file
from sim.pieces.diagram import mermaid
from sim.pieces.strategies import build_protocol
from sim.scenario import Scenario, load
from sim.shell.commands import COMMANDS
from sim.shell.screen import MISSED
from sim.tables.words import OUTCOMES
from tests.program import shortened
from tests.runs import SHIPPED, copy_shipped

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{file.name}" for file in sorted((ROOT / "docs").glob("*.md"))))
# These have tests of their own, which follow their lines one after the other: tests/test_economics_document.py,
# tests/test_own_records_document.py and tests/test_planner_document.py.
FOLLOWED = ("docs/economics.md", "docs/own-records.md", "docs/planner.md")
OURS = "python run_sim.py "
NOT_RUN = {
    "python3 -m venv": "installs; .ci/run does it on a clean copy",
    ".venv/bin/": "what was installed there; .ci/run does it on a clean copy",
    "python run_sim.py compare scenarios/library/": "a copy cannot be read; test_readme_figures.py runs it",
    "python -m pytest": "this is it",
    "python -m tests.benchmarks": "minutes; .ci/run does it",
    "python -m tests.determinism": "minutes; .ci/run does it",
    "python -m tests.covered": "runs all tests",
    "mutmut": "an hour and more; docs/mutants.md says what came of it",
    "python -m sphinx": "the site; tests/test_site.py builds it",
    "python -m tests.floors": "a picture of the code; tests/test_layers.py draws it",
    "python -m tests.materials": "lists what is installed; tests/test_materials.py does it",
    "ruff ": "checks the code, not the documents; .ci/run does it",
    "mypy": "checks the code, not the documents; .ci/run does it",
    "python run_sim.py records": "needs a register; tests/test_own_records_document.py runs it",
    "python run_sim.py curve": "needs points of a figure; tests/records/test_digitised.py runs it",
    "python run_sim.py forecast": "needs a register; tests/test_own_records_document.py runs it",
    "python run_sim.py fit": "needs a register; tests/test_own_records_document.py runs it",
    "python run_sim.py observe": "needs a register; tests/test_own_records_document.py runs it",
    "python run_sim.py calibrate": "needs a register; tests/test_own_records_document.py runs it",
    "python run_sim.py app": "a server that runs until it is stopped; tests/test_planning.py starts and stops it",
    "python run_sim.py charts --gallery": "needs a browser and a minute; tests/reports/test_styles.py draws the page",
}
# What is cut down: (in the command, put in its place, why).
CUT = (
    (" --image png", "", "needs a browser; tests/reports/test_pictures_command.py"),
    ("--samples 100 ", "--samples 8 ", "time"),
    (" validate", " validate scenarios/validation/fifty_patients_3.yaml", "all cases take minutes; .ci/run runs them"),
    ("--precision ", "--max-replications 20 --precision ", "time"),
)
SHORT = ["--set", "run.window=40 d", "--set", "run.warm_up=0 d", "--set", "run.follow_up=120 d"]
# Options that a command takes, by command: the shipped scenarios have 100 replications of years.
FEWER = {verb: [*SHORT, "--workers", "1", "-n", "2"] for verb in ("run", "compare", "sweep", "psa")}
FEWER["plan"] = [*SHORT, "--workers", "1", "-n", "5", "--max-replications", "20"]


def commands(document: str) -> list[str]:
    """Every command of a document, without what explains it: that follows after two blanks or more."""
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = []
    for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M):
        lines += block.splitlines() if kind in ("", "sh") else []
    rest = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    lines += [span for span in re.findall(r"`([^`]+)`", rest) if span.startswith(("python ", "ruff ", "mypy"))]
    found = [re.split(r"\s{2,}", line)[0] for line in lines if line and not line.startswith(" ")]
    return list(dict.fromkeys(found))


def reason(command: str) -> str | None:
    """Why a command is not run here; None where it is."""
    return next((why for start, why in NOT_RUN.items() if command.startswith(start)), None)


ALL = [(document, command) for document in DOCUMENTS if document not in FOLLOWED for command in commands(document)]
RUN = list(dict.fromkeys(command for _, command in ALL if reason(command) is None))
# Every day their commands are run by tests of their own, with fewer scenarios and pages.
SLOW = ("list --effects --page", "report results/DIR --pptx", "psa A.yaml", "compare A.yaml", "compare scenarios")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody sits who has read the documents: scenarios of his own, and results."""
    here = tmp_path_factory.mktemp("desk")
    copy_shipped(here / "scenarios")
    for name in ("autologous", "allogeneic"):
        (here / f"{name}.yaml").write_text(f"extends: scenarios/{name}.yaml\n", encoding="utf-8")
    for name, base in (("A", "autologous"), ("B", "allogeneic"), ("C", "library/hybrid")):
        text = f"extends: scenarios/{base}.yaml\nname: Scenario {name}\n"
        (here / f"{name}.yaml").write_text(text, encoding="utf-8")
    (here / "my_sweep.yaml").write_text(sweep_file(), encoding="utf-8")
    with chdir(here):
        said = CliRunner().invoke(cli, ["compare", "A.yaml", "B.yaml", *FEWER["compare"], "-q", "--out", "results/DIR"])
        assert said.exit_code == 0, said.output
        assert CliRunner().invoke(cli, ["new", "scenarios/mine.yaml"]).exit_code == 0
    return here


def sweep_file() -> str:
    """The sweep file that docs/sweeps.md shows."""
    return (ROOT / "docs/sweeps.md").read_text(encoding="utf-8").split("```yaml\n")[1].partition("```")[0]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            command,
            id=command.removeprefix(OURS)[:60],
            marks=pytest.mark.slow if command.removeprefix(OURS).startswith(SLOW) else (),
        )
        for command in RUN
    ],
)
def test_a_command_of_a_document_runs(command: str, desk: Path) -> None:
    for there, instead, _ in CUT:
        command = command.replace(there, instead)
    verb, *arguments = shlex.split(command.removeprefix(OURS))
    fewer = FEWER.get(verb, [])
    if "--precision" in arguments:
        fewer = fewer[:-2]
    if verb == "psa":
        fewer = [*fewer, "--samples", "2"]
    if verb == "new":
        (desk / arguments[0]).unlink(missing_ok=True)
    if verb == "plan":
        # documents vary the same file in different ways, and a sweep is not continued by another
        for folder in (desk / "results").glob("plan-*"):
            shutil.rmtree(folder)
    with chdir(desk):
        said = CliRunner().invoke(cli, [verb, *shortened(arguments, fewer)])
    # so few replications are too few to be as sure of a target as `plan` has to be
    assert said.exit_code in ((0, MISSED) if verb == "plan" else (0,)), said.output
    assert "Traceback" not in said.output
    assert said.output.strip()


def test_every_command_is_run_or_has_a_reason_not_to_be() -> None:
    for document, command in ALL:
        assert command.startswith(OURS) or reason(command), f"{document}: {command}"
    unused = [start for start in NOT_RUN if not any(command.startswith(start) for _, command in ALL)]
    assert unused == []
    assert [there for there, _, _ in CUT if not any(there in command for command in RUN)] == []


def test_the_readme_names_every_command() -> None:
    named = {shlex.split(c.removeprefix(OURS))[0] for c in commands("README.md") if c.startswith(OURS)}
    assert named == set(COMMANDS)


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("http"):
                assert (ROOT / document).parent.joinpath(target).exists(), f"{document}: {target}"


def test_files_that_the_documents_name_are_there() -> None:
    for document in DOCUMENTS:
        for name in re.findall(
            r"`((?:sim|reports|tests|scenarios|docs)/[\w./]+)`", (ROOT / document).read_text("utf-8")
        ):
            assert (ROOT / name).exists() or name == "scenarios/mine.yaml", f"{document}: {name}"


@pytest.mark.parametrize(("place", "name"), [(0, "autologous"), (1, "allogeneic")])
def test_the_flow_charts_of_the_model_are_those_of_the_path(place: int, name: str) -> None:
    text = (ROOT / "docs/model.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^```mermaid\n(.*?)^```", text, re.S | re.M)[place]
    assert drawn == mermaid(build_protocol(load(SHIPPED / f"{name}.yaml").scenario))


def test_the_sweep_file_of_the_document_is_one(desk: Path) -> None:
    found = read_sweep_file(desk / "my_sweep.yaml")
    assert found.replications == 50
    assert len(build_design(found.design, found.factors, found.variants).points) == 12


def test_the_model_names_every_outcome_as_the_screens_do() -> None:
    text = " ".join((ROOT / "docs/model.md").read_text(encoding="utf-8").split())
    section = text.partition("## Outcomes")[2].partition(" ## ")[0].casefold()
    assert [label for label in OUTCOMES.values() if f"*{label.casefold()}*" not in section] == []


def test_the_parts_that_a_scenario_needs_are_named() -> None:
    needed = [name for name, required in Scenario.key_names().items() if required]
    text = " ".join((ROOT / "docs/scenario-file.md").read_text(encoding="utf-8").split())
    *most, last = (f"`{name}`" for name in needed)
    assert f"A scenario needs {', '.join(most)} and {last}, of its own or inherited" in text
