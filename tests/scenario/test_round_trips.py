"""Every value that can be read can be written, and what is written is read as the same value."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from reports.methods.facts import DAYS_PER_UNIT as UNITS_OF_REPORTS
from reports.methods.facts import days_of
from sim.scenario import Scenario, ScenarioError, load, write_resolved
from sim.scenario.clock_values import PIECEWISE, TABLE, TAIL
from sim.scenario.economics import AMOUNTS
from sim.scenario.in_progress import TODAY_FILE
from sim.scenario.json_schema import sections
from sim.scenario.kinds import DAY, Kind, Number
from sim.scenario.leaves import inline, marker_of, values
from sim.scenario.lists import CAPACITY, NAME_LIST, RATE, SINCE_START, SLOTS, ListOf
from sim.scenario.manufacturers import NAMES_BY_GROUP
from sim.scenario.nodes import parse_yaml, plain
from sim.scenario.opening import DATES as DATES_IN_ORDER
from sim.scenario.opening import DAYS_OF_WEEK, HOURS, WEEKDAYS
from sim.scenario.people import SHARES_BY_NAME
from sim.scenario.problems import is_visible
from sim.scenario.schema import SOURCES
from sim.scenario.targets import TOLERANCE
from sim.scenario.uncertainty import FAMILIES
from sim.scenario.units import DAYS_PER_UNIT, SPELLINGS, parse_days, write_days
from tests.runs import CASES, FILES, SHIPPED
from tests.samples import some
from tests.scenario.writing import DATA, write

START = date(2026, 1, 1)
CONTEXT = {"start": START}
# Parts of a block, which is written as a whole; and a file with rows of patients (tests/test_timelines_in_progress.py).
OF_A_BLOCK = (PIECEWISE, TABLE, TAIL, TODAY_FILE)
MANY = settings(suppress_health_check=list(HealthCheck))


def numbers(low: float, high: float) -> st.SearchStrategy[str]:
    """Numbers as people and programs write them."""
    number = st.floats(low, high, allow_nan=False)
    forms: tuple[Callable[[float], str], ...] = (repr, "{:.3f}".format, "{:.2e}".format, "{:.0f}".format)
    return st.builds(lambda x, form: form(x), number, st.sampled_from(forms))


UNIT = st.sampled_from([spelling for spellings in SPELLINGS.values() for spelling in spellings])
DAYS = st.builds(lambda n, space, unit: f"{n}{space}{unit}", numbers(0, 3000), st.sampled_from(["", " "]), UNIT)
RATES = st.builds(lambda n, per, unit: f"{n}{per}{unit}", numbers(0, 50), st.sampled_from([" / ", "/", " per "]), UNIT)
DATES = st.dates(START, date(2035, 1, 1)).map(date.isoformat)
MOMENTS = DAYS | DATES
SHARES = st.floats(0, 1) | st.sampled_from([0, 1, 0.5])
NAMES = st.text("abcdefghöñ_- 19", min_size=1, max_size=12).map(str.strip).filter(bool)
TEXTS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]).filter(is_visible), min_size=1, max_size=30)
UNITS = st.integers(0, 10**9) | st.just("unlimited")


def by_date(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    later = st.dictionaries(MOMENTS, value, max_size=3)
    return value | st.builds(lambda first, rest: {"0 d": first, **rest}, value, later)


def families(*ways: tuple[str, dict[str, st.SearchStrategy[Any]]]) -> st.SearchStrategy[Any]:
    shift = st.none() | DAYS
    return st.one_of(
        st.builds(
            lambda inner, s, name=name: {name: inner if s is None else {**inner, "shift": s}},
            st.fixed_dictionaries(parameters),
            shift if name in ("lognormal", "gamma", "weibull", "exponential") else st.none(),
        )
        for name, parameters in ways
    )


SHAPE = st.floats(0.1, 100)
DURATIONS = DAYS | families(
    ("lognormal", {"median": DAYS, "sigma": st.floats(0, 10)}),
    ("lognormal", {"mean": DAYS, "sd": DAYS}),
    ("exponential", {"mean": DAYS}),
    ("exponential", {"median": DAYS}),
    ("exponential", {"rate": RATES}),
    ("gamma", {"mean": DAYS, "shape": st.floats(0.01, 1e6)}),
    ("gamma", {"mean": DAYS, "sd": DAYS}),
    ("weibull", {"shape": SHAPE, "scale": DAYS}),
    ("weibull", {"shape": SHAPE, "median": DAYS}),
    ("weibull", {"shape": SHAPE, "mean": DAYS}),
    ("truncated_normal", {"mean": DAYS, "sd": st.just("30 d")}),
) | st.lists(DAYS, min_size=1, max_size=5).map(lambda days: {"empirical": days}) | st.lists(
    DAYS, min_size=2, max_size=3
).map(lambda days: {"uniform" if len(days) == 2 else "triangular": sorted(days, key=parse_days)})  # fmt: skip


def _table(steps: list[tuple[float, float]], tail: Any) -> Any:
    day, survival = 0.0, 1.0
    rows: list[list[Any]] = [["0 d", 1]]
    for days, share in steps:
        day, survival = day + days, survival * share
        rows.append([write_days(day), survival])
    return {"table": rows} if survival == 0.0 else {"table": rows, "after": tail}


STEPS = st.lists(st.tuples(st.floats(0.01, 500), st.floats(0.01, 1)), min_size=1, max_size=4)
TAILS = st.sampled_from(["never", "last_rate"]) | RATES.map(lambda rate: {"exponential": {"rate": rate}})
SIMPLE_CLOCKS = st.one_of(
    st.just("never"),
    st.one_of(
        st.fixed_dictionaries({family: st.fixed_dictionaries(parameters)})
        for family, parameters in (
            ("exponential", {"rate": RATES}), ("exponential", {"mean": DAYS}), ("exponential", {"median": DAYS}),
            ("weibull", {"shape": SHAPE, "scale": DAYS}), ("weibull", {"shape": SHAPE, "median": DAYS}),
            ("weibull", {"shape": SHAPE, "mean": DAYS}), ("loglogistic", {"shape": SHAPE, "median": DAYS}),
        )
    ),
    st.dictionaries(DAYS, RATES, max_size=3).map(lambda rest: {"piecewise": {"0 d": "0.01 / d", **rest}}),
    st.builds(_table, STEPS, TAILS),
    st.builds(_table, STEPS.map(lambda steps: [*steps, (9.0, 0.0)]), TAILS),
)  # fmt: skip
CLOCKS = SIMPLE_CLOCKS | st.builds(
    lambda share, of: {"cure": {"share": share, "of": of}}, SHARES, SIMPLE_CLOCKS.filter(lambda clock: clock != "never")
)
CLOCKTIMES = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda t: f"{t[0]}:{t[1]:02d}")
UNCERTAIN = st.builds(
    lambda family, way, a, b, unit: {family: {n: f"{x} {unit}".strip() for n, x in zip(way, (a, b), strict=True)}},
    st.sampled_from(["uniform"]), st.just(FAMILIES["uniform"][0]), st.integers(1, 50), st.integers(51, 99),
    st.sampled_from(["", "d", "months", "/ month"]),
).map(lambda entry: {**entry, "source": "assumption: guessed"})  # fmt: skip


def _number(kind: Number) -> st.SearchStrategy[Any]:
    return st.floats(kind.low, kind.high, exclude_min=kind.above) | st.integers(0, 10).filter(
        lambda n: kind.low + kind.above <= n <= kind.high
    )


def _listed(kind: ListOf) -> st.SearchStrategy[Any]:
    return st.lists(DATES.map(lambda d: d.replace("20", "19", 1)) if kind.descending else DAYS, min_size=1, max_size=4)


# How valid values of each kind are made.
WRITTEN: dict[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "Number": _number,
    "Money": _number,
    "Utility": _number,
    "Whole": lambda k: st.integers(k.low, k.high) | (st.just(k.word) if k.word else st.integers(k.low, k.low + 9)),
    "Days": lambda k: DAYS | (st.just(k.word) if k.word else DAYS),
    "ByDate": lambda k: by_date(st.integers(0, 9) if k == SLOTS else UNITS if k == CAPACITY else RATES),
    "ListOf": _listed,
    "DayList": lambda k: st.lists(DAYS, min_size=len(k.names), max_size=len(k.names)).map(
        lambda days: sorted(days, key=parse_days)
    ),
    "Duration": lambda k: DURATIONS,
    "Clock": lambda k: CLOCKS,
    "Text": lambda k: TEXTS,
    "Uncertainties": lambda k: st.dictionaries(NAMES, UNCERTAIN, max_size=2),
    "Plain": lambda k: PLAIN[k],
}
PLAIN: dict[Kind, st.SearchStrategy[Any]] = {
    RATE: RATES,
    DAY: DATES,
    SINCE_START: MOMENTS,
    DATES_IN_ORDER: st.lists(DATES, max_size=4),
    DAYS_OF_WEEK: st.lists(st.sampled_from(WEEKDAYS), min_size=1),
    HOURS: st.lists(CLOCKTIMES | numbers(0, 24).map("{} h".format), min_size=2, max_size=2),
    NAMES_BY_GROUP: st.dictionaries(NAMES, st.lists(NAMES, max_size=3), min_size=1, max_size=3),
    SHARES_BY_NAME: NAMES | st.builds(lambda n, x: {n: x, f"{n}2": 1 - x}, NAMES, SHARES),
    NAME_LIST: st.lists(NAMES, max_size=3),
    AMOUNTS: st.lists(st.floats(0, 1e6), min_size=1, max_size=4, unique=True),
    TOLERANCE: st.sampled_from(["3 se", "exact"]) | st.floats(1e-9, 1e6),
    SOURCES: st.dictionaries(NAMES, TEXTS.filter(str.strip), max_size=2),
}
NOT_BEHIND_SET = (NAMES_BY_GROUP, SHARES_BY_NAME, NAME_LIST, SOURCES)


def _fields() -> list[tuple[str, FieldInfo, Kind]]:
    """(section and key, field, kind) of one field for each kind and its limits."""
    found: dict[str, tuple[str, FieldInfo, Kind]] = {}
    for section in sections():
        for name, field in section.model_fields.items():
            kind = marker_of(field)
            if isinstance(kind, Kind) and kind not in OF_A_BLOCK:
                same = f"{kind!r} {field.annotation if type(kind).__name__ == 'Word' else ''}"
                found.setdefault(same, (f"{section.__name__}.{name}", field, kind))
    return list(found.values())


FIELDS = _fields()


def _words(field: FieldInfo) -> st.SearchStrategy[Any]:
    """The words of a choice; yes and no where there are none."""
    forms = (field.annotation, *get_args(field.annotation))
    literal = next((form for form in forms if get_origin(form) is Literal), None)
    return st.sampled_from(get_args(literal)) if literal is not None else st.booleans()


def _as_file(value: Any) -> Any:
    """What is read of a value that is written to a file."""
    text = io.StringIO()
    YAML().dump({"value": value}, text)
    tree, problems = parse_yaml(text.getvalue(), "written")
    assert tree is not None
    assert not problems
    return plain(tree)["value"]


def _as_override(value: Any) -> Any:
    """What is read of a value behind `--set`."""
    tree, problems = parse_yaml(inline(value, shorten_lists=False), "set", numbered=False)
    assert tree is not None
    assert not problems
    return plain(tree)


def _reader(field: FieldInfo, kind: Kind) -> Callable[..., Any]:
    adapter = TypeAdapter(field.annotation if type(kind).__name__ == "Word" else Annotated[Any, kind])
    return adapter.validate_python


@pytest.mark.parametrize(("field", "kind"), [(f, k) for _, f, k in FIELDS], ids=[name for name, _, _ in FIELDS])
@settings(MANY, max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_each_value_of_each_key(field: FieldInfo, kind: Kind, data: st.DataObject) -> None:
    name = type(kind).__name__
    written = data.draw(_words(field) if name == "Word" else WRITTEN[name](kind))
    read = _reader(field, kind)
    try:
        value = read(written, context=CONTEXT)
    except ValidationError:
        assume(False)
    again = kind.write(value)
    if again is None:
        again = getattr(kind, "word", None)
    assert read(_as_file(again), context=CONTEXT) == value
    assert kind.write(read(_as_file(again), context=CONTEXT)) == kind.write(value)
    if name not in ("Text", "Uncertainties") and kind not in NOT_BEHIND_SET:
        assert read(_as_override(again), context=CONTEXT) == value


def test_every_kind_has_its_values() -> None:
    assert {type(kind).__name__ for _, _, kind in FIELDS} - {"Word"} <= set(WRITTEN)


@MANY
@given(DAYS)
def test_reports_read_what_scenarios_write(text: str) -> None:
    assert days_of(write_days(parse_days(text))) == pytest.approx(parse_days(text), rel=1e-15)


def test_reports_know_the_units_of_scenarios() -> None:
    assert UNITS_OF_REPORTS == DAYS_PER_UNIT


ALL_FILES = [
    *FILES,
    *CASES,
    *(DATA / f"{name}.yaml" for name in ("autologous", "allogeneic")),
]


EVERY_DAY = {
    *("scenarios/autologous.yaml", "scenarios/allogeneic.yaml", "data/autologous.yaml", "data/allogeneic.yaml"),
    *(f"library/{name}.yaml" for name in ("hybrid", "sequential", "two_manufacturers", "talquetamab_bridging")),
    *(f"validation/{name}.yaml" for name in ("mm1_breakdowns", "fifty_patients_3")),
}


@pytest.mark.parametrize("file", some({str(file.relative_to(file.parents[1])): file for file in ALL_FILES}, EVERY_DAY))
def test_a_whole_scenario(file: Path, tmp_path: Path) -> None:
    loaded = load(file)
    again = load(write(tmp_path, write_resolved(loaded)))
    assert again.digest == loaded.digest
    assert _but_sources(again.resolved) == _but_sources(loaded.resolved)
    # the first time leaves out what the scenario does not use, and writes a source for each number
    assert load(write(tmp_path, write_resolved(again), "third.yaml")).scenario == again.scenario
    cited = [[(p.path, p.source_ids, p.note) for p in one.parameters if p.stated] for one in (loaded, again)]
    assert cited[0] == cited[1]


def _but_sources(resolved: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resolved.items() if key != "sources"}


def _changeable(scenario: Scenario) -> list[str]:
    return [".".join(v.path) for v in values(scenario) if isinstance(v.plain, str | int | float) and v.numeric]


PAIR = [load(SHIPPED / f"{name}.yaml") for name in ("autologous", "allogeneic", "library/hybrid")]
CHANGEABLE = [_changeable(base.scenario) for base in PAIR]


@settings(MANY, max_examples=settings().max_examples // 3)
@given(data=st.data())
def test_random_changes_of_whole_scenarios(tmp_path: Path, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(PAIR) - 1))
    base = PAIR[place]
    values_of = st.one_of(DAYS, RATES, SHARES.map(str), UNITS.map(str), DURATIONS.map(inline))
    paths = data.draw(st.lists(st.sampled_from(CHANGEABLE[place]), min_size=1, max_size=3, unique=True))
    overrides = []
    for path in paths:
        one = f"{path}={data.draw(values_of)}"
        try:
            base.with_overrides([*overrides, one])
        except ScenarioError:
            continue
        overrides.append(one)
    loaded = base.with_overrides(overrides)
    again = load(write(tmp_path, write_resolved(loaded)))
    assert again.digest == loaded.digest
    assert _but_sources(again.resolved) == _but_sources(loaded.resolved)
