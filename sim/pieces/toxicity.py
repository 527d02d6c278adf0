"""The stay after infusion: toxicity in serial segments, in a bed or in intensive care, then the routine stay."""

from __future__ import annotations

from dataclasses import replace

from sim.pieces.brief import choose, divide, stage, use
from sim.pieces.protocol import Capacity
from sim.pieces.sites import at_sites
from sim.pieces.steps import Milestone, Path, Use
from sim.scenario import Scenario
from sim.scenario.toxicity import Event, Grade


def intensive_care(s: Scenario) -> Capacity | None:
    """The intensive-care beds of each centre, or of several together; None where nobody needs one."""
    if not any(event.needs_icu for event in s.toxicity.events.values()):
        return None
    return replace(at_sites(s, "icu", "Intensive-care beds"), turn_round=s.toxicity.icu.turn_round)


def in_hospital(
    s: Scenario, bed: Capacity, before: Path, outpatient: bool = False, from_infusion: bool = False
) -> Path:
    """A bed for what comes `before`, each toxicity in turn, and the routine stay.

    An outpatient needs a bed from the onset of a toxicity to its end only; `from_infusion`: where the day of infusion
    is over by then, the first onset counts from infusion all the same. Where the bed is freed for intensive care,
    the patient queues for one again afterwards; where it is kept, the patient waits in it when intensive care is full.
    """
    if outpatient:
        events = enumerate(s.toxicity.events.items())
        return tuple(
            step
            for place, (name, event) in events
            for step in _admission(s, bed, name, event, "infusion" if from_infusion and place == 0 else "")
        )
    return _stay(s, bed, before, list(s.toxicity.events.items()))


def _stay(s: Scenario, bed: Capacity, so_far: Path, events: list[tuple[str, Event]]) -> Path:
    """The rest of an inpatient's stay: `so_far` is what the present hold of a bed covers already."""
    if not events:
        return use(bed, (*so_far, *stage("infusion.stay", s.infusion.stay)))
    (name, event), later = events[0], events[1:]
    onset = stage(f"toxicity.{name}.onset", event.onset)
    if s.toxicity.icu.bed == "kept" or not event.needs_icu:
        ways = [(g, grade.share, (*onset, *_course(s, name, g, grade))) for g, grade in event.grades.items()]
        return _stay(s, bed, (*so_far, *divide(f"toxicity.{name}", ways)), later)
    freed = [
        (
            g,
            grade.share,
            choose(
                f"toxicity.{name}.{g}.icu",
                grade.icu,
                (
                    *use(bed, (*so_far, *onset, *_noted(name, g))),
                    *_in_icu(s, name),
                    *_stay(s, bed, _lasting(name, g, grade), later),
                ),
                _stay(s, bed, (*so_far, *onset, *_noted(name, g), *_lasting(name, g, grade)), later),
            ),
        )
        for g, grade in event.grades.items()
    ]
    return divide(f"toxicity.{name}", freed, _stay(s, bed, so_far, later))


def _admission(s: Scenario, bed: Capacity, name: str, event: Event, since: str) -> Path:
    """An outpatient's toxicity: its onset at home, since a milestone where one is named, then a bed."""
    onset = stage(f"toxicity.{name}.onset", event.onset, since=since)
    ways: list[tuple[str, float, Path]] = []
    for g, grade in event.grades.items():
        if s.toxicity.icu.bed == "kept":
            way = use(bed, _course(s, name, g, grade))
        else:
            lasting = use(bed, _lasting(name, g, grade))
            way = (*_noted(name, g), *choose(f"toxicity.{name}.{g}.icu", grade.icu, _in_icu(s, name)), *lasting)
        ways.append((g, grade.share, (*onset, *way)))
    return divide(f"toxicity.{name}", ways)


def _course(s: Scenario, name: str, g: str, grade: Grade) -> Path:
    """A toxicity from its onset on, all of it in the same bed."""
    icu = choose(f"toxicity.{name}.{g}.icu", grade.icu, _in_icu(s, name))
    return (*_noted(name, g), *icu, *_lasting(name, g, grade))


def _noted(name: str, g: str) -> Path:
    return (Milestone(name), Milestone(f"{name}/{g}"))


def _lasting(name: str, g: str, grade: Grade) -> Path:
    return stage(f"toxicity.{name}.{g}.duration", grade.duration)


def _in_icu(s: Scenario, name: str) -> Path:
    return (Use("icu", (Milestone("icu"), *stage(f"toxicity.{name}.icu.stay", s.toxicity.icu.stay))),)
