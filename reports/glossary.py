"""What the words of the report and of the method tables mean."""

from __future__ import annotations

GLOSSARY = (
    ("Referral", "The patient enters the system; day zero of every waiting figure."),
    ("Waiting days", "Referral to infusion, of infused patients."),
    (
        "Vein-to-vein days",
        "Start of the first apheresis to infusion, of infused patients; not for a product from a donor.",
    ),
    ("Turnaround", "Start of the first apheresis to the product back at the centre."),
    (
        "Progressed before infusion",
        "The disease progressed between referral and infusion, whether or not the patient stayed eligible.",
    ),
    ("Lost before infusion", "Not infused, for whatever reason, and no longer waiting."),
    (
        "Measured patients",
        "Those referred inside the measuring window, each followed until resolved or to the follow-up limit.",
    ),
    (
        "Competing risks",
        "A patient has one outcome only; the curve of each event counts the others as having ended his path.",
    ),
    ("Replication", "One whole run of the model with its own random patients."),
)
