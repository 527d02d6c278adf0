"""The contract of tables: what fits and what does not, the dictionary, and the folders of every kind of study."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from run_sim import cli
from sim.tables import TABLES, Bounds, Column, ContractError, Kind, Table
from sim.tables.dictionary import dictionary
from tests.runs import QUICKEST

ROOT = Path(__file__).parents[1]
TOY = Table(
    "toy",
    "Toy",
    "a row",
    (
        Column("name", Kind.TEXT, "Name."),
        Column("note", Kind.TEXT, "Note.", null="nothing"),
        Column("count", Kind.WHOLE, "Count.", null="none", bounds=Bounds.NOT_NEGATIVE),
        Column("met", Kind.FLAG, "Met."),
        Column("estimate", Kind.NUMBER, "Mean.", null="none", bounds=Bounds.BY_UNIT),
        Column("low", Kind.NUMBER, "Low.", null="none", bounds=Bounds.BY_UNIT),
        Column("high", Kind.NUMBER, "High.", null="none", bounds=Bounds.BY_UNIT),
        Column("unit", Kind.TEXT, "Unit."),
        Column("<step>_day", Kind.NUMBER, "Day.", null="not reached"),
    ),
    ("name",),
    (("estimate", "low", "high"),),
)


def rows(**changed: object) -> pd.DataFrame:
    columns: dict[str, object] = {
        "name": ["a", "b"],
        "note": ["", None],
        "count": [1, None],
        "met": [True, False],
        "estimate": [0.5, math.nan],
        "low": [0.4, math.nan],
        "high": [0.6, math.nan],
        "unit": ["share", "days"],
        "infusion_day": [3.0, math.nan],
    }
    return pd.DataFrame(columns | changed)


NEAR = 1e-9
"""What arithmetic may leave of a bound."""


def impossible(table: Table, frame: pd.DataFrame) -> Iterator[str]:
    """A sentence for each number that cannot be: outside its bounds, or an interval that does not hold its mean."""
    units = frame["unit"].astype(str).tolist() if "unit" in frame else [""] * len(frame)

    def said(row: int) -> str:
        return f"{table.file}: {', '.join(f'{name} {frame[name].iloc[row]}' for name in table.key)}"

    for name in frame.columns:
        column = table.column(str(name))
        if column is None or column.kind not in (Kind.NUMBER, Kind.WHOLE):
            continue
        numbers = frame[name].astype("Float64").to_numpy(dtype=float, na_value=math.nan)
        for row, (value, unit) in enumerate(zip(numbers.tolist(), units, strict=True)):
            low, high = column.bounds.of(unit)
            if not math.isnan(value) and not low - NEAR <= value <= high + NEAR:
                yield f"{said(row)}: {name} is {value:g}, possible: {low:g} to {high:g}"
    for estimate, low_name, high_name in table.intervals:
        if {estimate, low_name, high_name} <= set(frame.columns):
            outside = (frame[low_name] > frame[estimate] + NEAR) | (frame[high_name] < frame[estimate] - NEAR)
            for row in outside.fillna(False).to_numpy().nonzero()[0].tolist():
                yield f"{said(row)}: {estimate} is not between {low_name} and {high_name}"


def over_patients(table: Table) -> bool:
    """Whether it holds means over patients: beside them stand how many, and how many of them are unresolved."""
    return bool(table.intervals) and not table.not_of_patients


def test_a_frame_that_fits_has_null_and_nothing_else_where_there_is_no_value() -> None:
    found = TOY.checked(rows())
    assert found["note"].tolist() == [None, None]
    assert found["count"].dtype == "Int64"
    assert found["count"].tolist() == [1, pd.NA]
    assert found["met"].dtype == bool
    assert found["infusion_day"].isna().tolist() == [False, True]
    assert found.to_csv(index=False).splitlines()[2] == "b,,,False,,,,days,"
    assert list(impossible(TOY, found)) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ["a", None]}, "toy.csv: name: 1 of 2 cells have no value"),
        ({"name": ["a", ""]}, "toy.csv: name: 1 of 2 cells have no value"),
        ({"name": ["a", 3]}, "toy.csv: name: is no text throughout (found 3)"),
        ({"count": [1.5, 2.0]}, "toy.csv: count: is no whole number throughout"),
        ({"met": [True, None]}, "toy.csv: met: 1 of 2 cells have no value"),
        ({"estimate": [math.inf, 1.0]}, "toy.csv: estimate: is no number throughout (found an infinite one)"),
        ({"estimate": ["many", "few"]}, "toy.csv: estimate: is no number throughout"),
        ({"more": [1, 2]}, "toy.csv: has a column that is none of this table: 'more'"),
        ({"name": ["a", "a"]}, "toy.csv: two rows for name 'a'"),
    ],
)
def test_a_frame_that_does_not_fit_is_not_written(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ContractError) as refused:
        TOY.checked(rows(**changed))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_column_is_named_and_a_family_may_have_none() -> None:
    TOY.checked(rows().drop(columns="infusion_day"))
    with pytest.raises(ContractError, match=r"toy\.csv: has no column 'low', 'high'"):
        TOY.checked(rows().drop(columns=["low", "high"]))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"low": [-0.1, math.nan]}, "toy.csv: name a: low is -0.1, possible: 0 to 1"),
        ({"high": [1.1, math.nan]}, "toy.csv: name a: high is 1.1, possible: 0 to 1"),
        ({"low": [0.55, math.nan]}, "toy.csv: name a: estimate is not between low and high"),
        ({"count": [-1, 2]}, "toy.csv: name a: count is -1, possible: 0 to inf"),
    ],
)
def test_what_cannot_be_is_named(changed: dict[str, object], told: str) -> None:
    assert list(impossible(TOY, TOY.checked(rows(**changed)))) == [told]


def test_declarations_are_whole() -> None:
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), table.name
        assert set(table.key) <= set(names), table.name
        assert {name for interval in table.intervals for name in interval} <= set(names), table.name
        assert all(column.words.endswith(".") for column in table.columns), table.name
        assert over_patients(table) == ({"patients", "unresolved_share"} <= set(names)), table.name
        assert len(table.title) <= 31, "a sheet of a workbook has no longer name"
    assert len({table.title for table in TABLES.values()}) == len(TABLES) - 1  # the two incremental analyses


def test_the_dictionary_is_what_the_code_declares() -> None:
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == dictionary()


STUDIES: dict[str, tuple[str, ...]] = {
    "compare": ("compare", "autologous", "allogeneic", "-n", "3", "--trace"),
    "one replication": ("run", "autologous", "-n", "1"),
    "sequential": ("run", "library/sequential", "-n", "2"),
    "sweep": ("sweep", "autologous", "--vary", "manufacturing.slots.count=4,5", "-n", "2"),
    "psa": ("psa", "autologous", "allogeneic", "--samples", "4", "-n", "2"),
    "plan": (
        "plan",
        "autologous",
        "--vary",
        "manufacturing.slots.count=4:5",
        "--target",
        "infused_share >= 0.2",
        "-n",
        "5",
        "--max-replications",
        "20",
    ),
}
SHORT = ("--set", "run.window=120 d", "--set", "run.warm_up=60 d", "--set", "run.follow_up=200 d")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A results folder of each kind, made once."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            place = tmp_path_factory.mktemp("studies") / "results"
            words = [
                str(ROOT / "scenarios" / f"{w}.yaml") if (ROOT / "scenarios" / f"{w}.yaml").exists() else w
                for w in STUDIES[name]
            ]
            options = ("--engine", QUICKEST, "--workers", "1", "-q", "--out", str(place))
            done = CliRunner().invoke(cli, [*words, *SHORT, *options])
            assert done.exit_code == 0, done.output
            made[name] = place
        return made[name]

    return folder


def tables_in(folder: Path) -> Iterator[tuple[Table, pd.DataFrame]]:
    for file in sorted([*folder.glob("*.csv"), *folder.glob("*.parquet")]):
        table = TABLES[file.stem]
        if file.suffix == ".parquet":
            yield table, pq.read_table(file).to_pandas()
        else:
            header = pd.read_csv(file, nrows=0).columns
            declared = {name: table.column(name) for name in header}
            text = [name for name, column in declared.items() if column and column.kind is Kind.TEXT]
            yield table, pd.read_csv(file, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=[""])


@pytest.mark.parametrize("name", STUDIES)
def test_every_table_of_a_folder_is_declared_and_comes_back_as_it_was_written(
    study: Callable[[str], Path], name: str
) -> None:
    for table, frame in tables_in(study(name)):
        again = table.checked(frame) if table.key else frame
        if table.suffix == ".csv" and (study(name) / table.file).exists():
            assert again.to_csv(index=False) == (study(name) / table.file).read_text(encoding="utf-8"), table.name


@pytest.mark.parametrize("name", STUDIES)
def test_parquet_files_have_null_and_never_nan_or_empty_text(study: Callable[[str], Path], name: str) -> None:
    for file in study(name).glob("*.parquet"):
        whole = pq.read_table(file)
        for column in whole.column_names:
            cells, declared = whole[column], TABLES[file.stem].column(column)
            assert declared is not None, column
            if pa.types.is_floating(cells.type):
                assert not pc.any(pc.is_nan(cells)).as_py(), column
            if pa.types.is_string(cells.type):
                assert not pc.any(pc.equal(cells, "")).as_py(), column
            assert declared.null or cells.null_count == 0, column


def test_a_mean_over_the_file_is_the_mean_of_those_to_whom_it_happened(study: Callable[[str], Path]) -> None:
    whole = pq.read_table(study("compare") / "patients.parquet")
    infused = pc.equal(whole["outcome"], "infused")
    assert whole["waiting_days"].null_count == pc.sum(pc.invert(infused)).as_py() > 0
    waits = whole.filter(infused)["waiting_days"].to_numpy()
    assert pc.mean(whole["waiting_days"]).as_py() == pytest.approx(waits.mean(), rel=1e-12)
    assert whole["responded"].null_count == whole["waiting_days"].null_count
    donor = whole.filter(pc.equal(whole["product"], "allogeneic"))
    tried = [name for name in whole.column_names if name.endswith("_attempts")]
    assert any(donor[name].null_count == len(donor) for name in tried), "no collection is tried for a dose"


def test_no_patient_is_listed_whom_the_run_never_reached(study: Callable[[str], Path]) -> None:
    for name in ("compare", "sequential"):
        frame = pq.read_table(study(name) / "patients.parquet").to_pandas()
        assert frame["referral_day"].notna().all()
        for _, part in frame.groupby(["scenario", "replication"]):
            ends = part[[c for c in part.columns if c.endswith("_day") and c not in LATER]].max().max()
            assert part["referral_day"].max() <= ends


LATER = ("relapse_day", "death_day", "followed_from_day")


@pytest.mark.parametrize("name", STUDIES)
def test_every_number_of_every_table_is_possible(study: Callable[[str], Path], name: str) -> None:
    wrong = [said for table, frame in tables_in(study(name)) for said in impossible(table, frame)]
    assert wrong == []


@pytest.mark.parametrize("name", STUDIES)
def test_every_mean_over_patients_has_its_count_and_the_unresolved_share(
    study: Callable[[str], Path], name: str
) -> None:
    seen = 0
    for table, frame in tables_in(study(name)):
        if over_patients(table):
            seen += 1
            assert frame["unresolved_share"].notna().all(), table.name
            of_patients = ~frame["unit"].isin(["products", "slots"]) if "unit" in frame else np.ones(len(frame), bool)
            assert frame.loc[of_patients, "patients"].notna().all(), table.name
    assert seen > 0
