"""The files and commands of docs/planner.md as they stand, one after the other, only on fewer patients."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from tests.program import call, shortened

DOCUMENT = Path(__file__).parents[1] / "docs" / "planner.md"
SHORT = ["--set", "run.window=180 d", "--set", "run.warm_up=0 d", "--set", "run.follow_up=200 d"]
CUT = {
    "run": [*SHORT, "-n", "3", "--workers", "1"],
    "compare": [*SHORT, "-n", "3", "--workers", "1", "--no-robustness"],
    "plan": [*SHORT, "-n", "5", "--max-replications", "10", "--workers", "1", "--zone", "infused_share=0.2"],
}
STEP = re.compile(
    r"<!-- file: (?P<file>\S+) -->\n```yaml\n(?P<text>.*?)```|<!-- commands -->\n```sh\n(?P<lines>.*?)```", re.S
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder in which a planner has followed the page, and what each command said."""
    here, said = tmp_path_factory.mktemp("planner"), {}
    for step in STEP.finditer(DOCUMENT.read_text(encoding="utf-8")):
        if step["file"]:
            (here / step["file"]).write_text(step["text"], encoding="utf-8")
            continue
        for line in step["lines"].strip().splitlines():
            words = shlex.split(line)
            assert words[:2] == ["python", "run_sim.py"]
            cut = CUT.get(words[2], [])
            if "infused_share" not in line:
                cut = cut[:-2] if words[2] == "plan" else cut
            done = call(*shortened(words[2:], cut), cwd=here)
            assert done.returncode == 0 or words[2] == "plan", f"{line}: {done.stderr}"
            said[line] = done.stdout + done.stderr
    return here, said


def test_each_question_is_a_command_and_at_most_five_lines() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    questions = re.split(r"^## \d\. ", text, flags=re.M)[1:]
    assert len(questions) == 6
    for question in questions:
        (command,) = re.findall(r"```sh\n(.*)\n```", question)
        assert command.startswith("python run_sim.py ")
        assert all(len(file.strip().splitlines()) <= 5 for file in re.findall(r"```yaml\n(.*?)```", question, re.S))


def test_the_bottleneck_is_the_one_that_the_page_names(told: tuple[Path, dict[str, str]]) -> None:
    checked = " ".join(told[1]["python run_sim.py check ours.yaml"].split())
    assert "Bottleneck: manufacturing slots (load 1.10): at most 5 referrals a month, where 5.5 come." in checked
    assert "the next would be bookings of infusion beds at city" in checked


def test_the_list_on_the_first_day_is_told_apart(told: tuple[Path, dict[str, str]]) -> None:
    ran = " ".join(told[1]["python run_sim.py run ours.yaml"].split())
    assert "Of the 14 on the waiting list on the first day" in ran
    [result] = [
        path for path in (told[0] / "results").iterdir() if (path / "waiting_list.csv").is_file() and "run" in path.name
    ]
    waiting = pd.read_csv(result / "waiting_list.csv")
    assert waiting.loc[(waiting["list"] == "before_infusion") & (waiting["day"] == 0), "estimate"].tolist() == [14.0]


def test_each_comparison_compares_what_it_says(told: tuple[Path, dict[str, str]]) -> None:
    here, _ = told
    for name, what in (
        ("weekdays", "Laboratory closed at weekends"),
        ("sickest", "Sickest first"),
        ("dose", "A dose after 30 days"),
    ):
        summary = pd.read_csv(here / "results" / name / "summary.csv")
        assert list(dict.fromkeys(summary["scenario"])) == ["City and lake", what]
    waits = pd.read_csv(here / "results" / "weekdays" / "stages.csv")
    assert {"City and lake", "Laboratory closed at weekends"} <= set(waits["scenario"])


def test_every_combination_has_its_cost(told: tuple[Path, dict[str, str]]) -> None:
    plan = pd.read_csv(told[0] / "results" / "together" / "plan.csv")
    cost = 40_000 * plan["manufacturing.slots.count"] + 15_000 * plan["centres.city.beds"]
    assert plan["cost"].tolist() == cost.tolist()
    assert plan["combination"].nunique() == 12
