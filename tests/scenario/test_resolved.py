"""The scenario written out: digest, file and differences."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.scenario import Difference, Loaded, compare_scenarios, digest, load, write_resolved
from sim.scenario.json_schema import json_schema
from sim.scenario.leaves import inline
from sim.scenario.problems import is_visible
from sim.scenario.units import parse_days
from tests.scenario.writing import AUTOLOGOUS, DATA, SAMPLES, load_text, write


@pytest.mark.parametrize("name", SAMPLES)
def test_the_resolved_file_loads_by_itself_to_the_same(tmp_path: Path, name: str) -> None:
    loaded = load(DATA / f"{name}.yaml")
    again = load(write(tmp_path, write_resolved(loaded)))
    assert again.digest == loaded.digest == digest(loaded.scenario)
    assert again.scenario.model_dump(exclude={"sources"}) == loaded.scenario.model_dump(exclude={"sources"})
    assert compare_scenarios(loaded, again) == []
    assert "extends" not in write_resolved(loaded)
    # and once more, to the letter
    assert write_resolved(again) == write_resolved(loaded)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_resolved_scenario_is_plain_data(name: str) -> None:
    resolved = load(DATA / f"{name}.yaml").resolved
    assert json.loads(json.dumps(resolved, allow_nan=False)) == resolved
    assert resolved["run"]["start"] == "2026-01-01"
    assert ("manufacturing" in resolved) == (name == "autologous")
    assert ("allogeneic" in resolved) == (name == "allogeneic")


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    resolved = load_text(tmp_path, AUTOLOGOUS).resolved
    assert resolved["manufacturing"] == {
        "slots": "unlimited", "lines": "unlimited", "duration": "21 d", "remake_duration": "21 d", "failure": 0,
        "attempts": 1, "batches": 1, "site": "factory", "remake_from": "retained_cells", "on_leave": "stop",
    }  # fmt: skip
    assert resolved["centres"] == {"here": {"chairs": "unlimited", "beds": "unlimited", "places": "unlimited"}}
    assert resolved["clocks"]["waiting"] == {
        "progression": "never", "ends_eligibility": 0, "progression_counts_deaths": False, "death": "never",
        "removal": "never",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("manufacturing.duration=36 h", "manufacturing.duration=1.5 d"),
        ("manufacturing.duration=21.0 d", "manufacturing.duration=3 wk"),
        ("bridging.share=0", "manufacturing.failure=0.0"),
        ("manufacturing.lines={0 d: 3, 90 d: 3}", "manufacturing.lines=3"),
        ("manufacturing.lines={2026-01-01: 3, 2026-04-01: 4}", "manufacturing.lines={90 d: 4, 0 d: 3}"),
        ("manufacturing.batches=1", "bridging={}"),
        ("manufacturing.duration={empirical: [2 d, 1 d]}", "manufacturing.duration={empirical: [24 h, 48 h]}"),
        (
            "manufacturing.duration={gamma: {mean: 8 d, sd: 4 d}}",
            "manufacturing.duration={gamma: {mean: 8 d, shape: 4}}",
        ),
        ("clocks.waiting.death={exponential: {rate: 0.1 / d}}", "clocks.waiting.death={exponential: {mean: 10 d}}"),
        ("regions.here.referrals=12 / y", "regions.here.referrals=1 / month"),
        ("name=Another", "description=Something"),
        ("sources={manufacturing: assumption}", "validation={quantities: {a: {of: x, exact: 1}}}"),
    ],
)
def test_what_means_the_same_has_the_same_digest(tmp_path: Path, one: str, other: str) -> None:
    assert load_text(tmp_path, AUTOLOGOUS, one).digest == load_text(tmp_path, AUTOLOGOUS, other).digest


@pytest.mark.parametrize(
    "change",
    [
        "run.seed=2", "run.replications=7", "run.start=2026-02-01", "manufacturing.duration=21.000001 d",
        "manufacturing={remake_duration: 22 d, attempts: 2, failure: 0.1}", "manufacturing.lines=3",
        "centres.here.beds={0 d: unlimited, 9 d: 1}",
        "manufacturing.failure=0.1", "patients.risk_groups={sick: {share: 1}}", "regions.here.travel=1 d",
        "clocks.after_apheresis={}", "regions.here.referral_days=[1 d]", "manufacturing.slots={count: 1, every: week}",
    ],
)  # fmt: skip
def test_what_moves_results_moves_the_digest(tmp_path: Path, change: str) -> None:
    assert load_text(tmp_path, AUTOLOGOUS).digest != load_text(tmp_path, AUTOLOGOUS, change).digest


def test_the_order_of_names_counts_because_it_settles_ties_and_draws(tmp_path: Path) -> None:
    groups = ("a: {share: 0.5}", "b: {share: 0.5, hazard: 2}")
    digests = {
        load_text(tmp_path, f"{AUTOLOGOUS}patients: {{risk_groups: {{{', '.join(order)}}}}}\n").digest
        for order in (groups, groups[::-1])
    }
    assert len(digests) == 2


def test_the_digest_is_pinned(tmp_path: Path) -> None:
    # a change of this number means that stored results no longer know their scenario
    assert load_text(tmp_path, AUTOLOGOUS).digest == "8f6f1804496def050ed092825fbe8c9e0666e6423e0ccd3528503b70935fc22e"


def test_long_values_are_not_broken_apart(tmp_path: Path) -> None:
    pieces = ", ".join(f"{k} d: {1 / (k + 3)!r} / d" for k in range(30))
    change = f"clocks.waiting.death={{cure: {{share: 0.5, of: {{piecewise: {{{pieces}}}}}}}}}"
    loaded = load_text(tmp_path, AUTOLOGOUS, change, "name=" + "long " * 39)
    assert load_text(tmp_path / "again", write_resolved(loaded)).digest == loaded.digest


def test_differences(tmp_path: Path) -> None:
    one = load_text(tmp_path, AUTOLOGOUS)
    other = load_text(
        tmp_path,
        AUTOLOGOUS,
        "name=Other",
        "manufacturing={duration: {weibull: {shape: 2, median: 3 wk}}, lines: 3}",
        "manufacturing.slots={count: 2, every: month}",
        "waiting_list.policy=lottery",
        "centres.there.beds=3",
        "regions.here.centre={here: 0.5, there: 0.5}",
        "run.warm_up=8760 h",
    )
    assert compare_scenarios(one, other) == [
        Difference("regions.here.centre", "here", "{here: 0.5, there: 0.5}"),
        Difference("waiting_list.policy", "first_come", "lottery"),
        Difference("manufacturing.slots", "unlimited", ""),
        Difference("manufacturing.lines", "unlimited", "3"),
        Difference("manufacturing.duration", "21 d", "{weibull: {shape: 2, median: 3 wk}}"),
        Difference("manufacturing.remake_duration", "21 d", "{weibull: {shape: 2, scale: 25.223570584515446 d}}"),
        Difference("centres.there.chairs", "", "unlimited"),
        Difference("centres.there.beds", "", "3"),
        Difference("centres.there.places", "", "unlimited"),
        Difference("before_apheresis.slot_asked_for", "", "when_ready"),
        Difference("manufacturing.slots.count", "", "2"),
        Difference("manufacturing.slots.every", "", "month"),
        Difference("manufacturing.slots.scope", "", "centre"),
        Difference("manufacturing.slots.lead", "", "0 d"),
        Difference("manufacturing.slots.carry_over", "", "0"),
        Difference("manufacturing.slots.notice", "", "never"),
        Difference("manufacturing.slots.claimed", "", "before_apheresis"),
        Difference("manufacturing.slots.after_failed_collection", "", "keep"),
        Difference("manufacturing.line_held.from", "", "receipt"),
        Difference("manufacturing.line_held.to", "", "culture"),
        Difference("infusion.turn_round", "", "0 d"),
    ]
    assert compare_scenarios(one, one) == []


def test_the_same_dates_from_another_start_are_told_in_days(tmp_path: Path) -> None:
    text = AUTOLOGOUS.replace("here: {}", "here: {beds: {2026-01-01: 2, 2026-03-01: 3}}")
    base = load_text(tmp_path, text)
    assert compare_scenarios(base, base.with_overrides(["run.start=2026-02-01"])) == [
        Difference("run.start", "2026-01-01", "2026-02-01"),
        Difference("centres.here.beds", "{0 d: 2, 59 d: 3}", "{0 d: 2, 28 d: 3}"),
    ]


def test_strategies_are_compared_too() -> None:
    found = compare_scenarios(load(DATA / "autologous.yaml"), load(DATA / "allogeneic.yaml"))
    paths = {difference.path for difference in found}
    assert {"strategy", "manufacturing.duration", "allogeneic.stock.opening"} <= paths
    assert not any(path.startswith(("name", "description", "sources", "validation", "regions")) for path in paths)


VALIDATOR = jsonschema.Draft202012Validator(json_schema())

# -- any scenario ---------------------------------------------------------------------------------------------------

days = st.one_of(
    st.integers(1, 1000).map(lambda k: f"{k} d"),
    st.floats(1e-3, 1e4).map(lambda x: f"{x!r} d"),
    st.tuples(st.integers(1, 50), st.sampled_from(["h", "wk", "months", "y", "min"])).map(lambda t: f"{t[0]} {t[1]}"),
)
rates = st.tuples(st.floats(1e-6, 5.0), st.sampled_from(["d", "month", "wk", "y"])).map(lambda t: f"{t[0]!r} / {t[1]}")
shares = st.one_of(st.sampled_from([0, 1, 0.5]), st.floats(0.0, 1.0))
shapes = st.floats(0.5, 20.0)
shift: st.SearchStrategy[dict[str, str]] = st.one_of(st.just({}), st.fixed_dictionaries({"shift": days}))


def family(name: str, **parameters: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A block of one family, with or without a shift."""
    return st.tuples(st.fixed_dictionaries(parameters), shift).map(lambda t: {name: {**t[0], **t[1]}})


def in_order(items: list[str]) -> list[str]:
    return sorted(items, key=parse_days)


durations = st.one_of(
    days,
    family("lognormal", median=days, sigma=st.floats(0.0, 2.0)),
    family("lognormal", mean=days, sd=days),
    family("exponential", mean=days),
    family("exponential", median=days),
    family("exponential", rate=rates),
    family("gamma", mean=days, shape=st.floats(0.1, 50.0)),
    family("weibull", shape=shapes, scale=days),
    family("weibull", shape=shapes, median=days),
    family("weibull", shape=shapes, mean=days),
    st.lists(days, min_size=3, max_size=3).map(lambda found: {"triangular": in_order(found)}),
    st.lists(days, min_size=2, max_size=2).map(lambda found: {"uniform": in_order(found)}),
    st.lists(days, min_size=1, max_size=8).map(lambda found: {"empirical": found}),
)
tables = st.lists(st.tuples(st.integers(1, 99), st.floats(0.01, 0.99)), min_size=1, max_size=5).map(
    lambda rows: (
        [["0 d", 1]]
        + [
            [f"{day} d", survival]
            for day, survival in zip(
                [sum(r[0] for r in rows[: k + 1]) for k in range(len(rows))],
                sorted((r[1] for r in rows), reverse=True),
                strict=True,
            )
        ]
    )
)


def happens(clock: object) -> bool:
    """Whether anybody may have the event of a clock as it is written."""
    return isinstance(clock, dict) and ("cure" not in clock or clock["cure"]["share"] != 1)


simple_clocks = st.one_of(
    st.just("never"),
    rates.map(lambda rate: {"exponential": {"rate": rate}}),
    days.map(lambda mean: {"exponential": {"mean": mean}}),
    st.tuples(shapes, days).map(lambda t: {"weibull": {"shape": t[0], "median": t[1]}}),
    st.tuples(shapes, days).map(lambda t: {"loglogistic": {"shape": t[0], "median": t[1]}}),
    st.dictionaries(st.integers(1, 99).map(lambda k: f"{k} d"), rates, max_size=3).map(
        lambda found: {"piecewise": {"0 d": "0.001 / d", **found}}
    ),
    tables.map(lambda rows: {"table": rows, "after": "last_rate"}),
)
clocks = st.recursive(
    simple_clocks,
    lambda inner: st.tuples(shares, inner.filter(happens)).map(lambda t: {"cure": {"share": t[0], "of": t[1]}}),
    max_leaves=3,
)
units = st.one_of(st.integers(0, 99), st.just("unlimited"))
capacities = st.one_of(
    units,
    st.tuples(units, st.dictionaries(st.integers(1, 900).map(lambda k: f"{k} d"), units, max_size=3)).map(
        lambda t: {"0 d": t[0], **t[1]}
    ),
)
starts = st.dates(date(1900, 1, 1), date(2999, 12, 31))
referral_days = st.lists(days, min_size=1, max_size=5)
names = st.text(alphabet="abcXYZ äß漢0123456789-_", min_size=1, max_size=12).filter(lambda name: name == name.strip())
texts = st.text(alphabet=st.characters().filter(is_visible), min_size=1, max_size=30).filter(str.strip)


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, object]:
    """An autologous scenario with most of its values drawn."""
    centre, group = draw(names), draw(names)
    share = draw(st.floats(0.0, 1.0))
    waiting = {key: draw(clocks) for key in ("progression", "death", "removal")}
    after = {"progression": {"exponential": {"rate": "0.01 / d"}}, "death": draw(clocks)}
    return {
        "name": draw(texts),
        "description": draw(st.one_of(st.just(""), texts)),
        "strategy": "autologous",
        "run": {"seed": draw(st.integers(0, 2**63 - 1)), "start": draw(starts).isoformat()},
        "regions": {draw(names): {"centre": centre, "referrals": draw(rates), "referral_days": draw(referral_days)}},
        "centres": {centre: {"chairs": draw(capacities), "beds": draw(capacities)}},
        "patients": {"risk_groups": {group: {"share": share}, group + "x": {"share": 1.0 - share, "hazard": 2}}},
        "clocks": {"waiting": waiting, "after_apheresis": {**after, "ends_eligibility": draw(shares)}},
        "work_up": {"duration": draw(durations)},
        "manufacturing": {"duration": draw(durations), "failure": draw(shares), "lines": draw(capacities)},
        "release_testing": {"sterility": draw(durations), "lab": draw(capacities)},
    }  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=scenarios())
def test_any_scenario_survives_being_written(tmp_path: Path, content: dict[str, object]) -> None:
    loaded: Loaded = load(write(tmp_path, json.dumps(content)))
    again = load(write(tmp_path, write_resolved(loaded), "again.yaml"))
    assert again.digest == loaded.digest
    assert again.scenario.model_dump(exclude={"sources"}) == loaded.scenario.model_dump(exclude={"sources"})
    assert compare_scenarios(loaded, again) == []
    # every value as text is YAML that says the same
    whole = {p.path: p for p in loaded.parameters}
    assert {p.path for p in again.parameters} == set(whole)
    text = inline(loaded.resolved["manufacturing"]["duration"], shorten_lists=False)
    assert loaded.with_overrides([f"manufacturing.duration={text}"]).digest == loaded.digest


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=scenarios())
def test_any_scenario_is_what_its_schema_says(tmp_path: Path, content: dict[str, object]) -> None:
    VALIDATOR.validate(content)
    VALIDATOR.validate(load(write(tmp_path, json.dumps(content))).resolved)
