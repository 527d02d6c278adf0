"""What the model leaves out, in sentences for the report."""

NOT_MODELLED = (
    "After infusion: what is done after a relapse, but for its average.",
    "Another therapy that nobody in the network organises: who leaves for one is counted as withdrawn. One that is "
    "offered instead of the product is modelled where the scenario has an alternative.",
    "Differences between patients in how their cells grow, beyond their risk group and holding therapy.",
    "What a patient's own record says of a shut-down: work in progress is paused, lost or finished as a whole; in an "
    "outage of a part of a resource it goes on.",
    "Choices that patients or doctors make anew while they wait, but for giving up a queue after a stated time.",
    "Toxicity before infusion, and more than one spell of each toxicity after it.",
    "Trade between centres in slots, beds or doses.",
    "Published figures that are missed: patients served in the launch year had waited 183 days, here 116 (the queue "
    "starts empty; whom centres served first is not published); of those on a list 69 % had progressed, here 48 % (the "
    "clock is that of patients on treatment). See docs/validation.md.",
)
