"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def options(*names: str) -> Callable[[Command], Command]:
    """The shared options of these names, in their order."""
    known = {
        "replications": click.option(
            "--replications", "-n", type=click.IntRange(min=1), help="Replications instead of the scenario's own."
        ),
        "seed": click.option("--seed", type=click.IntRange(min=0), help="Seed instead of the scenario's own."),
        "workers": click.option(
            "--workers",
            type=click.IntRange(min=1),
            help="Processes to use; chosen by the work unless given. Results are the same.",
        ),
        "cluster": click.option(
            "--cluster", metavar="ADDRESS", help="A Dask scheduler to run on, e.g. tcp://10.0.0.5:8786."
        ),
        "vary": click.option(
            "--vary",
            multiple=True,
            metavar="PATH=VALUES",
            help="Values of one path: manufacturing.lines=4:20:2 (from:to:step), or release_testing.sterility=7d,14d.",
        ),
        "out": click.option("--out", type=click.Path(path_type=Path), help="Folder for the results."),
        "set": click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="PATH=VALUE",
            help="Change one value, e.g. manufacturing.lines=12.",
        ),
        "engine": click.option(
            "--engine",
            type=click.Choice(["auto", "simpy", "compiled"]),
            default="auto",
            show_default=True,
            help="Which engine runs.",
        ),
        "trace": click.option("--trace", is_flag=True, help="Also write every event to events.parquet."),
        "precision": click.option(
            "--precision",
            multiple=True,
            metavar="METRIC=HALFWIDTH",
            help="Replicate until the 95 % interval is so narrow, e.g. progressed_before_infusion_share=0.01; "
            "may be given for several metrics.",
        ),
        "min-replications": click.option(
            "--min-replications", type=click.IntRange(min=2), help="With --precision: at least so many (20)."
        ),
        "max-replications": click.option(
            "--max-replications", type=click.IntRange(min=2), help="With --precision: at most so many (1000)."
        ),
        "list-below": click.option(
            "--list-below",
            type=click.IntRange(min=0),
            help="Also say from which date on fewer patients than this are waiting.",
        ),
        "quiet": click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors."),
        "json": click.option("--json", "as_json", is_flag=True, help="Print the results as JSON."),
    }

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = known[name](command)
        return command

    return decorate


def picture_options(command: Callable[..., Any]) -> Any:
    """The options about what is drawn, which arrive together as `wanted`."""

    @wraps(command)
    def with_wanted(
        style: str,
        images: tuple[str, ...],
        slides: bool,
        template: Path | None,
        workbook: bool,
        animation: bool,
        **others: Any,
    ) -> Any:
        from reports import Wanted

        slides = slides or template is not None
        return command(**others, wanted=Wanted(style, images, slides, template, workbook, animation))

    found: Any = with_wanted
    for option in reversed(
        (
            click.option(
                "--style",
                type=click.Choice(["screen", "slide", "print"]),
                default="screen",
                show_default=True,
                help="Of charts and images; the report page stays as it is.",
            ),
            click.option(
                "--image",
                "images",
                type=click.Choice(["svg", "png", "pdf"]),
                multiple=True,
                help="Also write each chart as this; takes an installed Chrome, Chromium or Edge.",
            ),
            click.option("--pptx", "slides", is_flag=True, help="Also write slides.pptx, with charts to edit there."),
            click.option(
                "--template",
                type=click.Path(path_type=Path, exists=True, dir_okay=False),
                callback=_presentation,
                help="Your own .pptx for the slides.",
            ),
            click.option("--xlsx", "workbook", is_flag=True, help="Also write workbook.xlsx."),
            click.option("--animation", is_flag=True, help="Also write charts/animation.html: patients moving."),
        )
    ):
        found = option(found)
    return found


def _presentation(context: click.Context, option: click.Parameter, file: Path | None) -> Path | None:
    """The presenter's file, refused before anything runs if it is no presentation."""
    if file is not None:
        from reports.deck import NoDeckError, TemplateError, opened

        try:
            opened(file)
        except TemplateError as error:
            raise click.BadParameter(str(error), context, option) from error
        except NoDeckError:
            pass  # that slides cannot be made here is said once everything else is written
    return file


RUN_OPTIONS = options(
    "replications", "precision", "min-replications", "max-replications", "seed", "set", "engine", "workers", "out",
    "list-below", "trace", "quiet", "json",
)  # fmt: skip
OF_MANY_POINTS = ("replications", "seed", "set", "engine", "workers", "cluster", "out", "quiet", "json")
SCENARIO_FILE = click.Path(path_type=Path)
