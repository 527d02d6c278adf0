"""What a finding rests on: which assumptions are tried, at which values, and what may be said of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed

from reports.charts.robustness import draw
from reports.findings import gather
from reports.rests_on import rests_on
from reports.tables import read
from sim.engine.choice import COMPILED
from sim.experiment.runs.replicate import Arm, simulate
from sim.experiment.runs.work import is_a_worker, meanwhile
from sim.experiment.study import robustness as study_robustness
from sim.experiment.study import run as study_run
from sim.experiment.study.robustness import (
    CHOICE,
    CONFIRMED,
    Skipped,
    find_variants,
    robustness,
    tried_meanwhile,
)
from sim.experiment.study.run import Plan, run_study
from sim.experiment.study.variants import HEADLINE, Variant
from sim.experiment.verify.check import verify
from sim.outcomes.metrics import METRIC_NAMES, measure
from sim.scenario import Loaded, load
from sim.tables.inputs import input_label
from tests.runs import SHIPPED

SHORT = ("run.warm_up=30 d", "run.window=90 d", "run.follow_up=200 d")
WAIT = METRIC_NAMES.index("waiting_days_mean")


def pair(*more: str) -> dict[str, Loaded]:
    """The shipped pair, short."""
    files = {"A": SHIPPED / "autologous.yaml", "B": SHIPPED / "allogeneic.yaml"}
    return {name: load(file, (*SHORT, *more)) for name, file in files.items()}


@pytest.fixture(scope="module")
def found() -> tuple[dict[tuple[str, str], Variant], list[Skipped]]:
    variants, skipped = find_variants(pair())
    return {(v.name, v.end): v for v in variants}, skipped


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("manufacturing.slots.count", "2", "8"),
        ("centres.capital.beds", "2", "10"),
        ("manufacturing.slots.carry_over", None, "1"),
        ("work_up.duration.lognormal.sigma", "0.23", "0.92"),
        ("scheduling.duration.triangular", "[2.5 d, 4 d, 7 d]", "[10 d, 16 d, 28 d]"),
        ("manufacturing.slots.lead", "3.5 d", "14 d"),
    ],
)
def test_half_and_double_and_whole_numbers_by_one_at_least(
    found: tuple[dict[tuple[str, str], Variant], list[Skipped]], name: str, low: str | None, high: str
) -> None:
    variants, _ = found
    told = [variants[name, end].value if (name, end) in variants else None for end in ("low", "high")]
    assert told == [low, high]


def test_shares_move_on_the_odds_scale() -> None:
    variants, _ = find_variants(pair("patients.frailty.strength=0.5"))
    share = next(v for v in variants if v.basis == "odds halved and doubled" and v.end == "low")
    stated, tried = float(share.stated), float(share.value)
    assert tried / (1 - tried) == pytest.approx(0.5 * stated / (1 - stated))


def test_what_both_state_alike_moves_in_both_and_what_is_stated_apart_in_one(
    found: tuple[dict[tuple[str, str], Variant], list[Skipped]],
) -> None:
    variants, _ = found
    assert list(variants["centres.capital.beds", "low"].texts) == ["A", "B"]
    assert list(variants["manufacturing.slots.count", "low"].texts) == ["A"]


def test_words_and_money_are_not_tried_and_say_so_and_the_run_is_no_input(
    found: tuple[dict[tuple[str, str], Variant], list[Skipped]],
) -> None:
    variants, skipped = found
    why = {(one.scenario, one.path): one.why for one in skipped}
    assert why["A", "strategy"] == "a word or a date, not a number"
    assert why["A", "manufacturing.batches"] == CHOICE
    assert why["A", "economics.costs.apheresis"] == "moves costs and QALYs alone"
    assert not any(name.startswith("run.") for name, _ in variants)
    assert not any(one.path.startswith("run.") for one in skipped)
    # every input is either tried or told, none is both
    assert not {name for name, _ in variants} & {one.path for one in skipped if one.end == "both"} - {
        name for name, _ in variants if any(v.name == name and len(v.texts) < 2 for v in variants.values())
    }


def test_an_uncertain_input_is_tried_over_its_uncertainty() -> None:
    given = "uncertainty={manufacturing.slots.lead: {uniform: {low: 5 d, high: 9 d}, source: assumption}}"
    variants, _ = find_variants({name: load(SHIPPED / "autologous.yaml", (*SHORT, given)) for name in "AB"})
    mine = {v.end: float(v.value.split()[0]) for v in variants if v.name == "manufacturing.slots.lead"}
    assert mine == {"low": pytest.approx(5.1), "high": pytest.approx(8.9)}


MOVED = (
    "infusion.scheduling.triangular",
    "manufacturing.slots.carry_over",
    "manufacturing.slots.count",
    "manufacturing.slots.lead",
    "patients.frailty.strength",
    "release_testing.exception",
    "scheduling.duration.triangular",
    "work_up.duration.lognormal.median",
)


@pytest.fixture(scope="module")
def few() -> Iterator[None]:
    """Of the inputs of the pair some are tried: several tasks of each scenario, and some that turn a difference."""

    def some(scenarios: Mapping[str, Loaded]) -> tuple[list[Variant], list[Skipped]]:
        variants, skipped = find_variants(scenarios)
        kept = [v for v in variants if v.name in MOVED]
        assert {v.name for v in kept} == set(MOVED)
        return kept, skipped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_robustness, "find_variants", some)
        yield


def values_of(scenarios: dict[str, Loaded], count: int) -> np.ndarray:
    arms = [Arm(name, loaded.scenario) for name, loaded in scenarios.items()]
    return np.stack([measure(*simulate(arm, range(count), COMPILED), arm.window) for arm in arms], axis=1)


def test_the_numbers_are_those_of_a_run_with_the_value_set_whoever_ran_it(few: None) -> None:
    base = load(SHIPPED / "autologous.yaml", SHORT)
    slow = load(SHIPPED / "autologous.yaml", (*SHORT, "release_testing.identity=30 d"))
    scenarios = {"A": base, "B": slow}
    told = robustness(scenarios, values_of(scenarios, 5), COMPILED, 1)
    assert told is not None
    table, _ = told
    with tried_meanwhile(scenarios, 5, COMPILED, 1) as tried:
        beside = robustness(scenarios, values_of(scenarios, 5), COMPILED, 1, tried=tried)
    assert tried is not None
    assert beside is not None
    assert beside[0].equals(table)
    row = table[
        (table["metric"] == HEADLINE[0]) & (table["path"] == "manufacturing.slots.lead") & (table["end"] == "high")
    ]
    moved = {
        n: load(SHIPPED / "autologous.yaml", (*one.overrides, "manufacturing.slots.lead=14 d"))
        for n, one in scenarios.items()
    }
    stated, now = (values_of(some, 5)[:, 1, WAIT] - values_of(some, 5)[:, 0, WAIT] for some in (scenarios, moved))
    assert float(row["stated"].iloc[0]) == pytest.approx(float(stated.mean()))
    count = int(row["replications"].iloc[0])
    if count < CONFIRMED:
        assert float(row["shift"].iloc[0]) == pytest.approx(float((now - stated)[:count].mean()))
        assert pd.isna(row["low"].iloc[0])
    ranks = table.groupby("metric")["rank"].min()
    assert (ranks == 1).all()


def test_a_turn_is_named_and_confirmed_however_many_replications_there_were_before(few: None) -> None:
    # the same 50 replications: run for it where the comparison had 12, at hand where it had 50
    more = load(SHIPPED / "autologous.yaml", (*SHORT, "manufacturing.slots.count=6"))
    scenarios = {"A": load(SHIPPED / "autologous.yaml", SHORT), "B": more}
    tables = []
    for count in (12, CONFIRMED):
        told = robustness(scenarios, values_of(scenarios, count), COMPILED, 1)
        assert told is not None
        turned = told[0][told[0]["turns"]]
        assert len(turned)
        assert (turned["replications"] >= CONFIRMED).all()
        assert (turned["low"] * turned["high"] > 0.0).all()
        assert (turned["estimate"] * turned["stated"] < 0.0).all()
        confirmed = told[0][told[0]["low"].notna()].set_index(["metric", "path", "moved_in", "end"])
        tables.append(confirmed[["estimate", "low", "high", "replications"]])
    both = tables[0].index.intersection(tables[1].index)
    assert len(both)
    pd.testing.assert_frame_equal(tables[0].loc[both], tables[1].loc[both])


@pytest.fixture(scope="module")
def told(few: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the pair, with what they rest on, from one process."""
    folder = tmp_path_factory.mktemp("told")
    run_study(Plan(pair(), 5, 1, "", engine=COMPILED, robustness=True), folder, lambda count: None)
    return folder


def test_results_are_the_same_for_any_number_of_workers_and_verify_runs_them_again(told: Path, tmp_path: Path) -> None:
    run_study(Plan(pair(), 5, 2, "", engine=COMPILED, robustness=True), tmp_path, lambda count: None)
    for name in ("robustness.csv", "not_tried.csv"):
        assert (told / name).read_bytes() == (tmp_path / name).read_bytes()
    checks = {check.name: check.verdict for check in verify(told, COMPILED, 1, lambda count: None).checks}
    assert checks["robustness.csv"] == checks["not_tried.csv"] == "identical"


def test_another_process_helps_unless_this_one_is_a_worker_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    @contextmanager
    def watched(scenarios: object, replications: int, engine: str, helpers: int) -> Iterator[None]:
        asked.append(helpers)
        yield None

    assert not is_a_worker()
    monkeypatch.setattr(study_run, "tried_meanwhile", watched)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for worker in (False, True):
        monkeypatch.setattr(study_run, "is_a_worker", lambda worker=worker: worker)
        folder = tmp_path / str(worker)
        folder.mkdir()
        run_study(Plan(pair(), 2, None, "", engine=COMPILED, robustness=True), folder, lambda count: None)
    assert asked == [1, 0]


def test_the_calls_of_joblib_that_are_under_way_go_on_beside_a_helper() -> None:
    calls = Parallel(2, return_as="generator", pre_dispatch=2)(delayed(abs)(-k) for k in range(6))
    assert next(calls) == 0
    with meanwhile(abs, [-7, -8], 1) as results:
        assert list(results()) == [7, 8]
    assert list(calls) == [1, 2, 3, 4, 5]


def test_without_it_and_with_too_few_replications_there_are_no_such_tables(tmp_path: Path) -> None:
    scenarios = pair()
    assert robustness(scenarios, values_of(scenarios, 2), COMPILED, 1) is None
    run_study(Plan(scenarios, 2, 1, "", engine=COMPILED), tmp_path, lambda count: None)
    assert not (tmp_path / "robustness.csv").exists()


def test_the_page_and_the_chart_say_what_moves_the_finding_most(told: Path) -> None:
    tables = read(told)
    said = rests_on(tables)
    assert said is not None
    table = tables["robustness"]
    first = table[(table["metric"] == HEADLINE[0]) & (table["rank"] == 1)]
    assert input_label(str(first["path"].iloc[0])) in said.most[0]
    assert 1 <= len(said.most) <= 5
    figure = draw(table, gather(tables)).plain()
    assert input_label(str(first["path"].iloc[0])) in figure["layout"]["title"]["text"].replace("<br>", " ")
