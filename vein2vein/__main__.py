"""The command line: `python -m vein2vein COMMAND`."""

from __future__ import annotations

from run_sim import main

if __name__ == "__main__":
    main()
