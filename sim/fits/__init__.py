"""What the records of a register say of the numbers of a scenario: likelihoods, families, tests, scenario text."""
