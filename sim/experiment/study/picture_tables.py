"""The tables that only pictures are made from: through time, flow, groups, resources, single patients.

Memory does not grow with replications: each is added to running means and forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment.runs.replicate import Arm, Replication
from sim.experiment.study.tables import stage_rows, with_bounds
from sim.outcomes.estimates import NOT_NEGATIVE, Range, possible, ranges
from sim.outcomes.flow import NODES, STATIONS
from sim.outcomes.groups import GROUPINGS, METRICS, group_keys
from sim.outcomes.resource_use import ResourceUse
from sim.outcomes.running import Running
from sim.outcomes.through_time import use_keys
from sim.outcomes.views import RESOURCE_FIGURES, edges_of
from sim.pieces.protocol import KINDS, Stock
from sim.pure.arrays import FloatArray

STOCK_FIGURES = ("doses", "stock_out_share", "expired", "lots_started")


@dataclass
class Pictures:
    """Running means of the views of each arm, and the few things kept of the first replication."""

    arms: Sequence[Arm]
    running: dict[tuple[int, str], Running] = field(default_factory=dict)
    resources: list[tuple[ResourceUse, ...]] = field(default_factory=list)
    spells: list[dict[str, Any]] = field(default_factory=list)
    days: list[dict[str, Any]] = field(default_factory=list)

    def add(self, replication: Replication) -> None:
        """One replication more; without views there is nothing to add."""
        if not self.resources:
            self.resources = [ran.resources for ran in replication.runs]
        for place, (arm, ran) in enumerate(zip(self.arms, replication.runs, strict=True)):
            if ran.views is None:
                continue
            for name, values in ran.views.arrays.items():
                self.running.setdefault((place, name), Running.like(values)).add(values)
            self.spells += [{"scenario": arm.name, **spell} for spell in ran.views.timelines]
            self.days += [{"scenario": arm.name, **row} for row in ran.views.day_by_day]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name; an empty dictionary where no views were kept."""
        if not self.running:
            return {}
        found = {
            "use_through_time": self._use(),
            "stock_through_time": self._stock(),
            "flow": self._flow(),
            "stages_middle": self._middle(),
            "groups": self._groups(),
            "resources_summary": self._resources(),
            "timeline_sample": pd.DataFrame(self.spells),
            "day_by_day": pd.DataFrame(self.days),
        }
        return {name: table for name, table in found.items() if not table.empty}

    def _interval(
        self, place: int, name: str, within: Range = NOT_NEGATIVE
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """(mean, low, high); none of these numbers can be negative, and `within` may say more."""
        return self.running[place, name].interval(within)

    def _group_place(self, metric: str) -> int:
        return next(k for k, one in enumerate(METRICS) if one.name == metric)

    def _unresolved(self, place: int) -> float:
        """The share of a scenario's measured patients who are unresolved at the end of follow-up."""
        return float(self.running[place, "unresolved"].interval()[0])

    def _use(self) -> pd.DataFrame:
        """One row a scenario, resource, centre (empty for all together) and bin: units in use, queue, units there.

        Of dated slots: claimed and offered in the bin. No `capacity` where it is unlimited or the resource is a stock;
        with outages by chance, their mean over replications.
        """
        frames = []
        for place, arm in enumerate(self.arms):
            edges = edges_of(arm.scenario)
            found = self._interval(place, "use")
            there, *_ = self._interval(place, "capacity")
            for row, (resource, _, centre) in enumerate(use_keys(arm.protocol)):
                frames.append(
                    pd.DataFrame(
                        {
                            "scenario": arm.name,
                            "resource": resource.name,
                            "label": resource.label,
                            "kind": KINDS[type(resource)],
                            "centre": centre,
                            "day_from": edges[:-1],
                            "day_to": edges[1:],
                            **with_bounds("in_use", [end[row, 0] for end in found]),
                            **with_bounds("queue", [end[row, 1] for end in found]),
                            "capacity": there[row],
                        }
                    )
                )
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def _stock(self) -> pd.DataFrame:
        """One row a scenario with a stock and bin: doses there, share of time without one, expired, lots begun."""
        frames = []
        for place, arm in enumerate(self.arms):
            stock = next((r for r in arm.protocol.resources if isinstance(r, Stock)), None)
            if stock is None:
                continue
            edges = edges_of(arm.scenario)
            shares = np.array([[name == "stock_out_share"] for name in STOCK_FIGURES])
            within = (0.0, np.where(shares, 1.0, np.inf))
            found = self._interval(place, "stock", within)
            columns: dict[str, Any] = {
                "scenario": arm.name,
                "resource": stock.name,
                "label": stock.label,
                "day_from": edges[:-1],
                "day_to": edges[1:],
            }
            for row, name in enumerate(STOCK_FIGURES):
                columns |= with_bounds(name, [end[row] for end in found])
            frames.append(pd.DataFrame(columns))
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def _middle(self) -> pd.DataFrame:
        """As `stages.csv`, of the tenth of the infused whose wait is nearest the median."""
        places = range(len(self.arms))
        over = [
            {
                "patients": float(self._interval(place, "middle_patients")[0]),
                "unresolved_share": self._unresolved(place),
            }
            for place in places
        ]
        return stage_rows(self.arms, [self._interval(place, "middle") for place in places], over)

    def _flow(self) -> pd.DataFrame:
        """One row a scenario and step of patients from a station to the next node: mean count a replication."""
        rows = []
        stations, nodes = list(STATIONS.items()), list(NODES.items())
        for place, arm in enumerate(self.arms):
            mean, low, high = self._interval(place, "flow")
            for source, target in np.argwhere(mean > 0.0):
                rows.append(
                    {
                        "scenario": arm.name,
                        "source": stations[source][0],
                        "source_label": stations[source][1],
                        "target": nodes[target][0],
                        "target_label": nodes[target][1],
                        "estimate": mean[source, target],
                        "low": low[source, target],
                        "high": high[source, target],
                    }
                )
        return pd.DataFrame(rows)

    def _groups(self) -> pd.DataFrame:
        """One row a scenario, group and metric: over `patients` of the group, mean of a replication; `unresolved_share`
        of those of the group who were referred.
        """
        rows = []
        referred, infused, waiting = (
            self._group_place(name) for name in ("referred", "infused", "still_waiting_share")
        )
        within = ranges([metric.possible for metric in METRICS])
        for place, arm in enumerate(self.arms):
            mean, low, high = self._interval(place, "groups", within)
            for row, (grouping, _, name) in enumerate(group_keys(arm.scenario)):
                for column, metric in enumerate(METRICS):
                    rows.append(
                        {
                            "scenario": arm.name,
                            "grouping": grouping,
                            "grouping_label": GROUPINGS[grouping],
                            "group": name,
                            "metric": metric.name,
                            "label": metric.label,
                            "unit": metric.unit,
                            "patients": mean[row, infused if metric.selected else referred],
                            "referred": mean[row, referred],
                            "unresolved_share": mean[row, waiting],
                            "estimate": mean[row, column],
                            "low": low[row, column],
                            "high": high[row, column],
                        }
                    )
        return pd.DataFrame(rows)

    def _resources(self) -> pd.DataFrame:
        """One row a scenario, resource, centre and figure, over replications, in the measuring window."""
        rows = []
        within = ranges([possible(unit) for _, unit in RESOURCE_FIGURES.values()])
        for place, arm in enumerate(self.arms):
            mean, low, high = self._interval(place, "resources", within)
            for row, use in enumerate(self.resources[place]):
                for column, (name, (label, unit)) in enumerate(RESOURCE_FIGURES.items()):
                    rows.append(
                        {
                            "scenario": arm.name,
                            "resource": use.resource,
                            "resource_label": use.label,
                            "kind": use.kind,
                            "centre": use.centre,
                            "metric": name,
                            "label": label,
                            "unit": unit,
                            "estimate": mean[row, column],
                            "low": low[row, column],
                            "high": high[row, column],
                        }
                    )
        return pd.DataFrame(rows)
