"""Everything that a register says of a base scenario, number by number, and what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.fits.from_counts import fit_all_shares, fit_supply
from sim.fits.from_losses import fit_all_clocks
from sim.fits.from_referrals import fit_rates
from sim.fits.from_stages import fit_all_stages
from sim.fits.work import Fitted, Work
from sim.pieces.strategies import build_protocol
from sim.records.faults import RecordsError
from sim.records.reader import Reading, silent_end
from sim.records.value import Records
from sim.scenario import Scenario
from sim.scenario.problems import any_of, show, suggestion
from sim.tables.words import counted

LEAST_PATIENTS = 3


def fit(reading: Reading, base: Scenario, bootstrap: int = 99, seed: int = 1) -> Fitted:
    """Fit what the records can say. Raises RecordsError where they cannot be those of this base, or are too few."""
    records = reading.records
    if len(records) < LEAST_PATIENTS:
        raise RecordsError(
            f"{counted(len(records), 'patient')} can be used, fewer than {LEAST_PATIENTS}: nothing can be told"
        )
    require_names(records, base)
    protocol, work = build_protocol(base), Work(warnings=list(silent_end(records)))
    fit_rates(reading, base, work)
    fit_all_stages(records, base, protocol, work, bootstrap, seed)
    fit_all_clocks(records, base, work)
    fit_all_shares(records, base, work)
    fit_supply(records, base, work)
    return Fitted(
        tuple(work.numbers), tuple(work.checks), tuple(work.curves), tuple(work.quantiles), tuple(work.covariance),
        tuple(work.warnings),
    )  # fmt: skip


def require_names(records: Records, base: Scenario) -> None:
    """Nothing, or a RecordsError where regions, centres or groups of the records are none of the base's."""
    known: Mapping[str, Sequence[str]] = {
        "region": list(base.regions),
        "centre": list(base.centres),
        "risk_group": list(base.patients.risk_groups),
        "product": list(base.manufacturing.products),
    }
    for name, names in known.items():
        there = sorted(set(records.categories[name].tolist()) - {""})
        odd = [text for text in there if text not in names]
        if odd and names:
            hint = suggestion(odd[0], names)
            raise RecordsError(
                f"categories.{name}: {show(odd[0])} is none of the base; allowed: {any_of(names)}{hint}; "
                f"say under categories.{name}.values which one each cell is"
            )
