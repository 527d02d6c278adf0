"""What both pathways share: referral to listing, and lymphodepletion to discharge."""

from __future__ import annotations

from sim.pieces.brief import one_each, stage, use
from sim.pieces.protocol import Capacity
from sim.pieces.steps import Clocks, End, Milestone, Path
from sim.scenario import Scenario


def beds(s: Scenario) -> Capacity:
    """The infusion beds of each centre."""
    return one_each("bed", "Infusion beds", [centre.beds for centre in s.centres.values()])


def work_up(s: Scenario) -> Path:
    """From referral until it is clear whether the patient can be listed."""
    return stage("work_up.duration", s.work_up.duration)


def infuse(s: Scenario, before_lymphodepletion: Path = ()) -> Path:
    """With the product at the centre: an appointment, lymphodepletion, a bed, infusion, the stay."""
    conditioning: Path = (
        *before_lymphodepletion,
        Milestone("lymphodepletion"),
        *stage("lymphodepletion.duration", s.lymphodepletion.duration),
    )
    infusion: Path = (
        Milestone("infusion"),
        Clocks(None),
        *stage("infusion.stay", s.infusion.stay),
    )
    bed = beds(s)
    return (
        *stage("infusion.scheduling", s.infusion.scheduling),
        *(
            use(bed, (*conditioning, *infusion))
            if s.infusion.bed_from == "lymphodepletion"
            else (*conditioning, *use(bed, infusion))
        ),
        Milestone("discharge"),
        End("infused"),
    )
