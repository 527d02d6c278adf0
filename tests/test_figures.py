"""Metrics of a list or a resource, a centre and a date: against a count by hand, and what their names may be."""

from __future__ import annotations

import numpy as np
import pytest

from sim.experiment.runs.replicate import Arm, simulate
from sim.outcomes.curves import LISTS, list_lengths
from sim.outcomes.figures import figures_of, metric_named
from sim.outcomes.resource_use import queues_of, resource_use
from tests.runs import QUICKEST, load_text
from tests.test_capacity import NETWORK

# beds that are made ready for the next patient are in use meanwhile
ARM = Arm("Two centres", load_text(NETWORK, "infusion.turn_round=3 d").scenario)
PATIENTS, TRACE = simulate(ARM, range(4), QUICKEST)
USE = resource_use(ARM.protocol, PATIENTS, TRACE, ARM.window)


def values(*names: str) -> np.ndarray:
    return figures_of(names, ARM.scenario, ARM.protocol, PATIENTS, TRACE, ARM.window)


def of_use(name: str, resource: str, centre: str) -> list[float]:
    return [getattr(row, name) for rows in USE for row in rows if (row.resource, row.centre) == (resource, centre)]


def test_the_length_of_a_list() -> None:
    lengths = list_lengths(PATIENTS.cohort, TRACE, 200)
    for name, place in (("waiting_list_length", "waiting_list"), ("before_infusion_length", "before_infusion")):
        mine = lengths[:, list(LISTS).index(place)]
        found = values(name, f"{name}@2026-01-01", f"{name}@2026-03-02", f"{name}@worst")
        np.testing.assert_allclose(found[:, 0], mine[:, :180].mean(axis=1))
        np.testing.assert_array_equal(found[:, 1], mine[:, 0])
        np.testing.assert_array_equal(found[:, 2], mine[:, 60])
        np.testing.assert_allclose(found[:, 3], mine[:, :180].reshape(4, 6, 30).mean(axis=2).max(axis=1))
        assert (found[:, 2] > 0).any()


def test_use_is_that_of_the_tables() -> None:
    np.testing.assert_allclose(values("occupancy.bed.city")[:, 0], of_use("utilisation", "bed", "city"))
    np.testing.assert_allclose(values("occupancy.slot.lake")[:, 0], of_use("utilisation", "slot", "lake"))
    np.testing.assert_allclose(values("queue.slot.city")[:, 0], of_use("queue_mean", "slot", "city"))
    both = np.array([of_use("in_use_mean", "bed", centre) for centre in ("city", "lake")]).sum(axis=0)
    np.testing.assert_allclose(values("occupancy.bed")[:, 0], both / 4.0)  # one bed and three
    highest = np.maximum(*(of_use("utilisation", "bed", centre) for centre in ("city", "lake")))
    np.testing.assert_allclose(values("occupancy.bed.*")[:, 0], highest)
    mean, worst, early = values("occupancy.bed.city", "occupancy.bed.city@worst", "occupancy.bed.city@2026-01-01").T
    assert (worst >= mean).all()
    assert (worst > mean).any()
    assert (early == 0.0).all()  # nobody is infused on the first day
    queues = values("queue.slot.city", "queue.slot.lake", "queue.slot", "queue.slot.*")
    np.testing.assert_allclose(queues[:, 0] + queues[:, 1], queues[:, 2])
    np.testing.assert_allclose(queues[:, :2].max(axis=1), queues[:, 3])
    assert len(queues_of(ARM.protocol)) == len(USE[0])


def test_a_day_is_what_happens_on_it() -> None:
    day = values("occupancy.bed.city@2026-05-01")[:, 0]
    began, until = TRACE.uses.began, np.where(np.isnan(TRACE.uses.ended), np.inf, TRACE.uses.ended)
    bed = [resource.name for resource in ARM.protocol.resources].index("bed")
    mine = (TRACE.uses.resource == bed) & (TRACE.uses.centre == ARM.protocol.centres.index("city"))
    held = np.clip(np.minimum(until, 121.0) - np.maximum(began, 120.0), 0.0, 1.0)
    by_hand = [np.nansum(held[mine & (TRACE.uses.replication == k)]) for k in range(4)]
    np.testing.assert_allclose(day, by_hand)
    assert 0.0 < day.max() <= 1.0


def test_labels_say_what_they_are() -> None:
    def label(name: str) -> tuple[str, str]:
        metric = metric_named(name, ARM.scenario, ARM.protocol)
        return metric.label, metric.unit

    assert label("waiting_list_length@2026-03-02") == ("Listed, waiting for a slot or dose, on 2026-03-02", "patients")
    assert label("occupancy.bed.city@worst") == ("Occupancy: Infusion beds at city, in the worst month", "share")
    assert label("queue.slot.*") == ("Waiting for manufacturing slots, the highest of the centres, mean", "patients")
    assert label("infused_share") == ("Proportion infused", "share")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("waiting_list_lengt", "found the metric 'waiting_list_lengt'; did you mean 'waiting_list_length'?"),
        ("infused_share@2026-03-01", "of a date or a centre are only 'waiting_list_length', 'before_infusion_length'"),
        ("ocupancy.bed", "did you mean 'occupancy'?"),
        ("waiting_list_length.city", "allowed: waiting_list_length, with @DATE or @worst"),
        ("waiting_list_length@soon", "found 'soon' in"),
        ("waiting_list_length@", "found an empty text in"),
        ("waiting_list_length@2026-02-30", "allowed after @: a date from 2026-01-01 to 2026-06-29, or worst"),
        ("waiting_list_length@2026-06-30", "allowed after @: a date from 2026-01-01 to 2026-06-29, or worst"),
        ("queue", "found no resource in 'queue'; allowed: 'slot', 'line'"),
        ("occupancy.beds", "found the resource 'beds' in 'occupancy.beds'; did you mean 'bed'?"),
        ("occupancy.bed.citi", "found the centre 'citi' in 'occupancy.bed.citi'; did you mean 'city'?"),
        ("queue.line.city", "found the centre 'city' in 'queue.line.city'; one line serves all"),
        ("occupancy.line", "manufacturing lines are without limit there, and never full"),
    ],
)
def test_a_wrong_name(name: str, told: str) -> None:
    with pytest.raises(ValueError, match="found") as caught:
        metric_named(name, ARM.scenario, ARM.protocol)
    assert told in str(caught.value)
