"""The command `sweep`: from its arguments to a finished sweep and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sim.scenario.naming import by_name, changed_meaning, seed_notes
from sim.shell.options import SCENARIO_FILE, Asked, cluster, picture_options, run_options, vary
from sim.shell.report import draw
from sim.shell.screen import BAD_INPUT, code_of, command_line, errors_in_words, print_table, say, stop
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from reports import Wanted
    from sim.experiment.sweep.designs import Design
    from sim.experiment.sweep.factors import Factor
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
@click.argument("files", nargs=-1, required=True, type=SCENARIO_FILE)
@click.option(
    "--design",
    type=click.Choice(["grid", "one_at_a_time", "latin_hypercube", "sobol", "morris"]),
    help="Which points to run; grid unless the sweep file says otherwise.",
)
@click.option("--samples", type=click.IntRange(min=2), help="Size of a sampled design.")
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
    from sim.scenario import ScenarioError

    with errors_in_words():
        from sim.experiment.sweep.designs import build_design
        from sim.experiment.sweep.economics import economic_outcomes, require_outcomes
        from sim.experiment.sweep.evaluate import SweepPlan
        from sim.experiment.sweep.file import relocate
        from sim.experiment.sweep.points import paths_of
        from sim.experiment.sweep.run import run_sweep, sweep_files

        given = read_sweep(files, vary)
        kind = design or given.design
        base = load_base(given.files, [*given.overrides, *asked.changes])
        first = next(iter(base.scenarios.values())).scenario.run
        try:
            points = build_design(
                kind, given.factors, given.variants, samples or given.samples, given.seed or first.seed
            )
        except ValueError as error:
            stop(f"{kind}: {error}", BAD_INPUT)
        count = asked.replications or given.replications or first.replications
        chosen = tuple(dict.fromkeys(metrics or given.metrics))
        try:
            require_outcomes(base, paths_of(points.points), chosen)
        except ValueError as error:
            stop(str(error), BAD_INPUT)
        reducer, money = economic_outcomes(base)
        plan = SweepPlan(
            base, points.points, count, asked.workers, asked.engine, cluster, reducer, metrics=chosen, money=money
        )
        folder = asked.folder("sweep", *(file.stem for file in files))
        require_room(folder, sweep_files(plan, points), wanted, asked.replace)
        for note in seed_notes(base.scenarios):
            say(f"warning: {note}")
        if not asked.quiet:
            say(f"{len(points.points)} points, {count} replications each of {', '.join(base.names)}")
        try:
            with resumable(folder), progress(len(points.points) * count, asked.quiet, per=count) as done:
                study = run_sweep(plan, points, folder, command_line(), done, asked.replace)
        except ScenarioError as error:
            raise relocate(error, given.places) from error
    for warning in study.warnings:
        say(f"warning: {warning}")
    show(study, points, asked.as_json, folder)
    draw(folder, wanted, asked)


def read_sweep(files: Sequence[Path], vary: Sequence[str]) -> SweepFile:
    """What a sweep file says, or what scenario files and `--vary` do."""
    from sim.experiment.sweep.file import SweepFile, is_sweep_file, places_of, read_sweep_file

    if len(files) == 1 and not vary and is_sweep_file(files[0]):
        return read_sweep_file(files[0])
    for file in files:
        if is_sweep_file(file):
            raise click.UsageError(f"{file} is a sweep file: it says itself what is varied, and stands alone")
    if not vary:
        raise click.UsageError("nothing is varied: give --vary PATH=VALUES, or a sweep file")
    factors = parse_vary(vary)
    return SweepFile(tuple(files), "grid", tuple(factors), places=places_of(factors))


def parse_vary(vary: Sequence[str]) -> list[Factor]:
    """The factors of `--vary`; leaves with the exit code of a wrong input."""
    from sim.experiment.sweep.factors import parse_factor

    found = []
    for text in vary:
        try:
            found.append(parse_factor(text))
        except ValueError as error:
            path = text.partition("=")[0].strip()
            stop(f"--vary {path}: {error}", BAD_INPUT)
    twice = next((f.path for f in found if [g.path for g in found].count(f.path) > 1), None)
    if twice is not None:
        stop(f"--vary {twice}: given twice; put all its values into one", BAD_INPUT)
    return found


def load_base(files: Sequence[Path], overrides: Sequence[str]) -> Base:
    """The scenarios of the files, by name, with these values set in each; says what these leave without effect."""
    from sim.experiment.sweep.points import Base
    from sim.scenario.each import load_each

    found, left_out = load_each(files, overrides)
    base = Base(by_name(found))
    for note in left_out:
        say(f"note: {note}")
    for note in changed_meaning(base.scenarios):
        say(f"note: {note}")
    for name, loaded in base.scenarios.items():
        for warning in loaded.warnings:
            say(f"warning: {name}: {warning}")
    return base


@contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Ctrl-C leaves what is done, and says how to go on."""
    try:
        yield
    except KeyboardInterrupt as error:
        stop(f"interrupted; what is done is kept in {folder}: the same command goes on from there", code_of(error))


def show(study: SweepStudy, design: Design, as_json: bool, folder: Path) -> None:
    """Say where the tables are, and what moves the metrics that matter most."""
    import json

    if as_json:
        found = {name: json.loads(t.to_json(orient="records", double_precision=15)) for name, t in study.tables.items()}
        about = {"folder": str(folder), "points": len(design.points), "warnings": study.warnings}
        click.echo(json.dumps({**about, **found}, indent=2))
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
