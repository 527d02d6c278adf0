"""The tables of a sweep, from the results in its store; their columns are declared in `sim.tables.points`.

Numbers are written with all their digits, so equal results are equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sim.experiment.disk.folder import new_file
from sim.experiment.disk.table_files import arrow_schema, write_table
from sim.experiment.study.tables import over_both, reached, verdicts
from sim.experiment.sweep.evaluate import Column, Sweep
from sim.experiment.sweep.points import Point, paths_of
from sim.outcomes.estimates import Range, interval, possible_change, ranges
from sim.outcomes.metrics import unresolved_of
from sim.pure.arrays import FloatArray
from sim.tables import TABLES
from sim.tables.spreadsheets import escaped

AT_ONCE = 200


def write_point_tables(sweep: Sweep, folder: Path) -> None:
    """Write `points.csv`, `sweep.csv`, `sweep.parquet` and, with several scenarios, `sweep_differences.csv`."""
    write_table(folder, "points", points_table(sweep.plan.points))
    _write(folder, "sweep", lambda points: point_rows(sweep, points), sweep, parquet=True)
    if len(sweep.plan.base.names) > 1:
        _write(folder, "sweep_differences", lambda points: difference_rows(sweep, points), sweep, parquet=False)


def points_table(points: Sequence[Point]) -> pd.DataFrame:
    """One row a point: its name and the values as written."""
    paths = paths_of(points)
    return pd.DataFrame(
        [{"point": p.number, "name": p.name, **{path: p.overrides.get(path, "") for path in paths}} for p in points],
        columns=["point", "name", *paths],
    )


def point_rows(sweep: Sweep, points: Sequence[Point]) -> pd.DataFrame:
    """One row a point, scenario and metric: estimate and 95% interval over the replications in which it applies.

    `patients`: over how many it is, mean of a replication; empty for what belongs to the supply.
    """
    frames = []
    for point in points:
        values = sweep.values(point.number)
        for place, name in enumerate(sweep.plan.base.names):
            mine, shown = values[:, place, :], sweep.plan.shown(place)
            rows = _rows(sweep, point, {"scenario": name}, mine, shown, _possible)
            frames.append(
                rows.assign(
                    replications=np.isfinite(mine[:, shown]).sum(axis=0),
                    patients=sweep.plan.patients_of(mine)[shown],
                    unresolved_share=unresolved_of(mine),
                )
            )
    return pd.concat(frames, ignore_index=True)


def difference_rows(sweep: Sweep, points: Sequence[Point]) -> pd.DataFrame:
    """One row a point, scenario but the first, and metric: scenario minus baseline, paired by replication."""
    frames = []
    plan = sweep.plan
    baseline, *others = plan.base.names
    shown = plan.shown(0)
    for point in points:
        values = sweep.values(point.number)
        for place, name in enumerate(others, start=1):
            keys = {"scenario": name, "baseline": baseline}
            with np.errstate(invalid="ignore"):
                change = values[:, place, :] - values[:, 0, :]
            rows = _rows(sweep, point, keys, change, shown, _possible_change)
            frames.append(
                rows.assign(
                    verdict=verdicts(rows, [plan.columns[k].better for k in shown]),
                    **over_both(lambda found: plan.patients_of(found)[shown], values[:, place, :], values[:, 0, :]),
                )
            )
    return pd.concat(frames, ignore_index=True)


def _possible(column: Column) -> Range:
    return column.possible


def _possible_change(column: Column) -> Range:
    return possible_change(column.unit)


def _rows(
    sweep: Sweep,
    point: Point,
    keys: dict[str, str],
    values: FloatArray,
    shown: Sequence[int],
    limits: Callable[[Column], Range],
) -> pd.DataFrame:
    columns = [sweep.plan.columns[k] for k in shown]
    mean, low, high = interval(values[:, shown], within=ranges([limits(column) for column in columns]))
    varied: dict[str, Any] = {"point": point.number, "name": point.name}
    for path, numeric in sweep.plan.paths.items():
        varied[path] = point.values.get(path, np.nan) if numeric else point.overrides.get(path, "")
    table = pd.DataFrame(
        {
            "metric": [c.name for c in columns],
            "label": [c.label for c in columns],
            "unit": [c.unit for c in columns],
            "estimate": reached(mean),
            "low": low,
            "high": high,
        }
    )
    for place, (name, value) in enumerate({**varied, **keys}.items()):
        table.insert(place, name, value)
    return table


def _write(
    folder: Path, name: str, rows: Callable[[Sequence[Point]], pd.DataFrame], sweep: Sweep, parquet: bool
) -> None:
    """Write a table some points at a time, so that memory stays flat; each file whole or not at all."""
    with ExitStack() as stack:
        building = stack.enter_context(new_file(folder / f"{name}.csv"))
        arrows = stack.enter_context(new_file(folder / f"{name}.parquet")) if parquet else None
        csv = stack.enter_context(building.open("w", encoding="utf-8", newline="\n"))
        writer = None
        for number, frame in enumerate(_batches(rows, sweep.plan.points)):
            table = TABLES[name].checked(frame)
            escaped(table).to_csv(csv, index=False, header=number == 0)
            if arrows is not None:
                if writer is None:
                    writer = stack.enter_context(pq.ParquetWriter(arrows, arrow_schema(TABLES[name], table)))
                writer.write_table(pa.Table.from_pandas(table, schema=writer.schema, preserve_index=False))


def _batches(rows: Callable[[Sequence[Point]], pd.DataFrame], points: Sequence[Point]) -> Iterator[pd.DataFrame]:
    for first in range(0, len(points), AT_ONCE):
        yield rows(points[first : first + AT_ONCE])


OF_A_CELL = ("scenario", "metric", "label", "unit", "estimate", "low", "high", "patients", "unresolved_share")


def heat_map(sweep: Sweep, factors: Sequence[str]) -> pd.DataFrame:
    """One row a point, scenario and metric of a grid of two paths; x is the first."""
    x, y = factors
    table = point_rows(sweep, [p for p in sweep.plan.points if set(p.overrides) == {x, y}])
    return pd.DataFrame(
        {
            "x_path": x,
            "x": table[x],
            "y_path": y,
            "y": table[y],
            **{name: table[name] for name in OF_A_CELL},
        }
    )
