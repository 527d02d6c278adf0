"""What the words of the report and of the method tables mean."""

from __future__ import annotations

GLOSSARY = (
    ("Referral", "The patient enters the system; day zero of every waiting figure."),
    ("Waiting days", "Referral to infusion, of infused patients: who is lost or still waiting is not in them."),
    (
        "Days by which half are infused",
        "Days from referral by which half of all those referred are infused, whatever becomes of the others; not "
        "reached where fewer are. It has a mean over replications only where every one of them reaches it.",
    ),
    (
        "Still waiting",
        "Neither infused nor lost when follow-up ends: unresolved. Where that is more than 1% of those referred, it is "
        "said beside the figures that leave them out.",
    ),
    (
        "Simulation interval",
        "Where the mean over endlessly many replications lies, with 95% confidence. It holds the chance of the "
        "simulation and nothing else: neither what is unknown of the inputs nor how far the model is from the world.",
    ),
    (
        "No clear difference",
        "The 95% simulation interval of a difference holds 0, so that more replications could turn it either way.",
    ),
    (
        "Vein-to-vein days",
        "Start of the first apheresis to infusion, of infused patients; not for a product from a donor.",
    ),
    ("Turnaround", "Start of the first apheresis to the product back at the centre."),
    (
        "Progressed before infusion",
        "The disease worsened after referral and before infusion, whether or not the patient stayed eligible. Some of "
        "these patients are infused nevertheless; the others are lost: by that progression (no longer eligible), or "
        "later by death or for another reason.",
    ),
    (
        "Lost to progression or death",
        "No longer eligible as the disease had worsened, or died before infusion.",
    ),
    (
        "Infused and progression-free",
        "Of all referred, counted from referral: alive, infused, and without progression since infusion. It is the "
        "outcome of everybody that stands beside each wait, which is of the infused only.",
    ),
    (
        "Withdrawn",
        "Left for another reason than progression or death: hospice care, another therapy, own choice, an infection or "
        "the function of an organ; without a reason where the scenario tells none apart.",
    ),
    (
        "Unsuitable for a donor product",
        "Cannot be given a product from a donor, for example because of antibodies against the donor's tissue type.",
    ),
    (
        "Slot: calendar and scarcity",
        "The wait for a slot in two parts: until the first slot that supply without limit on the same days of offer "
        "would have given, and from then on.",
    ),
    ("Lost before infusion", "Not infused, for whatever reason, and no longer waiting."),
    (
        "Measured patients",
        "Those referred inside the measuring window, each followed until resolved or to the follow-up limit.",
    ),
    (
        "Competing risks",
        "A patient has one outcome only; the curve of each event counts the others as having ended their path.",
    ),
    ("Replication", "One whole run of the model with its own random patients."),
)
