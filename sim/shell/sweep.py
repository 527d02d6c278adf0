"""The command `sweep`: from its arguments to a finished sweep and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.shell.options import PATH, Asked, cluster, limited, picture_options, run_options, vary
from sim.shell.report import draw
from sim.shell.screen import code_of, command_line, errors_in_words, print_json, print_table, say, stop, tell
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from reports import Wanted
    from sim.experiment.sweep.designs import Design
    from sim.experiment.sweep.file import SweepFile
    from sim.experiment.sweep.points import Base
    from sim.experiment.sweep.run import SweepStudy

SHOWN = 12
# Of each table: by which column it is ranked, and what is shown of it.
ON_SCREEN = {
    "tornado": (
        "swing",
        ("scenario", "path", "low_value", "high_value", "low_estimate", "base_estimate", "high_estimate"),
    ),
    "sobol": ("total", ("scenario", "path", "first_order", "total", "total_half_width")),
    "morris": ("mu_star", ("scenario", "path", "mu", "mu_star", "sigma")),
    "prcc": ("prcc", ("scenario", "path", "prcc", "low", "high")),
}


@click.command("sweep")
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option(
    "--design",
    type=limited("sweep", "design")["type"],  # a sweep file may have another than the usual
    help="Which points to run; grid unless the sweep file says otherwise.",
)
@click.option("--samples", **limited("sweep", "samples"), help="Size of a sampled design.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Show this outcome alone, e.g. qalys_per_referred or net_benefit@100000; repeatable.",
)
@vary
@run_options()
@cluster
@picture_options
def sweep_command(
    files: tuple[Path, ...],
    vary: tuple[str, ...],
    design: str | None,
    samples: int | None,
    metrics: tuple[str, ...],
    asked: Asked,
    cluster: str | None,
    wanted: Wanted,
) -> None:
    """Run many points: a sweep file, or scenario files with --vary. Goes on where it was stopped."""
    with errors_in_words():
        from reports.words import counted
        from sim.experiment.sweep.prepare import prepare_sweep
        from sim.scenario.overrides import paths_set

        given = read_sweep(files, vary).asking(
            design=design, samples=samples, metrics=metrics, replications=asked.replications
        )
        mine = paths_set(asked.changes)
        own = [text for text in given.overrides if not (its := paths_set([text])) or not its <= mine]
        base, left_out = load_base(given.files, [*own, *asked.changes])
        prepared = prepare_sweep(base, given, asked.how(cluster))
        folder = asked.folder("sweep", *(file.stem for file in files))
        require_room(folder, prepared.files, wanted, asked.replace)
        tell((*left_out, *prepared.notes), prepared.warnings)
        points, count = prepared.plan.points, prepared.plan.replications
        if not asked.quiet:
            say(f"{counted(len(points), 'point')}, {counted(count, 'replication')} each of {', '.join(base.names)}")
        with resumable(folder), progress(len(points) * count, asked.quiet, per=count) as done:
            study = prepared.run(folder, command_line(), done, asked.replace)
    tell((), study.warnings)
    show(study, prepared.design, asked.as_json, folder)
    draw(folder, wanted, asked)


def read_sweep(files: Sequence[Path], vary: Sequence[str]) -> SweepFile:
    """What a sweep file says, or what scenario files and `--vary` do."""
    from sim.experiment.sweep.file import is_sweep_file, read_sweep_file
    from sim.experiment.sweep.prepare import varied

    if len(files) == 1 and not vary and is_sweep_file(files[0]):
        return read_sweep_file(files[0])
    for file in files:
        if is_sweep_file(file):
            raise click.UsageError(f"{file} is a sweep file: it says itself what is varied, and stands alone")
    if not vary:
        raise click.UsageError("nothing is varied: give --vary PATH=VALUES, or a sweep file, which has the key base")
    return replace(varied(vary), files=tuple(files))


def load_base(files: Sequence[Path], overrides: Sequence[str]) -> tuple[Base, list[str]]:
    """(the scenarios of the files, by name, with these values set in each; which of them are not set where)."""
    from sim.experiment.sweep.points import Base
    from sim.scenario.each import load_each
    from sim.scenario.naming import by_name

    found, left_out = load_each(files, overrides)
    return Base(by_name(found)), left_out


@contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Ctrl-C leaves what is done, and says how to go on."""
    try:
        yield
    except KeyboardInterrupt as error:
        stop(f"interrupted; what is done is kept in {folder}: the same command goes on from there", code_of(error))


def show(study: SweepStudy, design: Design, as_json: bool, folder: Path) -> None:
    """Say where the tables are, and what moves the metrics that matter most."""
    if as_json:
        about = {"folder": str(folder), "points": len(design.points), "warnings": study.warnings}
        print_json({**about, **study.tables})
        return
    for name, table in study.tables.items():
        if name not in ON_SCREEN:
            continue
        ranked, names = ON_SCREEN[name]
        for metric in _leading(table, study.metrics):
            shown = table[table["metric"] == metric]
            click.echo(f"{shown['label'].iloc[0]}, by what moves it most")
            order = shown[ranked].abs().sort_values(ascending=False, kind="stable").index[:SHOWN]
            print_table(names, [[_cell(shown.at[row, name]) for name in names] for row in order], numbers_from=2)
    click.echo(f"Tables: {folder} (sweep.csv, points.csv{''.join(f', {name}.csv' for name in study.tables)})")


def _leading(table: pd.DataFrame, chosen: Sequence[str]) -> list[str]:
    """The metrics to show: those chosen, else the share progressed and, with economics, net benefit."""
    there = list(dict.fromkeys(table["metric"]))
    benefits = [name for name in there if name.startswith("net_benefit@")][:1]
    more = [name for name in there if name.startswith("incremental_net_benefit@")][:1]
    wanted = chosen or ["progressed_before_infusion_share", *(more or benefits)]
    return [name for name in wanted if name in there]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 10_000.0 else f"{value:.4g}"
