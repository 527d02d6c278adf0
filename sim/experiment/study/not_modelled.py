"""What the model leaves out, in sentences for the report."""

NOT_MODELLED = (
    "After infusion: differences between risk groups, and what is done after a relapse, but for its average.",
    "Differences between patients in how their cells grow: failure is equally likely for all.",
    "What a patient's own record says of a shut-down: work in progress is paused, lost or finished as a whole.",
    "Choices that patients or doctors make anew while they wait, but for giving up a queue after a stated time.",
    "Toxicity before infusion, and more than one spell of each toxicity after it.",
    "Trade between centres in slots, beds or doses.",
)
