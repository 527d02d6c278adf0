"""Own records on disk: which rows of a register are not used, and the scenario that is fitted to the others."""
