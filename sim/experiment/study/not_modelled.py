"""What the model leaves out, in sentences for the report."""

NOT_MODELLED = (
    "Treatments after a relapse, except for their average cost and effect.",
    "Therapies that the network does not organise: patients who leave for one count as withdrawn. A therapy offered "
    "instead of the product is modelled where the scenario has an alternative.",
    "Differences between patients in how their cells expand, beyond risk group and holding therapy.",
    "Differences within a shut-down: all work in progress is paused, lost or finished alike; where only part of a "
    "resource is down, work in progress goes on.",
    "Decisions that patients or doctors revise during the wait, except giving up a queue after a stated time.",
    "Toxicity before infusion, and more than one episode of each toxicity after it.",
    "Trade between centres in slots, beds or doses.",
    "Two published figures are missed. Patients served in the launch year had waited 183 days, here 116: the queue "
    "starts empty, and whom centres served first is not published. Of those on a list 69% had progressed, here 48%: "
    "the rate is that of patients on treatment. See docs/validation.md.",
)
