"""What a function of the front door returns: a results folder, its tables as data frames, its charts as figures.

The folder is a temporary one, which goes with the object, unless another was asked for; `save` puts its tables, charts
and report elsewhere, as the command line would have written them.

Longer than 400 lines because each kind of result is a class of a few lines, listed whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.disk.folder import FolderError, write_file
from sim.experiment.disk.manifest import listed, parse_manifest, require_whole
from sim.experiment.disk.publish import finish, new_results
from sim.experiment.disk.table_files import read_table
from sim.scenario import Loaded
from sim.tables import TABLES
from sim.tables.words import counted
from vein2vein.drawing import draw_pages
from vein2vein.going import renamed
from vein2vein.limits import checked, like

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Kept:
    """A temporary folder that is removed with the last object that holds it, or when Python ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vein2vein-"))
        weakref.finalize(self, _remove, self.folder, os.getpid())


def _remove(folder: Path, maker: int) -> None:
    """Remove a folder, in the process that made it alone: one that was forked from it ends before it may."""
    if os.getpid() == maker:
        shutil.rmtree(folder, ignore_errors=True)


def known(results: Results) -> list[str]:
    """The names of what results have for users."""
    return [name for name in dir(type(results)) if not name.startswith("_")]


GONE = "; it was a temporary one, which goes with the process that made it: give folder=, or `save` before"


class NoTableError(LookupError):
    """A table that these results do not have; the message names those that they have."""


@dataclass(frozen=True, eq=False)
class Results:
    """Finished results: tables, charts, report. `folder`: where they are kept; `warnings`: what to know of them.

    Frames are read when they are first asked for. Rows, columns and units of each table: docs/tables.md.
    """

    folder: Path
    warnings: tuple[str, ...] = ()
    _kept: Kept | None = field(default=None, repr=False)
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.manifest  # noqa: B018 - read now, to be known from what is written there later

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What was run, by which version, with which seed, from which scenarios."""
        return parse_manifest(self.folder)

    def _there(self) -> Path:
        """The folder. Raises FolderError where it, or these results in it, are there no more."""
        if not self.folder.is_dir():
            raise FolderError(
                f"{self.folder}: the folder of these results is no longer there{GONE if self._kept else ''}"
            )
        if parse_manifest(self.folder).get("tables") != self.manifest.get("tables"):
            raise FolderError(f"{self.folder}: holds other results, written after these; `open_results` reads them")
        return self.folder

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            for kind in type(self).__mro__:
                if now := renamed(f"{kind.__name__}.{name}"):
                    return getattr(self, now)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{like(name, known(self))}")

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables there are."""
        files = set(listed(self.manifest))
        return tuple(name for name, table in TABLES.items() if not table.per_scenario and table.file in files)

    @checked
    def table(self, name: str) -> pd.DataFrame:
        """A table by its name, as a copy of your own. Raises NoTableError where these results have none of it.

        Whole numbers are `int64` (`Int64` where some are missing), missing numbers NaN, missing texts "".
        """
        if name not in self.tables:
            raise NoTableError(f"no table {name!r} in these results; there are: {', '.join(self.tables)}")
        if name not in self._frames:
            self._frames[name] = read_table(self._there(), name)
        return self._frames[name].copy()

    @property
    def finding(self) -> str:
        """What came out, in a sentence."""
        return str(self.manifest.get("title", ""))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the charts that these results have, in the order of the report."""
        from reports.pages import chart_names

        return chart_names(self._there())

    @checked
    def figure(self, name: str, *, style: str = "screen") -> go.Figure:
        """A chart as a figure of Plotly, to show or change. `style`: screen, slide or print.

        Raises LookupError where there is no such chart; the message names those there are. As all that reads,
        it raises FolderError where the folder of the results is there no more.
        """
        from reports.pages import figure_of

        return figure_of(self._there(), name, style)

    @checked
    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the report page to `path`: one HTML file, which needs no other and no network. Returns its path.

        Raises FolderError where it cannot be written.
        """
        from reports.pages import report_of

        written = Path(path)
        page = report_of(self._there())
        try:
            write_file(written, page)
        except OSError as error:
            raise FolderError(f"{written}: cannot be written ({error.strerror})") from error
        return written

    @checked
    def save(self, folder: str | os.PathLike[str], *, replace: Sequence[str] = ()) -> Path:
        """Put tables, charts, report and manifest into `folder`, as the command line would have. Returns its path.

        Earlier results there are replaced, other files are never touched: FolderError where one is in the way, unless
        `replace` names it (`*` stands for any part of a name).
        """
        place = Path(folder)
        if place.resolve() != self.folder.resolve():
            require_whole(self._there())
            files = [*self.manifest["tables"], *self.manifest.get("pages", {})]
            with new_results(place, files, replace) as building:
                for name in (*files, "manifest.json"):
                    (building / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(self.folder / name, building / name)
        draw_pages(place, replace=replace)
        return place

    def _repr_html_(self) -> str:
        return f"<p><strong>{escape(self.finding)}</strong></p>"

    def _chart(self) -> str | None:
        """The chart that a notebook shows: the first of the report, None where there is none."""
        return next(iter(self.figures), None)

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display

        display(HTML(self._repr_html_()))
        if chart := self._chart():
            display(self.figure(chart))


@dataclass(frozen=True, eq=False)
class Study(Results):
    """Of `run` and `compare`: one or several scenarios, replicated on the same patients."""

    @property
    def summary(self) -> pd.DataFrame:
        """A row a scenario and metric: estimate, 95% simulation interval, unit, patients."""
        return self.table("summary")

    @property
    def differences(self) -> pd.DataFrame:
        """A row a scenario and metric: paired difference from the first scenario, with its interval."""
        return self.table("differences")

    @property
    def patients(self) -> pd.DataFrame:
        """A row a patient, scenario and replication: milestones in days since the start, durations, outcome, attempts.

        Also those who are not `measured`, who count in no other table.
        """
        return self.table("patients")

    @property
    def incidence(self) -> pd.DataFrame:
        """Cumulative incidence of each outcome by day since referral, with intervals."""
        return self.table("incidence")

    @property
    def stages(self) -> pd.DataFrame:
        """Mean days of the infused in each stage, in queues and in work."""
        return self.table("stages")

    @property
    def outcomes(self) -> pd.DataFrame:
        """What became of the referred: a row a scenario and outcome."""
        return self.table("outcomes")

    @property
    def resources(self) -> pd.DataFrame:
        """Use, queues and waits of each resource: a row a scenario, replication and resource."""
        return self.table("resources")

    @property
    def economics(self) -> pd.DataFrame:
        """Costs, QALYs and life years per patient referred; only with `economics:` in every scenario."""
        return self.table("economics")

    @property
    def finding(self) -> str:
        """What came out, in a sentence that pairs the wait with the outcome of everybody."""
        from reports.pages import finding_of

        return finding_of(self._there())

    def _repr_html_(self) -> str:
        from reports.pages import tiles_of

        return f"<p><strong>{escape(self.finding)}</strong></p>{tiles_of(self._there())}"

    def _chart(self) -> str | None:
        return "incidence"


@dataclass(frozen=True, eq=False)
class Sweep(Results):
    """Of `sweep`: many points of one or several scenarios."""

    @property
    def points(self) -> pd.DataFrame:
        """A row a point: its number, name and values."""
        return self.table("points")

    @property
    def outcomes(self) -> pd.DataFrame:
        """A row a point, scenario and metric: values of what is varied, estimate, interval (`sweep.csv`)."""
        return self.table("sweep")

    @property
    def sensitivity(self) -> pd.DataFrame:
        """The table that the design is made for: tornado, Sobol indices, Morris effects or rank correlations."""
        found = [name for name in ("tornado", "sobol", "morris", "prcc") if name in self.tables]
        if not found:
            raise NoTableError("a grid has no table of sensitivity; see `outcomes`, or choose another design")
        return self.table(found[0])


@dataclass(frozen=True, eq=False)
class Psa(Results):
    """Of `psa`: costs and QALYs under uncertain inputs."""

    @property
    def samples(self) -> pd.DataFrame:
        """A row a sample and scenario: cost, QALYs and other means (`psa.csv`)."""
        return self.table("psa")

    @property
    def inputs(self) -> pd.DataFrame:
        """A row a sample: the value drawn of each uncertain input."""
        return self.table("psa_inputs")

    @property
    def acceptability(self) -> pd.DataFrame:
        """Probability of being the best choice, by willingness to pay and scenario (`ceac.csv`)."""
        return self.table("ceac")

    @property
    def evpi(self) -> pd.DataFrame:
        """Expected value of perfect information by willingness to pay."""
        return self.table("evpi")

    @property
    def evppi(self) -> pd.DataFrame:
        """Expected value of partial perfect information by input and group; what is held fixed is "not assessed"."""
        return self.table("evppi")

    @property
    def icer(self) -> pd.DataFrame:
        """Mean cost and QALYs of each scenario, and its ratio on the frontier."""
        return self.table("psa_icer")


@dataclass(frozen=True, eq=False)
class Plan(Results):
    """Of `plan`: the cheapest capacities that meet their targets. `answer`: values by path, None where none do."""

    answer: Mapping[str, str] | None = None
    said: tuple[str, ...] = ()

    @property
    def finding(self) -> str:
        """The answer, in a sentence; `said` has the others."""
        return f"{self.said[0]}."

    @property
    def combinations(self) -> pd.DataFrame:
        """A row a combination and target: cost, estimate, interval, decision (`plan.csv`)."""
        return self.table("plan")


@dataclass(frozen=True, eq=False)
class Fit(Results):
    """Of `fit`: a scenario of a hospital's own. `scenario`: as it loads; `text`: of its file."""

    scenario: Loaded = field(default=None, kw_only=True)  # type: ignore[assignment]  # always given
    text: str = field(default="", kw_only=True)

    @property
    def numbers(self) -> pd.DataFrame:
        """A row a fitted number: estimate, interval, n, events, censored, and how much of it is the base's."""
        return self.table("fits")

    @property
    def faults(self) -> pd.DataFrame:
        """The rows of the register that are not used, each with its number and reason."""
        return self.table("records_faults")

    @property
    def finding(self) -> str:
        """How many numbers were fitted."""
        fitted = self.numbers
        count = int((fitted["status"] != "base").sum())
        return f"{count} of {counted(len(fitted), 'number')} were fitted; the others stay as in the base."


@dataclass(frozen=True, eq=False)
class Calibration(Results):
    """Of `calibrate`: the calibrated `scenario` as it loads, `text` of its file, what is `said` of each value."""

    scenario: Loaded = field(default=None, kw_only=True)  # type: ignore[assignment]  # always given
    text: str = field(default="", kw_only=True)
    said: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def finding(self) -> str:
        """What is determined, in a sentence; `said` has the others."""
        return f"{self.said[0]}."

    @property
    def posterior(self) -> pd.DataFrame:
        """A row a value: median and 90% interval, of its prior too, and whether it is determined."""
        return self.table("calibration_posterior")

    @property
    def particles(self) -> pd.DataFrame:
        """A row a generation and particle: its values, weight and distance (`calibration.csv`)."""
        return self.table("calibration")

    @property
    def scores(self) -> pd.DataFrame:
        """A row a quantity: how what the calibrated scenario predicts agrees with what was observed."""
        return self.table("observed_scores")


@dataclass(frozen=True, eq=False)
class Observed(Results):
    """Of `observe`: a register against the simulation of its own time. `verdict`: in words."""

    verdict: str = ""

    @property
    def finding(self) -> str:
        """The verdict."""
        return self.verdict

    @property
    def scores(self) -> pd.DataFrame:
        """A row a quantity: coverage of the 50% and 90% envelopes, CRPS, test."""
        return self.table("observed_scores")

    @property
    def envelopes(self) -> pd.DataFrame:
        """A row a quantity and point: observed value, median and envelopes of the simulated registers."""
        return self.table("observed")


@dataclass(frozen=True, eq=False)
class Forecast(Results):
    """Of `forecast`: the months after a register. `said`: in sentences; `today`: the file of patients in progress."""

    said: tuple[str, ...] = ()
    today: Path = Path()

    @property
    def finding(self) -> str:
        """What is forecast, in a sentence."""
        return self.said[0]

    @property
    def months(self) -> pd.DataFrame:
        """A row a quantity, group of patients and month: mean and quantiles over simulated futures."""
        return self.table("forecast")

    @property
    def below(self) -> pd.DataFrame:
        """When the list falls below a number: a row a quantile; only with `list_below`."""
        return self.table("forecast_below")

    @property
    def scores(self) -> pd.DataFrame:
        """How good it would have been, a row a quantity, month and method; only with `back_test`."""
        return self.table("forecast_scores")


@dataclass(frozen=True, eq=False)
class Validation(Results):
    """Of `validate`: expected against simulated values. `summary`: how many of each kind were met, in a sentence."""

    summary: str = ""

    @property
    def finding(self) -> str:
        """How many of each kind were met."""
        return self.summary

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row a quantity: expected, simulated, interval, verdict, why."""
        return self.table("validation")


@dataclass(frozen=True)
class Place:
    """Where results are built: in a temporary folder that is kept with them, or in the one that was asked for."""

    folder: Path
    kept: Kept | None


def place(asked: str | os.PathLike[str] | None) -> Place:
    """The folder that was asked for, or a new temporary one."""
    if asked is not None:
        return Place(Path(asked), None)
    kept = Kept()
    return Place(kept.folder, kept)


KINDS: Mapping[str, type[Results]] = {"sweep": Sweep, "psa": Psa}


@checked
def open_results(folder: str | os.PathLike[str]) -> Results:
    """The results in a folder that this program wrote, by the command line or by `save`.

    A `Study`, `Sweep` or `Psa` where it is one, else plain `Results`. Raises FolderError where the folder holds no
    results, or not as they were written.
    """
    place = Path(folder)
    finish(place)
    require_whole(place)
    manifest = parse_manifest(place)
    kind = KINDS.get(str(manifest.get("kind", "")), Results) if "kind" in manifest else Study
    return kind(place, tuple(map(str, manifest.get("warnings", ()))))
