"""The options that several commands share, and the values in which they reach a command."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

import click

from reports import Wanted
from sim.experiment.asked import How, require_one_count
from sim.experiment.options import Number, Whole, Word, limit

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Command], Command]


class NamedPath(click.Path):
    """A path that is not empty: what a script passes whose variable is, would be the folder in which one stands."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or a usage error."""
        if not str(value).strip():
            self.fail("found an empty path; allowed: the name of a file or folder.", param, ctx)
        return super().convert(value, param, ctx)


PATH = NamedPath(path_type=Path)
# A file, or the name of something shipped.
NAME = NamedPath(path_type=str)


class WholeRange(click.IntRange):
    """A whole number within bounds, called so in messages."""

    name = "whole number"


class NumberRange(click.FloatRange):
    """A number within bounds, called so in messages; no NaN, and none without end."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or a usage error."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value!r} is no finite number.", param, ctx)
        return found


@dataclass(frozen=True)
class Asked:
    """How a command runs scenarios, and where their results go."""

    replications: int | None
    seed: int | None
    overrides: tuple[str, ...]
    engine: str
    workers: int | None
    out: Path | None
    replace: tuple[str, ...]
    quiet: bool
    as_json: bool

    @property
    def changes(self) -> list[str]:
        """The values that replace those of the scenario files, the seed among them. Raises OptionError."""
        require_one_count(self.overrides, self.replications)
        return [*self.overrides, *([f"run.seed={self.seed}"] if self.seed is not None else [])]

    def how(self, cluster: str | None) -> How:
        """How it is run, on a cluster or here."""
        return How(self.workers, self.engine, cluster)

    def folder(self, *names: str) -> Path:
        """Where the results go: as asked for, else a folder of this name below `results`."""
        return self.out if self.out is not None else Path("results") / "-".join(names)


def limited(command: str, name: str) -> dict[str, Any]:
    """Type and default of an option of a command, as the table of options has them."""
    found = limit(command, name)
    kind: click.ParamType[Any]
    match found:
        case Whole():
            kind = WholeRange(found.low, found.high)
        case Number():
            kind = NumberRange(found.low, found.high, min_open=found.above)
        case Word():
            kind = click.Choice(found.words)
        case None:
            raise LookupError(f"no option {name} of {command} in the table of options")
    usual = {} if found.usual is None else {"default": found.usual, "show_default": True}
    return {"type": kind, **usual}


replications = click.option(
    "--replications", "-n", **limited("run", "replications"), help="Replications instead of the scenario's own."
)
seed = click.option("--seed", **limited("run", "seed"), help="Seed instead of the scenario's own.")
overrides = click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change one value, e.g. manufacturing.lines=12."
)
engine = click.option("--engine", **limited("run", "engine"), help="Which engine runs.")
workers = click.option(
    "--workers",
    **limited("run", "workers"),
    help="Processes to use, at most four a processor; chosen by the work unless given. Results are the same.",
)
out = click.option("--out", type=PATH, help="Folder for the results.")
base = click.option(
    "--base", required=True, type=NAME, help="The scenario to start from: a shipped one by its name, or a file."
)
out_file = click.option("--out", required=True, type=PATH, help="The scenario file to write.")
tables = click.option(
    "--tables", type=PATH, help="Folder for the tables; that of the file, without .yaml, unless given."
)
replace = click.option(
    "--replace",
    multiple=True,
    metavar="NAME",
    help="Replace this file of the folder although it is not from earlier results; * stands for any part of a name.",
)
quiet = click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
cluster = click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler to run on, e.g. tcp://10.0.0.5:8786.")
vary = click.option(
    "--vary",
    multiple=True,
    metavar="PATH=VALUES",
    help="Values of one path: manufacturing.lines=4:20:2 (from:to:step), or release_testing.sterility=7d,14d.",
)


def together(name: str, make: Callable[..., Any], *found: Option[Any]) -> Callable[[Command], Any]:
    """These options, which reach the command as one value: `make` of them, under this name."""
    own = list(signature(make).parameters)

    def decorate(command: Command) -> Any:
        @wraps(command)
        def gathering(**given: Any) -> Any:
            value = make(**{option: given.pop(option) for option in own})
            return command(**given, **{name: value})

        gathered: Any = gathering
        for option in reversed(found):
            gathered = option(gathered)
        return gathered

    return decorate


def run_options(own_replications: Option[Any] = replications) -> Callable[[Command], Any]:
    """How scenarios are run, as `asked`."""
    return together("asked", Asked, own_replications, seed, overrides, engine, workers, out, replace, quiet, as_json)


def _wanted(
    style: str,
    images: tuple[str, ...],
    slides: bool,
    template: Path | None,
    workbook: bool,
    animation: bool,
    standalone: bool,
) -> Wanted:
    return Wanted(style, images, slides or template is not None, template, workbook, animation, standalone)


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


picture_options = together(
    "wanted",
    _wanted,
    click.option(
        "--style",
        **limited("report", "style"),
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
        type=NamedPath(path_type=Path, exists=True, dir_okay=False),
        callback=_presentation,
        help="Your own .pptx for the slides.",
    ),
    click.option("--xlsx", "workbook", is_flag=True, help="Also write workbook.xlsx."),
    click.option("--animation", is_flag=True, help="Also write charts/animation.html: patients moving."),
    click.option(
        "--standalone",
        is_flag=True,
        help="Pages of charts that travel alone: each holds the Plotly library (5 MB) instead of sharing one copy.",
    ),
)
