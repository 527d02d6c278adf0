"""Own records: the register of a hospital, from its file to a frozen value that knows no file and no identity."""
