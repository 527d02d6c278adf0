"""The command `charts`: which there are, or each of them drawn from small studies of the shipped scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace as with_values
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from sim.shell.options import PATH, replace
from sim.shell.screen import BAD_INPUT, CANNOT_BE_MADE, errors_in_words, loaded, print_table, say, stop
from sim.shell.sweep import load_base

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
PRICES = ("manufacturing.slots.count=40000", "release_testing.sterility=-5000")
FEW, SAMPLES = 4, 100
OWN_BASE = "autologous"
CALIBRATED = ("clocks.waiting.death.exponential.rate=0.0003 / d:0.003 / d",
              "clocks.waiting.progression.exponential.rate=0.002 / d:0.009 / d")  # fmt: skip
PARTICLES, GENERATIONS = 100, 2


@click.command("charts")
@click.option("--gallery", type=PATH, help="Write a page (FILE.md) with all of them as pictures instead.")
@replace
def charts_command(gallery: Path | None, replace: tuple[str, ...]) -> None:
    """The charts there are, one line each; or a gallery of them, drawn from studies of the shipped scenarios."""
    if gallery is not None:
        _draw_gallery(gallery, replace)
        return
    if replace:
        stop("--replace: used with --gallery only", BAD_INPUT)
    from reports.charts import CHARTS

    rows = [[chart.name, chart.title, f"{chart.table}.csv", chart.reading.split(". ")[0]] for chart in CHARTS]
    print_table(["chart", "title", "drawn from", "what it shows"], rows, numbers_from=4)


def _draw_gallery(place: Path, replace: Sequence[str]) -> None:
    """Run the studies and write the page."""
    with errors_in_words():
        from reports.charts import CHARTS
        from reports.gallery import FORM, gallery
        from reports.images import NoImagesError
        from sim.experiment.disk.folder import FolderError, require_ours, require_page, signed, write_file, write_text

        if place.suffix != ".md":
            raise FolderError(f"{place}: the gallery is a page in Markdown: name it {place.with_suffix('.md')}")
        require_page(place, replace)
        beside = place.with_suffix("")
        require_ours(beside, {f"{chart.name}.{FORM}" for chart in CHARTS})
        with TemporaryDirectory() as results:
            folders = []
            for folder in _studies(Path(results)):
                folders.append(folder)
                say(f"Done: {folder.name}")
            try:
                made = gallery(folders, beside.name)
            except NoImagesError as error:
                stop(str(error), CANNOT_BE_MADE)
        for name, content in made.pictures.items():
            write_file(beside / name, content)
        write_text(place, signed(made.text))
    click.echo(f"Wrote {place}")


def _studies(place: Path) -> Iterator[Path]:
    """The results folders, each when it is finished, the comparison of the shipped pair first."""
    from sim.experiment.asked import How
    from sim.experiment.plan.prepare import prepare_plan
    from sim.experiment.plan.search import Rule
    from sim.experiment.psa.prepare import Asked, prepare_psa
    from sim.experiment.study.run import Plan, run_study
    from sim.experiment.sweep.prepare import parse_factors, prepare_sweep, varied
    from sim.scenario.files import SHIPPED
    from sim.scenario.naming import by_name

    pair = [SHIPPED / f"{name}.yaml" for name in ("autologous", "allogeneic")]
    scenarios = by_name([loaded(file) for file in pair])
    (place / "comparison").mkdir()
    count = next(iter(scenarios.values())).scenario.run.replications
    run_study(Plan(scenarios, count, None, COMMAND, event_log=True, robustness=True), place / "comparison", _nobody)
    yield place / "comparison"
    base, _ = load_base(pair[:1], [])
    for kind, vary, size in SWEEPS:
        swept = prepare_sweep(base, with_values(varied(vary), design=kind, samples=size, replications=FEW), How())
        swept.run(place / kind, COMMAND, _nobody)
        yield place / kind
    planned = prepare_plan(base, parse_factors(TRIED), (TARGET,), PRICES, (), Rule(), How())
    planned.run(place / "plan", COMMAND, _nobody)
    yield place / "plan"
    both, _ = load_base(pair, [])
    prepare_psa(both, Asked(SAMPLES, FEW), How()).run(place / "psa", COMMAND, _nobody)
    yield place / "psa"
    yield from _own_records(place, place / "comparison" / "event_log" / "1.csv")


def _own_records(place: Path, events: Path) -> Iterator[Path]:
    """What is made of a register: here of the events of one replication, fitted to their own scenario."""
    from sim.experiment.ahead.run import Asked as Ahead
    from sim.experiment.ahead.run import forecast, prepare_study
    from sim.experiment.calibrate.run import Asked as Tried
    from sim.experiment.calibrate.run import calibrate
    from sim.experiment.calibrate.run import prepare_study as prepare_calibration
    from sim.experiment.disk.folder import write_text
    from sim.experiment.options import (
        BOOTSTRAP,
        BOOTSTRAP_SEED,
        FINISH_TODAY,
        FORECAST_REPLICATIONS,
        FORECAST_SAMPLES,
        MONTHS,
        REGISTERS,
    )  # fmt: skip
    from sim.experiment.own.fit import fit_register
    from sim.experiment.own.observe import Asked as Seen
    from sim.experiment.own.observe import observe
    from sim.records.guess import describe

    register, ours = events.with_name("register.yaml"), place / "ours.yaml"
    write_text(register, describe(events))
    fit_register(register, OWN_BASE, ours, place / "fit", BOOTSTRAP, BOOTSTRAP_SEED, COMMAND)
    yield place / "fit"
    observe(ours, register, place / "observe", Seen(REGISTERS, None, "auto", COMMAND), _nobody)
    yield place / "observe"
    asked = Ahead(
        MONTHS, FORECAST_SAMPLES, FORECAST_REPLICATIONS, None, FINISH_TODAY, False, 0, None, (), "auto", None, COMMAND
    )
    forecast(prepare_study(ours, register, place / "forecast", asked), place / "forecast", asked, _nobody)
    yield place / "forecast"
    tried = Tried(CALIBRATED, PARTICLES, GENERATIONS, None, None, "auto", None, COMMAND)
    calibrate(prepare_calibration(ours, register, tried), ours, place / "found.yaml", place / "calibration", _nobody)
    yield place / "calibration"


def _nobody(count: int) -> None:
    """No bar: each study takes seconds."""
