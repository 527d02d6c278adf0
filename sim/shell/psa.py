"""The command `psa`: from its arguments to the tables of a probabilistic sensitivity analysis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sim.experiment.asked import require_one_count
from sim.shell.options import PATH, Asked, cluster, limited, picture_options, run_options
from sim.shell.report import draw
from sim.shell.screen import command_line, errors_in_words, print_json, print_table, say, tell
from sim.shell.sweep import load_base, resumable
from sim.tables.words import counted
from vein2vein.drawing import require_room
from vein2vein.progress import progress

if TYPE_CHECKING:
    from reports import Wanted
    from sim.experiment.psa.run import Psa


SHOWN = 6


@click.command("psa")
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--samples", **limited("psa", "samples"), help="Sets of uncertain inputs.")
@run_options(
    click.option(
        "--replications",
        "-n",
        **limited("psa", "replications"),
        help="Replications of each set.",
    )
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="NAME=PATH,PATH",
    help="Also value information on these inputs together, e.g. utilities=economics.utilities; repeatable.",
)
@click.option(
    "--study",
    "studies",
    multiple=True,
    metavar="PATH=PATIENTS",
    help="Also value a study of one input, e.g. after_infusion.autologous.response=200; with ,enrolment=1y,follow_up=2y"
    " for times, ,sd=0.2 for utilities and costs; repeatable.",
)
@click.option(
    "--population",
    **limited("psa", "population"),
    help="Patients a year for whom the decision stands: information is valued for all of them, too.",
)
@click.option("--years", **limited("psa", "years"), help="With --population: for this many years (10).")
@cluster
@picture_options
def psa_command(
    files: tuple[Path, ...],
    samples: int,
    groups: tuple[str, ...],
    studies: tuple[str, ...],
    population: float | None,
    years: int | None,
    asked: Asked,
    cluster: str | None,
    wanted: Wanted,
) -> None:
    """Probabilistic sensitivity analysis of costs and QALYs. Goes on where it was stopped."""
    with errors_in_words():
        from sim.experiment.psa.prepare import Asked as Analysis
        from sim.experiment.psa.prepare import prepare_psa

        require_one_count(asked.overrides, None, reads_own=False)
        base, left_out = load_base(files, asked.changes)
        replications = asked.replications or 1
        analysis = Analysis(samples, replications, groups, studies, population, years)
        prepared = prepare_psa(base, analysis, asked.how(cluster))
        folder = asked.folder("psa", *(file.stem for file in files))
        require_room(folder, prepared.files, wanted, asked.replace)
        tell((*left_out, *prepared.notes), prepared.warnings)
        if not asked.quiet:
            say(f"{counted(samples, 'sample')}, {counted(replications, 'replication')} each of {', '.join(base.names)}")
        with resumable(folder), progress(samples * replications, asked.quiet, per=replications) as done:
            found = prepared.run(folder, command_line(), done, asked.replace)
        tell((), found.warnings)
    _show(found, folder, asked.as_json)
    draw(folder, wanted, asked)


def _show(found: Psa, folder: Path, as_json: bool) -> None:
    """Say what to choose at each willingness to pay, on which assumptions, and where the tables are."""
    icer, evpi, ceac = found.tables["psa_icer"], found.tables["evpi"], found.tables["ceac"]
    evppi = found.tables["evppi"]
    if as_json:
        shown = {name: found.tables[name] for name in ("psa_icer", "ceac", "evpi", "evppi")}
        print_json({"folder": str(folder), **shown})
        return
    click.echo("Means over the samples, per patient referred")
    rows = [
        [
            str(row["scenario"]),
            f"{row['cost']:,.0f}",
            f"{row['qalys']:.3f}",
            f"{row['icer']:,.0f}" if row["icer"] == row["icer"] else str(row["status"]),
        ]
        for _, row in icer.iterrows()
    ]
    print_table(["strategy", f"cost, {icer['unit'].iloc[0]}", "QALYs", "ICER"], rows)
    steps = evpi.iloc[:: max(1, len(evpi) // 8)]
    best = ceac[ceac["on_frontier"]].set_index("willingness_to_pay")["probability"]
    rows = [
        [
            f"{row['willingness_to_pay']:,.0f}",
            str(row["best_strategy"]),
            f"{best[row['willingness_to_pay']]:.2f}",
            f"{row['evpi']:,.0f}",
        ]
        for _, row in steps.iterrows()
    ]
    print_table(["willingness to pay", "best on average", "probability of being best", "EVPI"], rows, numbers_from=2)
    assessed = evppi[evppi["willingness_to_pay"] == evppi["willingness_to_pay"].max()]
    rows = [
        [str(row["input"]), f"{row['evppi']:,.0f}", f"{row['standard_error']:,.0f}"]
        for _, row in assessed.nlargest(SHOWN, "evppi").iterrows()
    ]
    if rows:
        click.echo(
            f"What knowing one input, or a group, is worth at {assessed['willingness_to_pay'].iloc[0]:,.0f} per QALY"
        )
        print_table(["input", "EVPPI", "standard error"], rows)
    assumed = [name for name in str(evpi["assumed"].iloc[0]).split("; ") if name]
    if assumed:
        said = counted(len(assumed), "input is an assumption", "inputs are assumptions")
        click.echo(f"{said}: see the column `assumed` of every table.")
    click.echo(f"Tables: {folder} ({', '.join(f'{name}.csv' for name in found.tables)})")
