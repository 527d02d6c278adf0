"""Numbers set at the same paths again give what reading them anew gives: the scenario, or the same words."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.experiment.psa.run import psa_points
from sim.experiment.sweep.points import Base
from sim.scenario import Loaded, Scenario, ScenarioError, load
from sim.scenario.overrides import is_number

SHIPPED = Path(__file__).parents[2] / "scenarios"
NUMBERS = (0.0, 1.0, 1.5, 1e5, -1.0)


def anew(loaded: Loaded, overrides: Sequence[str]) -> Scenario | str:
    return what_comes(replace(loaded), overrides)


def what_comes(loaded: Loaded, overrides: Sequence[str]) -> Scenario | str:
    try:
        return loaded.scenario_with(overrides)
    except ScenarioError as error:
        return str(error)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was read as a whole."""
    module, found = importlib.import_module("sim.scenario.load"), []
    whole = module._merge_and_check

    def counting(*arguments: Any) -> Any:
        found.append(arguments[2])
        return whole(*arguments)

    monkeypatch.setattr(module, "_merge_and_check", counting)
    return found


@pytest.mark.parametrize(
    ("name", "every"), [("autologous", 9), ("library/hybrid", 11), ("library/two_manufacturers", 12)]
)
def test_any_number_at_any_path_gives_what_reading_it_anew_gives(name: str, every: int, read: list[Any]) -> None:
    loaded = load(SHIPPED / f"{name}.yaml")
    numbers = [p for p in loaded.parameters if is_number(p.value_text) and p.path.partition(".")[0] != "run"][::every]
    sound = 0
    for parameter in numbers:
        stated, _, unit = parameter.value_text.partition(" ")
        tried = [f"{number:.6g} {unit}".strip() for number in (*NUMBERS, float(stated) / 2, 2 * float(stated) + 0.01)]
        what_comes(loaded, [f"{parameter.path}={parameter.value_text}"])
        for text in tried:
            before = len(read)
            found, again = what_comes(loaded, [f"{parameter.path}={text}"]), len(read) > before
            assert found == anew(loaded, [f"{parameter.path}={text}"]), (parameter.path, text)
            sound += not again
            assert again or isinstance(found, Scenario)
    assert sound > len(numbers)  # more than one of the seven, on average, without reading all of it


def test_draws_give_what_reading_them_anew_gives(read: list[Any]) -> None:
    base = Base({name: load(SHIPPED / f"{name}.yaml") for name in ("autologous", "allogeneic")})
    points = psa_points(base, 12)
    read.clear()
    found = [base.arms(point) for point in points]
    assert len(read) == len(base.names)  # the first of each
    for point, arms in zip(points, found, strict=True):
        for arm, (name, loaded) in zip(arms, base.scenarios.items(), strict=True):
            assert arm.scenario == anew(loaded, [f"{path}={text}" for path, text in point.own[name].items()])


def test_numbers_at_other_paths_and_other_values_are_read_anew(read: list[Any]) -> None:
    loaded = load(SHIPPED / "autologous.yaml")
    loaded.scenario_with(["manufacturing.failure=0.1"])
    for overrides in (
        ["bridging.share=0.2"],
        ["manufacturing.failure=0.1", "bridging.share=0.2"],
        ["bridging.share=1e-1"],
    ):
        before = len(read)
        assert loaded.scenario_with(overrides) == anew(loaded, overrides)
        assert len(read) == before + 2


def test_what_a_number_wakes_up_or_sends_to_sleep_is_noticed(read: list[Any]) -> None:
    """A share of 0 leaves its details without effect, which is refused on the command line, or said of the files."""
    loaded = load(SHIPPED / "autologous.yaml")
    both = "bridging.share={}", "bridging.response={}"
    loaded.scenario_with([one.format(0.5) for one in both])
    asleep = [both[0].format(0), both[1].format(0.5)]
    assert what_comes(loaded, asleep) == anew(loaded, asleep)
    assert "is not used" in str(what_comes(loaded, asleep))
