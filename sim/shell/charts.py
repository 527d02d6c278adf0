"""The command `charts`: which there are, or each of them drawn from small studies of the shipped scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from sim.scenario.naming import by_name
from sim.shell.options import FOLDER, replace
from sim.shell.screen import CANNOT_BE_MADE, errors_in_words, loaded, print_table, say, stop
from sim.shell.sweep import load_base, parse_vary

COMMAND = "run_sim.py charts --gallery"
FACTORS = ("manufacturing.slots.count=3:6", "release_testing.sterility=7d:14d", "manufacturing.failure=0.01:0.06")
# (design, factors, size of a sampled one): between them they have every chart of a sweep.
SWEEPS = (
    ("grid", ("manufacturing.lines=4:12:2", "release_testing.sterility=7d,14d"), None),
    ("one_at_a_time", FACTORS, None),
    ("morris", FACTORS, 10),
    ("sobol", FACTORS, 16),
    ("latin_hypercube", FACTORS, 60),
)
TARGET, TRIED = "infused_share >= 0.72", ("manufacturing.slots.count=3:6", "release_testing.sterility=7d,14d")
PRICES = {"manufacturing.slots.count": 40_000.0, "release_testing.sterility": -5_000.0}
FEW, SAMPLES = 4, 100


@click.command("charts")
@click.option("--gallery", type=FOLDER, help="Write a page with all of them as pictures instead.")
@replace
def charts_command(gallery: Path | None, replace: tuple[str, ...]) -> None:
    """The charts there are, one line each; or a gallery of them, drawn from studies of the shipped scenarios."""
    if gallery is not None:
        _draw_gallery(gallery, replace)
        return
    from reports.charts import CHARTS

    rows = [[chart.name, chart.title, f"{chart.table}.csv", chart.reading.split(". ")[0]] for chart in CHARTS]
    print_table(["chart", "title", "drawn from", "what it shows"], rows, numbers_from=4)


def _draw_gallery(place: Path, replace: Sequence[str]) -> None:
    """Run the studies and write the page."""
    with errors_in_words():
        from reports.gallery import gallery
        from reports.images import NoImagesError
        from sim.experiment.disk.folder import require_page, signed, write_text

        require_page(place, replace)
        with TemporaryDirectory() as results:
            folders = []
            for folder in _studies(Path(results)):
                folders.append(folder)
                say(f"Done: {folder.name}")
            try:
                write_text(place, signed(gallery(folders)))
            except NoImagesError as error:
                stop(str(error), CANNOT_BE_MADE)
    click.echo(f"Wrote {place}")


def _studies(place: Path) -> Iterator[Path]:
    """The results folders, each when it is finished, the comparison of the shipped pair first."""
    from sim.experiment.plan.run import Asked, run_plan, sweep_of
    from sim.experiment.plan.search import Rule
    from sim.experiment.plan.space import Space, ascending
    from sim.experiment.plan.targets import parse_target
    from sim.experiment.psa.run import psa_points, run_psa
    from sim.experiment.study.run import Plan, run_study
    from sim.experiment.sweep.designs import build_design
    from sim.experiment.sweep.economics import ECONOMICS, economic_outcomes
    from sim.experiment.sweep.evaluate import SweepPlan
    from sim.experiment.sweep.run import run_sweep
    from sim.scenario.files import SHIPPED

    pair = [SHIPPED / f"{name}.yaml" for name in ("autologous", "allogeneic")]
    scenarios = by_name([loaded(file) for file in pair])
    (place / "comparison").mkdir()
    count = next(iter(scenarios.values())).scenario.run.replications
    run_study(Plan(scenarios, count, None, COMMAND), place / "comparison", _nobody)
    yield place / "comparison"
    base = load_base(pair[:1], [])
    for kind, vary, size in SWEEPS:
        design = build_design(kind, parse_vary(vary), {}, size)
        reducer, money = economic_outcomes(base)
        plan = SweepPlan(base, design.points, FEW, reducer=reducer, money=money)
        run_sweep(plan, design, place / kind, COMMAND, _nobody)
        yield place / kind
    space = Space(tuple(ascending(factor) for factor in parse_vary([*TRIED])), PRICES)
    asked = Asked(space, (parse_target(TARGET),), Rule())
    run_plan(sweep_of(base, asked), asked, place / "plan", COMMAND, _nobody)
    yield place / "plan"
    both = load_base(pair, [])
    run_psa(SweepPlan(both, psa_points(both, SAMPLES), FEW, None, reducer=ECONOMICS), place / "psa", COMMAND, _nobody)
    yield place / "psa"


def _nobody(count: int) -> None:
    """No bar: each study takes seconds."""
