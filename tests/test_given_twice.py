"""What is said twice in one command is refused: neither value is dropped in silence."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import vein2vein as v2v
from run_sim import cli
from sim.experiment.asked import OptionError
from sim.scenario import ScenarioError


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("check autologous --set manufacturing.lines=9 --set manufacturing.lines=10", "is set more than once"),
        ("run autologous --set run.seed=3 --seed 4", "is set more than once"),
        ("run autologous --set run.replications=3 -n 4", "are asked for as well"),
        ("run autologous --set run={\"replications\":3} -n 4", "are asked for as well"),
        ("check autologous --set run={\"seed\":3} --set run.seed=4", "run.seed: is set more than once"),
        ("check autologous --set manufacturing.slots=unlimited --set manufacturing.slots.count=3", "is set more"),
        ("check autologous --set scheduling.duration.uniform=[1d,2d] --set scheduling.duration=1d", "is set more"),
        ("run autologous --set run.replications=3 --precision infused_share=0.1", "not read here"),
        ("psa autologous --set run.replications=3", "not read here"),
        ("plan autologous --set run.replications=3 --vary run.window=9d:9.5d --target infused_share>=.5", "not read"),
        ("sweep autologous --set run.replications=3 --vary run.window=9d,10d -n 4", "are asked for as well"),
        ("sweep autologous --vary name=a,b -n 2", "--vary name: is no input of the simulation"),
        ("sweep autologous --vary run.replications=2,3", "--vary run.replications: is not read here"),
        ("sweep autologous --set manufacturing.lines=5 --vary manufacturing.lines=3,4 -n 2", "is set as well"),
        ("sweep autologous --set manufacturing.slots.lead=3d --vary manufacturing.slots=unlimited", "is set as well"),
        (
            "plan autologous --set manufacturing.lines=5 --vary manufacturing.lines=3,4 --target infused_share>=.5",
            "is set as well",
        ),
        ("forecast autologous no.yaml --set run.replications=3 --out no", "not read here"),
        ("run autologous -n 1e3", "'1e3' is not a valid whole number"),
    ],
)  # fmt: skip
def test_a_command(command: str, told: str) -> None:
    done = CliRunner().invoke(cli, command.split())
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("run --seed 1 --seed 2", "--seed is given twice"),
        ("run -n 2 --replications 3", "--replications is given twice"),
        ("run --workers 0 --workers 1", "--workers is given twice"),
        ("compare other.yaml --out a --out=b", "--out is given twice"),
        ("compare other.yaml --robustness --no-robustness", "--robustness / --no-robustness is given twice"),
        ("psa --samples 10 --samples 20", "--samples is given twice"),
        ("plan --target infused_share>=.5 --confidence 0.9 --confidence 0.8", "--confidence is given twice"),
        ("records check --out a --out b", "--out is given twice"),
    ],
)
def test_an_option_that_takes_one_value(words: str, told: str) -> None:
    # there is no such file: whatever becomes of the options, nothing is simulated
    done = CliRunner().invoke(cli, [*words.split(), "nowhere.yaml"])
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


def test_what_is_collected_and_what_says_the_same_again_may_stand_twice() -> None:
    said = "check nowhere.yaml --all --all --set run.seed=1 --set run.warm_up=1d"
    assert "twice" not in CliRunner().invoke(cli, said.split()).output


def test_the_front_door() -> None:
    with pytest.raises(ScenarioError, match="is set more than once"):
        v2v.load("autologous", set={"run.seed": 3}, seed=4)
    with pytest.raises(OptionError, match="replications are asked for as well"):
        v2v.run("autologous", set={"run.replications": 3}, replications=4)
    with pytest.raises(OptionError, match="replications are asked for as well"):
        v2v.run("autologous", set={"run": {"replications": 3}}, replications=4)
    with pytest.raises(OptionError, match="is not read here"):
        v2v.psa("autologous", set={"run.replications": 3})
