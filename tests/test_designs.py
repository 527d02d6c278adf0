"""Factors, designs and sweep files: which points a sweep runs, and what is said of wrong ones."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.experiment.sweep.designs import build_design
from sim.experiment.sweep.factors import Factor, number_of, parse_factor, unit_of
from sim.experiment.sweep.file import is_sweep_file, read_sweep_file
from sim.scenario import ScenarioError
from tests.experiments import SMALL


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("manufacturing.lines=4:20:4", ("4", "8", "12", "16", "20")),
        ("manufacturing.lines=4:19:4", ("4", "8", "12", "16")),
        ("release_testing.sterility=7d,14d", ("7d", "14d")),
        ("release_testing.sterility=7:28:7d", ("7 d", "14 d", "21 d", "28 d")),
        ("manufacturing.failure=0.1:0.3:0.1", ("0.1", "0.2", "0.3")),
        ("regions.north.referrals=2:4:1 / month", ("2 / month", "3 / month", "4 / month")),
        ("a.b={triangular: [1 d, 2 d, 3 d]},5 d", ("{triangular: [1 d, 2 d, 3 d]}", "5 d")),
        ("manufacturing.lines=7", ("7",)),
    ],
)
def test_values_of_the_command_line(text: str, levels: tuple[str, ...]) -> None:
    assert parse_factor(text).levels == levels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("manufacturing.lines", "allowed: PATH=VALUES"),
        ("manufacturing.lines=", "allowed: PATH=VALUES"),
        ("manufacturing.lines=20:4:2", "found 20 to 4; allowed: from a lower value to a higher one"),
        ("manufacturing.lines=4:20:0", "found the step 0; allowed: a step above 0"),
        ("a=7 d:8 h:1 d", "found the units 'd', 'h'; allowed: one unit for all of them"),
        ("a=1,,2", "allowed: values with commas between them"),
        ("a=1,2,1", "found '1' twice; allowed: each value once"),
        ("release_testing.sterility=7d,1wk,168h", "found '1wk', which is the same as '7d'; allowed: each value once"),
        ("manufacturing.lines=4,8,4.0", "found '4.0', which is the same as '4'; allowed: each value once"),
        ("regions.north.referrals=1 / d,24 / month,7 per wk", "found '7 per wk', which is the same as '1 / d'"),
        (
            "work_up.duration={uniform: [7 d,14 d]},{uniform: [ 1 wk, 2wk ]}",
            "which is the same as '{uniform: [7 d,14 d]}'",
        ),
        ("work_up.duration.lognormal.median=7d,1 wk", "found '1 wk', which is the same as '7d'"),
        ("a=0:1:1e-9", "allowed: at most 10000"),
    ],
)
def test_values_that_cannot_be(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="found") as caught:
        parse_factor(text)
    assert told in str(caught.value)


def test_numbers_of_tables() -> None:
    assert number_of("36 h") == 1.5
    assert number_of("2 wk") == 14.0
    assert number_of("0.5 / d") == 0.5
    assert number_of("12 / y") == pytest.approx(12 / 365.25)
    assert number_of("0.25") == 0.25
    assert number_of("{fixed: 3 d}") == "{fixed: 3 d}"
    assert [unit_of(texts) for texts in (["7 d", "36 h"], ["4 / month"], ["3"])] == ["days", "per day", ""]


def test_which_values_are_whole_numbers() -> None:
    for path in ("manufacturing.lines", "manufacturing.slots.count", "centres.here.beds", "apheresis.attempts"):
        assert parse_factor(f"{path}=1:10").at(0.549) == "6", path
    for path in ("manufacturing.failure", "work_up.duration.lognormal.sigma", "no.such.path"):
        assert parse_factor(f"{path}=0:1").at(0.25) == "0.25", path


def test_a_grid_has_every_combination_and_variants_behind_it() -> None:
    factors = [Factor("a", ("1", "2")), Factor("b", ("x", "y", "z"))]
    design = build_design("grid", factors, {"both": {"a": "5", "c": "1 d"}})
    found = [(p.number, p.overrides["a"], p.overrides.get("b")) for p in design.points]
    assert found == [
        (0, "1", "x"), (1, "1", "y"), (2, "1", "z"), (3, "2", "x"), (4, "2", "y"), (5, "2", "z"), (6, "5", None),
    ]  # fmt: skip
    assert design.points[6].name == "both"
    with pytest.raises(
        ValueError, match="found 1 to 2 without a step; allowed: FROM:TO:STEP, or the values one by one"
    ):
        build_design("grid", [parse_factor("a=1:2")], {})
    whole = build_design("grid", [parse_factor("manufacturing.slots.count=3:5")], {})
    assert [dict(p.overrides) for p in whole.points] == [{"manufacturing.slots.count": n} for n in ("3", "4", "5")]


def test_one_at_a_time_changes_one_value_of_the_base() -> None:
    design = build_design("one_at_a_time", [parse_factor("a=1:9"), Factor("b", ("x", "z"), base="y")], {})
    assert [dict(p.overrides) for p in design.points] == [
        {"b": "y"}, {"b": "y", "a": "1"}, {"b": "y", "a": "9"}, {"b": "x"}, {"b": "z"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "size", "count"), [("latin_hypercube", 10, 10), ("sobol", 8, 8 * 4), ("morris", 5, 5 * 3)]
)
def test_sampled_designs_fill_the_ranges_the_same_way_each_time(kind: str, size: int, count: int) -> None:
    factors = [parse_factor("manufacturing.lines=1:10"), parse_factor("manufacturing.failure=0:0.5")]
    design = build_design(kind, factors, {}, size, seed=3)
    assert len(design.points) == count
    lines = np.array([float(point.values["manufacturing.lines"]) for point in design.points])
    shares = np.array([float(point.values["manufacturing.failure"]) for point in design.points])
    assert set(lines) <= set(range(1, 11))
    assert lines.max() >= 8
    assert lines.min() <= 3
    assert shares.min() >= 0.0
    assert shares.max() <= 0.5
    assert np.ptp(shares) > 0.25
    assert [p.overrides for p in build_design(kind, factors, {}, size, seed=3).points] == [
        p.overrides for p in design.points
    ]
    other = [p.overrides for p in build_design(kind, factors, {}, size, seed=4).points]
    assert other != [p.overrides for p in design.points]


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    design = build_design("latin_hypercube", [parse_factor("manufacturing.lines=1:10")], {}, 10, seed=0)
    assert sorted(float(p.values["manufacturing.lines"]) for p in design.points) == list(range(1, 11))


def sweep_file(folder: Path, text: str) -> Path:
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    file = folder / "sweep.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_sweep_file_says_all(tmp_path: Path) -> None:
    file = sweep_file(
        tmp_path,
        """
base: small.yaml
design: one_at_a_time
vary:
  manufacturing.lines: [1, 2]
  apheresis.duration: {from: 1 d, to: 3, steps: 3}
  clocks.waiting.ends_eligibility: {low: 0.1, base: 0.5, high: 0.9}
  manufacturing.duration: {low: "{triangular: [1 d, 2 d, 3 d]}", high: 9 d}
variants:
  slow: {manufacturing.duration: 60 d}
set: {run.window: 90 d}
replications: 7
samples: 16
seed: 3
""",
    )
    assert is_sweep_file(file)
    assert not is_sweep_file(tmp_path / "small.yaml")
    found = read_sweep_file(file)
    assert [path.resolve() for path in found.files] == [tmp_path / "small.yaml"]
    assert found.design == "one_at_a_time"
    assert [factor.levels for factor in found.factors] == [
        ("1", "2"), ("1 d", "2 d", "3 d"), ("0.1", "0.9"), ("{triangular: [1 d, 2 d, 3 d]}", "9 d"),
    ]  # fmt: skip
    assert found.factors[2].base == "0.5"
    assert found.variants == {"slow": {"manufacturing.duration": "60 d"}}
    assert found.overrides == ("run.window=90 d",)
    assert (found.replications, found.samples, found.seed) == (7, 16, 3)


def test_everything_wrong_with_a_sweep_file_is_said_at_once(tmp_path: Path) -> None:
    file = sweep_file(
        tmp_path,
        """
base: [small.yaml, smal.yaml, ../../etc/passwd]
design: gird
vary:
  a: 3
  b: {from: 7 d, to: 14 d, stepz: 3}
  c: {low: 0.5, high: 0.1}
  d: []
variants: {x: 3}
sampels: 3
replications: -1
""",
    )
    with pytest.raises(ScenarioError) as caught:
        read_sweep_file(file)
    lines = [line.removeprefix(str(file)) for line in str(caught.value).splitlines()]
    assert len(lines) == 10
    assert lines.pop(0) == ":2: base: found 'smal.yaml': no such file; did you mean 'small.yaml'?"
    assert lines[0].startswith(":2: base: found '../../etc/passwd': ")
    assert lines[1].endswith("did you mean 'grid'?")
    assert lines[1].startswith(":3: design: found 'gird'")
    assert [line.split(": ")[0] for line in lines[2:]] == [":5", ":6", ":7", ":8", ":9", ":10", ":11"]
    assert lines[3].endswith("did you mean 'steps'?")
    assert ":7: vary.c: found 0.5 to 0.1; allowed: from a lower value to a higher one" in lines
    assert ":10: sampels: unknown key; did you mean 'samples'?" in lines


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("seed: 99999999999999999999", "seed: found 99999999999999999999; allowed: a whole number from 0 to 9223372036854775807"),
        ('seed: "1"', "seed: found '1'; allowed: a whole number from 0 to 9223372036854775807; write 1 without quotes"),
        ("replications: 0", "replications: found 0; allowed: a whole number from 1 to 1000000"),
        ("metrics: []", "metrics: found an empty list; allowed: a list of metrics, such as [infused_share, net_benefit@100000]"),
        ("vary: {}", "vary: found an empty section; allowed: a section of paths and values"),
        ("variants: {'': {manufacturing.lines: 3}}", "variants: found an empty name; allowed: a name for each variant"),
        ("vary: {release_testing.sterility: [7 d, 1 wk]}", "vary.release_testing.sterility: found '1 wk', which is the same as '7 d'; allowed: each value once"),
        ("vary: {release_testing.sterility: [7,5 d, 9 d]}", "vary.release_testing.sterility: found '7,5 d'; decimal comma: write 7.5 d"),
    ],
)  # fmt: skip
def test_one_wrong_line_of_a_sweep_file(tmp_path: Path, line: str, told: str) -> None:
    rest = "" if line.startswith("var") else "vary: {manufacturing.lines: [1, 2]}\n"
    file = sweep_file(tmp_path, f"base: small.yaml\n{rest}{line}\n")
    with pytest.raises(ScenarioError) as caught:
        read_sweep_file(file)
    assert str(caught.value).removeprefix(f"{file}:{3 if rest else 2}: ") == told


@pytest.mark.parametrize("text", ["", "- 1\n", "base: small.yaml\n", "vary: {a: [1]}\n", "base: [\n"])
def test_a_file_that_is_no_sweep(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScenarioError):
        read_sweep_file(sweep_file(tmp_path, text))
