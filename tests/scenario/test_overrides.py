"""Values set on the command line."""

# Messages stand whole, so that they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

from sim.pure import distributions as d
from sim.scenario import ScenarioError
from tests.scenario.writing import AUTOLOGOUS, load_text, problems


def test_values_are_set_one_after_the_other(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        AUTOLOGOUS,
        "manufacturing={duration: 20 d}",
        "run.seed=3",
        "manufacturing.lines=9",
        "run={window: 90 d}",
    )
    assert loaded.scenario.manufacturing.lines == ((0.0, 9.0),)
    assert (loaded.scenario.run.seed, loaded.scenario.run.window) == (3, 90.0)
    assert loaded.overrides == (
        "manufacturing={duration: 20 d}",
        "run.seed=3",
        "manufacturing.lines=9",
        "run={window: 90 d}",
    )


def test_they_merge_like_a_file_that_extends(tmp_path: Path) -> None:
    text = AUTOLOGOUS.replace("21 d", "{lognormal: {median: 19 d, sigma: 0.5, shift: 3 d}}")
    for change, duration in (
        ("manufacturing.duration.lognormal.median=20 d", d.Lognormal(20.0, 0.5, 3.0)),
        ("manufacturing.duration={lognormal: {sigma: 0.6}}", d.Lognormal(19.0, 0.6, 3.0)),
        ("manufacturing.duration={uniform: [1 d, 2 d]}", d.Uniform(1.0, 2.0)),
        ("manufacturing.duration=5 d", d.Fixed(5.0)),
        ("manufacturing={duration: 5 d}", d.Fixed(5.0)),
    ):
        assert load_text(tmp_path, text, change).scenario.manufacturing.duration == duration


def test_names_may_have_spaces_and_values_equal_signs(tmp_path: Path) -> None:
    text = AUTOLOGOUS.replace("here", "far north")
    loaded = load_text(tmp_path, text, "centres.far north.beds=2", "name=a=b", " run.seed = 5 ")
    assert loaded.scenario.centres["far north"].beds == ((0.0, 2.0),)
    assert (loaded.scenario.name, loaded.scenario.run.seed) == ("a=b", 5)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("manufacturing.linez=3", "--set manufacturing.linez: unknown key; did you mean 'lines'?"),
        ("manufacturng.lines=3", "--set manufacturng.lines: manufacturng: unknown key; did you mean 'manufacturing'?"),
        ("manufacturing.lines", "--set manufacturing.lines: found no '='; allowed: PATH=VALUE, such as manufacturing.lines=8"),
        ("", "--set : found no '='; allowed: PATH=VALUE, such as manufacturing.lines=8"),
        ("=3", "--set : found the path an empty text; allowed: names with a '.' between them, such as manufacturing.lines"),
        ("a..b=3", "--set a..b: found the path 'a..b'; allowed: names with a '.' between them, such as manufacturing.lines"),
        ("extends=x.yaml", "--set extends: cannot be set on the command line; allowed: the values of a scenario"),
        ("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u=1", "--set a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u: found a path too long for any value of a scenario"),
        ("run.seed=[1", "--set run.seed: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("run.seed=&a 1", "--set run.seed: found a YAML anchor (&); write the value out, or inherit it with 'extends'"),
        ("run={seed: 1, seed: 2}", "--set run: found this key twice; it stands there already"),
        ("run.seed=", "--set run.seed: found nothing; allowed: a whole number from 0 to 9223372036854775807"),
        ("manufacturing.duration.median=3 d", "--set manufacturing.duration.median: unknown key; allowed: lognormal, triangular, uniform, exponential, gamma, weibull, truncated_normal, empirical"),
        ("run.seed.x=3", "--set run.seed.x: run.seed: found a section with 'x'; allowed: a whole number from 0 to 9223372036854775807"),
        ("name.x=3", "--set name.x: name: found a section with 'x'; allowed: a text"),
    ],
)  # fmt: skip
def test_what_is_wrong(tmp_path: Path, override: str, message: str) -> None:
    assert problems(tmp_path, AUTOLOGOUS, override) == [message]


def test_they_come_after_the_problems_of_the_file(tmp_path: Path) -> None:
    found = problems(tmp_path, AUTOLOGOUS + "  linez: 3\n", "run.sed=3", "nonsense")
    assert [problem.split(": ")[0] for problem in found] == ["mine.yaml:11", "--set nonsense", "--set run.sed"]


def test_with_overrides_leaves_the_base_as_it_is(tmp_path: Path) -> None:
    base = load_text(tmp_path, AUTOLOGOUS, "run.seed=3")
    before = (base.digest, base.scenario, dict(base.resolved))
    changed = base.with_overrides(["manufacturing.lines=2"])
    again = changed.with_overrides(["manufacturing.lines=unlimited"])
    assert (base.digest, base.scenario, dict(base.resolved)) == before
    assert changed.digest != base.digest
    assert again.digest == base.digest
    assert (changed.overrides, again.path) == (("run.seed=3", "manufacturing.lines=2"), base.path)
    with pytest.raises(ScenarioError, match=r"--set manufacturing\.linez: unknown key; did you mean 'lines'"):
        base.with_overrides(["manufacturing.linez=2"])


def test_with_overrides_is_the_same_as_setting_them_at_once(tmp_path: Path) -> None:
    first, second = "manufacturing.duration={gamma: {mean: 20 d, shape: 3}}", "manufacturing.duration.gamma.sd=5 d"
    steps = load_text(tmp_path, AUTOLOGOUS).with_overrides([first]).with_overrides([second])
    at_once = load_text(tmp_path, AUTOLOGOUS, first, second)
    assert (steps.digest, steps.parameters, steps.origins) == (at_once.digest, at_once.parameters, at_once.origins)


def test_dates_move_with_the_start(tmp_path: Path) -> None:
    text = AUTOLOGOUS.replace("here: {}", "here: {beds: {2026-01-01: 2, 2026-03-01: 3}}")
    base = load_text(tmp_path, text)
    assert base.scenario.centres["here"].beds == ((0.0, 2.0), (59.0, 3.0))
    later = base.with_overrides(["run.start=2026-02-01"])
    assert later.scenario.centres["here"].beds == ((0.0, 2.0), (28.0, 3.0))
