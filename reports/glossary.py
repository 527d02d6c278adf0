"""What the words of the report and of the method tables mean."""

from __future__ import annotations

GLOSSARY = (
    ("Referral", "The patient enters the system; day zero of every waiting figure."),
    ("Waiting days", "Referral to infusion, in infused patients; those lost or still waiting are not counted."),
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
        "The range in which the mean over infinitely many replications lies, with 95% confidence. It shows the chance "
        "variation of the simulation only: neither the uncertainty of the inputs nor how well the model fits reality.",
    ),
    (
        "No clear difference",
        "The 95% simulation interval of a difference includes 0: with more replications it could go either way.",
    ),
    (
        "Vein-to-vein days",
        "Start of the first apheresis to infusion, in infused patients; not defined for a donor product.",
    ),
    ("Turnaround", "Start of the first apheresis to the product back at the centre."),
    (
        "Progressed before infusion",
        "The disease worsened after referral and before infusion, whether or not the patient stayed eligible. Some of "
        "these patients are infused nevertheless; the others are lost, either by that progression (no longer "
        "eligible) or later, by death or for another reason.",
    ),
    (
        "Lost to progression or death",
        "No longer eligible because the disease had worsened, or died before infusion.",
    ),
    (
        "Infused and progression-free",
        "Of all patients referred, counted from referral: alive, infused, and without progression since infusion. It "
        "covers everybody, and so is shown beside each wait, which covers the infused only.",
    ),
    (
        "Withdrawn",
        "Left for a reason other than progression or death: hospice care, another therapy, own choice, infection or "
        "organ function; no reason is shown where the scenario does not distinguish them.",
    ),
    (
        "Unsuitable for a donor product",
        "Cannot receive a donor product, for example because of antibodies against the donor's tissue type.",
    ),
    (
        "Slot: calendar and scarcity",
        "The wait for a slot in two parts. Calendar: until the first slot that an unlimited supply, released on the "
        "same days, would have given. Scarcity: the rest, because slots are limited.",
    ),
    ("Lost before infusion", "Not infused, for whatever reason, and no longer waiting."),
    (
        "Measured patients",
        "Patients referred within the measuring window, each followed until resolved or to the end of follow-up.",
    ),
    (
        "Competing risks",
        "Each patient has one outcome only: a patient who has one is no longer at risk of the others.",
    ),
    ("Replication", "One complete run of the model, with its own random patients."),
)
