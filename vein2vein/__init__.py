"""How many days do patients wait for CAR T-cell therapy, and how many progress before infusion?

The simulator for notebooks and scripts:

    import vein2vein as v2v

    found = v2v.compare("autologous", "allogeneic", replications=20)
    found.finding                   # a sentence
    found.summary                   # a data frame
    found.figure("incidence")       # a figure of Plotly
    found.save("results/first")     # tables, charts and report, as the command line writes them

A scenario is the name of a shipped one, a file, a mapping of what its file would hold, or what `load` returned. Nothing
is written anywhere but a temporary folder that goes with the result, unless `save`, `report` or a `folder` asks for it.
What is wrong is an exception with the words of the command line. What `__all__` names is kept stable
(docs/stability.md); every other name here, and all of `sim`, `reports` and `scenarios`, is private.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import __version__ as __version__
    from sim.engine.trace import EngineError as EngineError
    from sim.experiment.disk.folder import FolderError as FolderError
    from sim.records.faults import RecordsError as RecordsError
    from sim.scenario import Loaded as Loaded
    from sim.scenario import ScenarioError as ScenarioError
    from vein2vein.calibration import calibrate as calibrate
    from vein2vein.own import fit as fit
    from vein2vein.own import forecast as forecast
    from vein2vein.own import observe as observe
    from vein2vein.points import plan as plan
    from vein2vein.points import psa as psa
    from vein2vein.points import sweep as sweep
    from vein2vein.results import Calibration as Calibration
    from vein2vein.results import Fit as Fit
    from vein2vein.results import Forecast as Forecast
    from vein2vein.results import NoTableError as NoTableError
    from vein2vein.results import Observed as Observed
    from vein2vein.results import Plan as Plan
    from vein2vein.results import Psa as Psa
    from vein2vein.results import Results as Results
    from vein2vein.results import Study as Study
    from vein2vein.results import Sweep as Sweep
    from vein2vein.results import Validation as Validation
    from vein2vein.results import open_results as open_results
    from vein2vein.scenarios import load as load
    from vein2vein.scenarios import new as new
    from vein2vein.scenarios import shipped as shipped
    from vein2vein.studies import compare as compare
    from vein2vein.studies import run as run
    from vein2vein.validation import validate as validate

# Where each name lives; a module is imported when one of its names is first used.
_HOMES = {
    "__version__": "sim",
    "Calibration": "vein2vein.results",
    "EngineError": "sim.engine.trace",
    "Fit": "vein2vein.results",
    "Forecast": "vein2vein.results",
    "FolderError": "sim.experiment.disk.folder",
    "Loaded": "sim.scenario",
    "NoTableError": "vein2vein.results",
    "Observed": "vein2vein.results",
    "Plan": "vein2vein.results",
    "Psa": "vein2vein.results",
    "RecordsError": "sim.records.faults",
    "Results": "vein2vein.results",
    "ScenarioError": "sim.scenario",
    "Study": "vein2vein.results",
    "Sweep": "vein2vein.results",
    "Validation": "vein2vein.results",
    "calibrate": "vein2vein.calibration",
    "compare": "vein2vein.studies",
    "fit": "vein2vein.own",
    "forecast": "vein2vein.own",
    "load": "vein2vein.scenarios",
    "new": "vein2vein.scenarios",
    "observe": "vein2vein.own",
    "open_results": "vein2vein.results",
    "plan": "vein2vein.points",
    "psa": "vein2vein.points",
    "run": "vein2vein.studies",
    "shipped": "vein2vein.scenarios",
    "sweep": "vein2vein.points",
    "validate": "vein2vein.validation",
}

__all__ = [  # noqa: RUF022 - each is imported on first use; functions first, in the order of a day's work
    "load",
    "new",
    "shipped",
    "run",
    "compare",
    "sweep",
    "psa",
    "plan",
    "fit",
    "calibrate",
    "observe",
    "forecast",
    "validate",
    "open_results",
    "Results",
    "Study",
    "Sweep",
    "Psa",
    "Plan",
    "Fit",
    "Calibration",
    "Observed",
    "Forecast",
    "Validation",
    "Loaded",
    "ScenarioError",
    "RecordsError",
    "FolderError",
    "EngineError",
    "NoTableError",
    "__version__",
]


def _require_own_rooms() -> None:
    """Nothing, or an ImportError where other packages of the same names stand before those of this one."""
    ours = Path(__file__).parents[1]
    for room in ("sim", "reports"):
        spec = find_spec(room)
        found = None if spec is None or spec.origin is None else Path(spec.origin).parents[1]
        if found != ours:
            there = "is not installed" if found is None else f"is that of {found}, which stands before ours"
            raise ImportError(
                f"vein2vein uses a package of its own called {room!r}, which {there} ({ours}); use an environment, and "
                f"a working directory, without another package of that name"
            )


_require_own_rooms()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        from vein2vein.going import renamed

        if now := renamed(name):
            return __getattr__(now)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; there are: {', '.join(__all__)}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
