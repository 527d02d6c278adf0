"""What the model leaves out, in sentences for the report."""

NOT_MODELLED = (
    "After infusion: differences between risk groups, and what is done after a relapse, but for its average.",
    "Opening hours, holidays, courier days and shut-downs: every resource is open all the time.",
    "Travel: each region sends its patients to one centre, and everybody travels.",
    "Patients who change from one product to the other, or are treated a second time.",
    "Differences between patients in how their cells grow: failure is equally likely for all.",
)
