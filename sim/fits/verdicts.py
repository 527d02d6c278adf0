"""What tests of a fit come to, in the words of the tables."""

FITS, NO_FAMILY = "fits", "no family fits"
DIFFERS = "events by time differ from the fit more than by chance"
CONSTANT, NOT_CONSTANT = "constant", "not constant"
