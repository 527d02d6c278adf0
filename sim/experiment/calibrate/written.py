"""The calibrated scenario as a file: it extends what was calibrated by medians, uncertainty and sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.experiment.calibrate.aims import Aim
from sim.experiment.calibrate.posterior import Known, uncertainty_of
from sim.experiment.own.fit import extends_of, loads, name_of
from sim.fits.numbers import in_unit
from sim.fits.together import beside
from sim.fits.written import dumped, put
from sim.pure.arrays import FloatArray
from sim.scenario import Loaded
from sim.scenario.kinds import Kind
from sim.scenario.leaves import marker_at
from sim.scenario.problems import one_line
from sim.scenario.sources import RECORDS
from sim.scenario.uncertainty import CORRELATION

# Correlations nearer to 0 than this are left out: some hundred particles cannot tell them from it.
TOLD = 0.1


def calibrated_scenario(
    out: Path,
    scenario: Path,
    aim: Aim,
    known: Sequence[Known],
    correlations: FloatArray,
    sample: FloatArray,
    weights: FloatArray,
    folder: Path,
) -> tuple[str, Loaded]:
    """(text, the scenario as it loads) of the calibrated scenario that is to stand at `out`; nothing is written.

    `scenario`: the file that was calibrated; `sample`: shares of the posterior, shape (particles, parameters).
    """
    content: dict[str, Any] = {"extends": extends_of(str(scenario), out), "name": name_of(out)}
    uncertain: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for place, one in enumerate(known):
        prior = one.prior
        put(content, prior.path.split("."), in_unit(one.median, prior.unit))
        source, whole = source_of(aim, one), _value_of(prior.path)
        if whole not in sources or not one.determined:
            sources[whole] = source
        block = uncertainty_of(prior, prior.numbers(sample[:, place]), weights)
        if block is not None:
            before = [k for k, other in enumerate(known[:place]) if other.prior.path in uncertain]
            told = beside([known[k].prior.path for k in before], correlations[place, before], TOLD)
            together = {CORRELATION: told} if told else {}
            uncertain[prior.path] = {**block, **together, "source": source}
    if uncertain:
        content["uncertainty"] = uncertain
    content["sources"] = sources
    lines = [
        f"# Calibrated to {aim.file.name}{_as_of(aim)} by simulation; {folder.name} has particles, intervals and the",
        "# check of what the calibrated scenario predicts. The values are posterior medians.",
        *(f"# Not determined: {one.prior.path}: {one_line(one.why_not)}" for one in known if not one.determined),
    ]
    text = "\n".join(lines) + f"\n\n{dumped(content)}"
    return text, loads(out, text)


def source_of(aim: Aim, one: Known) -> str:
    """What a calibrated value rests on; what is not determined is an assumption."""
    rests = f"{aim.file.name} (sha256 {aim.digest[:12]}), {aim.basis}{_as_of(aim)}"
    if not one.determined:
        return f"assumption: from {one.prior.low.text()} to {one.prior.high.text()}; not determined by {rests}"
    return f"{RECORDS}: calibrated to {rests}"


def _value_of(path: str) -> str:
    """The value of the scenario that a path is in: of the median of a distribution, the distribution."""
    keys = path.split(".")
    ends = (n for n in range(1, len(keys)) if isinstance(marker_at(tuple(keys[:n])), Kind))
    return ".".join(keys[: next(ends, len(keys))])


def _as_of(aim: Aim) -> str:
    return f", as of {aim.as_of}" if aim.as_of else ""
